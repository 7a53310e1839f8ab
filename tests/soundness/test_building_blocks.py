"""Distinctness, groups and joins, by hand: what their constraints refuse, and what passes without them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from toy.checking import accepted, refused
from toy.grid import Claim, column
from toy.programs import Builder
from toy.prover import Prover
from toy.worlds import SmallWorld, World

from zkp_nb.verifying.reference.field import inverse as inverse_of

A = 4
SIZE = 4
"""Values of the table of ranges: 0 to 3."""


def distinct(b: Builder, key: int, rows: int, *, boolean: bool = True) -> None:
    """No value of the column occurs twice: each row but one steps up to another row's value.

    Adds three aux columns: the value after each, the bit of the last row, and the multiplicities.
    """
    after, last, counts = b.aux(A, rows), b.aux(A, rows), b.aux(A, SIZE)
    mask, cut, one = b.mask(A, rows), b.mask(A, SIZE), b.constant(1)
    if boolean:
        b.zero(b.times(mask, b.minus(b.times(last, last), last)))
    b.sum(mask, last, one)
    step = b.times(mask, b.minus(one, last))
    gap = b.minus(b.minus(after, key), one)
    ranges, family = b.challenge("range/gamma"), b.challenge("distinct/gamma")
    h = b.fractions(
        (step, b.plus(ranges, gap)),
        (b.negative(b.times(cut, counts)), b.plus(ranges, b.public("index", A, SIZE))),
        (mask, b.plus(family, key)),
        (b.negative(mask), b.plus(family, after)),
    )
    b.sum(b.sel(), h, b.constant(0))


def path(values: Sequence[int]) -> list[list[int]]:
    """The witness of `distinct` for distinct values."""
    order = sorted(range(len(values)), key=values.__getitem__)
    after, last, counts = [0] * len(values), [0] * len(values), [0] * SIZE
    for here, there in zip(order, [*order[1:], order[0]], strict=True):
        after[here] = values[there]
    for here, there in pairwise(order):
        counts[values[there] - values[here] - 1] += 1
    last[order[-1]] = 1
    return [after, last, counts]


def unique(
    world: World, values: Sequence[int], aux: Sequence[Sequence[int]], *, boolean: bool = True
) -> Claim:
    b = Builder(world, A)
    distinct(b, b.table("t", A, len(values)), len(values), boolean=boolean)
    return Claim(world, b.build(), [column(world, A, values)], aux)


def test_distinct_values(world: World) -> None:
    claim = unique(world, [7, 5, 8], path([7, 5, 8]))
    accepted(claim, Prover(claim).run())


def test_bits_that_hide_a_repeated_value(world: World) -> None:
    """(1, 1, -1) adds up to 1, and excuses two rows from stepping up; the third counts twice."""
    values, after, bits, counts = [5, 7, 5], [5, 5, 7], [1, 1, -1], [0, 2, 0, 0]
    careless = unique(world, values, [after, bits, counts], boolean=False)
    if isinstance(world, SmallWorld):
        accepted(careless, Prover(careless).run())
    claim = unique(world, values, [after, bits, counts])
    refused(claim, Prover(claim).run(), "O_0")


@pytest.mark.parametrize(
    ("after", "bits", "counts"),
    [
        pytest.param([7, 5, 5], [0, 0, 1], [0, 1, 0, 0], id="a step of zero"),
        pytest.param([7, 6, 5], [0, 1, 0], [0, 1, 0, 0], id="a value that no row has"),
        pytest.param([5, 7, 5], [1, 0, 1], [1, 0, 0, 0], id="two last rows"),
    ],
)
def test_repeated_value(
    small_world: SmallWorld, after: list[int], bits: list[int], counts: list[int]
) -> None:
    claim = unique(small_world, [5, 7, 5], [after, bits, counts])
    refused(claim, Prover(claim).run(), "O_0")


def grouped(
    world: World,
    rows: Sequence[tuple[int, int]],
    groups: Sequence[tuple[int, int, int]],
    *,
    keys: bool = False,
    counted: bool = True,
    occupied: bool = False,
) -> Claim:
    """Groups `(key, sum, count)` of rows `(key, value)`.

    Args:
        keys: prove that the groups' keys are distinct.
        counted: put the count beside the sum in the numerators.
        occupied: prove that no group is empty.
    """
    b = Builder(world, A)
    key, value = b.table("k", A, len(rows)), b.table("v", A, len(rows))
    group, total, number = (b.table(name, A, len(groups)) for name in "KSN")
    aux: list[list[int]] = []
    mask, others, one = b.mask(A, len(rows)), b.mask(A, len(groups)), b.constant(1)
    if keys:
        aux += (
            path([k for k, _, _ in groups]) if len({k for k, _, _ in groups}) == len(groups) else repeated()
        )
        distinct(b, group, len(groups))
    gamma, delta = b.challenge("gamma"), b.challenge("delta")
    left = b.plus(value, delta) if counted else value
    right = b.plus(total, b.times(delta, number)) if counted else total
    h = b.family(gamma, (b.times(mask, left), key), (b.negative(b.times(others, right)), group))
    b.sum(b.sel(), h, b.constant(0))
    if occupied:
        reciprocal = b.aux(A, len(groups))
        b.zero(b.times(others, b.minus(b.times(reciprocal, number), one)))
        aux.append([inverse_of(n) if n else 0 for _, _, n in groups])
    columns = [[k for k, _ in rows], [v for _, v in rows], *map(list, zip(*groups, strict=True))]
    return Claim(world, b.build(), [column(world, A, c) for c in columns], aux)


def repeated() -> list[list[int]]:
    """The best that can be had for the keys (1, 1): both rows step to the other."""
    return [[1, 1], [1, 0], [0, 0, 0, 0]]


ROWS = [(1, 10), (2, 20), (1, 30)]


def test_groups(small_world: SmallWorld) -> None:
    claim = grouped(small_world, ROWS, [(1, 40, 2), (2, 20, 1)], keys=True)
    accepted(claim, Prover(claim).run())


def test_split_group(small_world: SmallWorld) -> None:
    """One group given as two with the same key."""
    rows, groups = [(1, 10), (1, 30)], [(1, 25, 1), (1, 15, 1)]
    careless = grouped(small_world, rows, groups)
    accepted(careless, Prover(careless).run())
    claim = grouped(small_world, rows, groups, keys=True)
    refused(claim, Prover(claim).run(), "O_0")


def test_invented_group(small_world: SmallWorld) -> None:
    """A key that no row has, with sum and count zero; with count one, where numerators leave it out."""
    rows = [(2, 20)]
    uncounted = grouped(small_world, rows, [(2, 20, 1), (9, 0, 1)], counted=False)
    accepted(uncounted, Prover(uncounted).run())
    counted = grouped(small_world, rows, [(2, 20, 1), (9, 0, 1)])
    refused(counted, Prover(counted).run(), "O_0")
    careless = grouped(small_world, rows, [(2, 20, 1), (9, 0, 0)])
    accepted(careless, Prover(careless).run())
    claim = grouped(small_world, rows, [(2, 20, 1), (9, 0, 0)], occupied=True)
    refused(claim, Prover(claim).run(), "O_0")
    honest = grouped(small_world, rows, [(2, 20, 1)], occupied=True)
    accepted(honest, Prover(honest).run())


def joined(
    world: World,
    left: Sequence[tuple[int, int]],
    right: Sequence[tuple[int, int]],
    aux: Sequence[Sequence[int]],
) -> Claim:
    """Every pair `(key, value)` of the left is on the right; with aux for it, the right keys are distinct."""
    b = Builder(world, A)
    alpha = b.challenge("alpha")
    one = b.constant(1)
    pairs = []
    for name, rows in (("l", left), ("r", right)):
        numbers = [b.commitment(name, k, A, len(rows)) for k in range(2)]
        pairs.append(b.operand((one, numbers[0]), (alpha, numbers[1])))
    counts = b.aux(A, len(right))
    if aux:
        distinct(b, b.operand((one, 2)), len(right))
    mask, others = b.mask(A, len(left)), b.mask(A, len(right))
    h = b.family(b.challenge("gamma"), (mask, pairs[0]), (b.negative(b.times(others, counts)), pairs[1]))
    b.sum(b.sel(), h, b.constant(0))
    columns = [[row[k] for row in rows] for rows in (left, right) for k in range(2)]
    found = [list(left).count(row) for row in right]
    return Claim(world, b.build(), [column(world, A, c) for c in columns], [found, *aux])


def test_join(small_world: SmallWorld) -> None:
    claim = joined(small_world, [(1, 5), (1, 5), (2, 6)], [(1, 5), (2, 6)], path([1, 2]))
    accepted(claim, Prover(claim).run())


def test_joined_value_that_is_not_there(small_world: SmallWorld) -> None:
    claim = joined(small_world, [(1, 6)], [(1, 5), (2, 6)], path([1, 2]))
    refused(claim, Prover(claim).run(), "O_0")


def test_repeated_right_key(small_world: SmallWorld) -> None:
    """Two values for one key let the left side take either."""
    left, right = [(1, 5), (1, 6)], [(1, 5), (1, 6)]
    careless = joined(small_world, left, right, [])
    accepted(careless, Prover(careless).run())
    claim = joined(small_world, left, right, repeated())
    refused(claim, Prover(claim).run(), "O_0")
