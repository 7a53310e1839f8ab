"""False statements, each step honest: the argument has no proof for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from toy import polynomial as po
from toy.checking import accepted, refused
from toy.grid import Claim, cell, column
from toy.programs import Builder, column_sum, equal_columns, shuffle
from toy.prover import Prover
from toy.worlds import SmallWorld, World

from zkp_nb.verifying.reference.field import ORDER, inverse

A = 4
VALUES = [3, 1, 4, 1]


def sums_to(world: World, total: int, *, rows: int = len(VALUES)) -> Claim:
    return Claim(world, column_sum(world, A, rows, total), [column(world, A, VALUES)])


def shuffled(world: World, left: Sequence[int], right: Sequence[int]) -> Claim:
    program = shuffle(world, A, (len(left), len(right)))
    return Claim(world, program, [column(world, A, left), column(world, A, right)])


def test_true_statements_have_proofs(world: World) -> None:
    for claim in (sums_to(world, 9), shuffled(world, VALUES, [1, 1, 3, 4])):
        accepted(claim, Prover(claim).run())


def test_wrong_sum(world: World) -> None:
    claim = sums_to(world, 10)
    refused(claim, Prover(claim).run(), "O_0")


def test_wrong_n(world: World) -> None:
    """The sum of all four rows, said of three."""
    claim = sums_to(world, 9, rows=3)
    refused(claim, Prover(claim).run(), "O_0")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param([3, 1, 4, 1], [3, 1, 4, 2], id="edited"),
        pytest.param([3, 1, 4, 1], [3, 1, 4], id="dropped"),
        pytest.param([3, 1, 4], [3, 1, 4, 4], id="doubled"),
        pytest.param([3, 1, 4, 1], [3, 1, 4, 4], id="doubled in the place of another"),
    ],
)
def test_edited_dropped_or_doubled_row(world: World, left: list[int], right: list[int]) -> None:
    claim = shuffled(world, left, right)
    refused(claim, Prover(claim).run(), "O_0")


def in_table(world: World, values: Sequence[int], size: int) -> Claim:
    """Every value is one of `0 .. size-1`: a lookup in the index cut at `size` rows."""
    b = Builder(world, A)
    f, multiplicity = b.table("t", A, len(values)), b.aux(A, size)
    rows, cut, index = b.mask(A, len(values)), b.mask(A, size), b.public("index", A, size)
    h = b.family(b.challenge("gamma"), (rows, f), (b.negative(b.times(cut, multiplicity)), index))
    b.sum(b.sel(), h, b.constant(0))
    counts = [list(values).count(i) for i in range(size)]
    return Claim(world, b.build(), [column(world, A, values)], [counts])


@pytest.mark.parametrize("value", [4, -1], ids=["too large", "negative"])
def test_value_out_of_range(world: World, value: int) -> None:
    claim = in_table(world, [3, 1, 2, value], 4)
    refused(claim, Prover(claim).run(), "O_0")


def test_value_in_range(world: World) -> None:
    claim = in_table(world, [3, 1, 2, 3], 4)
    accepted(claim, Prover(claim).run())


def test_cells_beyond_the_last_row_do_no_harm(world: World) -> None:
    garbage = {cell(A, 3): 77}
    claim = Claim(world, column_sum(world, A, 3, 8), [column(world, A, VALUES[:3], extra=garbage)])
    accepted(claim, Prover(claim).run())


def test_unequal_cell(world: World) -> None:
    columns = [column(world, A, VALUES), column(world, A, [3, 1, 4, 2])]
    claim = Claim(world, equal_columns(world, A, 4), columns)
    refused(claim, Prover(claim).run(), "O_0")


def chosen(
    world: World, source: Sequence[int], bits: Sequence[int], kept: Sequence[int], *, boolean: bool
) -> Claim:
    """The rows of `source` with a bit are the rows of `kept`."""
    b = Builder(world, A)
    f, g = b.table("s", A, len(source)), b.table("t", A, len(kept))
    keep = b.aux(A, len(source))
    rows, others = b.mask(A, len(source)), b.mask(A, len(kept))
    if boolean:
        b.zero(b.times(rows, b.minus(b.times(keep, keep), keep)))
    h = b.family(b.challenge("gamma"), (b.times(rows, keep), f), (b.negative(others), g))
    b.sum(b.sel(), h, b.constant(0))
    return Claim(world, b.build(), [column(world, A, source), column(world, A, kept)], [bits])


def test_selection(world: World) -> None:
    claim = chosen(world, [5, 6, 7], [1, 0, 1], [7, 5], boolean=True)
    accepted(claim, Prover(claim).run())


HALF = inverse(2)


@pytest.mark.parametrize(
    ("source", "bits", "kept"),
    [
        pytest.param([5, 6, 7], [2, 0, 0], [5, 5], id="two"),
        pytest.param([5, 5, 7], [2, -1, 1], [5, 7], id="negative"),
        pytest.param([5, 5, 7], [HALF, HALF, 1], [5, 7], id="fractional"),
    ],
)
def test_fractional_or_negative_bit_in_a_selection(
    world: World, source: list[int], bits: list[int], kept: list[int]
) -> None:
    """The multisets agree, so that the constraint on the bit is all that refuses it."""
    careless = chosen(world, source, bits, kept, boolean=False)
    if isinstance(world, SmallWorld):
        accepted(careless, Prover(careless).run())
    claim = chosen(world, source, bits, kept, boolean=True)
    refused(claim, Prover(claim).run(), "O_0")


def null_count(
    world: World,
    flags: Mapping[int, int],
    rows: int,
    count: int,
    *,
    boolean: bool = True,
    masked: bool = True,
) -> Claim:
    """The flags of a null companion column add up to `count`."""
    b = Builder(world, A)
    flag = b.table("t", A, rows)
    mask = b.mask(A, rows)
    if boolean:
        b.zero(b.times(mask, b.minus(b.times(flag, flag), flag)))
    b.sum(mask if masked else b.sel(), flag, b.constant(count))
    extra = {cell(A, m): value for m, value in flags.items()}
    return Claim(world, b.build(), [column(world, A, [0] * rows, extra=extra)])


def test_null_flags_that_are_not_boolean(world: World) -> None:
    flags = {0: 5, 1: -3}
    careless = null_count(world, flags, 4, 2, boolean=False)
    if isinstance(world, SmallWorld):
        accepted(careless, Prover(careless).run())
    claim = null_count(world, flags, 4, 2)
    refused(claim, Prover(claim).run(), "O_0")


def test_unmasked_null_flag(world: World) -> None:
    """A flag beyond the last row is counted by a sum over all data cells, not by one under the mask."""
    flags = {0: 1, 3: 1}
    careless = null_count(world, flags, 3, 2, masked=False)
    if isinstance(world, SmallWorld):
        accepted(careless, Prover(careless).run())
    claim = null_count(world, flags, 3, 2)
    refused(claim, Prover(claim).run(), "O_0")


def pairs(world: World, *, gammas: int) -> Claim:
    """Two families, `{a} = {b}` and `{c} = {d}`, both false; only `{a, c} = {b, d}` is true."""
    b = Builder(world, A)
    f = [b.table(name, A, 2) for name in "abcd"]
    rows = b.mask(A, 2)
    drawn = [b.challenge(f"gamma {i}") for i in range(gammas)]
    h = [b.family(drawn[i % gammas], (rows, f[2 * i]), (b.negative(rows), f[2 * i + 1])) for i in (0, 1)]
    b.sum(b.sel(), b.plus(*h), b.constant(0))
    cells: list[list[int]] = [[1, 2], [1, 3], [3, 4], [2, 4]]
    return Claim(world, b.build(), [column(world, A, c) for c in cells])


def test_one_gamma_for_two_families(world: World) -> None:
    """With one gamma the false pair has a proof; the rule of a gamma each refuses it."""
    shared = pairs(world, gammas=1)
    if isinstance(world, SmallWorld):
        accepted(shared, Prover(shared).run())
    claim = pairs(world, gammas=2)
    refused(claim, Prover(claim).run(), "O_0")


def test_one_table_read_at_two_depths(small_world: SmallWorld) -> None:
    """The same commitment has another content at another depth, so the depth is a field of the record."""
    world, f = small_world, column(small_world, 4, [10, 20, 30])

    def claim(own: int, total: int) -> Claim:
        return Claim(world, column_sum(world, 8, 3, total, table_depth=own), [f])

    # The first three rows of depth 8 are three positions of the first lane.
    first_lane = [po.at(po.fold(f, world.lanes, z), 1) for z in Prover(claim(8, 0)).depth_points[:3]]
    misread = sum(first_lane) % ORDER
    assert misread != 60
    for own, total in ((4, 60), (8, misread)):
        accepted(claim(own, total), Prover(claim(own, total)).run())
    for own, total in ((4, misread), (8, 60)):
        refused(claim(own, total), Prover(claim(own, total)).run(), "O_0")


def test_columns_of_a_larger_degree_are_read_on_the_grid(small_world: SmallWorld) -> None:
    """A commitment to a polynomial of degree `AB` or more is a table like any other."""
    world = small_world
    high: dict[str, Any] = column_sum(world, A, 4, 9)
    f = po.add(column(world, A, VALUES), po.shift(po.add(po.shift([5], A * world.lanes), [-5]), 3))
    accepted(Claim(world, high, [f]), Prover(Claim(world, high, [f])).run())
    wrong = Claim(world, column_sum(world, A, 4, 10), [f])
    refused(wrong, Prover(wrong).run(), "O_0")
