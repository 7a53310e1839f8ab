"""Folds, stratified splits and rows without others: parts of a table, and what they must not be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import Subject, claims

from .forging import claimed, forged
from .frames import Case, committed, edited

ROWS = 48
FRAME = pd.DataFrame(
    {
        "id": np.arange(ROWS),
        "patient": pd.array([at // 4 if at % 7 else None for at in range(ROWS)], "Int64"),
        "label": ["sick" if at % 3 == 0 else "well" for at in range(ROWS)],
        "x": [at % 5 for at in range(ROWS)],
    }
)


def replaced(case: Case, **others: Subject) -> None:
    """Makes other tables known to a case."""
    for each in others.values():
        case.subjects[each.dataset_id] = each
        case.records[each.dataset_id] = each.record
        case.tables[each.dataset_id] = each.table


def parted(count: int, frame: pd.DataFrame = FRAME) -> tuple[Subject, list[Subject]]:
    """Folds by blocks of rows: no patient is in two."""
    parent = committed(frame, "t")
    blocks = np.array_split(np.arange(len(frame) // 4), count)
    rows = [np.concatenate([np.arange(4 * at, 4 * at + 4) for at in block]) for block in blocks]
    return parent, [committed(frame.iloc[each], f"f{at}", [parent]) for at, each in enumerate(rows)]


def folded(count: int, **words: Any) -> Case:
    _, (first, *others) = parted(count)
    return Case(claims.folds(*others, **words), first, *others)


def test_folds() -> None:
    case = folded(3)
    assert case.sizes == [704]
    assert case.sentence == (
        "Each row of `t` is in exactly one of the folds `f0`, `f1` and `f2`, and they have no other rows."
    )
    assert case.holds()


@pytest.mark.parametrize(("count", "proofs"), [(8, 1), (9, 2), (12, 2)])
def test_more_folds_than_one_proof_holds(count: int, proofs: int) -> None:
    case = folded(count)
    assert len(case.sizes) == proofs
    assert max(case.sizes) == 1024
    assert len(case.statement.witnesses) == proofs - 1
    assert case.holds()


def with_rests(count: int, key: str | None = None) -> tuple[Case, list[Subject]]:
    parent, (first, *others) = parted(count)
    rests = [
        committed(FRAME[~FRAME.id.isin(fold.table.column("id").data[0])], f"r{at}", [parent])
        for at, fold in enumerate((first, *others))
    ]
    return Case(claims.folds(*others, rests=rests, key=key), first, *others, *rests), rests


def test_folds_with_what_is_trained_on_and_no_patient_in_two() -> None:
    case, _ = with_rests(3, "patient")
    assert max(case.sizes) <= 1024
    assert case.sentence == (
        "Each row of `t` is in exactly one of the folds `f0`, `f1` and `f2`, and they have no other rows; no patient "
        "is in two of them, nulls aside; the rows outside of each are `r0` without `f0`, `r1` without `f1` and `r2` "
        "without `f2`."
    )
    assert case.holds()


def test_two_folds_are_what_lies_outside_of_each_other() -> None:
    _, (first, second) = parted(2)
    case = Case(claims.folds(second, rests=[second, first]), first, first, second)
    assert case.statement.outputs == (first.dataset_id, second.dataset_id)
    assert case.holds()


def test_ten_folds_with_keys() -> None:
    case = folded(10, key="patient")
    assert max(case.sizes) <= 1024
    assert len(case.statement.witnesses) == 2
    assert case.holds()


def test_what_are_no_folds() -> None:
    parent, (first, second, third) = parted(3)
    with pytest.raises(StatementFalse, match="are not a split of `t`"):
        Case(claims.folds(second), first, second)
    odd = committed(FRAME[FRAME.id % 2 == 1], "odd", [parent])
    even = committed(FRAME[FRAME.id % 2 == 0], "even", [parent])
    with pytest.raises(StatementFalse, match="of patient are in two folds or more"):
        Case(claims.folds(even, key="patient"), odd, even)
    with pytest.raises(StatementFalse, match="are not a split of `t`"):
        Case(claims.folds(second, third, rests=[first] * 3), first, first, second, third)
    with pytest.raises(StatementError, match="as many sets of rows"):
        Case(claims.folds(second, third, rests=[first]), first, first, second, third)


def test_forged_folds_are_refused() -> None:
    parent, (first, second) = parted(2)
    case = Case(claims.folds(second, key="patient"), first, second)
    keys = case.subjects[case.statement.witnesses[0]]
    assert forged(case, (second, "x", "value", 0, 77))
    # A patient of the first fold in the second one: the row itself moved with its patient.
    assert forged(case, (second, "patient", "value", 1, 1), (parent, "patient", "value", 25, 1))
    assert forged(case, (keys, "fold", "value", 0, 1))
    assert forged(case, (keys, "key0", "value", 0, 1))
    odd = committed(FRAME[FRAME.id % 2 == 1], "odd", [parent])
    even = committed(FRAME[FRAME.id % 2 == 0], "even", [parent])
    replaced(case, odd=odd, even=even)
    assert claimed(case, outputs=(odd.dataset_id, even.dataset_id))
    # Each key with both folds: then keys are not distinct.
    values = sorted({int(each) for each in FRAME.patient.dropna()})
    both = committed(
        pd.DataFrame({"key0": values * 2, "fold": [0] * len(values) + [1] * len(values)}), "keys"
    )
    replaced(case, both=both)
    assert claimed(case, outputs=(odd.dataset_id, even.dataset_id), witnesses=(both.dataset_id,))


def test_a_table_of_keys_has_its_columns() -> None:
    _, (first, second) = parted(2)
    case = Case(claims.folds(second, key="patient"), first, second)
    nullable = committed(pd.DataFrame({"key0": pd.array([1, None], "Int64"), "fold": [0, 1]}), "keys")
    texts = committed(pd.DataFrame({"key0": [1, 2], "fold": ["a", "b"]}), "keys")
    more = committed(pd.DataFrame({"key0": [1, 2], "key1": [1, 2], "fold": [1, 2]}), "keys")
    replaced(case, nullable=nullable, texts=texts, more=more)
    for each in (nullable, texts, more):
        with pytest.raises(StatementError, match=r"table of keys|whole number"):
            claimed(case, witnesses=(each.dataset_id,))
    with pytest.raises(StatementError, match="does not name the tables"):
        claimed(case, witnesses=())
    with pytest.raises(StatementError, match="does not name the tables"):
        claimed(case, count=3)


def stratified(tolerance: Any = 0.05, frame: pd.DataFrame = FRAME, count: int = 2) -> Case:
    _, (first, *others) = parted(count, frame)
    return Case(claims.stratified_split("label", *others, tolerance=tolerance), first, *others)


def test_a_stratified_split() -> None:
    case = stratified()
    assert max(case.sizes) <= 1024
    assert case.sentence == (
        "Each row of `t` is in exactly one of `f0` and `f1`, and they have no other rows; in each of them the share of "
        "every label differs from that in `t` by at most 0.05."
    )
    assert case.records[case.statement.witnesses[0]].n_rows == 2
    assert case.holds()
    assert stratified(0).holds()
    assert stratified(0.1, count=3).holds()
    assert stratified("0.2", count=10).holds()


def test_the_tolerance_is_exact() -> None:
    """The first part has 16 of 24 rows sick, the whole 17 of 48: 15/48 = 0.3125 apart."""
    labels = ["sick"] * 16 + ["well"] * 31 + ["sick"]
    frame = FRAME.assign(label=labels)
    assert stratified(0.3125, frame).holds()
    with pytest.raises(StatementFalse, match=r"differs by 0\.3125 from that"):
        stratified(0.3124, frame)
    case = stratified(0.3125, frame)
    assert claimed(case, tolerance="0.3124")
    assert claimed(case, tolerance="0")


def test_labels_may_be_numbers_and_bools_but_not_null() -> None:
    assert stratified(0.5, FRAME.assign(label=FRAME.x)).holds()
    assert stratified(0.5, FRAME.assign(label=FRAME.x > 2)).holds()
    with pytest.raises(StatementError, match="holds nulls"):
        stratified(0.5, FRAME.assign(label=FRAME.patient))


@pytest.mark.parametrize("tolerance", [-0.1, 2, "x", None, "1e-99999999"])
def test_a_tolerance_is_a_share(tolerance: Any) -> None:
    with pytest.raises(StatementError, match="between 0 and 1"):
        stratified(tolerance)


def test_forged_shares_are_refused() -> None:
    labels = ["sick"] * 16 + ["well"] * 31 + ["sick"]
    case = stratified(0.3125, FRAME.assign(label=labels))
    (first, second) = (case.subjects[each] for each in case.statement.outputs)
    classes = case.subjects[case.statement.witnesses[0]]

    def wrong(**columns: list[Any]) -> list[str]:
        other = committed(pd.DataFrame(columns), "classes")
        replaced(case, other=other)
        return claimed(case, tolerance="0.1", witnesses=(other.dataset_id,))

    sick, well = "sick", "well"
    # Counts that would be near enough, and classes split in two that are.
    assert wrong(label=[sick, well], part0=[9, 15], part1=[8, 16])
    assert wrong(label=[sick, sick, well], part0=[8, 8, 8], part1=[1, 0, 23])
    assert wrong(label=[sick, well, "none"], part0=[16, 8, 0], part1=[1, 23, 0])
    assert forged(case, (classes, "part0", "value", 0, 15))
    assert forged(case, (first, "label", "head", 0, 5))
    assert forged(case, (second, "x", "value", 0, 9))
    case.tables[classes.dataset_id] = edited(classes, "part0", "value", 0, 17)
    assert claimed(case, tolerance="0.9")


def test_a_table_of_classes_has_its_columns() -> None:
    case = stratified()
    for frame in (
        pd.DataFrame({"label": ["sick", None], "part0": [1, 2], "part1": [1, 2]}),
        pd.DataFrame({"label": ["sick", "well"], "part0": [1, 2]}),
        pd.DataFrame({"label": ["sick", "well"], "part0": [0.5, 2.25], "part1": [1, 2]}),
    ):
        other = committed(frame, "classes")
        replaced(case, other=other)
        with pytest.raises(StatementError, match="table of classes"):
            claimed(case, witnesses=(other.dataset_id,))
    with pytest.raises(StatementError, match="one table of classes"):
        claimed(case, witnesses=())


LEFT = pd.DataFrame(
    {
        "id": [1, 2, 2, 3, 4, 5],
        "name": ["a", "b", "b", "c", "d", "e"],
        "v": [1.5, 2.5, 2.5, None, 4, 5],
    }
)
RIGHT = pd.DataFrame({"v": [1.5, 7, 4, None], "name": ["a", "x", "D", "c"], "id": [1, 9, 4, 3]})


def difference(left: pd.DataFrame = LEFT, right: pd.DataFrame = RIGHT, rows: Any = (1, 2, 4, 5)) -> Case:
    parent = committed(left, "a")
    other = committed(right, "b", [parent])
    child = committed(left.iloc[list(rows)], "out", [parent])
    return Case(claims.rows_without(other), child, other)


def distinct_ids() -> Case:
    return difference(LEFT.drop(index=4), RIGHT, (1, 2, 4))


def test_a_difference() -> None:
    """Row (4, d, 4) is not (4, D, 4), and the row with a null is one of the other's."""
    case = difference()
    assert case.statement.key == ("name",)  # type: ignore[attr-defined]
    assert case.sentence == (
        "`out` is exactly the rows of `a` that are not rows of `b`, each as often as in `a`, in any order."
    )
    assert max(case.sizes) <= 1024
    assert case.holds()
    assert distinct_ids().statement.key == ("id",)  # type: ignore[attr-defined]
    assert distinct_ids().holds()


