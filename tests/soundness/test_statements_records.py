"""Dataset records and entries that a malicious committer would write: refused before any proof is looked at."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from zkp_nb.errors import ProofRejected, SetupError, StatementError, ZkpError
from zkp_nb.ledger.records import DatasetRecord, ProofEntry, canonical_json
from zkp_nb.verdict import verify_entry

KEY = b"a verification key"
SRS = hashlib.sha256(KEY).hexdigest()
POINT = "40" + "00" * 31

INTEGER = {"kind": "int", "bits": 64, "signed": True}


def record(**changes: Any) -> DatasetRecord:
    content = {
        "version": 1,
        "name": "table",
        "n_rows": 100,
        "depth": 4,
        "srs_id": SRS,
        "columns": [column("x"), column("y")],
        "created": "2026-01-01T00:00:00Z",
        "labels": {},
    }
    return DatasetRecord.model_validate_json(canonical_json(content | changes))


def column(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "type": INTEGER, "nullable": False, "commitments": {"value": POINT}} | changes


def checked(*records: DatasetRecord, proofs: int = 1, named: str | None = None, key: bytes = KEY) -> None:
    """Looks at the sum of `x` in the first of the tables, with proofs of zeros."""
    statement = {
        "version": 1,
        "kind": "sum",
        "inputs": [named or records[0].id],
        "outputs": [],
        "witnesses": [],
        "parameters": {},
        "results": {"columns": [{"column": "x", "sum": "7"}]},
    }
    proof = base64.b64encode(bytes(448)).decode()
    entry = ProofEntry(statement=statement, proofs=(proof,) * proofs, prover="forger")
    verify_entry(entry, {named or each.id: each for each in records}, key, "ledger", "reference")


def test_what_is_refused_last_is_the_proof() -> None:
    with pytest.raises(ProofRejected, match="verification key"):
        checked(record())


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"n_rows": 0}, id="no rows"),
        pytest.param({"n_rows": 1025}, id="too many rows"),
        pytest.param({"n_rows": 2**53 - 1, "depth": 2**32}, id="more rows than any grid"),
        pytest.param({"depth": 8}, id="larger than needed"),
        pytest.param({"columns": []}, id="no columns"),
        pytest.param({"columns": [column("x"), column("x")]}, id="one name twice"),
        pytest.param({"columns": [column("y")]}, id="another column"),
        pytest.param({"columns": [column("x", nullable=True)]}, id="no null companion"),
        pytest.param(
            {"columns": [column("x", commitments={"value": POINT, "null": POINT})]},
            id="a null companion nobody looks at",
        ),
        pytest.param({"columns": [column("x", type={"kind": "text"})]}, id="text as a number"),
        pytest.param(
            {"columns": [column("x", commitments={"head": POINT, "tail": POINT})]}, id="a number as text"
        ),
        pytest.param({"columns": [column("x", type=INTEGER | {"bits": 65})]}, id="an unknown width"),
        pytest.param({"columns": [column("x", type=INTEGER | {"bits": True})]}, id="no width"),
        pytest.param({"columns": [column("x", type=INTEGER | {"scale": 2})]}, id="a scale of an integer"),
        pytest.param({"columns": [column("x", type={"kind": "float64"})]}, id="codes that have no sum"),
        pytest.param({"columns": [column("x", type={"kind": "date"})]}, id="dates that have no sum"),
    ],
)
def test_records_that_describe_no_table(changes: dict[str, Any]) -> None:
    with pytest.raises(ZkpError) as refusal:
        checked(record(**changes))
    assert not isinstance(refusal.value, ProofRejected)


def test_a_record_under_the_id_of_another() -> None:
    with pytest.raises(StatementError, match="does not hash"):
        checked(record(n_rows=99), named=record().id)


def test_tables_of_another_set_up() -> None:
    with pytest.raises(SetupError):
        checked(record(srs_id="00" * 32))
    with pytest.raises(SetupError):
        checked(record(), key=b"another key")


@pytest.mark.parametrize("proofs", [2, 100])
def test_another_number_of_proofs(proofs: int) -> None:
    with pytest.raises(ProofRejected, match="takes 1 proofs"):
        checked(record(), proofs=proofs)


def test_no_proof_at_all() -> None:
    with pytest.raises(ValueError, match="at least 1 item"):
        checked(record(), proofs=0)
