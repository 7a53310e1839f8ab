"""Which verifier is asked, and what is said where the two differ."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from toy.checking import arguments
from toy.grid import Attempt, Claim
from toy.prover import Prover
from toy.worlds import RealWorld

from zkp_nb.errors import ProofRejected
from zkp_nb.verifying import Claim as Part
from zkp_nb.verifying import VerifiersDisagree, has_native, reference, verify, verify_all

needs_native = pytest.mark.skipif(not has_native(), reason="the compiled module is not built")


Good = list[tuple[Claim, Attempt]]


def ask(world: RealWorld, verifier: Any, given: tuple[Any, ...]) -> None:
    partial(verify, verifier=verifier)(world.key_bytes, *given)


@pytest.mark.parametrize(
    "verifier",
    [
        "auto",
        "reference",
        pytest.param("native", marks=needs_native),
        pytest.param("both", marks=needs_native),
    ],
)
def test_every_verifier(good: Good, real_world: RealWorld, verifier: str) -> None:
    claim, attempt = good[0]
    ask(real_world, verifier, arguments(claim, attempt))
    with pytest.raises(ProofRejected, match="length"):
        ask(real_world, verifier, arguments(claim, attempt, proof=attempt.proof[:-32]))


@pytest.mark.parametrize(
    "verifier",
    ["reference", pytest.param("native", marks=needs_native), pytest.param("both", marks=needs_native)],
)
def test_all_proofs_of_a_statement(good: Good, real_world: RealWorld, verifier: Any) -> None:
    claim, first = good[1]
    second = Prover(replace(claim, part=1)).run()
    proofs = [Part(claim.program, attempt.commitments, attempt.proof) for attempt in (first, second)]

    def check(*parts: Part) -> None:
        verify_all(real_world.key_bytes, claim.context, claim.statement, parts, verifier=verifier)

    check()
    check(*proofs)
    with pytest.raises(ProofRejected):
        check(*reversed(proofs))
    with pytest.raises(ProofRejected, match="length"):
        check(proofs[0], proofs[1]._replace(proof=second.proof[:-32]))


@needs_native
def test_disagreement_is_an_error_of_its_own(
    good: Good, real_world: RealWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second verifier that accepts anything stands for one with a mistake."""
    claim, attempt = good[0]
    monkeypatch.setattr(reference, "verify", lambda *_: None)
    ask(real_world, "both", arguments(claim, attempt))
    with pytest.raises(VerifiersDisagree, match="disagree") as error:
        ask(real_world, "both", arguments(claim, attempt, proof=attempt.proof[:-32]))
    assert not isinstance(error.value, ProofRejected)


@pytest.mark.parametrize("part", [-1, 2**32])
@pytest.mark.parametrize("verifier", ["auto", "reference"])
def test_a_part_that_is_no_number_of_32_bits(
    good: Good, real_world: RealWorld, verifier: str, part: int
) -> None:
    with pytest.raises(ProofRejected, match="part"):
        ask(real_world, verifier, arguments(*good[0], part=part))


@pytest.mark.parametrize("number", [0, 2])
@pytest.mark.parametrize("verifier", ["auto", "reference"])
def test_the_number_of_commitments(good: Good, real_world: RealWorld, verifier: str, number: int) -> None:
    claim, attempt = good[0]
    with pytest.raises(ProofRejected):
        ask(real_world, verifier, arguments(claim, attempt, commitments=attempt.commitments * number))


def test_the_reference_verifier_by_itself() -> None:
    """Without the compiled module, in a process that it leaves as it was: py_ecc raises the recursion limit."""
    program = """
import json, sys
sys.modules["zkp_nb._core"] = None
limit = sys.getrecursionlimit()
from zkp_nb.verifying import reference
assert sys.getrecursionlimit() == limit
v = json.load(open(sys.argv[1]))
key, *commitments, proof = map(bytes.fromhex, [v["verification_key"], *v["commitments"], v["proof"]])
reference.verify(key, v["program"], v["context"].encode(), v["statement"].encode(), v["part"], commitments, proof)
print("accepted")
"""
    vector = Path(__file__).parent / "vectors" / "proof.json"
    command = [sys.executable, "-c", program, str(vector)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "accepted"
