"""Quantiles: as many rows as the rank says are at most the value, all others at least it, and it occurs."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError
from zkp_nb.statements import claims, parse, quantiles
from zkp_nb.statements.quantiles import Point, Quantiles

from .forging import proves
from .frames import Case, committed

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


@pytest.mark.usefixtures("wide_limbs")
def test_medians() -> None:
    odd = Case(claims.median("day"), committed(FRAME, "people"))
    assert odd.sentence == "Among the 3 values of day in `people`, the median is 2024-01-03 (linear)."
    assert odd.sizes == [768]
    assert odd.holds()
    even = Case(claims.median("age"), committed(FRAME, "people"))
    assert (
        even.sentence
        == "Among the 4 values of age in `people`, the median is 35.5, between 31 and 40 (linear)."
    )
    assert even.sizes == [832]
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


@pytest.mark.parametrize("values", [[3, 5, 5], [4, 4, 4], [None, 1, 9], [2, 1, 3]], ids=str)
@pytest.mark.parametrize(("p", "method"), [("0.5", "nearest-rank"), ("0.25", "linear")])
def test_no_places_prove_another_quantile(
    values: list[int | None], p: str, method: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every way to fill the column of places, for all values near the true ones, with the best witness for it."""
    subject = committed(pd.DataFrame({"x": pd.array(values, "Int64")}), widths={"x": 16})
    case = Case(claims.quantile("x", p, method=method), subject)
    assert isinstance(case.statement, Quantiles)
    (point,) = case.statement.points
    at, true = point.position(method, case.statement.count), (point.lower, point.upper)
    near = sorted({value + d for value in (*filter(None, values), 0) for d in (-1, 0, 1)})
    proven = set()
    for lower, upper in product(near, near) if at.denominator > 1 else zip(near, near, strict=True):
        claimed = (Point(p=p, lower=lower, upper=upper),)
        case.statement = case.statement.model_copy(update={"points": claimed})
        if lower != true[0] and upper != true[1] and lower != upper:
            continue
        if lower > upper:
            with pytest.raises(StatementError, match="greater than that of a higher"):
                _ = case.programs
            continue
        for cells in product(range(4), repeat=3):
            places = np.array(cells, np.int64)
            monkeypatch.setattr(quantiles, "_places", lambda *_, places=places: places)
            if proves(case):
                proven.add((lower, upper))
    assert proven == {true}


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


@pytest.mark.parametrize("values", [[1, 9], [7, 7, 7, 7], [-5, 3, 3, 3, 8]])
def test_a_median_between_two_rows_takes_one_proof(values: list[int]) -> None:
    case = Case(claims.median("x"), committed(pd.DataFrame({"x": values})))
    assert case.holds()
    assert len(case.sizes) == 1


@pytest.mark.usefixtures("wide_limbs")
def test_several_quantiles_share_their_column_and_ranges() -> None:
    frame = pd.DataFrame({"x": np.arange(20)})
    case = Case(claims.quantile("x", 0.25, 0.5, 0.75), committed(frame, widths={"x": 16}))
    assert case.sizes == [768]
    assert case.holds()


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=9),
    st.integers(0, 20),
    st.sampled_from(["linear", "nearest-rank"]),
)
def test_random_columns(values: list[int | None], step: int, method: Any) -> None:
    if any(value is not None for value in values):
        subject = committed(pd.DataFrame({"x": pd.array(values, dtype="Int64")}))
        assert Case(claims.quantile("x", step / 20, method=method), subject).holds()


@pytest.mark.parametrize("p", ["0.50", "1E-1", "1e-999999999", "NaN", "2", "-0", ""])
def test_shares_have_one_form(p: str) -> None:
    document = claims.median("age").state(committed(FRAME)).document()
    document["results"]["points"][0]["p"] = p
    with pytest.raises(StatementError, match="cannot be read"):
        parse(document)
