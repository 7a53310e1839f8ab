"""Duplicates dropped: of whole rows, and of a subset of columns."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims

from .forging import claimed, forged
from .frames import Case, committed

FRAME = pd.DataFrame({"id": [1, 2, 2, 3, 1], "x": [5, 6, 6, 5, 5], "name": ["a", "b", "b", None, "a"]})


def dropped(*subset: str, frame: pd.DataFrame = FRAME) -> Case:
    parent = committed(frame, "all")
    child = frame.drop_duplicates(list(subset) or None)
    return Case(claims.drop_duplicates(*subset), committed(child, "unique", [parent]))


@pytest.mark.usefixtures("wide_limbs")
def test_whole_rows_with_a_key() -> None:
    case = dropped()
    assert case.sizes == [896, 704]
    assert case.sentence == (
        "`unique` has exactly the different rows of `all`, in any order; each once, as no two have the same id."
    )
    assert case.holds()


def test_whole_rows_by_two_columns() -> None:
    case = dropped(frame=pd.DataFrame({"x": [1, 1, 2, 2, 1], "y": [1, 2, 1, 2, 1]}))
    assert case.sizes == [1024, 704]
    assert case.holds()


@pytest.mark.usefixtures("wide_limbs")
def test_rows_without_a_key_say_less() -> None:
    frame = pd.DataFrame({"x": [1, 1, 2, 2], "y": pd.array([1, None, 1, 1], "Int64")})
    case = dropped(frame=frame)
    assert case.sizes == [768]
    assert case.sentence.endswith("in any order; it may still hold some of them several times.")
    assert case.holds()


@pytest.mark.usefixtures("wide_limbs")
def test_of_a_subset_one_row_each_is_kept() -> None:
    case = dropped("id")
    assert case.sizes == [896, 832]
    assert case.sentence == (
        "`unique` has one row of `all` for each different id, none of them null, and no other rows."
    )
    assert case.holds()


@pytest.mark.parametrize("subset", [(), ("id",)])
def test_forged_rows_are_refused(subset: tuple[str, ...]) -> None:
    case = dropped(*subset)
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "id", "value", 0, 9))
    assert forged(case, (output, "x", "value", 0, 9))
    assert forged(case, (output, "name", "null", 0, True))
    # A row twice, another one lost.
    copied = [(output, "id", "value", 2, 1), (output, "x", "value", 2, 5)]
    copied += [
        (output, "name", part, 2, output.table.column("name").part(part).cells[0])
        for part in ("head", "tail")
    ]
    assert forged(case, *copied, (output, "name", "null", 2, False))


def test_a_repeated_row_is_refused_where_a_key_is_claimed() -> None:
    parent = committed(FRAME, "all")
    case = dropped()
    twice = committed(FRAME.iloc[[0, 1, 3, 0]], "twice", [parent])
    case.records[twice.dataset_id], case.tables[twice.dataset_id] = twice.record, twice.table
    assert claimed(case, outputs=(twice.dataset_id,))
    assert claimed(case, outputs=(twice.dataset_id,), key=None) == []
    with pytest.raises(StatementFalse, match="repeats 1 row"):
        claims.drop_duplicates().state(twice)


def test_counts_that_cancel_out_are_refused() -> None:
    """A row that the input lacks, twice, counted once and minus once."""
    frame = pd.DataFrame({"x": [1, 1, 2], "y": pd.array([1, 1, None], "Int64")})
    parent = committed(frame, "all")
    case = dropped(frame=frame)
    forged_rows = committed(
        pd.DataFrame({"x": [1, 2, 7, 7], "y": pd.array([1, None, 5, 5], "Int64")}), "f", [parent]
    )
    case.records[forged_rows.dataset_id] = forged_rows.record
    case.tables[forged_rows.dataset_id] = forged_rows.table
    case.statement = case.statement.model_copy(update={"outputs": (forged_rows.dataset_id,), "key": None})
    for counts in ([2, 1, 1, -1], [2, 1, 0, 0]):
        found = case.cheated(lambda aux, counts=counts: aux.update(occurrences=counts))  # type: ignore[misc]
        assert found


def test_a_subset_with_nulls_is_refused() -> None:
    with pytest.raises(StatementError, match="holds nulls"):
        dropped("name")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1)), min_size=1, max_size=8))
def test_random_tables_agree_with_pandas(rows: list[tuple[int, int]]) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b"])
    assert dropped(frame=frame).holds()
    assert dropped("a", frame=frame).holds()
