"""Keys: distinct values, and values that occur in another table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims
from zkp_nb.statements.keys import InKey, Unique

from .frames import Case, committed, edited

FRAME = pd.DataFrame(
    {
        "id": [5, -3, 9, 2**62, -(2**63)],
        "order": [1, 1, 2, 2, 1],
        "line": [1, 2, 1, 2, 3],
        "name": ["x", "y", None, "z", "w"],
        "code": [1, None, None, 3, 4],
        "day": pd.to_datetime(["2020-01-01", "2021-01-01", "2020-01-02", "1999-12-31", "2024-02-29"]),
        "flag": [True, False, True, False, True],
    }
)


@pytest.mark.usefixtures("wide_limbs")
@pytest.mark.parametrize(
    ("columns", "size"),
    [(["id"], 896), (["name"], 960), (["code"], 960), (["day"], 896), (["order", "line"], 1024)],
)
def test_keys(columns: list[str], size: int) -> None:
    case = Case(claims.unique(*columns), committed(FRAME))
    assert case.sizes == [size]
    assert case.holds()


def test_narrow_keys_of_several_columns_are_one_number() -> None:
    subject = committed(FRAME, "orders", widths={"order": 8, "line": 16})
    case = Case(claims.unique("order", "line"), subject)
    assert case.sizes == [832]
    assert (
        case.sentence == "No two rows of `orders` have the same order and line, rows with a null there aside."
    )
    assert case.holds()
    three = Case(claims.unique("order", "line", "flag"), subject)
    assert three.holds()


def test_values_that_repeat_are_counted_and_not_named() -> None:
    with pytest.raises(StatementFalse, match="3 rows of `table` repeat the order of another row"):
        claims.unique("order").state(committed(FRAME))
    with pytest.raises(StatementFalse, match="1 row of `table` repeats the a and b of another row"):
        claims.unique("a", "b").state(committed(pd.DataFrame({"a": [1, 1, 2], "b": [0, 0, 0]})))
    with pytest.raises(StatementFalse, match="1 row of `table` repeats the name"):
        claims.unique("name").state(committed(pd.DataFrame({"name": ["a", "b", "a"]})))


def test_keys_too_wide_for_one_proof_say_so() -> None:
    with pytest.raises(StatementError, match="too wide for one proof") as caught:
        claims.unique("name", "code").state(committed(FRAME))
    assert caught.value.todo
    with pytest.raises(StatementError, match="too wide for one proof"):
        claims.unique("id", "order", "line").state(committed(FRAME))


def test_a_column_of_nulls_repeats_nothing() -> None:
    case = Case(claims.unique("x"), committed(pd.DataFrame({"x": [None, None]}, dtype="Int64")))
    assert case.holds()


@pytest.mark.parametrize("rows", [1, 2, 1025])
def test_tables_of_few_and_of_many_rows(rows: int) -> None:
    values = np.random.default_rng(rows).permutation(rows) - rows // 2
    case = Case(claims.unique("x"), committed(pd.DataFrame({"x": values})))
    assert case.holds()


def _duplicate() -> Case:
    """A statement that is false: 5 occurs twice."""
    case = Case(claims.unique("x"), committed(pd.DataFrame({"x": [5, 6, 7]})))
    false = committed(pd.DataFrame({"x": [5, 5, 7]}))
    case.subjects[false.dataset_id] = false
    case.records[false.dataset_id], case.tables[false.dataset_id] = false.record, false.table
    case.statement = Unique(inputs=(false.dataset_id,), columns=("x",))
    return case


LOW = 2**63
"""Cells of an int64 key count from its least value."""


@pytest.mark.usefixtures("wide_limbs")
@pytest.mark.parametrize(
    ("last", "after", "refused_by"),
    [
        pytest.param([0, 0, 1], [5, 7, 5], "no helper|sum", id="a step of nothing"),
        pytest.param([0, 1, 1], [7, 5, 5], "sum", id="two last rows"),
        pytest.param([-1, 1, 1], [7, 5, 5], "constraint", id="1, 1, -1"),
        pytest.param([0, 1, 0], [7, 5, 5], "sum", id="a second descent"),
        pytest.param([0, 0, 0], [5, 7, 5], "sum", id="no last row"),
        pytest.param([0, 0, 1], [7, 7, 5], "sum", id="successors that are no values"),
    ],
)
def test_a_repeated_value_cannot_be_hidden(last: list[int], after: list[int], refused_by: str) -> None:
    case = _duplicate()
    assert case.cheated(lambda aux: None)

    def cheat(aux: dict[str, list[int]]) -> None:
        values = [5, 5, 7]
        aux["last"], aux["after"] = last, [each + LOW for each in after]
        # Limbs and multiplicities as they would be, were the weights bits.
        gaps = [(b - a - 1) for a, b in zip(values, after, strict=True)]
        counts = [0] * 65536
        for row, gap in enumerate(gaps):
            weight = 1 - last[row]
            for limb in range(4):
                piece = (gap >> (16 * limb)) & 0xFFFF if weight and gap >= 0 else 0
                if limb:
                    aux[f"range/0/limb/{limb}"][row] = piece
                counts[piece] += weight
        aux["range/multiplicity"] = counts

    found = case.cheated(cheat)
    assert found
    assert any(word in each for each in found for word in refused_by.split("|"))
    if refused_by == "constraint":
        # Both multisets agree and the range holds: the bit's own constraint is all that stands against it.
        assert all(each.startswith("constraint") for each in found)


@pytest.mark.parametrize("flag", [2, -1])
def test_a_null_companion_that_is_no_bit_is_refused(flag: int) -> None:
    subject = committed(FRAME)
    case = Case(claims.unique("code"), subject)
    tables = {subject.dataset_id: edited(subject, "code", "null", 1, flag)}
    assert case.violations(case.witness(), tables)


@pytest.mark.parametrize("way", [[0, 1, 0, 1, 0], [1, 0, 1, 0, -1], [2, 0, 1, -1, 0], [0, 0, 0, 0, 0]])
def test_ways_of_a_wide_key_are_those_of_its_path(way: list[int]) -> None:
    case = Case(claims.unique("order", "line"), committed(FRAME))
    honest: list[int] = []
    case.cheated(lambda aux: honest.extend(aux["way"]))
    assert honest != way
    assert case.cheated(lambda aux: aux.update({"way": way}))


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.one_of(st.none(), st.integers(-3, 3)), st.integers(-2, 2)), min_size=1, max_size=8)
)
def test_random_keys(rows: list[tuple[int | None, int]]) -> None:
    frame = pd.DataFrame({"a": pd.array([a for a, _ in rows], dtype="Int64"), "b": [b for _, b in rows]})
    subject = committed(frame, widths={"a": 8, "b": 32})
    for names in (["a"], ["b"], ["a", "b"]):
        kept = frame[names].dropna()
        if kept.duplicated().any():
            with pytest.raises(StatementFalse):
                claims.unique(*names).state(subject)
        else:
            assert Case(claims.unique(*names), subject).holds()


# -- in another table -----------------------------------------------------------------------------

CUSTOMERS = pd.DataFrame({"id": [1, 2, 3, 7], "alt": [None, 1, 2, 3], "name": ["w", "x", "y", "z"]})


def test_values_found_in_another_table() -> None:
    customers = committed(CUSTOMERS, "customers")
    case = Case(claims.in_key("order", customers, "id"), committed(FRAME, "orders"), customers)
    assert case.sizes == [640]
    assert case.sentence == "Every value of order in `orders` that is not null occurs in id of `customers`."
    assert case.holds()
    for column, key in (("name", "name"), ("line", "alt")):
        assert Case(claims.in_key(column, customers, key), committed(FRAME), customers).holds()
    pairs = Case(
        claims.in_key(["line", "name"], customers, ["alt", "name"]), committed(FRAME.iloc[:3]), customers
    )
    assert pairs.holds()


def test_values_that_do_not_occur_are_counted() -> None:
    customers = committed(CUSTOMERS, "customers")
    with pytest.raises(StatementFalse, match="1 value of code in `table` is not among id of `customers`"):
        Case(claims.in_key("code", customers, "id"), committed(FRAME), customers)
    with pytest.raises(StatementFalse, match="5 values of line and name"):
        Case(
            claims.in_key(["line", "name"], customers, ["id", "name"]),
            committed(FRAME.assign(name="q")),
            customers,
        )


@pytest.mark.parametrize("counts", [[0, 0, 0, 0], [3, 2, 0, 0], [1, 1, 1, 1], [-1, 6, 0, 0]])
def test_no_count_makes_up_for_a_value_that_does_not_occur(counts: list[int]) -> None:
    customers, orders = committed(CUSTOMERS, "customers"), committed(FRAME)
    case = Case(claims.in_key("order", customers, "id"), orders, customers)
    tables = {orders.dataset_id: edited(orders, "order", "value", 0, 8)}
    (witness,) = case.witness()
    assert case.violations([[counts]], tables)
    assert case.violations([witness], tables)


def test_a_null_in_the_key_is_no_0() -> None:
    """Both have the cell 0."""
    customers, orders = committed(CUSTOMERS, "customers"), committed(FRAME)
    case = Case(claims.in_key("line", customers, "alt"), orders, customers)
    tables = {orders.dataset_id: edited(orders, "line", "value", 0, 0)}
    assert case.violations([[[1, 0, 2, 1]]], tables)


def test_columns_that_cannot_be_compared() -> None:
    customers = committed(CUSTOMERS, "customers")
    with pytest.raises(StatementError, match="Cells of different types cannot be compared"):
        Case(claims.in_key("name", customers, "id"), committed(FRAME), customers)
    with pytest.raises(StatementError, match="as many columns"):
        Case(claims.in_key(["name", "id"], customers, "name"), committed(FRAME), customers)


def test_the_other_table_may_be_the_table_itself() -> None:
    frame = pd.DataFrame({"id": [1, 2, 3], "boss": [None, 1, 1]})
    subject = committed(frame)
    case = Case(claims.in_key("boss", subject, "id"), subject, subject)
    assert isinstance(case.statement, InKey)
    assert case.holds()
