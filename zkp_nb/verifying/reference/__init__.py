"""The second verifier: the specification in plain Python, on py_ecc, without the compiled module.

Each module reads beside one part of docs/specification: `encodings` and `transcript` beside
encodings.md, `program` beside programs.md, `public` and `verify` beside sections 5 and 6 of
argument.md. It shares no code with the native verifier, so that each can catch the other's mistakes.
"""

from __future__ import annotations

import sys

# py_ecc raises the recursion limit of the whole process to 100,000, where runaway recursion in a notebook
# ends its kernel and not in a RecursionError. Nothing here recurses deeper than a scalar has bits.
_limit = sys.getrecursionlimit()
from zkp_nb.verifying.reference.verify import verify  # noqa: E402

sys.setrecursionlimit(_limit)

__all__ = ["verify"]
