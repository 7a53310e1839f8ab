"""Receipts to look at: made once, by the package itself."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

import zkp_nb as zkp
from zkp_nb.ledger.records import canonical_json, sha256_hex
from zkp_nb.project import Project


def write_receipts(folder: Path) -> None:
    """Writes loans.zkp (committed), adults.zkp and mean.zkp (proven), asserted.zkp."""
    ages = [15 + each % 60 for each in range(400)]
    loans = pd.DataFrame({"id": range(400), "age": ages, "income": [1000 + 7 * each for each in range(400)]})
    adults = loans[loans.age >= 18]
    odd = adults.assign(odd=(adults.income / adults.age).round(1))
    project = Project(folder / "project")
    try:
        project.commit(loans, "loans").receipt.save(folder / "loans.zkp")
        project.prove(adults, [zkp.filter("age >= 18")], name="adults").save(folder / "adults.zkp")
        claims = [zkp.mean("income"), zkp.between("age", 18, 120)]
        project.prove(adults, claims, name="adults").save(folder / "mean.zkp")
        project.prove(odd, name="odd", parents=[adults]).save(folder / "asserted.zkp")
    finally:
        project.close()


def with_another_income(receipt: bytes) -> bytes:
    """The same receipt with one digit of the mean's sum changed and its digest made to fit again."""
    at = receipt.index(b'"sum":"') + len(b'"sum":"')
    changed = receipt[:at] + (b"9" if receipt[at : at + 1] != b"9" else b"8") + receipt[at + 1 :]
    content = json.loads(changed)
    del content["digest"]
    return canonical_json(content | {"digest": sha256_hex(canonical_json(content))}) + b"\n"
