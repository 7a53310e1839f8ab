"""Whatever cannot be committed gets a sentence that names the column and says what to do."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from zkp_nb.errors import TableError
from zkp_nb.table import from_frame


def objects(*values: object) -> pd.DataFrame:
    return pd.DataFrame({"x": pd.Series(list(values), dtype=object)})


def arrow(array: Any) -> pa.Table:
    return pa.table({"x": array})


def refused(frame: object, **declared: Any) -> TableError:
    with pytest.raises(TableError) as caught:
        from_frame(frame, **declared)
    return caught.value


BERLIN = dt.timezone(dt.timedelta(hours=1))
INVALID_UTF8 = pa.Array.from_buffers(
    pa.string(), 1, [None, pa.py_buffer(np.array([0, 1], np.int32)), pa.py_buffer(b"\xff")]
)
NOT_WHOLE_DAYS = pa.Array.from_buffers(pa.date64(), 1, [None, pa.py_buffer(np.array([5]))])


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (pd.DataFrame(), "no columns"),
        (pl.DataFrame(), "no columns"),
        (pa.table({}), "no columns"),
        (pd.DataFrame({"x": []}), "no rows"),
        (pl.DataFrame({"x": []}, schema={"x": pl.Int64}), "no rows"),
        (arrow(pa.array([], pa.int8())), "no rows"),
        (pl.LazyFrame({"x": [1]}), "collect"),
        (pd.Series([1]), "to_frame"),
        (pl.Series([1]), "to_frame"),
        ({"x": [1]}, "dict is not a frame"),
        (np.zeros((2, 2)), "ndarray is not a frame"),
        (None, "not a frame"),
        (pd.DataFrame([[1, 2]], columns=["x", "x"]), "named 'x'"),
        (pa.table([pa.array([1]), pa.array([2])], names=["x", "x"]), "named 'x'"),
        (pd.DataFrame([[1, 2]]), "not text"),
        (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), "not text"),
        (pd.DataFrame([[1]], columns=pd.Index(["\ud800"], dtype=object)), "surrogate"),
        (pd.DataFrame({"x": [1]}, index=["a"]), "reset_index"),
        (pd.DataFrame({"x": [1]}, index=[1.5]), "reset_index"),
        (pd.DataFrame({"x": [1]}, index=pd.to_datetime(["2020"])), "reset_index"),
        (pd.DataFrame({"x": [1]}, index=pd.MultiIndex.from_tuples([(1, 2)])), "reset_index"),
        (pd.DataFrame({"x": [1]}, index=pd.Index([1], name="x")), "named 'x'"),
    ],
)
def test_frames(frame: object, says: str) -> None:
    assert says in str(refused(frame))


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (objects(1, "a"), "int, text"),
        (objects("a", b"b"), "bytes, text"),
        (objects(True, 2), "bool, int"),
        (objects(Decimal(1), 0.5), "decimal, float"),
        (objects(2**60 + 1, 0.5), "float, int"),
        (objects(10**400, 0.5), "float, int"),
        (objects(dt.date(2020, 1, 1), dt.datetime(2020, 1, 1)), "date, timestamp"),
        (objects(dt.timedelta(1), 1), "duration, int"),
        (objects(dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)), "different zones"),
        (objects(dt.datetime(2020, 1, 1, tzinfo=BERLIN), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)), "zones"),
        (objects([1]), "list"),
        (objects({"a": 1}), "dict"),
        (objects(object()), "object"),
        (objects(1j), "complex"),
        (objects(uuid.UUID(int=1)), "UUID"),
        (objects(dt.time(1)), "time"),
        (objects(Fraction(1, 2)), "Fraction"),
        (objects("\ud800"), "surrogate"),
        (objects(10**39), "38 digits"),
        (objects(10**400), "38 digits"),
        (objects(Decimal(10) ** 50), "38 digits"),
        (objects(Decimal(10) ** 100), "38 digits"),
        (objects(Decimal("1e-39")), "38 digits"),
        (objects(Decimal("Infinity")), "infinite"),
        (pd.DataFrame({"x": [1j]}), "complex"),
        (pd.DataFrame({"x": np.array([1.5], np.longdouble)}), "float128"),
        (pd.DataFrame({"x": pd.period_range("2020", periods=2)}), "to_timestamp"),
        (pd.DataFrame({"x": pd.interval_range(0, 2)}), "left and right"),
        (pd.DataFrame({"x": pd.cut([1, 2, 3], 2)}), "astype(str)"),
        (pd.DataFrame({"x": pd.arrays.SparseArray([0, 1])}), "to_dense"),
        (pd.DataFrame({"x": pd.Categorical([1, "a"])}), "int, text"),
        (pl.DataFrame({"x": [[1]]}), "nested"),
        (pl.DataFrame({"x": [{"a": 1}]}), "nested"),
        (pl.DataFrame({"x": pl.Series([object()], dtype=pl.Object)}), "Python objects"),
        (pl.DataFrame({"x": [dt.time(1)]}), "times of day"),
        (pl.DataFrame({"x": pl.Series([2**127 - 1], dtype=pl.Int128)}), "38 digits"),
        (arrow(pa.array([None], pa.list_(pa.int64()))), "nested"),
        (arrow(pa.array([(1, 2, 3)], pa.month_day_nano_interval())), "calendar intervals"),
        (arrow(pa.array([b"0" * 16], pa.uuid())), "uuid"),
        (arrow(pa.array([2**62], pa.timestamp("s"))), "64 bits in microseconds"),
        (arrow(pa.array([-(2**62)], pa.duration("ms"))), "64 bits in microseconds"),
        (arrow(NOT_WHOLE_DAYS), "whole days"),
        (arrow(INVALID_UTF8), "UTF-8"),
        (arrow(pa.array([Decimal(10) ** 60], pa.decimal256(70, 0))), "38 digits"),
    ],
)
def test_columns(frame: object, says: str) -> None:
    error = refused(frame)
    assert "'x'" in error.what
    assert says in str(error)
    assert error.todo


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"scales": {"y": 2}}, "no column 'y'"),
        ({"widths": {"y": 32}}, "no column 'y'"),
        ({"nullable": ["y"]}, "no column 'y'"),
        ({"nullable": "x"}, "list of names"),
        ({"scales": {"x": -1}}, "integer from 0"),
        ({"scales": {"x": 39}}, "integer from 0"),
        ({"scales": {"x": True}}, "integer from 0"),
        ({"scales": {"x": 1}}, "finer"),
        ({"scales": {"irrational": 3}}, "round(3)"),
        ({"scales": {"text": 3}}, "no scale"),
        ({"widths": {"x": 8}}, "outside"),
        ({"widths": {"x": "uint32"}}, "outside"),
        ({"widths": {"x": 24}}, "not known"),
        ({"widths": {"x": "int"}}, "not known"),
        ({"widths": {"text": 32}}, "no width"),
    ],
)
def test_declarations(declared: dict[str, Any], says: str) -> None:
    frame = pd.DataFrame({"x": [1.25, -300.0], "irrational": [np.pi, 1.0], "text": ["a", "b"]})
    assert says in str(refused(frame, **declared))


def test_no_message_shows_a_value() -> None:
    times = arrow(pa.array([424242 << 40], pa.timestamp("s")))
    for frame in (objects("secret", 424242), objects(10**38 * 424242), times):
        message = str(refused(frame))
        assert "secret" not in message
        assert "424242" not in message
    assert "424242" not in str(refused(pd.DataFrame({"x": [424242]}), widths={"x": 16}))
