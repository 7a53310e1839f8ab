"""Verifying a proof: with the compiled module, with the second verifier in plain Python, or with both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Literal, NamedTuple

from zkp_nb.errors import ProofRejected, ZkpError

__all__ = ["Claim", "Verifier", "VerifiersDisagree", "has_native", "verify", "verify_all"]

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

    def natively() -> None:
        from zkp_nb.verifying import native

        native.verify(*arguments)

    def by_reference() -> None:
        from zkp_nb.verifying import reference

        reference.verify(*arguments)

    _check(natively, by_reference, verifier)


class Claim(NamedTuple):
    """A proof and what it proves: a program, and the program's commitments, as in `verify`."""

    program: object
    commitments: Sequence[bytes]
    proof: bytes


def verify_all(
    verification_key: bytes,
    context: bytes,
    statement: bytes,
    claims: Sequence[Claim],
    *,
    verifier: Verifier = "auto",
) -> None:
    """Check all proofs of a statement; the native verifier takes little longer for them than for one.

    Args:
        claims: one for each part of the statement, from part 0.
        verification_key, context, statement, verifier: as in `verify`.

    Raises:
        ProofRejected: one does not verify; `what` names the check.
        VerifiersDisagree: as in `verify`.
    """

    def natively() -> None:
        from zkp_nb.verifying import native

        native.verify_all(verification_key, context, statement, claims)

    def by_reference() -> None:
        from zkp_nb.verifying import reference

        for part, (program, commitments, proof) in enumerate(claims):
            reference.verify(verification_key, program, context, statement, part, commitments, proof)

    _check(natively, by_reference, verifier)


def _check(natively: Callable[[], None], by_reference: Callable[[], None], verifier: Verifier) -> None:
    if verifier == "both":
        _both(natively, by_reference)
    elif verifier == "native" or (verifier == "auto" and has_native()):
        natively()
    else:
        by_reference()


def _both(*checks: Callable[[], None]) -> None:
    refusals: list[ProofRejected | None] = []
    for check in checks:
        try:
            check()
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
