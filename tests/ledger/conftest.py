"""Records and ledgers to test with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import zkp_nb.errors
from zkp_nb.ledger import ColumnRecord, DatasetEntry, DatasetRecord, Ledger, ProofEntry

SRS_ID = "0f" * 32


def make_record(name: str = "loans", columns: int = 2, **changes: Any) -> DatasetRecord:
    """A record with plausible content; `columns` of them."""
    fields: dict[str, Any] = {
        "name": name,
        "n_rows": 1000,
        "depth": 4,
        "srs_id": SRS_ID,
        "columns": tuple(
            ColumnRecord(
                name=f"c{place}",
                type={"kind": "int", "bits": 64},
                nullable=True,
                commitments={"value": f"{place:064x}", "null": "ab" * 32},
            )
            for place in range(columns)
        ),
        "created": "2026-11-23T20:00:00Z",
    }
    return DatasetRecord(**(fields | changes))


def make_proof(parent: DatasetRecord, child: DatasetRecord, **results: Any) -> ProofEntry:
    """A proof entry that derives `child` from `parent`; its proof is 600 bytes of nothing."""
    statement: dict[str, Any] = {
        "version": 1,
        "kind": "filter",
        "inputs": [parent.id],
        "outputs": [child.id],
        "witnesses": [],
        "parameters": {"column": "c0", "at_least": "18"},
        "results": results,
    }
    return ProofEntry(statement=statement, proofs=("AAAA" * 200,), prover="zkp-nb 0.1.0")


def accept(entry: ProofEntry, records: Mapping[str, DatasetRecord]) -> None:
    """A verifier for tests about the log alone: the records it is given must be those the entry names."""
    assert set(records) == {each for ids in entry.named().values() for each in ids}
    assert all(record.id == each for each, record in records.items())


@pytest.fixture
def record() -> Callable[..., DatasetRecord]:
    return make_record


@pytest.fixture
def proof() -> Callable[..., ProofEntry]:
    return make_proof


@pytest.fixture
def verifier() -> Callable[[ProofEntry, Mapping[str, DatasetRecord]], None]:
    return accept


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "project" / ".zkp" / "ledger.sqlite") as opened:
        yield opened


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    """Two datasets, a proof between them (index 2), and four more datasets."""
    parent, child = make_record("loans"), make_record("adults")
    entries: list[DatasetEntry | ProofEntry] = [
        DatasetEntry(record=parent),
        DatasetEntry(record=child),
        make_proof(parent, child),
    ]
    ledger.extend(entries, verifier=accept)
    for place in range(4):
        ledger.append(DatasetEntry(record=make_record(f"more {place}")), verifier=accept)
    return ledger


@pytest.fixture
def child_process() -> list[str]:
    """Command line that runs the appending program of this folder."""
    return [sys.executable, str(Path(__file__).with_name("appender.py"))]


@pytest.fixture
def child_environment() -> dict[str, str]:
    """Environment in which a child finds the same package as this process."""
    home = str(Path(zkp_nb.errors.__file__).parents[1])
    return os.environ | {"PYTHONPATH": os.pathsep.join([home, os.environ.get("PYTHONPATH", "")])}
