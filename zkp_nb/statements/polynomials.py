"""Arithmetic of columns as polynomials with integer coefficients, and its meaning for nulls.

Variables are the cells of columns and of their null companions. A cell is 0 where its companion is 1,
and a companion is 0 or 1, so x n = 0 and n n = n.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import TypeAlias

from zkp_nb.errors import StatementError
from zkp_nb.statements.formula import Arithmetic, Constant, Formula, Reference, formula_text
from zkp_nb.statements.literals import literal, value_of
from zkp_nb.statements.sources import Source, SourceColumn
from zkp_nb.table import ColumnType

Variable: TypeAlias = tuple[int, str]
"""Number of a column, and `value` or `null`."""

Monomial: TypeAlias = tuple[Variable, ...]
Polynomial: TypeAlias = dict[Monomial, int]

MAX_SCALE = 76
"""Digits after the point that a product may take: twice those of a column."""

MAX_MONOMIALS = 64

# Constants of formulas are decimal numbers of any size.
_NUMBER = ColumnType.decimal(38, 128)


@dataclass(frozen=True)
class Scaled:
    """A polynomial that stands for 10^-scale times its value."""

    polynomial: Polynomial
    scale: int

    def at(self, scale: int) -> Polynomial:
        """The same at a larger scale."""
        return {monomial: c * 10 ** (scale - self.scale) for monomial, c in self.polynomial.items()}


def expand(formula: Formula, source: Source) -> Scaled:
    """The polynomial of a formula, nulls aside.

    Raises:
        StatementError: a column is not a number, or the formula is too large.
    """
    match formula:
        case Reference(name=name):
            column = numeric(source.column(name))
            return Scaled({((column.number, "value"),): 1}, column.type.scale or 0)
        case Constant(value=value):
            number, scale = Fraction(str(value_of(value, _NUMBER))), 0
            while (number * 10**scale).denominator != 1:
                scale += 1
            return Scaled({(): int(number * 10**scale)}, scale)
        case Arithmetic(op=op, left=left, right=right):
            return _combined(op, expand(left, source), expand(right, source), formula)


def constants_as_literals(formula: Formula) -> Formula:
    """The formula with its constants in their one form.

    Raises:
        StatementError, TableError: a constant is not a decimal number.
    """
    match formula:
        case Constant(value=value):
            return formula.model_copy(update={"value": literal(value, _NUMBER)})
        case Arithmetic(left=left, right=right):
            sides = {"left": constants_as_literals(left), "right": constants_as_literals(right)}
            return formula.model_copy(update=sides)
    return formula


def references(formula: Formula) -> Iterator[str]:
    """Names of the columns of a formula, repeated as they occur."""
    if isinstance(formula, Reference):
        yield formula.name
    elif isinstance(formula, Arithmetic):
        yield from references(formula.left)
        yield from references(formula.right)


def numeric(column: SourceColumn) -> SourceColumn:
    """The column, if one can calculate with it; else a StatementError."""
    if column.type.kind not in ("int", "decimal", "bool") or column.type.wide:
        raise StatementError(
            f"Column {column.name!r} is {column.type.describe()}, with which formulas do not calculate.",
            todo="Use columns of whole or decimal numbers; declare scales for floats.",
        )
    return column


def largest(column: SourceColumn) -> int:
    """The largest cell that the type of a column of `numeric` allows, without its sign."""
    bounds = column.type.interval()
    assert bounds is not None
    return max(map(abs, bounds))


def bound(polynomial: Polynomial, source: Source) -> int:
    """What no value of a polynomial without nulls exceeds, without its sign."""
    return sum(
        abs(c) * prod(largest(source.columns[number]) for number, _ in monomial)
        for monomial, c in polynomial.items()
    )


def any_null(columns: list[SourceColumn]) -> Polynomial:
    """1 - prod (1 - n): whether any of the columns is null."""
    none_null: Polynomial = {(): 1}
    for column in columns:
        if column.nullable:
            none_null = product(none_null, {(): 1, ((column.number, "null"),): -1})
    return added({(): 1}, none_null, -1)


def where_present(polynomial: Polynomial, columns: list[SourceColumn]) -> Polynomial:
    """The polynomial where none of the columns is null, else 0."""
    return added(polynomial, product(polynomial, any_null(columns)), -1)


def added(a: Polynomial, b: Polynomial, factor: int = 1) -> Polynomial:
    """a + factor b, in the order of a, then b; without zeros."""
    result = dict(a)
    for monomial, c in b.items():
        result[monomial] = result.get(monomial, 0) + factor * c
    return {monomial: c for monomial, c in result.items() if c}


def product(a: Polynomial, b: Polynomial) -> Polynomial:
    """a b, with x n = 0 and n n = n."""
    result: Polynomial = {}
    for left, c in a.items():
        for right, d in b.items():
            monomial = _times(left, right)
            if monomial is not None:
                result[monomial] = result.get(monomial, 0) + c * d
    if len(result) > MAX_MONOMIALS:
        raise StatementError("The formula is too large.", todo="Calculate it in several steps.")
    return {monomial: c for monomial, c in result.items() if c}


def _times(left: Monomial, right: Monomial) -> Monomial | None:
    factors = sorted(left + right)
    nulls = {number for number, part in factors if part == "null"}
    if any(part == "value" and number in nulls for number, part in factors):
        return None
    values = [factor for factor in factors if factor[1] == "value"]
    return tuple(sorted(values + [(number, "null") for number in nulls]))


def _combined(op: str, left: Scaled, right: Scaled, formula: Formula) -> Scaled:
    if op == "*":
        result = Scaled(product(left.polynomial, right.polynomial), left.scale + right.scale)
    else:
        scale = max(left.scale, right.scale)
        result = Scaled(added(left.at(scale), right.at(scale), 1 if op == "+" else -1), scale)
    if result.scale > MAX_SCALE or len(result.polynomial) > MAX_MONOMIALS:
        raise StatementError(f"The formula {formula_text(formula)[:60]!r} is too large.")
    return result
