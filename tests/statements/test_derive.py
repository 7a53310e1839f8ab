"""Columns selected, renamed and calculated, row by row."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims, col

from .frames import Case, committed, edited

FRAME = pd.DataFrame(
    {
        "price": [1.25, 2.5, 3.0, 0.01],
        "quantity": [3, 4, 0, 100],
        "discount": pd.array([1, None, 0, 2], "Int64"),
        "weight": pd.array([None, None, 7, 3], "Int64"),
        "name": ["a", "b", None, "d"],
        "ratio": [0.1, 1 / 3, 0.5, 1e300],
    }
)


def test_selecting_and_renaming_takes_448_bytes() -> None:
    parent = committed(FRAME, "items")
    frame = FRAME[["name", "price", "discount", "ratio"]].rename(columns={"price": "cost"})
    case = Case(claims.derive(cost="price"), committed(frame, "out", [parent]))
    assert case.sizes == [448]
    assert case.holds()
    assert case.sentence == (
        "`out` has the rows of `items` in the same order, with the columns name, cost = price, discount "
        "and ratio."
    )


def test_products_take_an_operand_for_each_factor() -> None:
    parent = committed(FRAME)
    child = committed(FRAME.assign(total=(FRAME.price * FRAME.quantity).round(4)), "out", [parent])
    case = Case(claims.derive(total="price * quantity"), child)
    assert case.sizes == [576]
    assert case.holds()


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("discount + 5", FRAME.discount + 5),
        ("discount * 2 - quantity", FRAME.discount * 2 - FRAME.quantity),
        ("discount + weight", FRAME.discount + FRAME.weight),
        ("discount * weight", FRAME.discount * FRAME.weight),
        ("quantity - discount * weight + 1", FRAME.quantity - FRAME.discount * FRAME.weight + 1),
        ("-quantity", -FRAME.quantity),
        ("0.5 * quantity", 0.5 * FRAME.quantity),
        ("price * 1.1", [Decimal(str(x)) * Decimal("1.1") for x in FRAME.price]),
        ("(quantity + 1) * (quantity - 1)", (FRAME.quantity + 1) * (FRAME.quantity - 1)),
    ],
)
def test_calculated_columns(formula: str, value: object) -> None:
    parent = committed(FRAME)
    case = Case(claims.derive("result", formula), committed(FRAME.assign(result=value), "out", [parent]))
    assert case.holds()
    assert formula.replace("(", "").replace("-quantity", "0 - quantity") in case.sentence.replace("(", "")


@pytest.mark.parametrize(
    ("column", "part", "row", "value"),
    [
        ("price", "value", 0, 126),
        ("name", "head", 0, 1),
        ("name", "tail", 1, 1),
        ("name", "null", 1, True),
        ("total", "value", 3, 0),
        ("total", "null", 3, True),
        ("total", "value", 1, 5),
        ("ratio", "value", 2, 0),
    ],
)
def test_any_other_cell_is_refused(column: str, part: str, row: int, value: int) -> None:
    parent = committed(FRAME)
    child = committed(FRAME.assign(total=FRAME.discount + FRAME.quantity), "out", [parent])
    case = Case(claims.derive(total=col("discount") + col("quantity")), child)
    assert case.holds()
    assert case.violations(case.witness(), {child.dataset_id: edited(child, column, part, row, value)})


def test_rows_in_another_order_are_refused() -> None:
    parent = committed(FRAME)
    with pytest.raises(StatementFalse, match="4 values of column 'price' of `out` are not price of `table`"):
        claims.select().state(committed(FRAME.iloc[[1, 0, 3, 2]], "out", [parent]))


def test_overflow_is_no_result() -> None:
    frame = pd.DataFrame({"x": [2**62, 1]})
    parent = committed(frame)
    with pytest.raises(StatementFalse, match="1 value of column 'y'"):
        claims.derive(y="x * 4").state(committed(frame.assign(y=frame.x * 4), "out", [parent]))


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (claims.derive(total="name + 1"), "Column 'name' is text, with which formulas do not calculate"),
        (claims.derive(total="1 + 1"), "names no column"),
        (claims.derive(missing="price"), "has no column 'missing'"),
        (claims.derive(total="price * ratio"), "is float64"),
        (claims.select(), "`table` has no column 'total'"),
    ],
)
def test_formulas_that_cannot_be_asked(claim: claims.Claim, words: str) -> None:
    parent = committed(FRAME)
    with pytest.raises(StatementError, match=words):
        claim.state(committed(FRAME.assign(total=1), "out", [parent]))


def test_floats_that_rounding_made_inexact_get_a_sentence() -> None:
    parent = committed(FRAME)
    child = committed(FRAME.assign(total=FRAME.price * 0.1 / 3), "out", [parent])
    with pytest.raises(StatementError, match=r"df\['total'\].round\(2\)"):
        claims.derive(total="price * 2").state(child)


def test_tables_of_another_size_are_not_compared_by_row() -> None:
    with pytest.raises(StatementError, match="has 2 rows and `table` has 4 rows"):
        claims.select().state(committed(FRAME.head(2), "out", [committed(FRAME)]))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_random_formulas_agree_with_python(data: st.DataObject) -> None:
    cell = st.one_of(st.none(), st.integers(-50, 50))
    rows = data.draw(st.lists(st.tuples(cell, cell, st.integers(-50, 50)), min_size=1, max_size=6))
    frame = pd.DataFrame(rows, columns=["a", "b", "c"]).astype({"a": "Int64", "b": "Int64"})
    formula = data.draw(
        st.recursive(
            st.one_of(st.sampled_from("abc"), st.integers(-9, 9).map(str)),
            lambda sides: st.builds(
                lambda x, op, y: f"({x}) {op} ({y})", sides, st.sampled_from("+-*"), sides
            ),
            max_leaves=5,
        ).filter(lambda text: any(name in text for name in "abc"))
    )
    used = [name for name in "abc" if name in formula]
    results = []
    for row in rows:
        values = dict(zip("abc", row, strict=True))
        missing = any(values[name] is None for name in used)
        results.append(None if missing else eval(formula, {}, values))  # noqa: S307
    parent = committed(frame)
    child = committed(frame.assign(z=pd.array(results, "Int64")), "out", [parent])
    case = Case(claims.derive(z=formula), child)
    assert case.holds()
    at = data.draw(st.integers(0, len(rows) - 1))
    wrong = edited(child, "z", "value", at, (results[at] or 0) + 1)
    assert case.violations(case.witness(), {child.dataset_id: wrong})
