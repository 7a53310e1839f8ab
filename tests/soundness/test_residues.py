"""Proofs speak of numbers modulo r: a statement that says n + r, or n - r, where n is true is refused unread."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from zkp_nb.errors import StatementError
from zkp_nb.statements import Claim, claims
from zkp_nb.statements.statement import RESULT_LIMIT

from ..statements.frames import Case, committed
from ..statements.model import R

FRAME = pd.DataFrame({"k": [1, 1, 2, 2, 1], "x": [31, 17, 65, 40, 22], "w": [1, 2, 3, 4, 0]})


def says(case: Case, **changes: Any) -> None:
    """Compiles what a forger's document says; what it says of sums modulo r is true."""
    case.statement = type(case.statement).model_validate(dict(case.statement) | changes)
    _ = case.programs


@pytest.mark.parametrize("off", [R, -R])
@pytest.mark.parametrize(
    ("claim", "field"),
    [
        (claims.sum("x"), "sum"),
        (claims.variance("x"), "squares"),
        (claims.weighted_mean("w", "x"), "weighted"),
        (claims.weighted_mean("w", "x"), "weights"),
    ],
)
def test_totals_that_are_true_modulo_r(claim: Claim, field: str, off: int) -> None:
    case = Case(claim, committed(FRAME))
    assert case.holds()
    (each,) = case.statement.columns  # type: ignore[attr-defined]
    false = type(each).model_validate(dict(each) | {field: str(int(getattr(each, field)) + off)})
    with pytest.raises(StatementError):
        says(case, columns=(false,))


@pytest.mark.parametrize("claim", [claims.skewness("x"), claims.kurtosis("x")])
@pytest.mark.parametrize("off", [R, -R])
def test_powers_that_are_true_modulo_r(claim: Claim, off: int) -> None:
    case = Case(claim, committed(FRAME))
    (each,) = case.statement.columns  # type: ignore[attr-defined]
    for at, total in enumerate(each.sums):
        sums = (*each.sums[:at], str(int(total) + off), *each.sums[at + 1 :])
        with pytest.raises(StatementError):
            says(case, columns=(type(each).model_validate(dict(each) | {"sums": sums}),))


@pytest.mark.parametrize("claim", [claims.skewness("x"), claims.kurtosis("x")])
def test_more_values_than_there_are(claim: Claim) -> None:
    case = Case(claim, committed(FRAME))
    (each,) = case.statement.columns  # type: ignore[attr-defined]
    with pytest.raises(StatementError, match="too large for a proof"):
        says(case, columns=(type(each).model_validate(dict(each) | {"count": each.count + R}),))


def test_more_values_of_a_group_than_there_are() -> None:
    case = Case(claims.group_extremes("k", ["x"]), committed(FRAME))
    first, second = case.statement.groups  # type: ignore[attr-defined]
    false = type(first).model_validate(dict(first) | {"counts": (first.counts[0] + R,)})
    with pytest.raises(StatementError, match="too large for a proof"):
        says(case, groups=(false, second))


@pytest.mark.parametrize("off", [R, -R])
def test_bounds_of_a_total_that_are_true_modulo_r(off: int) -> None:
    case = Case(claims.sum_between("x", 170, 180), committed(FRAME))
    assert case.holds()
    with pytest.raises(StatementError, match="too far apart"):
        says(case, low=str(170 + off), high=str(180 + off))


def test_two_results_below_the_limit_are_not_the_same_modulo_r() -> None:
    assert 2 * RESULT_LIMIT < R
