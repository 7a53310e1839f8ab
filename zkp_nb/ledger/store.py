"""What a log needs of a database, so that SQLite and PostgreSQL can both hold one.

A store keeps rows and gives transactions; hashing, signing and every rule of a log are in
`zkp_nb.ledger.log`, once for all stores.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from zkp_nb.ledger.note import Signer, VerifierKey


@dataclass(frozen=True)
class StoredLeaf:
    """One leaf as it is kept.

    Attributes:
        index: its place in the log, from 0.
        leaf_hash: RFC 6962 leaf hash, 32 bytes.
        leaf: its bytes.
        record: canonical dataset record, where the leaf holds only its hash.
        logged_at: when this store took it, RFC 3339 UTC; a note of the operator, not covered by any proof.
    """

    index: int
    leaf_hash: bytes
    leaf: bytes
    record: bytes | None
    logged_at: str


class LogReader(Protocol):
    """A snapshot of a log: all answers are of one moment. Every method may raise `LedgerError`."""

    def size(self) -> int:
        """Number of leaves; their indices are 0 to size - 1 without gaps."""

    def index_of(self, leaf_hash: bytes) -> int | None:
        """Index of the leaf with this hash, None where there is none."""

    def leaves(self, start: int, limit: int) -> list[StoredLeaf]:
        """At most `limit` leaves from index `start`, ascending."""

    def naming(self, dataset: str, roles: Collection[str]) -> list[int]:
        """Indices, ascending, of the entries that name the dataset id in one of `roles`; in any if empty."""

    def mentions(self, index: int) -> set[tuple[str, str]]:
        """(dataset id, role) pairs kept for the entry at `index`."""

    def hashes(self, positions: Sequence[int]) -> list[bytes]:
        """Node hashes at these positions (`zkp_nb.ledger.tree`), in the order asked for, none missing."""

    def hash_count(self) -> int:
        """Number of stored node hashes."""

    def checkpoint(self, size: int | None = None) -> bytes | None:
        """The signed checkpoint of this size, or the newest; None where there is none."""

    def checkpoints(self) -> Iterator[tuple[int, bytes]]:
        """All signed checkpoints with their sizes, ascending."""


class LogWriter(LogReader, Protocol):
    """The only writer of a log. What it reads includes what it has added."""

    def add(self, leaf: StoredLeaf, mentions: Collection[tuple[str, str]]) -> None:
        """Append a leaf; `leaf.index` must be the present size."""

    def add_hashes(self, start: int, hashes: Sequence[bytes]) -> None:
        """Append node hashes at positions `start` and following."""

    def seal(self, size: int, note: bytes) -> None:
        """Keep a signed checkpoint. It must not leave the store before the transaction is durable."""


class LogStore(Protocol):
    """Holds one log.

    `writing()` must be exclusive among all processes, must commit durably before it returns and
    must undo everything on an exception; the last checkpoint's size must always be the log's.
    """

    @property
    def key(self) -> VerifierKey:
        """Public key of the log; its name is the log's id."""

    def signer(self) -> Signer:
        """The private key. Raises `LedgerError` where this store may only read."""

    def reading(self) -> AbstractContextManager[LogReader]:
        """Begin a snapshot."""

    def writing(self) -> AbstractContextManager[LogWriter]:
        """Become the writer; waits for the present one."""

    def check_storage(self) -> None:
        """The database's own integrity check. Raises `LedgerError`."""

    def close(self) -> None:
        """Release connections."""
