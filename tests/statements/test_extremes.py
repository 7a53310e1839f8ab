"""Minimum, maximum, quantiles: what is published bounds the column and occurs in it."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims, parse
from zkp_nb.statements.extremes import Extreme, Maximum, Minimum, Quantiles

from .frames import Case, committed, edited

FRAME = pd.DataFrame(
    {
        "age": [31, 17, 65, 40],
        "price": [1.25, 2.5, 100.0, -3.75],
        "income": [1000.0, None, 3000.0, None],
        "ratio": [0.1 + 0.2, -1 / 3, 0.5, 2.0],
        "member": [True, False, True, True],
        "day": [date(2024, 1, 3), date(2023, 5, 1), None, date(2024, 2, 29)],
        "state": ["CA", "NY", "CA", "CA"],
    }
)


@pytest.mark.parametrize(
    ("column", "low", "high"),
    [
        ("age", 17, 65),
        ("price", -3.75, 100),
        ("income", 1000, 3000),
        ("ratio", -1 / 3, 2),
        ("member", False, True),
        ("day", "2023-05-01", "2024-02-29"),
    ],
)
def test_extremes(column: str, low: Any, high: Any) -> None:
    for claim, value in ((claims.minimum(column), low), (claims.maximum(column), high)):
        case = Case(claim, committed(FRAME))
        assert isinstance(case.statement, (Minimum, Maximum))
        assert case.statement.columns == (Extreme(column=column, value=value),)
        assert case.holds()
        assert max(case.sizes) <= 1024


def test_several_columns_share_programs_where_they_fit() -> None:
    subject = committed(FRAME, "people", widths={"age": 8})
    case = Case(claims.minimum("age", "member", "price"), subject)
    assert case.sentence == "The minimums of columns of `people` are: age 17, member False and price -3.75."
    assert len(case.programs) == 2
    assert case.holds()
    one = Case(claims.maximum("age"), subject)
    assert one.sentence == "The maximum of age in `people` is 65."
    assert one.sizes == [640]


@pytest.mark.parametrize(
    ("claim", "value"), [("minimum", 16), ("minimum", 31), ("maximum", 40), ("maximum", 66)]
)
def test_another_extreme_is_refused(claim: str, value: int) -> None:
    case = Case(getattr(claims, claim)("age"), committed(FRAME))
    _published(case, value)
    assert case.violations(case.witness())


@pytest.mark.parametrize("at", [[0, 0, 0, 0], [2, -1, 0, 0], [1, 0, 0, 0]])
def test_a_value_that_does_not_occur_cannot_be_marked(at: list[int]) -> None:
    case = Case(claims.minimum("age"), committed(FRAME))
    _published(case, 16)
    assert case.cheated(lambda aux: aux.update({"at/0": at}))


def test_a_null_is_no_minimum() -> None:
    """The cell of a null is 0, below every value; what refuses it is its companion."""
    case = Case(claims.minimum("income"), committed(FRAME))
    _published(case, 0)
    assert [
        each for each in case.cheated(lambda aux: aux.update({"at/2": [0, 1, 0, 0]})) if "constraint" in each
    ]


def test_half_a_mark_on_each_of_two_rows_is_refused() -> None:
    case = Case(claims.minimum("x"), committed(pd.DataFrame({"x": [3, 3, 5]})))
    half = pow(2, -1, 21888242871839275222246405745257275088548364400416034343698204186575808495617)
    found = case.cheated(lambda aux: aux.update({"at/0": [half, half, 0]}))
    assert found
    assert all(each.startswith("constraint") for each in found)


@pytest.mark.parametrize("flag", [2, -1])
def test_a_null_companion_that_is_no_bit_is_refused(flag: int) -> None:
    subject = committed(FRAME)
    case = Case(claims.minimum("income"), subject)
    tables = {subject.dataset_id: edited(subject, "income", "null", 1, flag)}
    assert case.violations(case.witness(), tables)


def test_a_column_of_nulls_has_no_extreme() -> None:
    subject = committed(pd.DataFrame({"x": [None, None]}, dtype="Int64"))
    for claim in (claims.minimum("x"), claims.maximum("x"), claims.median("x")):
        with pytest.raises(StatementFalse, match="Column 'x' of `table` has no values"):
            claim.state(subject)


def test_text_has_no_extreme() -> None:
    with pytest.raises(StatementError, match="too wide to compare"):
        claims.minimum("state").state(committed(FRAME))


def test_medians() -> None:
    odd = Case(claims.median("day"), committed(FRAME, "people"))
    assert odd.sentence == "Among the 3 values of day in `people`, the median is 2024-01-03 (linear)."
    assert odd.sizes == [832]
    assert odd.holds()
    even = Case(claims.median("age"), committed(FRAME, "people"))
    assert (
        even.sentence
        == "Among the 4 values of age in `people`, the median is 35.5, between 31 and 40 (linear)."
    )
    assert even.sizes == [896, 896]
    assert even.holds()
    dates = Case(claims.quantile("day", 0.25), committed(FRAME, "people"))
    assert "the 0.25-quantile is between 2023-05-01 and 2024-01-03" in dates.sentence
    assert dates.holds()


@pytest.mark.parametrize("method", ["linear", "nearest-rank"])
@pytest.mark.parametrize("column", ["age", "price", "income", "ratio"])
def test_quantiles_are_those_of_pandas(column: str, method: Any) -> None:
    shares = [0, 0.1, 1 / 3, 0.5, 0.75, 1]
    case = Case(claims.quantile(column, *shares, method=method), committed(FRAME))
    assert isinstance(case.statement, Quantiles)
    values = FRAME[column].dropna().to_numpy()
    theirs = np.quantile(values, shares, method="linear" if method == "linear" else "inverted_cdf")
    ours = [point.value(method, case.statement.count) for point in case.statement.points]
    assert [float(Fraction(value or 0)) for value in ours] == pytest.approx(list(theirs))
    assert case.holds()


def test_another_quantile_is_refused() -> None:
    for value in (31, 65, 41):
        case = Case(claims.quantile("age", 0.75, method="nearest-rank"), committed(FRAME))
        assert isinstance(case.statement, Quantiles)
        (point,) = case.statement.points
        assert (point.lower, point.upper) == (40, 40)
        points = (point.model_copy(update={"lower": value, "upper": value}),)
        case.statement = case.statement.model_copy(update={"points": points})
        assert case.violations(case.witness())


@pytest.mark.parametrize("below", [[1, 1, 0, 0], [2, 1, 0, 0], [1, 1, -1, 2], [1, 1, 1, 0]])
def test_marks_below_a_quantile_are_bits_and_as_many_as_its_rank(below: list[int]) -> None:
    case = Case(claims.quantile("age", 0.75, method="nearest-rank"), committed(FRAME))
    assert case.cheated(lambda aux: None) == []
    assert case.cheated(lambda aux: aux.update({"below/3": below}))


def test_a_quantile_among_another_number_of_values_is_refused() -> None:
    case = Case(claims.quantile("income", 0, 1), committed(FRAME))
    assert isinstance(case.statement, Quantiles)
    case.statement = case.statement.model_copy(update={"count": 3})
    assert case.violations(case.witness())
    plain = Case(claims.quantile("age", 0), committed(FRAME))
    plain.statement = plain.statement.model_copy(update={"count": 3})
    with pytest.raises(StatementError, match="has no nulls by its record"):
        _ = plain.programs


def test_values_between_ranks_are_those_of_the_ranks() -> None:
    case = Case(claims.quantile("age", 0, 1), committed(FRAME))
    assert isinstance(case.statement, Quantiles)
    first, last = case.statement.points
    doubled = (first.model_copy(update={"upper": 31}), last)
    case.statement = case.statement.model_copy(update={"points": doubled})
    with pytest.raises(StatementError, match="two values of one rank"):
        _ = case.programs


@pytest.mark.parametrize("share", [-0.1, 1.5, "x", "1e400", "1e-400", "nan", None])
def test_shares_lie_between_0_and_1(share: object) -> None:
    with pytest.raises(StatementError, match="between 0 and 1"):
        claims.quantile("age", share).state(committed(FRAME))


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=9),
    st.integers(0, 20),
)
def test_random_columns(values: list[int | None], step: int) -> None:
    present = sorted(value for value in values if value is not None)
    if not present:
        return
    subject = committed(pd.DataFrame({"x": pd.array(values, dtype="Int64")}))
    case = Case(claims.quantile("x", step / 20, method="nearest-rank"), subject)
    assert case.holds()
    for claim, value in ((claims.minimum("x"), present[0]), (claims.maximum("x"), present[-1])):
        case = Case(claim, subject)
        assert isinstance(case.statement, (Minimum, Maximum))
        assert int(case.statement.columns[0].value) == value
        assert case.holds()


def _published(case: Case, value: object) -> None:
    assert isinstance(case.statement, (Minimum, Maximum))
    changed = case.statement.columns[0].model_copy(update={"value": value})
    case.statement = case.statement.model_copy(update={"columns": (changed,)})


@pytest.mark.parametrize("p", ["0.50", "1E-1", "1e-999999999", "NaN", "2", "-0", ""])
def test_shares_have_one_form(p: str) -> None:
    document = claims.median("age").state(committed(FRAME)).document()
    document["results"]["points"][0]["p"] = p
    with pytest.raises(StatementError, match="cannot be read"):
        parse(document)
