"""Filters agree with pandas, fit the size, and refuse every other selection."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims, col
from zkp_nb.statements.formula import Predicate

from .frames import Case, committed, edited
from .model import R

FRAME = pd.DataFrame(
    {
        "age": [17, 18, 19, 64, 65, 66],
        "income": [None, 0.0, 1000.0, -5.0, 250.0, None],
        "price": [0.99, 1.0, 1.01, 18.5, -1.0, 2.0],
        "ratio": [0.1, 1 / 3, -2.5, float("inf"), 1e300, 0.0],
        "state": ["CA", "NY", "TX", None, "CA", "WA"],
        "day": pd.to_datetime(["2024-01-01", "2024-06-30", "2024-07-01", "2024-12-31", "2025-01-01", None]),
        "member": pd.array([True, False, None, True, True, False], "boolean"),
    }
)
PREDICATES = [
    ("age >= 18", "age >= 18"),
    ("age > 18", "age > 18"),
    ("age < 65", "age < 65"),
    ("age <= 64.5", "age <= 64"),
    ("age == 18", "age == 18"),
    ("age != 18", "age != 18"),
    ("18 <= age < 65", "age >= 18 and age < 65"),
    ("age in [17, 66, 1000]", "age in [17, 66]"),
    ("income > 0", "income > 0"),
    ("income >= 0 and income <= 1000", "income >= 0 and income <= 1000"),
    ("income != 250", "income != 250 and income == income"),
    ("income is null", "income != income"),
    ("income is not null", "income == income"),
    ("not (income > 0)", "not (income > 0)"),
    ("price >= 1.005", "price >= 1.005"),
    ("price < 1", "price < 1"),
    ("price == 1.01", "price == 1.01"),
    ("ratio > 0.1", "ratio > 0.1"),
    ("ratio >= -2.5 and ratio < 1e300", "ratio >= -2.5 and ratio < 1e300"),
    ("state == 'CA'", "state == 'CA'"),
    ("state in ['CA', 'NY']", "state in ['CA', 'NY']"),
    ("state != 'CA'", "state != 'CA' and state == state"),
    ("day >= '2024-07-01'", "day >= '2024-07-01'"),
    ("member", "member == True"),
    ("member == False", "member == False and known"),
    ("not member", "~(member == True)"),
    ("age < 18 or age >= 65", "age < 18 or age >= 65"),
]


@pytest.mark.parametrize(("text", "query"), PREDICATES, ids=[text for text, _ in PREDICATES])
def test_a_filter_is_what_pandas_selects(text: str, query: str) -> None:
    parent = committed(FRAME)
    wanted = FRAME.assign(member=FRAME.member.fillna(False), known=FRAME.member.notna()).query(query).index
    case = Case(claims.filter(text), committed(FRAME.loc[wanted].iloc[::-1], "child", [parent]))
    assert case.holds()
    assert max(case.sizes) <= 1024
    assert len(case.sizes) == (3 if "1e300" in text else 1)


@pytest.mark.usefixtures("wide_limbs")
@pytest.mark.parametrize(
    ("declared", "text", "size"),
    [
        ({"widths": {"x": 32}}, "x >= 1", 832),
        ({}, "x >= 1", 960),
        ({"nullable": ["x"]}, "x >= 1", 1024),
        ({}, "1 <= x < 100", 960),
        ({"nullable": ["x"]}, "1 <= x < 100", 1024),
        ({"widths": {"x": 16}}, "x == 1 or x >= 100", 832),
        ({}, "x == 3", 704),
        ({}, "x in [1, 2, 3]", 768),
    ],
)
def test_sizes(declared: dict[str, Any], text: str, size: int) -> None:
    frame = pd.DataFrame({"x": [0, 1, 2, 3, 100, 101], "y": "a"})
    parent = committed(frame, **declared)
    wanted = frame.query(text)
    case = Case(claims.filter(text), committed(wanted, "child", [parent]))
    assert case.sizes == [size]
    assert case.holds()


def test_the_sentence() -> None:
    parent = committed(FRAME, "loans")
    case = Case(claims.filter("age >= 18 and state == 'CA'"), committed(FRAME.iloc[[4]], "adults", [parent]))
    assert (
        case.sentence
        == "`adults` is exactly the rows of `loans` with age >= 18 and state == 'CA', in any order."
    )


def test_a_filter_may_drop_columns() -> None:
    parent = committed(FRAME, "loans")
    case = Case(claims.filter(col("age") >= 18), committed(FRAME.loc[1:, ["state"]], "states", [parent]))
    assert (
        case.sentence
        == "`states` is exactly the rows of `loans` with age >= 18, reduced to state, in any order."
    )
    assert case.holds()


@pytest.mark.parametrize("rows", [[1, 2, 3, 4], [0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 5], [0, 2, 3, 4, 5]])
def test_another_selection_is_false(rows: list[int]) -> None:
    child = committed(FRAME.iloc[rows], "child", [committed(FRAME)])
    with pytest.raises(StatementFalse, match="`child` is not the rows of `table` with age >= 18") as caught:
        claims.filter("age >= 18").state(child)
    assert "17" not in str(caught.value)


@pytest.mark.parametrize("row", range(6))
def test_flipped_bits_are_refused(row: int) -> None:
    case = Case(claims.filter("age >= 18"), committed(FRAME.loc[1:], "child", [committed(FRAME)]))

    def cheat(aux: dict[str, list[int]]) -> None:
        aux["bit/0"][row] ^= 1

    assert case.cheated(cheat)


@pytest.mark.parametrize("value", [2, -1, pow(2, -1, R)])
def test_bits_that_are_no_bits_are_refused(value: int) -> None:
    case = Case(claims.filter("age >= 18"), committed(FRAME.loc[1:], "child", [committed(FRAME)]))

    def cheat(aux: dict[str, list[int]]) -> None:
        aux["bit/0"][2] = value

    assert [each for each in case.cheated(cheat) if each.startswith("constraint")]


def test_a_prover_who_drops_a_row_and_its_bit_is_refused() -> None:
    parent = committed(FRAME)
    child = committed(FRAME.loc[1:], "child", [parent])
    case = Case(claims.filter("age >= 18"), child)
    fewer = committed(FRAME.loc[2:], "child", [parent])
    case.records[child.dataset_id] = fewer.record
    case.tables[child.dataset_id] = fewer.table

    def cheat(aux: dict[str, list[int]]) -> None:
        # 18 >= 18 is denied: then 18 - 1 - 18 would have to be in the range, and so is its limb.
        aux["bit/0"][1] = 0
        for limb in (1, 2, 3):
            aux[f"range/0/limb/{limb}"][1] = 0

    assert [each for each in case.cheated(cheat) if each.startswith("sum")]


def test_limbs_out_of_range_are_refused() -> None:
    case = Case(claims.filter("age >= 18"), committed(FRAME.loc[1:], "child", [committed(FRAME)]))

    def cheat(aux: dict[str, list[int]]) -> None:
        aux["range/0/limb/1"][0] += 1 << 16

    assert case.cheated(cheat)


def test_multiplicities_must_be_right() -> None:
    case = Case(claims.filter("age >= 18"), committed(FRAME.loc[1:], "child", [committed(FRAME)]))

    def cheat(aux: dict[str, list[int]]) -> None:
        aux["range/multiplicity"][0] += 1

    assert case.cheated(cheat) == ["sum 0"]


@pytest.mark.parametrize(
    "text", ["income > 0", "0 <= income <= 1000", "income == 250", "state == 'CA'", "state != 'CA'"]
)
@pytest.mark.parametrize("null", [2, -1, pow(2, -1, R)])
def test_null_companions_that_are_not_boolean_are_refused(text: str, null: int) -> None:
    parent = committed(FRAME)
    query = text.replace("0 <= income", "income >= 0 and income").replace(
        "!= 'CA'", "!= 'CA' and state == state"
    )
    case = Case(claims.filter(text), committed(FRAME.query(query), "child", [parent]))
    column = text.split()[2 if text.startswith("0") else 0]
    cells = edited(parent, column, "null", 2, 1)
    for each in cells.columns:
        if each.name == column:
            from zkp_nb.table.cells import wide_from_ints

            ints = [int(x) for x in each.part("null").cells]
            ints[2] = null
            object.__setattr__(each.part("null"), "cells", wide_from_ints(ints))
    assert [
        each
        for each in case.violations(case.witness(), {parent.dataset_id: cells})
        if each.startswith("constraint")
    ]


def test_selected_nulls_are_refused() -> None:
    parent = committed(FRAME[["income"]])
    child = committed(FRAME[["income"]].query("income > 0"), "child", [parent])
    case = Case(claims.filter("income > 0"), child)
    more = committed(FRAME[["income"]].iloc[[0, 2, 4]], "child", [parent])
    case.records[child.dataset_id] = more.record
    case.tables[child.dataset_id] = more.table

    def cheat(aux: dict[str, list[int]]) -> None:
        aux["bit/0"][0] = 1

    found = case.cheated(cheat)
    assert found
    assert not [each for each in found if each.startswith("sum")]


def test_a_text_of_the_right_head_and_another_tail_is_refused() -> None:
    parent = committed(FRAME[["state"]])
    case = Case(claims.filter("state == 'CA'"), committed(FRAME[["state"]].iloc[[0, 4]], "child", [parent]))
    other = edited(parent, "state", "tail", 0, np.arange(32, dtype=np.uint8) % 23)
    assert [
        each
        for each in case.violations(case.witness(), {parent.dataset_id: other})
        if each.startswith("constraint")
    ]


@pytest.mark.parametrize("text", ["state == 'CA'", "state in ['CA', 'NY']"])
def test_membership_cannot_be_denied(text: str) -> None:
    frame = FRAME[["state"]]
    parent = committed(frame)
    child = committed(frame.query(text), "child", [parent])
    case = Case(claims.filter(text), child)
    fewer = committed(frame.query(text).iloc[1:], "child", [parent])
    case.records[child.dataset_id] = fewer.record
    case.tables[child.dataset_id] = fewer.table

    def cheat(aux: dict[str, list[int]]) -> None:
        for label in aux:
            aux[label][0] = 1 if label.startswith("inverse") else 0

    assert case.cheated(cheat)


@pytest.mark.parametrize("place", [2, -2, 0, 1, pow(2, -1, R)])
def test_places_of_an_interval_cannot_be_chosen(place: int) -> None:
    case = Case(claims.filter("18 <= age < 65"), committed(FRAME.loc[1:3], "child", [committed(FRAME)]))

    def cheat(aux: dict[str, list[int]]) -> None:
        aux["place/0"][0] = place

    assert case.cheated(cheat)


def test_a_predicate_too_large_for_one_proof_goes_in_steps() -> None:
    parent = committed(FRAME, "loans")
    text = "(age >= 18 and state == 'CA') or (price > 1 and ratio < 0.2) or income < 0"
    query = FRAME.query("(age >= 18 and state == 'CA') or (price > 1 and ratio < 0.2) or income < 0")
    case = Case(claims.filter(text), committed(query, "child", [parent]))
    assert len(case.statement.witnesses) == 1
    assert len(case.sizes) > 1
    assert max(case.sizes) <= 1024
    assert case.holds()
    bits = case.subjects[case.statement.witnesses[0]]
    for column in range(len(bits.table.columns)):
        flipped = edited(bits, f"bit{column}", "value", 2, not bits.table.columns[column].parts[0].cells[2])
        assert case.violations(case.witness(), {bits.dataset_id: flipped})
        doubled = edited(bits, f"bit{column}", "value", 2, 2)
        assert case.violations(case.witness(), {bits.dataset_id: doubled})


def test_without_a_way_to_commit_bits_the_sentence_says_what_to_do() -> None:
    child = committed(FRAME.iloc[[4]], "child", [committed(FRAME)])
    with pytest.raises(StatementError, match="too large for one proof") as caught:
        claims.filter("age >= 18 and state == 'CA'").state(child)
    assert "two steps" in caught.value.todo


@pytest.mark.parametrize(
    ("predicate", "words"),
    [
        ("aeg >= 18", "has no column 'aeg'"),
        ("state >= 'CA'", "Column 'state': A column of text has no order"),
        ("age == 'x'", "A constant of type str cannot be compared with a column of int64"),
        ("state == 1", "A constant of type int cannot be compared with a column of text"),
        ("day >= 'yesterday'", "is not an ISO 8601 date"),
    ],
)
def test_predicates_that_cannot_be_asked(predicate: str, words: str) -> None:
    with pytest.raises(StatementError, match=words):
        claims.filter(predicate).state(committed(FRAME.head(1), "child", [committed(FRAME)]))


def test_python_constants() -> None:
    parent = committed(FRAME)
    child = committed(FRAME.iloc[[2, 3]], "child", [parent])
    predicate: Predicate = (col("day") > datetime(2024, 6, 30)) & (col("day") < pd.Timestamp("2025-01-01"))
    case = Case(claims.filter(predicate), child)
    assert "day >= '2024" not in case.sentence
    assert case.holds()
    assert Case(
        claims.filter(col("day").between(date(2024, 7, 1), np.datetime64("2024-12-31"))), child
    ).holds()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_random_filters_agree_with_python(data: st.DataObject) -> None:
    values = st.one_of(st.none(), st.integers(-3, 3))
    rows = data.draw(st.lists(st.tuples(values, values), min_size=1, max_size=7))
    frame = pd.DataFrame(rows, columns=["a", "b"], dtype="Int64")
    comparison = st.builds(
        lambda column, op, value: f"{column} {op} {value}",
        st.sampled_from(["a", "b"]),
        st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
        st.integers(-4, 4),
    )
    others = st.one_of(
        st.builds(
            lambda column, members: f"{column} in {members}",
            st.sampled_from("ab"),
            st.lists(st.integers(-4, 4), min_size=1, max_size=3),
        ),
        st.builds(
            lambda column, word: f"{column} is {word}",
            st.sampled_from("ab"),
            st.sampled_from(["null", "not null"]),
        ),
    )
    text = data.draw(
        st.recursive(
            st.one_of(comparison, others),
            lambda terms: st.one_of(
                terms.map(lambda term: f"not ({term})"),
                st.builds(lambda x, op, y: f"({x}) {op} ({y})", terms, st.sampled_from(["and", "or"]), terms),
            ),
            max_leaves=4,
        )
    )
    python = text.replace("is null", "== None").replace("is not null", "!= None")
    keep = [_true(python, a, b) for a, b in rows]
    if not any(keep):
        return
    parent = committed(frame, widths={"a": 16, "b": 16})
    case = Case(claims.filter(text), committed(frame[keep], "child", [parent]))
    assert case.holds()
    assert max(case.sizes) <= 1024


class _Cell:
    """A cell that no comparison with a number holds for where it is null."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: int | None) -> None:
        self.value = value

    def _has(self, holds: Any) -> bool:
        return self.value is not None and holds(self.value)

    def __lt__(self, other: int) -> bool:
        return self._has(lambda value: value < other)

    def __le__(self, other: int) -> bool:
        return self._has(lambda value: value <= other)

    def __gt__(self, other: int) -> bool:
        return self._has(lambda value: value > other)

    def __ge__(self, other: int) -> bool:
        return self._has(lambda value: value >= other)

    def __eq__(self, other: object) -> bool:
        return self.value is None if other is None else self._has(lambda value: value == other)

    def __ne__(self, other: object) -> bool:
        return self.value is not None if other is None else self._has(lambda value: value != other)


def _true(python: str, a: int | None, b: int | None) -> bool:
    return bool(eval(python, {}, {"a": _Cell(a), "b": _Cell(b)}))  # noqa: S307
