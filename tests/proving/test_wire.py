"""Tables on the wire: every cell arrives as it was, and nothing else is taken for a table."""

from __future__ import annotations

import contextlib
import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import TableError
from zkp_nb.proving.wire import BATCH_ROWS, read_table, table_chunks
from zkp_nb.table import Table, from_frame


def table_of(n_rows: int) -> Table:
    """A table with every kind of cells."""
    at = np.arange(n_rows)
    frame = pd.DataFrame(
        {
            "whole": at - 5,
            "bit": at % 3 == 0,
            "code": at * 0.1,
            "text": [f"t{place % 7}" if place % 5 else None for place in at],
            "wide": [10**25 + int(place) for place in at],
            "day": [datetime.date(2026, 1, 1)] * n_rows,
            "gap": pd.array([None if place % 4 == 0 else int(place) for place in at], dtype="Int64"),
        }
    )
    return from_frame(frame.astype({"wide": object}))


def sent(table: Table, folder: Path) -> Path:
    file = folder / "table.arrow"
    file.write_bytes(b"".join(table_chunks(table)))
    return file


@pytest.mark.parametrize("n_rows", [2, 100, BATCH_ROWS, 2 * BATCH_ROWS + 3])
def test_a_table_arrives_as_it_was(tmp_path: Path, n_rows: int) -> None:
    table = table_of(n_rows)
    kinds = {part.cells.dtype.name for column in table.columns for part in column.parts}
    assert kinds == {"int64", "uint64", "bool", "uint8"}
    arrived = read_table(sent(table, tmp_path), n_rows, table.schema_json())
    assert arrived.schema_json() == table.schema_json()
    assert arrived.digest == table.digest
    for before, after in zip(table.columns, arrived.columns, strict=True):
        for left, right in zip(before.parts, after.parts, strict=True):
            assert left.cells.dtype == right.cells.dtype
            assert np.array_equal(left.cells, right.cells)


def test_the_same_table_gives_the_same_bytes() -> None:
    assert list(table_chunks(table_of(300))) == list(table_chunks(table_of(300)))


@pytest.mark.parametrize("changes", [{"name": "other"}, {"nullable": True}, {"type": {"kind": "text"}}])
def test_another_schema_than_announced(tmp_path: Path, changes: dict[str, Any]) -> None:
    table = table_of(10)
    file = sent(table, tmp_path)
    columns = table.schema_json()
    columns[0] |= changes
    if "name" in changes:  # names are not on the wire
        assert read_table(file, 10, columns).names[0] == "other"
    else:
        with pytest.raises(TableError, match="damaged, or not the one"):
            read_table(file, 10, columns)


@pytest.mark.parametrize("n_rows", [9, 11])
def test_another_number_of_rows_than_announced(tmp_path: Path, n_rows: int) -> None:
    table = table_of(10)
    with pytest.raises(TableError, match="damaged, or not the one"):
        read_table(sent(table, tmp_path), n_rows, table.schema_json())


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damage_is_an_error_and_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    table = table_of(20)
    stream = bytearray(b"".join(table_chunks(table)))
    for _ in range(data.draw(st.integers(1, 4))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(stream)))
    file = tmp_path_factory.mktemp("wire") / "table.arrow"
    file.write_bytes(bytes(stream[:cut]) if data.draw(st.booleans()) else bytes(stream))
    with contextlib.suppress(TableError):
        read_table(file, 20, table.schema_json())
