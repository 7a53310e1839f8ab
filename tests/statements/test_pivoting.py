"""Pivot tables."""

from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import Subject, claims

from .forging import claimed, forged, witness_of
from .frames import Case, committed

FRAME = pd.DataFrame(
    {
        "shop": [1, 1, 2, 2, 1, 3],
        "month": ["jan", "feb", "jan", "jan", None, "feb"],
        "price": [1.5, 2.25, None, 4, 5, 0],
        "n": [1, 2, 3, 4, 5, 6],
    }
)
PARENT = committed(FRAME, "in")


def pivoted(values: str | None = "n", aggfunc: str = "sum", **words: Any) -> Case:
    column = values or "n"
    table = FRAME.pivot_table(
        index="shop", columns="month", values=column, aggfunc=aggfunc, fill_value=0
    ).reset_index()
    table.columns.name = None
    claim = claims.pivot("shop", "month", values, **words)
    return Case(claim, committed(table, "out", [PARENT]))


@pytest.mark.usefixtures("wide_limbs")
def test_a_pivot_table() -> None:
    case = pivoted()
    assert case.sizes == [896, 640, 896]
    assert case.sentence == (
        "`out` has one row for each shop of `in`, with the sum of n for each month: feb and jan; there are no "
        "others, nulls aside."
    )
    assert case.holds()


def test_counts_and_sums_of_decimals() -> None:
    assert pivoted("price", "sum").holds()
    assert pivoted("price", "count", function="count").holds()
    assert pivoted(None, "count").holds()
    assert Case(claims.pivot("shop", "month", "b"), _of_bools()).holds()
    named = FRAME.pivot_table(
        index="shop", columns="month", values="n", aggfunc="sum", fill_value=0
    ).reset_index()
    named.columns = pd.Index(["shop", "second", "first"])
    claim = claims.pivot("shop", "month", "n", columns={"feb": "second", "jan": "first"})
    case = Case(claim, committed(named, "out", [PARENT]))
    assert "second for feb and first for jan" in case.sentence
    assert case.holds()


def _of_bools() -> Subject:
    frame = FRAME.assign(b=FRAME.n > 2)
    table = frame.pivot_table(
        index="shop", columns="month", values="b", aggfunc="sum", fill_value=0
    ).reset_index()
    return committed(table, "out", [committed(frame, "in")])


def test_polars() -> None:
    frame = pl.DataFrame({"k": ["a", "b", "a"], "m": [1, 2, 1], "v": [3, 4, 5]})
    table = frame.pivot("m", index="k", values="v", aggregate_function="sum").fill_null(0)
    assert Case(claims.pivot("k", "m", "v"), committed(table, "out", [committed(frame, "in")])).holds()


@pytest.mark.parametrize(
    ("column", "row", "value"), [("jan", 0, 2), ("feb", 2, 5), ("feb", 1, 1), ("shop", 0, 4)]
)
def test_other_totals_are_refused(column: str, row: int, value: int) -> None:
    case = pivoted()
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, column, "value", row, value))


def test_an_amount_in_another_column_is_refused() -> None:
    case = pivoted()
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    hidden = witness_of(case)
    # Row 0 is of january, the second column: its 1 is moved to the first, and the total with it.
    moved = [(hidden, "cell0", "value", 0, 1), (hidden, "cell1", "value", 0, 0)]
    assert forged(case, *moved, (output, "feb", "value", 0, 3), (output, "jan", "value", 0, 0))
    assert forged(case, (hidden, "cell1", "value", 0, 2), (output, "jan", "value", 0, 2))


def test_a_row_that_is_left_out_adds_nothing() -> None:
    case = pivoted()
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    hidden = witness_of(case)
    # Row 4 has no month. Whatever stands there does not count.
    assert not forged(case, (hidden, "cell0", "value", 4, 5))
    assert forged(case, (hidden, "cell0", "value", 4, 5), (output, "feb", "value", 0, 7))


def test_an_invented_or_repeated_key_is_refused() -> None:
    case = pivoted()
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "shop", "value", 0, 2))
    assert forged(case, (output, "shop", "value", 2, 77))
    for label in ("rows", "inverse/rows"):
        assert case.cheated(lambda aux, label=label: aux[label].__setitem__(0, 0), 2)  # type: ignore[misc]


def test_values_that_have_no_column_are_refused() -> None:
    case = pivoted()
    cells = case.statement.cells  # type: ignore[attr-defined]
    assert claimed(case, cells=(cells[0], cells[1].model_copy(update={"value": "may"})))
    with pytest.raises(StatementError, match="another type"):
        claimed(case, function="count")
    with pytest.raises(StatementError, match="named twice"):
        claimed(case, cells=(cells[0], cells[1].model_copy(update={"value": "feb"})))


def test_what_is_not_claimed() -> None:
    table = FRAME.pivot_table(
        index="shop", columns="month", values="n", aggfunc="sum", fill_value=0
    ).reset_index()
    other = committed(table.assign(jan=[1, 7, 1]), "out", [PARENT])
    with pytest.raises(StatementFalse, match="1 value of 'jan' in `out` is another total"):
        claims.pivot("shop", "month", "n").state(other)
    fewer = committed(table.drop(columns="jan"), "out", [PARENT])
    with pytest.raises(StatementFalse, match="have another month than `out` has columns for"):
        claims.pivot("shop", "month", "n").state(fewer)
    keys = committed(table.assign(shop=[1, 2, 4]), "out", [PARENT])
    with pytest.raises(StatementFalse, match="keys of `out`"):
        claims.pivot("shop", "month", "n").state(keys)
    gaps = committed(table.assign(jan=[1, 7, None]), "out", [PARENT])
    with pytest.raises(StatementError, match="fill_value=0"):
        claims.pivot("shop", "month", "n").state(gaps)
    with pytest.raises(StatementError, match="number of rows is of none"):
        claims.pivot("shop", "month", function="sum")


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.none() | st.integers(0, 3), st.none() | st.integers(-9, 9)),
        min_size=1,
        max_size=10,
    ).filter(lambda rows: any(m is not None and v is not None for _, m, v in rows))
)
def test_random_tables_agree_with_polars(rows: list[tuple[int, int | None, int | None]]) -> None:
    frame = pl.DataFrame(rows, {"k": pl.Int64, "m": pl.Int64, "v": pl.Int64}, orient="row")
    whole = frame.filter(pl.col("m").is_not_null())
    table = whole.pivot("m", index="k", values="v", aggregate_function="sum").fill_null(0)
    assert Case(claims.pivot("k", "m", "v"), committed(table, "out", [committed(frame, "in")])).holds()