def test_what_is_no_difference() -> None:
    for rows in ((1, 4, 5), (1, 2, 3, 4, 5), (1, 2, 2, 4, 5)):
        with pytest.raises(StatementFalse, match="is not the rows of `a` that `b` lacks"):
            difference(rows=rows)
    with pytest.raises(StatementError, match="does not have the columns"):
        difference(right=RIGHT[["id", "v"]])
    same = pd.DataFrame({"x": [1, 1, 2, 2, 1], "y": [1, 2, 1, 2, 1], "z": [0, 0, 0, 0, 1]})
    with pytest.raises(StatementError, match="tell the rows of `a` and `b` apart"):
        difference(same, same.tail(1), (0, 1, 2, 3))


def test_forged_differences_are_refused() -> None:
    case = distinct_ids()
    parent, other = (case.subjects[each] for each in case.statement.inputs)
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    rows = case.subjects[case.statement.witnesses[0]]
    assert forged(case, (output, "id", "value", 0, 1))
    assert forged(case, (output, "name", "head", 0, 1))
    assert forged(case, (other, "id", "value", 1, 2))
    assert forged(case, (parent, "v", "value", 0, 9))
    for row in range(rows.record.n_rows):
        assert forged(case, (rows, "side", "value", row, 2))
        held = bool(rows.table.column("side").data[0][row])
        assert forged(case, (rows, "side", "value", row, not held))
    fewer = committed(LEFT.iloc[[1, 2]], "out", [parent])
    more = committed(LEFT.iloc[[0, 1, 2, 5]], "out", [parent])
    replaced(case, fewer=fewer, more=more)
    for each in (fewer, more):
        assert claimed(case, outputs=(each.dataset_id,))


