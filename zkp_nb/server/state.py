"""What a node keeps beside the log: API keys, audit events, idempotency keys, verification keys.

`NodeState` is all that the application asks of a database; `SqliteState` is the one of a single node.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from zkp_nb._sqlite import Database, Schema
from zkp_nb.errors import LedgerError
from zkp_nb.ledger.records import canonical_json, utc_now

IDEMPOTENCY_SECONDS: Final = 24 * 3600
"""How long an idempotency key is remembered."""


@dataclass(frozen=True)
class ApiKey:
    """An API key without its secret.

    Attributes:
        id: names the key; part of what its holder sends.
        digest: SHA-256 of the secret, 32 bytes.
        label: what it is for.
        namespace: where its roles count.
        roles: names of roles.
        created, expires, revoked: RFC 3339 times; None for never.
    """

    id: str
    digest: bytes = field(repr=False)
    label: str
    namespace: str
    roles: tuple[str, ...]
    created: str
    expires: str | None = None
    revoked: str | None = None


@dataclass(frozen=True)
class Remembered:
    """A finished request under an idempotency key."""

    status: int
    body: bytes
    location: str | None


@dataclass(frozen=True)
class AuditEvent:
    """One security-relevant event. `chain` is SHA-256 of the chain before and of the event."""

    number: int
    event: Mapping[str, Any]
    chain: bytes


class NodeState(Protocol):
    """Durable state of a node, or of a cluster. Every method may raise `LedgerError`."""

    def ping(self) -> None:
        """Reach the database."""

    def add_key(self, key: ApiKey) -> None:
        """Keep a new API key."""

    def key(self, key_id: str) -> ApiKey | None:
        """The API key with this id, revoked ones included."""

    def api_keys(self) -> list[ApiKey]:
        """All API keys, oldest first."""

    def revoke_key(self, key_id: str) -> bool:
        """Revoke a key for good. False where there is no such key, or it is revoked already."""

    def audit(self, action: str, subject: str, **details: str | int) -> None:
        """Append an event; nothing here changes or removes one."""

    def audit_all(self, events: Sequence[tuple[str, str, Mapping[str, str | int]]]) -> None:
        """Append several events, (action, subject, details), in one commit."""

    def audit_events(self, start: int, limit: int) -> list[AuditEvent]:
        """At most `limit` events from number `start` (0 is the first), ascending."""

    def reserve(self, subject: str, key: str, fingerprint: bytes) -> bool | Remembered:
        """Bind an idempotency key to a request.

        Returns:
            False where the key is bound to another request; what was answered, where this very request was
            finished; else True: the request is to be executed (again, where it was cut off).
        """

    def remember(self, subject: str, key: str, answer: Remembered) -> None:
        """Keep the answer of a finished request."""

    def put_verification_key(self, key: bytes) -> None:
        """Keep a set-up's verification key under its hash."""

    def verification_key(self, srs_id: str) -> bytes | None:
        """The verification key with this hash (hexadecimal)."""

    def close(self) -> None:
        """Release connections."""


_SCHEMA: Final = Schema(
    label="state of a node",
    application_id=0x7A6B706E,  # "zkpn"
    version=1,
    script="""
        CREATE TABLE api_keys (
            id TEXT PRIMARY KEY, digest BLOB NOT NULL, label TEXT NOT NULL, namespace TEXT NOT NULL,
            roles TEXT NOT NULL, created TEXT NOT NULL, expires TEXT, revoked TEXT
        );
        CREATE TABLE audit (number INTEGER PRIMARY KEY, event BLOB NOT NULL, chain BLOB NOT NULL);
        CREATE TABLE requests (
            subject TEXT NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL, at REAL NOT NULL,
            status INTEGER, body BLOB, location TEXT, PRIMARY KEY (subject, key)
        ) WITHOUT ROWID;
        CREATE INDEX requests_by_age ON requests (at);
        CREATE TABLE verification_keys (srs_id TEXT PRIMARY KEY, key BLOB NOT NULL);
    """,
    error=LedgerError,
)


