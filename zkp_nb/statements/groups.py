"""Groups of rows: their sizes, sums and means, as a published list or as a committed table.

All totals of a group are one number, the count plus powers of a challenge times the sums, so that a group without
rows, or one whose values add up to 0, cannot be passed over or invented: its count is not 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import hash_rows
from zkp_nb.statements.distribution import MAX_LISTED, MAX_SHOWN, values_in
from zkp_nb.statements.facts import Fact, Name, check_numeric, distinct, grouped, shown
from zkp_nb.statements.literals import number_cell, number_text
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import Source, SourceColumn
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
from zkp_nb.statements.values import data_of, document_of, member_of, present_of, slots
from zkp_nb.statements.values import published as published_cell
from zkp_nb.statements.witness import Words
from zkp_nb.table import vectors
from zkp_nb.table.cells import Cells, to_ints

Names = tuple[Name, ...]
Known = Mapping[str, Iterable[object]]
"""The values of columns of text, by name."""


class Group(Part):
    """One group of rows.

    Attributes:
        key: its values in the key columns; None for null.
        rows: how many rows it has.
        sums: of each value column.
        counts: of each value column, how many of its values are not null.
    """

    key: tuple[Any, ...]
    rows: Annotated[int, Field(gt=0)]
    sums: tuple[str, ...]
    counts: tuple[Annotated[int, Field(ge=0)], ...]


@register
class Grouped(Fact):
    """Sizes, sums and means of all groups of rows with the same key.

    Attributes:
        by: the key columns.
        values: the columns that are added up.
        groups: every group, once.
    """

    kind: ClassVar[str] = "group-by"
    result_fields: ClassVar[frozenset[str]] = frozenset({"groups"})

    by: Annotated[Names, Field(min_length=1)]
    values: Names
    groups: Annotated[tuple[Group, ...], Field(min_length=1, max_length=MAX_LISTED)]

    def sentence(self, names: Mapping[str, str]) -> str:
        table = name_of(names, self.inputs[0])
        parts = [self._shown(group) for group in self.groups[:MAX_SHOWN]]
        if len(self.groups) > MAX_SHOWN:
            parts.append(f"{len(self.groups) - MAX_SHOWN:,} more")
        return f"The groups of {table} by {listed(map(quoted, self.by))} are {'; '.join(parts)}."

    def _shown(self, group: Group) -> str:
        totals = [count_of(group.rows, "row")]
        for name, total, count in zip(self.values, group.sums, group.counts, strict=True):
            mean = f", mean {shown(Fraction(total.removesuffix(' s')) / count)}" if count else ""
            totals.append(f"{quoted(name)} sum {grouped(total)}{mean}")
        return f"{key_text(group.key)} ({', '.join(totals)})"

    def compile(self, builder: Builder) -> None:
        source = builder.table(self.inputs[0])
        by = distinct(source, self.by)
        values = summed(source, self.values)
        if sum(group.rows for group in self.groups) != source.extent.rows:
            raise StatementError("The groups of the statement do not have as many rows as its table.")
        family = builder.family()
        key = builder.fingerprint(by, family.alpha)
        powers = builder.powers(builder.challenge("group/delta"), 1 + 2 * len(values))
        amount = builder.constant(1)
        cells = []
        for at, column in enumerate(values):
            cells.append((powers[1 + 2 * at], column.cell()))
            if column.null is not None:
                cells.append((powers[2 + 2 * at], column.null))
        if cells:
            amount = amount + builder.operand("amounts", cells)
        family.tally(source, key, amount, left=True)
        entries, known = [], set()
        for group in self.groups:
            members = key_members(by, group.key)
            if members in known:
                raise StatementError("The statement names a group twice.")
            known.add(members)
            entries.append((_amount(values, group), slots(by, members)))
        family.listed(entries, builder.challenge("group/delta"))


def summed(source: Source, names: Sequence[str]) -> list[SourceColumn]:
    """The columns that are added up; a StatementError where one has no sum."""
    columns = distinct(source, names) if names else []
    for column in columns:
        check_numeric(column)
    return columns


Members = tuple[tuple[int, ...] | None, ...]


def key_members(by: Sequence[SourceColumn], key: Sequence[Any]) -> Members:
    """The cells of a published key, None for null.

    Raises:
        StatementError: it is no key of these columns.
    """
    if len(key) != len(by):
        raise StatementError("A group of the statement has another key than its columns.")
    found: list[tuple[int, ...] | None] = []
    for value, column in zip(key, by, strict=True):
        if value is None:
            if not column.nullable:
                raise StatementError(f"Column {column.name!r} has no nulls by its record.")
            found.append(None)
            continue
        member = member_of(value, column)
        found.append(member if isinstance(member, tuple) else (member,))
    return tuple(found)


def _amount(values: Sequence[SourceColumn], group: Group) -> tuple[int, ...]:
    """What the rows of a group add up to: their number, then of each column the sum and the nulls."""
    if not len(group.sums) == len(group.counts) == len(values):
        raise StatementError("A group of the statement has other results than its columns.")
    amount = [group.rows]
    for column, text, count in zip(values, group.sums, group.counts, strict=True):
        nulls = group.rows - count
        if nulls < 0 or (nulls and not column.nullable):
            raise StatementError(
                f"The statement counts values of {column.name!r} that its group cannot have."
            )
        amount += number_cell(text, column.type), nulls
    return tuple(amount)


# -- results from the data ------------------------------------------------------------------------


class Partition:
    """The rows of a table by their key.

    Args:
        hashes: equal where the keys are.

    Attributes:
        first: a row of each group, in order of first occurrence.
        of: the number of each row's group.
    """

    def __init__(self, hashes: Words) -> None:
        self.first, self.of, self._sizes = vectors.groups(hashes)

    def sizes(self) -> list[int]:
        """Rows of each group."""
        found: list[int] = self._sizes.tolist()
        return found

    def sums(self, cells: Cells) -> list[int]:
        """Exact sums of cells over each group."""
        if cells.ndim == 2:
            totals = [0] * len(self.first)
            for number, group in zip(to_ints(cells), self.of.tolist(), strict=True):
                totals[group] += number
            return totals
        return vectors.group_sums(self.of, len(self.first), cells)

    def extremes(self, cells: Cells) -> tuple[list[int], list[int]]:
        """Least and greatest cell of each group, of cells of at most 64 bits."""
        cells = cells.astype(np.uint64) if cells.dtype == np.bool_ else cells
        if not len(cells):
            return [], []
        ordered = cells[vectors.argsort(self.of.view(np.uint64))]
        starts = np.cumsum(self._sizes) - self._sizes
        least, greatest = (each.reduceat(ordered, starts).tolist() for each in (np.minimum, np.maximum))
        return least, greatest


def partition_by(keys: Sequence[SourceColumn]) -> Partition:
    """The rows of a table by their key; a StatementError where there are too many keys to list."""
    partition = Partition(hash_rows([keys])[0])
    if len(partition.first) > MAX_LISTED:
        raise StatementError(
            f"There are {len(partition.first):,} groups; a statement lists at most {MAX_LISTED:,}.",
            todo="Commit the grouped frame, and prove that it came from this one.",
        )
    return partition


def published_keys(
    subject: Subject, keys: Sequence[SourceColumn], rows: npt.NDArray[np.int64], known: Known
) -> list[tuple[Any, ...]]:
    """The keys of some rows as statements write them; texts from those named, else from the frame at hand.

    Raises:
        StatementFalse: a text occurs that is not among those named.
        StatementError: texts must be named, and are not.
    """
    columns = []
    for column in keys:
        named = known.get(column.name)
        if named is None and column.type.is_hashed:
            named = values_in(subject.frame, column.name)
        columns.append(_published_values(column, rows, named))
    return list(zip(*columns, strict=True))


def by_key(groups: Iterable[Any]) -> list[Any]:
    """Groups in the order of their keys, nulls last."""
    return sorted(
        groups, key=lambda group: [(each is None, str(type(each)), each or 0) for each in group.key]
    )


def key_text(key: Sequence[Any]) -> str:
    """A key for sentences."""
    return ", ".join("null" if each is None else value_text(each) for each in key)


def state_grouped(
    subject: Subject,
    by: Sequence[str],
    values: Sequence[str],
    known: Known,
) -> Grouped:
    """Computes and states sizes and sums of groups.

    Args:
        known: for key columns of text or bytes, which a table holds as hashes: their values; by default those of
            the frame where it is at hand.

    Raises:
        StatementFalse: a text occurs that is not among those named.
        StatementError: there are too many groups, or values must be named and are not.
    """
    source = source_of(subject)
    keys = distinct(source, by)
    columns = summed(source, values)
    partition = partition_by(keys)
    sizes = partition.sizes()
    sums = [partition.sums(data_of(column).data[0]) for column in columns]
    counts = [partition.sums(present_of(column)) for column in columns]
    published = published_keys(subject, keys, partition.first, known)
    groups = [
        Group(
            key=published[at],
            rows=sizes[at],
            sums=tuple(
                number_text(each[at], column.type) for each, column in zip(sums, columns, strict=True)
            ),
            counts=tuple(each[at] for each in counts),
        )
        for at in range(len(sizes))
    ]
    return Grouped(
        inputs=(subject.dataset_id,), by=tuple(by), values=tuple(values), groups=tuple(by_key(groups))
    )


def _published_values(
    column: SourceColumn, rows: npt.NDArray[np.int64], known: Iterable[object] | None
) -> list[Any]:
    """The values of a column in some rows; None for null."""
    parts = [to_ints(vector[rows]) for vector in data_of(column).data]
    cells: list[Any] = [cell[0] if len(cell) == 1 else cell for cell in zip(*parts, strict=True)]
    present = present_of(column)[rows].tolist()
    if column.type.is_hashed and known is None:
        raise StatementError(
            f"Column {column.name!r} is {column.type.describe()}, of which a committed table holds hashes alone.",
            todo=f"Name its values: known={{{column.name!r}: df[{column.name!r}].unique()}}.",
        )
    named: dict[Any, Any] = {}
    for value in known or ():
        if value is not None and value == value:
            document = document_of(value, column)
            named[member_of(document, column)] = document
    found: list[Any] = []
    for cell, there in zip(cells, present, strict=True):
        if not there:
            found.append(None)
        elif known is None:
            found.append(published_cell(cell, column))
        elif cell not in named:
            raise StatementFalse(
                f"Column {column.name!r} of `{column.source.record.name}` has a value that is not among those named.",
                why="A list of groups names every group.",
            )
        else:
            found.append(named[cell])
    return found
