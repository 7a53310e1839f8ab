"""Weighted means: exact sums of weights, and of products with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.facts import Fact, Name, check_squares, distinct, grouped, shown
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
from zkp_nb.statements.values import cells_of, present_of
from zkp_nb.statements.witness import integer_dot, integer_sum


class Weighted(Part):
    """A column over the rows in which it and the weight have values.

    Attributes:
        weighted: the sum of value times weight, with the digits of both scales.
        weights: the sum of these rows' weights.
        count: how many rows.
    """

    column: Name
    weighted: Digits
    weights: Digits
    count: Annotated[int, Field(gt=0)]

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        if not Fraction(self.weights.removesuffix(" s")):
            raise StatementError(f"The weights of {self.column!r} add up to 0, and there is no such mean.")
        return self

    @property
    def mean(self) -> Fraction:
        """The weighted mean, exactly."""
        return Fraction(self.weighted) / Fraction(self.weights)


@register
class WeightedMeans(Fact):
    """Means of columns, each row weighted by another column.

    Attributes:
        weight: the column of weights; nothing is said about their signs.
    """

    kind: ClassVar[str] = "weighted-mean"

    weight: Name
    columns: Annotated[tuple[Weighted, ...], Field(max_length=MAX_COLUMNS)]

    def sentence(self, names: Mapping[str, str]) -> str:
        table, weight = name_of(names, self.inputs[0]), quoted(self.weight)
        parts = [
            f"the mean of {quoted(each.column)} is {shown(each.mean)} (sum {grouped(each.weighted)} over weights of "
            f"{grouped(each.weights)} in {count_of(each.count, 'row')})"
            for each in self.columns
        ]
        return f"In {table}, weighted by {weight}, {listed(parts)}."

    def compile(self, builder: Builder) -> None:
        source, columns = self.columns_of(builder, [each.column for each in self.columns])
        weight = source.column(self.weight)
        check_squares(weight)
        w, no_w = builder.value(weight)
        powers = iter(builder.powers(builder.challenge("fact/alpha"), 3 * len(columns)))
        expr = value = builder.constant(0)
        for each, column in zip(self.columns, columns, strict=True):
            check_squares(column)
            if each.count > source.extent.rows:
                raise StatementError("The statement counts more rows than its table has.")
            x, no_x = builder.value(column)
            present = builder.negated(no_x)
            # A cell is 0 where null, so that a product needs no mask of its own.
            for moment, total in (
                (x * w, decimal_number(each.weighted, _scale(column) + _scale(weight))),
                (present * w, decimal_number(each.weights, _scale(weight))),
                (builder.both(present, builder.negated(no_w)), each.count),
            ):
                power = next(powers)
                expr, value = expr + power * moment, value + power * total
        builder.sum(source, expr, value)


def _scale(column: SourceColumn) -> int:
    return column.type.scale or 0


def state_weighted(subject: Subject, weight: str, names: Sequence[str]) -> WeightedMeans:
    """Computes and states weighted means.

    Raises:
        StatementFalse: no row has a value and a weight, or the weights add up to 0.
        StatementError: a column is no number, or there are too many.
    """
    source = source_of(subject)
    columns, by = distinct(source, names), source.column(weight)
    for column in (*columns, by):
        check_squares(column)
    if sum(1 + column.nullable for column in {by, *columns}) > MAX_COLUMNS:
        raise StatementError(
            f"One proof holds {MAX_COLUMNS} columns, those that may be null counted twice.",
            todo="Claim fewer columns at a time.",
        )
    return WeightedMeans(
        inputs=(subject.dataset_id,), weight=weight, columns=tuple(_weighted(each, by) for each in columns)
    )


def _weighted(column: SourceColumn, weight: SourceColumn) -> Weighted:
    both = present_of(column) & present_of(weight)
    x, w = cells_of(column)[both], cells_of(weight)[both]
    total = integer_sum(w)
    if not total:
        raise StatementFalse(
            f"The weights {weight.name!r} of the values of {column.name!r} in "
            f"`{column.source.record.name}` add up to 0.",
            why="A weighted mean divides by their sum.",
        )
    return Weighted(
        column=column.name,
        weighted=decimal_text(integer_dot(x, w), _scale(column) + _scale(weight)),
        weights=decimal_text(total, _scale(weight)),
        count=int(np.count_nonzero(both)),
    )
