"""How fractions fill helpers, and what a program costs to prove.

A helper costs a multi-scalar multiplication over the whole grid; many fractions in one raise the degree of
its constraint, and each column under it is evaluated on as many cosets. The estimate weighs one against the
other. It is part of the protocol: prover and verifiers derive the same program from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

from zkp_nb.statements.expr import Expr
from zkp_nb.statements.program import MAX_COLUMNS, MAX_DEGREE, MAX_SUM_DEGREE

Fraction: TypeAlias = tuple[Expr, Expr]
"""Numerator and denominator."""

# In units of one column, or one fraction, on one coset; times the depth. Measured, see docs/benchmarks.md.
_HELPER: Final = 80
_QUOTIENT: Final = 45
_COLUMN: Final = 8
_PROOF: Final = 60
# Whatever the depth.
_START: Final = 4096


class Arrangement(NamedTuple):
    """The groups of fractions, one for each helper, and the estimated cost of a proof."""

    groups: list[list[Fraction]]
    columns: int
    cost: int
    fits: bool
    """Whether the program has at most 10 columns and no degree beyond what the argument allows."""

    @property
    def proof_bytes(self) -> int:
        """Length of a proof."""
        return 32 * (2 * self.columns + 12)


class _Group:
    """Some fractions, and the degree of the constraint of a helper of them."""

    def __init__(self) -> None:
        self.fractions: list[Fraction] = []
        self.degree = self._denominators = self._excess = 0

    def degree_with(self, fraction: Fraction) -> int:
        numerator, denominator = fraction
        excess = max(1, self._excess, numerator.degree - denominator.degree)
        return self._denominators + denominator.degree + excess

    def add(self, fraction: Fraction) -> None:
        numerator, denominator = fraction
        self.degree = self.degree_with(fraction)
        self._excess = max(self._excess, numerator.degree - denominator.degree)
        self._denominators += denominator.degree
        self.fractions.append(fraction)


def arranged(
    depth: int,
    columns: int,
    aux: int,
    fractions: Sequence[Fraction],
    constraints: Iterable[Expr],
    sums: Iterable[Expr],
) -> Arrangement:
    """The arrangement of least cost among those that fit.

    Args:
        columns: operands and aux columns.
        aux: how many of them are aux columns.
        constraints, sums: all but those of helpers, with their masks.
    """
    reach: dict[Expr, int] = {}
    degree = sum_degree = 0
    for expr in constraints:
        degree = max(degree, expr.degree)
        _reaches(reach, expr.leaves, expr.degree - 1)
    for expr in sums:
        sum_degree = max(sum_degree, expr.degree)
        _reaches(reach, expr.leaves, expr.degree - 1)

    def of(groups: list[_Group]) -> Arrangement:
        reached, work, highest, total = dict(reach), 0, degree, columns + len(groups)
        for group in groups:
            highest = max(highest, group.degree)
            work += (group.degree - 1) * (1 + len(group.fractions))
            for numerator, denominator in group.fractions:
                _reaches(reached, numerator.leaves | denominator.leaves, group.degree - 1)
        work += sum(reached.values())
        work += _COLUMN * total + _HELPER * len(groups)
        work += _QUOTIENT if aux or groups else 0
        fits = total <= MAX_COLUMNS and highest <= MAX_DEGREE and sum_degree <= MAX_SUM_DEGREE
        cost = depth * (work + _PROOF) + _START
        return Arrangement([group.fractions for group in groups], total, cost, fits)

    ways = {
        tuple(len(group.fractions) for group in groups): groups
        for groups in (_grouped(fractions, limit) for limit in range(MAX_DEGREE, 1, -1))
    }
    return min(
        map(of, reversed(ways.values())), key=lambda each: (not each.fits, each.cost, len(each.groups))
    )


def _reaches(reach: dict[Expr, int], leaves: Iterable[Expr], cosets: int) -> None:
    """These columns are evaluated on that many cosets at least."""
    for leaf in leaves:
        if leaf.kind != "pub":
            reach[leaf] = max(reach.get(leaf, 0), cosets)


def _grouped(fractions: Sequence[Fraction], limit: int) -> list[_Group]:
    """Fractions in their order, as many in each helper as keep its constraint's degree within the limit."""
    groups: list[_Group] = []
    for fraction in fractions:
        if not groups or groups[-1].degree_with(fraction) > limit:
            groups.append(_Group())
        groups[-1].add(fraction)
    return groups


def together(group: Sequence[Fraction]) -> Fraction:
    """One fraction equal to the sum: (n, d) + (n', d') = (n d' + n' d, d d'), from left to right."""
    numerator, denominator = group[0]
    for n, d in group[1:]:
        numerator, denominator = numerator * d + n * denominator, denominator * d
    return numerator, denominator
