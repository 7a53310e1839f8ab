"""Which verifier is asked, and what is said where the two differ."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from toy.checking import arguments
from toy.prover import Attempt, Claim
from toy.worlds import RealWorld

from zkp_nb.errors import ProofRejected
from zkp_nb.verifying import VerifiersDisagree, has_native, reference, verify

needs_native = pytest.mark.skipif(not has_native(), reason="the compiled module is not built")


@pytest.fixture
def given(good: list[tuple[Claim, Attempt]], real_world: RealWorld) -> tuple[Any, ...]:
    return (real_world.key_bytes, *arguments(*good[0]))


@pytest.mark.parametrize(
    "verifier",
    [
        "auto",
        "reference",
        pytest.param("native", marks=needs_native),
        pytest.param("both", marks=needs_native),
    ],
)
def test_every_verifier(given: tuple[Any, ...], verifier: Any) -> None:
    verify(*given, verifier=verifier)
    *rest, proof = given
    with pytest.raises(ProofRejected, match="length"):
        verify(*rest, proof[:-32], verifier=verifier)


@needs_native
def test_disagreement_is_an_error_of_its_own(given: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """A second verifier that accepts anything stands for one with a mistake."""
    monkeypatch.setattr(reference, "verify", lambda *_: None)
    verify(*given, verifier="both")
    *rest, proof = given
    with pytest.raises(VerifiersDisagree, match="disagree") as error:
        verify(*rest, proof[:-32], verifier="both")
    assert not isinstance(error.value, ProofRejected)


@pytest.mark.parametrize("part", [-1, 2**32])
def test_a_part_that_is_no_number_of_32_bits(given: tuple[Any, ...], part: int) -> None:
    changed = (*given[:4], part, *given[5:])
    for verifier in ("auto", "reference"):
        with pytest.raises(ProofRejected, match="part"):
            verify(*changed, verifier=verifier)  # type: ignore[arg-type]


def test_the_number_of_commitments(given: tuple[Any, ...]) -> None:
    for commitments in ([], given[5] * 2):
        for verifier in ("auto", "reference"):
            with pytest.raises(ProofRejected):
                verify(*given[:5], commitments, given[6], verifier=verifier)  # type: ignore[arg-type]


def test_the_reference_verifier_needs_no_compiled_module() -> None:
    """In a process where importing it fails, and with nothing but the standard library and py_ecc."""
    program = """
import sys
sys.modules["zkp_nb._core"] = None
from zkp_nb.verifying import reference
from zkp_nb.errors import ProofRejected
try:
    reference.verify(b"", {}, b"", b"", 0, [], b"")
except ProofRejected as error:
    print(error.what)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "The verification key is not valid."
