"""Lists that a statement publishes, with something in them that is not true of the table."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest
from toy.checking import accepted, arguments, judges, refused
from toy.grid import Claim, column
from toy.programs import Builder
from toy.prover import Prover
from toy.worlds import World

from zkp_nb.errors import ProofRejected

A = 4
KEYS, SIDES, AMOUNTS = [7, 7, 5, 7], [1, 1, 0, 2], [10, -30, 6, 0]

List = list[list[list[str]]]

# Of each key and side: how many rows, and what they add up to.
TRUE: List = [[["2", "-20"], ["7", "1"]], [["1", "6"], ["5", "0"]], [["1", "0"], ["7", "2"]]]


def listed(world: World, entries: List, gamma: int | None = None) -> Claim:
    """The list is that of the table's groups."""
    b = Builder(world, A)
    x, y, z = (b.table(name, A, len(KEYS)) for name in ("x", "y", "z"))
    alpha, delta = b.challenge("alpha"), b.challenge("delta")
    drawn = b.challenge("gamma")
    rows = b.mask(A, len(KEYS))
    amount = b.times(rows, b.plus(b.constant(1), b.times(delta, z)))
    h = b.family(drawn, (amount, b.plus(x, b.times(alpha, y))))
    below = drawn if gamma is None else b.constant(gamma)
    b.sum(b.sel(), h, b.node("fractions", below, alpha, delta, entries))
    return Claim(world, b.build(), [column(world, A, cells) for cells in (KEYS, SIDES, AMOUNTS)])


def test_a_true_list_has_a_proof_in_any_order(world: World) -> None:
    for entries in (TRUE, TRUE[::-1], [*TRUE, [["0"], ["9"]]]):
        claim = listed(world, entries)
        accepted(claim, Prover(claim).run())


def with_part(*path: int, to: str) -> Callable[[List], object]:
    entry, side, at = path
    return lambda entries: entries[entry][side].__setitem__(at, to)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(with_part(0, 0, 0, to="3"), id="count"),
        pytest.param(with_part(0, 0, 1, to="-19"), id="sum"),
        pytest.param(with_part(1, 0, 1, to="-6"), id="sign"),
        pytest.param(with_part(1, 1, 0, to="6"), id="value"),
        pytest.param(with_part(2, 1, 1, to="1"), id="a value of another entry"),
        pytest.param(lambda entries: entries[0][1].reverse(), id="the parts of a value in another order"),
        pytest.param(lambda entries: entries[1][0].reverse(), id="the parts of an amount in another order"),
        pytest.param(lambda entries: entries[0][1].insert(0, "0"), id="a value moved by a power"),
        pytest.param(lambda entries: entries.append([["1"], ["9", "9"]]), id="an entry too many"),
        pytest.param(lambda entries: entries.append([["0", "1"], ["9"]]), id="an entry of no rows"),
        pytest.param(lambda entries: entries.append(entries[0]), id="an entry twice"),
        pytest.param(lambda entries: entries.pop(), id="an entry too few"),
    ],
)
def test_a_false_list(world: World, change: Callable[[List], object]) -> None:
    entries = copy.deepcopy(TRUE)
    change(entries)
    claim = listed(world, entries)
    refused(claim, Prover(claim).run(), "O_0")


def test_a_zero_denominator(world: World) -> None:
    """Whatever the proof: nothing is divided by zero, and no entry is passed over."""
    claim = listed(world, TRUE)
    attempt = Prover(claim).run()
    zero: Any = listed(world, [*TRUE, [["0"], ["9"]]], gamma=-9).program
    for judge in judges(claim).values():
        with pytest.raises(ProofRejected, match=re.compile("divides by zero", re.IGNORECASE)):
            judge(*arguments(claim, attempt, program=zero))
