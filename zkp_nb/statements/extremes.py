"""Least and greatest values of columns, nulls aside.

A published value is proven to be a bound, and to occur: one marked row holds it. Where both ends are published,
the interval between them is narrow and known, and one proof has room for several columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np

from zkp_nb.errors import StatementError
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import Mask
from zkp_nb.statements.facts import Fact, Name, distinct
from zkp_nb.statements.packing import Task
from zkp_nb.statements.places import Places, marks, placed, pointed, sides
from zkp_nb.statements.ranges import halves
from zkp_nb.statements.resolved import interval
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import SourceColumn
from zkp_nb.statements.statement import (
    Part,
    listed,
    name_of,
    quoted,
    register,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import (
    cell_of,
    cells_of,
    marked,
    present_of,
    published,
    some_values,
)
from zkp_nb.statements.witness import words


class Extreme(Part):
    """The least or greatest value of a column."""

    column: Name
    value: Any


class _Extremes(Fact):
    columns: tuple[Extreme, ...]

    word: ClassVar[str]

    def sentence(self, names: Mapping[str, str]) -> str:
        table = name_of(names, self.inputs[0])
        if len(self.columns) == 1:
            return (
                f"The {self.word} of {quoted(self.columns[0].column)} in {table} is {self.columns[0].value}."
            )
        parts = listed(f"{quoted(each.column)} {each.value}" for each in self.columns)
        return f"The {self.word}s of columns of {table} are: {parts}."

    def tasks(self, builder: Builder) -> Sequence[Task]:
        distinct(builder.table(self.inputs[0]), [each.column for each in self.columns])
        return [partial(self._extreme, each) for each in self.columns]

    def _extreme(self, each: Extreme, builder: Builder) -> None:
        column = builder.table(self.inputs[0]).column(each.column)
        cell, (low, high) = cell_of(each.value, column), interval(column)
        x, null = builder.value(column)
        at = builder.bit(column.source, f"at/{column.number}", lambda: _one_at(column, cell))
        _occurs(builder, column, cell, at)
        builder.require(column.source, at * null)
        distance, width = (x - cell, high - cell) if self.kind == "minimum" else (cell - x, cell - low)
        builder.nonnegative(column.source, distance, width.bit_length(), builder.negated(null))


@register
class Minimum(_Extremes):
    """Least values of columns, nulls aside."""

    kind: ClassVar[str] = "minimum"
    word: ClassVar[str] = "minimum"


@register
class Maximum(_Extremes):
    """Greatest values of columns, nulls aside."""

    kind: ClassVar[str] = "maximum"
    word: ClassVar[str] = "maximum"


class Ends(Part):
    """The least and the greatest value of a column."""

    column: Name
    minimum: Any
    maximum: Any


@register
class MinMax(Fact):
    """Least and greatest values of columns, nulls aside."""

    kind: ClassVar[str] = "min-max"

    columns: tuple[Ends, ...]

    def sentence(self, names: Mapping[str, str]) -> str:
        parts = listed(
            f"{quoted(each.column)} from {each.minimum} to {each.maximum}" for each in self.columns
        )
        return f"The values of {name_of(names, self.inputs[0])} go, for {parts}."

    def tasks(self, builder: Builder) -> Sequence[Task]:
        distinct(builder.table(self.inputs[0]), [each.column for each in self.columns])
        return [partial(self._ends, each) for each in self.columns]

    def _ends(self, each: Ends, builder: Builder) -> None:
        column = builder.table(self.inputs[0]).column(each.column)
        low, high = cell_of(each.minimum, column), cell_of(each.maximum, column)
        if low > high:
            raise StatementError("The least value of a column is greater than its greatest.")
        source, (x, null) = column.source, builder.value(column)
        present, label = builder.negated(null), f"place/{column.number}"
        half, rest = halves(high - low)
        if low == high:
            at = builder.bit(source, label, lambda: _one_at(column, low))
            builder.require(source, at * null)
            builder.within(source, x, low, high, present)
            _occurs(builder, column, low, at)
            return
        if not rest or (high - low).bit_length() <= builder.limb_bits:
            at_low, at_high = marks(
                builder, source, label, null, lambda: pointed(source.extent.rows, *_at(column, low, high))
            )
            builder.within(source, x, low, high, present)
        else:
            # The bit of a wide interval is one of the place's, too.
            upper, at_high, at_low = sides(
                builder, source, label, null, lambda: _places(column, low, high, 1 << half)
            )
            builder.range(source, x - low - upper * rest, half, present)
        _occurs(builder, column, low, at_low)
        _occurs(builder, column, high, at_high)


def _at(column: SourceColumn, *cells: int) -> list[Mask]:
    return [(cells_of(column) == cell) & present_of(column) for cell in cells]


def _places(column: SourceColumn, low: int, high: int, half: int) -> Places:
    with np.errstate(over="ignore"):
        upper = words(cells_of(column)) - np.uint64(low % 2**64) >= np.uint64(half)
    return placed(upper & present_of(column), *_at(column, high, low))


def _occurs(builder: Builder, column: SourceColumn, cell: int, at: Any) -> None:
    """One row is marked, and holds the cell."""
    builder.require(column.source, at * (builder.column(column) - cell))
    builder.count(column.source, at, 1)


def _one_at(column: SourceColumn, cell: int) -> Mask:
    """The first row that holds the cell."""
    found = np.flatnonzero((cells_of(column) == cell) & present_of(column))
    return marked(column.source.extent.rows, found[:1])


def state_extremes(subject: Subject, names: Sequence[str], kind: type[Minimum] | type[Maximum]) -> _Extremes:
    """Computes and states least or greatest values.

    Raises:
        StatementFalse: a column has no values.
        StatementError: a column has no order.
    """
    found = []
    for column in distinct(source_of(subject), names):
        interval(column)
        cells = some_values(column)
        cell = int(cells.min() if kind is Minimum else cells.max())
        found.append(Extreme(column=column.name, value=published(cell, column)))
    return kind(inputs=(subject.dataset_id,), columns=tuple(found))


def state_min_max(subject: Subject, names: Sequence[str]) -> MinMax:
    """Computes and states least and greatest values; raises as `state_extremes`."""
    found = []
    for column in distinct(source_of(subject), names):
        interval(column)
        cells = some_values(column)
        low, high = (published(int(each), column) for each in (cells.min(), cells.max()))
        found.append(Ends(column=column.name, minimum=low, maximum=high))
    return MinMax(inputs=(subject.dataset_id,), columns=tuple(found))
