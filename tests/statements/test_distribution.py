"""Counts of values, histograms, shares: public lists, and the rows as multisets."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims, col
from zkp_nb.statements.distribution import MAX_LISTED, Histogram, Share, ValueCount, ValueCounts

from .frames import Case, committed, edited

FRAME = pd.DataFrame(
    {
        "age": [31, 17, 65, 31],
        "price": [1.25, 2.5, 100.0, -3.75],
        "income": [1000.0, None, 3000.0, None],
        "ratio": [0.1 + 0.2, -1 / 3, 0.5, 2.0],
        "member": [True, False, True, True],
        "state": ["CA", "NY", None, "CA"],
        "wide": [Decimal(10) ** 25, Decimal(1), Decimal(10) ** 25, Decimal(-1)],
        "day": pd.to_datetime(["1950-01-01", "2020-01-01", "2030-06-01", None]),
    }
)


# -- counts of values -----------------------------------------------------------------------------


def test_counts_of_values_take_512_bytes() -> None:
    case = Case(claims.value_counts("age"), committed(FRAME, "people"))
    assert case.sizes == [512]
    assert case.sentence == (
        "The values of age in `people`, with their numbers of rows, are 31 (2), 17 (1) and 65 (1)."
    )
    assert case.holds()


@pytest.mark.parametrize("column", ["price", "income", "ratio", "member", "wide", "day"])
def test_counts_are_those_of_pandas(column: str) -> None:
    case = Case(claims.value_counts(column), committed(FRAME))
    assert isinstance(case.statement, ValueCounts)
    theirs = FRAME[column].value_counts().to_list()
    assert [each.count for each in case.statement.values] == theirs
    assert case.statement.nulls == FRAME[column].isna().sum()
    assert case.holds()


def test_values_of_text_are_named_by_who_knows_them() -> None:
    subject = committed(FRAME, "people")
    with pytest.raises(StatementError, match="holds hashes alone") as caught:
        claims.value_counts("state").state(subject)
    assert "df['state'].unique()" in caught.value.todo
    case = Case(claims.value_counts("state", FRAME.state.unique()), subject)
    assert case.statement.document()["results"]["values"] == [
        {"value": "CA", "count": 2},
        {"value": "NY", "count": 1},
    ]
    assert case.holds()
    with pytest.raises(
        StatementFalse, match="2 values of column 'state' of `people` are not among those named"
    ):
        claims.value_counts("state", ["NY", "TX"]).state(subject)


def _listed(case: Case, nulls: int, **counts: int) -> None:
    case.statement = ValueCounts(
        inputs=case.statement.inputs,
        column="state",
        values=tuple(ValueCount(value=value, count=count) for value, count in counts.items()),
        nulls=nulls,
    )


@pytest.mark.parametrize(
    ("nulls", "counts"),
    [(1, {"CA": 1, "NY": 2}), (2, {"CA": 2}), (0, {"CA": 2, "NY": 2}), (1, {"CA": 2, "TX": 1}), (4, {})],
)
def test_another_list_is_refused(nulls: int, counts: dict[str, int]) -> None:
    case = Case(claims.value_counts("state", ["CA", "NY"]), committed(FRAME))
    _listed(case, nulls, **counts)
    assert case.violations(case.witness()) == ["sum 0"]


def test_a_list_that_contradicts_itself_is_refused_by_its_reader() -> None:
    case = Case(claims.value_counts("state", ["CA", "NY"]), committed(FRAME))
    _listed(case, 1, CA=2, NY=2)
    with pytest.raises(StatementError, match="do not add up"):
        _ = case.programs
    twice = tuple(ValueCount(value="CA", count=1) for _ in range(2))
    case.statement = ValueCounts(inputs=case.statement.inputs, column="state", values=twice, nulls=2)
    with pytest.raises(StatementError, match="names a value twice"):
        _ = case.programs
    case.statement = ValueCounts(
        inputs=case.statement.inputs, column="age", values=(ValueCount(value=31, count=3),), nulls=1
    )
    with pytest.raises(StatementError, match="has no nulls by its record"):
        _ = case.programs
    with pytest.raises(ValueError, match="greater than 0"):
        ValueCount(value="TX", count=0)


@pytest.mark.parametrize(("part", "value"), [("null", True), ("null", 2), ("head", 5), ("tail", 0)])
def test_an_edited_cell_changes_the_counts(part: str, value: int | bool) -> None:
    subject = committed(FRAME)
    case = Case(claims.value_counts("state", ["CA", "NY"]), subject)
    tables = {subject.dataset_id: edited(subject, "state", part, 1, value)}
    assert case.violations(case.witness(), tables) == ["sum 0"]


def test_too_many_values() -> None:
    frame = pd.DataFrame({"x": np.arange(MAX_LISTED + 1)})
    with pytest.raises(StatementError, match="has 1,001 values") as caught:
        claims.value_counts("x").state(committed(frame))
    assert caught.value.todo == "Claim a histogram."


# -- histograms -----------------------------------------------------------------------------------


def test_a_histogram() -> None:
    case = Case(claims.histogram("age", [0, 18, 31, 65]), committed(FRAME, "people"))
    assert case.sentence == "Of the values of age in `people`, 1 in [0, 18), 0 in [18, 31) and 3 in [31, 65]."
    assert case.sizes == [704]
    assert case.holds()


@pytest.mark.parametrize(
    ("column", "edges"),
    [
        ("age", [18, 40]),
        ("age", [16.5, 17, 17.2, 17.4, 65.5]),
        ("price", [-4, 0, 1.25, 99.999]),
        ("income", [0, 2000, 4000]),
        ("ratio", [-1e300, 0, 0.3, 1e300]),
        ("member", [False, True]),
        ("age", [100, 200]),
    ],
)
def test_histograms_are_those_of_numpy(column: str, edges: list[Any]) -> None:
    case = Case(claims.histogram(column, edges), committed(FRAME))
    assert isinstance(case.statement, Histogram)
    values = FRAME[column].dropna().to_numpy().astype(float)
    assert list(case.statement.counts) == np.histogram(values, np.array(edges, float))[0].tolist()
    assert case.statement.below == (values < float(edges[0])).sum()
    assert case.statement.above == (values > float(edges[-1])).sum()
    assert case.holds()


def test_times_over_many_years_take_two_proofs() -> None:
    case = Case(claims.histogram("day", ["1900-01-01", "2000-01-01", "2100-01-01"]), committed(FRAME))
    assert case.sizes == [896, 896]
    assert case.holds()


@pytest.mark.parametrize(
    "results",
    [
        {"counts": (2, 1, 1)},
        {"counts": (0, 1, 3)},
        {"counts": (1, 1, 2)},
        {"counts": (1, 0, 2), "above": 1},
        {"counts": (0, 0, 3), "below": 1},
    ],
)
def test_another_histogram_is_refused(results: dict[str, Any]) -> None:
    case = Case(claims.histogram("age", [0, 18, 31, 65]), committed(FRAME))
    case.statement = case.statement.model_copy(update=results)
    assert case.violations(case.witness())


@pytest.mark.parametrize("first", [[31, 0, 31, 18], [18, 0, 31, 31], [0, 0, 31, 31], [62, 0, 31, 0]])
def test_a_value_is_on_the_right_side_of_its_bound(first: list[int]) -> None:
    case = Case(claims.histogram("age", [0, 18, 31, 65]), committed(FRAME))
    assert case.cheated(lambda aux: None) == []
    assert case.cheated(lambda aux: aux.update({"bin/first": first}))


def test_nulls_are_in_no_bin() -> None:
    case = Case(claims.histogram("income", [0, 2000, 4000]), committed(FRAME, "people"))
    assert isinstance(case.statement, Histogram)
    assert case.sentence == (
        "Of the values of income in `people`, 1 in [0, 2000), 1 in [2000, 4000] and 2 null."
    )
    case.statement = case.statement.model_copy(update={"counts": (3, 1), "nulls": 0})
    assert case.violations(case.witness())


def test_edges_ascend_and_counts_add_up() -> None:
    subject = committed(FRAME)
    for edges in ([5, 1], [1, 1], [1]):
        with pytest.raises(StatementError, match=r"ascend|2 to 1,000 edges"):
            claims.histogram("age", edges).state(subject)
    case = Case(claims.histogram("age", [0, 100]), subject)
    case.statement = case.statement.model_copy(update={"counts": (3,)})
    with pytest.raises(StatementError, match="do not add up"):
        _ = case.programs
    with pytest.raises(StatementError, match="too wide to compare"):
        claims.histogram("state", ["a", "b"]).state(subject)
    impossible = Case(claims.histogram("age", [0.2, 0.4, 100]), subject)
    impossible.statement = impossible.statement.model_copy(update={"counts": (1, 3)})
    with pytest.raises(StatementError, match="cannot hold a value"):
        _ = impossible.programs


# -- shares ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("predicate", "count"),
    [
        ("age >= 18", 3),
        ("member", 3),
        ("state == 'CA'", 2),
        ("state == 'CA' and age >= 18", 2),
        ("age < 20 or price > 50", 2),
        ("income is null", 2),
        ("state in ['CA', 'TX'] and member", 2),
        ("age >= 1000", 0),
    ],
)
def test_shares(predicate: str, count: int) -> None:
    case = Case(claims.share(predicate), committed(FRAME))
    assert isinstance(case.statement, Share)
    assert (case.statement.count, case.statement.rows) == (count, 4)
    assert case.holds()
    case.statement = case.statement.model_copy(update={"count": count + 1 - 2 * (count == 4)})
    assert case.violations(case.witness()) == ["sum 0"]


def test_a_share_in_words() -> None:
    case = Case(claims.share(col("age") >= 18), committed(FRAME, "people"))
    assert case.sentence == "3 of the 4 rows of `people` (75 %) have age >= 18."
    third = Case(claims.share("x >= 2"), committed(pd.DataFrame({"x": [1, 1, 2]}), "few"))
    assert third.sentence == "1 of the 3 rows of `few` (about 33.33 %) has x >= 2."


@pytest.mark.parametrize("bit", [[1, 1, 1, 0], [2, -1, 1, 1], [1, 0, 0, 1], [1, 0, 1, 0]])
def test_bits_of_a_share_are_those_of_its_predicate(bit: list[int]) -> None:
    case = Case(claims.share("age >= 18"), committed(FRAME))
    assert case.cheated(lambda aux: None) == []
    assert case.cheated(lambda aux: aux.update({"bit/0": bit}))


def test_a_share_of_other_rows_is_refused() -> None:
    case = Case(claims.share("age >= 18"), committed(FRAME))
    case.statement = case.statement.model_copy(update={"rows": 5})
    with pytest.raises(StatementError, match="other rows"):
        _ = case.programs


@settings(max_examples=15, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(-5, 5)), min_size=1, max_size=9))
def test_random_columns(values: list[int | None]) -> None:
    subject = committed(pd.DataFrame({"x": pd.array(values, dtype="Int64")}))
    case = Case(claims.value_counts("x"), subject)
    assert isinstance(case.statement, ValueCounts)
    assert {each.value: each.count for each in case.statement.values} == Counter(
        value for value in values if value is not None
    )
    assert case.holds()
    assert Case(claims.histogram("x", [-3, 0, 2, 4]), subject).holds()
