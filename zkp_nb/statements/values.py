"""What statements about single columns share: published values as cells, and the data at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from zkp_nb.errors import StatementError, StatementFalse, TableError
from zkp_nb.statements.compare import Mask
from zkp_nb.statements.literals import Literal, literal, value_of
from zkp_nb.statements.resolved import Member, interval
from zkp_nb.statements.sources import SourceColumn
from zkp_nb.statements.witness import words
from zkp_nb.table import Column
from zkp_nb.table.cells import Cells, wide_from_ints


def cell_of(document: object, column: SourceColumn) -> int:
    """The cell of a value in a statement, which the column's type must hold.

    Raises:
        StatementError: it is not written as a value of that type is, or cells of the type have no order.
    """
    low, high = interval(column)
    cell = member_of(document, column)
    if not isinstance(cell, int) or not low <= cell <= high:
        raise StatementError(f"A value of the statement cannot stand in column {column.name!r}.")
    return cell


def member_of(document: object, column: SourceColumn) -> Member:
    """The cell of a value in a statement, or (head, tail) where it is hashed.

    Raises:
        StatementError: it is not written as a value of that type is.
    """
    try:
        return column.type.encode_scalar(value_of(document, column.type))
    except TableError as error:
        raise StatementError(error.what, why=error.why, todo=error.todo) from None


def slots(columns: Sequence[SourceColumn], members: Sequence[Sequence[int] | None]) -> tuple[int, ...]:
    """A public row as its fingerprint takes it, power by power: of each column the parts of its cell, None for
    null, and whether it is null."""
    cells: list[int] = []
    for column, member in zip(columns, members, strict=True):
        cells += [0] * len(column.parts) if member is None else member
        cells.append(int(member is None))
    return tuple(cells)


def document_of(value: object, column: SourceColumn) -> Literal:
    """A constant that a user gave, as statements write it; a StatementError where the type has none such."""
    try:
        return literal(value, column.type)
    except TableError as error:
        raise StatementError(
            f"Column {column.name!r}: {error.what}", why=error.why, todo=error.todo
        ) from None


def published(cell: int, column: SourceColumn) -> Literal:
    """A cell of the column as statements write it."""
    return document_of(column.type.decode(cell), column)


def data_of(column: SourceColumn) -> Column:
    """The column's cells; needs the data."""
    assert column.source.table is not None
    return column.source.table.columns[column.number]


def cells_of(column: SourceColumn) -> Cells:
    """The one vector of a column that is not hashed; of one that is, its heads."""
    return data_of(column).data[0]


def present_of(column: SourceColumn) -> Mask:
    """Which rows are not null."""
    null = data_of(column).null
    return np.ones(column.source.extent.rows, np.bool_) if null is None else ~null


def some_values(column: SourceColumn) -> Cells:
    """The cells that are not null, at least one.

    Raises:
        StatementFalse: all are null.
    """
    cells = cells_of(column)[present_of(column)]
    if not len(cells):
        raise StatementFalse(
            f"Column {column.name!r} of `{column.source.record.name}` has no values.",
            why="All of it is null.",
        )
    return cells


def marked(rows: int, places: npt.NDArray[Any]) -> Mask:
    """A bit for each row, set at the places."""
    bits = np.zeros(rows, np.bool_)
    bits[places] = True
    return bits


def equal_to(vector: Cells, cell: int) -> Mask:
    """Which cells are that number."""
    if vector.ndim == 2:
        found: Mask = (vector == wide_from_ints([cell])).all(axis=1)
        return found
    same: Mask = words(vector) == np.uint64(cell % 2**64)
    return same
