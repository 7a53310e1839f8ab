"""What a reader remembers of logs: which keys they trust, and the last checkpoint they saw of each.

Memory is what makes a log honest: a signature alone does not stop its owner from signing two different
histories. Whoever comes back asks for a proof that the log still begins with what they saw before.
A key is known because its owner's own log made it, because the reader said so, or because it was met
first (trust on first use); a receipt never makes its own key known.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import platformdirs

from zkp_nb._sqlite import BUSY_TIMEOUT, Database, Schema
from zkp_nb.errors import LedgerError, LedgerInconsistent
from zkp_nb.ledger.identity import check_local_name
from zkp_nb.ledger.merkle import MerkleProofError, verify_consistency
from zkp_nb.ledger.note import Checkpoint, VerifierKey
from zkp_nb.ledger.records import utc_now

_SCHEMA: Final = Schema(
    label="list of known ledgers",
    application_id=0x7A6B706B,  # "zkpk"
    version=1,
    script="""
        CREATE TABLE logs (origin TEXT PRIMARY KEY, vkey TEXT NOT NULL, note BLOB, first_seen TEXT NOT NULL);
        CREATE TABLE evidence (origin TEXT NOT NULL, remembered BLOB NOT NULL, shown BLOB NOT NULL,
                               found TEXT NOT NULL, UNIQUE (origin, remembered, shown));
    """,
    error=LedgerError,
)


class LogView(Protocol):
    """A log as a reader sees it, local or far away; `zkp_nb.ledger.Ledger` is one."""

    @property
    def key(self) -> str:
        """Its public key as a vkey."""

    def checkpoint(self, size: int | None = None) -> bytes:
        """Its newest signed checkpoint."""

    def consistency(self, old: int, new: int | None = None) -> Sequence[bytes]:
        """Proof that its first `old` entries begin its first `new`."""


class KnownLogs:
    """The reader's own list of logs, one SQLite file in the user's data folder."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, path: str | Path | None = None, *, busy_timeout: float = BUSY_TIMEOUT) -> KnownLogs:
        """Open the list, or begin one.

        Args:
            path: the file; None for the user's own, `logs.sqlite` in `$ZKP_NB_DATA` or the data folder of this system.
            busy_timeout: seconds to wait for other processes.

        Raises:
            LedgerError: the file cannot be made or opened, is damaged, or is something else.
        """
        folder = Path(os.environ.get("ZKP_NB_DATA") or platformdirs.user_data_path("zkp-nb"))
        file = folder / "logs.sqlite" if path is None else Path(path)
        database = Database(file, _SCHEMA, busy_timeout)
        database.connect()
        return cls(database)

    def close(self) -> None:
        """Release the file."""
        self._database.close()

    def knows(self, vkey: str) -> bool:
        """Whether the reader knows this very key under its name."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT 1 FROM logs WHERE vkey = ?", (vkey,)).fetchone()
        return row is not None

    def keys(self) -> frozenset[str]:
        """All known keys, as vkeys."""
        with self._database.reading() as connection:
            return frozenset(vkey for (vkey,) in connection.execute("SELECT vkey FROM logs"))

    def trust(self, vkey: str) -> None:
        """Put a key on the list.

        Raises:
            NoteError: it is malformed, or goes under the name of another key's embedded log.
            LedgerInconsistent: the list has another key under the same name.
        """
        key = VerifierKey.parse(vkey)
        check_local_name(key)
        with self._database.writing() as connection:
            self._trust(connection, key)

    def observe(self, log: LogView) -> Checkpoint:
        """Look at a log now: it must continue what was seen of it before. Unknown logs become known.

        Returns:
            Its newest checkpoint, which is remembered from now on.

        Raises:
            LedgerInconsistent: the log shrank or forked; both signed checkpoints are the evidence, and are
                kept. What is remembered stays as it was.
            LedgerError: the log or the list cannot be read.
        """
        key = VerifierKey.parse(log.key)
        check_local_name(key)
        with self._database.writing() as connection:
            remembered = self._trust(connection, key)
            # Asked for only now, under the lock, so that what another process saw is never newer than this.
            shown = log.checkpoint()
            head = Checkpoint.open(shown, key)
            conflict = None if remembered is None else _conflict(log, key, remembered, shown)
            if remembered is None or conflict is None:
                contradiction = None
                connection.execute("UPDATE logs SET note = ? WHERE origin = ?", (shown, key.name))
            else:
                contradiction = _keep(connection, key, remembered, shown, conflict)
        if contradiction is not None:
            raise contradiction
        return head

    def compare(
        self, note: bytes, log: LogView | None = None, *, vkey: str, opened: Checkpoint | None = None
    ) -> bool:
        """Hold a checkpoint from a receipt against what is remembered of its log.

        Without `log` only two different checkpoints of one size can be told to conflict; with it, any two.

        Args:
            opened: what `note` says, where `vkey` was seen to have signed it.

        Returns:
            Whether the reader knows the key.

        Raises:
            LedgerInconsistent: they belong to two histories.
            NoteError: the checkpoint is not signed by `vkey`.
        """
        key = VerifierKey.parse(vkey)
        shown = opened or Checkpoint.open(note, key)
        with self._database.reading() as connection:
            row = connection.execute("SELECT note FROM logs WHERE vkey = ?", (vkey,)).fetchone()
        remembered: bytes | None = None if row is None else row[0]
        if remembered is None or remembered == note:
            return row is not None
        last = Checkpoint.open(remembered, key)
        if last.size == shown.size:
            conflict = None if last.root == shown.root else _FORKED
        elif log is None:
            conflict = None
        elif last.size < shown.size:
            conflict = _conflict(log, key, remembered, note)
        else:
            conflict = _conflict(log, key, note, remembered)
        if conflict is not None:
            with self._database.writing() as connection:
                contradiction = _keep(connection, key, remembered, note, conflict)
            raise contradiction
        return True

    def evidence(self) -> list[tuple[bytes, bytes]]:
        """All contradictions ever found: pairs of signed checkpoints, remembered and shown."""
        with self._database.reading() as connection:
            return connection.execute("SELECT remembered, shown FROM evidence ORDER BY rowid").fetchall()

    def _trust(self, connection: sqlite3.Connection, key: VerifierKey) -> bytes | None:
        row = connection.execute("SELECT vkey, note FROM logs WHERE origin = ?", (key.name,)).fetchone()
        if row is None:
            connection.execute("INSERT INTO logs VALUES (?, ?, NULL, ?)", (key.name, str(key), utc_now()))
            return None
        if row[0] != str(key):
            raise LedgerInconsistent(
                f"The log {key.name} shows another key than before.",
                todo="Ask its operator through another channel which key is theirs.",
            )
        note: bytes | None = row[1]
        return note


_FORKED: Final = "It signed two different histories of the same length."


def _conflict(log: LogView, key: VerifierKey, earlier: bytes, later: bytes) -> str | None:
    """Why the two signed checkpoints cannot be of one log, None where `log` proves that they are."""
    old, new = Checkpoint.open(earlier, key), Checkpoint.open(later, key)
    if new.size < old.size:
        return f"It had {old.size} entries and now shows {new.size}."
    if new.size == old.size:
        return None if new.root == old.root else _FORKED
    try:
        verify_consistency(old.size, new.size, old.root, new.root, log.consistency(old.size, new.size))
    except MerkleProofError as error:
        return f"Its {old.size} entries of before are not the beginning of its {new.size} now. {error}"
    return None


def _keep(
    connection: sqlite3.Connection, key: VerifierKey, remembered: bytes, shown: bytes, conflict: str
) -> LedgerInconsistent:
    """Write the evidence down; gives the error to raise once that is durable."""
    row = (key.name, remembered, shown, utc_now())
    connection.execute("INSERT OR IGNORE INTO evidence VALUES (?, ?, ?, ?)", row)
    return LedgerInconsistent(
        f"The log {key.name} is not the one seen before.",
        why=conflict,
        todo="Keep both signed checkpoints: together they show it. Do not rely on receipts of this log.",
        evidence=(remembered, shown),
    )
