"""How the values of a column are spread: counts of values, histograms, shares of rows.

Counts are public lists. The rows are compared with the list as multisets (logUp), so that nothing but the
list itself can be proven, and its order and distinctness are checked by whoever reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Final, Self, TypeAlias

import numpy as np
from pydantic import Field, model_validator

from zkp_nb.errors import StatementError, StatementFalse, TableError
from zkp_nb.statements.bits import Bits
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.expr import Entry, Expr
from zkp_nb.statements.facts import Fact, Name
from zkp_nb.statements.filters import answered, with_bits
from zkp_nb.statements.formula import Predicate, predicate_text
from zkp_nb.statements.literals import value_of
from zkp_nb.statements.packing import Task
from zkp_nb.statements.resolved import Member, Tree, holds, interval, literals, resolve
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import SourceColumn
from zkp_nb.statements.statement import (
    Part,
    count_of,
    listed,
    name_of,
    quoted,
    register,
    value_text,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import (
    cells_of,
    data_of,
    document_of,
    member_of,
    present_of,
    published,
    slots,
)
from zkp_nb.statements.witness import words
from zkp_nb.table import vectors
from zkp_nb.table.cells import Cells, to_ints

MAX_LISTED: Final = 1_000
"""Values or bins in one statement."""

MAX_SHOWN: Final = 20
"""Values or bins in a sentence."""

_ROOM: Final = 48
"""Bits of the widest bin of a histogram up to which both sides fit into one proof."""

Bin: TypeAlias = tuple[int, int, int]
"""First cell, last cell, and number of values."""

Count = Annotated[int, Field(ge=0)]
Several = Annotated[int, Field(gt=0)]


class ValueCount(Part):
    """How many rows hold a value."""

    value: Any
    count: Several


@register
class ValueCounts(Fact):
    """Every value of a column with the number of rows that hold it.

    Attributes:
        values: all values, each once.
        nulls: how many rows are null.
    """

    kind: ClassVar[str] = "value-counts"
    result_fields: ClassVar[frozenset[str]] = frozenset({"values", "nulls"})

    column: Name
    values: Annotated[tuple[ValueCount, ...], Field(max_length=MAX_LISTED)]
    nulls: Count

    def sentence(self, names: Mapping[str, str]) -> str:
        shown = [f"{value_text(each.value)} ({each.count:,})" for each in self.values[:MAX_SHOWN]]
        if len(self.values) > MAX_SHOWN:
            shown.append(f"{len(self.values) - MAX_SHOWN} more")
        if self.nulls:
            shown.append(f"null ({self.nulls:,})")
        table = name_of(names, self.inputs[0])
        return f"The values of {quoted(self.column)} in {table}, with their numbers of rows, are {listed(shown)}."

    def compile(self, builder: Builder) -> None:
        source = builder.table(self.inputs[0])
        column = source.column(self.column)
        members = [member_of(each.value, column) for each in self.values]
        if len(set(members)) != len(members):
            raise StatementError("A statement about counts of values names a value twice.")
        if sum(each.count for each in self.values) + self.nulls != source.extent.rows:
            raise StatementError("The counts of the statement do not add up to the rows of its table.")
        if self.nulls and not column.nullable:
            raise StatementError(
                f"Column {column.name!r} has no nulls by its record, and the statement counts some."
            )
        family = builder.family()
        family.left(source, builder.fingerprint([column], family.alpha))
        entries: list[Entry] = [
            ((each.count,), slots([column], [member if isinstance(member, tuple) else (member,)]))
            for each, member in zip(self.values, members, strict=True)
        ]
        if self.nulls:
            entries.append(((self.nulls,), slots([column], [None])))
        family.listed(entries)


@register
class Histogram(Fact):
    """How many values of a column lie in each of the bins between given edges.

    A bin holds its lower edge and not its upper one; the last holds both, as in numpy.

    Attributes:
        edges: literals, ascending.
        counts: one for each bin.
        below, above: how many values lie outside of all bins.
        nulls: how many rows are null.
    """

    kind: ClassVar[str] = "histogram"
    result_fields: ClassVar[frozenset[str]] = frozenset({"counts", "below", "above", "nulls"})

    column: Name
    edges: Annotated[tuple[Any, ...], Field(min_length=2, max_length=MAX_LISTED)]
    counts: tuple[Count, ...]
    below: Count
    above: Count
    nulls: Count

    @model_validator(mode="after")
    def _each_counted(self) -> Self:
        if len(self.counts) != len(self.edges) - 1:
            raise StatementError("A histogram has a count for each of its bins.")
        return self

    def sentence(self, names: Mapping[str, str]) -> str:
        last = len(self.edges) - 2
        shown = [
            f"{count:,} in [{low}, {high}{']' if at == last else ')'}"
            for at, (count, (low, high)) in enumerate(zip(self.counts, pairwise(self.edges), strict=True))
        ]
        if len(shown) > MAX_SHOWN:
            shown = [
                *shown[:MAX_SHOWN],
                f"{sum(self.counts[MAX_SHOWN:]):,} in {last + 1 - MAX_SHOWN} more bins",
            ]
        for count, word in ((self.below, "below"), (self.above, "above"), (self.nulls, "null")):
            shown += [f"{count:,} {word}"] if count else []
        return f"Of the values of {quoted(self.column)} in {name_of(names, self.inputs[0])}, {listed(shown)}."

    def tasks(self, builder: Builder) -> Sequence[Task]:
        width = _widest(self.bins(builder.table(self.inputs[0]).column(self.column)))
        if width <= _ROOM:
            return (self.compile,)
        return [partial(self._bounded, lower=lower) for lower in (True, False)]

    def compile(self, builder: Builder) -> None:
        """Each row has the bounds of a bin, and lies between them; each bin is taken as often as counted."""
        x, present, bins = self._asked(builder)
        column = builder.table(self.inputs[0]).column(self.column)
        first, last = (
            builder.aux(column.source, f"bin/{side}", partial(_bounds, column, bins, at))
            for at, side in enumerate(("first", "last"))
        )
        family = builder.family()
        family.left(column.source, first + family.alpha * last, present)
        family.listed([((count,), (low, high)) for low, high, count in bins])
        # Both distances add up to the bin's width: so neither exceeds it.
        for distance in (x - first, last - x):
            builder.nonnegative(column.source, distance, _widest(bins), present)

    def _asked(self, builder: Builder) -> tuple[Expr, Expr, list[Bin]]:
        """The column, where it is not null, and the bins."""
        column = builder.table(self.inputs[0]).column(self.column)
        x, null = builder.value(column)
        if self.nulls and not column.nullable:
            raise StatementError(
                f"Column {column.name!r} has no nulls by its record, and the statement counts some."
            )
        return x, builder.negated(null), self.bins(column)

    def bins(self, column: SourceColumn) -> list[Bin]:
        """First cell, last cell and count of every bin that is not empty, outside of the edges too.

        Raises:
            StatementError: edges do not ascend, or counts do not add up.
        """
        cuts = cuts_of(column, self.edges)
        low, high = interval(column)
        counts = [self.below, *self.counts, self.above]
        rows = column.source.extent.rows
        if len(self.counts) != len(self.edges) - 1 or sum(counts) + self.nulls != rows:
            raise StatementError("The counts of the statement do not add up to the rows of its table.")
        bins = [
            (max(low, first), min(high, last - 1), count)
            for first, last, count in zip([low, *cuts], [*cuts, high + 1], counts, strict=True)
            if count
        ]
        if any(first > last for first, last, _ in bins):
            raise StatementError(f"A bin of the statement cannot hold a value of column {column.name!r}.")
        return bins

    def _bounded(self, builder: Builder, *, lower: bool) -> None:
        """Values keep to one side of a bin's bound each, and each bound is taken as often as counted."""
        x, present, bins = self._asked(builder)
        source = builder.table(self.inputs[0])
        column = source.column(self.column)
        side = "first" if lower else "last"
        bound = builder.aux(source, f"bin/{side}", lambda: _bounds(column, bins, 0 if lower else 1))
        family = builder.family()
        family.left(source, bound, present)
        family.listed([((count,), (first if lower else last,)) for first, last, count in bins])
        builder.nonnegative(source, x - bound if lower else bound - x, _widest(bins), present)


