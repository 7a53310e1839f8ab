"""Two tables: the rows of the one that are not rows of the other, compared whole.

A table of rows is committed for the proof alone: each different row of both once, with a mark of those that the second
table has. That rows there differ is shown by a column, or two, in which they all do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import Mask, hash_rows, surplus
from zkp_nb.statements.facts import Name, distinct
from zkp_nb.statements.keys import compile_distinct
from zkp_nb.statements.matching import SIDE, Places, occurrences, stacked
from zkp_nb.statements.packing import Task
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import SourceColumn, common_units
from zkp_nb.statements.statement import (
    Statement,
    count_of,
    listed,
    name_of,
    register,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import data_of, present_of
from zkp_nb.table import Column, ColumnType, Table, vectors
from zkp_nb.table.cells import Cells


@register
class RowsWithout(Statement):
    """The output is the rows of the first input that are not rows of the second, each as often as in the first.

    A null equals a null. The three tables have the same columns.

    Attributes:
        key: columns of the witness in which all its rows differ.
        witnesses: the table of rows: the columns of the first input, then the mark.
    """

    kind: ClassVar[str] = "rows-without"
    strength: ClassVar[int] = 28
    shape: ClassVar[tuple[int, int, int] | None] = (2, 1, 1)

    key: Annotated[tuple[Name, ...], Field(min_length=1, max_length=4)]

    def sentence(self, names: Mapping[str, str]) -> str:
        first, second = (name_of(names, each) for each in self.inputs)
        return (
            f"{name_of(names, self.outputs[0])} is exactly the rows of {first} that are not rows of {second}, each as "
            f"often as in {first}, in any order."
        )

    def tasks(self, builder: Builder) -> Sequence[Task]:
        return [self._distinct, self._chosen]

    def _columns(self, builder: Builder, dataset: str) -> list[SourceColumn]:
        """The columns of one of the tables, in the order of the first input.

        Raises:
            StatementError: it has others.
        """
        names = builder.table(self.inputs[0]).names
        table = builder.table(dataset)
        if sorted(table.names) != sorted(names):
            raise StatementError("Tables that are compared by whole rows have the same columns.")
        return [table.column(name) for name in names]

    def _rows(self, builder: Builder) -> tuple[list[SourceColumn], SourceColumn]:
        """The table of rows, and its mark."""
        if len(self.witnesses) != 1:
            raise StatementError("That rows are absent is shown by one table of rows.")
        *rows, side = builder.table(self.witnesses[0]).columns
        if [each.name for each in rows] != list(builder.table(self.inputs[0]).names):
            raise StatementError("The table of rows does not have the columns that its statement needs.")
        if side.type != ColumnType("bool") or side.nullable:
            raise StatementError("The mark in a table of rows is true or false.")
        return rows, side

    def _distinct(self, builder: Builder) -> None:
        """No row stands twice in the table of rows, as no key does, and none is null."""
        _, side = self._rows(builder)
        columns = distinct(side.source, self.key)
        if side in columns:
            raise StatementError("The mark of a row is no part of its key.")
        compile_distinct(builder, side.source, columns)
        for column in columns:
            builder.require(side.source, builder.null(column))

    def _chosen(self, builder: Builder) -> None:
        """No row of the output is one of the second input; of the first, each is in the output or the second has it."""
        rows, side = self._rows(builder)
        tables = [*(self._columns(builder, each) for each in (*self.inputs, *self.outputs)), rows]
        first, second, output, _ = tables
        source = first[0].source
        found = builder.bit(source, "found", lambda: _known(first, second))
        apart = builder.family()
        units = [common_units(columns) for columns in zip(*tables, strict=True)]
        (free,) = builder.powers_after(first, apart.alpha, 1)
        ours, theirs, made = (
            builder.fingerprint(columns, apart.alpha, [unit[at] for unit in units])
            for at, columns in enumerate((first, second, output))
        )
        marked = builder.fingerprint([*rows, side], apart.alpha, [*(unit[3] for unit in units), 1])
        apart.left(output[0].source, made)
        apart.left(second[0].source, theirs + free)
        apart.among(side.source, marked, "occurrences", lambda: _counts(rows, output, second))
        # Two equations of the same fingerprints: each has a gamma of its own, which keeps them apart.
        whole = builder.family()
        whole.left(source, ours + free * found)
        whole.right(output[0].source, made)
        whole.among(second[0].source, theirs + free, "matches", lambda: _counts(second, first))


def _counts(columns: Sequence[SourceColumn], *others: Sequence[SourceColumn]) -> Cells:
    """How often each row occurs in the others; of equal rows the first."""
    known, *hashes = hash_rows([columns, *others])
    return occurrences(known, np.concatenate(hashes))


def _known(first: Sequence[SourceColumn], second: Sequence[SourceColumn]) -> Mask:
    """Which rows of the first table the second has."""
    ours, theirs = hash_rows([first, second])
    return vectors.known(theirs, ours)


def state_without(left: Subject, right: Subject, child: Subject) -> RowsWithout:
    """States that the child is the rows of the left table that the right one lacks.

    Raises:
        StatementFalse: it is not.
        StatementError: the tables cannot be compared, no two columns tell their rows apart, or nothing can
            commit the table of rows.
    """
    names = left.table.names
    for other in (right, child):
        if sorted(other.table.names) != sorted(names):
            raise StatementError(
                f"`{other.name}` does not have the columns of `{left.name}`.",
                why="Rows are compared whole.",
                todo="Drop columns in a step of their own, or claim an anti join on some of them.",
            )
    first, second, output = (
        [source_of(each).column(name) for name in names] for each in (left, right, child)
    )
    ours, theirs, made = hash_rows([first, second, output])
    lacked = ~vectors.known(theirs, ours)
    missing, more = surplus(ours[lacked], made)
    if missing or more:
        raise StatementFalse(
            f"`{child.name}` is not the rows of `{left.name}` that `{right.name}` lacks.",
            why=f"It lacks {count_of(missing, 'row')} of them and has {count_of(more, 'row')} too many.",
        )
    # Each different row once: those of the right table, and those that it lacks.
    rows = [_firsts(ours, lacked), _firsts(theirs, np.ones(len(theirs), np.bool_))]
    key = _key(first, second, rows)
    if child.commit is None:
        raise StatementError("This claim needs a table of rows, and there is nothing that commits it.")
    columns = [
        stacked(name, pair, rows) for name, pair in zip(names, zip(first, second, strict=True), strict=True)
    ]
    mark = np.concatenate([np.zeros(len(rows[0]), np.bool_), np.ones(len(rows[1]), np.bool_)])
    side = next(name for name in (SIDE, *(f"{SIDE} {at}" for at in range(len(names)))) if name not in names)
    table = Table(len(mark), (*columns, Column.of(side, ColumnType("bool"), (mark,), None)))
    held = child.commit(table, f"{child.name}: rows")
    statement = RowsWithout(
        inputs=(left.dataset_id, right.dataset_id),
        outputs=(child.dataset_id,),
        witnesses=(held.dataset_id,),
        key=key,
    )
    statement.programs({each.dataset_id: each.record for each in (left, right, child, held)})
    return statement


def _firsts(hashes: np.ndarray[tuple[int], np.dtype[np.uint64]], where: Mask) -> Places:
    """The first of equal rows, among some."""
    places = np.flatnonzero(where)
    return places[vectors.groups(hashes[places]).first].astype(np.int64)


def _key(
    first: Sequence[SourceColumn], second: Sequence[SourceColumn], rows: Sequence[Places]
) -> tuple[str, ...]:
    """A column, or two, in which these rows of both tables differ and none is null.

    Raises:
        StatementError: there is none.
    """
    pairs = [
        pair
        for pair in zip(first, second, strict=True)
        if not any(data_of(column).type.wide for column in pair)
        and all(present_of(column)[taken].all() for column, taken in zip(pair, rows, strict=True))
    ]
    for size in (1, 2):
        for chosen in combinations(pairs, size):
            sides = hash_rows([list(side) for side in zip(*chosen, strict=True)])
            hashes = np.concatenate([side[taken] for side, taken in zip(sides, rows, strict=True)])
            if not vectors.repeated(hashes):
                return tuple(column.name for column, _ in chosen)
    raise StatementError(
        f"No column and no two columns tell the rows of `{first[0].source.record.name}` and "
        f"`{second[0].source.record.name}` apart.",
        why="That a row is absent is proven by a table in which no row stands twice.",
        todo=f"Compare them by a key: anti_join, on columns such as {listed(column.name for column in first[:2])}.",
    )
