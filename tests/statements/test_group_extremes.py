"""Least and greatest values of groups, and rates of an outcome by group."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims
from zkp_nb.statements.groupextremes import GroupRange
from zkp_nb.statements.rates import Rate

from .forging import claimed, forged
from .frames import Case, committed

FRAME = pd.DataFrame(
    {
        "k": [1, 2, 3, 3, 3, 2],
        "s": ["a", "b", None, "a", "a", "c"],
        "v": [1.5, -2.5, 7, 4, 5, None],
        "w": pd.array([10, -20, 20, 0, 0, 5], "int32"),
        "ok": [True, False, True, True, False, None],
    }
)
NAMES = {"s": ["a", "b", "c"]}


def ends() -> Case:
    return Case(claims.group_extremes("s", ["v", "w"], known=NAMES), committed(FRAME, "t"))


def test_extremes_of_groups() -> None:
    case = ends()
    assert case.sentence == (
        "The least and greatest v and w of each group of `t` by s are a (v 1.5 and 5 of 3 values, w 0 and 10 of 3 "
        "values); b (v -2.5 and -2.5 of 1 value, w -20 and -20 of 1 value); c (v none, w 5 and 5 of 1 value); "
        "null (v 7 and 7 of 1 value, w 20 and 20 of 1 value)."
    )
    assert max(case.sizes) <= 1024
    assert case.holds()


@pytest.mark.usefixtures("wide_limbs")
def test_sizes() -> None:
    frame = pd.DataFrame({"k": [1, 2, 2], "v": [3, 4, 5]})
    nullable = frame.assign(v=pd.array([3, None, 5], "Int64"))
    wide = frame.assign(v=[3, 4, 5 + 2**32])
    claim = claims.group_extremes("k", "v")
    assert Case(claim, committed(frame)).sizes == [896]
    assert Case(claim, committed(frame.assign(v=[3, 4, 3 + 2**32]))).sizes == [1024]
    assert Case(claim, committed(wide)).sizes == [896, 896]
    assert Case(claim, committed(nullable)).sizes == [896]


def test_a_group_without_values_is_left_out() -> None:
    frame = FRAME.assign(v=[None, 1, None, None, None, 2])
    case = Case(claims.group_extremes("k", "v"), committed(frame, "t"))
    assert [group.key for group in case.statement.groups] == [(2,)]  # type: ignore[attr-defined]
    assert case.holds()
    with pytest.raises(StatementFalse, match="No group"):
        claims.group_extremes("k", "v").state(committed(frame.assign(v=pd.array([None] * 6, "Int64"))))


def with_group(case: Case, at: int, **changes: Any) -> list[str]:
    groups = [*case.statement.groups]  # type: ignore[attr-defined]
    groups[at] = GroupRange.model_validate(dict(groups[at]) | changes)
    return claimed(case, groups=tuple(groups))


def integers(stretched: int = 1) -> Case:
    frame = pd.DataFrame({"k": [1, 1, 1, 2, 2], "v": [5 * stretched, 9 * stretched, 7 * stretched, 3, 3]})
    return Case(claims.group_extremes("k", "v"), committed(frame, "t"))


both_ways = pytest.mark.parametrize("stretched", [1, 2**40], ids=["one proof", "two proofs"])


@both_ways
def test_bounds_that_are_not_attained_or_not_kept_are_refused(stretched: int) -> None:
    case = integers(stretched)
    assert len(case.sizes) == (1 if stretched == 1 else 2)
    assert case.holds()
    # Not kept.
    assert with_group(case, 0, minima=(6 * stretched,))
    assert with_group(case, 0, maxima=(8 * stretched,))
    # Kept, but no row holds them.
    assert with_group(case, 0, minima=(4 * stretched,))
    assert with_group(case, 0, maxima=(10 * stretched,))
    # Those of the other group.
    assert with_group(case, 0, minima=(3,))
    assert with_group(case, 0, counts=(2,))


def test_groups_split_invented_or_left_out_are_refused() -> None:
    case = integers()
    first, second = case.statement.groups  # type: ignore[attr-defined]
    with pytest.raises(StatementError, match="names a group twice"):
        claimed(case, groups=(first, first, second))
    assert claimed(case, groups=(first,))
    assert claimed(case, groups=(first, second, GroupRange(key=(3,), counts=(1,), minima=(3,), maxima=(3,))))
    with pytest.raises(StatementError, match="without values"):
        with_group(case, 0, counts=(0,), minima=(None,), maxima=(None,))
    with pytest.raises(StatementError, match="where it has values"):
        with_group(ends(), 2, minima=(1.5, 5))


@both_ways
@pytest.mark.parametrize("side", ["first", "last"])
def test_provers_who_lie_about_bounds_and_marks_are_refused(stretched: int, side: str) -> None:
    """The bound of a row is the prover's own column: another one, or another row marked, is seen."""
    case = integers(stretched)
    program = 0 if len(case.sizes) == 1 or side == "first" else 1
    group, at = f"group/{side}", f"at/{side}"

    def swapped(columns: dict[str, list[int]]) -> None:
        columns[group][0], columns[group][3] = columns[group][3], columns[group][0]

    def marked(columns: dict[str, list[int]]) -> None:
        columns[at][0], columns[at][1], columns[at][2] = 0, 0, 1

    def fractional(columns: dict[str, list[int]]) -> None:
        columns[at][3], columns[at][4] = 2, -1

    def twice(columns: dict[str, list[int]]) -> None:
        columns[at][4] = columns[at][3] = 1

    def none(columns: dict[str, list[int]]) -> None:
        columns[at][4] = columns[at][3] = 0

    for change in (swapped, marked, fractional, twice, none):
        assert case.cheated(change, program)


