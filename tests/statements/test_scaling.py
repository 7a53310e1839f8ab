"""Values scaled and rounded row by row, and remainders."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import Claim, claims

from .forging import claimed, forged
from .frames import Case, committed
from .model import R

FRAME = pd.DataFrame({"k": [7, 20, -3, 49, 35], "v": [1.255, 2.5, None, -4.125, 5]})
PARENT = committed(FRAME, "in")


def case_of(child: pd.DataFrame, claim: Claim) -> Case:
    return Case(claim, committed(child, "out", [PARENT]))


def rounded() -> Case:
    return case_of(FRAME.round(2), claims.rounded(digits=2))


def halved() -> Case:
    return case_of(FRAME.assign(k=FRAME.k // 10), claims.scaled("k", divide=10, rule="down"))


def left_over() -> Case:
    return case_of(FRAME.assign(rest=FRAME.k % 10), claims.remainder("k", 10, into="rest"))


@pytest.mark.usefixtures("wide_limbs")
def test_rounding() -> None:
    case = rounded()
    assert case.sizes == [960]
    assert case.sentence == (
        "`out` has the rows of `in` in the same order, with v = v rounded to the nearest multiple of 0.01 (ties either "
        "way)."
    )
    assert case.holds()
    assert case_of(FRAME.assign(k=FRAME.k.round(-1)), claims.rounded("k", digits=-1)).holds()
    assert case_of(FRAME.assign(v=np.floor(FRAME.v)), claims.rounded("v", rule="down")).holds()


@pytest.mark.usefixtures("wide_limbs")
def test_division() -> None:
    case = halved()
    assert case.sizes == [896]
    assert case.sentence.endswith("with k = k / 10 rounded down to a multiple of 1.")
    assert case.holds()
    up = case_of(FRAME.assign(k=np.ceil(FRAME.k / 10).astype(int)), claims.scaled("k", divide=10, rule="up"))
    assert up.holds()


def test_standardised_values() -> None:
    child = FRAME.assign(z=((FRAME.k - 21.6) / 20.5).round(4))
    case = case_of(child, claims.scaled("k", add=-21.6, divide=20.5, digits=4, into="z"))
    assert case.sentence.endswith(
        "z = (k - 21.6) / 20.5 rounded to the nearest multiple of 0.0001 (ties either way)."
    )
    assert case.holds()


@pytest.mark.usefixtures("wide_limbs")
def test_remainders() -> None:
    case = left_over()
    assert case.sizes == [960]
    assert case.sentence.endswith("with rest = the remainder of k / 10.")
    assert case.holds()
    tenths = case_of(FRAME.assign(v=(FRAME.v % 0.5).round(3)), claims.remainder("v", 0.5))
    assert tenths.holds()


@pytest.mark.parametrize(
    ("row", "value"), [(0, 1.24), (0, 1.27), (1, 2.51), (3, -4.11), (4, 4.99), (2, 0.01)]
)
def test_other_rounded_values_are_refused(row: int, value: float) -> None:
    case = rounded()
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "v", "value", row, int(Decimal(str(value)) * 1000)))


def test_a_value_between_two_multiples_is_refused() -> None:
    # 1.255 is nearer to 1.2549 than half of a hundredth, but that is no multiple of it.
    case = rounded()
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "v", "value", 0, 1254))
    assert forged(case, (output, "v", "value", 0, 1255))


@pytest.mark.parametrize("rest", [0, 1, 9])
def test_a_quotient_modulo_r_is_refused(rest: int) -> None:
    """Every rest has its quotient in the field: what refuses them is that quotients are small."""
    case = halved()
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    quotient = (20 - rest) * pow(10, -1, R) % R
    found = forged(case, (output, "k", "value", 1, quotient))
    assert found if rest else not found


@pytest.mark.parametrize("value", [-3, 17, 6, 10])
def test_other_remainders_are_refused(value: int) -> None:
    case = left_over()
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "rest", "value", 0, value))


def test_another_quotient_of_a_remainder_is_refused() -> None:
    case = left_over()
    (label,) = (each.label for each in case.programs[0].aux if each.label.startswith("quotient"))
    assert case.cheated(lambda aux: aux[label].__setitem__(0, 1))
    # 7 = 10 q + 3 with q = 4/10: a remainder that is small, and a quotient that is none.
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "rest", "value", 0, 3))


def test_nulls_stay_and_other_columns_are_carried() -> None:
    case = rounded()
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "v", "null", 2, False))
    assert forged(case, (output, "v", "null", 0, True))
    assert forged(case, (output, "k", "value", 0, 8))
    assert forged(case, (PARENT, "v", "value", 2, 10), (output, "v", "value", 2, 10))


def test_other_constants_are_refused() -> None:
    case = halved()
    (part,) = case.statement.columns  # type: ignore[attr-defined]
    for changes in ({"divide": 9}, {"rule": "up"}, {"add": 4}, {"multiply": 2}, {"digits": -1}):
        assert claimed(case, columns=(part.model_copy(update=changes),))


def test_what_is_not_claimed() -> None:
    with pytest.raises(StatementFalse, match="1 value of column 'k' of `out` does not follow"):
        case_of(FRAME.assign(k=[0, 2, 0, 4, 3]), claims.scaled("k", divide=10, rule="down"))
    with pytest.raises(StatementFalse, match="column 'v'"):
        case_of(FRAME.assign(k=FRAME.k // 10, v=1.0), claims.scaled("k", divide=10, rule="down"))
    with pytest.raises(StatementError, match="above 0"):
        claims.scaled("k", divide=0)
    with pytest.raises(StatementError, match="finite"):
        claims.scaled("k", divide=float("inf"))
    with pytest.raises(StatementError, match="no rule"):
        claims.scaled("k", rule="away")  # type: ignore[arg-type]
    with pytest.raises(StatementError, match="too large"):
        case_of(FRAME, claims.scaled("k", multiply=Decimal("0.1234567890123456789012345")))


def test_several_columns_of_polars() -> None:
    frame = pl.DataFrame({"a": [1.26, 2.74, None], "b": [10.01, 0.99, 3.5], "c": ["x", "y", "z"]})
    parent = committed(frame, "in")
    case = Case(
        claims.rounded(digits=1), committed(frame.with_columns(pl.col("a", "b").round(1)), "out", [parent])
    )
    assert case.holds()
    assert max(case.sizes) <= 1024


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.none() | st.integers(-(2**40), 2**40), min_size=1, max_size=6).filter(any),
    st.integers(1, 10**6),
    st.integers(-5, 5),
    st.sampled_from(["down", "up", "nearest", "remainder"]),
    st.data(),
)
def test_random_values(
    values: list[int | None], divide: int, add: int, rule: str, data: st.DataObject
) -> None:
    def one(x: int) -> int:
        exact = Fraction(x + (0 if rule == "remainder" else add), divide)
        if rule == "remainder":
            return x % divide
        if rule == "nearest" and exact.denominator == 2:
            return data.draw(st.sampled_from([floor(exact), ceil(exact)]))
        return {"down": floor(exact), "up": ceil(exact), "nearest": round(exact)}[rule]

    frame = pd.DataFrame({"x": pd.array(values, "Int64")})
    parent = committed(frame, "in")
    child = frame.assign(x=pd.array([None if x is None else one(x) for x in values], "Int64"))
    claim = (
        claims.remainder("x", divide)
        if rule == "remainder"
        else claims.scaled("x", add=add, divide=divide, rule=rule)  # type: ignore[arg-type]
    )
    assert Case(claim, committed(child, "out", [parent])).holds()
