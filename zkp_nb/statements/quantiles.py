"""Quantiles of a column: the values of ranks among those that are not null.

One column of the prover's says of each row whether it is one of the lowest, and points out a row that holds the
value; for a quantile between two ranks another one that holds the next. One range says that both sides keep to their
values.
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
from zkp_nb.statements.facts import Fact, Name, shown
from zkp_nb.statements.packing import Task
from zkp_nb.statements.places import Places, placed, sides
from zkp_nb.statements.resolved import interval
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import SourceColumn
from zkp_nb.statements.statement import Part, count_of, listed, name_of, quoted, register
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import cell_of, cells_of, data_of, present_of, published, some_values

SHARE: Final = r"^(0|1|0\.[0-9]{0,30}[1-9])$"
"""A number between 0 and 1 as text."""

_LONGEST: Final = 30
"""Digits after the point of a share."""

Method = OneOf["linear", "nearest-rank"]


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
        self.ranks()
        pairs = {
            (floor(at), ceil(at)): (point.lower, point.upper)
            for point, at in ((each, each.position(self.method, self.count)) for each in self.points)
        }
        return [partial(self._pair, ranks, values) for ranks, values in pairs.items()]

    def _pair(self, ranks: tuple[int, int], values: tuple[object, object], builder: Builder) -> None:
        """The lowest rows, as many as the first rank says, are at most its value and hold it once or more; all others
        are at least the second value, which one of them holds where that is another rank's.
        """
        source = builder.table(self.inputs[0])
        column = source.column(self.column)
        least, greatest = interval(column)
        low, high = (cell_of(value, column) for value in values)
        if low > high:
            raise StatementError("The value of a lower rank is greater than that of a higher one.")
        (first, second), two = ranks, ranks[0] < ranks[1]
        x, null = builder.value(column)
        if column.nullable:
            builder.count(source, null, source.extent.rows - self.count)
        elif self.count != source.extent.rows:
            raise StatementError(
                f"Column {column.name!r} has no nulls by its record, and the statement counts some."
            )
        lowest, at_low, at_high = sides(
            builder,
            source,
            f"rank/{first}/{second}",
            null,
            lambda: _places(column, (low, high), ranks),
            both=two,
        )
        builder.count(source, lowest, first)
        for at, cell in ((at_low, low), (at_high, high)) if two else ((at_low, low),):
            builder.require(source, at * (x - cell))
            builder.count(source, at, 1)
        width = max(greatest - high, low - least).bit_length()
        builder.nonnegative(
            source, lowest * (low - x) + (1 - lowest) * (x - high), width, builder.negated(null)
        )


def _places(column: SourceColumn, values: tuple[int, int], ranks: tuple[int, int]) -> Places:
    """The lowest rows, as many as the first rank says, are on the second side; of equal ones the first."""
    (low, high), (rank, next_rank) = values, ranks
    cells, present = cells_of(column), present_of(column)
    lowest = (cells < low) & present
    equal = np.flatnonzero((cells == low) & present)
    lowest[equal[: max(0, rank - int(lowest.sum()))]] = True
    return placed(lowest, cells == low, (cells == high) & present & (rank < next_rank))


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
