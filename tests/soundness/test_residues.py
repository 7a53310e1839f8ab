"""Proofs speak of numbers modulo r: a statement that says n + r, or n - r, where n is true is refused unread."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pandas as pd
import pytest

from zkp_nb.errors import StatementError
from zkp_nb.statements import Claim, Statement, Subject, claims, col, parse
from zkp_nb.statements.derive import Derive, Derived
from zkp_nb.statements.grouptables import Aggregate, GroupTable
from zkp_nb.statements.rows import SameRows
from zkp_nb.statements.shifting import RunningSum, Shift
from zkp_nb.statements.statement import RESULT_LIMIT
from zkp_nb.table import Column, ColumnType, Table
from zkp_nb.table.cells import wide_from_ints

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


def table(**columns: tuple[ColumnType, list[int]]) -> Subject:
    made = [
        Column.of(name, type_, (wide_from_ints(cells),), None) for name, (type_, cells) in columns.items()
    ]
    return committed(Table(len(made[0].parts[0].cells), tuple(made)))


def refused(statement: Statement, *subjects: Subject) -> None:
    with pytest.raises(StatementError, match="units too far apart"):
        statement.programs({each.dataset_id: each.record for each in subjects})


WHOLE, FINE = ColumnType.decimal(0, 128), ColumnType.decimal(38, 128)


def test_a_running_sum_that_is_true_modulo_r() -> None:
    half, total = R // 10**38 // 2, R // 10**38 // 2 * 2 * 10**38 - R
    x = (WHOLE, [half, half])
    parent, child = table(x=x), table(x=x, total=(FINE, [0, total]))
    names: dict[str, Any] = {"inputs": (parent.dataset_id,), "outputs": (child.dataset_id,)}
    assert (total - 10**38 * 2 * half) % R == 0
    refused(RunningSum(column="x", into="total", window=None, whole=False, **names), parent, child)
    refused(RunningSum(column="x", into="total", window=2, whole=False, **names), parent, child)


def test_a_difference_that_is_true_modulo_r() -> None:
    x, empty = wide_from_ints([-(R // 10**38 // 2), R // 10**38 // 2]), np.array([True, False])
    columns = Column.of("x", WHOLE, (x,), None), Column.of("d", FINE, (wide_from_ints([0, -1]),), empty)
    parent, child = (committed(Table(2, each)) for each in (columns[:1], columns))
    names: dict[str, Any] = {"inputs": (parent.dataset_id,), "outputs": (child.dataset_id,)}
    refused(Shift(column="x", into="d", periods=1, difference=True, **names), parent, child)


def test_equal_cells_of_128_bits_without_sign_whose_units_are_far_apart() -> None:
    least = -(-R // 10**38)
    types = [ColumnType.decimal(scale, 128, signed=False) for scale in (0, 38)]
    parent, child = table(x=(types[0], [least])), table(x=(types[1], [least * 10**38 - R]))
    refused(SameRows(inputs=(parent.dataset_id,), outputs=(child.dataset_id,), columns=None), parent, child)


def test_group_totals_whose_units_are_far_apart() -> None:
    key = (ColumnType.decimal(0, 128), [1, 1])
    parent = table(k=key, x=(WHOLE, [1, 1]))
    child = table(k=(key[0], [1]), total=(FINE, [2]))
    one = Aggregate(name="total", function="sum", column="x")
    refused(
        GroupTable(inputs=(parent.dataset_id,), outputs=(child.dataset_id,), by=("k",), aggregates=(one,)),
        parent,
        child,
    )


def test_formulas_that_are_true_modulo_r() -> None:
    parent = committed(pd.DataFrame({"x": [2, 4, 6]}))
    child = committed(pd.DataFrame({"y": [1, 2, 3]}))
    names: dict[str, Any] = {"inputs": (parent.dataset_id,), "outputs": (child.dataset_id,)}
    half = (R + 1) // 2
    assert all((half * x - y) % R == 0 for x, y in [(2, 1), (4, 2), (6, 3)])
    large = Derived(name="y", formula=(col("x") * str(half)).formula)
    fifth = Derived(name="y", formula=prod([col("x")] * 4, start=col("x")).formula)
    for each in (large, fifth):
        statement = Derive(**names, columns=(each,))
        assert parse(statement.document()) == statement
        with pytest.raises(StatementError, match="too large for a proof"):
            statement.programs({one.dataset_id: one.record for one in (parent, child)})


def test_a_formula_whose_numbers_are_below_r() -> None:
    parent = committed(FRAME, "parent")
    child = committed(pd.DataFrame({"y": FRAME.x**3}), "child", [parent], aligned=False)
    assert Case(claims.derive("y", "x * x * x"), child).holds()
