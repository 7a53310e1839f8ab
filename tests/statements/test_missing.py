"""Rows with nulls dropped, and nulls filled."""

from __future__ import annotations

import pandas as pd
import pytest

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims

from .forging import claimed, forged
from .frames import Case, committed

FRAME = pd.DataFrame(
    {
        "k": [1, 2, 3, 4],
        "v": [1.5, None, 2.5, None],
        "s": ["a", "b", None, None],
        "n": pd.array([None, 1, 2, 3], "Int64"),
    }
)
MANY = pd.DataFrame(
    {f"c{at}": pd.array([None if row == at else row for row in range(7)], "Int64") for at in range(6)}
)


def dropped(*columns: str, frame: pd.DataFrame = FRAME) -> Case:
    parent = committed(frame, "all")
    child = frame.dropna(subset=list(columns) or None)
    return Case(claims.drop_nulls(*columns), committed(child, "some", [parent]))


def test_rows_without_nulls_in_one_column() -> None:
    case = dropped("v")
    assert case.sizes == [640]
    assert case.sentence == "`some` is exactly the rows of `all` in which v is not null, in any order."
    assert case.holds()


def test_rows_without_nulls_in_several_columns() -> None:
    case = dropped("v", "s")
    assert case.sizes == [704]
    assert case.sentence.endswith("in which none of v and s is null, in any order.")
    assert case.holds()


def test_many_nullable_columns_take_one_number_of_nulls() -> None:
    case = dropped(frame=MANY)
    assert case.sizes == [832]
    assert case.holds()


@pytest.mark.parametrize("frame", [FRAME[["k", "v"]], MANY])
def test_a_kept_null_or_a_dropped_row_is_refused(frame: pd.DataFrame) -> None:
    parent = committed(frame, "all")
    case = Case(claims.drop_nulls(), committed(frame.dropna(), "some", [parent]))
    name = frame.columns[1]
    # A row that is kept becomes one with a null, in both tables; and the other way round.
    row = int(frame.notna().all(axis=1).to_numpy().argmax())
    assert forged(case, (parent, name, "null", row, True))
    with pytest.raises(StatementFalse, match="lacks 1 row of them"):
        claims.drop_nulls().state(
            committed(frame.dropna().tail(1), "fewer", [parent])
            if len(frame.dropna()) > 1
            else committed(frame.dropna(), "same", [committed(pd.concat([frame, frame]), "twice")])
        )


def test_flags_that_cancel_out_are_refused() -> None:
    """Null flags 1 and -1 in a kept row: their sum is 0, and their combination by powers is not."""
    parent = committed(MANY, "all")
    child = committed(MANY.dropna(), "some", [parent])
    case = Case(claims.drop_nulls(), child)
    row = int(MANY.notna().all(axis=1).to_numpy().argmax())
    edits = [(parent, "c0", "null", row, 1), (parent, "c1", "null", row, -1)]
    found = forged(case, *edits)
    assert [each for each in found if each.startswith("constraint")]


def test_a_flag_that_is_not_boolean_is_refused() -> None:
    case = dropped("v")
    parent = case.subjects[case.statement.inputs[0]]
    assert [each for each in forged(case, (parent, "v", "null", 1, 2)) if each.startswith("constraint")]


def filled(**values: object) -> Case:
    parent = committed(FRAME, "all")
    return Case(claims.fill_nulls(**values), committed(FRAME.fillna(values), "full", [parent]))


def test_filled_numbers_and_text() -> None:
    case = filled(v=0.25, s="none")
    assert case.sizes == [768]
    assert case.sentence == (
        "`full` has the rows of `all` in the same order, with nulls replaced by 0.25 in v and 'none' in s."
    )
    assert case.holds()


@pytest.mark.parametrize(
    ("column", "part", "row", "value"),
    [
        ("v", "value", 1, 26),
        ("v", "value", 0, 25),
        ("s", "tail", 2, 1),
        ("k", "value", 0, 9),
        ("n", "null", 0, False),
    ],
)
def test_other_values_are_refused(column: str, part: str, row: int, value: int | bool) -> None:
    case = filled(v=0.25, s="none")
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, column, part, row, value))


def test_a_value_beside_a_null_is_refused() -> None:
    """A null whose cell is 5 would be filled with 25 + 5."""
    case = filled(v=0.25)
    parent, output = (case.subjects[each] for each in (*case.statement.inputs, *case.statement.outputs))
    assert forged(case, (parent, "v", "value", 1, 5), (output, "v", "value", 1, 30))


def test_another_constant_is_refused() -> None:
    case = filled(v=0.25)
    assert claimed(case, filled=({"column": "v", "value": 0.75},))


def test_what_does_not_hold_is_named() -> None:
    parent = committed(FRAME, "all")
    with pytest.raises(StatementFalse, match="2 rows of `full` are not the row of `all`"):
        claims.fill_nulls(v=1).state(committed(FRAME.fillna({"v": 0.25}), "full", [parent]))
    with pytest.raises(StatementError, match="constants"):
        claims.fill_nulls()
