"""How columns go together: covariances and Pearson correlations.

Proven are the sums of x, y, x^2, y^2 and xy over the rows in which neither is null, and the number of these
rows: exact numbers, from which everybody calculates the same quotient. One sum carries all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import combinations
from typing import Annotated, ClassVar, Final

import numpy as np
from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.facts import SHOWN_DIGITS, Fact, Name, check_squares, distinct, shown
from zkp_nb.statements.program import MAX_COLUMNS
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import SourceColumn
from zkp_nb.statements.statement import (
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
from zkp_nb.statements.values import data_of, present_of
from zkp_nb.statements.witness import integer_dot, integer_sum

_MOMENTS: Final = ((1, 0), (0, 1), (2, 0), (0, 2), (1, 1))
"""Powers of x and y in the sums, in the order in which a program weights them; the count comes last."""


class Pair(Part):
    """Sums over the rows in which both columns have values, exactly, with all digits of their scales."""

    x: Name
    y: Name
    sum_x: Digits
    sum_y: Digits
    sum_xx: Digits
    sum_yy: Digits
    sum_xy: Digits
    count: Annotated[int, Field(gt=0)]

    @property
    def sums(self) -> tuple[str, ...]:
        """In the order of `_MOMENTS`."""
        return self.sum_x, self.sum_y, self.sum_xx, self.sum_yy, self.sum_xy

    def central(self) -> tuple[Fraction, Fraction, Fraction]:
        """Sums of squares and products of deviations from the means."""
        x, y, xx, yy, xy = map(Fraction, self.sums)
        return xx - x * x / self.count, yy - y * y / self.count, xy - x * y / self.count

    def covariance(self, ddof: int) -> Fraction:
        """The covariance with divisor count - ddof, exactly."""
        return self.central()[2] / (self.count - ddof)

    def correlation(self) -> Decimal:
        """Pearson's correlation, to 12 significant digits.

        Raises:
            StatementError: one of the columns is constant.
        """
        xx, yy, xy = self.central()
        if not xx or not yy:
            raise StatementError(
                f"A column of {self.x!r} and {self.y!r} is constant, and has no correlation."
            )
        square = xy * xy / (xx * yy)
        with localcontext() as context:
            context.prec = 3 * SHOWN_DIGITS
            value = (Decimal(square.numerator) / Decimal(square.denominator)).sqrt()
            context.prec = SHOWN_DIGITS
            return -value if xy < 0 else +value


class _Association(Fact):
    result_fields: ClassVar[frozenset[str]] = frozenset({"pairs"})

    columns: tuple[Name, ...]
    pairs: Annotated[tuple[Pair, ...], Field(min_length=1)]

    def compile(self, builder: Builder) -> None:
        source, columns = self.columns_of(builder, self.columns)
        checked = list(combinations(columns, 2))
        if [(each.x, each.y) for each in self.pairs] != [(x.name, y.name) for x, y in checked]:
            raise StatementError(
                "A statement about pairs of columns names each pair once, in the columns' order."
            )
        cells = {column: builder.value(column) for column in columns}
        powers = _powers(builder.challenge("fact/alpha"), builder.constant(1))
        expr = value = builder.constant(0)
        for each, (x, y) in zip(self.pairs, checked, strict=True):
            check_squares(x)
            check_squares(y)
            (a, no_a), (b, no_b) = cells[x], cells[y]
            for (i, j), text, power in zip(_MOMENTS, each.sums, powers, strict=False):
                # A cell is 0 where null, so that the other column's nulls alone need to be kept out.
                moment = builder.constant(1)
                for factor in [a] * i + [b] * j + [1 - no_b] * (not j) + [1 - no_a] * (not i):
                    moment = moment * factor
                expr = expr + power * moment
                value = value + power * decimal_number(text, i * _scale(x) + j * _scale(y))
            power = next(powers)
            expr = expr + power * (builder.both(builder.negated(no_a), builder.negated(no_b)))
            value = value + power * each.count
            self.check(each, source.extent.rows)
        builder.sum(source, expr, value)

    def check(self, pair: Pair, rows: int) -> None:
        """Raises StatementError where a pair's numbers have no such quotient."""
        if pair.count > rows:
            raise StatementError("The statement counts more rows than its table has.")
        xx, yy, xy = pair.central()
        if xx < 0 or yy < 0 or xy * xy > xx * yy:
            # Sums are proven modulo r: cells that are no numbers have such moments.
            raise StatementError("No numbers have the sums of the statement.")