def _widest(bins: Sequence[Bin]) -> int:
    return max(((last - first).bit_length() for first, last, _ in bins), default=0)


def cuts_of(column: SourceColumn, edges: Sequence[object]) -> list[int]:
    """The first cell of each bin, and the first beyond the last one.

    Raises:
        StatementError: the edges are no values of the column's kind, or do not ascend.
    """
    cuts = []
    try:
        for at, edge in enumerate(edges, 1):
            cell, exact = column.type.floor_scalar(value_of(edge, column.type))
            cuts.append(cell if exact and at < len(edges) else cell + 1)
    except TableError as error:
        raise StatementError(error.what, why=error.why, todo=error.todo) from None
    if any(first > second for first, second in pairwise(cuts)) or len(set(map(repr, edges))) != len(edges):
        raise StatementError("The edges of a histogram ascend.")
    return cuts


def _bounds(column: SourceColumn, bins: Sequence[Bin], side: int) -> Cells:
    """The bound of each row's bin; 0 where null."""
    cells = cells_of(column)
    signed = cells.dtype == np.int64
    kind = np.int64 if signed else np.uint64
    values = cells.astype(kind, copy=False)
    firsts = np.array([each[0] for each in bins], kind)
    bounds = np.array([each[side] for each in bins], kind)
    at = np.searchsorted(firsts, values, "right").astype(np.int64) - 1
    return np.where(present_of(column), bounds[np.clip(at, 0, None)] if len(bins) else 0, 0).astype(kind)


