"""Rules of the argument, each shown by a verifier that breaks it and accepts a forgery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from toy import polynomial as po
from toy.checking import accepted, arguments, refused
from toy.grid import Claim, cell, column
from toy.programs import Builder, column_sum
from toy.prover import Prover
from toy.worlds import SmallWorld, World

from zkp_nb.errors import ProofRejected
from zkp_nb.verifying.reference.field import ORDER, depth_points, inverse, lagrange
from zkp_nb.verifying.reference.program import Program, PublicColumn
from zkp_nb.verifying.reference.public import PublicColumns
from zkp_nb.verifying.reference.verify import Verification

A = 4
VALUES = [3, 1, 4, 1]


# -- Every T is a mask times an expression --------------------------------------------------------


class AllOnes(Verification[int, int]):
    """Counts every cell of the grid, as if a sum had forgotten its mask."""

    def public_values(self, program: Program, ch: dict[str, int]) -> list[int]:
        return [1] * len(program.public)


class BlindingKept(Prover):
    """Leaves the blinding cells of operands as they were committed."""

    def blinds(self) -> list[po.Poly]:
        return [[0] * (3 * self.B) for _ in self.program.operands]


class BalancedBlinding(BlindingKept):
    """Believes in a sum over all cells."""

    def public_on_lanes(self, public: PublicColumn, z: int) -> list[int]:
        return [1] * self.B


def balanced(world: World) -> Claim:
    """The rows add up to 9; with the blinding cells, to 10."""
    garbage = {(1, 0): 0, (3, 2): 1}
    return Claim(world, column_sum(world, A, 4, 10), [column(world, A, VALUES, extra=garbage)])


def test_garbage_in_blinding_cells_that_balances_a_sum(world: World) -> None:
    claim = balanced(world)
    refused(claim, BlindingKept(claim).run(), "O_0")


def test_a_sum_that_forgot_its_mask(world: World) -> None:
    claim = balanced(world)
    attempt = BalancedBlinding(claim).run()
    assert attempt.refused_by == set()  # in its own eyes
    if isinstance(world, SmallWorld):
        AllOnes(world.group, world.key).run(*arguments(claim, attempt))
    refused(claim, attempt)


def test_a_sum_without_a_mask_is_no_program(small_world: SmallWorld) -> None:
    claim = balanced(small_world)
    attempt = BlindingKept(claim).run()
    for mask in (None, 1, "0"):
        program: dict[str, Any] = {**claim.program, "sums": [{**claim.program["sums"][0], "mask": mask}]}
        with pytest.raises(ProofRejected, match="program is not valid"):
            small_world.verification().run(program, *arguments(claim, attempt)[1:])
    public = [{**claim.program["public"][0], "kind": "index"}]
    with pytest.raises(ProofRejected, match="not a mask"):
        small_world.verification().run({**claim.program, "public": public}, *arguments(claim, attempt)[1:])


# -- x is a power of chi that no sum uses ---------------------------------------------------------


class Colliding(Verification[int, int]):
    """Gives the mask the weight of the last sum."""

    def mask_weight(self, program: Program, chi: int) -> int:
        return pow(chi, len(program.sums) - 1, ORDER)


class UnbalancedMask(Prover):
    """Sends a mask `m` whose sum over the grid makes up for what is missing in the last sum."""

    missing = 1

    def mask(self) -> po.Poly:
        return po.add(super().mask(), [self.missing * inverse(self.A)])

    def x(self) -> int:
        return pow(self.ch["chi"], len(self.program.sums) - 1, ORDER)


class UnbalancedMaskByTheRule(UnbalancedMask):
    def x(self) -> int:
        return Prover.x(self)


def two_sums(world: World, totals: Sequence[int]) -> Claim:
    b = Builder(world, A)
    mask = b.mask(A, 4)
    for name, total in zip("st", totals, strict=True):
        b.sum(mask, b.table(name, A, 4), b.constant(total))
    return Claim(world, b.build(), [column(world, A, VALUES), column(world, A, [2, 7, 1, 8])])


def test_two_sums(world: World) -> None:
    claim = two_sums(world, [9, 18])
    accepted(claim, Prover(claim).run())


def test_x_colliding_with_a_power_of_chi(world: World) -> None:
    claim = two_sums(world, [9, 19])
    attempt = UnbalancedMask(claim).run()
    assert attempt.refused_by == set()  # in its own eyes
    if isinstance(world, SmallWorld):
        Colliding(world.group, world.key).run(*arguments(claim, attempt))
    refused(claim, attempt)
    refused(claim, UnbalancedMaskByTheRule(claim).run(), "O_0")


# -- The l_i of a mask are those of the program's grid --------------------------------------------


class WrongSubgroup(Verification[int, int]):
    def public_values(self, program: Program, ch: dict[str, int]) -> list[int]:
        return [
            PublicColumns(column.depth, self.key.lanes, ch["beta"], ch["beta'"]).value(column)
            for column in program.public
        ]


class WrongSubgroupProver(Prover):
    def public_on_lanes(self, public: PublicColumn, z: int) -> list[int]:
        points = depth_points(public.depth)
        over = [int(z == a) for a in points] if z in points else lagrange(points, public.depth, z)
        result = [0] * self.B
        for m in range(public.rows):
            i, j = cell(public.depth, m)
            result[j] += over[i]
        return [v % ORDER for v in result]


class WrongSubgroupKept(WrongSubgroupProver, BlindingKept):
    pass


def test_masks_over_the_wrong_subgroup(world: World) -> None:
    """Such a mask is not zero on the larger grid's other cells, where a small table is an extrapolation."""
    f = column(world, 4, VALUES)

    def claim(total: int) -> Claim:
        return Claim(world, column_sum(world, 8, 4, total, table_depth=4), [f])

    counter = WrongSubgroupProver(claim(0))
    total = 0
    for z in counter.depth_points:
        cells = po.evaluate_on_group(po.fold(f, world.lanes, z), world.lanes)
        mask = counter.public_on_lanes(counter.program.public[0], z)
        total += sum(m * v for m, v in zip(mask, cells, strict=True))
    false = claim(total % ORDER)
    assert total % ORDER != 9
    attempt = WrongSubgroupKept(false).run()
    assert attempt.refused_by == set()  # in its own eyes
    if isinstance(world, SmallWorld):
        WrongSubgroup(world.group, world.key).run(*arguments(false, attempt))
    refused(false, attempt)
    refused(false, Prover(false).run(), "O_0")
    accepted(claim(9), Prover(claim(9)).run())
