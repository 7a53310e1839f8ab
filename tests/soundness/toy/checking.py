"""Putting an attempt before the verifiers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from toy.grid import Attempt, Claim
from toy.worlds import SmallWorld
from zkp_nb.errors import ProofRejected


def judges(claim: Claim) -> dict[str, Callable[..., None]]:
    """The verifiers of the claim's world, each still to be given program, context, ..., proof."""
    if isinstance(claim.world, SmallWorld):
        return {"reference": claim.world.verification().run}
    return {name: partial(v, claim.world.key_bytes) for name, v in claim.world.verifiers.items()}


def arguments(claim: Claim, attempt: Attempt, **instead: Any) -> tuple[Any, ...]:
    """What a verifier is given behind its key, in order; `instead` replaces some of it by name."""
    given = {
        "program": claim.program,
        "context": claim.context,
        "statement": claim.statement,
        "part": claim.part,
        "commitments": attempt.commitments,
        "proof": attempt.proof,
    }
    assert instead.keys() <= given.keys()
    return tuple((given | instead).values())


def accepted(claim: Claim, attempt: Attempt) -> None:
    """Every verifier accepts, and every equation holds as polynomials."""
    assert attempt.refused_by == set()
    for judge in judges(claim).values():
        judge(*arguments(claim, attempt))


_seen_on_the_curve: set[frozenset[str]] = set()


def refused(claim: Claim, attempt: Attempt, *by: str) -> None:
    """Every verifier refuses; `by` are the equations that do not hold.

    The reference verifier, whose checks see every attempt in the small world, takes a second on the curve:
    there it is given one attempt for each set of equations, where the native one is there to see them all.
    """
    assert attempt.refused_by == set(by)
    found = judges(claim)
    if "native" in found:
        if frozenset(by) in _seen_on_the_curve:
            del found["reference"]
        _seen_on_the_curve.add(frozenset(by))
    for judge in found.values():
        with pytest.raises(ProofRejected):
            judge(*arguments(claim, attempt))
