"""Canonical tables: typed columns of cells, and the digest by which a session knows its data again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from zkp_nb.errors import TableError
from zkp_nb.table.columns import Column, Part
from zkp_nb.table.natural import cast, natural
from zkp_nb.table.types import ColumnType

_COLUMN_TAG: Final = b"zkp_nb/column/v1\x00"
_TABLE_TAG: Final = b"zkp_nb/table/v1\x00"


@dataclass(frozen=True, eq=False)
class Table:
    """A snapshot of a frame: it shares no memory that a later edit of the frame could change.

    Attributes:
        n_rows: at least 1.
        columns: at least one, with distinct names.
    """

    n_rows: int
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns in their order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            TableError: there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise TableError(
            f"There is no column {name!r}.", todo=f"The columns are {', '.join(map(repr, self.names))}."
        )

    @cached_property
    def column_digests(self) -> tuple[bytes, ...]:
        """For each column 32 bytes that stand for its values, whatever its name and its declared type.

        SHA-256 over the natural form (natural.py): equal values have equal digests.
        """
        if self.n_rows < 65_536:
            return tuple(map(_column_digest, self.columns))
        with ThreadPoolExecutor() as pool:  # hashing a large buffer releases the GIL
            return tuple(pool.map(_column_digest, self.columns))

    @cached_property
    def digest(self) -> bytes:
        """32 bytes that stand for the data: number of rows, names, values, both orders.

        SHA-256 over the digests of the columns, so it depends neither on the library and physical layout that
        the data came in nor on declared scales, widths and nullability. It is no commitment: without
        blinding, data that can be guessed can be confirmed by it, so it stays with the owner.
        """
        state = sha256(_TABLE_TAG + _u64(self.n_rows) + _u64(len(self.columns)))
        for name, digest in zip(map(str.encode, self.names), self.column_digests, strict=True):
            state.update(_u64(len(name)) + name + digest)
        return state.digest()

    def schema_json(self) -> list[dict[str, Any]]:
        """The columns' names, types and nullability, in order."""
        return [column.schema_json() for column in self.columns]

    def types(self) -> dict[str, ColumnType]:
        """The type of each column by name, fit for `from_frame(..., types=...)`."""
        return {column.name: column.type for column in self.columns}

    def select(self, names: Iterable[str]) -> Table:
        """The named columns in that order, sharing their cells.

        Raises:
            TableError: a column is missing or named twice, or none is named.
        """
        wanted = list(names)
        if not wanted or len(set(wanted)) != len(wanted):
            raise TableError("A selection names at least one column, and each column once.")
        return Table(self.n_rows, tuple(self.column(name) for name in wanted))

    def take(self, rows: npt.ArrayLike) -> Table:
        """The rows at these positions (integers, shape (m,), m >= 1; or a boolean mask), with the same types.

        Raises:
            TableError: no rows, or a position that does not exist.
        """
        index = np.asarray(rows)
        if index.dtype == bool and len(index) == self.n_rows:
            index = np.flatnonzero(index)
        positions = index.dtype.kind in "iu" and index.ndim == 1 and index.size > 0
        if not positions or int(index.min()) < 0 or int(index.max()) >= self.n_rows:
            raise TableError(
                "Rows are taken by positions from 0 or by a mask of all rows, and at least one is.",
                todo="Check the positions, or the filter that they come from.",
            )
        columns = (
            Column(
                c.name,
                c.type,
                c.nullable,
                tuple(Part(p.label, np.take(p.cells, index, axis=0)) for p in c.parts),
            )
            for c in self.columns
        )
        return Table(int(index.size), tuple(columns))

    def aligned(self, types: Mapping[str, ColumnType]) -> Table:
        """The same data in the types of another table, wherever a column of the same name can take them
        exactly.

        What a frame shows of its types depends on its rows (the prices left by a filter may all be whole
        numbers); a child is aligned to its parent before their cells are compared. Columns that cannot are
        left as they are.
        """
        columns = []
        for column in self.columns:
            try:
                columns.append(cast(column, types.get(column.name, column.type)))
            except TableError:
                columns.append(column)
        return Table(self.n_rows, tuple(columns))


def _column_digest(column: Column) -> bytes:
    column = natural(column)
    schema = {"type": column.type.to_json(), "nullable": column.nullable}
    # Sorted keys, no blanks: for the ASCII keys, integers and strings of a schema this is RFC 8785.
    header = json.dumps(schema, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    state = sha256(_COLUMN_TAG + _u64(len(header)) + header)
    for part in column.parts:
        state.update(_u64(part.cells.nbytes))
        state.update(part.cells.astype(part.cells.dtype.newbyteorder("<"), copy=False).data)
    return state.digest()


def _u64(number: int) -> bytes:
    return number.to_bytes(8, "big")
