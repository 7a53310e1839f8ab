"""Both verifiers, and the same checks on discrete logarithms, over many proofs good and bad."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from toy.checking import arguments
from toy.grid import Attempt, Claim, column
from toy.programs import column_sum, shuffle
from toy.prover import Prover
from toy.worlds import RealWorld, SmallWorld

from zkp_nb.errors import ProofRejected
from zkp_nb.verifying import has_native, native, reference

needs_native = pytest.mark.skipif(not has_native(), reason="the compiled module is not built")

IDENTITY = bytes([0x40]) + bytes(31)


def spoilt(proof: bytes, rng: random.Random, replacements: list[bytes]) -> bytes:
    """The proof changed at one place, in one of many ways; never the proof itself."""
    count = len(proof) // 32
    i, j = rng.sample(range(count), 2)
    elements = [proof[32 * k : 32 * (k + 1)] for k in range(count)]
    match rng.randrange(9):
        case 0:
            elements[i], elements[j] = elements[j], elements[i]
        case 1:
            elements[i] = elements[j]
        case 2:
            elements[i] = rng.choice(replacements)
        case 3:
            bit = rng.randrange(256)
            elements[i] = (int.from_bytes(elements[i], "big") ^ 1 << bit).to_bytes(32, "big")
        case 4:
            elements[i] = rng.randbytes(32)
        case 5:
            return proof[: rng.randrange(len(proof))]
        case 6:
            return proof + rng.randbytes(rng.choice([1, 32, 64]))
        case 7:
            elements.insert(i, elements.pop(j))
        case _:
            value = int.from_bytes(elements[i], "big") + rng.choice([1, -1])
            elements[i] = (value % 2**256).to_bytes(32, "big")
    changed = b"".join(elements)
    return changed if changed != proof else spoilt(proof, rng, replacements)


def spoilt_proofs(attempt: Attempt, count: int, replacements: list[bytes], seed: int) -> Iterator[bytes]:
    rng = random.Random(seed)
    for _ in range(count):
        yield spoilt(attempt.proof, rng, replacements)


def test_reference_accepts_good_proofs(good: list[tuple[Claim, Attempt]], real_world: RealWorld) -> None:
    for claim, attempt in good:
        reference.verify(real_world.key_bytes, *arguments(claim, attempt))


@needs_native
def test_native_accepts_good_proofs(good: list[tuple[Claim, Attempt]], real_world: RealWorld) -> None:
    for claim, attempt in good:
        native.verify(real_world.key_bytes, *arguments(claim, attempt))


@needs_native
def test_native_refuses_thousands_of_spoilt_proofs(
    good: list[tuple[Claim, Attempt]], real_world: RealWorld
) -> None:
    replacements = [IDENTITY, bytes(32), *(real_world.publish(k) for k in (1, 2, 3))]
    for seed, (claim, attempt) in enumerate(good):
        for proof in spoilt_proofs(attempt, 1000, replacements, seed):
            with pytest.raises(ProofRejected):
                native.verify(real_world.key_bytes, *arguments(claim, attempt, proof=proof))


def test_reference_refuses_spoilt_proofs(good: list[tuple[Claim, Attempt]], real_world: RealWorld) -> None:
    replacements = [IDENTITY, *(real_world.publish(k) for k in (1, 2, 3))]
    for seed, (claim, attempt) in enumerate(good):
        for proof in spoilt_proofs(attempt, 16, replacements, seed):
            with pytest.raises(ProofRejected):
                reference.verify(real_world.key_bytes, *arguments(claim, attempt, proof=proof))


def test_the_same_checks_refuse_thousands_on_discrete_logarithms(small_world: SmallWorld) -> None:
    w, values = small_world, [3, 1, 4, 1]
    claims = [
        Claim(w, column_sum(w, 4, 4, 9), [column(w, 4, values)]),
        Claim(w, shuffle(w, 16, (4, 4), tables=(4, 16)), [column(w, 4, values), column(w, 16, values)]),
    ]
    for seed, claim in enumerate(claims):
        attempt = Prover(claim).run()
        w.verification().run(*arguments(claim, attempt))
        for changed in spoilt_proofs(attempt, 1000, [bytes(32), w.publish(1)], seed):
            with pytest.raises(ProofRejected):
                w.verification().run(*arguments(claim, attempt, proof=changed))


@needs_native
@pytest.mark.parametrize("rows", [[], [0], [-1, 2**64 - 1], list(range(1024))], ids=len)
def test_programs_at_the_edges(real_world: RealWorld, rows: list[int]) -> None:
    """No row, and as many as a depth holds."""
    claim = Claim(real_world, column_sum(real_world, 4, len(rows), sum(rows)), [column(real_world, 4, rows)])
    attempt = Prover(claim).run()
    for verify in (native.verify, reference.verify):
        verify(real_world.key_bytes, *arguments(claim, attempt))
        with pytest.raises(ProofRejected):
            verify(real_world.key_bytes, *arguments(claim, attempt, proof=attempt.proof[:-1]))
