"""Least and greatest values of groups of rows, as a published list.

Each row is given the bound of its group: rows with their key and bound are those of the list, and one row of each
group is marked. No value lies beyond its row's bound, and the marked ones are equal to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import hash_rows
from zkp_nb.statements.distribution import MAX_LISTED, MAX_SHOWN
from zkp_nb.statements.facts import Fact, Name, Names, distinct
from zkp_nb.statements.groups import (
    Known,
    Members,
    Partition,
    by_key,
    key_members,
    key_text,
    listed_key,
    partition_by,
    published_keys,
)
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
    value_text,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import cell_of, cells_of, data_of, marked, present_of, published
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
        sides = [(at, lower) for at in range(len(self.values)) for lower in (True, False)]
        return [partial(self._bounded, *side) for side in sides]

    def _bounded(self, at: int, lower: bool, builder: Builder) -> None:
        source = builder.table(self.inputs[0])
        by, column = distinct(source, self.by), source.column(self.values[at])
        bounds = self._bounds(at, lower, by, column)
        (low, high), side = interval(column), "first" if lower else "last"
        x, null = builder.value(column)
        bound = builder.aux(source, f"group/{side}", lambda: _row_bounds(by, column, bounds))
        mark = builder.bit(source, f"at/{side}", lambda: _marks(by, column, bounds))
        present = builder.negated(null)
        builder.require(source, mark * null)
        builder.require(source, mark * (x - bound))
        width = max(high - cell if lower else cell - low for cell, _ in bounds.values()).bit_length()
        builder.range(source, x - bound if lower else bound - x, width, present)
        family = builder.family()
        key = builder.fingerprint(by, family.alpha)
        slots = sum(len(each.parts) + 1 for each in by)
        free = builder.powers(family.alpha, slots + 1)[slots]
        delta = builder.challenge("group/delta")
        family.tally(source, key + free * bound, present + delta * mark, left=True)
        for members, (cell, count) in bounds.items():
            family.listed(listed_key(builder, by, members, family.alpha) + free * cell, count + delta)

    def _bounds(
        self, at: int, lower: bool, by: Sequence[SourceColumn], column: SourceColumn
    ) -> dict[Members, tuple[int, int]]:
        """Bound and number of values of each group that has some.

        Raises:
            StatementError: the list is not one of groups.
        """
        bounds: dict[Members, tuple[int, int]] = {}
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
            value, count = (group.minima if lower else group.maxima)[at], group.counts[at]
            if (value is None) != (count == 0):
                raise StatementError("A group has a least and a greatest value where it has values.")
            if count:
                bounds[members] = cell_of(value, column), count
        if not bounds:
            raise StatementError(f"Column {column.name!r} has no values by the statement.")
        return bounds


def _members_of(by: Sequence[SourceColumn], rows: npt.NDArray[np.int64]) -> list[Members]:
    """The cells of the keys in some rows."""
    columns = []
    for column in by:
        vectors = [to_ints(vector[rows]) for vector in data_of(column).data]
        present = present_of(column)[rows].tolist()
        cells = zip(*vectors, strict=True)
        columns.append([cell if there else None for cell, there in zip(cells, present, strict=True)])
    return list(zip(*columns, strict=True))


def _row_bounds(
    by: Sequence[SourceColumn], column: SourceColumn, bounds: Mapping[Members, tuple[int, int]]
) -> Cells:
    """The bound of each row's group; 0 where the statement has none for it."""
    partition = Partition(hash_rows([by])[0])
    kind = np.int64 if cells_of(column).dtype == np.int64 else np.uint64
    found = [bounds.get(members, (0, 0))[0] for members in _members_of(by, partition.first)]
    cells: Cells = np.array(found, kind)[partition.of]
    return cells


def _marks(
    by: Sequence[SourceColumn], column: SourceColumn, bounds: Mapping[Members, tuple[int, int]]
) -> Cells:
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
