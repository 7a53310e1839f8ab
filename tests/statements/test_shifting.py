"""Values of other rows: shifted, differences, running and rolling sums."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import Claim, claims

from .forging import claimed, forged
from .frames import Case, committed

FRAME = pd.DataFrame(
    {"x": [5, -3, 8, 2**40, 1], "s": ["a", None, "b", "b", "c"], "p": [1.25, 2.5, 0.75, 0.5, 4]}
)
PARENT = committed(FRAME, "in")


def case_of(column: pd.Series, into: str, claim: Claim) -> Case:
    child = FRAME.assign(**{into: column.convert_dtypes()})
    return Case(claim, committed(child, "out", [PARENT]))


def lagged(periods: int = 1, column: str = "x") -> Case:
    return case_of(FRAME[column].shift(periods), "prev", claims.lag(column, periods, into="prev"))


def rolled(window: int = 3, *, partial: bool = False) -> Case:
    sums = FRAME.x.rolling(window, min_periods=1 if partial else window).sum()
    return case_of(sums, "sum", claims.rolling_sum("x", window, partial=partial, into="sum"))


@pytest.mark.parametrize("periods", [1, 2, 4, -1, -3])
@pytest.mark.parametrize("column", ["x", "s", "p"])
def test_shifted_values(periods: int, column: str) -> None:
    case = lagged(periods, column)
    assert case.sizes == [640]
    assert case.holds()


def test_what_is_shifted_is_said() -> None:
    assert lagged().sentence == "`out` has the rows of `in` in the same order, with prev = x of 1 row before."
    assert lagged(-2).sentence.endswith("with prev = x of 2 rows after.")
    case = case_of(FRAME.x.diff(), "d", claims.difference("x", into="d"))
    assert case.sentence.endswith("with d = x minus x of 1 row before.")


def test_differences() -> None:
    assert case_of(FRAME.x.diff(2), "d", claims.difference("x", 2, into="d")).holds()
    case = case_of(FRAME.p.diff(-1), "d", claims.difference("p", -1, into="d"))
    assert case.holds()
    assert case.sizes == [768]
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    for row, value in ((0, 1), (4, 0), (4, 5)):
        assert forged(case, (output, "d", "value", row, value)) or value == 0
    assert forged(case, (output, "d", "null", 0, True))
    assert forged(case, (output, "d", "null", 4, False))


def test_sums_of_all_rows_before() -> None:
    case = case_of(FRAME.x.cumsum(), "sum", claims.running_sum("x", into="sum"))
    assert case.sizes == [640]
    assert case.sentence.endswith("with sum = the sum of x of all rows up to this one.")
    assert case.holds()
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    for row in range(5):
        assert forged(case, (output, "sum", "value", row, 77))
    assert case_of(FRAME.p.cumsum(), "sum", claims.running_sum("p", into="sum")).holds()


@pytest.mark.parametrize("window", [1, 2, 3, 5])
@pytest.mark.parametrize("partial", [False, True])
def test_sums_of_a_window(window: int, partial: bool) -> None:
    case = rolled(window, partial=partial)
    assert case.holds()
    assert max(case.sizes) <= 832


def test_what_a_window_is_is_said() -> None:
    assert rolled().sentence.endswith(
        "with sum = the sum of x of the last 3 rows, null where there are fewer."
    )
    assert rolled(partial=True).sentence.endswith("of the last 3 rows, or of as many as there are.")


@pytest.mark.parametrize(("row", "value"), [(0, 0), (0, 5), (1, -3), (4, 2**40 + 1)])
def test_another_shifted_value_is_refused(row: int, value: int) -> None:
    case = lagged()
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    found = forged(case, (output, "prev", "value", row, value))
    assert found if (row, value) != (0, 0) else not found


def test_a_row_without_another_is_null() -> None:
    case = lagged()
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "prev", "null", 0, False))
    assert forged(case, (output, "prev", "null", 1, True))
    texts = lagged(1, "s")
    (output,) = (texts.subjects[each] for each in texts.statement.outputs)
    assert forged(texts, (output, "prev", "null", 2, False))
    assert forged(texts, (output, "prev", "tail", 1, 5))


@pytest.mark.parametrize("row", range(5))
@pytest.mark.parametrize("partial", [False, True])
def test_another_sum_of_a_window_is_refused(row: int, partial: bool) -> None:
    case = rolled(partial=partial)
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "sum", "value", row, 4))
    if not partial:
        assert forged(case, (output, "sum", "null", row, row >= 2))


def test_another_running_sum_is_refused() -> None:
    """Two sums that are off by the same amount have the right difference."""
    case = rolled()
    for rows in ((0,), (4,), range(5), (0, 3)):
        assert case.cheated(
            lambda aux, rows=rows: [aux["running"].__setitem__(row, aux["running"][row] + 1) for row in rows]  # type: ignore[misc]
        )


def test_other_rules_are_refused() -> None:
    assert claimed(lagged(), periods=2)
    assert claimed(lagged(), periods=-1)
    assert claimed(rolled(), window=2)
    assert claimed(rolled(), whole=False)


def test_what_is_not_claimed() -> None:
    with pytest.raises(StatementFalse, match="5 values of column 'prev'"):
        case_of(FRAME.x.shift(1), "prev", claims.lag("x", -1, into="prev"))
    with pytest.raises(StatementError, match="too few"):
        case_of(FRAME.x.shift(5), "prev", claims.lag("x", 5, into="prev"))
    with pytest.raises(StatementError, match="one row or more"):
        lagged(0)
    gaps = committed(FRAME.assign(x=[1, 2, None, 4, 5]), "in")
    child = committed(FRAME.assign(x=[1, 2, None, 4, 5], sum=[1, 3, 3, 7, 12]), "out", [gaps])
    with pytest.raises(StatementError, match="Fill them"):
        claims.running_sum("x", into="sum").state(child)


def test_polars() -> None:
    frame = pl.DataFrame({"x": [4, 1, 7]})
    parent = committed(frame, "in")
    child = committed(frame.with_columns(prev=pl.col("x").shift(1)), "out", [parent])
    assert Case(claims.lag("x", into="prev"), child).holds()


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(-(2**50), 2**50), min_size=2, max_size=7),
    st.integers(1, 6),
    st.sampled_from([1, -1]),
    st.booleans(),
)
def test_random_values_agree_with_polars(values: list[int], far: int, way: int, partial: bool) -> None:
    frame = pl.DataFrame({"x": values})
    far = min(far, len(values) - 1)
    parent = committed(frame, "in")
    shifted = committed(frame.with_columns(y=pl.col("x").shift(way * far)), "out", [parent])
    assert Case(claims.lag("x", way * far, into="y"), shifted).holds()
    sums = pl.col("x").rolling_sum(far, min_samples=1 if partial else far)
    rolled = committed(frame.with_columns(y=sums), "out", [parent])
    assert Case(claims.rolling_sum("x", far, partial=partial, into="y"), rolled).holds()
