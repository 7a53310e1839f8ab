"""Order statistics of a column: minimum, maximum, quantiles.

A published value is proven to be a bound, and to occur: one marked row holds it. For the value of rank k,
exactly k rows are marked that are at most it while all others are at least it, one of the marked holds it.
Nulls take no part.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import partial
from math import ceil, floor
from typing import Annotated, Any, ClassVar, Final
from typing import Literal as OneOf

import numpy as np
from pydantic import Field

from zkp_nb.errors import StatementError
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import Mask
from zkp_nb.statements.facts import Fact, Name, distinct, shown
from zkp_nb.statements.packing import Task
from zkp_nb.statements.resolved import interval
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import SourceColumn
from zkp_nb.statements.statement import (
    Part,
    count_of,
    listed,
    name_of,
    quoted,
    register,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import (
    cell_of,
    cells_of,
    data_of,
    marked,
    present_of,
    published,
    some_values,
)

SHARE: Final = r"^(0|1|0\.[0-9]{0,30}[1-9])$"
"""A number between 0 and 1 as text."""

_LONGEST: Final = 30
"""Digits after the point of a share."""

Method = OneOf["linear", "nearest-rank"]


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
        builder.range(column.source, distance, width.bit_length(), builder.negated(null))


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


class Point(Part):
    """A quantile: p as decimal text, and the values of the one or two ranks that p falls on."""

    p: Annotated[str, Field(pattern=SHARE)]
    lower: Any
    upper: Any

    @property
    def share(self) -> Fraction:
        """p, between 0 and 1."""
        return Fraction(self.p)

    def position(self, method: Method, count: int) -> Fraction:
        """The rank, from 1, among `count` values; between two ranks for a value between."""
        if method == "linear":
            return 1 + (count - 1) * self.share
        return Fraction(max(1, ceil(count * self.share)))

    def value(self, method: Method, count: int) -> Fraction | None:
        """The quantile, exactly; None where the values are no numbers."""
        at = self.position(method, count)
        try:
            lower, upper = (Fraction(str(side).removesuffix(" s")) for side in (self.lower, self.upper))
        except ValueError:
            return None
        return lower + (at - floor(at)) * (upper - lower)


@register
class Quantiles(Fact):
    """Quantiles of a column among its values that are not null.

    Attributes:
        method: `linear`: the value at position 1 + p (count - 1), between two ranks in proportion, as pandas
            and numpy do by default. `nearest-rank`: the least value that a share of at least p do not exceed.
        count: how many values are not null.
    """

    kind: ClassVar[str] = "quantile"
    result_fields: ClassVar[frozenset[str]] = frozenset({"count", "points"})

    column: Name
    method: Method
    count: Annotated[int, Field(gt=0)]
    points: Annotated[tuple[Point, ...], Field(min_length=1, max_length=16)]

    def sentence(self, names: Mapping[str, str]) -> str:
        parts = [f"the {_called(each.p)} is {self._shown(each)}" for each in self.points]
        table, values = name_of(names, self.inputs[0]), count_of(self.count, "value")
        return f"Among the {values} of {quoted(self.column)} in {table}, {listed(parts)} ({self.method})."

    def _shown(self, point: Point) -> str:
        if point.lower == point.upper:
            return f"{point.lower}"
        value, ends = point.value(self.method, self.count), f"between {point.lower} and {point.upper}"
        second = " s" if isinstance(point.lower, str) and point.lower.endswith(" s") else ""
        return ends if value is None else f"{shown(value)}{second}, {ends}"

    def ranks(self) -> Mapping[int, Any]:
        """The values that are proven, by rank.

        Raises:
            StatementError: two values of one rank.
        """
        ranks: dict[int, Any] = {}
        for point in self.points:
            at = point.position(self.method, self.count)
            for rank, value in ((floor(at), point.lower), (ceil(at), point.upper)):
                if ranks.setdefault(rank, value) != value:
                    raise StatementError("A statement about quantiles names two values of one rank.")
        return ranks

    def tasks(self, builder: Builder) -> Sequence[Task]:
        return [partial(self._rank, rank, value) for rank, value in self.ranks().items()]

    def _rank(self, rank: int, value: object, builder: Builder) -> None:
        source = builder.table(self.inputs[0])
        column = source.column(self.column)
        cell, (low, high) = cell_of(value, column), interval(column)
        x, null = builder.value(column)
        if column.nullable:
            builder.count(source, null, source.extent.rows - self.count)
        elif self.count != source.extent.rows:
            raise StatementError(
                f"Column {column.name!r} has no nulls by its record, and the statement counts some."
            )
        below = builder.bit(source, f"below/{rank}", lambda: _lowest(column, cell, rank))
        at = builder.bit(source, f"at/{rank}", lambda: _one_at(column, cell))
        builder.require(source, below * null)
        builder.count(source, below, rank)
        _occurs(builder, column, cell, at)
        builder.require(source, at * (1 - below))
        width = max(high - cell, cell - low).bit_length()
        builder.range(source, (x - cell) * (1 - 2 * below), width, builder.negated(null))


def _occurs(builder: Builder, column: SourceColumn, cell: int, at: Any) -> None:
    """One row is marked, and holds the cell."""
    builder.require(column.source, at * (builder.column(column) - cell))
    builder.count(column.source, at, 1)


def _one_at(column: SourceColumn, cell: int) -> Mask:
    """The first row that holds the cell."""
    found = np.flatnonzero((cells_of(column) == cell) & present_of(column))
    return marked(column.source.extent.rows, found[:1])


def _lowest(column: SourceColumn, cell: int, rank: int) -> Mask:
    """The `rank` lowest rows, of which the cell is the greatest; of equal ones the first."""
    less = (cells_of(column) < cell) & present_of(column)
    equal = np.flatnonzero((cells_of(column) == cell) & present_of(column))
    less[equal[: max(0, rank - int(less.sum()))]] = True
    return less


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


def state_quantiles(subject: Subject, name: str, shares: Sequence[object], method: Method) -> Quantiles:
    """Computes and states quantiles.

    Raises:
        StatementFalse: the column has no values.
        StatementError: it has no order, or a share is not between 0 and 1.
    """
    column = source_of(subject).column(name)
    interval(column)
    if not shares or method not in ("linear", "nearest-rank"):
        raise StatementError('Quantiles take shares between 0 and 1, and method "linear" or "nearest-rank".')
    cells = some_values(column)
    cells = cells.astype(np.uint8) if data_of(column).type.kind == "bool" else cells
    points = [Point(p=share_text(share), lower=None, upper=None) for share in dict.fromkeys(shares)]
    wanted = {point.p: point.position(method, len(cells)) for point in points}
    ranks = sorted({rank for at in wanted.values() for rank in (floor(at), ceil(at))})
    ordered = np.partition(cells, [rank - 1 for rank in ranks])
    values = {rank: published(int(ordered[rank - 1]), column) for rank in ranks}
    return Quantiles(
        inputs=(subject.dataset_id,),
        column=name,
        method=method,
        count=len(cells),
        points=tuple(Point(p=p, lower=values[floor(at)], upper=values[ceil(at)]) for p, at in wanted.items()),
    )


def share_text(share: object) -> str:
    """A share as decimal text; a StatementError where it is none."""
    try:
        number = Decimal(str(share))
        # Bounded first: the plain form of a tiny number is as long as its exponent is large.
        text = f"{number.normalize():f}" if 0 <= number <= 1 and number.adjusted() > -_LONGEST else ""
    except InvalidOperation:
        text = ""
    if not re.fullmatch(SHARE, text):
        raise StatementError("A share is a decimal number between 0 and 1.", todo="Write 0.25.")
    return text


def _called(p: str) -> str:
    return "median" if p == "0.5" else f"{p}-quantile"
