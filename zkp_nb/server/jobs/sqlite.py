"""The jobs of a single node: rows in SQLite, uploads in files that only the node's user can read."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from zkp_nb._sqlite import Database, Schema, make_private_file
from zkp_nb.errors import LedgerError
from zkp_nb.ledger.records import utc_now
from zkp_nb.server.jobs.model import (
    MAX_ATTEMPTS,
    OVER,
    Claimed,
    CommitRequest,
    Job,
    JobEvent,
    JobRequest,
    Part,
    ProveRequest,
    State,
)
from zkp_nb.server.problems import Problem

_SCHEMA: Final = Schema(
    label="list of jobs",
    application_id=0x7A6B706A,  # "zkpj"
    version=1,
    script="""
        CREATE TABLE jobs (
            number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, task TEXT NOT NULL,
            state TEXT NOT NULL, worker TEXT, attempts INTEGER NOT NULL, cancelled INTEGER NOT NULL,
            done INTEGER NOT NULL, total INTEGER NOT NULL, error TEXT, result TEXT,
            created TEXT NOT NULL, updated TEXT NOT NULL
        );
        CREATE INDEX jobs_by_state ON jobs (state, number);
        CREATE INDEX jobs_by_owner ON jobs (owner, number);
        CREATE TABLE uploads (
            job TEXT NOT NULL, number INTEGER NOT NULL, length INTEGER NOT NULL, sha256 TEXT NOT NULL,
            offset INTEGER NOT NULL, PRIMARY KEY (job, number)
        ) WITHOUT ROWID;
        CREATE TABLE events (
            job TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL,
            PRIMARY KEY (job, number)
        ) WITHOUT ROWID;
    """,
    error=LedgerError,
)
_REQUEST: Final[TypeAdapter[CommitRequest | ProveRequest]] = TypeAdapter(JobRequest)
_LOST: Final = ("internal", f"Its worker died {MAX_ATTEMPTS} times; it is given up.")


class SqliteJobs:
    """`JobStore` in a folder: `jobs.sqlite`, and for each unfinished job a folder under `uploads`."""

    def __init__(self, folder: Path, *, busy_timeout: float = 30.0) -> None:
        self._database = Database(folder / "jobs.sqlite", _SCHEMA, busy_timeout)
        self._database.connect()
        self._uploads = folder / "uploads"
        self._sweep()

    def close(self) -> None:
        self._database.close()

    def create(self, job_id: str, owner: str, request: CommitRequest | ProveRequest) -> Job:
        now = utc_now()
        self._write_file(job_id, "request.json", 0, request.model_dump_json().encode())
        with self._database.writing() as connection:
            cursor = connection.execute(
                "INSERT OR IGNORE INTO jobs (id, owner, task, state, attempts, cancelled, done, total,"
                " created, updated) VALUES (?, ?, ?, 'waiting', 0, 0, 0, 0, ?, ?)",
                (job_id, owner, request.task, now, now),
            )
            if cursor.rowcount:
                connection.executemany(
                    "INSERT INTO uploads VALUES (?, ?, ?, ?, 0)",
                    [(job_id, place, up.length, up.sha256) for place, up in enumerate(request.uploads)],
                )
                _event(connection, job_id, "state", {"state": "waiting"})
        job = self.job(job_id)
        assert job is not None
        if job.state in OVER:  # repeated after the end: nothing may stay
            self._delete(job_id)
        return job

    def job(self, job_id: str) -> Job | None:
        with self._database.reading() as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM jobs WHERE id = ?", (job_id,)).fetchone()
            return None if row is None else _job(connection, row)

    def jobs(self, owner: str, limit: int) -> list[Job]:
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM jobs WHERE owner = ? ORDER BY number DESC LIMIT ?", (owner, limit)
            ).fetchall()
            return [_job(connection, row) for row in rows]

    def unfinished(self, owner: str) -> int:
        with self._database.reading() as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM jobs WHERE owner = ? AND state IN ('waiting', 'queued', 'running')",
                (owner,),
            ).fetchone()
        return int(count)

    def write(self, job_id: str, number: int, offset: int, data: bytes) -> int:
        with self._database.reading() as connection:
            length, sha256, at = self._upload(connection, job_id, number)
        if offset != at or offset + len(data) > length:
            raise Problem("conflict", f"The upload goes on at byte {at} and ends at {length}.")
        path = self._write_file(job_id, f"{number}.arrow", offset, data)
        end = offset + len(data)
        damaged = end == length and _digest(path) != sha256
        with self._database.writing() as connection:
            self._upload(connection, job_id, number)
            connection.execute(
                "UPDATE uploads SET offset = ? WHERE job = ? AND number = ? AND offset = ?",
                (0 if damaged else end, job_id, number, at),
            )
            (open_,) = connection.execute(
                "SELECT count(*) FROM uploads WHERE job = ? AND offset < length", (job_id,)
            ).fetchone()
            if not open_:
                _move(connection, job_id, "queued")
        if damaged:
            raise Problem("checksum-mismatch", "The whole upload is not what was announced; it begins anew.")
        return end

    def cancel(self, job_id: str) -> Job | None:
        with self._database.writing() as connection:
            connection.execute("UPDATE jobs SET cancelled = 1 WHERE id = ?", (job_id,))
            row = connection.execute("SELECT state FROM jobs WHERE id = ?", (job_id,)).fetchone()
            now = row is not None and row[0] in ("waiting", "queued")
            if now:
                _move(connection, job_id, "cancelled")
        if now:
            self._delete(job_id)
        return self.job(job_id)

    def events(self, job_id: str, after: int) -> list[JobEvent]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT number, name, data FROM events WHERE job = ? AND number > ? ORDER BY number",
                (job_id, after),
            ).fetchall()
        return [JobEvent(number, name, json.loads(data)) for number, name, data in rows]

    def claim(self, worker: str) -> Claimed | None:
        with self._database.writing() as connection:
            row = connection.execute(
                "SELECT id, attempts FROM jobs WHERE state = 'queued' ORDER BY number LIMIT 1"
            ).fetchone()
            if row is None:
                return None
            job_id, attempts = row
            lost = attempts >= MAX_ATTEMPTS
            if lost:
                _end(connection, job_id, _LOST)
            else:
                connection.execute(
                    "UPDATE jobs SET worker = ?, attempts = attempts + 1 WHERE id = ?", (worker, job_id)
                )
                _move(connection, job_id, "running")
        if lost:
            self._delete(job_id)
            return None
        folder = self._folder(job_id)
        try:
            request = _REQUEST.validate_json((folder / "request.json").read_bytes())
        except (OSError, ValueError):
            self.finish(job_id, worker, ("internal", "The request of the job is lost."))
            return None
        return Claimed(job_id, request, [folder / f"{n}.arrow" for n in range(len(request.uploads))])

    def progress(self, job_id: str, worker: str, done: int, total: int) -> bool:
        with self._database.writing() as connection:
            row = connection.execute(
                "SELECT cancelled FROM jobs WHERE id = ? AND worker = ? AND state = 'running'",
                (job_id, worker),
            ).fetchone()
            if row is None or row[0]:
                return False
            connection.execute("UPDATE jobs SET done = ?, total = ? WHERE id = ?", (done, total, job_id))
            _event(connection, job_id, "progress", {"done": done, "total": total})
            # Only the newest progress is worth keeping; deleted after, so that no number comes twice.
            connection.execute(
                "DELETE FROM events WHERE job = ?1 AND name = 'progress'"
                " AND number < (SELECT max(number) FROM events WHERE job = ?1)",
                (job_id,),
            )
        return True

    def finish(self, job_id: str, worker: str, result: Mapping[str, Any] | tuple[str, str]) -> None:
        with self._database.writing() as connection:
            row = connection.execute(
                "SELECT cancelled FROM jobs WHERE id = ? AND worker = ? AND state = 'running'",
                (job_id, worker),
            ).fetchone()
            if row is None:
                return
            if row[0]:
                _move(connection, job_id, "cancelled")
            else:
                _end(connection, job_id, result)
        self._delete(job_id)

    def release(self, worker: str) -> int:
        with self._database.writing() as connection:
            rows = connection.execute(
                "SELECT id, cancelled FROM jobs WHERE state = 'running' AND worker = ?", (worker,)
            ).fetchall()
            for job_id, cancelled in rows:
                _move(connection, job_id, "cancelled" if cancelled else "queued")
        for job_id, cancelled in rows:
            if cancelled:
                self._delete(job_id)
        return len(rows)

    def expire(self, hours: float) -> int:
        before = (datetime.now(UTC) - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT id FROM jobs WHERE state = 'waiting' AND updated < ?", (before,)
            ).fetchall()
        for (job_id,) in rows:
            self.cancel(job_id)
        return len(rows)

    def _upload(self, connection: sqlite3.Connection, job_id: str, number: int) -> tuple[int, str, int]:
        row = connection.execute(
            "SELECT length, sha256, offset, state FROM uploads JOIN jobs ON jobs.id = uploads.job"
            " WHERE job = ? AND uploads.number = ?",
            (job_id, number),
        ).fetchone()
        if row is None:
            raise Problem("not-found", "The job has no such upload.")
        if row[3] != "waiting":
            raise Problem("conflict", f"The job is {row[3]}; it takes no more data.")
        return row[0], row[1], row[2]

    def _folder(self, job_id: str) -> Path:
        return self._uploads / job_id

    def _write_file(self, job_id: str, name: str, offset: int, data: bytes) -> Path:
        path = self._folder(job_id) / name
        try:
            make_private_file(path)
            with path.open("r+b") as file:
                file.seek(offset)
                file.write(data)
                file.truncate()
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise LedgerError("The upload cannot be written.", why=f"{error.strerror}.") from None
        return path

    def _delete(self, job_id: str) -> None:
        shutil.rmtree(self._folder(job_id), ignore_errors=True)

    def _sweep(self) -> None:
        """Delete what a crash between an end and its deletion has left."""
        if self._uploads.exists():
            for folder in self._uploads.iterdir():
                job = self.job(folder.name) if folder.is_dir() else None
                if folder.is_dir() and (job is None or job.state in OVER):
                    self._delete(folder.name)


_COLUMNS: Final = "number, id, owner, task, state, done, total, error, result, created, updated"


def _job(connection: sqlite3.Connection, row: tuple[Any, ...]) -> Job:
    number, job_id, owner, task, state, done, total, error, result, created, updated = row
    parts = connection.execute(
        "SELECT length, offset FROM uploads WHERE job = ? ORDER BY number", (job_id,)
    ).fetchall()
    ahead = 0
    if state == "queued":
        (ahead,) = connection.execute(
            "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running') AND number < ?", (number,)
        ).fetchone()
    failure = None if error is None else tuple(json.loads(error))
    return Job(
        job_id, owner, task, state, done, total, tuple(Part(*part) for part in parts), ahead,
        failure, None if result is None else json.loads(result), created, updated,
    )  # fmt: skip


def _event(connection: sqlite3.Connection, job_id: str, name: str, data: Mapping[str, Any]) -> None:
    connection.execute(
        "INSERT INTO events SELECT ?, coalesce(max(number), 0) + 1, ?, ? FROM events WHERE job = ?",
        (job_id, name, json.dumps(data), job_id),
    )


def _move(connection: sqlite3.Connection, job_id: str, state: State, **details: Any) -> None:
    connection.execute("UPDATE jobs SET state = ?, updated = ? WHERE id = ?", (state, utc_now(), job_id))
    _event(connection, job_id, "state", {"state": state, **details})


def _end(connection: sqlite3.Connection, job_id: str, result: Mapping[str, Any] | tuple[str, str]) -> None:
    if isinstance(result, tuple):
        connection.execute("UPDATE jobs SET error = ? WHERE id = ?", (json.dumps(result), job_id))
        _move(connection, job_id, "failed", detail=result[1])
    else:
        connection.execute("UPDATE jobs SET result = ? WHERE id = ?", (json.dumps(result), job_id))
        _move(connection, job_id, "succeeded")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
