"""Skewness, kurtosis and weighted means: exact sums, the numbers of pandas, and sums that no numbers have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims, parse
from zkp_nb.statements.moments import Kurtosis, Moments, Skewness
from zkp_nb.statements.weighted import WeightedMeans
from zkp_nb.statements.witness import power_sum

from .forging import claimed, forged
from .frames import Case, committed

FRAME = pd.DataFrame(
    {
        "age": [31, 17, 65, 40, 22],
        "price": [1.25, 2.5, 100.0, -3.75, 0.5],
        "income": [1000.0, None, 3000.0, -7.25, -20.5],
        "weight": [1, 2, 3, 4, 0],
        "some": [1, 2, None, 4, 5],
        "one": [1] * 5,
        "state": list("abcde"),
    }
)


def number(text: str) -> float:
    return float(text.removeprefix("about ").replace(",", ""))


@pytest.mark.parametrize("column", ["age", "price", "income"])
def test_skewness_and_kurtosis_are_those_of_pandas(column: str) -> None:
    skewed, tailed = (Case(claim(column), committed(FRAME)) for claim in (claims.skewness, claims.kurtosis))
    assert isinstance(skewed.statement, Skewness)
    assert isinstance(tailed.statement, Kurtosis)
    assert number(skewed.statement.value(skewed.statement.columns[0])) == pytest.approx(FRAME[column].skew())
    assert number(tailed.statement.value(tailed.statement.columns[0])) == pytest.approx(FRAME[column].kurt())
    assert skewed.holds()
    assert tailed.holds()
    assert skewed.sizes == tailed.sizes == [512 if column == "income" else 448]


def test_the_biased_measures_are_quotients_of_central_moments() -> None:
    values = FRAME.age.to_numpy().astype(float)
    central = values - values.mean()
    m2, m3, m4 = ((central**power).mean() for power in (2, 3, 4))
    for claim, wanted in (
        (claims.skewness("age", bias=True), m3 / m2**1.5),
        (claims.kurtosis("age", bias=True), m4 / m2**2 - 3),
    ):
        statement: Any = Case(claim, committed(FRAME)).statement
        assert number(statement.value(statement.columns[0])) == pytest.approx(wanted)


def test_the_sentence_shows_the_sums() -> None:
    case = Case(claims.skewness("weight"), committed(FRAME, "t"))
    assert case.sentence == (
        "In `t`, the sample skewness of weight is 0 (sums of powers 10, 30 and 100 over 5 values)."
    )
    mirrored = Case(claims.skewness("age"), committed(FRAME.assign(age=-FRAME.age), "t"))
    assert "is about -1." in mirrored.sentence


def with_sums(case: Case, **changes: object) -> list[str]:
    (each,) = case.statement.columns  # type: ignore[attr-defined]
    return claimed(case, columns=(Moments.model_validate(dict(each) | changes),))


def test_other_sums_are_refused() -> None:
    case = Case(claims.kurtosis("income"), committed(FRAME))
    (each,) = case.statement.columns  # type: ignore[attr-defined]
    for at in range(4):
        sums = [*each.sums]
        sums[at] = sums[at][:-1] + ("1" if sums[at][-1] != "1" else "2")
        assert with_sums(case, sums=tuple(sums))
    assert with_sums(case, count=5)


@pytest.mark.parametrize(("at", "value"), [(1, "-1"), (1, "0"), (2, "99999999999"), (3, "1"), (3, "9" * 20)])
def test_sums_that_no_numbers_have_are_refused(at: int, value: str) -> None:
    """Cells that are no numbers can have any moments modulo r."""
    case = Case(claims.kurtosis("age"), committed(FRAME))
    sums = [*case.statement.columns[0].sums]  # type: ignore[attr-defined]
    sums[at] = value
    with pytest.raises(StatementError, match=r"No numbers have|is constant"):
        with_sums(case, sums=tuple(sums))


def test_a_value_behind_a_null_and_a_flag_that_is_no_bit_are_refused() -> None:
    subject = committed(FRAME)
    case = Case(claims.skewness("income"), subject)
    assert forged(case, (subject, "income", "value", 1, 5))
    assert forged(case, (subject, "income", "null", 0, True))
    assert forged(case, (subject, "income", "null", 1, 2))


def test_fourth_powers_of_large_values_are_bounded_by_their_squares() -> None:
    """A sum of fourth powers beyond r would be any number."""
    frame = pd.DataFrame({"x": [2**40, -(2**40), 3, 7], "y": [2**63 - 1, -(2**63), 2**63 - 1, 2]})
    assert Case(claims.kurtosis("x"), committed(frame)).holds()
    case = Case(claims.skewness("y"), committed(frame))
    assert case.holds()
    with pytest.raises(StatementError, match="too large for a sum of their fourth powers"):
        claims.kurtosis("y").state(committed(frame))
    each = Moments(column="y", count=4, sums=(*case.statement.columns[0].sums, "1"))  # type: ignore[attr-defined]
    statement = Kurtosis(inputs=case.statement.inputs, columns=(each,), bias=False)
    with pytest.raises(StatementError):
        statement.programs(case.records)


def test_what_has_no_shape() -> None:
    subject = committed(FRAME)
    with pytest.raises(StatementFalse, match="has no skewness"):
        claims.skewness("one").state(subject)
    with pytest.raises(StatementFalse, match="at least 4 values"):
        claims.kurtosis("x").state(committed(pd.DataFrame({"x": [1, 2, 3]})))
    with pytest.raises(StatementError, match="has no sum"):
        claims.skewness("state").state(subject)
    wide = pd.DataFrame({name: [1, 2, 4] for name in "abcdefghijk"})
    with pytest.raises(StatementError, match="One proof holds 10 columns"):
        claims.skewness(*wide).state(committed(wide))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=8) | st.lists(st.integers(0, 2**64 - 1), max_size=8),
    st.integers(1, 4),
)
def test_sums_of_powers_are_exact(values: list[int], power: int) -> None:
    signed = all(-(2**63) <= value < 2**63 for value in values)
    cells = np.array(values, np.int64 if signed else np.uint64)
    assert power_sum(cells, power) == sum(value**power for value in values)


def test_a_weighted_mean() -> None:
    case = Case(claims.weighted_mean("weight", "price", "some"), committed(FRAME, "t"))
    assert isinstance(case.statement, WeightedMeans)
    price, some = case.statement.columns
    assert float(price.mean) == pytest.approx(np.average(FRAME.price, weights=FRAME.weight))
    assert float(some.mean) == pytest.approx((1 + 4 + 16) / 7)
    assert case.sizes == [640]
    assert case.sentence == (
        "In `t`, weighted by weight, the mean of price is 29.125 (sum 291.25 over weights of 10 in 5 rows) and the "
        "mean of some is 3 (sum 21 over weights of 7 in 4 rows)."
    )
    assert case.holds()


def test_weights_that_may_be_null() -> None:
    case = Case(claims.weighted_mean("some", "income"), committed(FRAME, "t"))
    (each,) = case.statement.columns  # type: ignore[attr-defined]
    assert each.count == 3
    assert float(each.mean) == pytest.approx((1000 - 4 * 7.25 - 5 * 20.5) / 10)
    assert case.holds()


@pytest.mark.parametrize("change", [{"weighted": "291.26"}, {"weights": "11"}, {"count": 4}])
def test_another_weighted_mean_is_refused(change: dict[str, object]) -> None:
    case = Case(claims.weighted_mean("weight", "price"), committed(FRAME))
    (each,) = case.statement.columns  # type: ignore[attr-defined]
    assert claimed(case, columns=(type(each).model_validate(dict(each) | change),)) == ["sum 0"]


def test_weights_and_values_behind_nulls_are_refused() -> None:
    subject = committed(FRAME)
    case = Case(claims.weighted_mean("some", "income"), subject)
    assert forged(case, (subject, "some", "value", 2, 1))
    assert forged(case, (subject, "income", "value", 1, 1))
    assert forged(case, (subject, "some", "null", 2, 3))


def test_weights_that_add_up_to_nothing() -> None:
    frame = pd.DataFrame({"x": [1, 2], "w": [1, -1]})
    with pytest.raises(StatementFalse, match="add up to 0"):
        claims.weighted_mean("w", "x").state(committed(frame))
    case = Case(claims.weighted_mean("x", "w"), committed(frame))
    document = case.statement.document()
    document["results"]["columns"][0]["weights"] = "0"
    with pytest.raises(StatementError, match="add up to 0"):
        parse(document)
