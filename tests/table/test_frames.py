"""Equal data give equal cells, whatever the library and the physical types."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.table import Column, ColumnType, Table, from_frame, is_frame, to_ints

from .conftest import table_of

Frames = dict[str, Any]


def only(table: Table) -> Column:
    (column,) = table.columns
    return column


def assert_same(*tables: Table) -> None:
    first, *others = tables
    for other in others:
        assert other.schema_json() == first.schema_json()
        assert other.digest == first.digest
        for left, right in zip(first.columns, other.columns, strict=True):
            for one, two in zip(left.parts, right.parts, strict=True):
                assert one.label == two.label
                assert one.cells.dtype == two.cells.dtype
                np.testing.assert_array_equal(one.cells, two.cells)


def test_three_libraries_one_table(mixed: Frames) -> None:
    tables = {library: from_frame(frame) for library, frame in mixed.items()}
    assert_same(*tables.values())
    assert {c.name: c.type.describe() for c in tables["arrow"].columns} == {
        "id": "int64",
        "price": "decimal(2)",
        "name": "text",
        "kind": "text",
        "raw": "bytes",
        "ok": "bool",
        "day": "date",
        "at": "timestamp[us, Europe/Paris]",
        "took": "duration[us]",
        "ratio": "float64",
    }
    assert [c.nullable for c in tables["arrow"].columns] == [False] + [True] * 9


INTS = st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20)
FLOATS = st.lists(st.none() | st.floats(allow_nan=True), min_size=1, max_size=20)
CENTS = st.lists(st.none() | st.integers(-(10**9), 10**9).map(lambda n: n / 100), min_size=1, max_size=20)
TEXTS = st.lists(st.none() | st.text(st.characters(codec="utf-8")), min_size=1, max_size=20)
BYTES = st.lists(st.none() | st.binary(), min_size=1, max_size=20)
BOOLS = st.lists(st.none() | st.booleans(), min_size=1, max_size=20)
DATES = st.lists(st.none() | st.dates(), min_size=1, max_size=20)
TIMES = st.lists(st.none() | st.datetimes(), min_size=1, max_size=20)
SPANS = st.lists(
    st.none() | st.timedeltas(dt.timedelta(days=-(10**6)), dt.timedelta(days=10**6)), min_size=1, max_size=20
)
KINDS: dict[str, tuple[Any, Any, Any]] = {
    "int": (INTS, pl.Int64, pa.int64()),
    "float": (FLOATS, pl.Float64, pa.float64()),
    "cents": (CENTS, pl.Float64, pa.float64()),
    "text": (TEXTS, pl.String, pa.string_view()),
    "bytes": (BYTES, pl.Binary, pa.binary()),
    "bool": (BOOLS, pl.Boolean, pa.bool_()),
    "date": (DATES, pl.Date, pa.date64()),
    "timestamp": (TIMES, pl.Datetime("us"), pa.timestamp("us")),
    "duration": (SPANS, pl.Duration("us"), pa.duration("us")),
}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_any_column_is_the_same_in_every_library(kind: str, data: st.DataObject) -> None:
    strategy, polars_type, arrow_type = KINDS[kind]
    values = data.draw(strategy)
    split = data.draw(st.integers(0, len(values)))
    chunks = [pa.array(values[:split], arrow_type), pa.array(values[split:], arrow_type)]
    assert_same(
        from_frame(pd.DataFrame({"x": pd.Series(values, dtype=object)})),
        from_frame(pl.DataFrame({"x": pl.Series(values, dtype=polars_type)})),
        from_frame(pa.table({"x": pa.chunked_array(chunks, arrow_type)})),
    )


@pytest.mark.parametrize("kind", ["int", "float", "cents", "bool", "date", "timestamp", "duration"])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_cells_decode_to_the_values(kind: str, data: st.DataObject) -> None:
    strategy, polars_type, _ = KINDS[kind]
    values = data.draw(strategy)
    column = only(from_frame(pl.DataFrame({"x": pl.Series(values, dtype=polars_type)})))
    nulls = [v is None or v != v for v in values]
    assert (column.null.tolist() if column.null is not None else [False] * len(values)) == nulls
    interval = column.type.interval()
    assert interval is not None
    for value, cell, null in zip(values, to_ints(column.part("value").cells), nulls, strict=True):
        if null:
            assert cell == 0
            continue
        assert interval[0] <= cell <= interval[1]
        decoded = column.type.decode(cell)
        assert float(decoded) == value if isinstance(value, float) else decoded == value  # type: ignore[arg-type]
        if not (isinstance(value, float) and column.type.kind == "float64" and value == 0):
            assert column.type.encode_scalar(value) == cell


def test_text_is_the_same_however_it_is_stored() -> None:
    values = ["x", "y", None, "x"]
    arrays = [
        pa.array(values, pa.string()),
        pa.array(values, pa.large_string()),
        pa.array(values, pa.string_view()),
        pa.array(values).dictionary_encode(),
        pa.chunked_array(
            [pa.array(values[:2]).dictionary_encode(), pa.array(["x", None, "x"]).dictionary_encode()[1:]]
        ),
        pa.DictionaryArray.from_arrays(pa.array([3, 0, 1, 2]), ["y", None, "x", "x"]),
        pa.RunEndEncodedArray.from_arrays([1, 2, 3, 4], values),
    ]
    assert_same(
        *(from_frame(pa.table({"x": array})) for array in arrays),
        table_of(pd.Series(values, dtype=object)),
        table_of(pd.Series(values, dtype="str")),
        table_of(pd.Series(values, dtype="category")),
        from_frame(pl.DataFrame({"x": pl.Series(values, dtype=pl.Categorical)})),
        from_frame(pl.DataFrame({"x": pl.Series(values, dtype=pl.Enum(["z", "y", "x"]))})),
    )


def test_numbers_are_the_same_however_they_are_stored() -> None:
    ints = [3, None, -1]
    assert_same(
        table_of([3.0, np.nan, -1.0]),
        table_of(pd.array(ints, "Int8")),
        table_of(pd.Series(ints, dtype=object)),
        table_of(pd.Series(pd.Categorical([3, None, -1]))),
        table_of(pd.Series([Decimal(3), None, Decimal("-1.00")], dtype=object)),
        from_frame(pl.DataFrame({"x": pl.Series(ints, dtype=pl.Int128)})),
        from_frame(pl.DataFrame({"x": pl.Series(ints, dtype=pl.Decimal(20, 4))})),
        from_frame(pa.table({"x": pa.array(ints, pa.decimal256(70, 9))})),
        from_frame(pa.table({"x": pa.array([3.0, float("nan"), -1.0], pa.float32())})),
    )
    assert_same(table_of([1, 2]), table_of(np.array([1, 2], np.uint64)), table_of(np.array([1, 2], np.int8)))
    assert_same(
        table_of([0.5, 1.25]),
        table_of(np.array([0.5, 1.25], np.float32)),
        table_of([Decimal("0.50"), Decimal("1.25")]),
    )


def test_zeros_and_nans_have_one_form() -> None:
    assert_same(table_of([0.0, np.pi]), table_of([-0.0, np.pi]))
    negative_nan = np.array([0xFFF8_0000_0000_0001], np.uint64).view(np.float64)[0]
    assert_same(table_of([np.nan, np.pi]), table_of([negative_nan, np.pi]), table_of([None, np.pi]))
    behind = pa.Array.from_buffers(pa.int64(), 3, [pa.py_buffer(b"\x05"), pa.py_buffer(np.array([1, 77, 3]))])
    assert_same(from_frame(pa.table({"x": behind})), table_of([1, None, 3]))


def test_times_are_the_same_however_they_are_stored() -> None:
    stamps = ["2020-01-01T00:00:00", None, "1969-12-31T23:59:58"]
    assert_same(
        *(table_of(pd.to_datetime(stamps).astype(f"datetime64[{unit}]")) for unit in ("s", "ms", "us", "ns"))
    )
    assert_same(
        *(table_of(pd.to_datetime(["2020-01-01"]).tz_localize(zone)) for zone in ("UTC", dt.UTC, "Etc/UTC"))
    )
    objects = pd.Series([pd.Timestamp("2020-01-01T00:00:00.000000001"), pd.NaT], dtype=object)
    fine = table_of(objects)
    assert only(fine).type == ColumnType.timestamp("ns")
    assert_same(fine, table_of(objects.astype("datetime64[ns]")))
    spans = pd.Series([pd.Timedelta(1, "ns"), dt.timedelta(days=1)], dtype=object)
    assert to_ints(only(table_of(spans)).data[0]) == [1, 86_400 * 10**9]


def test_naive_and_zoned_times_differ() -> None:
    naive = pd.to_datetime(["2020-01-01", "2021-01-01"])
    assert table_of(naive).digest != table_of(naive.tz_localize("UTC")).digest


def test_kinds_of_values_do_not_collide() -> None:
    frames = [
        pa.table({"x": array})
        for array in (
            pa.array([0, 1]),
            pa.array([False, True]),
            pa.array([0, 1], pa.date32()),
            pa.array([0, 1], pa.timestamp("us")),
            pa.array([0, 1], pa.duration("us")),
            pa.array(["0", "1"]),
            pa.array([b"0", b"1"]),
            pa.array([None, 1]),
            pa.array([0, None]),
            pa.array([1, 0]),
            pa.array([0, 1, 1]),
        )
    ]
    frames.append(pa.table({"y": pa.array([0, 1])}))
    assert len({from_frame(frame).digest for frame in frames}) == len(frames)


def test_order_of_rows_and_columns_counts() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    assert len({from_frame(f).digest for f in (frame, frame[["b", "a"]], frame[::-1])}) == 3


def test_row_numbers_of_pandas_are_ignored(tmp_path: Any) -> None:
    frame = pd.DataFrame({"a": range(6)})
    kept = frame[frame.a > 2]
    assert_same(from_frame(kept), from_frame(kept.reset_index(drop=True)), from_frame(pa.table(kept)))


def test_an_index_with_a_name_is_a_column() -> None:
    grouped = pd.DataFrame({"k": ["a", "b", "a"], "v": [1, 2, 3]}).groupby("k").sum()
    table = from_frame(grouped)
    assert table.names == ("v", "k")
    assert_same(table, from_frame(pa.table(grouped)), from_frame(grouped.reset_index()[["v", "k"]]))
    levels = pd.DataFrame({"k": [1, 2], "m": ["a", "b"], "v": [1, 2]}).set_index(["k", "m"])
    assert from_frame(levels).names == ("v", "k", "m")


def test_a_table_is_a_snapshot() -> None:
    values = np.array([1, 2, 3])
    frame = pd.DataFrame({"x": values}, copy=False)
    table = from_frame(frame)
    values[0] = 9
    frame.loc[1, "x"] = 9
    assert to_ints(only(table).data[0]) == [1, 2, 3]
    with pytest.raises(ValueError, match="read-only"):
        only(table).data[0][0] = 5


def test_repr_shows_no_cells() -> None:
    assert "424242" not in repr(table_of([424242, 1]))


def test_wide_decimals() -> None:
    values = [Decimal("-12345678901234567890.25"), None, Decimal("0.5"), Decimal(10**20)]
    column = only(table_of(pd.Series(values, dtype=object)))
    assert column.type == ColumnType.decimal(2, 128)
    assert column.part("value").cells.shape == (4, 32)
    cells = to_ints(column.part("value").cells)
    assert cells == [-1234567890123456789025, 0, 50, 10**22]
    assert column.type.decode(cells[0]) == values[0]
    assert_same(
        table_of(pd.Series(values, dtype=object)),
        from_frame(pl.DataFrame({"x": pl.Series(values, dtype=pl.Decimal(38, 7))})),
    )


def test_integers_beyond_64_bits() -> None:
    unsigned = only(table_of(np.array([2**64 - 1, 0], np.uint64)))
    assert unsigned.type == ColumnType.integer(64, signed=False)
    assert unsigned.part("value").cells.dtype == np.uint64
    huge = [2**100, -1]
    assert only(table_of(pd.Series(huge, dtype=object))).type == ColumnType.decimal(0, 128)
    assert_same(
        table_of(pd.Series(huge, dtype=object)),
        from_frame(pl.DataFrame({"x": pl.Series(huge, dtype=pl.Int128)})),
    )


def test_columns_of_nothing_but_nulls_are_one_type() -> None:
    assert_same(
        table_of([None, None]),
        table_of([np.nan, np.nan]),
        from_frame(pl.DataFrame({"x": pl.Series([None, None], dtype=pl.String)})),
        from_frame(pa.table({"x": pa.nulls(2)})),
        from_frame(pa.table({"x": pa.array([None, None], pa.timestamp("s"))})),
    )


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (pd.DataFrame({"x": [1]}), True),
        (pl.DataFrame({"x": [1]}), True),
        (pa.table({"x": [1]}), True),
        (pa.record_batch({"x": [1]}), True),
        (pd.Series([1]), False),
        (pl.Series([1]), False),
        (pl.LazyFrame({"x": [1]}), False),
        (pa.chunked_array([[1]]), False),
        (pd.DataFrame, False),
        ({"x": [1]}, False),
        (None, False),
    ],
)
def test_what_a_frame_is(obj: object, expected: bool) -> None:
    assert is_frame(obj) is expected


@pytest.mark.parametrize(
    ("used", "unused"),
    [
        (
            "import polars; frame = polars.DataFrame({'x': [1, None], 'y': ['a', 'b'], 'z': [0.5, 1.0]})",
            "pandas",
        ),
        (
            "import pandas; frame = pandas.DataFrame({'x': [1, None], 'y': ['a', 'b'], 'z': [0.5, 1.0]})",
            "polars",
        ),
    ],
)
def test_libraries_that_the_user_did_not_import_stay_unimported(used: str, unused: str) -> None:
    work = f"import sys, zkp_nb.table as t; {used}; t.from_frame(frame).digest"
    code = f"{work}; sys.exit({unused!r} in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_digest_is_as_specified() -> None:
    def u64(number: int) -> bytes:
        return number.to_bytes(8, "big")

    def column(header: bytes, *parts: bytes) -> bytes:
        body = b"".join(u64(len(part)) + part for part in parts)
        return sha256(b"zkp_nb/column/v1\x00" + u64(len(header)) + header + body).digest()

    hashed = sha256(b"zkp_nb/text\x00a").digest()
    n = column(
        b'{"nullable":true,"type":{"bits":64,"kind":"int","signed":true}}',
        (-2).to_bytes(8, "little", signed=True) + bytes(8),
        b"\x00\x01",
    )
    name = column(
        b'{"nullable":false,"type":{"kind":"text"}}',
        hashed[7::-1] * 2,
        (hashed[30:7:-1] + bytes(9)) * 2,
    )
    expected = sha256(
        b"zkp_nb/table/v1\x00" + u64(2) + u64(2) + u64(1) + b"n" + n + u64(5) + b"names" + name
    ).digest()
    assert from_frame(pd.DataFrame({"n": [-2.0, None], "names": ["a", "a"]})).digest == expected
