"""Work for provers on a server: tables, requests, tasks; and a prover that begins when a test lets it."""

from __future__ import annotations

import hashlib
import secrets
import threading
from pathlib import Path
from typing import Any

import pandas as pd

from tests.server.gate import Gated
from zkp_nb.ledger import ColumnRecord, DatasetRecord
from zkp_nb.proving import CommittedTable, Task
from zkp_nb.proving.wire import table_chunks
from zkp_nb.srs import srs_id_of
from zkp_nb.statements import Subject
from zkp_nb.table import Table, from_frame

SEED = "5e" * 32


def loans(n_rows: int = 50) -> Table:
    return from_frame(pd.DataFrame({"age": range(n_rows), "town": ["Ulm", "Bonn"] * (n_rows // 2)}))


def commit_request(table: Table, **upload: Any) -> tuple[dict[str, Any], bytes]:
    """A request to commit the table, and its stream."""
    data = b"".join(table_chunks(table))
    announced = {"length": len(data), "sha256": hashlib.sha256(data).hexdigest(), "seed": SEED} | upload
    return {
        "task": "commit", "n_rows": table.n_rows, "depth": 4, "columns": table.schema_json(),
        "uploads": [announced],
    }, data  # fmt: skip


def record_of(prover: Any, table: Table, name: str, seed: bytes) -> DatasetRecord:
    """The record of a table as a project would make it, committed by this prover."""
    points = prover.commit(table, 4, seed)
    columns = tuple(
        ColumnRecord(
            name=column.name, type=column.type.to_json(), nullable=column.nullable,
            commitments={part: point.hex() for part, point in each.items()},
        )
        for column, each in zip(table.columns, points, strict=True)
    )  # fmt: skip
    return DatasetRecord(
        name=name, n_rows=table.n_rows, depth=4, srs_id=srs_id_of(prover.verification_key()), columns=columns,
        created="2026-11-23T20:00:00Z",
    )  # fmt: skip


def task_of(prover: Any, claim: Any, context: str, table: Table | None = None, name: str = "loans") -> Task:
    """A claim about a table, `loans` where none is given, ready to prove."""
    table, seed = table or loans(), secrets.token_bytes(32)
    record = record_of(prover, table, name, seed)
    statement = claim.state(Subject(record.id, record, table, parents=(), resolve=lambda _: None))
    return Task(statement, context, {record.id: CommittedTable(record, table, seed)})


def left_behind(folder: Path) -> list[str]:
    """Files of uploads that are still there."""
    return [path.name for path in (folder / "uploads").rglob("*") if path.is_file() and path.name[0] != "."]


class Gate:
    """A gate that a test opens."""

    def __init__(self) -> None:
        self.opened = threading.Event()

    def prover(self) -> Gated:
        return Gated(self.opened.is_set)
