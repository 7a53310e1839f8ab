"""Rows that are there, rows that are not, and rows that are shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import Subject, claims
from zkp_nb.statements.opening import Opened
from zkp_nb.statements.presence import MAX_ABSENT, Row

from .forging import claimed, forged, witness_of
from .frames import Case, committed

FRAME = pd.DataFrame(
    {
        "id": [4, 1, 3, 2, 2],
        "name": ["Ann", "Bob", None, "Ann", "Ann"],
        "price": [1.25, 2.5, None, -3.75, -3.75],
        "day": pd.to_datetime(["2024-01-01", "2024-06-30", None, "2024-01-02", "2024-01-02"]),
        "member": [True, False, True, True, True],
    }
)


def of(claim: Any, frame: Any = FRAME) -> Case:
    made = committed(frame, "t")
    subject = Subject(made.dataset_id, made.record, made.table, frame=frame)
    return Case(claim, subject)


def subject_of(case: Case) -> Subject:
    (dataset,) = case.statement.inputs
    return case.subjects[dataset]


def test_a_row_that_is_there() -> None:
    case = of(claims.contains(id=2, name="Ann"))
    assert case.sizes == [576]
    assert case.sentence == "`t` has a row with id = 2 and name = Ann."
    assert case.holds()


def test_several_rows_and_nulls() -> None:
    case = of(claims.contains({"name": None, "price": None}, {"name": "Bob", "price": 2.5}))
    assert case.sentence == "`t` has rows with name = null and price = null; name = Bob and price = 2.5."
    assert case.holds()
    with pytest.raises(StatementFalse, match="1 row of those named is not in `t`"):
        of(claims.contains({"id": 1}, {"id": 5}))
    with pytest.raises(StatementFalse):
        of(claims.contains(id=4, name="Bob"))
    with pytest.raises(StatementError, match="the same columns"):
        of(claims.contains({"id": 1}, {"name": "Ann"}))
    with pytest.raises(StatementError, match="the same columns"):
        of(claims.contains())


def test_rows_that_are_not_there_are_refused() -> None:
    case = of(claims.contains({"id": 1}, {"id": 3}))
    assert claimed(case, rows=(Row(values=(1,)), Row(values=(5,))))
    with pytest.raises(StatementError, match="names a row twice"):
        claimed(case, rows=(Row(values=(1,)), Row(values=(1,))))
    with pytest.raises(StatementError, match="another key than its columns"):
        claimed(case, rows=(Row(values=(1, 2)),))
    subject = subject_of(case)
    assert forged(case, (subject, "id", "value", 2, 7))
    # Half of each of two rows, and one row less another.
    ones = of(claims.contains(id=2))
    assert ones.cheated(lambda columns: columns.update(found=[0, 0, 0, 2, -1]))
    assert case.cheated(lambda columns: columns.update(found=[1, 1, 0, 0, 0]))


def test_a_row_that_is_not_there() -> None:
    case = of(claims.lacks(id=7))
    assert case.sizes == [512]
    assert case.sentence == "No row of `t` has id = 7."
    assert case.holds()
    case = of(claims.lacks({"name": "Bob", "id": 2}, {"name": "Cyd", "id": 1}))
    assert case.sentence == "No row of `t` has any of name = Bob and id = 2; name = Cyd and id = 1."
    assert case.sizes == [576]
    assert case.holds()


@pytest.mark.parametrize(
    "rows",
    [
        [{"price": 9.75}],
        [{"day": "2024-01-03"}, {"day": "2023-01-01"}],
        [{"name": "ann"}],
        [{"name": "Ann", "price": 2.5}],
        [{"member": False, "id": 4}],
        [{"id": number} for number in range(10, 10 + MAX_ABSENT)],
        [{"id": 1, "name": "Ann", "price": 1.25, "member": False}],
    ],
    ids=str,
)
def test_absence(rows: list[dict[str, object]]) -> None:
    case = of(claims.lacks(*rows))
    assert max(case.sizes) <= 1024
    assert case.holds()


def test_absence_of_wide_numbers_and_narrow_pairs() -> None:
    wide = pd.DataFrame({"x": [2**63 - 1, -(2**63), 0], "y": [1, 2, 3]})
    case = of(claims.lacks({"x": 2**63 - 1, "y": 2}, {"x": 0, "y": 1}), wide)
    assert case.holds()
    narrow = committed(wide[["y"]].assign(z=[0, 1, 127]), "t", widths={"y": 8, "z": 8})
    assert Case(claims.lacks({"y": 1, "z": 1}, {"y": 2, "z": 0}), narrow).holds()


@pytest.mark.parametrize(
    "rows", [[{"id": 2}], [{"id": 9}, {"id": 3}], [{"id": 1, "name": "Bob"}], [{"price": 1.25}]]
)
def test_a_row_that_is_there_is_not_absent(rows: list[dict[str, object]]) -> None:
    with pytest.raises(StatementFalse, match="is in `t`"):
        of(claims.lacks(*rows))
    absent = [{name: "Zoe" if name == "name" else 77 for name in row} for row in rows]
    case = of(claims.lacks(*absent))
    named = tuple(Row(values=tuple(row[name] for name in case.statement.columns)) for row in rows)  # type: ignore[attr-defined]
    assert claimed(case, rows=named)


def test_null_flags_that_are_no_bits_hide_no_row() -> None:
    """A weight of 2 or -1 in place of 0 or 1 would take a row out of the claim, or let it count twice."""
    case = of(claims.lacks(price=9.75))
    subject = subject_of(case)
    assert forged(case, (subject, "price", "value", 0, 975))
    assert forged(case, (subject, "price", "value", 0, 975), (subject, "price", "null", 0, 2))


def test_absence_of_nulls_and_of_too_much() -> None:
    with pytest.raises(StatementError, match="values that are not null"):
        of(claims.lacks(name=None))
    with pytest.raises(StatementError, match="names at most 100 rows"):
        of(claims.lacks(*({"id": number} for number in range(10, 111))))
    frame = pd.DataFrame({name: [1, 2] for name in "abcd"})
    with pytest.raises(StatementError, match="256 bits together"):
        of(claims.lacks(a=1, b=1, c=1, d=3), frame)
    with pytest.raises(StatementError):
        of(claims.lacks(id="x"))


def test_shown_rows() -> None:
    case = of(claims.opening([3, 0], "id", "name"))
    assert case.sizes == [576]
    assert case.sentence == (
        "In `t`, rows counted from 0, row 0 has id = 4, name = Ann; row 3 has id = 2, name = Ann."
    )
    assert case.holds()
    assert (
        "row 2 has id = 3, name = null, price = null, day = null, member = True"
        in of(claims.opening(2)).sentence
    )
    assert "row 4 has price = -3.75" in of(claims.opening(-1, "price")).sentence


def test_shown_rows_of_polars_and_arrow() -> None:
    frame = pl.DataFrame({"id": [1, 2, 3], "name": ["a", None, "c"]})
    sentence = "In `t`, rows counted from 0, row 1 has id = 2, name = null; row 2 has id = 3, name = c."
    for each in (frame, frame.to_arrow()):
        case = of(claims.opening([1, 2]), each)
        assert case.sentence == sentence
        assert case.holds()
    assert isinstance(frame.to_arrow(), pa.Table)


def test_other_values_or_other_places_are_refused() -> None:
    case = of(claims.opening([0, 1], "id", "price"))
    first, second = case.statement.rows  # type: ignore[attr-defined]

    def row(number: int, *values: object) -> Opened:
        return Opened(row=number, values=values)

    assert claimed(case, rows=(row(0, 4, 1.5), second))
    assert claimed(case, rows=(row(0, 1, 2.5), row(1, 4, 1.25)))
    assert claimed(case, rows=(first, row(2, 1, 2.5)))
    for wrong in ((second, first), (first, first), (first, row(5, 1, 2.5))):
        with pytest.raises(StatementError, match="each row once"):
            claimed(case, rows=wrong)
    # Twice row 3 and row 4 taken back, as equal as they are.
    same = of(claims.opening([3], "id", "price"))
    assert same.cheated(lambda columns: columns.update(opened=[0, 0, 0, 0, 1]))
    assert same.cheated(lambda columns: columns.update(opened=[0, 0, 0, 2, -1]))


def test_what_cannot_be_shown() -> None:
    with pytest.raises(StatementError, match="has no row 5"):
        of(claims.opening(5))
    with pytest.raises(StatementError, match="hashes alone"):
        claims.opening(0, "name").state(committed(FRAME, "t"))
    with pytest.raises(StatementError, match="by their numbers"):
        of(claims.opening([True]))
    with pytest.raises(StatementError, match="1 to 1,000 rows"):
        of(claims.opening([]))
    made = committed(FRAME, "t")
    other = Subject(made.dataset_id, made.record, made.table, frame=FRAME.assign(name="Eve"))
    with pytest.raises(StatementError, match="is not what was committed"):
        claims.opening(0, "name").state(other)


PLACES = pd.DataFrame(
    {
        "zip": ["10", "20", "10", None, "20", None],
        "city": ["A", None, "A", "B", None, "C"],
        "state": [1, 2, 1, 3, 2, 4],
        "n": [1, 2, 3, 4, 5, 6],
    }
)


@pytest.mark.usefixtures("wide_limbs")
def test_a_functional_dependency() -> None:
    case = of(claims.determines("zip", ["city", "state"]), PLACES)
    assert case.sentence == (
        "Rows of `t` with the same zip have the same city and state, rows with a null zip aside."
    )
    assert case.sizes == [896, 704]
    assert case.records[case.statement.witnesses[0]].n_rows == 2
    assert case.holds()
    assert of(claims.determines(["state", "n"], "zip"), PLACES).holds()
    narrow = committed(PLACES.drop(columns="zip"), "t", widths={"state": 8})
    assert Case(claims.determines("state", "n"), committed(PLACES.tail(2), "t")).holds()
    assert Case(claims.determines("n", "state"), narrow).holds()


def test_what_is_no_dependency() -> None:
    with pytest.raises(StatementFalse, match="2 combinations of values more than there are keys"):
        of(claims.determines("zip", "n"), PLACES)
    with pytest.raises(StatementFalse, match="has a null in zip"):
        of(claims.determines("zip", "n"), PLACES.assign(zip=pd.array([None] * 6, "string")))
    with pytest.raises(StatementError, match="on both sides"):
        of(claims.determines("zip", ()), PLACES)
    with pytest.raises(StatementError, match="each of them once"):
        of(claims.determines("zip", "zip"), PLACES)


def test_rows_that_break_a_dependency_are_refused() -> None:
    case = of(claims.determines("state", "n"), PLACES.assign(n=[1, 2, 1, 3, 2, 4]))
    subject, keys = subject_of(case), witness_of(case)
    assert forged(case, (subject, "n", "value", 0, 9))
    # A table of keys in which one key stands twice, once with each value.
    frame = PLACES.assign(n=[1, 2, 7, 3, 2, 4])
    broken = of(claims.determines("state", "n"), PLACES.assign(n=[1, 2, 1, 3, 2, 4]))
    twice = committed(pd.DataFrame({"column0": [1, 1, 2, 3, 4], "column1": [1, 7, 2, 3, 4]}), "keys")
    table = committed(frame, "t")
    for each in (twice, table):
        broken.subjects[each.dataset_id] = each
        broken.records[each.dataset_id] = each.record
        broken.tables[each.dataset_id] = each.table
    found = claimed(broken, inputs=(table.dataset_id,), witnesses=(twice.dataset_id,))
    assert found
    assert keys.record.n_rows == 4


def test_a_key_of_the_table_of_keys_is_never_null() -> None:
    """Rows of that table with a null in their key would not be shown to differ."""
    case = of(claims.determines("state", "n"), PLACES.assign(n=[1, 2, 1, 3, 2, 4]))
    keys = pd.DataFrame({"a": pd.array([1, 2, 3, None], "Int64"), "b": [1, 2, 3, 4]})
    other = committed(keys, "keys")
    case.records[other.dataset_id] = other.record
    case.tables[other.dataset_id] = other.table
    with pytest.raises(StatementError, match="does not have the columns"):
        claimed(case, witnesses=(other.dataset_id,))
    with pytest.raises(StatementError, match="one table of keys"):
        claimed(case, witnesses=(*case.statement.witnesses, other.dataset_id))


def test_a_key_that_occurs_once_determines_all_and_takes_no_table_of_keys() -> None:
    case = of(claims.determines("n", ["zip", "state"]), PLACES)
    assert len(case.sizes) == 1
    assert not case.statement.witnesses
    assert case.holds()
    assert forged(case, (subject_of(case), "n", "value", 0, 2))
    repeated = of(claims.determines("state", "n"), PLACES.assign(n=[1, 2, 1, 3, 2, 4]))
    assert repeated.statement.witnesses
    assert claimed(repeated, witnesses=())
    with pytest.raises(StatementError, match="no column"):
        claimed(case, dependents=("other",))


def test_numbers_of_numpy_name_rows() -> None:
    assert of(claims.opening(np.array([1, 2]), "id")).holds()  # type: ignore[arg-type]
