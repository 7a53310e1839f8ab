"""The embedded store: a log in one SQLite file, its signing key in a file beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from zkp_nb._sqlite import BUSY_TIMEOUT, Database, Schema
from zkp_nb.errors import LedgerError
from zkp_nb.ledger.identity import create_signer, load_signer
from zkp_nb.ledger.merkle import EMPTY_ROOT
from zkp_nb.ledger.note import Checkpoint, Signer, VerifierKey
from zkp_nb.ledger.store import LogReader, LogWriter, StoredLeaf

_SCHEMA: Final = Schema(
    label="ledger",
    application_id=0x7A6B706C,  # "zkpl"
    version=1,
    script="""
        CREATE TABLE identity (vkey TEXT NOT NULL);
        CREATE TABLE leaves (
            idx INTEGER PRIMARY KEY,
            leaf_hash BLOB NOT NULL UNIQUE,
            leaf BLOB NOT NULL,
            logged_at TEXT NOT NULL
        );
        CREATE TABLE records (idx INTEGER PRIMARY KEY, record BLOB NOT NULL);
        CREATE TABLE mentions (
            dataset TEXT NOT NULL,
            idx INTEGER NOT NULL,
            role TEXT NOT NULL,
            PRIMARY KEY (dataset, idx, role)
        ) WITHOUT ROWID;
        CREATE INDEX mentions_by_entry ON mentions (idx);
        CREATE TABLE hashes (position INTEGER PRIMARY KEY, hash BLOB NOT NULL);
        CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note BLOB NOT NULL);
    """,
    error=LedgerError,
)


class SqliteStore:
    """A `LogStore` in a SQLite file; made, with a new key, where there is none.

    Args:
        path: the file. Its key lies beside it, in a file of its own: the log can be copied without it.
        busy_timeout: seconds to wait for other writers.

    Raises:
        LedgerError: the file cannot be made or opened, is damaged, or is something else.
    """

    def __init__(self, path: Path, *, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self.path = path
        self._database = Database(path, _SCHEMA, busy_timeout)
        self._database.connect()
        self._key = self._read_key() or self._create_key()
        self._signer: Signer | None = None

    @property
    def key(self) -> VerifierKey:
        """Public key of the log."""
        return self._key

    def signer(self) -> Signer:
        """The private key, read on first use; `LedgerError` where its file is missing."""
        if self._signer is None:
            self._signer = load_signer(self.path, self._key)
        return self._signer

    @contextmanager
    def reading(self) -> Iterator[LogReader]:
        """A snapshot of the log."""
        with self._database.reading() as connection:
            yield _Rows(connection, self.path)

    @contextmanager
    def writing(self) -> Iterator[LogWriter]:
        """The exclusive writer (`BEGIN IMMEDIATE`); durable when left (`synchronous=FULL`)."""
        with self._database.writing() as connection:
            yield _Rows(connection, self.path)

    def check_storage(self) -> None:
        """SQLite's integrity check over all pages and indices."""
        with self._database.reading() as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise _damaged(self.path)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _read_key(self) -> VerifierKey | None:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT vkey FROM identity").fetchall()
        if not rows:
            return None
        (vkey,) = rows[0]
        if len(rows) > 1 or not isinstance(vkey, str):
            raise _damaged(self.path)
        return VerifierKey.parse(vkey)

    def _create_key(self) -> VerifierKey:
        with self._database.writing() as connection:
            row = connection.execute("SELECT vkey FROM identity").fetchone()
            if row:  # another process was first
                return VerifierKey.parse(row[0])
            signer = create_signer(self.path)
            connection.execute("INSERT INTO identity VALUES (?)", (str(signer.key),))
            note = signer.sign(Checkpoint(signer.name, 0, EMPTY_ROOT).text())
            connection.execute("INSERT INTO checkpoints VALUES (0, ?)", (note,))
            return signer.key


