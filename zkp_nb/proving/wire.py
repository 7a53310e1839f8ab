"""Tables on their way to a remote prover: their cells, exactly, as an Arrow IPC stream.

One field for each part of each column, named "3.value" by the column's number and the part's label: int64,
uint64, bool, or 32 bytes of a field element. The types of the columns are not in the stream but in the
request that goes with it. The same table always gives the same bytes, so an upload can go on anywhere.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from zkp_nb.errors import TableError
from zkp_nb.table import Column, ColumnType, Table
from zkp_nb.table.cells import Cells
from zkp_nb.table.columns import Label, Part

BATCH_ROWS: Final = 65_536
"""Rows of one record batch."""

_FIELD: Final = pa.binary(32)
_TYPES: Final[Mapping[str, pa.DataType]] = {"int64": pa.int64(), "uint64": pa.uint64(), "bool": pa.bool_()}


def table_chunks(table: Table) -> Iterator[bytes]:
    """The stream of a table, piece by piece."""
    parts = [part.cells for column in table.columns for part in column.parts]
    names = [f"{number}.{part.label}" for number, column in enumerate(table.columns) for part in column.parts]
    schema = pa.schema(
        [pa.field(name, _arrow_type(cells), False) for name, cells in zip(names, parts, strict=True)]
    )
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, schema) as writer:
        for start in range(0, table.n_rows, BATCH_ROWS):
            arrays = [_arrow(cells[start : start + BATCH_ROWS]) for cells in parts]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
            yield _drain(sink)
    yield _drain(sink)


def read_table(file: Path, n_rows: int, columns: Sequence[Mapping[str, Any]]) -> Table:
    """The table in a stream that somebody else sent.

    Args:
        file: the stream.
        n_rows: what the request says.
        columns: for each column "name", "type" and "nullable", as a dataset's record has them.

    Raises:
        TableError: the stream is damaged, or not that of such a table.
    """
    types = [ColumnType.from_json(each["type"]) for each in columns]
    labels: list[tuple[int, Label]] = []
    for number, (kind, each) in enumerate(zip(types, columns, strict=True)):
        data: tuple[Label, ...] = ("head", "tail") if kind.is_hashed else ("value",)
        labels += [(number, label) for label in (*data, *(("null",) if each["nullable"] else ()))]
    try:
        cells = _read_cells(file, n_rows, [f"{number}.{label}" for number, label in labels])
    except (pa.ArrowException, ValueError, OSError, EOFError):
        cells = None
    if cells is None:
        raise TableError("The uploaded table is damaged, or not the one that the request describes.")
    parts: list[list[Part]] = [[] for _ in columns]
    for (number, label), vector in zip(labels, cells, strict=True):
        parts[number].append(Part(label, vector))
    return Table(
        n_rows,
        tuple(
            Column(str(each["name"]), kind, bool(each["nullable"]), tuple(own))
            for each, kind, own in zip(columns, types, parts, strict=True)
        ),
    )


def _read_cells(file: Path, n_rows: int, names: Sequence[str]) -> list[Cells] | None:
    """Every vector of the stream; None where it is not of these names, types and rows."""
    with pa.memory_map(str(file)) as source, pa.ipc.open_stream(source) as reader:
        schema = reader.schema
        if schema.names != list(names) or not all(
            each == _FIELD or each in _TYPES.values() for each in schema.types
        ):
            return None
        cells = [_empty(n_rows, each) for each in schema.types]
        filled = 0
        for batch in reader:
            batch.validate(full=True)
            end = filled + batch.num_rows
            if end > n_rows or any(column.null_count for column in batch.columns):
                return None
            for vector, column in zip(cells, batch.columns, strict=True):
                vector[filled:end] = _numpy(column)
            filled = end
    return cells if filled == n_rows else None


def _arrow_type(cells: Cells) -> pa.DataType:
    return _FIELD if cells.ndim == 2 else _TYPES[cells.dtype.name]


def _arrow(cells: Cells) -> pa.Array[Any]:
    if cells.ndim == 1:
        return pa.array(cells)
    return pa.FixedSizeBinaryArray.from_buffers(_FIELD, len(cells), [None, pa.py_buffer(cells.data)])


def _empty(n_rows: int, kind: pa.DataType) -> Cells:
    if kind == _FIELD:
        return np.empty((n_rows, 32), np.uint8)
    return np.empty(n_rows, kind.to_pandas_dtype())


def _numpy(column: pa.Array[Any]) -> Cells:
    if column.type != _FIELD:
        return np.asarray(column.to_numpy(zero_copy_only=False))
    buffer = column.buffers()[1]
    assert buffer is not None
    return np.frombuffer(memoryview(buffer), np.uint8, 32 * len(column), 32 * column.offset).reshape(-1, 32)


def _drain(sink: io.BytesIO) -> bytes:
    data = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return data
