"""Facts: exact results, their sentences, and programs that refuse any other result."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims, parse
from zkp_nb.statements.facts import Means, NullCounts, Sums, Variances

from .frames import Case, committed, edited

FRAME = pd.DataFrame(
    {
        "age": [31, 17, 65, 40],
        "price": [1.25, 2.5, 100.0, -3.75],
        "income": [1000.0, None, 3000.0, None],
        "state": ["CA", "NY", None, "CA"],
        "ratio": [0.1 + 0.2, 1 / 3, 0.5, 2.0],
        "member": [True, False, True, True],
    }
)


def test_sums_of_several_columns_take_448_bytes() -> None:
    case = Case(claims.sum("age", "price", "income", "member"), committed(FRAME, "people"))
    assert case.sizes == [448]
    assert case.sentence == (
        "The sums of columns of `people` are: age 153, price 100.00, income 4,000 and member 3."
    )
    assert case.holds()


@pytest.mark.parametrize("column", ["age", "price", "income"])
def test_another_sum_is_refused(column: str) -> None:
    case = Case(claims.sum("age", "price", "income"), committed(FRAME))
    assert isinstance(case.statement, Sums)
    columns = [
        each.model_copy(update={"sum": str(Decimal(each.sum) + 1)}) if each.column == column else each
        for each in case.statement.columns
    ]
    case.statement = case.statement.model_copy(update={"columns": tuple(columns)})
    assert case.violations(case.witness()) == ["sum 0"]


def test_means_count_values_that_are_not_null() -> None:
    case = Case(claims.mean("income"), committed(FRAME, "people"))
    assert isinstance(case.statement, Means)
    assert case.statement.columns[0].mean == 2000
    assert case.sentence == "The mean of income in `people` is 2,000 (sum 4,000 over 2 values)."
    assert case.sizes == [448]
    assert case.holds()


def test_a_mean_over_another_number_of_values_is_refused() -> None:
    case = Case(claims.mean("income"), committed(FRAME))
    assert isinstance(case.statement, Means)
    wrong = case.statement.columns[0].model_copy(update={"count": 3})
    case.statement = case.statement.model_copy(update={"columns": (wrong,)})
    assert case.violations(case.witness()) == ["sum 0"]


def test_a_mean_of_no_values_does_not_exist() -> None:
    frame = pd.DataFrame({"x": [None, None]}, dtype="Int64")
    with pytest.raises(StatementFalse, match="Column 'x' of `table` has 0 values that are not null"):
        claims.mean("x").state(committed(frame))


@pytest.mark.parametrize("ddof", [0, 1])
def test_variances_are_those_of_pandas(ddof: int) -> None:
    case = Case(claims.variance("age", "income", "price", ddof=ddof), committed(FRAME))
    assert isinstance(case.statement, Variances)
    for each in case.statement.columns:
        assert float(each.variance(ddof)) == pytest.approx(FRAME[each.column].var(ddof=ddof))
    assert case.holds()
    assert case.sizes == [640]


def test_a_variance_of_one_column_takes_448_bytes_and_says_what_is_proven() -> None:
    case = Case(claims.std("age"), committed(FRAME, "people"))
    assert case.sizes == [448]
    assert case.sentence == (
        "The sample standard deviation of age in `people` is about 20.1886932052 "
        "(sum 153, sum of squares 7,075, 4 values)."
    )
    assert isinstance(case.statement, Variances)
    wrong = case.statement.columns[0].model_copy(update={"squares": "7076"})
    case.statement = case.statement.model_copy(update={"columns": (wrong,)})
    assert case.violations(case.witness()) == ["sum 0"]


def test_null_counts() -> None:
    case = Case(claims.nulls(), committed(FRAME, "people"))
    assert isinstance(case.statement, NullCounts)
    assert {each.column: each.nulls for each in case.statement.columns} == FRAME.isna().sum().to_dict()
    assert case.sizes == [448]
    assert case.holds()
    assert "income has 2 nulls, state has 1 null" in case.sentence


def test_null_counts_of_columns_without_companion_are_zero_by_the_record() -> None:
    case = Case(claims.nulls("age"), committed(FRAME))
    assert case.holds()
    assert isinstance(case.statement, NullCounts)
    wrong = case.statement.columns[0].model_copy(update={"nulls": 1})
    case.statement = case.statement.model_copy(update={"columns": (wrong,)})
    with pytest.raises(StatementError, match="has no nulls by its record"):
        _ = case.programs


def test_an_edited_cell_is_refused() -> None:
    subject = committed(FRAME)
    case = Case(claims.sum("age"), subject)
    assert case.violations(case.witness(), {subject.dataset_id: edited(subject, "age", "value", 1, 18)}) == [
        "sum 0"
    ]


def test_durations_add_up_in_seconds() -> None:
    frame = pd.DataFrame({"wait": [timedelta(seconds=90), timedelta(milliseconds=500)]})
    case = Case(claims.mean("wait"), committed(frame, "calls"))
    assert case.sentence == "The mean of wait in `calls` is 45.25 s (sum 90.500000 s over 2 values)."
    assert case.holds()


def test_small_sums_are_written_without_exponent() -> None:
    case = Case(claims.sum("x"), committed(pd.DataFrame({"x": [0.000000001, 0.000000002]}), "t"))
    assert case.sentence == "The sum of x in `t` is 0.000000003."
    assert case.holds()


def test_floats_that_are_no_decimals_have_no_sum_and_the_sentence_says_what_to_do() -> None:
    with pytest.raises(StatementError) as caught:
        claims.sum("ratio").state(committed(FRAME))
    assert "Column 'ratio' holds floats" in caught.value.what
    assert 'scales={"ratio": 2}' in caught.value.todo


@pytest.mark.parametrize("claim", [claims.sum("state"), claims.mean("state"), claims.variance("state")])
def test_text_has_no_sum(claim: claims.Claim) -> None:
    with pytest.raises(StatementError, match="Column 'state' is text and has no sum"):
        claim.state(committed(FRAME))


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (claims.sum(), "names at least one"),
        (claims.sum("age", "age"), "each of them once"),
        (claims.sum("aeg"), "has no column 'aeg'. Its columns are 'age', 'price'"),
        (claims.variance("age", ddof=2), "ddof is 1"),
    ],
)
def test_malformed_claims(claim: claims.Claim, words: str) -> None:
    with pytest.raises(StatementError, match=words):
        claim.state(committed(FRAME))


def test_extreme_integers_add_up_exactly() -> None:
    frame = pd.DataFrame({"x": np.array([2**63 - 1, -(2**63), 2**63 - 1, 2**63 - 1], np.int64)})
    case = Case(claims.variance("x", ddof=0), committed(frame))
    assert isinstance(case.statement, Variances)
    values = [int(x) for x in frame.x]
    assert case.statement.columns[0].sum == str(sum(values))
    assert case.statement.columns[0].squares == str(sum(x * x for x in values))
    assert case.holds()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(-(2**63), 2**63 - 1),
            st.one_of(st.none(), st.decimals(-1000, 1000, places=2)),
        ),
        min_size=2,
        max_size=12,
    )
)
def test_random_columns_agree_with_exact_arithmetic(rows: list[tuple[int, Decimal | None]]) -> None:
    frame = pd.DataFrame({"a": [row[0] for row in rows], "b": [row[1] for row in rows]}).astype({"b": object})
    subject = committed(frame)
    present = [Fraction(row[1]) for row in rows if row[1] is not None]
    names = ["a", "b"] if present else ["a"]
    case = Case(claims.mean(*names), subject)
    assert case.holds()
    assert isinstance(case.statement, Means)
    assert case.statement.columns[0].mean == Fraction(sum(row[0] for row in rows), len(rows))
    if present:
        assert case.statement.columns[1].mean == sum(present) / len(present)


@pytest.mark.parametrize("kind", ["sum", "mean", "variance"])
def test_a_received_statement_about_a_text_gets_a_sentence(kind: str) -> None:
    """Somebody else's statement is read by whoever verifies it; it may say anything."""
    frame = pd.DataFrame({"age": [1, 2], "town": ["Ulm", "Bonn"]})
    subject = committed(frame, "people")
    document = getattr(claims, kind)("age").state(subject).document()
    hostile = json.loads(json.dumps(document).replace('"age"', '"town"'))
    with pytest.raises(StatementError, match="town"):
        parse(hostile).programs({subject.dataset_id: subject.record})
