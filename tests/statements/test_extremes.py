"""Minimum and maximum: what is published bounds the column and occurs in it."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims, extremes
from zkp_nb.statements.extremes import Ends, Extreme, Maximum, Minimum, MinMax

from .forging import proves
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
    for claim in (claims.minimum("x"), claims.maximum("x"), claims.min_max("x"), claims.median("x")):
        with pytest.raises(StatementFalse, match="Column 'x' of `table` has no values"):
            claim.state(subject)


def test_text_has_no_extreme() -> None:
    with pytest.raises(StatementError, match="too wide to compare"):
        claims.minimum("state").state(committed(FRAME))


def test_both_ends_of_several_columns_in_one_proof() -> None:
    case = Case(claims.min_max("age", "price", "member", "day"), committed(FRAME, "people"))
    assert case.sentence == (
        "The values of `people` go, for age from 17 to 65, price from -3.75 to 100, member from False to True and "
        "day from 2023-05-01 to 2024-02-29."
    )
    assert case.sizes == [896, 704]
    assert case.holds()


@pytest.mark.usefixtures("wide_limbs")
@pytest.mark.parametrize(
    ("values", "size"),
    [
        ([5, 5, 5], 512),
        ([0, 255, 7], 640),
        ([0, 65_534, 7], 640),
        ([0, 65_535, 7], 640),
        ([0, 65_536, 7], 640),
        ([-(2**31), 2**31 - 1, 0], 704),
        ([0, 2**40, 3], 768),
        ([-(2**63), 2**63 - 2, 3], 832),
        ([-(2**63), 2**63 - 1, 3], 832),
    ],
)
def test_both_ends_take_as_much_as_they_are_apart(values: list[int], size: int) -> None:
    case = Case(claims.min_max("x"), committed(pd.DataFrame({"x": values})))
    assert case.sizes == [size]
    assert case.holds()


def test_both_ends_of_columns_with_nulls() -> None:
    for column in ("income", "ratio", "day"):
        case = Case(claims.min_max(column), committed(FRAME))
        assert case.holds()
    alone = Case(claims.min_max("x"), committed(pd.DataFrame({"x": pd.array([None, 7], "Int64")})))
    assert alone.holds()


ROWS = ([3, 5, 5], [0, 70_000, 65_536], [4, 4, 4], [None, 1, 9])


@pytest.mark.parametrize("values", ROWS, ids=str)
def test_no_marks_prove_other_ends(values: list[int | None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every way to fill the column of places, for all ends near the true ones, with the best witness for it."""
    subject = committed(pd.DataFrame({"x": pd.array(values, "Int64")}))
    case = Case(claims.min_max("x"), subject)
    present = [value for value in values if value is not None]
    true, near = (min(present), max(present)), sorted({v + d for v in (*present, 0) for d in (-1, 0, 1)})
    proven = set()
    for low, high in product(near, near):
        if low > high or (low != true[0] and high != true[1]):
            continue
        ends = Ends(column="x", minimum=low, maximum=high)
        case.statement = MinMax(inputs=case.statement.inputs, columns=(ends,))
        for cells in product(range(4), repeat=3):
            places = np.array(cells, np.int64)
            monkeypatch.setattr(extremes, "pointed", lambda *_, places=places: places)
            monkeypatch.setattr(extremes, "_places", lambda *_, places=places: places)
            monkeypatch.setattr(extremes, "_one_at", lambda *_, places=places: places)
            if proves(case):
                proven.add((low, high))
    assert proven == {true}


def test_ends_in_the_wrong_order_are_refused() -> None:
    case = Case(claims.min_max("age"), committed(FRAME))
    assert isinstance(case.statement, MinMax)
    (ends,) = case.statement.columns
    swapped = Ends(column="age", minimum=ends.maximum, maximum=ends.minimum)
    case.statement = case.statement.model_copy(update={"columns": (swapped,)})
    with pytest.raises(StatementError, match="greater than its greatest"):
        _ = case.programs


@pytest.mark.parametrize("value", [16, 66, 2**20])
def test_a_value_beyond_either_end_is_refused(value: int) -> None:
    subject = committed(FRAME)
    case = Case(claims.min_max("age", "price"), subject)
    tables = {subject.dataset_id: edited(subject, "age", "value", 3, value)}
    witness = [list(aux) for aux in case.statement.witness(case.records, tables)]
    assert case.violations(witness, tables)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=9))
def test_random_columns(values: list[int | None]) -> None:
    present = sorted(value for value in values if value is not None)
    if not present:
        return
    subject = committed(pd.DataFrame({"x": pd.array(values, dtype="Int64")}))
    for claim, value in ((claims.minimum("x"), present[0]), (claims.maximum("x"), present[-1])):
        case = Case(claim, subject)
        assert isinstance(case.statement, (Minimum, Maximum))
        assert int(case.statement.columns[0].value) == value
        assert case.holds()
    both = Case(claims.min_max("x"), subject)
    assert isinstance(both.statement, MinMax)
    (ends,) = both.statement.columns
    assert [int(ends.minimum), int(ends.maximum)] == [present[0], present[-1]]
    assert len(both.programs) == 1
    assert both.holds()


def _published(case: Case, value: object) -> None:
    assert isinstance(case.statement, (Minimum, Maximum))
    changed = case.statement.columns[0].model_copy(update={"value": value})
    case.statement = case.statement.model_copy(update={"columns": (changed,)})
