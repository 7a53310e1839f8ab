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
    cost: int
    fits: bool
    """Whether the program has at most 10 columns and no degree beyond what the argument allows."""


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

    def of(groups: list[list[Fraction]]) -> Arrangement:
        reached, work, highest = dict(reach), 0, degree
        for group in groups:
            own = group_degree(group)
            highest = max(highest, own)
            work += (own - 1) * (1 + len(group))
            leaves = frozenset().union(*(side.leaves for fraction in group for side in fraction))
            _reaches(reached, leaves, own - 1)
        work += sum(count for leaf, count in reached.items() if leaf.kind != "pub")
        work += _COLUMN * (columns + len(groups)) + _HELPER * len(groups)
        work += _QUOTIENT if aux or groups else 0
        fits = columns + len(groups) <= MAX_COLUMNS and highest <= MAX_DEGREE and sum_degree <= MAX_SUM_DEGREE
        return Arrangement(groups, depth * (work + _PROOF) + _START, fits)

    found = [of(_grouped(fractions, limit)) for limit in range(2, MAX_DEGREE + 1)] if fractions else [of([])]
    return min(found, key=lambda each: (not each.fits, each.cost, len(each.groups)))


def _reaches(reach: dict[Expr, int], leaves: Iterable[Expr], cosets: int) -> None:
    """These columns are evaluated on that many cosets at least."""
    for leaf in leaves:
        reach[leaf] = max(reach.get(leaf, 0), cosets)


def _grouped(fractions: Sequence[Fraction], limit: int) -> list[list[Fraction]]:
    """Fractions in their order, as many in each helper as keep its constraint's degree within the limit."""
    groups: list[list[Fraction]] = []
    for fraction in fractions:
        if groups and group_degree([*groups[-1], fraction]) <= limit:
            groups[-1].append(fraction)
        else:
            groups.append([fraction])
    return groups


def group_degree(group: Sequence[Fraction]) -> int:
    """Degree of the constraint of a helper of these fractions."""
    total = sum(denominator.degree for _, denominator in group)
    return max(1 + total, *(total + n.degree - d.degree for n, d in group))


def together(group: Sequence[Fraction]) -> Fraction:
    """One fraction equal to the sum: (n, d) + (n', d') = (n d' + n' d, d d'), from left to right."""
    numerator, denominator = group[0]
    for n, d in group[1:]:
        numerator, denominator = numerator * d + n * denominator, denominator * d
    return numerator, denominator
