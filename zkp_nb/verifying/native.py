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
    _verify(verification_key, context, statement, [(part, program, commitments, proof)])


def verify_all(
    verification_key: bytes,
    context: bytes,
    statement: bytes,
    claims: Sequence[tuple[object, Sequence[bytes], bytes]],
) -> None:
    """Check all proofs of a statement in one product of pairings (argument.md, section 6, "Several proofs").

    Args:
        claims: program, commitments and proof of each part, from part 0.

    Raises:
        ProofRejected: one does not verify; `what` names the check.
        ImportError: the compiled module is not installed.
    """
    _verify(verification_key, context, statement, [(part, *claim) for part, claim in enumerate(claims)])


def _verify(
    verification_key: bytes,
    context: bytes,
    statement: bytes,
    claims: Sequence[tuple[int, object, Sequence[bytes], bytes]],
) -> None:
    from zkp_nb import _core

    encoded = []
    for part, program, commitments, proof in claims:
        if not 0 <= part < 2**32:
            raise ProofRejected("The part is not a number of 32 bits.")
        encoded.append((part, _json(program), [bytes(each) for each in commitments], bytes(proof)))
    try:
        _core.verify(verification_key, context, statement, encoded)
    except _core.Rejected as error:
        raise ProofRejected(str(error)) from None
    except _core.CoreError as error:
        raise ProofRejected("What is to be verified is malformed.", why=str(error)) from None


def _json(program: object) -> bytes:
    if callable(method := getattr(program, "document", None)):
        program = method()
    if isinstance(program, bytes | bytearray):
        return bytes(program)
    try:
        return json.dumps(program, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError):
        raise ProofRejected("The program is not valid.", why="It cannot be written as JSON.") from None