@register
class Share(Fact):
    """How many rows satisfy a predicate.

    Attributes:
        predicate: its constants in the form of their columns' types.
        count: how many rows satisfy it.
    """

    kind: ClassVar[str] = "share"
    result_fields: ClassVar[frozenset[str]] = frozenset({"count", "rows"})

    predicate: Predicate
    count: Count
    rows: Several

    def sentence(self, names: Mapping[str, str]) -> str:
        table, percent = name_of(names, self.inputs[0]), percent_of(self.count, self.rows)
        return (
            f"{self.count:,} of the {count_of(self.rows, 'row')} of {table} ({percent}) "
            f"{'has' if self.count == 1 else 'have'} {predicate_text(self.predicate)}."
        )

    def tasks(self, builder: Builder) -> Sequence[Task]:
        return answered(builder, self, self.predicate, self._count)

    def _count(self, builder: Builder, bits: Bits, tree: Tree) -> None:
        source = builder.table(self.inputs[0])
        if self.rows != source.extent.rows or self.count > self.rows:
            raise StatementError("The statement counts other rows than those of its table.")
        bit = bits.of(tree)
        if bit.scalar:
            # What the types alone decide asks no column anything, and a proof has at least one.
            builder.column(source.columns[0], source.columns[0].parts[0])
        builder.count(source, bit, self.count)


def percent_of(count: int, rows: int) -> str:
    """A share in percent, to two digits."""
    exact = Fraction(100 * count, rows)
    near = Decimal(round(exact * 100)) / 100
    return f"{'' if near == exact else 'about '}{near.normalize():f} %"


# -- results from the data ------------------------------------------------------------------------


def state_value_counts(subject: Subject, name: str, values: Iterable[object] | None) -> ValueCounts:
    """Counts and states how often each value occurs, the most frequent first.

    Args:
        values: all values that may occur; needed for text and bytes, which a table holds as hashes, where the
            frame is not at hand.

    Raises:
        StatementFalse: others occur.
        StatementError: there are too many, or none are named where they must be.
    """
    column = source_of(subject).column(name)
    if values is None and column.type.is_hashed:
        values = values_in(subject.frame, name)
    given = None if values is None else [each for each in dict.fromkeys(values) if not _missing(each)]
    if given is None and column.type.is_hashed:
        raise StatementError(
            f"Column {name!r} is {column.type.describe()}, of which a committed table holds hashes alone.",
            todo=f"Name the values: value_counts({name!r}, df[{name!r}].unique()).",
        )
    found = _counted(column)
    if given is None:
        _check_number(len(found), name)
        documents: dict[Member, Any] = {member: published(member, column) for member in found}
    else:
        _check_number(len(given), name)
        written = [document_of(each, column) for each in given]
        documents = {member_of(each, column): each for each in written}
        others = sum(count for member, count in found.items() if member not in documents)
        if others:
            raise StatementFalse(
                f"{count_of(others, 'value')} of column {name!r} of `{subject.name}` "
                f"{'is' if others == 1 else 'are'} not among those named.",
                why="Counts of values name every value.",
            )
    order = sorted(found, key=lambda member: (-found[member], member))
    return ValueCounts(
        inputs=(subject.dataset_id,),
        column=name,
        values=tuple(ValueCount(value=documents[member], count=found[member]) for member in order),
        nulls=int(np.count_nonzero(~present_of(column))),
    )


