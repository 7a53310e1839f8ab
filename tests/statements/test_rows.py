"""Same rows, selections and splits: what holds is proven, what does not is refused."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims

from .frames import Case, committed, edited

FRAME = pd.DataFrame(
    {
        "id": [1, 2, 3, 4, 5, 5],
        "name": ["a", "b", None, "d", "e", "e"],
        "x": [0.5, 1.25, None, 3.0, 4.0, 4.0],
    }
)


def test_a_shuffle_takes_576_bytes() -> None:
    parent = committed(FRAME, "loans")
    case = Case(claims.same_rows(), committed(FRAME.sample(frac=1, random_state=2), "shuffled", [parent]))
    assert case.sizes == [576]
    assert case.sentence == "`shuffled` has exactly the rows of `loans` in any order."
    assert case.holds()


@pytest.mark.parametrize(
    ("column", "part", "value"),
    [
        ("id", "value", 7),
        ("x", "null", True),
        ("x", "value", 51),
        ("name", "head", 5),
        ("name", "null", True),
    ],
)
def test_an_edited_row_is_refused(column: str, part: str, value: int | bool) -> None:
    parent = committed(FRAME)
    child = committed(FRAME.iloc[::-1], "child", [parent])
    case = Case(claims.same_rows(), child)
    assert case.violations(case.witness(), {child.dataset_id: edited(child, column, part, 1, value)})


def test_rows_exchanged_within_a_column_are_refused() -> None:
    parent = committed(pd.DataFrame({"a": [1, 2], "b": [1, 2]}))
    child = committed(pd.DataFrame({"a": [1, 2], "b": [2, 1]}), "child", [parent])
    with pytest.raises(StatementFalse, match="lacks 2 rows and has 2 rows that are not there"):
        claims.same_rows().state(child)


def test_a_doubled_row_is_not_the_same_rows() -> None:
    parent = committed(FRAME)
    child = committed(FRAME.iloc[[0, 1, 2, 3, 4, 0]], "child", [parent])
    with pytest.raises(StatementFalse, match="lacks 1 row and has 1 row that are not there"):
        claims.same_rows().state(child)


def test_tables_of_different_depth_compare() -> None:
    frame = pd.DataFrame({"x": np.arange(3000)})
    parent = committed(frame)
    child = committed(frame.head(7), "head", [parent])
    assert (parent.record.depth, child.record.depth) == (8, 4)
    assert Case(claims.rows_of(), child).holds()


def test_columns_in_another_order_compare_by_name() -> None:
    parent = committed(FRAME)
    child = committed(FRAME[["x", "id", "name"]].iloc[::-1], "child", [parent])
    assert Case(claims.same_rows(), child).holds()


def test_nullable_and_not_nullable_columns_compare() -> None:
    parent = committed(FRAME)
    child = committed(FRAME.dropna(), "child", [parent])
    assert not child.record.columns[2].nullable
    assert Case(claims.rows_of(), child).holds()


def test_scales_that_depend_on_the_rows_compare() -> None:
    parent = committed(FRAME)
    child = committed(FRAME[FRAME.x == 4.0], "child", [parent], aligned=False)
    assert child.table.columns[2].type != parent.table.columns[2].type
    assert Case(claims.rows_of(), child).holds()


def test_a_selection_uses_each_row_at_most_once() -> None:
    parent = committed(FRAME)
    case = Case(claims.rows_of(), committed(FRAME.iloc[[5, 4, 1]], "sample", [parent]))
    assert case.sizes == [640]
    assert case.sentence == "Every row of `sample` is a row of `table` used at most once."
    assert case.holds()
    with pytest.raises(StatementFalse, match="1 row of `sample` is not in `table`"):
        claims.rows_of().state(committed(FRAME.iloc[[0, 0]], "sample", [parent]))


@pytest.mark.parametrize(
    "keep", [[2, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1], [-1, 2, 1, 0, 0, 0]]
)
def test_a_selection_by_anything_but_the_right_bits_is_refused(keep: list[int]) -> None:
    case = Case(claims.rows_of(), committed(FRAME.iloc[[0, 0 + 1]].head(1), "sample", [committed(FRAME)]))

    def cheat(aux: dict[str, list[int]]) -> None:
        aux["keep"] = keep

    assert case.cheated(cheat)


def test_a_fractional_bit_that_balances_is_refused() -> None:
    # Twice half of a doubled row is one row.
    case = Case(claims.rows_of(), committed(FRAME.iloc[[4]], "sample", [committed(FRAME)]))
    half = pow(2, -1, 21888242871839275222246405745257275088548364400416034343698204186575808495617)

    def cheat(aux: dict[str, list[int]]) -> None:
        aux["keep"] = [0, 0, 0, 0, half, half]

    assert [each for each in case.cheated(cheat) if each.startswith("constraint")]
    assert not [each for each in case.cheated(cheat) if each.startswith("sum")]


def test_selections_may_drop_columns_and_say_so() -> None:
    parent = committed(FRAME, "loans")
    case = Case(claims.rows_of(), committed(FRAME[["name", "id"]].head(2), "few", [parent]))
    assert case.holds()
    assert (
        case.sentence == "Every row of `few` is a row of `loans`, reduced to name and id, used at most once."
    )


def test_a_split() -> None:
    parent = committed(FRAME, "all")
    train, test = (
        committed(part, name, [parent])
        for part, name in ((FRAME.iloc[:4], "train"), (FRAME.iloc[4:], "test"))
    )
    case = Case(claims.split(test), train, test)
    assert case.sizes == [640]
    assert case.holds()
    assert (
        case.sentence
        == "Each row of `all` is in exactly one of `train` and `test`, and they have no other rows."
    )
    edit = {test.dataset_id: edited(test, "id", "value", 0, 4)}
    assert case.violations(case.witness(), edit)


def test_a_split_with_a_row_in_both_parts_is_refused() -> None:
    parent = committed(FRAME, "all")
    train, test = (
        committed(part, name, [parent])
        for part, name in ((FRAME.iloc[:4], "train"), (FRAME.iloc[3:], "test"))
    )
    with pytest.raises(
        StatementFalse, match="0 rows of it are in no part, and the parts have 1 row too many"
    ):
        Case(claims.split(test), train, test)


def test_a_split_into_six_parts_fits() -> None:
    frame = pd.DataFrame({"x": range(12)})
    parent = committed(frame)
    parts = [committed(frame.iloc[at::6], f"part{at}", [parent]) for at in range(6)]
    case = Case(claims.split(*parts[1:]), parts[0], *parts[1:])
    assert case.sizes == [896]
    assert case.holds()


def test_tables_with_other_columns_or_types_cannot_be_compared() -> None:
    parent = committed(FRAME)
    with pytest.raises(StatementError, match="`table` has no column 'y'"):
        claims.same_rows().state(committed(FRAME.rename(columns={"x": "y"}), "child", [parent]))
    with pytest.raises(StatementError, match="Column 'id' is int64 in `table` and text"):
        claims.same_rows().state(committed(FRAME.astype({"id": str}), "child", [parent]))


def test_a_claim_about_a_parent_needs_one() -> None:
    with pytest.raises(StatementError, match="has no parent"):
        claims.same_rows().state(committed(FRAME))


def test_the_parent_of_which_it_holds_is_found() -> None:
    other, parent = committed(FRAME.head(2), "other"), committed(FRAME, "parent")
    case = Case(claims.same_rows(), committed(FRAME.iloc[::-1], "child", [other, parent]))
    assert case.statement.inputs == (parent.dataset_id,)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_random_selections_agree_with_pandas(data: st.DataObject) -> None:
    cell = st.one_of(st.none(), st.integers(0, 2))
    rows: list[tuple[int | None, int | None]] = data.draw(
        st.lists(st.tuples(cell, cell), min_size=1, max_size=8)
    )
    frame = pd.DataFrame(rows, columns=["a", "b"], dtype="Int64")
    picked = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1, max_size=8))
    parent = committed(frame)
    child = committed(frame.iloc[picked], "child", [parent])
    if Counter(rows[at] for at in picked) <= Counter(rows):
        assert Case(claims.rows_of(), child).holds()
    else:
        with pytest.raises(StatementFalse):
            claims.rows_of().state(child)
