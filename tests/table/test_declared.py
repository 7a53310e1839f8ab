"""Declared types change the cells and the public type, and never what the data are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import TableError
from zkp_nb.table import ColumnType, from_frame, to_ints

from .conftest import table_of

DECIMALS = st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=10)


def test_a_scale_multiplies_the_cells() -> None:
    table = table_of([1.5, 2.0], scales={"x": 4})
    assert table.column("x").type == ColumnType.decimal(4)
    assert to_ints(table.column("x").data[0]) == [15000, 20000]


def test_a_scale_of_an_integer_column() -> None:
    assert table_of([1, 2], scales={"x": 2}).column("x").type == ColumnType.decimal(2)
    wide = table_of([2**62], scales={"x": 2}).column("x")
    assert wide.type == ColumnType.decimal(2, 128)
    assert to_ints(wide.data[0]) == [2**62 * 100]


@pytest.mark.parametrize(
    ("width", "signed", "bits"), [(8, True, 8), ("int16", True, 16), ("uint32", False, 32)]
)
def test_a_width_is_public(width: int | str, signed: bool, bits: int) -> None:
    column = table_of([0, 100], widths={"x": width}).column("x")
    assert column.type == ColumnType.integer(bits, signed=signed)
    assert column.data[0].dtype == (np.int64 if signed else np.uint64)


def test_a_declared_null_companion_is_empty() -> None:
    column = table_of([1, 2], nullable=["x"]).column("x")
    assert column.nullable
    assert column.null is not None
    assert column.null.tolist() == [False, False]


@settings(deadline=None)
@given(DECIMALS)
def test_declarations_do_not_change_the_digest(cents: list[int]) -> None:
    frame = pl.DataFrame({"x": [n / 100 for n in cents], "n": cents})
    bare = from_frame(frame)
    for declared in (
        from_frame(frame, scales={"x": 9}, nullable=["x"]),
        from_frame(frame, scales={"n": 30}),
        from_frame(frame, widths={"n": 32}),
        from_frame(frame, types={"x": ColumnType("float64"), "n": ColumnType.decimal(3, 128)}),
    ):
        assert declared.digest == bare.digest
        assert declared.schema_json() != bare.schema_json()


@settings(deadline=None)
@given(DECIMALS, st.data())
def test_a_child_aligned_to_its_parent_holds_its_cells(cents: list[int], data: st.DataObject) -> None:
    frame = pd.DataFrame({"x": [n / 100 for n in cents]})
    parent = from_frame(frame)
    rows = data.draw(st.lists(st.integers(0, len(cents) - 1), min_size=1, max_size=5))
    child = from_frame(frame.iloc[rows]).aligned(parent.types())
    assert child.types() == parent.types()
    expected = parent.take(rows)
    assert to_ints(child.column("x").data[0]) == to_ints(expected.column("x").data[0])
    assert child.digest == expected.digest


def test_alignment_of_every_kind() -> None:
    frame = pd.DataFrame(
        {
            "float": [0.5, np.pi],
            "inf": [2.0, np.inf],
            "text": [None, "a"],
            "at": pd.to_datetime([10**9, 10**9 + 1], unit="ns"),
            "big": np.array([1, 2**63], np.uint64),
        }
    )
    parent = from_frame(frame)
    child = from_frame(frame.iloc[:1]).aligned(parent.types())
    assert child.types() == parent.types()
    assert child.digest == parent.take([0]).digest == from_frame(frame.iloc[:1]).digest


def test_alignment_leaves_what_does_not_fit() -> None:
    parent = table_of([1, 2])
    child = table_of(["a", "b"])
    assert child.aligned(parent.types()).types() == child.types()
    with pytest.raises(TableError, match="cannot be taken as int64"):
        table_of(["a", "b"], types=parent.types())


def test_a_full_type_excludes_other_declarations() -> None:
    with pytest.raises(TableError, match="declared twice"):
        table_of([1], types={"x": ColumnType.integer(16)}, widths={"x": 16})


def test_select_and_take() -> None:
    table = from_frame(pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "y"]}))
    assert table.select(["b"]).names == ("b",)
    kept = table.take(np.array([True, False, True]))
    assert kept.n_rows == 2
    assert to_ints(kept.column("a").data[0]) == [1, 3]
    assert table.take([1]).column("b").nullable
    with pytest.raises(TableError, match="no column 'c'"):
        table.select(["c"])
    with pytest.raises(TableError, match="each column once"):
        table.select(["a", "a"])
    for rows in ([], [3], [-1], [0.5], [[0]], [True], [False] * 3):
        with pytest.raises(TableError, match="positions"):
            table.take(rows)
    with pytest.raises(TableError, match="no part 'head'"):
        table.column("a").part("head")