def _counted(column: SourceColumn) -> dict[Any, int]:
    """How often each cell, or (head, tail), occurs among the values that are not null."""
    present = present_of(column)
    cells = [vector[present] for vector in data_of(column).data]
    if column.type.is_hashed:
        first, of, counts = vectors.groups(cells[0])
        heads, tails = cells[0][first], cells[1][first]
        if (cells[1] == tails[of]).all():
            return dict(zip(zip(heads.tolist(), to_ints(tails), strict=True), counts.tolist(), strict=True))
        return dict(Counter(zip(cells[0].tolist(), to_ints(cells[1]), strict=True)))
    if cells[0].ndim == 2:
        return dict(Counter(to_ints(cells[0])))
    first, _, counts = vectors.groups(words(cells[0]))
    return dict(zip(to_ints(cells[0][first]), counts.tolist(), strict=True))


def values_in(frame: Any, name: str) -> list[object] | None:
    """The distinct values of a column of a frame of pandas or polars, or of an Arrow table, if it is one."""
    try:
        distinct = frame[name].unique()
    except (TypeError, KeyError, AttributeError):
        return None
    return distinct.to_pylist() if hasattr(distinct, "to_pylist") else list(distinct)


def _missing(value: object) -> bool:
    return value is None or value != value or type(value).__name__ in ("NAType", "NaTType")


def _check_number(number: int, name: str) -> None:
    if number > MAX_LISTED:
        raise StatementError(
            f"Column {name!r} has {number:,} values; a statement lists at most {MAX_LISTED:,}.",
            todo="Claim a histogram.",
        )


def state_histogram(subject: Subject, name: str, edges: Sequence[object]) -> Histogram:
    """Counts and states how many values lie in each bin.

    Raises:
        StatementError: the column has no order, or the edges do not ascend.
    """
    column = source_of(subject).column(name)
    interval(column)
    if not 2 <= len(edges) <= MAX_LISTED:
        raise StatementError(f"A histogram has 2 to {MAX_LISTED:,} edges.", todo="Name them.")
    documents = tuple(document_of(edge, column) for edge in edges)
    cuts = cuts_of(column, documents)
    present = present_of(column)
    cells = np.sort(cells_of(column)[present])
    low, high = (int(cells[0]), int(cells[-1])) if len(cells) else (0, 0)
    cells = cells.astype(np.uint64) if cells.dtype == np.bool_ else cells
    # A cut beyond the cells may not fit their type.
    places = [
        0 if cut <= low else len(cells) if cut > high else int(np.searchsorted(cells, cells.dtype.type(cut)))
        for cut in cuts
    ]
    return Histogram(
        inputs=(subject.dataset_id,),
        column=name,
        edges=documents,
        counts=tuple(second - first for first, second in pairwise(places)),
        below=places[0],
        above=len(cells) - places[-1],
        nulls=int(np.count_nonzero(~present)),
    )


def state_share(subject: Subject, predicate: Predicate) -> Share:
    """Counts and states how many rows satisfy the predicate.

    Raises:
        StatementError: it cannot be asked of this table.
    """
    source = source_of(subject)
    predicate = literals(predicate, source)
    statement = Share(
        inputs=(subject.dataset_id,),
        predicate=predicate,
        count=int(np.count_nonzero(holds(resolve(predicate, source), source.extent.rows))),
        rows=source.extent.rows,
    )
    return with_bits(statement, predicate, subject, subject)
