"""Tables put together, and tables that grow."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims

from .forging import claimed, forged
from .frames import Case, committed

A = pd.DataFrame({"id": [1, 2, 3], "name": ["a", None, "c"], "x": [0.5, 1.25, None]})
B = pd.DataFrame({"id": [4, 5], "name": ["d", "a"], "x": [2.5, None]})


def joined(frame: pd.DataFrame) -> Case:
    a = committed(A, "a")
    b = committed(B, "b", [a])
    return Case(claims.concat(a, b), committed(frame, "all", [a]), a, b)


def test_rows_one_below_the_other() -> None:
    case = joined(pd.concat([A, B]))
    assert case.sizes == [640]
    assert case.sentence == "`all` has the rows of `a`, then those of `b`, in the same order."
    assert case.holds()


def test_rows_in_another_order_are_claimed_without_it() -> None:
    case = joined(pd.concat([A, B]).iloc[::-1])
    assert case.sentence == "`all` has exactly the rows of `a` and `b` together, in any order."
    assert case.holds()
    assert claimed(case, ordered=True)


@pytest.mark.parametrize(
    ("column", "part", "value"),
    [("id", "value", 9), ("name", "tail", 1), ("x", "null", True), ("x", "value", 1)],
)
def test_an_edited_row_is_refused(column: str, part: str, value: int | bool) -> None:
    for order in (1, -1):
        case = joined(pd.concat([A, B]).iloc[::order])
        (output,) = (case.subjects[each] for each in case.statement.outputs)
        assert forged(case, (output, column, part, 1, value))


def test_rows_exchanged_between_places_are_refused_where_order_is_claimed() -> None:
    case = joined(pd.concat([A[["id"]], B[["id"]]]))
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "id", "value", 0, 2), (output, "id", "value", 1, 1))


def test_a_missing_row_is_named() -> None:
    with pytest.raises(StatementFalse, match="lacks 2 rows and has 0 rows"):
        joined(A)


def test_eight_tables_fit_and_nine_do_not() -> None:
    frame = pd.DataFrame({"x": range(18)})
    parts = [committed(frame.iloc[2 * at : 2 * at + 2], f"part{at}") for at in range(9)]
    whole = committed(frame.head(16), "all")
    case = Case(claims.concat(*parts[:8]), whole, *parts)
    assert case.sizes == [1024]
    assert case.holds()
    with pytest.raises(StatementError, match="2 to 8 tables"):
        Case(claims.concat(*parts), committed(frame, "all"), *parts)


def test_a_table_twice() -> None:
    a = committed(A, "a")
    case = Case(claims.concat(a, a), committed(pd.concat([A, A]), "twice", [a]), a)
    assert case.holds()


def test_an_appended_table() -> None:
    old = committed(A, "old")
    case = Case(claims.append(), committed(pd.concat([A, B]), "new", [old]))
    assert case.sizes == [576]
    assert case.sentence == (
        "`new` begins with the rows of `old`, in the same order; rows were only appended."
    )
    assert case.holds()


def test_an_append_that_moves_the_rows_of_the_grid() -> None:
    frame = pd.DataFrame({"x": np.arange(3000)})
    old = committed(frame.head(1000), "old")
    new = committed(frame, "new", [old])
    assert (old.record.depth, new.record.depth) == (4, 8)
    case = Case(claims.append(), new)
    assert case.holds()
    assert forged(case, (new, "x", "value", 5, 6), (new, "x", "value", 6, 5))
    assert not forged(case, (new, "x", "value", 1000, -1))


def test_an_append_that_changes_a_row_is_refused() -> None:
    old = committed(A, "old")
    with pytest.raises(StatementFalse, match="3 rows of `old` are not in the same place"):
        claims.append().state(committed(pd.concat([B, A]), "new", [old]))
    with pytest.raises(StatementFalse, match="has fewer rows"):
        claims.append().state(committed(A.head(2), "new", [old]))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=4), min_size=2, max_size=4),
    st.lists(st.integers(0, 2), min_size=1, max_size=12),
)
def test_random_tables_agree_with_a_sorted_list(parts: list[list[int]], whole: list[int]) -> None:
    subjects = [committed(pd.DataFrame({"x": part}), f"p{at}") for at, part in enumerate(parts)]
    together = [x for part in parts for x in part]
    child = committed(pd.DataFrame({"x": whole}), "all")
    if sorted(together) == sorted(whole):
        assert Case(claims.concat(*subjects), child, *subjects).holds()
    else:
        with pytest.raises(StatementFalse):
            Case(claims.concat(*subjects), child, *subjects)
    assert Case(claims.concat(*subjects), committed(pd.DataFrame({"x": together})), *subjects).holds()
