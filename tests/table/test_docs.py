"""The examples of docs/tables.md are what the package does."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from zkp_nb.table import ColumnType
from zkp_nb.table.cells import FIELD_MODULUS

DOCS = Path(__file__).parents[2] / "docs" / "tables.md"
TYPES = {
    "int64": ColumnType.integer(),
    "decimal(2)": ColumnType.decimal(2),
    "float64": ColumnType("float64"),
    "date": ColumnType("date"),
    "text": ColumnType("text"),
}
EXAMPLES = re.findall(r"^\| (\S+) \| `(\S+)` \| (.+) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)


def constant(text: str, kind: str) -> object:
    if kind in ("int", "decimal", "float64"):
        return Decimal(text)
    return text.strip("`")


@pytest.mark.parametrize(("value", "type_name", "cells"), [row for row in EXAMPLES if row[0] != "null"])
def test_examples(value: str, type_name: str, cells: str) -> None:
    type_ = TYPES[type_name]
    cell = type_.encode_scalar(constant(value, type_.kind))
    if isinstance(cell, tuple):
        assert cells == f"head {cell[0]}, tail {cell[1]}"
    elif cells.startswith("r - "):
        assert FIELD_MODULUS + cell == FIELD_MODULUS - int(cells.removeprefix("r - "))
    else:
        assert cell == int(cells, 0)


def test_the_modulus() -> None:
    assert f"r = {FIELD_MODULUS}\n" in DOCS.read_text(encoding="utf-8")
    assert len(EXAMPLES) >= 7