@register
class Covariances(_Association):
    """Covariances of every pair of columns.

    Attributes:
        ddof: 1 of a sample, 0 of a population, as in pandas.
    """

    kind: ClassVar[str] = "covariance"

    ddof: Annotated[int, Field(ge=0, le=1)]

    def sentence(self, names: Mapping[str, str]) -> str:
        kind = "sample" if self.ddof else "population"
        parts = [
            f"the {kind} covariance of {quoted(each.x)} and {quoted(each.y)} is {shown(each.covariance(self.ddof))}"
            f" ({count_of(each.count, 'row')})"
            for each in self.pairs
        ]
        return f"In {name_of(names, self.inputs[0])}, {listed(parts)}."

    def check(self, pair: Pair, rows: int) -> None:
        super().check(pair, rows)
        if pair.count <= self.ddof:
            raise StatementError("A covariance needs more rows than its divisor takes away.")


@register
class Correlations(_Association):
    """Pearson correlations of every pair of columns, from exact sums."""

    kind: ClassVar[str] = "correlation"

    def sentence(self, names: Mapping[str, str]) -> str:
        parts = [
            f"the Pearson correlation of {quoted(each.x)} and {quoted(each.y)} is {each.correlation().normalize():f}"
            f" ({count_of(each.count, 'row')})"
            for each in self.pairs
        ]
        table = name_of(names, self.inputs[0])
        return f"In {table}, to {SHOWN_DIGITS} significant digits, {listed(parts)}."

    def check(self, pair: Pair, rows: int) -> None:
        super().check(pair, rows)
        pair.correlation()


def _powers(challenge: Expr, one: Expr) -> Iterator[Expr]:
    power = one
    while True:
        yield power
        power = power * challenge


def _scale(column: SourceColumn) -> int:
    return column.type.scale or 0


def state_covariances(subject: Subject, names: Sequence[str], ddof: int) -> Covariances:
    """Computes and states covariances of every pair of the columns.

    Raises:
        StatementFalse: too few rows have values in both columns of a pair.
        StatementError: a column is no number, or there are too many.
    """
    if ddof not in (0, 1):
        raise StatementError("ddof is 1 for a sample and 0 for a population.")
    pairs = _pairs(subject, names, least=1 + ddof)
    return Covariances(inputs=(subject.dataset_id,), columns=tuple(names), pairs=pairs, ddof=ddof)


def state_correlations(subject: Subject, names: Sequence[str]) -> Correlations:
    """Computes and states Pearson correlations of every pair; raises as `state_covariances`."""
    pairs = _pairs(subject, names, least=2)
    for pair in pairs:
        pair.correlation()
    return Correlations(inputs=(subject.dataset_id,), columns=tuple(names), pairs=pairs)


def _pairs(subject: Subject, names: Sequence[str], least: int) -> tuple[Pair, ...]:
    columns = distinct(source_of(subject), names)
    if len(columns) < 2:
        raise StatementError("Two columns or more go together.", todo='Name them: correlation("x", "y").')
    for column in columns:
        check_squares(column)
    if len(columns) + sum(column.nullable for column in columns) > MAX_COLUMNS:
        raise StatementError(
            f"One proof holds {MAX_COLUMNS} columns, those that may be null counted twice.",
            todo="Claim fewer columns at a time.",
        )
    return tuple(_pair(x, y, least) for x, y in combinations(columns, 2))


def _pair(x: SourceColumn, y: SourceColumn, least: int) -> Pair:
    both = present_of(x) & present_of(y)
    count = int(np.count_nonzero(both))
    if count < least:
        raise StatementFalse(
            f"In {count_of(count, 'row')} of `{x.source.record.name}` both {x.name!r} and {y.name!r} have values.",
            why=f"The claim needs at least {least}.",
        )
    a, b = (data_of(column).data[0][both] for column in (x, y))
    s, t = _scale(x), _scale(y)
    return Pair(
        x=x.name,
        y=y.name,
        sum_x=decimal_text(integer_sum(a), s),
        sum_y=decimal_text(integer_sum(b), t),
        sum_xx=decimal_text(integer_sum(a, 2), 2 * s),
        sum_yy=decimal_text(integer_sum(b, 2), 2 * t),
        sum_xy=decimal_text(integer_dot(a, b), s + t),
        count=count,
    )
