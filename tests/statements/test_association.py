"""Covariances and correlations: exact sums over the rows where both columns have values."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims, parse
from zkp_nb.statements.association import Correlations, Covariances

from .frames import Case, committed, edited

FRAME = pd.DataFrame(
    {
        "age": [31, 17, 65, 40, 22],
        "price": [1.25, 2.5, 100.0, -3.75, 0.5],
        "income": [1000.0, None, 3000.0, None, -20.5],
        "debt": [None, 5, 7, None, 11],
        "member": [True, False, True, True, False],
        "state": list("abcde"),
        "one": [1] * 5,
    }
)


@pytest.mark.parametrize("ddof", [0, 1])
def test_covariances_are_those_of_pandas(ddof: int) -> None:
    names = ["age", "price", "income", "debt"]
    case = Case(claims.covariance(*names, ddof=ddof), committed(FRAME))
    assert isinstance(case.statement, Covariances)
    for each, (x, y) in zip(case.statement.pairs, combinations(names, 2), strict=True):
        # pandas itself looks at ddof only where nothing is missing.
        both = FRAME[[x, y]].dropna()
        assert float(each.covariance(ddof)) == pytest.approx(both.cov(ddof=ddof).loc[x, y])
    assert case.sizes == [768]
    assert case.holds()


def test_a_correlation_takes_512_bytes() -> None:
    case = Case(claims.correlation("age", "price"), committed(FRAME, "people"))
    assert case.sizes == [512]
    assert isinstance(case.statement, Correlations)
    assert float(case.statement.pairs[0].correlation()) == pytest.approx(FRAME.age.corr(FRAME.price))
    assert case.sentence == (
        "In `people`, to 12 significant digits, the Pearson correlation of age and price is "
        f"{case.statement.pairs[0].correlation()} (5 rows)."
    )
    assert case.holds()


@pytest.mark.parametrize("pair", [("income", "debt"), ("age", "income"), ("debt", "age"), ("member", "age")])
def test_nulls_take_the_row_out(pair: tuple[str, str]) -> None:
    case = Case(claims.correlation(*pair), committed(FRAME))
    assert isinstance(case.statement, Correlations)
    x, y = (FRAME[name].astype(float) for name in pair)
    assert case.statement.pairs[0].count == (x.notna() & y.notna()).sum()
    assert float(case.statement.pairs[0].correlation()) == pytest.approx(x.corr(y))
    assert case.holds()


@pytest.mark.parametrize("field", ["sum_x", "sum_y", "sum_xx", "sum_yy", "sum_xy", "count"])
def test_another_sum_is_refused(field: str) -> None:
    case = Case(claims.covariance("age", "debt"), committed(FRAME))
    assert isinstance(case.statement, Covariances)
    (pair,) = case.statement.pairs
    value: Any = pair.count + 1 if field == "count" else str(int(getattr(pair, field)) + 1)
    case.statement = case.statement.model_copy(update={"pairs": (pair.model_copy(update={field: value}),)})
    assert case.violations(case.witness()) == ["sum 0"]


@pytest.mark.parametrize(("part", "row", "value"), [("null", 1, 2), ("value", 0, 3), ("null", 1, True)])
def test_null_companions_are_bits_with_empty_cells(part: str, row: int, value: int | bool) -> None:
    """A value behind a null would be in some sums and not in others."""
    subject = committed(FRAME)
    case = Case(claims.covariance("age", "debt"), subject)
    found = case.violations(case.witness(), {subject.dataset_id: edited(subject, "debt", part, row, value)})
    assert [each for each in found if each.startswith("constraint")]


def test_sums_are_written_with_the_digits_of_their_scales() -> None:
    case = Case(claims.covariance("age", "price"), committed(FRAME))
    assert isinstance(case.statement, Covariances)
    (pair,) = case.statement.pairs
    assert (pair.sum_y, pair.sum_xy) == ("100.50", "6442.25")
    assert "." in pair.sum_yy
    for text in ("100.5", "0100.50", "-0.00", "100.501", "10050"):
        changed = pair.model_copy(update={"sum_y": text})
        case.statement = case.statement.model_copy(update={"pairs": (changed,)})
        with pytest.raises(StatementError, match="not written with the digits"):
            _ = case.programs


def test_what_has_no_correlation() -> None:
    subject = committed(FRAME)
    with pytest.raises(StatementError, match="is constant"):
        claims.correlation("age", "one").state(subject)
    with pytest.raises(StatementError, match="has no sum"):
        claims.correlation("age", "state").state(subject)
    with pytest.raises(StatementError, match="Two columns or more"):
        claims.covariance("age").state(subject)
    with pytest.raises(StatementFalse, match="In 1 row of `table` both 'a' and 'b' have values"):
        claims.covariance("a", "b").state(committed(pd.DataFrame({"a": [1, None], "b": [1, 2]})))
    frame = pd.DataFrame({name: [1, 2, 4] for name in "abcdefghijk"})
    with pytest.raises(StatementError, match="One proof holds 10 columns"):
        claims.covariance(*frame).state(committed(frame))


def test_pairs_are_those_of_the_columns() -> None:
    case = Case(claims.covariance("age", "price"), committed(FRAME))
    case.statement = case.statement.model_copy(update={"columns": ("price", "age")})
    with pytest.raises(StatementError, match="each pair once"):
        _ = case.programs


def test_extreme_integers() -> None:
    values = [np.iinfo(np.int64).min, np.iinfo(np.int64).max, -1, 5]
    frame = pd.DataFrame({"x": values, "y": values[::-1], "z": np.array([2**64 - 1, 0, 1, 2**63], np.uint64)})
    case = Case(claims.covariance("x", "y", "z", ddof=0), committed(frame))
    assert isinstance(case.statement, Covariances)
    for each in case.statement.pairs:
        x, y = ([int(value) for value in frame[name]] for name in (each.x, each.y))
        assert each.covariance(0) == Fraction(sum(a * b for a, b in zip(x, y, strict=True)), 4) - Fraction(
            sum(x) * sum(y), 16
        )
    assert case.holds()


@pytest.mark.parametrize("text", ["1e2", "1e999999999", "x", "1/0", "", "9" * 500, "\u0661", "1.", "+1"])
def test_sums_that_are_no_decimal_numbers_cannot_be_read(text: str) -> None:
    document = claims.covariance("age", "price").state(committed(FRAME)).document()
    document["results"]["pairs"][0]["sum_x"] = text
    with pytest.raises(StatementError, match="cannot be read"):
        parse(document)
