"""The second verifier: the specification in plain Python, on py_ecc, without the compiled module.

Each module reads beside one part of docs/specification: `encodings` and `transcript` beside
encodings.md, `program` beside programs.md, `public` and `verify` beside sections 5 and 6 of
argument.md. It shares no code with the native verifier, so that each can catch the other's mistakes.
"""

from __future__ import annotations

from zkp_nb.verifying.reference.verify import verify

__all__ = ["verify"]
