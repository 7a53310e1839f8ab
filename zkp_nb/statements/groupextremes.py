"""Least and greatest values of groups of rows, as a published list.

Each row is given the bound of its group: rows with their key and bound are those of the list, and one row of each
group is marked. No value lies beyond its row's bound, and the marked ones are equal to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import hash_rows
from zkp_nb.statements.distribution import MAX_LISTED, MAX_SHOWN
from zkp_nb.statements.expr import Entry
from zkp_nb.statements.facts import Fact, Name, Names, distinct
from zkp_nb.statements.groups import (
    Known,
    Members,
    Partition,
    by_key,
    key_members,
    key_text,
    partition_by,
    published_keys,
)
from zkp_nb.statements.packing import Task
from zkp_nb.statements.ranges import limb_widths
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
    value_text,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import cell_of, cells_of, data_of, marked, present_of, published, slots
from zkp_nb.statements.witness import words
from zkp_nb.table import vectors
from zkp_nb.table.cells import Cells, to_ints


class GroupRange(Part):
    """One group of rows, with a result for each value column.

    Attributes:
        key: its values in the key columns; None for null.
        counts: how many of its values are not null.
        minima, maxima: the least and greatest of them; None where there is none.
    """

    key: tuple[Any, ...]
    counts: tuple[Annotated[int, Field(ge=0)], ...]
    minima: tuple[Any, ...]
    maxima: tuple[Any, ...]


@register
class GroupExtremes(Fact):
    """Least and greatest values of all groups of rows with the same key.

    Attributes:
        by: the key columns.
        values: the columns whose values are compared.
        groups: every group that has a value, once.
    """

    kind: ClassVar[str] = "group-extremes"
    result_fields: ClassVar[frozenset[str]] = frozenset({"groups"})

    by: Names
    values: Annotated[tuple[Name, ...], Field(min_length=1, max_length=8)]
    groups: Annotated[tuple[GroupRange, ...], Field(min_length=1, max_length=MAX_LISTED)]

    def sentence(self, names: Mapping[str, str]) -> str:
        table = name_of(names, self.inputs[0])
        parts = [self._shown(group) for group in self.groups[:MAX_SHOWN]]
        if len(self.groups) > MAX_SHOWN:
            parts.append(f"{len(self.groups) - MAX_SHOWN:,} more")
        return (
            f"The least and greatest {listed(map(quoted, self.values))} of each group of {table} by "
            f"{listed(map(quoted, self.by))} are {'; '.join(parts)}."
        )

    def _shown(self, group: GroupRange) -> str:
        ends = [
            f"{quoted(name)} {value_text(low)} and {value_text(high)} of {count_of(count, 'value')}"
            if count
            else f"{quoted(name)} none"
            for name, low, high, count in zip(
                self.values, group.minima, group.maxima, group.counts, strict=True
            )
        ]
        return f"{key_text(group.key)} ({', '.join(ends)})"

    def tasks(self, builder: Builder) -> Sequence[Task]:
        distinct(builder.table(self.inputs[0]), self.values)
        return [task for at in range(len(self.values)) for task in self._tasks(builder, at)]

    def _tasks(self, builder: Builder, at: int) -> Sequence[Task]:
        """Both ends of a column at once where that fits into one proof, else one after the other."""
        source = builder.table(self.inputs[0])
        column = source.column(self.values[at])
        bits = min(limb_widths([source.extent.depth]))
        bounds = self._bounds(at, distinct(source, self.by), column)
        both = not column.nullable and _width(bounds) <= 2 * bits
        sides = [("first", "last")] if both else [("first",), ("last",)]
        return [partial(self._bounded, at, bounds, each) for each in sides]

    def _bounded(
        self, at: int, bounds: Mapping[Members, Bounds], sides: Sequence[str], builder: Builder
    ) -> None:
        """Every row holds the bounds of its group, which lie on its value's either side, and are met once each."""
        source = builder.table(self.inputs[0])
        by, column = distinct(source, self.by), source.column(self.values[at])
        x, null = builder.value(column)
        present = builder.negated(null)
        family = builder.family()
        row = builder.fingerprint(by, family.alpha)
        free = builder.powers_after(by, family.alpha, len(sides))
        deltas = builder.powers(builder.challenge("group/delta"), 1 + len(sides))
        tally = present
        for side, power, delta in zip(sides, free, deltas[1:], strict=True):
            of_side = {members: each.end(side) for members, each in bounds.items()}
            bound = builder.aux(source, f"group/{side}", partial(_row_bounds, by, column, of_side))
            mark = builder.bit(source, f"at/{side}", partial(_marks, by, column, of_side))
            builder.require(source, mark * null)
            builder.require(source, mark * (x - bound))
            distance = x - bound if side == "first" else bound - x
            builder.nonnegative(source, distance, _width(bounds), present)
            row, tally = row + power * bound, tally + delta * mark
        family.tally(source, row, tally, left=True)
        entries: list[Entry] = []
        for members, each in bounds.items():
            ends = [each.end(side) for side in sides]
            entries.append(((each.count, *(1 for _ in sides)), (*slots(by, members), *ends)))
        family.listed(entries, deltas[1])

    def _bounds(self, at: int, by: Sequence[SourceColumn], column: SourceColumn) -> dict[Members, Bounds]:
        """The cells of the extremes and the number of values of each group that has some.

        Raises:
            StatementError: the list is not one of groups.
        """
        bounds: dict[Members, Bounds] = {}
        known = set()
        for group in self.groups:
            members = key_members(by, group.key)
            if members in known:
                raise StatementError("The statement names a group twice.")
            known.add(members)
            if not len(group.counts) == len(group.minima) == len(group.maxima) == len(self.values):
                raise StatementError("A group of the statement has other results than its columns.")
            if not any(group.counts):
                raise StatementError("The statement names a group without values.")
            ends, count = (group.minima[at], group.maxima[at]), group.counts[at]
            if any((value is None) != (count == 0) for value in ends):
                raise StatementError("A group has a least and a greatest value where it has values.")
            if count:
                first, last = (cell_of(value, column) for value in ends)
                if first > last:
                    raise StatementError("The least value of a group is above its greatest.")
                bounds[members] = Bounds(first, last, count)
        if not bounds:
            raise StatementError(f"Column {column.name!r} has no values by the statement.")
        return bounds


