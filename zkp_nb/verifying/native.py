"""The native verifier, with the errors of this package (milliseconds a proof)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from zkp_nb.errors import ProofRejected


def verify(
    verification_key: bytes,
    program: object,
    context: bytes,
    statement: bytes,
    part: int,
    commitments: Sequence[bytes],
    proof: bytes,
) -> None:
    """Check one proof with the compiled module; arguments as in `zkp_nb.verifying.reference.verify`.

    Raises:
        ProofRejected: it does not verify; `what` names the check.
        ImportError: the compiled module is not installed.
    """
    from zkp_nb import _core

    document = program
    if callable(method := getattr(program, "document", None)):
        document = method()
    try:
        encoded = (
            bytes(document) if isinstance(document, bytes | bytearray) else json.dumps(document).encode()
        )
    except (TypeError, ValueError, RecursionError):
        raise ProofRejected("The program is not valid.", why="It cannot be written as JSON.") from None
    if not 0 <= part < 2**32:
        raise ProofRejected("The part is not a number of 32 bits.")
    try:
        _core.verify(verification_key, encoded, context, statement, part, list(commitments), proof)
    except _core.Rejected as error:
        raise ProofRejected(str(error)) from None
    except _core.CoreError as error:
        raise ProofRejected("What is to be verified is malformed.", why=str(error)) from None