def test_marks_of_one_end_do_not_stand_for_those_of_the_other() -> None:
    case = integers()

    def exchanged(columns: dict[str, list[int]]) -> None:
        columns["at/first"], columns["at/last"] = columns["at/last"], columns["at/first"]

    def both_at_one(columns: dict[str, list[int]]) -> None:
        columns["at/first"] = [2 * each for each in columns["at/first"]]
        columns["at/last"] = [0] * len(columns["at/last"])

    assert case.cheated(exchanged)
    assert case.cheated(both_at_one)


def test_a_least_value_above_the_greatest_is_refused() -> None:
    with pytest.raises(StatementError, match="above its greatest"):
        with_group(integers(), 0, minima=(10,))


def test_other_cells_are_refused() -> None:
    case = ends()
    (subject,) = (case.subjects[each] for each in case.statement.inputs)
    assert forged(case, (subject, "v", "value", 0, 14))
    assert forged(case, (subject, "v", "null", 0, True))
    assert forged(case, (subject, "v", "value", 5, 3))
    assert forged(case, (subject, "s", "head", 0, 5))
    assert forged(case, (subject, "s", "null", 0, True))


def test_what_has_no_order_or_must_be_named() -> None:
    with pytest.raises(StatementError, match="too wide to compare"):
        claims.group_extremes("k", "s").state(committed(FRAME, "t"))
    with pytest.raises(StatementError, match="holds hashes alone"):
        claims.group_extremes("s", "v").state(committed(FRAME, "t"))
    with pytest.raises(StatementFalse, match="not among those named"):
        claims.group_extremes("s", "v", known={"s": ["a"]}).state(committed(FRAME, "t"))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.none() | st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=9
    )
)
def test_random_extremes(rows: list[tuple[int, int | None]]) -> None:
    wanted: dict[int, list[int]] = {}
    for key, value in rows:
        if value is not None:
            wanted.setdefault(key, []).append(value)
    frame = pd.DataFrame({"k": [key for key, _ in rows], "v": pd.array([v for _, v in rows], "Int64")})
    if not wanted:
        return
    case = Case(claims.group_extremes("k", "v"), committed(frame, "t"))
    assert case.holds()
    found = {g.key[0]: (int(g.minima[0]), int(g.maxima[0])) for g in case.statement.groups}  # type: ignore[attr-defined]
    assert found == {key: (min(values), max(values)) for key, values in wanted.items()}