def test_a_row_with_both_marks_is_refused() -> None:
    """The row (1, a) is in both tables. Marked and unmarked, it could be kept; but then its key is there twice."""
    case = distinct_ids()
    parent, _ = (case.subjects[each] for each in case.statement.inputs)
    rows = case.subjects[case.statement.witnesses[0]]
    frame = pd.concat([LEFT.iloc[[0]], LEFT.iloc[[1, 5]], RIGHT[["id", "name", "v"]]])
    twice = committed(frame.assign(side=[False] * 3 + [True] * 4), "rows", [parent])
    kept = committed(LEFT.iloc[[0, 1, 2, 5]], "out", [parent])
    replaced(case, twice=twice, kept=kept)
    assert rows.record.n_rows == 6
    assert claimed(case, outputs=(kept.dataset_id,), witnesses=(twice.dataset_id,))


def test_provers_who_lie_about_what_is_found_are_refused() -> None:
    """Found, a row would have to be one of the other table's; not found, one of the output's."""
    case = distinct_ids()
    (part,) = (at for at, program in enumerate(case.programs) if "found" in [a.label for a in program.aux])

    def dropped(columns: dict[str, list[int]]) -> None:
        columns["found"][1] = 1

    def kept(columns: dict[str, list[int]]) -> None:
        columns["found"][0] = 0
        columns["matches"][0] = 0

    def halved(columns: dict[str, list[int]]) -> None:
        columns["found"][1], columns["found"][2] = 2, -1

    for change in (dropped, kept, halved):
        assert case.cheated(change, part)


def test_a_table_of_rows_has_its_columns() -> None:
    case = distinct_ids()
    for frame in (
        LEFT.assign(side=[1] * 6),
        LEFT.assign(side=pd.array([True, None, True, True, True, True], "boolean")),
        LEFT.rename(columns={"v": "w"}).assign(side=True),
    ):
        other = committed(frame, "rows", aligned=False)
        replaced(case, other=other)
        with pytest.raises(StatementError, match="table of rows"):
            claimed(case, witnesses=(other.dataset_id,))
    with pytest.raises(StatementError, match="no part of its key"):
        claimed(case, key=("side",))
    with pytest.raises(StatementError, match="no column"):
        claimed(case, key=("other",))


def test_claims_of_parts_are_written_out() -> None:
    texts = [
        repr(claim)
        for claim in (
            claims.folds(FRAME, key="patient"),
            claims.stratified_split("label", FRAME, tolerance=0.1),
            claims.rows_without(FRAME),
        )
    ]
    assert texts == [
        "folds(<1 other frames>, rests=<0 frames>, key='patient')",
        "stratified_split('label', <1 other frames>, tolerance=0.1)",
        "rows_without(<frame>)",
    ]
