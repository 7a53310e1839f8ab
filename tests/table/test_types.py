"""Types: their JSON, their intervals, constants in and values out."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import TableError
from zkp_nb.table import ColumnType, to_ints
from zkp_nb.table.cells import FIELD_MODULUS, wide_from_ints

from .conftest import table_of

INT = ColumnType.integer()
CENTS = ColumnType.decimal(2)
FLOAT = ColumnType("float64")
TEXT = ColumnType("text")
DATE = ColumnType("date")
NAIVE = ColumnType.timestamp()
PARIS = ColumnType.timestamp(zone="Europe/Paris")
NANO = ColumnType.timestamp("ns")
SPAN = ColumnType.duration()
EVERY = [
    INT,
    ColumnType.integer(16, signed=False),
    CENTS,
    ColumnType.decimal(0, 128),
    ColumnType("bool"),
    FLOAT,
    TEXT,
    ColumnType("bytes"),
    DATE,
    NAIVE,
    PARIS,
    NANO,
    SPAN,
]


@pytest.mark.parametrize("type_", EVERY, ids=ColumnType.describe)
def test_json_round_trip(type_: ColumnType) -> None:
    assert ColumnType.from_json(type_.to_json()) == type_


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"kind": "category"},
        {"kind": 3},
        {"kind": "int"},
        {"kind": "int", "bits": 24, "signed": True},
        {"kind": "int", "bits": 64.0, "signed": True},
        {"kind": "int", "bits": 64, "signed": 1},
        {"kind": "int", "bits": 64, "signed": True, "scale": 1},
        {"kind": "int", "bits": 128, "signed": True},
        {"kind": "decimal", "bits": 64, "signed": True, "scale": -1},
        {"kind": "decimal", "bits": 64, "signed": True, "scale": True},
        {"kind": "text", "zone": "UTC"},
        {"kind": "timestamp"},
        {"kind": "timestamp", "unit": "m"},
        {"kind": "timestamp", "unit": "us", "zone": ""},
        {"kind": "bool", "extra": None},
        [],
    ],
)
def test_json_that_is_no_type(document: Any) -> None:
    with pytest.raises(TableError):
        ColumnType.from_json(document)


def test_intervals() -> None:
    assert ColumnType.integer(8).interval() == (-128, 127)
    assert ColumnType.integer(64, signed=False).interval() == (0, 2**64 - 1)
    assert CENTS.interval() == INT.interval() == NAIVE.interval() == SPAN.interval() == (-(2**63), 2**63 - 1)
    assert ColumnType.decimal(3, 128).interval() == (-(2**127), 2**127 - 1)
    assert DATE.interval() == (-(2**31), 2**31 - 1)
    assert ColumnType("bool").interval() == (0, 1)
    assert FLOAT.interval() == (0, 2**64 - 1)
    assert TEXT.interval() is None


def test_properties() -> None:
    assert {t.kind for t in EVERY if t.numeric} == {"int", "decimal", "bool", "duration"}
    assert {t.kind for t in EVERY if t.is_hashed} == {"text", "bytes"}
    assert all(t.orderable != t.is_hashed for t in EVERY)


@pytest.mark.parametrize(
    ("type_", "value", "cell"),
    [
        (INT, 5, 5),
        (INT, np.int8(-5), -5),
        (INT, 5.0, 5),
        (INT, True, 1),
        (CENTS, 19.99, 1999),
        (CENTS, "19.99", None),
        (CENTS, Decimal("-0.5"), -50),
        (CENTS, Fraction(1, 4), 25),
        (CENTS, 7, 700),
        (CENTS, np.float64(0.1), 10),
        (ColumnType("bool"), True, 1),
        (ColumnType("bool"), np.bool_(False), 0),
        (ColumnType("bool"), "yes", None),
        (FLOAT, 0.0, 2**63),
        (FLOAT, -0.0, 2**63),
        (FLOAT, 1, 0xBFF0_0000_0000_0000),
        (FLOAT, "1", None),
        (DATE, dt.date(1970, 1, 2), 1),
        (DATE, "1969-12-31", -1),
        (DATE, dt.datetime(1970, 1, 2), 1),
        (DATE, np.datetime64("1970-02"), 31),
        (DATE, 1, None),
        (NAIVE, dt.datetime(1970, 1, 1, 0, 0, 1), 10**6),
        (NAIVE, dt.date(1970, 1, 2), 86_400 * 10**6),
        (NAIVE, "1970-01-01T00:00:01", 10**6),
        (NAIVE, pd.Timestamp(1000, unit="ns"), 1),
        (NAIVE, np.datetime64(7, "us"), 7),
        (NAIVE, "tomorrow", None),
        (NAIVE, dt.datetime(1970, 1, 1, tzinfo=dt.UTC), None),
        (NAIVE, 1, None),
        (NANO, pd.Timestamp(1001, unit="ns"), 1001),
        (PARIS, "1970-01-01T01:00:01", 10**6),
        (PARIS, "1970-01-01T00:00:01+00:00", 10**6),
        (PARIS, dt.datetime(1970, 1, 1, 1, tzinfo=ZoneInfo("Europe/Paris")), 0),
        (PARIS, pd.Timestamp("1970-01-01T01:00", tz="Europe/Paris"), 0),
        (PARIS, dt.datetime(1970, 1, 1), None),
        (PARIS, "2024-10-27T02:30:00", None),
        (SPAN, dt.timedelta(seconds=-1), -(10**6)),
        (SPAN, pd.Timedelta("1us"), 1),
        (SPAN, np.timedelta64(1, "m"), 60 * 10**6),
        (SPAN, np.timedelta64(1, "M"), None),
        (SPAN, 5, None),
        (TEXT, 5, None),
        (TEXT, b"a", None),
        (TEXT, "\ud800", None),
        (ColumnType("bytes"), "a", None),
        (INT, None, None),
        (INT, float("nan"), None),
        (INT, float("inf"), None),
        (INT, pd.NA, None),
        (NAIVE, pd.NaT, None),
        (NAIVE, np.datetime64("NaT"), None),
        (INT, 2**63, None),
        (INT, 5.5, None),
        (INT, 1j, None),
        (CENTS, 19.999, None),
        (FLOAT, Decimal("0.1"), None),
        (NAIVE, pd.Timestamp(1001, unit="ns"), None),
    ],
)
def test_constants(type_: ColumnType, value: object, cell: int | None) -> None:
    if cell is None:
        with pytest.raises(TableError) as caught:
            type_.encode_scalar(value)
        assert str(caught.value).endswith(".")
    else:
        assert type_.encode_scalar(value) == cell


def test_text_constant_matches_a_column() -> None:
    digest = hashlib.sha256(b"zkp_nb/text\x00" + "grün".encode()).digest()
    expected = (int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:31], "big"))
    assert TEXT.encode_scalar("grün") == expected
    column = table_of(["grün", "rot"]).column("x")
    assert (to_ints(column.part("head").cells)[0], to_ints(column.part("tail").cells)[0]) == expected
    assert ColumnType("bytes").encode_scalar("grün".encode()) != expected


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-(10**9), max_value=10**9))
def test_floor_is_the_largest_cell_below(value: Decimal) -> None:
    for type_, step in ((INT, Decimal(1)), (CENTS, Decimal("0.01"))):
        cell, exact = type_.floor_scalar(value)
        assert exact == (cell * step == value)
        assert cell * step <= value < (cell + 1) * step


@settings(deadline=None)
@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_float_codes_keep_the_order(left: float, right: float) -> None:
    one, two = FLOAT.encode_scalar(left), FLOAT.encode_scalar(right)
    assert isinstance(one, int)
    assert isinstance(two, int)
    assert (one < two) == (left < right)
    assert FLOAT.decode(one) == left


@settings(deadline=None)
@given(st.fractions())
def test_floor_of_a_float_column(value: Fraction) -> None:
    cell, exact = FLOAT.floor_scalar(value)
    near = FLOAT.decode(cell)
    assert isinstance(near, float)
    assert math.isfinite(near)
    assert Fraction(near) <= value < Fraction(math.nextafter(near, math.inf))
    assert exact == (Fraction(near) == value)


def test_decoding() -> None:
    assert CENTS.decode(-1999) == Decimal("-19.99")
    assert CENTS.decode(FIELD_MODULUS - 1999) == Decimal("-19.99")
    assert CENTS.decode(10**40) == Decimal(10) ** 38
    assert NAIVE.decode(1) == dt.datetime(1970, 1, 1, microsecond=1)
    assert PARIS.decode(0) == dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    assert str(PARIS.decode(0)) == "1970-01-01 01:00:00+01:00"
    assert NANO.decode(1001) == np.datetime64(1001, "ns")
    assert NAIVE.decode(2**62) == np.datetime64(2**62, "us")
    assert SPAN.decode(-1) == dt.timedelta(microseconds=-1)
    assert SPAN.decode(2**62) == dt.timedelta(microseconds=2**62)
    assert DATE.decode(2**31 - 1) == np.datetime64(2**31 - 1, "D")
    assert FLOAT.decode(2**64 - 1 - 0x000F_FFFF_FFFF_FFFF) == math.inf


@pytest.mark.parametrize(
    ("type_", "cell"),
    [
        (TEXT, 1),
        (ColumnType("bool"), 2),
        (FLOAT, -1),
        (FLOAT, 0),
        (INT, FIELD_MODULUS),
        (NAIVE, 2**70),
        (DATE, 2**80),
    ],
)
def test_cells_of_nothing(type_: ColumnType, cell: int) -> None:
    with pytest.raises(TableError):
        type_.decode(cell)


@settings(deadline=None)
@given(st.lists(st.integers(-(2**127), 2**127 - 1), min_size=1))
def test_wide_cells(values: list[int]) -> None:
    cells = wide_from_ints(values)
    assert cells.shape == (len(values), 32)
    assert to_ints(cells) == values
    assert all(
        int.from_bytes(row.tobytes(), "little") == v % FIELD_MODULUS
        for row, v in zip(cells, values, strict=True)
    )
