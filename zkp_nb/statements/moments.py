"""Skewness and kurtosis of columns, from exact sums of powers.

Proven are the sums of x, x^2, x^3 (and x^4) over the values that are not null, and their number; everybody calculates
the same quotient from them. Definitions as in pandas and scipy: g1 = m3 / m2^(3/2) and g2 = m4 / m2^2 - 3 of the
central moments, corrected for bias as G1 and G2 (Joanes and Gill, The Statistician 47, 1998).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from math import comb
from typing import Annotated, ClassVar, TypeVar

from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.facts import SUM_BITS, Fact, Name, check_numeric, distinct, grouped, root, shown
from zkp_nb.statements.program import MAX_COLUMNS
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import SourceColumn
from zkp_nb.statements.statement import (
    RESULT_LIMIT,
    Digits,
    Part,
    count_of,
    decimal_number,
    decimal_text,
    listed,
    name_of,
    quoted,
    register,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import cells_of, present_of
from zkp_nb.statements.witness import power_sum


class Moments(Part):
    """Sums of powers of the values of a column that are not null.

    Attributes:
        count: how many values.
        sums: of x, x^2, x^3, ..., exactly, with all digits of their scales.
    """

    column: Name
    count: Annotated[int, Field(gt=0)]
    sums: Annotated[tuple[Digits, ...], Field(min_length=3, max_length=4)]

    @cached_property
    def central(self) -> tuple[Fraction, ...]:
        """Sums of the powers 2, 3, ... of deviations from the mean."""
        raw = [Fraction(self.count), *map(Fraction, self.sums)]
        mean = raw[1] / self.count
        return tuple(
            sum((comb(k, i) * raw[i] * (-mean) ** (k - i) for i in range(k + 1)), Fraction(0))
            for k in range(2, len(raw))
        )

    @property
    def squared_skewness(self) -> Fraction:
        """g1^2, exactly; the sign is that of the third central moment."""
        second, third = self.central[:2]
        return third**2 * self.count / second**3

    @property
    def kurtosis(self) -> Fraction:
        """m4 / m2^2, exactly: 3 for a normal distribution."""
        return self.central[2] * self.count / self.central[0] ** 2


class _Shape(Fact):
    """What skewness and kurtosis have in common.

    Attributes:
        bias: of the values as they are (g1, g2); else corrected for being a sample (G1, G2), as in pandas.
    """

    order: ClassVar[int]
    """The highest power."""

    columns: Annotated[tuple[Moments, ...], Field(max_length=MAX_COLUMNS)]
    bias: bool

    def sentence(self, names: Mapping[str, str]) -> str:
        table, kind = name_of(names, self.inputs[0]), "population" if self.bias else "sample"
        parts = [
            f"the {kind} {self.kind} of {quoted(each.column)} is {self.value(each)} (sums of powers "
            f"{listed(map(grouped, each.sums))} over {count_of(each.count, 'value')})"
            for each in self.columns
        ]
        return f"In {table}, {listed(parts)}."

    def value(self, each: Moments) -> str:
        """The measure, as text."""
        raise NotImplementedError

    def compile(self, builder: Builder) -> None:
        source, columns = self.columns_of(builder, [each.column for each in self.columns])
        powers = iter(builder.powers(builder.challenge("fact/alpha"), (self.order + 1) * len(columns)))
        expr = value = builder.constant(0)
        for each, column in zip(self.columns, columns, strict=True):
            check_cubes(column)
            scale = column.type.scale or 0
            totals = [decimal_number(text, at * scale) for at, text in enumerate(each.sums, 1)]
            self.check(each)
            if self.order == 4:
                check_fourths(column, totals[1])
            x, null = builder.value(column)
            product = builder.constant(1)
            for total in totals:
                product, power = product * x, next(powers)
                expr, value = expr + power * product, value + power * total
            power = next(powers)
            expr = expr + power * builder.negated(null)
            value = value + power * each.count
        builder.sum(source, expr, value)

    def check(self, each: Moments) -> None:
        """Raises StatementError where no numbers have these sums, or they have no such measure.

        Sums are proven modulo r: cells that are no numbers have other moments than numbers can have.
        """
        if len(each.sums) != self.order or each.count < (2 if self.bias else self.order):
            raise StatementError(f"A {self.kind} needs the sums of {self.order} powers, and as many values.")
        if each.central[0] == 0:
            raise StatementError(f"Column {each.column!r} is constant, and has no {self.kind}.")
        n = each.count
        fits = each.central[0] > 0 and each.squared_skewness * (n - 1) <= (n - 2) ** 2
        if fits and self.order == 4:
            fits = each.squared_skewness + 1 <= each.kurtosis <= Fraction(n * n, n - 1) - 3
        if not fits:
            raise StatementError("No numbers have the sums of powers of the statement.")


@register
class Skewness(_Shape):
    """The skewness of columns."""

    kind: ClassVar[str] = "skewness"
    order: ClassVar[int] = 3

    def value(self, each: Moments) -> str:
        n, square = each.count, each.squared_skewness
        text = root(square if self.bias else square * n * (n - 1) / (n - 2) ** 2)
        if each.central[1] >= 0:
            return text
        return text.replace("about ", "about -") if text.startswith("about ") else f"-{text}"


@register
class Kurtosis(_Shape):
    """The excess kurtosis of columns: 0 for a normal distribution."""

    kind: ClassVar[str] = "kurtosis"
    order: ClassVar[int] = 4

    def value(self, each: Moments) -> str:
        n, excess = each.count, each.kurtosis - 3
        return shown(excess if self.bias else ((n + 1) * excess + 6) * (n - 1) / ((n - 2) * (n - 3)))


def check_cubes(column: SourceColumn) -> None:
    """Refuses columns whose sum of cubes may not be a number of the field."""
    check_numeric(column)
    bits, rows = column.type.bits or 1, column.source.extent.rows
    if column.type.kind == "duration" or 3 * bits + rows.bit_length() >= SUM_BITS:
        raise StatementError(
            f"Column {column.name!r} is {column.type.describe()}, of which cubes are not added up.",
            todo="Convert it to a number of at most 64 bits.",
        )


def check_fourths(column: SourceColumn, squares: int) -> None:
    """Refuses columns whose sum of fourth powers may not be a number of the field.

    It is at most the square of the sum of squares, which is public and exact.
    """
    if squares**2 >= RESULT_LIMIT:
        raise StatementError(
            f"The values of column {column.name!r} are too large for a sum of their fourth powers.",
            why="Such a sum is proven where the square of the sum of squares has at most 252 bits.",
            todo="Convert them to a larger unit.",
        )


S = TypeVar("S", Skewness, Kurtosis)


def state_shape(cls: type[S], subject: Subject, names: Sequence[str], bias: bool) -> S:
    """Computes and states skewness or kurtosis.

    Raises:
        StatementFalse: a column has too few values, or is constant.
        StatementError: a column is no number, or too wide, or there are too many.
    """
    columns = distinct(source_of(subject), names)
    for column in columns:
        check_cubes(column)
    if len(columns) + sum(column.nullable for column in columns) > MAX_COLUMNS:
        raise StatementError(
            f"One proof holds {MAX_COLUMNS} columns, those that may be null counted twice.",
            todo="Claim fewer columns at a time.",
        )
    return cls(
        inputs=(subject.dataset_id,),
        columns=tuple(_moments(cls, column, bias) for column in columns),
        bias=bias,
    )


def _moments(cls: type[_Shape], column: SourceColumn, bias: bool) -> Moments:
    cells, scale = cells_of(column)[present_of(column)], column.type.scale or 0
    least = 2 if bias else cls.order
    if len(cells) < least or cells.min() == cells.max():
        raise StatementFalse(
            f"Column {column.name!r} of `{column.source.record.name}` has no {cls.kind}.",
            why=f"It takes at least {least} values that are not null, and not all of them the same.",
        )
    if cls.order == 4:
        check_fourths(column, power_sum(cells, 2))
    sums = tuple(decimal_text(power_sum(cells, at), at * scale) for at in range(1, cls.order + 1))
    return Moments(column=column.name, count=len(cells), sums=sums)