@dataclass(frozen=True)
class Bounds:
    """Of a group the cells of its extremes, and how many values it has."""

    first: int
    last: int
    count: int

    def end(self, side: str) -> int:
        """The cell of the `first` or the `last` of its values."""
        return self.first if side == "first" else self.last


def _width(bounds: Mapping[Members, Bounds]) -> int:
    """Bits of the widest group."""
    return max(each.last - each.first for each in bounds.values()).bit_length()


def _members_of(by: Sequence[SourceColumn], rows: npt.NDArray[np.int64]) -> list[Members]:
    """The cells of the keys in some rows."""
    columns = []
    for column in by:
        vectors = [to_ints(vector[rows]) for vector in data_of(column).data]
        present = present_of(column)[rows].tolist()
        cells = zip(*vectors, strict=True)
        columns.append([cell if there else None for cell, there in zip(cells, present, strict=True)])
    return list(zip(*columns, strict=True))


def _row_bounds(by: Sequence[SourceColumn], column: SourceColumn, bounds: Mapping[Members, int]) -> Cells:
    """The bound of each row's group; 0 where the statement has none for it."""
    partition = Partition(hash_rows([by])[0])
    kind = np.int64 if cells_of(column).dtype == np.int64 else np.uint64
    found = [bounds.get(members, 0) for members in _members_of(by, partition.first)]
    cells: Cells = np.array(found, kind)[partition.of]
    return cells


def _marks(by: Sequence[SourceColumn], column: SourceColumn, bounds: Mapping[Members, int]) -> Cells:
    """One row of each group that holds its bound; any of its values where none does."""
    partition = Partition(hash_rows([by])[0])
    cells = cells_of(column)
    bound = _row_bounds(by, column, bounds)
    present = np.flatnonzero(present_of(column))
    equal = cells[present].astype(bound.dtype, copy=False) == bound[present]
    # Rows that hold the bound come first; of each group, the first.
    order = np.concatenate([present[equal], present[~equal]])
    first = vectors.groups(words(partition.of[order])).first
    return marked(column.source.extent.rows, order[first])


# -- results from the data ------------------------------------------------------------------------


def state_group_extremes(
    subject: Subject,
    by: Sequence[str],
    values: Sequence[str],
    known: Known,
) -> GroupExtremes:
    """Computes and states the extremes of groups.

    Args:
        known: as for `state_grouped`.

    Raises:
        StatementFalse: a text occurs that is not among those named, or no group has a value.
        StatementError: a column has no order, there are too many groups, or values must be named and are not.
    """
    source = source_of(subject)
    keys, columns = distinct(source, by), distinct(source, values)
    for column in columns:
        interval(column)
    partition = partition_by(keys)
    names = published_keys(subject, keys, partition.first, known)
    results = [_extremes(column, partition) for column in columns]
    groups = [
        GroupRange(
            key=names[at],
            counts=tuple(each[at][0] for each in results),
            minima=tuple(each[at][1] for each in results),
            maxima=tuple(each[at][2] for each in results),
        )
        for at in range(len(partition.first))
        if any(each[at][0] for each in results)
    ]
    if not groups:
        raise StatementFalse(
            f"No group of `{subject.name}` has a value.", why="All of it is null in these columns."
        )
    statement = GroupExtremes(
        inputs=(subject.dataset_id,), by=tuple(by), values=tuple(values), groups=tuple(by_key(groups))
    )
    statement.programs({subject.dataset_id: subject.record})
    return statement


def _extremes(column: SourceColumn, partition: Partition) -> list[tuple[int, Any, Any]]:
    """Number of values, least and greatest of each group."""
    present = present_of(column)
    with_values = Partition(partition.of[present].view(np.uint64))
    groups = partition.of[present][with_values.first].tolist()
    found: list[tuple[int, Any, Any]] = [(0, None, None)] * len(partition.first)
    ends = with_values.extremes(cells_of(column)[present])
    for group, count, least, greatest in zip(groups, with_values.sizes(), *ends, strict=True):
        found[group] = count, published(least, column), published(greatest, column)
    return found
