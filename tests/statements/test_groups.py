"""Groups: published, as a committed table, and classes of a split."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims
from zkp_nb.statements.groups import Group

from .forging import claimed, forged
from .frames import Case, committed

FRAME = pd.DataFrame(
    {
        "k": [1, 2, 3, 3, 3],
        "s": ["a", "b", None, "a", "a"],
        "v": [1.5, -2.5, None, 4, 5],
        "w": [10, -20, 20, 0, 0],
    }
)
NAMES = {"s": ["a", "b"]}


def published() -> Case:
    return Case(claims.group_by("s", ["v", "w"], known=NAMES), committed(FRAME, "t"))


def test_published_groups_take_576_bytes() -> None:
    case = published()
    assert case.sizes == [576]
    assert case.sentence == (
        "The groups of `t` by s are a (3 rows, v sum 10.5, mean 3.5, w sum 10, mean about 3.33333333333); "
        "b (1 row, v sum -2.5, mean -2.5, w sum -20, mean -20); null (1 row, v sum 0.0, w sum 20, mean 20)."
    )
    assert case.holds()


def test_groups_by_two_columns_and_without_values() -> None:
    case = Case(claims.group_by(["k", "s"], known=NAMES), committed(FRAME, "t"))
    assert case.sizes == [512]
    assert len(case.statement.groups) == 4  # type: ignore[attr-defined]
    assert case.holds()


def changed(case: Case, at: int, **changes: object) -> list[str]:
    groups = [*case.statement.groups]  # type: ignore[attr-defined]
    groups[at] = Group.model_validate(dict(groups[at]) | changes)
    return claimed(case, groups=tuple(groups))


def test_a_list_of_numbers_alone_takes_gamma_for_the_powers_that_it_does_not_need() -> None:
    """Specification, statements: *Families*."""
    for values, alike in (((), True), (("w",), False)):
        (program,) = Case(claims.group_by("s", values, known=NAMES), committed(FRAME, "t")).programs
        (node,) = [node for node in program.document()["nodes"] if node[0] == "fractions"]
        _, gamma, alpha, delta, _ = node
        assert alpha != gamma
        assert (delta == gamma) is alike


def test_other_totals_are_refused() -> None:
    case = published()
    assert changed(case, 0, sums=("10.6", "10"))
    assert changed(case, 0, sums=("10.5", "9"))
    assert changed(case, 1, counts=(0, 1))
    assert changed(case, 2, key=("c",))


def test_totals_moved_between_groups_are_refused() -> None:
    case = published()
    first, second, *rest = case.statement.groups  # type: ignore[attr-defined]
    moved = (
        Group.model_validate(dict(first) | {"sums": ("9.5", "10")}),
        Group.model_validate(dict(second) | {"sums": ("-1.5", "-20")}),
    )
    assert claimed(case, groups=(*moved, *rest))


def test_split_and_invented_groups_are_refused() -> None:
    case = published()
    first, second, third = case.statement.groups  # type: ignore[attr-defined]
    halves = [
        Group(key=("a",), rows=1, sums=("10.5", "10"), counts=(1, 1)),
        Group(key=("a",), rows=2, sums=("0.0", "0"), counts=(2, 2)),
    ]
    with pytest.raises(StatementError, match="names a group twice"):
        claimed(case, groups=(*halves, second, third))
    with pytest.raises(ValueError, match="greater than 0"):
        Group(key=("c",), rows=0, sums=("0.0", "0"), counts=(0, 0))
    with pytest.raises(StatementError, match="do not have as many rows"):
        claimed(case, groups=(first, second))


def test_a_group_that_is_left_out_is_refused_although_it_adds_up_to_nothing() -> None:
    case = Case(claims.group_by("k", "w"), committed(FRAME.assign(w=[5, 0, 7, 0, 0]), "t"))
    first, _, third = case.statement.groups  # type: ignore[attr-defined]
    more = Group.model_validate(dict(third) | {"rows": 4, "counts": (4,)})
    assert claimed(case, groups=(first, more))


def test_texts_must_be_named() -> None:
    with pytest.raises(StatementError, match="holds hashes alone"):
        claims.group_by("s").state(committed(FRAME, "t"))
    with pytest.raises(StatementFalse, match="not among those named"):
        claims.group_by("s", known={"s": ["a"]}).state(committed(FRAME, "t"))


def aggregated(frame: pd.DataFrame = FRAME) -> Case:
    parent = committed(frame, "t")
    totals = frame.groupby("k").agg(
        total=("v", "sum"), n=("v", "count"), rows=("w", "size"), mean=("w", "mean")
    )
    child = committed(totals.assign(mean=totals["mean"].round(4)).reset_index(), "g", [parent])
    return Case(
        claims.grouped("k", total=("v", "sum"), n=("v", "count"), rows="size", mean=("w", "mean")), child
    )


EXACT = FRAME.assign(w=[10, -20, 15, 0, 0])


@pytest.mark.usefixtures("wide_limbs")
def test_a_table_of_groups_takes_two_proofs() -> None:
    case = aggregated(EXACT)
    assert case.sizes == [896, 896]
    assert case.sentence == (
        "`g` has one row for each k of `t` that is not null, with total = sum of v, n = count of v, rows = the number "
        "of rows and mean = mean of w."
    )
    assert case.holds()


def test_keys_of_text_and_rows_without_key() -> None:
    parent = committed(FRAME, "t")
    child = committed(FRAME.groupby("s").agg(total=("w", "sum")).reset_index(), "g", [parent])
    case = Case(claims.grouped("s", total=("w", "sum")), child)
    assert case.holds()
    assert case.programs[1].columns == 8


@pytest.mark.parametrize(("column", "value"), [("total", 16), ("n", 2), ("rows", 2), ("mean", 11), ("k", 4)])
def test_other_cells_are_refused(column: str, value: int) -> None:
    case = aggregated(EXACT)
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, column, "value", 0, value))


def test_a_rounded_mean_is_refused() -> None:
    with pytest.raises(StatementFalse, match="1 value of 'mean' in `g` is not the mean of w"):
        aggregated()


def forged_groups(keys: list[int], totals: list[int], rows: list[int]) -> list[str]:
    """An output that is not the groups of (1: 5 + 7, 2: 0), with the best witness for it."""
    parent = committed(pd.DataFrame({"k": [1, 1, 2], "v": [5, 7, 0]}), "t")
    honest = parent.table
    truth = pd.DataFrame({"k": [1, 2], "total": [12, 0], "rows": [2, 1]})
    true_case = Case(claims.grouped("k", total=("v", "sum"), rows="size"), committed(truth, "g", [parent]))
    assert true_case.holds()
    child = committed(pd.DataFrame({"k": keys, "total": totals, "rows": rows}), "forged", [parent])
    true_case.subjects[child.dataset_id] = child
    true_case.records[child.dataset_id] = child.record
    true_case.tables |= {child.dataset_id: child.table, parent.dataset_id: honest}
    return claimed(true_case, outputs=(child.dataset_id,))


def test_forged_groups_are_refused() -> None:
    assert forged_groups([1, 2], [12, 0], [2, 1]) == []
    # Split: the totals of key 1 in two rows.
    assert forged_groups([1, 1, 2], [5, 7, 0], [1, 1, 1])
    assert forged_groups([1, 2, 1], [12, 0, 0], [2, 1, 0])
    # Invented: (0, 0) adds nothing, (0, 1) a total without rows.
    assert forged_groups([1, 2, 3], [12, 0, 0], [2, 1, 0])
    assert forged_groups([1, 2, 3], [12, 0, 1], [2, 1, 0])
    assert forged_groups([1, 2, 3], [12, 0, 0], [2, 1, 1])
    # Left out, although its values add up to 0.
    assert forged_groups([1], [12], [2])


def test_class_balance_of_a_split() -> None:
    train, test = committed(FRAME.head(3), "train"), committed(FRAME.tail(2), "test")
    case = Case(claims.class_balance("s", test, values=["a", "b"]), train, test)
    assert case.sizes == [576]
    assert case.sentence == (
        "The rows by s are in `train` a 1 (33.3 %), b 1 (33.3 %) and null 1 (33.3 %); "
        "in `test` a 2 (100.0 %), b 0 (0.0 %) and null 0 (0.0 %)."
    )
    assert case.holds()
    assert forged(case, (train, "s", "head", 0, 5))
    assert forged(case, (train, "s", "null", 0, True))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.none() | st.integers(-(2**62), 2**62)), min_size=1, max_size=10)
)
def test_random_groups_agree_with_pandas(rows: list[tuple[int, int | None]]) -> None:
    frame = pd.DataFrame(
        {"k": [key for key, _ in rows], "v": pd.array([value for _, value in rows], "Int64")}
    )
    case = Case(claims.group_by("k", "v"), committed(frame, "t"))
    assert case.holds()
    wanted: dict[int, list[int | None]] = {}
    for key, value in rows:
        wanted.setdefault(key, []).append(value)
    for group in case.statement.groups:  # type: ignore[attr-defined]
        values = wanted.pop(group.key[0])
        assert group.rows == len(values)
        assert group.sums == (str(sum(value for value in values if value is not None)),)
        assert group.counts == (sum(value is not None for value in values),)
    assert not wanted


def with_extremes() -> Case:
    frame = FRAME.assign(d=pd.to_datetime("2024-01-01") + pd.to_timedelta(FRAME.w, unit="D"))
    parent = committed(frame, "t")
    totals = (
        frame.groupby("k")
        .agg(lo=("w", "min"), hi=("w", "max"), day=("d", "max"), total=("w", "sum"))
        .reset_index()
    )
    claim = claims.grouped("k", lo=("w", "min"), hi=("w", "max"), day=("d", "max"), total=("w", "sum"))
    return Case(claim, committed(totals, "g", [parent]))


def test_extremes_of_groups_as_a_table() -> None:
    case = with_extremes()
    assert max(case.sizes) <= 1024
    assert case.sentence.endswith("with lo = min of w, hi = max of w, day = max of d and total = sum of w.")
    assert case.holds()


@pytest.mark.parametrize(
    ("column", "row", "value"),
    [("lo", 2, -1), ("lo", 2, 1), ("lo", 2, -20), ("hi", 2, 19), ("hi", 2, 21), ("hi", 0, 20), ("day", 0, 0)],
)
def test_extremes_that_are_not_attained_or_not_kept_are_refused(column: str, row: int, value: int) -> None:
    """Among others those that another group has."""
    case = with_extremes()
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, column, "value", row, value))


def test_bounds_of_rows_are_those_of_the_output() -> None:
    case = with_extremes()
    for part, program in enumerate(case.programs):
        if any(each.label == "group/bound" for each in program.aux):
            assert case.cheated(lambda columns: columns["group/bound"].__setitem__(2, 1), part)


def test_values_that_are_null_have_no_extreme() -> None:
    frame = pd.DataFrame({"k": [1, 1, 2], "v": pd.array([3, None, 5], "Int32")})
    parent = committed(frame, "t", widths={"v": 32})
    claim = claims.grouped("k", lo=("v", "min"), n=("v", "count"))
    totals = frame.groupby("k").agg(lo=("v", "min"), n=("v", "count")).reset_index()
    case = Case(claim, committed(totals, "g", [parent]))
    assert case.holds()
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    # The cell behind the null is no value.
    assert forged(case, (output, "lo", "value", 0, 0))
    none = frame.assign(v=pd.array([None, None, 5], "Int32"))
    empty = none.groupby("k").agg(lo=("v", "min"), n=("v", "count")).reset_index()
    with pytest.raises(StatementError, match="may be null"):
        claim.state(committed(empty, "g", [committed(none, "t")]))
    with pytest.raises(StatementFalse, match="is not the min of v"):
        claim.state(committed(totals.assign(lo=[4, 5]), "g", [parent]))


def test_extremes_of_text_have_no_order() -> None:
    parent = committed(FRAME.dropna(), "t")
    child = committed(FRAME.dropna().groupby("k").agg(s=("s", "min")).reset_index(), "g", [parent])
    with pytest.raises(StatementError, match="too wide to compare"):
        claims.grouped("k", s=("s", "min")).state(child)
