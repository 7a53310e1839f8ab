"""Joins, rows chosen by another table's keys, and tables without a key in common."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import Claim, Subject, claims
from zkp_nb.table import Column, Part, Table

from .forging import claimed, forged, witness_of
from .frames import Case, committed, edited

LEFT = pd.DataFrame({"k": [1, 2, 3, 3, 5, 6], "x": [10, 20, 30, 31, 50, 60]})
RIGHT = pd.DataFrame({"k": [3, 1, 2, 9], "w": [300, 100, 200, 900], "t": ["c", None, "b", "z"]})
MATCHED = LEFT[LEFT.k < 4]


def joined(
    how: str, left: pd.DataFrame = LEFT, right: pd.DataFrame = RIGHT, *, child: pd.DataFrame | None = None
) -> Case:
    claim: Callable[..., Claim] = claims.left_join if how == "left" else claims.inner_join
    parent, other = committed(left, "left"), committed(right, "right")
    result = left.merge(right, on="k", how=how) if child is None else child  # type: ignore[call-overload]
    return Case(claim(other, "k"), committed(result, "out", [parent]), other)


def parts(case: Case) -> tuple[Subject, Subject, Subject]:
    left, right = (case.subjects[each] for each in case.statement.inputs)
    return left, right, case.subjects[case.statement.outputs[0]]


@pytest.mark.usefixtures("wide_limbs")
def test_a_left_join_whose_rows_all_match() -> None:
    case = joined("left", MATCHED)
    assert case.sizes == [896, 768]
    assert case.sentence == (
        "`out` is the left join of `left` with `right` on k, a key of `right`: each row of `left` once, in any order, "
        "with w and t of the row that has its key, which each of them has."
    )
    assert case.holds()


@pytest.mark.usefixtures("wide_limbs")
def test_a_left_join_with_rows_that_do_not_match() -> None:
    case = joined("left")
    assert case.sizes == [896, 1024]
    assert case.sentence.endswith("of the row that has its key, nulls where there is none.")
    assert case.holds()
    assert witness_of(case).table.n_rows == len(RIGHT) + 2


@pytest.mark.usefixtures("wide_limbs")
def test_an_inner_join() -> None:
    case = joined("inner")
    # Rows of small tables do not ride on the grid that the range of the keys takes.
    assert case.sizes == [896, 1024, 640]
    assert case.sentence.endswith("of the row that has its key, and no other rows.")
    assert case.holds()
    assert joined("inner", MATCHED).sizes == [896, 768]


def test_keys_of_text_nulls_and_other_names() -> None:
    left = pd.DataFrame({"who": ["a", "b", None, "zz"], "x": [1, 2, 3, 4]})
    right = pd.DataFrame({"name": ["b", "a", "q"], "x": [7, 8, 9]})
    for how, claim in (("left", claims.left_join), ("inner", claims.inner_join)):
        result = left.merge(right, left_on="who", right_on="name", how=how)  # type: ignore[call-overload]
        parent, other = committed(left, "left"), committed(right, "right")
        case = Case(claim(other, "who", "name"), committed(result, "out", [parent], aligned=False), other)
        assert case.holds()
        assert max(case.sizes) <= 1024


@pytest.mark.parametrize("how", ["left", "inner"])
@pytest.mark.parametrize("left", [LEFT, MATCHED])
@pytest.mark.parametrize(
    ("column", "part", "value"), [("x", "value", 5), ("w", "value", 5), ("t", "tail", 5), ("k", "value", 2)]
)
def test_an_edited_cell_is_refused(how: str, left: pd.DataFrame, column: str, part: str, value: int) -> None:
    case = joined(how, left)
    *_, output = parts(case)
    assert forged(case, (output, column, part, 0, value))


@pytest.mark.parametrize("how", ["left", "inner"])
@pytest.mark.parametrize("left", [LEFT, MATCHED])
def test_repeated_right_keys_are_refused(how: str, left: pd.DataFrame) -> None:
    """Two rows for key 1: the prover could take either."""
    case = joined(how, left)
    _, right, _ = parts(case)
    assert forged(case, (right, "k", "value", 3, 1))
    parent, other = committed(left, "left"), committed(RIGHT.assign(k=[3, 1, 2, 1]), "right")
    with pytest.raises(StatementFalse, match="1 row of `right` repeats the k of another row"):
        Case(claims.left_join(other, "k"), committed(left.merge(RIGHT), "out", [parent]), other)


def test_a_match_that_is_denied_is_refused() -> None:
    """Nulls for key 2, which the right table has."""
    case = joined("left")
    _, _, output = parts(case)
    keys = witness_of(case)
    # With the key table as it is, the row is not among its rows.
    hidden = [(output, "w", "value", 1, 0), (output, "w", "null", 1, True)]
    hidden += [(output, "t", part, 1, 0) for part in ("head", "tail")] + [(output, "t", "null", 1, True)]
    assert forged(case, *hidden)
    # With key 2 there without mark instead of 5: the key is there twice.
    at = keys.table.column("key0").data[0].tolist().index(5)
    assert forged(case, *hidden, (keys, "key0", "value", at, 2))
    # With the right table's row of key 2 unmarked, and emptied: the right table has one row more.
    row = keys.table.column("key0").data[0].tolist().index(2)
    emptied = [(keys, "right w", "value", row, 0), (keys, "right w", "null", row, True)]
    emptied += [(keys, "right t", part, row, 0) for part in ("head", "tail")] + [
        (keys, "right t", "null", row, True)
    ]
    assert forged(case, *hidden, *emptied, (keys, "side", "value", row, False))


def test_an_invented_match_is_refused() -> None:
    """A right row for key 5, which the right table lacks."""
    case = joined("left")
    _, _, output = parts(case)
    keys = witness_of(case)
    at = keys.table.column("key0").data[0].tolist().index(5)
    given = [(output, "w", "value", 4, 77), (output, "w", "null", 4, False)]
    row = [(keys, "right w", "value", at, 77), (keys, "right w", "null", at, False)]
    assert forged(case, *given, *row)
    assert forged(case, *given, *row, (keys, "side", "value", at, True))


def test_marks_that_are_no_bits_are_refused() -> None:
    for case in (joined("left"), joined("inner")):
        keys = witness_of(case)
        assert [each for each in forged(case, (keys, "side", "value", 0, 2)) if each.startswith("constraint")]


def test_inner_join_bits() -> None:
    case = joined("inner")
    for found in ([1, 1, 1, 1, 1, 0], [1, 1, 1, 0, 0, 0], [2, 0, 1, 1, 0, 0]):
        assert any(
            case.cheated(lambda aux, found=found: aux.update(found=found), part)  # type: ignore[misc]
            for part, program in enumerate(case.programs)
            if "found" in [each.label for each in program.aux]
        )


def test_rows_left_out_of_an_inner_join_are_refused() -> None:
    """A left row is not kept although its key has a match: its key would have to be there without mark."""
    case = joined("inner")
    left, _, _ = parts(case)
    keys = witness_of(case)
    fewer = committed(case.tables[case.statement.outputs[0]].take(np.arange(3)), "fewer", [left])
    case.subjects[fewer.dataset_id] = fewer
    case.records[fewer.dataset_id] = fewer.record
    case.tables[fewer.dataset_id] = fewer.table
    assert claimed(case, outputs=(fewer.dataset_id,))
    row = keys.table.column("key0").data[0].tolist().index(3)
    case.tables[keys.dataset_id] = edited(keys, "side", "value", row, False)
    assert claimed(case, outputs=(fewer.dataset_id,))


def semi(anti: bool, right: pd.DataFrame = RIGHT) -> Case:
    parent, other = committed(LEFT, "left"), committed(right, "right")
    kept = LEFT[LEFT.k.isin(right.k) != anti]
    claim = (claims.anti_join if anti else claims.semi_join)(other, "k")
    return Case(claim, committed(kept, "out", [parent]), other)


@pytest.mark.usefixtures("wide_limbs")
@pytest.mark.parametrize("anti", [False, True])
def test_semi_and_anti_joins(anti: bool) -> None:
    case = semi(anti)
    assert case.sizes == [896, 768, 832]
    how = "does not occur" if anti else "occurs"
    assert case.sentence == f"`out` is exactly the rows of `left` whose k {how} in `right`, in any order."
    assert case.holds()
    assert semi(anti, pd.DataFrame({"k": [3, 3, 1, 3, 8]})).holds()


@pytest.mark.parametrize("anti", [False, True])
def test_a_semi_join_by_wrong_marks_is_refused(anti: bool) -> None:
    case = semi(anti)
    left, _, output = parts(case)
    keys = witness_of(case)
    for row in range(keys.table.n_rows):
        mark = bool(keys.table.column("side").data[0][row])
        assert forged(case, (keys, "side", "value", row, not mark))
        assert forged(case, (keys, "side", "value", row, 2))
    assert forged(case, (left, "k", "value", 0, 5))
    assert forged(case, (output, "k", "value", 0, 9))


def test_a_semi_join_by_another_choice_is_named() -> None:
    parent, other = committed(LEFT, "left"), committed(RIGHT, "right")
    with pytest.raises(StatementFalse, match="lacks 3 rows of them and has 0 rows too many"):
        Case(claims.semi_join(other, "k"), committed(LEFT.head(1), "out", [parent]), other)


def test_null_keys_match_nothing() -> None:
    left = pd.DataFrame({"k": pd.array([1, None, 2], "Int64"), "x": [1, 2, 3]})
    right = pd.DataFrame({"k": pd.array([None, 1], "Int64")})
    parent, other = committed(left, "left"), committed(right, "right")
    assert Case(claims.semi_join(other, "k"), committed(left.iloc[[0]], "out", [parent]), other).holds()
    assert Case(claims.anti_join(other, "k"), committed(left.iloc[[1, 2]], "out", [parent]), other).holds()


def apart(first: list[object], second: list[object]) -> Case:
    train, test = (
        committed(pd.DataFrame({"u": first}), "train"),
        committed(pd.DataFrame({"u": second}), "test"),
    )
    return Case(claims.disjoint_keys(test, "u"), train, test)


@pytest.mark.usefixtures("wide_limbs")
def test_keys_apart() -> None:
    case = apart([1, 1, 2, 5], [3, 3, 4])
    assert case.sizes == [896, 704]
    assert case.sentence == "No u of `train` occurs in `test`, nulls aside."
    assert case.holds()
    assert witness_of(case).table.n_rows == 5
    assert apart(["a", "b", None], ["c", None, "c"]).holds()


def test_a_shared_key_is_refused() -> None:
    with pytest.raises(StatementFalse, match="2 rows of `train` have a u that occurs in `test`"):
        apart([1, 1, 2], [3, 1])
    case = apart([1, 1, 2, 5], [3, 3, 4])
    train, test = (case.subjects[each] for each in case.statement.inputs)
    keys = witness_of(case)
    assert forged(case, (train, "u", "value", 0, 3))
    # The key on both sides of the table of keys, in place of one that is needed no longer.
    at = keys.table.column("key0").data[0].tolist().index(5)
    assert forged(case, (train, "u", "value", 3, 3), (keys, "key0", "value", at, 3))
    # A mark between both sides.
    row = keys.table.column("key0").data[0].tolist().index(3)
    assert forged(case, (train, "u", "value", 0, 3), (keys, "side", "value", row, 2))
    assert forged(case, (test, "u", "value", 0, 1))


def test_a_key_table_with_nulls_is_refused() -> None:
    case = apart([1, 2], [3])
    keys = witness_of(case).table
    null = Part("null", np.zeros(keys.n_rows, np.bool_))
    columns = [Column(c.name, c.type, True, (*c.parts, null)) for c in keys.columns[:1]]
    nullable = committed(Table(keys.n_rows, (*columns, *keys.columns[1:])), "keys")
    case.records[nullable.dataset_id], case.tables[nullable.dataset_id] = nullable.record, nullable.table
    with pytest.raises(StatementError, match="does not have the columns"):
        claimed(case, witnesses=(nullable.dataset_id,))


def test_a_join_without_anything_that_commits_its_keys() -> None:
    parent, other = committed(LEFT, "left"), committed(RIGHT, "right")
    child = committed(LEFT.merge(RIGHT, how="left"), "out", [parent])
    claim = claims.left_join(other, "k")
    with pytest.raises(StatementError, match="not known here"):
        claim.state(child)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.none() | st.integers(0, 4), min_size=1, max_size=8),
    st.sets(st.integers(0, 4), min_size=1, max_size=5),
)
def test_random_joins_agree_with_pandas(keys: list[int | None], others: set[int]) -> None:
    left = pd.DataFrame({"k": pd.array(keys, "Int64"), "x": range(len(keys))})
    right = pd.DataFrame({"k": pd.array(sorted(others), "Int64"), "w": range(len(others))})
    for how in ("left", "inner"):
        result = left.merge(right, on="k", how=how)  # type: ignore[call-overload]
        if len(result):
            assert joined(how, left, right, child=result.astype({"w": "Int64"})).holds()
