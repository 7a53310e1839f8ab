"""Columns without nulls, and tables that hold what their types and a schema allow."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims, parse
from zkp_nb.statements.schema import Conforms

from .frames import Case, committed, edited

FRAME = pd.DataFrame(
    {
        "age": [31, 17, 65, 40],
        "price": [1.25, 2.5, 100.0, -3.75],
        "income": [1000.0, None, 3000.0, None],
        "ratio": [0.1 + 0.2, 1 / 3, 0.5, 2.0],
        "member": [True, False, True, True],
        "state": ["CA", "NY", None, "CA"],
    }
)


class Honest(Case):
    """Tables hold nothing beyond their rows."""

    vacant = True


def test_not_null() -> None:
    subject = committed(FRAME, "people", nullable=["age", "price"])
    case = Case(claims.not_null("age", "price", "member"), subject)
    assert case.sentence == "age, price and member in `people` have no nulls."
    assert case.sizes == [448]
    assert case.holds()
    assert Case(claims.not_null("member"), subject).holds()
    with pytest.raises(StatementFalse, match="2 values of column 'income' of `people` are null"):
        claims.not_null().state(subject)


@pytest.mark.parametrize("flags", [(1, 0), (1, -1), (2, -2)])
def test_nulls_that_cancel_out_are_refused(flags: tuple[int, int]) -> None:
    subject = committed(FRAME, nullable=["age"])
    case = Case(claims.not_null("age"), subject)
    table = edited(subject, "age", "null", 0, flags[0])
    cells = table.columns[0].part("null").cells
    cells.flags.writeable = True
    cells[1] = flags[1]
    assert case.violations(case.witness(), {subject.dataset_id: table})


def test_every_column_by_its_type() -> None:
    case = Honest(claims.conforms(), committed(FRAME, "people"))
    assert case.sentence == (
        "`people` holds what its columns' types allow and nothing beyond: age int64, never null; price decimal(2), "
        "never null; income int64; ratio float64, never null; member bool, never null; state text, contents not "
        "checked."
    )
    assert case.holds()
    assert max(case.sizes) <= 1024


@pytest.mark.parametrize(
    "rules",
    [
        {"age": (0, 120)},
        {"age": (17, 65), "price": {"low": -4}, "state": ["CA", "NY", "TX"]},
        {"state": {"CA", "NY"}, "income": {"high": 3000, "nullable": True}},
        {"age": {"allowed": list(range(70)), "nullable": False}},
        {"state": ["NY", *(f"x{number}" for number in range(30)), "CA"]},
        {"member": [True, False], "ratio": (0, None)},
    ],
)
def test_schemas(rules: dict[str, Any]) -> None:
    case = Honest(claims.conforms(rules), committed(FRAME))
    assert case.holds()
    assert max(case.sizes) <= 1024


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"age": (18, 120)}, "1 value of column 'age' of `table` is not what the schema allows"),
        ({"price": {"high": 2}}, "2 values of column 'price'"),
        ({"state": ["CA"]}, "1 value of column 'state'"),
        ({"state": {"nullable": False}}, "1 value of column 'state' of `table` is null"),
    ],
)
def test_what_does_not_conform_is_counted(rules: dict[str, Any], words: str) -> None:
    with pytest.raises(StatementFalse, match=words):
        claims.conforms(rules).state(committed(FRAME))


@pytest.mark.parametrize(
    ("column", "part", "row", "value"),
    [
        ("age", "value", 0, 121),
        ("age", "value", 0, -1),
        ("income", "null", 1, 2),
        ("income", "null", 0, True),
        ("income", "value", 1, 5),
        ("state", "head", 2, 5),
        ("state", "head", 0, 5),
        ("state", "tail", 0, 5),
        ("state", "null", 0, True),
    ],
)
def test_an_edited_cell_is_refused(column: str, part: str, row: int, value: int | bool) -> None:
    subject = committed(FRAME)
    rules = {"age": (0, 120), "income": None, "state": ["CA", "NY"]}
    case = Honest(claims.conforms(rules), subject)
    assert case.violations(case.witness(), {subject.dataset_id: edited(subject, column, part, row, value)})


def test_a_bool_is_0_or_1() -> None:
    subject = committed(FRAME)
    case = Honest(claims.conforms({"member": None}), subject)
    assert case.holds()
    table = edited(subject, "member", "value", 0, 2)
    assert case.violations(case.witness(), {subject.dataset_id: table})


def test_cells_beyond_the_last_row_are_refused() -> None:
    case = Case(claims.conforms({"member": None}), committed(FRAME))
    assert case.violations(case.witness())


def test_a_table_that_fills_its_grid_has_nothing_beyond() -> None:
    case = Case(claims.conforms(), committed(pd.DataFrame({"x": [True, False] * 512})))
    assert case.holds()


def test_groups_of_allowed_values_cannot_be_escaped() -> None:
    subject = committed(FRAME)
    case = Honest(claims.conforms({"age": list(range(10, 70))}), subject)
    part = next(
        at for at, program in enumerate(case.programs) for aux in program.aux if aux.label == "group/0/0"
    )
    assert case.cheated(lambda aux: None, part) == []
    for bits in ([1, 1, 1, 1], [0, 0, 0, 0], [2, 0, 0, 0]):
        assert case.cheated(lambda aux, bits=bits: aux.update({"group/0/0": bits}), part)


def test_malformed_schemas() -> None:
    subject = committed(FRAME)
    for rules, words in (
        ({"age": 5}, "is not understood"),
        ({"age": {"least": 5}}, "is not understood"),
        ({"state": (1, 2)}, "Column 'state'"),
        ({"state": ("a", "b")}, "has no bounds here"),
        ({"aeg": None}, "has no column 'aeg'"),
        ({}, "at least one"),
        ({"age": list(range(200))}, "too long for one proof"),
        ({"age": (5, 1)}, "No value of column 'age' can lie"),
    ):
        with pytest.raises(StatementError, match=words):
            claims.conforms(rules).state(subject)


def test_a_schema_for_another_type_is_refused() -> None:
    case = Honest(claims.conforms({"age": (0, 120)}), committed(FRAME))
    assert isinstance(case.statement, Conforms)
    document = case.statement.document()
    document["parameters"]["rules"][0]["type"] = {"kind": "int", "bits": 32, "signed": True}
    case.statement = parse(document)
    with pytest.raises(StatementError, match="not of the schema's type"):
        _ = case.programs