class SqliteState:
    """`NodeState` in one SQLite file, shared by the processes of one machine.

    Args:
        path: the file; made where there is none.

    Raises:
        LedgerError: it cannot be opened, or is something else.
    """

    def __init__(self, path: Path, *, busy_timeout: float = 30.0) -> None:
        self._database = Database(path, _SCHEMA, busy_timeout)
        self._database.connect()

    def close(self) -> None:
        self._database.close()

    def ping(self) -> None:
        with self._database.reading() as connection:
            connection.execute("SELECT 1 FROM audit LIMIT 1").fetchone()

    def add_key(self, key: ApiKey) -> None:
        row = (key.id, key.digest, key.label, key.namespace, json.dumps(key.roles), key.created, key.expires)
        with self._database.writing() as connection:
            connection.execute("INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", row)

    def key(self, key_id: str) -> ApiKey | None:
        with self._database.reading() as connection:
            row = connection.execute("SELECT * FROM api_keys WHERE id = ?", (key_id,)).fetchone()
        return None if row is None else _api_key(row)

    def api_keys(self) -> list[ApiKey]:
        with self._database.reading() as connection:
            rows = connection.execute("SELECT * FROM api_keys ORDER BY created, id").fetchall()
        return [_api_key(row) for row in rows]

    def revoke_key(self, key_id: str) -> bool:
        with self._database.writing() as connection:
            cursor = connection.execute(
                "UPDATE api_keys SET revoked = ? WHERE id = ? AND revoked IS NULL", (utc_now(), key_id)
            )
            return cursor.rowcount == 1

    def audit(self, action: str, subject: str, **details: str | int) -> None:
        self.audit_all([(action, subject, details)])

    def audit_all(self, events: Sequence[tuple[str, str, Mapping[str, str | int]]]) -> None:
        if not events:
            return
        with self._database.writing() as connection:
            last = connection.execute(
                "SELECT number, chain FROM audit ORDER BY number DESC LIMIT 1"
            ).fetchone()
            following, chain = (0, b"") if last is None else (last[0] + 1, last[1])
            for number, (action, subject, details) in enumerate(events, following):
                event = canonical_json({"at": utc_now(), "action": action, "subject": subject, **details})
                chain = hashlib.sha256(chain + event).digest()
                connection.execute("INSERT INTO audit VALUES (?, ?, ?)", (number, event, chain))

    def audit_events(self, start: int, limit: int) -> list[AuditEvent]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT number, event, chain FROM audit WHERE number >= ? ORDER BY number LIMIT ?",
                (start, limit),
            ).fetchall()
        return [AuditEvent(number, json.loads(event), chain) for number, event, chain in rows]

    def check_audit(self) -> int:
        """Recompute the chain over all events.

        Returns:
            The number of events.

        Raises:
            LedgerError: one was changed or removed. Cutting off the newest is not seen here.
        """
        chain = b""
        for expected, event in enumerate(self._all_events()):
            number, content, stored = event
            chain = hashlib.sha256(chain + content).digest()
            if (number, chain) != (expected, stored):
                raise LedgerError(f"The audit log was changed at event {expected}.")
        with self._database.reading() as connection:
            (count,) = connection.execute("SELECT count(*) FROM audit").fetchone()
        return int(count)

    def _all_events(self) -> Iterator[tuple[int, bytes, bytes]]:
        with self._database.reading() as connection:
            yield from connection.execute(
                "SELECT number, CAST(event AS BLOB), CAST(chain AS BLOB) FROM audit ORDER BY number"
            )

    def reserve(self, subject: str, key: str, fingerprint: bytes) -> bool | Remembered:
        now = time.time()
        with self._database.writing() as connection:
            connection.execute("DELETE FROM requests WHERE at < ?", (now - IDEMPOTENCY_SECONDS,))
            connection.execute(
                "INSERT OR IGNORE INTO requests VALUES (?, ?, ?, ?, NULL, NULL, NULL)",
                (subject, key, fingerprint, now),
            )
            bound, status, body, location = connection.execute(
                "SELECT fingerprint, status, body, location FROM requests WHERE subject = ? AND key = ?",
                (subject, key),
            ).fetchone()
        if bound != fingerprint:
            return False
        return True if status is None else Remembered(status, body, location)

    def remember(self, subject: str, key: str, answer: Remembered) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE requests SET status = ?, body = ?, location = ? WHERE subject = ? AND key = ?",
                (answer.status, answer.body, answer.location, subject, key),
            )

    def put_verification_key(self, key: bytes) -> None:
        row = (hashlib.sha256(key).hexdigest(), key)
        with self._database.writing() as connection:
            connection.execute("INSERT OR IGNORE INTO verification_keys VALUES (?, ?)", row)

    def verification_key(self, srs_id: str) -> bytes | None:
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT key FROM verification_keys WHERE srs_id = ?", (srs_id,)
            ).fetchone()
        return None if row is None else bytes(row[0])


def _api_key(row: tuple[Any, ...]) -> ApiKey:
    key_id, digest, label, namespace, roles, created, expires, revoked = row
    return ApiKey(key_id, digest, label, namespace, tuple(json.loads(roles)), created, expires, revoked)
