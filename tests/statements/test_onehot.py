"""Columns as flags."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims

from .forging import claimed, forged
from .frames import Case, committed

FRAME = pd.DataFrame({"k": [1, 2, 3, 4, 5], "s": ["red", "blue", None, "red", "green"]})
PARENT = committed(FRAME, "in")


def flagged(**words: object) -> Case:
    child = pd.get_dummies(FRAME, columns=["s"], **words)  # type: ignore[call-overload]
    others = ["blue"] if words.get("drop_first") else []
    return Case(claims.one_hot("s", others=others), committed(child, "out", [PARENT]))


def many() -> Case:
    frame = pd.DataFrame({"x": [7 * n % 30 for n in range(30)]})
    parent = committed(frame, "in")
    return Case(claims.one_hot("x"), committed(pd.get_dummies(frame, columns=["x"]), "out", [parent]))


def test_flags_of_pandas() -> None:
    case = flagged()
    assert case.sizes == [640]
    assert case.sentence == (
        "`out` has the rows of `in` in the same order, with s as flags: s_blue for blue, s_green for green and "
        "s_red for red; there are no other values."
    )
    assert case.holds()
    assert flagged(dtype=int).holds()


def test_without_the_first_flag() -> None:
    case = flagged(drop_first=True)
    assert "s_red for red, none for blue; there are" in case.sentence
    assert case.holds()
    child = committed(pd.get_dummies(FRAME, columns=["s"], drop_first=True), "out", [PARENT])
    with pytest.raises(StatementFalse, match="Name values without a flag"):
        claims.one_hot("s").state(child)


def test_flags_beside_their_column() -> None:
    frame = pl.DataFrame({"b": [True, False, True], "x": [1, 2, 3]})
    parent = committed(frame, "in")
    child = committed(pl.concat([frame, frame.select("b").to_dummies()], how="horizontal"), "out", [parent])
    assert Case(claims.one_hot("b"), child).holds()
    named = frame.with_columns((pl.col("x") == n).alias(f"is{n}") for n in (1, 2, 3))
    claim = claims.one_hot("x", {1: "is1", 2: "is2", 3: "is3"})
    assert Case(claim, committed(named, "out", [parent])).holds()


def test_many_values_take_groups() -> None:
    case = many()
    assert len(case.programs) == 1
    assert case.sizes == [704]
    assert case.holds()


@pytest.mark.parametrize(
    ("flag", "row", "value"),
    [("s_red", 0, False), ("s_red", 1, True), ("s_red", 2, True), ("s_blue", 0, True), ("s_red", 0, 2)],
)
def test_other_flags_are_refused(flag: str, row: int, value: int) -> None:
    case = flagged(dtype=int)
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, flag, "value", row, value))


def test_a_flag_of_another_group_is_refused() -> None:
    """In its own group a value may have no flag; then no flag of another group can stand in for it."""
    case = many()
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "x_0", "value", 0, False), (output, "x_29", "value", 0, True))
    assert forged(case, (output, "x_0", "value", 0, False))
    assert forged(case, (output, "x_29", "value", 0, True))


def test_flags_that_add_up_are_refused() -> None:
    case = flagged(dtype=int)
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "s_red", "value", 0, 2), (output, "s_blue", "value", 0, -1))


def test_without_the_first_flag_others_are_refused() -> None:
    case = flagged(drop_first=True)
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "s_red", "value", 0, False))  # red has a flag
    assert forged(case, (output, "s_red", "value", 1, True))  # blue has none
    assert forged(case, (output, "s_red", "value", 2, True))  # nor has null


def test_values_that_are_not_named_are_refused() -> None:
    case = flagged()
    flags = case.statement.flags  # type: ignore[attr-defined]
    for tail in (5, 6):
        assert forged(case, (PARENT, "s", "tail", 0, tail))
    assert claimed(case, flags=(*flags[:2], flags[2].model_copy(update={"value": "pink"})))
    with pytest.raises(StatementError, match="named twice"):
        claimed(case, flags=(*flags[:2], flags[2].model_copy(update={"value": "blue"})))


def test_other_columns_are_carried() -> None:
    case = flagged()
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "k", "value", 0, 9))
    other = committed(pd.get_dummies(FRAME.assign(k=[1, 2, 3, 4, 6]), columns=["s"]), "out", [PARENT])
    with pytest.raises(StatementFalse, match="1 row of `out` has not the flags"):
        claims.one_hot("s").state(other)
    same = committed(FRAME, "out", [PARENT])
    with pytest.raises(StatementError, match="no columns `s_"):
        claims.one_hot("s").state(same)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.none() | st.integers(-9, 9), min_size=1, max_size=12).filter(
        lambda v: any(x is not None for x in v)
    )
)
def test_random_values_agree_with_pandas(values: list[int | None]) -> None:
    frame = pd.DataFrame({"x": pd.array(values, "Int64")})
    child = committed(pd.get_dummies(frame, columns=["x"]), "out", [committed(frame, "in")])
    assert Case(claims.one_hot("x"), child).holds()
