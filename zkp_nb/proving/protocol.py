"""What a prover is asked for, whoever it is and wherever it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from zkp_nb.ledger.records import DatasetRecord
from zkp_nb.progress import Progress
from zkp_nb.statements import Statement
from zkp_nb.table import Table


@dataclass(frozen=True)
class CommittedTable:
    """A table with its record and, kept out of every repr, the seed that opens its commitments."""

    record: DatasetRecord
    table: Table
    seed: bytes = field(repr=False)


@dataclass(frozen=True)
class Task:
    """One statement to prove, about tables that the prover may see."""

    statement: Statement
    context: str
    """Ledger id that the proof is bound to."""
    tables: Mapping[str, CommittedTable]
    """Every dataset that the statement names, by id."""

    @property
    def records(self) -> dict[str, DatasetRecord]:
        return {name: table.record for name, table in self.tables.items()}


class Prover(Protocol):
    """Commits tables and proves statements about them."""

    def verification_key(self) -> bytes:
        """Encoding of the verification key of the set-up that this prover uses."""

    def commit(
        self, table: Table, depth: int, seed: bytes, progress: Progress | None = None
    ) -> list[dict[str, bytes]]:
        """Commits every part of every column.

        Returns:
            For each column its 32-byte commitments by part label.

        Raises:
            SetupError: there is no set-up for this depth.
            ProvingInterrupted: stopped by the user.
        """

    def prove(self, task: Task, progress: Progress | None = None) -> tuple[bytes, ...]:
        """One proof for each program of the statement, in order.

        Raises:
            StatementFalse: the statement does not hold for the cells.
            SetupError, ProvingInterrupted: as above.
        """

    def close(self) -> None:
        """Releases what it holds: connections, for one that works elsewhere."""
