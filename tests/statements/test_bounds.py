"""Bounds of a column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims
from zkp_nb.statements.bounds import Between

from .frames import Case, committed, edited

FRAME = pd.DataFrame(
    {
        "age": [0, 17, 120],
        "price": [1.25, None, 99.99],
        "big": np.array([2**63 - 1, -(2**63), 0], np.int64),
        "when": pd.to_datetime(["2024-01-01", "2024-06-30", None]),
        "ratio": [0.1, 1 / 3, -2.5],
        "name": ["a", "b", "c"],
    }
)


@pytest.mark.parametrize(
    ("column", "low", "high", "sentence"),
    [
        ("age", 0, 120, "Every value of age in `t` that is not null lies between 0 and 120, both included."),
        ("age", 0, 255, "Every value of age in `t` that is not null lies between 0 and 255, both included."),
        ("price", 1.25, "99.99", None),
        ("price", 1, None, "Every value of price in `t` that is not null is at least 1."),
        ("big", None, 2**63 - 1, None),
        ("when", "2024-01-01", "2024-06-30", None),
        ("ratio", -2.5, 0.5, None),
    ],
)
def test_bounds_that_hold(column: str, low: Any, high: Any, sentence: str | None) -> None:
    from decimal import Decimal

    case = Case(
        claims.between(column, low, Decimal(high) if high == "99.99" else high), committed(FRAME, "t")
    )
    assert case.holds()
    assert case.sentence == sentence or sentence is None
    assert max(case.sizes) <= 1024


@pytest.mark.usefixtures("wide_limbs")
def test_a_nullable_column_of_64_bits_fits() -> None:
    frame = pd.DataFrame({"x": pd.array([5, None, 2**62], "Int64")})
    case = Case(claims.between("x", 5, 2**62 + 12345), committed(frame))
    assert case.sizes == [896]
    assert case.holds()


@pytest.mark.parametrize(("low", "high", "count"), [(1, 120, 1), (0, 119, 1), (5, 6, 3), (None, 100, 1)])
def test_bounds_that_do_not_hold(low: int | None, high: int, count: int) -> None:
    with pytest.raises(StatementFalse, match=f"^{count} values? of column 'age' of `t` lies? outside"):
        claims.between("age", low, high).state(committed(FRAME, "t"))


@pytest.mark.usefixtures("wide_limbs")
@pytest.mark.parametrize("value", [-1, 121, 1 << 16, 1 << 20, -(1 << 40)])
def test_a_value_out_of_range_is_refused(value: int) -> None:
    subject = committed(FRAME)
    case = Case(claims.between("age", 0, 120), subject)
    other = edited(subject, "age", "value", 1, value)
    honest, forged = case.witness(), {subject.dataset_id: other}
    assert case.violations(honest, forged) == ["sum 0"]
    # The best that a prover could do: count what it looks up.
    for cell in (value, 120 - value, value << 9, (120 - value) << 9):
        if 0 <= cell < 1 << 16:
            honest[0][-1][cell] += 1
    assert case.violations(honest, forged) == ["sum 0"]


def test_nulls_are_exempt_and_only_nulls() -> None:
    subject = committed(FRAME)
    case = Case(claims.between("price", 1, 100), subject)
    assert case.holds()
    hidden = edited(subject, "price", "null", 0, True)
    assert [
        each
        for each in case.violations(case.witness(), {subject.dataset_id: hidden})
        if each.startswith("constraint")
    ]


@pytest.mark.parametrize(
    ("column", "low", "high", "words"),
    [
        ("name", "a", "c", "too wide to compare"),
        ("age", None, None, "at least one side"),
        ("age", 10, 5, "No value of column 'age' can lie"),
        ("age", "x", None, "cannot be compared with a column of int64"),
        ("missing", 0, 1, "has no column 'missing'"),
    ],
)
def test_malformed_bounds(column: str, low: Any, high: Any, words: str) -> None:
    with pytest.raises(StatementError, match=words):
        claims.between(column, low, high).state(committed(FRAME))


def test_limbs_depend_on_public_data_only() -> None:
    programs = []
    for values in ([0, 1], [1000, 120_000]):
        subject = committed(pd.DataFrame({"x": values}))
        statement = claims.between("x", 0, 1_000_000).state(subject)
        (program,) = statement.programs({subject.dataset_id: subject.record})
        programs.append((len(program.aux), program.constraints.__len__(), len(program.document()["nodes"])))
    assert programs[0] == programs[1]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=6),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-(2**63), 2**63 - 1),
)
def test_random_bounds_agree_with_python(values: list[int], low: int, high: int) -> None:
    low, high = min(low, high), max(low, high)
    subject = committed(pd.DataFrame({"x": np.array(values, np.int64)}))
    if all(low <= value <= high for value in values):
        case = Case(claims.between("x", low, high), subject)
        assert case.holds()
        assert isinstance(case.statement, Between)
    else:
        with pytest.raises(StatementFalse):
            claims.between("x", low, high).state(subject)
