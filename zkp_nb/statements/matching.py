"""Which keys of one table another one has: the part of joins that is hard to prove.

That a key occurs is a lookup. That it does not is shown by a table of keys, committed for the proof alone: each
key once, with a mark of the side on which it stands. No key can stand on both, as no key is there twice.
Rows with a null in their key match nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from zkp_nb.errors import StatementError, TableError
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import Mask, hash_rows
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.sources import SourceColumn, common_units
from zkp_nb.statements.values import data_of, present_of
from zkp_nb.table import Column, ColumnType, Table
from zkp_nb.table.cells import Cells
from zkp_nb.table.natural import cast
from zkp_nb.table.vectors import Places, groups, known, occurrences

__all__ = [
    "SIDE",
    "Places",
    "active",
    "different",
    "found_among",
    "key_table",
    "known_in",
    "marked_keys",
    "occurrences",
    "present",
]

SIDE: Final = "side"
"""Name of the mark's column in a table of keys: the last one."""


def active(columns: Sequence[SourceColumn]) -> Mask:
    """Rows whose key has no null."""
    found: Mask = np.logical_and.reduce([present_of(column) for column in columns])
    return found


def present(builder: Builder, columns: Sequence[SourceColumn]) -> Expr:
    """The bit of the rows whose key has no null."""
    bit = builder.constant(1)
    for column in columns:
        bit = builder.both(bit, builder.negated(builder.null(column)))
    return bit


def marked_keys(
    builder: Builder, dataset: str, keys: Sequence[SourceColumn], more: int = 0
) -> tuple[list[SourceColumn], list[SourceColumn], SourceColumn]:
    """The table of keys: its key columns, `more` further ones, and its mark.

    Raises:
        StatementError: it has not these columns.
    """
    table = builder.table(dataset)
    *columns, side = table.columns
    key, rest = columns[: len(keys)], columns[len(keys) :]
    if len(columns) != len(keys) + more or any(each.nullable for each in (*key, side)):
        raise StatementError("The table of keys does not have the columns that its statement needs.")
    if side.type != ColumnType("bool"):
        raise StatementError("The mark in a table of keys is true or false.")
    return key, rest, side


def found_among(
    builder: Builder,
    looked_up: Sequence[tuple[Sequence[SourceColumn], Expr | int]],
    keys: Sequence[SourceColumn],
    side: SourceColumn,
) -> None:
    """The keys of each table, and for each its mark, are rows of the table of keys; null keys are left out."""
    family = builder.family()
    tables = [*(columns for columns, _ in looked_up), keys]
    units = [common_units(columns) for columns in zip(*tables, strict=True)]
    (free,) = builder.powers_after(keys, family.alpha, 1)
    for at, (columns, mark) in enumerate(looked_up):
        value = builder.fingerprint(columns, family.alpha, [unit[at] for unit in units])
        family.left(columns[0].source, value + free * mark, present(builder, columns))

    def counts() -> Cells:
        *hashes, known = hash_rows(tables)
        rows = zip(looked_up, hashes, strict=True)
        return occurrences(known, np.concatenate([each[active(columns)] for (columns, _), each in rows]))

    # The mark takes the power after the key's.
    marked = builder.fingerprint([*keys, side], family.alpha, [*(unit[-1] for unit in units), 1])
    family.among(keys[0].source, marked, "occurrences", counts)


def key_table(
    sides: Sequence[Sequence[SourceColumn]], rows: Sequence[Places], extra: Sequence[Column] = ()
) -> Table:
    """Rows of two tables, one below the other, with a mark that is true for those of the second.

    Args:
        sides: the key columns of both.
        rows: which rows of each.
        extra: further columns of as many rows.

    Raises:
        StatementError: a key column of the one cannot be taken in the type of the other.
    """
    columns = [stacked(f"key{at}", pair, rows) for at, pair in enumerate(zip(*sides, strict=True))]
    side = np.concatenate(
        [np.full(len(taken), mark) for mark, taken in zip((False, True), rows, strict=True)]
    )
    return Table(len(side), (*columns, *extra, Column.of(SIDE, ColumnType("bool"), (side,), None)))


def stacked(name: str, pair: Sequence[SourceColumn], rows: Sequence[Places]) -> Column:
    """Rows of two columns, one below the other; nullable where one of these rows is null.

    Raises:
        StatementError: the one cannot be taken in the type of the other.
    """
    common_units(pair)
    type_ = _common_type(*pair)
    vectors = [
        [vector[taken] for vector in cast(data_of(column), type_).data]
        for column, taken in zip(pair, rows, strict=True)
    ]
    cells = tuple(np.ascontiguousarray(np.concatenate(each)) for each in zip(*vectors, strict=True))
    null = np.concatenate([~present_of(column)[taken] for column, taken in zip(pair, rows, strict=True)])
    return Column.of(name, type_, cells, null if null.any() else None)


def _common_type(first: SourceColumn, second: SourceColumn) -> ColumnType:
    for ours, other in ((first, second), (second, first)):
        try:
            cast(data_of(other), ours.type)
        except TableError:
            continue
        return ours.type
    raise StatementError(
        f"The columns {first.name!r} of `{first.source.record.name}` and {second.name!r} of "
        f"`{second.source.record.name}` have no common type.",
        todo="Commit both with the same type.",
    )


def different(columns: Sequence[SourceColumn], rows: Mask) -> Places:
    """The first row of each key among some rows."""
    (hashes,) = hash_rows([columns])
    places = np.flatnonzero(rows)
    return places[groups(hashes[places]).first].astype(np.int64)


def known_in(columns: Sequence[SourceColumn], others: Sequence[SourceColumn]) -> Mask:
    """Which rows have a key without null that the other table has too."""
    ours, theirs = hash_rows([columns, others])
    return known(theirs[active(others)], ours) & active(columns)
