"""Sorted rows: the next row's value is at least this one's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims

from .frames import Case, committed, edited

FRAME = pd.DataFrame(
    {
        "a": [-5, 2, 2, 9],
        "b": [3.5, 2.25, None, None],
        "flag": [True, True, False, False],
        "ratio": [0.1 + 0.2, 1 / 3, 5, np.inf],
        "name": list("abcd"),
    }
)


@pytest.mark.usefixtures("wide_limbs")
@pytest.mark.parametrize(
    ("column", "descending", "size"),
    [("a", False, 832), ("b", True, 960), ("flag", True, 640), ("ratio", False, 832)],
)
def test_sorted(column: str, descending: bool, size: int) -> None:
    case = Case(claims.sorted_by(column, descending=descending), committed(FRAME, "t"))
    assert case.sizes == [size]
    way = "descending" if descending else "ascending"
    assert case.sentence == f"The rows of `t` are in {way} order of {column}, nulls last."
    assert case.holds()


@pytest.mark.parametrize("rows", [1, 2, 1024, 1030])
def test_tables_of_few_and_of_many_rows(rows: int) -> None:
    assert Case(claims.sorted_by("x"), committed(pd.DataFrame({"x": np.arange(rows) // 3}))).holds()


@pytest.mark.parametrize(
    ("values", "places"), [([1, 3, 2], "1 place"), ([3, 2, 1], "2 places"), ([1, None, 2], "1 place")]
)
def test_out_of_order(values: list[int | None], places: str) -> None:
    with pytest.raises(StatementFalse, match=f"`table` is out of the order of 'x' in {places}"):
        claims.sorted_by("x").state(committed(pd.DataFrame({"x": pd.array(values, dtype="Int64")})))


def test_an_edited_row_is_refused() -> None:
    subject = committed(FRAME)
    case = Case(claims.sorted_by("a"), subject)
    tables = {subject.dataset_id: edited(subject, "a", "value", 2, 1)}
    assert case.violations(case.witness(), tables)


@pytest.mark.parametrize("following", [[2, 2, 9, 9], [9, 2, 2, 0], [2, 2, 10, 0]])
def test_what_follows_is_what_stands_in_the_next_row(following: list[int]) -> None:
    """Only the last cell is free: no row follows it."""
    case = Case(claims.sorted_by("a"), committed(FRAME))
    found = case.cheated(lambda aux: aux.update({"next": following}))
    assert bool(found) == (following[:3] != [2, 2, 9])


def test_a_null_cannot_be_made_up_to_skip_a_comparison() -> None:
    subject = committed(FRAME)
    case = Case(claims.sorted_by("b", descending=True), subject)
    tables = {subject.dataset_id: edited(subject, "b", "value", 0, 100)}
    assert case.violations(case.witness(), tables)

    def cheat(aux: dict[str, list[int]]) -> None:
        aux["next/null"] = [1, 1, 1, 0]

    assert "sum 0" in case.cheated(cheat)


def test_a_null_before_a_value_is_refused() -> None:
    subject = committed(FRAME)
    case = Case(claims.sorted_by("b", descending=True), subject)
    table = edited(subject, "b", "null", 0, True)
    found = case.violations(case.witness(), {subject.dataset_id: table})
    assert [each for each in found if each.startswith("constraint")]


def test_text_has_no_order() -> None:
    with pytest.raises(StatementError, match="too wide to compare"):
        claims.sorted_by("name").state(committed(FRAME))
