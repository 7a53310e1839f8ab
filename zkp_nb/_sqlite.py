"""SQLite as vault and ledger use it: private files, durable commits, several processes, plain sentences.

One place opens connections and one place translates `sqlite3` errors. A commit that returned is on
disk (WAL with `synchronous=FULL`); a process killed at any moment leaves the last commit intact.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from zkp_nb.errors import ZkpError

BUSY_TIMEOUT: Final = 30.0
"""Seconds to wait for another process that is writing to the same file."""

_PRAGMAS: Final = (
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    # macOS: fsync alone does not reach the medium there
    *(("PRAGMA fullfsync = ON", "PRAGMA checkpoint_fullfsync = ON") if sys.platform == "darwin" else ()),
)


@dataclass(frozen=True)
class Schema:
    """What a file of one kind holds.

    Attributes:
        label: the kind in words ("ledger"), for sentences.
        application_id: SQLite's own field for telling kinds of files apart, 32 bits.
        version: SQLite's `user_version`; a file with a higher one was written by a newer package.
        script: statements, separated by semicolons, that make an empty file into this kind.
        error: class of every error raised about such a file.
    """

    label: str
    application_id: int
    version: int
    script: str
    error: type[ZkpError]


@dataclass
class Database:
    """One SQLite file. Safe to use from several threads and processes, also across a fork.

    Attributes:
        path: the file; it and its folder are made on first use, readable by the owner alone.
        schema: its kind.
        busy_timeout: seconds to wait for other writers.
    """

    path: Path
    schema: Schema
    busy_timeout: float = BUSY_TIMEOUT
    _idle: list[tuple[int, sqlite3.Connection]] = field(default_factory=list, init=False, repr=False)
    _inherited: list[sqlite3.Connection] = field(default_factory=list, init=False, repr=False)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A snapshot: everything read inside is of one moment."""
        with self._transaction("BEGIN", "read") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The only writer: commits at the end, durably; any exception inside undoes all of it."""
        with self._transaction("BEGIN IMMEDIATE", "written") as connection:
            yield connection

    def connect(self) -> None:
        """Make or open the file now, so that its errors come now."""
        with self._translated("opened"), self._borrowed():
            pass

    def erase_log(self) -> None:
        """Move the write-ahead log into the file and empty it, so that deleted content is gone from both.

        Waits for those who read an older state. Raises the schema's error where they do not finish.
        """
        with self._translated("written"), self._borrowed() as connection:
            (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise self.schema.error(
                f"What was deleted from the {self.schema.label} {self.path} may still be on the disk.",
                why="Another process is reading the file.",
                todo="Close the other notebooks of this project, then delete it again.",
            )

    def close(self) -> None:
        """Close the idle connections of this process; the object may be used again."""
        while (connection := self._take_idle()) is not None:
            connection.close()

    @contextmanager
    def _transaction(self, begin: str, doing: str) -> Iterator[sqlite3.Connection]:
        with self._translated(doing), self._borrowed() as connection, _atomic(connection, begin):
            yield connection

    @contextmanager
    def _borrowed(self) -> Iterator[sqlite3.Connection]:
        connection = self._take_idle() or self._new_connection()
        try:
            yield connection
        finally:
            if connection.in_transaction:  # its rollback failed too: nobody may use it again
                connection.close()
            else:
                self._idle.append((os.getpid(), connection))

    def _take_idle(self) -> sqlite3.Connection | None:
        # A connection must not cross a fork (sqlite.org/howtocorrupt.html, section 2.6). An inherited one is
        # kept, unused and open: closing it here could touch the parent's log.
        while self._idle:
            try:
                owner, connection = self._idle.pop()
            except IndexError:  # another thread took the last one
                break
            if owner == os.getpid():
                return connection
            self._inherited.append(connection)
        return None

    def _new_connection(self) -> sqlite3.Connection:
        make_private_file(self.path)
        connection = sqlite3.connect(
            self.path, timeout=self.busy_timeout, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        with _atomic(connection, "BEGIN"):
            made = self._is_made(connection)
        self._switch_to_wal(connection)
        if made:
            return
        with _atomic(connection, "BEGIN IMMEDIATE"):
            if not self._is_made(connection):  # another process may have been first
                for statement in filter(None, map(str.strip, self.schema.script.split(";"))):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {self.schema.application_id}")
                connection.execute(f"PRAGMA user_version = {self.schema.version}")

    def _is_made(self, connection: sqlite3.Connection) -> bool:
        """Whether the file holds our schema, False where it is empty; to be asked in a transaction."""
        (kind,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if not tables and not kind:
            return False
        schema = self.schema
        if kind != schema.application_id:
            raise schema.error(
                f"The file {self.path} is not a {schema.label} of this package.",
                todo="Name another file, or move this one away.",
            )
        if version > schema.version:
            raise schema.error(
                f"The {schema.label} {self.path} was written by a newer version of this package.",
                todo="Upgrade zkp-nb, then try again.",
            )
        return True

    def _switch_to_wal(self, connection: sqlite3.Connection) -> None:
        # SQLite does not wait by itself when two processes switch the mode of a new file at once.
        deadline = time.monotonic() + self.busy_timeout
        while True:
            try:
                (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
                break
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        if mode != "wal":
            raise self.schema.error(
                f"The {self.schema.label} {self.path} cannot be opened safely for several processes.",
                why="The file system does not offer what SQLite's write-ahead log needs.",
                todo="Put the project folder on a local disk.",
            )

    @contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            why, todo = _sentences(error)
            what = f"The {self.schema.label} {self.path} cannot be {doing}."
            raise self.schema.error(what, why=why, todo=todo) from None
        except OSError as error:
            what = f"The {self.schema.label} {self.path} cannot be {doing}."
            why = f"The system says: {error.strerror or 'input or output failed'}."
            raise self.schema.error(what, why=why) from None


@contextmanager
def _atomic(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def make_private_file(path: Path) -> None:
    """Make an empty file, and its folder, that only the owner can read; existing ones stay as they are.

    A folder made here also tells git to leave it alone: it will hold secrets.

    Raises:
        OSError: the system refuses.
    """
    folder = path.parent
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    # Exclusive, because closing a descriptor of a file that SQLite has open here would drop its locks.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _sentences(error: sqlite3.Error) -> tuple[str, str]:
    """Why, and what to do, for an SQLite error; primary result codes, sqlite.org/rescode.html."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "Another process holds it locked.", "Wait for the other notebook or command, then try again."
    if code == sqlite3.SQLITE_FULL:
        return "The disk is full; nothing of this change was written.", "Free some space, then try again."
    if code == sqlite3.SQLITE_IOERR:
        return (
            "Reading or writing the disk failed; nothing of this change was written.",
            "Check free space and the health of the disk, then try again.",
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return "The file is damaged.", "Restore it from a backup; what was read from it cannot be relied on."
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH):
        return "This user may not write the file or its folder.", "Check the permissions of the folder."
    if code == sqlite3.SQLITE_ERROR:
        return "Its tables are not as this package makes them, so it is damaged.", "Restore it from a backup."
    return f"SQLite reports {getattr(error, 'sqlite_errorname', 'an error')}.", ""
