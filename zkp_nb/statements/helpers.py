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
    shapes = [
        (denominator.degree, numerator.degree - denominator.degree) for numerator, denominator in fractions
    ]
    leaves = [numerator.leaves | denominator.leaves for numerator, denominator in fractions]

    def of(groups: list[_Group]) -> Arrangement:
        reached, work, highest, total = dict(reach), 0, degree, columns + len(groups)
        for start, end, reaches in groups:
            highest = max(highest, reaches)
            work += (reaches - 1) * (1 + end - start)
            _reaches(reached, leaves[start].union(*leaves[start + 1 : end]), reaches - 1)
        work += sum(reached.values())
        work += _COLUMN * total + _HELPER * len(groups)
        work += _QUOTIENT if aux or groups else 0
        fits = total <= MAX_COLUMNS and highest <= MAX_DEGREE and sum_degree <= MAX_SUM_DEGREE
        cost = depth * (work + _PROOF) + _START
        return Arrangement([list(fractions[start:end]) for start, end, _ in groups], total, cost, fits)

    return min(
        map(of, reversed(_ways(shapes))), key=lambda each: (not each.fits, each.cost, len(each.groups))
    )


def _reaches(reach: dict[Expr, int], leaves: Iterable[Expr], cosets: int) -> None:
    """These columns are evaluated on that many cosets at least."""
    for leaf in leaves:
        if leaf.kind != "pub" and reach.get(leaf, -1) < cosets:
            reach[leaf] = max(0, cosets)


_Group: TypeAlias = tuple[int, int, int]
"""The first fraction of a group, the one after its last, and the degree of the constraint of a helper of them."""


def _ways(shapes: Sequence[tuple[int, int]]) -> list[list[_Group]]:
    """The different groupings for all limits to the degree of a helper's constraint, from the highest limit on."""
    ways = []
    limit = MAX_DEGREE
    while limit > 1:
        ways.append(_grouped(shapes, limit))
        # A limit that no group meets changes nothing.
        limit = max((degree for start, end, degree in ways[-1] if end > start + 1), default=0) - 1
    return ways


def _grouped(shapes: Sequence[tuple[int, int]], limit: int) -> list[_Group]:
    """Fractions in their order, as many in each helper as keep its constraint's degree within the limit.

    Args:
        shapes: of each fraction, the degree of its denominator and by how much that of its numerator exceeds it.
    """
    groups = []
    start = denominators = degree = 0
    excess = 1
    for at, (denominator, surplus) in enumerate(shapes):
        more = denominators + denominator + max(excess, surplus)
        if at > start and more > limit:
            groups.append((start, at, degree))
            start, denominators, excess = at, 0, 1
            more = denominator + max(1, surplus)
        denominators, excess, degree = denominators + denominator, max(excess, surplus), more
    if shapes:
        groups.append((start, len(shapes), degree))
    return groups


def together(group: Sequence[Fraction]) -> Fraction:
    """One fraction equal to the sum: (n, d) + (n', d') = (n d' + n' d, d d'), from left to right."""
    numerator, denominator = group[0]
    for n, d in group[1:]:
        numerator, denominator = numerator * d + n * denominator, denominator * d
    return numerator, denominator
