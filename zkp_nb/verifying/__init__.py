"""Verifying a proof: with the compiled module, with the second verifier in plain Python, or with both."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Literal

from zkp_nb.errors import ProofRejected, ZkpError

__all__ = ["Verifier", "VerifiersDisagree", "has_native", "verify"]

Verifier = Literal["auto", "native", "reference", "both"]


class VerifiersDisagree(ZkpError):
    """The two verifiers say different things about one proof: one of them has a mistake. Trust neither."""


def has_native() -> bool:
    """Whether the compiled module is installed."""
    return find_spec("zkp_nb._core") is not None


def verify(
    verification_key: bytes,
    program: object,
    context: bytes,
    statement: bytes,
    part: int,
    commitments: Sequence[bytes],
    proof: bytes,
    *,
    verifier: Verifier = "auto",
) -> None:
    """Check one proof.

    Args:
        verification_key: its encoding.
        program: a `zkp_nb.statements` program, its JSON, or the JSON's dictionary.
        context: the ledger id in UTF-8.
        statement: the statement's canonical JSON, which names its tables by the hash of their records.
        part: the number of the program in the statement, from 0.
        commitments: 32 bytes each, in the order of the program's `commitments`.
        proof: the bytes of the proof.
        verifier: "auto" is the native one where it is installed, the reference otherwise.

    Raises:
        ProofRejected: it does not verify; `what` names the check.
        VerifiersDisagree: with "both", one accepts what the other refuses.
    """
    arguments = (verification_key, program, context, statement, part, commitments, proof)
    if verifier == "both":
        return _both(arguments)
    if verifier == "native" or (verifier == "auto" and has_native()):
        from zkp_nb.verifying import native

        return native.verify(*arguments)
    from zkp_nb.verifying import reference

    return reference.verify(*arguments)


_Arguments = tuple[bytes, object, bytes, bytes, int, Sequence[bytes], bytes]


def _both(arguments: _Arguments) -> None:
    from zkp_nb.verifying import native, reference

    refusals: list[ProofRejected | None] = []
    for check in (native.verify, reference.verify):
        try:
            check(*arguments)
            refusals.append(None)
        except ProofRejected as refusal:
            refusals.append(refusal)
    by_native, by_reference = refusals
    if (by_native is None) != (by_reference is None):
        raise VerifiersDisagree(
            "The two verifiers disagree about this proof.",
            why=f"Native: {by_native or 'accepted'} Reference: {by_reference or 'accepted'}",
            todo="Trust neither, and report it with the proof.",
        )
    if by_native is not None:
        raise by_native