class _Rows:
    """Reader and writer over one open transaction."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def size(self) -> int:
        return self._one("SELECT coalesce(max(idx) + 1, 0) FROM leaves")

    def index_of(self, leaf_hash: bytes) -> int | None:
        row = self._connection.execute("SELECT idx FROM leaves WHERE leaf_hash = ?", (leaf_hash,)).fetchone()
        return None if row is None else int(row[0])

    def leaves(self, start: int, limit: int) -> list[StoredLeaf]:
        rows = self._connection.execute(
            "SELECT idx, leaf_hash, leaf, record, logged_at FROM leaves LEFT JOIN records USING (idx)"
            " WHERE idx >= ? ORDER BY idx LIMIT ?",
            (start, limit),
        )
        return [self._leaf(*row) for row in rows]

    def naming(self, dataset: str, roles: Collection[str]) -> list[int]:
        rows = self._connection.execute("SELECT idx, role FROM mentions WHERE dataset = ?", (dataset,))
        return sorted({index for index, role in rows if not roles or role in roles})

    def mentions(self, index: int) -> set[tuple[str, str]]:
        return set(self._connection.execute("SELECT dataset, role FROM mentions WHERE idx = ?", (index,)))

    def hashes(self, positions: Sequence[int]) -> list[bytes]:
        marks = ",".join("?" * len(positions))
        query = f"SELECT position, hash FROM hashes WHERE position IN ({marks})"
        found = dict(self._connection.execute(query, positions).fetchall())
        hashes = [found.get(position) for position in positions]
        if not all(isinstance(digest, bytes) for digest in hashes):
            raise _damaged(self._path)
        return hashes  # type: ignore[return-value]  # checked in the line above

    def hash_count(self) -> int:
        return self._one("SELECT count(*) FROM hashes")

    def checkpoint(self, size: int | None = None) -> bytes | None:
        row = self._connection.execute(
            "SELECT note FROM checkpoints WHERE size = coalesce(?, size) ORDER BY size DESC LIMIT 1", (size,)
        ).fetchone()
        return None if row is None else self._note(row[0])

    def checkpoints(self) -> Iterator[tuple[int, bytes]]:
        for size, note in self._connection.execute("SELECT size, note FROM checkpoints ORDER BY size"):
            yield size, self._note(note)

    def add(self, leaf: StoredLeaf, mentions: Collection[tuple[str, str]]) -> None:
        execute = self._connection.execute
        row = (leaf.index, leaf.leaf_hash, leaf.leaf, leaf.logged_at)
        execute("INSERT INTO leaves VALUES (?, ?, ?, ?)", row)
        if leaf.record is not None:
            execute("INSERT INTO records VALUES (?, ?)", (leaf.index, leaf.record))
        for dataset, role in mentions:
            execute("INSERT INTO mentions VALUES (?, ?, ?)", (dataset, leaf.index, role))

    def add_hashes(self, start: int, hashes: Sequence[bytes]) -> None:
        self._connection.executemany("INSERT INTO hashes VALUES (?, ?)", enumerate(hashes, start))

    def seal(self, size: int, note: bytes) -> None:
        self._connection.execute("INSERT INTO checkpoints VALUES (?, ?)", (size, note))

    def _one(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0])

    def _leaf(self, index: int, leaf_hash: object, leaf: object, record: object, at: object) -> StoredLeaf:
        blobs = isinstance(leaf_hash, bytes) and isinstance(leaf, bytes)
        if not (blobs and isinstance(record, bytes | None) and isinstance(at, str)):
            raise _damaged(self._path)
        return StoredLeaf(index, leaf_hash, leaf, record, at)  # type: ignore[arg-type]  # checked above

    def _note(self, note: object) -> bytes:
        if not isinstance(note, bytes):
            raise _damaged(self._path)
        return note


def _damaged(path: Path) -> LedgerError:
    return LedgerError(
        f"The ledger {path} is damaged.",
        why="Its tables do not hold what this package wrote.",
        todo="Restore it from a backup; what was read from it cannot be relied on.",
    )