def rates(**known: Any) -> Case:
    return Case(claims.group_rates("k", "ok", **known), committed(FRAME, "t"))


def test_rates_of_groups() -> None:
    case = rates()
    assert case.sizes == [640]
    assert case.sentence == (
        "Of the rows of `t` by k, those with ok == True are 1 of 1 (100 %) for 1; 0 of 2 (0 %) for 2; "
        "2 of 3 (about 66.67 %) for 3; lowest and highest rate are 100 percentage points apart, and the lowest is "
        "0 % of the highest."
    )
    assert case.holds()


def test_rates_of_a_predicate_over_several_columns() -> None:
    case = Case(claims.group_rates("s", "w >= 5 and ok", known=NAMES), committed(FRAME, "t"))
    assert "1 of 3 (about 33.33 %) for a" in case.sentence
    assert "1 of 1 (100 %) for null" in case.sentence
    assert case.holds()


def test_a_large_outcome_takes_a_table_of_bits() -> None:
    frame = pd.DataFrame({"k": [1, 1, 2], "x": [5, 2**40, 7], "y": [1, -1, 2**50], "z": [0, 4, 9]})
    case = Case(claims.group_rates("k", "x > 6 and (y > 0 or z > 3)"), committed(frame, "t"))
    assert len(case.sizes) > 1
    assert max(case.sizes) <= 1024
    assert case.holds()


def test_other_rates_are_refused() -> None:
    case = rates()
    first, second, third = case.statement.groups  # type: ignore[attr-defined]

    def changed(**changes: Any) -> Rate:
        return Rate.model_validate(dict(third) | changes)

    assert claimed(case, groups=(first, second, changed(count=1)))
    assert claimed(case, groups=(first, second, changed(count=3)))
    assert claimed(case, groups=(first, second, changed(key=(4,))))
    moved = (Rate(key=(2,), rows=2, count=1), changed(count=1))
    assert claimed(case, groups=(first, *moved))
    with pytest.raises(StatementError, match="do not have as many rows"):
        claimed(case, groups=(first, second))
    with pytest.raises(StatementError, match="names a group twice"):
        claimed(case, groups=(first, second, changed(rows=2), changed(rows=1, count=0)))
    with pytest.raises(StatementError, match="more rows than a group has"):
        claimed(case, groups=(first, Rate(key=(2,), rows=2, count=4), third))


def test_an_outcome_that_is_no_bit_is_refused() -> None:
    case = rates()
    (subject,) = (case.subjects[each] for each in case.statement.inputs)
    assert forged(case, (subject, "ok", "value", 0, 2))
    assert forged(case, (subject, "ok", "value", 0, False))
    assert forged(case, (subject, "ok", "null", 5, 3))


def test_rates_where_none_or_all_have_the_outcome() -> None:
    case = Case(claims.group_rates("k", "w > 1000"), committed(FRAME, "t"))
    assert case.sentence.endswith(
        "0 of 3 (0 %) for 3; lowest and highest rate are 0 percentage points apart."
    )
    assert case.holds()
    decided = Case(claims.group_rates("k", "w < 1000"), committed(FRAME, "t", widths={"w": 8}))
    assert decided.sizes == [512]
    assert decided.holds()


@pytest.mark.parametrize(("predicate", "count"), [("w < 1000", 6), ("w >= 1000", 0), ("k is not null", 6)])
def test_a_share_that_the_types_decide(predicate: str, count: int) -> None:
    """A proof needs a column, even where none is asked."""
    subject = committed(FRAME, "t", widths={"w": 8})
    case = Case(claims.share(predicate), subject)
    assert case.statement.count == count  # type: ignore[attr-defined]
    assert case.sizes == [448]
    assert case.holds()
    assert claimed(case, count=5)
