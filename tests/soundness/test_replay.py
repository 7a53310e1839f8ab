"""A good proof somewhere else, or with a byte changed; and what two proofs have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from test_steps import LowF
from toy import polynomial as po
from toy.checking import accepted, arguments
from toy.grid import Attempt, Claim, column
from toy.programs import column_sum, shuffle
from toy.prover import Prover
from toy.worlds import RealWorld, SmallWorld

from zkp_nb.errors import ProofRejected
from zkp_nb.verifying import has_native, native, reference

A = 4
VALUES = [3, 1, 4, 1]


def summed(world: SmallWorld | RealWorld) -> Claim:
    return Claim(world, column_sum(world, A, 4, 9), [column(world, A, VALUES)])


def reordered(world: SmallWorld | RealWorld) -> Claim:
    columns = [column(world, A, VALUES), column(world, A, VALUES[::-1])]
    return Claim(world, shuffle(world, A, (4, 4)), columns)


@pytest.fixture(scope="module")
def small(small_world: SmallWorld) -> tuple[Claim, Attempt]:
    claim = reordered(small_world)
    return claim, Prover(claim).run()


@pytest.fixture(scope="module")
def real(real_world: RealWorld) -> tuple[Claim, Attempt]:
    claim = summed(real_world)
    attempt = Prover(claim).run()
    accepted(claim, attempt)
    return claim, attempt


Change = Callable[[list[Any]], None]


def elsewhere(number: int, value: Any) -> Change:
    def change(given: list[Any]) -> None:
        given[number] = value

    return change


REPLAYS = [
    pytest.param(elsewhere(1, b"another ledger"), id="another context"),
    pytest.param(elsewhere(2, b"another statement"), id="another statement"),
    pytest.param(elsewhere(3, 1), id="another part"),
]


@pytest.mark.parametrize("change", REPLAYS)
def test_replay(small: tuple[Claim, Attempt], real: tuple[Claim, Attempt], change: Change) -> None:
    for claim, attempt in (small, real):
        given = list(arguments(claim, attempt))
        change(given)
        if isinstance(claim.world, SmallWorld):
            with pytest.raises(ProofRejected, match="pairing equation"):
                claim.world.verification().run(*given)
            continue
        for verify in claim.world.verifiers.values():
            with pytest.raises(ProofRejected):
                verify(claim.world.key_bytes, *given)


def test_replay_for_another_set_up(small: tuple[Claim, Attempt], real: tuple[Claim, Attempt]) -> None:
    other = SmallWorld(tau=12345)
    with pytest.raises(ProofRejected, match="pairing equation"):
        other.verification().run(*arguments(*small))
    another = RealWorld(tau=12345, max_depth=4)
    for verify in another.verifiers.values():
        with pytest.raises(ProofRejected):
            verify(another.key_bytes, *arguments(*real))


def test_the_set_up_is_bound_by_its_name_alone(small: tuple[Claim, Attempt], small_world: SmallWorld) -> None:
    """The same tau under another `srs_id` (here: another largest depth) is another set-up."""
    same_tau = SmallWorld(tau=small_world.tau, max_depth=2 * small_world.max_depth)
    with pytest.raises(ProofRejected, match="pairing equation"):
        same_tau.verification().run(*arguments(*small))


def test_another_table(small: tuple[Claim, Attempt], small_world: SmallWorld) -> None:
    claim, attempt = small
    other = Claim(
        small_world, claim.program, [column(small_world, A, VALUES), column(small_world, A, VALUES)]
    )
    given = arguments(claim, attempt, commitments=other.commitments())
    with pytest.raises(ProofRejected, match="pairing equation"):
        small_world.verification().run(*given)


def test_each_byte_flipped(small: tuple[Claim, Attempt], small_world: SmallWorld) -> None:
    claim, attempt = small
    for place in range(len(attempt.proof)):
        for flip in (0x01, 0x80):
            changed = bytearray(attempt.proof)
            changed[place] ^= flip
            with pytest.raises(ProofRejected):
                small_world.verification().run(*arguments(claim, attempt, proof=bytes(changed)))


@pytest.mark.skipif(not has_native(), reason="the compiled module is not built")
def test_each_byte_flipped_before_the_native_verifier(
    real: tuple[Claim, Attempt], real_world: RealWorld
) -> None:
    claim, attempt = real
    for place in range(len(attempt.proof)):
        for flip in (0x01, 0x80):
            changed = bytearray(attempt.proof)
            changed[place] ^= flip
            with pytest.raises(ProofRejected):
                native.verify(real_world.key_bytes, *arguments(claim, attempt, proof=bytes(changed)))


@pytest.mark.parametrize("name", ["blind", "R", "y", "p", "W'"])
def test_an_element_changed_before_the_reference_verifier(
    real: tuple[Claim, Attempt], real_world: RealWorld, name: str
) -> None:
    """The sign of a point, or the lowest bit of a scalar: what is still an encoding."""
    claim, attempt = real
    element = attempt.elements[name][0]
    changed = bytearray(element)
    if name in ("y", "p"):
        changed[31] ^= 1
    else:
        changed[0] ^= 0x40
    proof = attempt.proof.replace(element, bytes(changed))
    with pytest.raises(ProofRejected):
        reference.verify(real_world.key_bytes, *arguments(claim, attempt, proof=proof))


def test_reused_blinding(small_world: SmallWorld, real_world: RealWorld) -> None:
    """Two proofs of one statement share no element."""
    for claim in (reordered(small_world), summed(real_world)):
        first, second = Prover(claim).run(), Prover(claim).run()
        elements = [
            {item for items in attempt.elements.values() for item in items} for attempt in (first, second)
        ]
        size = 2 * len(first.elements["y"]) + 12
        assert [len(found) for found in elements] == [size, size]
        assert not elements[0] & elements[1]


class CommitsLast(LowF):
    """Chooses the table when all is said: whatever makes the fold come out."""

    def commit_afterwards(self) -> po.Poly:
        return po.add(self.claim.columns[0], po.scale(-1, self.fold_error()))


def test_commitments_must_come_from_the_statement(small_world: SmallWorld) -> None:
    """They are not absorbed: a verifier that takes them from the prover accepts anything.

    The statement names its tables by the hash of their records, and the transcript absorbs the statement.
    """
    false = Claim(small_world, column_sum(small_world, A, 4, 10), [column(small_world, A, VALUES)])
    prover = CommitsLast(false)
    attempt = prover.run()
    chosen = [small_world.publish(po.at(prover.commit_afterwards(), small_world.tau))]
    small_world.verification().run(*arguments(false, attempt, commitments=chosen))
    with pytest.raises(ProofRejected):
        small_world.verification().run(*arguments(false, attempt))
