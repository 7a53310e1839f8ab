"""The log: verify, append, sign; prove that an entry is in it and that it only ever grew.

The rules, kept in whichever store:
- a proof entry is verified before it is appended, by a function that the caller brings;
- every dataset an entry names is in the log before it;
- the same entry has one index, however often and from wherever it is submitted;
- each transaction ends with a signed checkpoint of the new size, and none is signed unless the stored
  hashes still give the root of the checkpoint before;
- what is handed out (an entry, a proof, a checkpoint) was checked against the last checkpoint.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from zkp_nb._sqlite import BUSY_TIMEOUT
from zkp_nb.errors import LedgerError, LedgerInconsistent
from zkp_nb.ledger import tree
from zkp_nb.ledger.fsck import CheckReport, check_log
from zkp_nb.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from zkp_nb.ledger.note import Checkpoint
from zkp_nb.ledger.receipt import Inclusion, NamedDataset, ReceiptFile
from zkp_nb.ledger.records import (
    AssertedEntry,
    DatasetEntry,
    DatasetRecord,
    ProofEntry,
    parse_leaf,
    sha256_hex,
    utc_now,
)
from zkp_nb.ledger.sqlite import SqliteStore
from zkp_nb.ledger.store import LogReader, LogStore, StoredLeaf

AnyEntry = DatasetEntry | ProofEntry | AssertedEntry

Verifier = Callable[[ProofEntry, Mapping[str, DatasetRecord]], None]
"""Verifies a proof entry, given the records of the datasets it names by id; raises `ProofRejected`."""


@dataclass(frozen=True)
class LoggedEntry:
    """An entry and its place.

    Attributes:
        index: its index in the log.
        entry: the entry.
        logged_at: when it was taken, RFC 3339 UTC; not covered by any proof.
    """

    index: int
    entry: AnyEntry
    logged_at: str


@dataclass(frozen=True)
class _Submission:
    """An entry on its way into the log, with all that is computed from it."""

    entry: AnyEntry
    leaf: bytes
    digest: bytes
    named: dict[str, tuple[str, ...]]
    record: bytes | None  # canonical, of a dataset entry

    @classmethod
    def of(cls, entry: AnyEntry) -> _Submission:
        leaf = entry.leaf()
        if isinstance(entry, DatasetEntry):
            record = entry.record.canonical()
            return cls(entry, leaf, leaf_hash(leaf), {"dataset": (sha256_hex(record),)}, record)
        return cls(entry, leaf, leaf_hash(leaf), entry.named(), None)

    def datasets(self) -> list[str]:
        """Ids of the datasets that the entry names, each once, in its order."""
        return list(dict.fromkeys(dataset for ids in self.named.values() for dataset in ids))

    def mentions(self) -> set[tuple[str, str]]:
        """(dataset id, role) pairs of the entry."""
        return {(dataset, role) for role, ids in self.named.items() for dataset in ids}

    def stored_at(self, index: int) -> StoredLeaf:
        """What the store keeps of it."""
        # A leaf that holds its record is longer than the record; one that holds only the hash is shorter.
        beside = self.record if self.record is not None and len(self.leaf) < len(self.record) else None
        return StoredLeaf(index, self.digest, self.leaf, beside, utc_now())


class Ledger:
    """A transparency log. Safe to use from several threads and processes at once."""

    def __init__(self, store: LogStore) -> None:
        self._store = store

    @classmethod
    def open(cls, path: str | Path, *, busy_timeout: float = BUSY_TIMEOUT) -> Ledger:
        """Open the embedded ledger in this file, or make a new one.

        Raises:
            LedgerError: the file cannot be made or opened, is damaged, or is something else.
        """
        return cls(SqliteStore(Path(path), busy_timeout=busy_timeout))

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Ledger({self.id!r})"

    def close(self) -> None:
        """Release the store."""
        self._store.close()

    @property
    def id(self) -> str:
        """Name of the log: origin line of its checkpoints, and the context bound into its proofs."""
        return self._store.key.name

    @property
    def key(self) -> str:
        """Public key of the log, as a vkey."""
        return str(self._store.key)

    @property
    def size(self) -> int:
        """Number of entries."""
        with self._store.reading() as reader:
            return reader.size()

    def append(self, entry: AnyEntry, *, verifier: Verifier) -> int:
        """Append one entry; see `extend`. Returns its index."""
        return self.extend([entry], verifier=verifier)[0]

    def extend(self, entries: Sequence[AnyEntry], *, verifier: Verifier) -> tuple[int, ...]:
        """Append entries in one commit, all or none. Durable when this returns.

        An entry that is in the log already keeps its index. An entry may name datasets that stand
        before it in the same call.

        Returns:
            The index of each entry.

        Raises:
            ProofRejected: raised by `verifier` about a proof; nothing was appended.
            LedgerError: an entry is too large or names a dataset that is not in the log, or the
                store cannot be written.
            LedgerInconsistent: the stored log contradicts its last checkpoint; nothing more is signed.
        """
        submissions = [_Submission.of(entry) for entry in entries]
        self._verify_new(submissions, verifier)  # outside of the transaction: others may append meanwhile
        with self._store.writing() as writer:
            before = self._head(writer)
            size, indices = before.size, []
            for submission in submissions:
                index = writer.index_of(submission.digest)
                if index is None:
                    index, size = size, size + 1
                    added = tree.hashes_to_store(index, submission.digest, writer.hashes)
                    writer.add(submission.stored_at(index), submission.mentions())
                    writer.add_hashes(tree.stored_count(index), added)
                indices.append(index)
            if size > before.size:
                head = Checkpoint(self.id, size, tree.root(size, writer.hashes))
                writer.seal(size, self._store.signer().sign(head.text()))
        return tuple(indices)

    def verify(self, entry: AnyEntry, *, verifier: Verifier) -> None:
        """Verify an entry as `append` does first; one that is in the log already was verified then.

        Raises:
            ProofRejected: raised by `verifier`.
            LedgerError: the entry is too large or names a dataset that is not in the log.
        """
        self._verify_new([_Submission.of(entry)], verifier)

    def index_of(self, entry: AnyEntry) -> int | None:
        """Index of this very entry, None where it is not in the log."""
        with self._store.reading() as reader:
            return reader.index_of(leaf_hash(entry.leaf()))

    def entry(self, index: int) -> LoggedEntry:
        """The entry at `index`; `LedgerError` where there is none."""
        with self._store.reading() as reader:
            return _logged(_leaf_at(reader, index))

    def entries(self, start: int = 0, limit: int = 100) -> list[LoggedEntry]:
        """At most `limit` entries from index `start`, ascending."""
        with self._store.reading() as reader:
            return [_logged(leaf) for leaf in reader.leaves(start, limit)]

    def find(self, dataset: str, roles: Collection[str] = ()) -> list[LoggedEntry]:
        """Entries, ascending, that name the dataset id: its history.

        Args:
            dataset: the id.
            roles: some of "dataset", "inputs", "outputs", "witnesses"; empty for any.
        """
        with self._store.reading() as reader:
            return [_logged(_leaf_at(reader, index)) for index in reader.naming(dataset, roles)]

    def dataset(self, dataset: str) -> DatasetRecord:
        """The record of a dataset id; `LedgerError` where the log does not hold it."""
        with self._store.reading() as reader:
            return self._record(reader, dataset)[1]

    def checkpoint(self, size: int | None = None) -> bytes:
        """The signed checkpoint of the log now, or the one signed at `size`.

        Raises:
            LedgerError: none was signed at that size.
            LedgerInconsistent: the stored log contradicts its last checkpoint.
        """
        with self._store.reading() as reader:
            self._head(reader)
            return self._checkpoint(reader, size)

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Inclusion proof of entry `index` in the log of `size` entries (now, where None)."""
        with self._store.reading() as reader:
            head = self._head(reader)
            return self._inclusion(reader, index, head if size is None else self._head_at(reader, size, head))

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """Proof that the log of `old` entries begins the log of `new` (now, where None)."""
        with self._store.reading() as reader:
            head = self._head(reader)
            later = head if new is None else self._head_at(reader, new, head)
            earlier = self._head_at(reader, old, later)
            proof = tree.consistency_proof(earlier.size, later.size, reader.hashes)
            verify_consistency(earlier.size, later.size, earlier.root, later.root, proof)
            return proof

    def receipt(self, index: int, *, verification_key: bytes | None = None) -> bytes:
        """The receipt file of entry `index`, against the checkpoint of now.

        Args:
            index: the entry.
            verification_key: of the set-up; put in so that a reader without it can verify.

        Raises:
            LedgerError: there is no such entry.
        """
        with self._store.reading() as reader:
            head = self._head(reader)
            entry = _logged(_leaf_at(reader, index)).entry
            datasets = []
            if not isinstance(entry, DatasetEntry):
                for dataset in _Submission.of(entry).datasets():
                    place, record = self._record(reader, dataset)
                    inclusion = Inclusion.of(place, self._inclusion(reader, place, head))
                    datasets.append(NamedDataset(record=record, inclusion=inclusion))
            setup = None if verification_key is None else base64.b64encode(verification_key).decode()
            receipt = ReceiptFile(
                entry=entry,
                datasets=tuple(datasets),
                inclusion=Inclusion.of(index, self._inclusion(reader, index, head)),
                checkpoint=self._checkpoint(reader, None).decode(),
                ledger_key=self.key,
                verification_key=setup,
                created=utc_now(),
            )
        receipt.verify_inclusion()
        return receipt.to_bytes()

    def check(self) -> CheckReport:
        """Read the whole log again: every leaf, hash, checkpoint and index of it.

        Raises:
            LedgerError: something stored is damaged.
            LedgerInconsistent: a signed checkpoint does not agree with the entries.
        """
        self._store.check_storage()
        with self._store.reading() as reader:
            return check_log(reader, self._store.key)

    def _verify_new(self, submissions: Sequence[_Submission], verifier: Verifier) -> None:
        to_verify: list[tuple[ProofEntry, dict[str, DatasetRecord]]] = []
        with self._store.reading() as reader:
            waiting: dict[str, DatasetRecord] = {}
            for submission in submissions:
                entry = submission.entry
                if isinstance(entry, DatasetEntry):
                    waiting[submission.datasets()[0]] = entry.record
                elif reader.index_of(submission.digest) is None:
                    records = {
                        each: waiting[each] if each in waiting else self._record(reader, each)[1]
                        for each in submission.datasets()
                    }
                    if isinstance(entry, ProofEntry):
                        to_verify.append((entry, records))
        for entry, records in to_verify:
            verifier(entry, records)

    def _head(self, reader: LogReader) -> Checkpoint:
        """The last checkpoint, after the stored hashes were seen to give its root."""
        note = reader.checkpoint()
        if note is not None:
            head = Checkpoint.open(note, self._store.key)
            if head.size == reader.size() and tree.root(head.size, reader.hashes) == head.root:
                return head
        raise LedgerInconsistent(
            "The ledger contradicts the last checkpoint it signed.",
            evidence=() if note is None else (note,),
            why="Its file was damaged or changed from outside; nothing more is signed.",
            todo="Keep a copy of the file, run a full check of the ledger, and restore it from a backup.",
        )

    def _head_at(self, reader: LogReader, size: int, newest: Checkpoint) -> Checkpoint:
        if not 0 <= size <= newest.size:
            raise LedgerError(f"The size {size} is not one that the log of {newest.size} entries has had.")
        return Checkpoint(self.id, size, tree.root(size, reader.hashes))

    def _checkpoint(self, reader: LogReader, size: int | None) -> bytes:
        note = reader.checkpoint(size)
        if note is None:
            raise LedgerError(f"No checkpoint was signed when the log had {size} entries.")
        return note

    def _inclusion(self, reader: LogReader, index: int, head: Checkpoint) -> list[bytes]:
        leaf = _leaf_at(reader, index)
        if index >= head.size:
            raise LedgerError(f"Entry {index} was not yet in the log of {head.size} entries.")
        proof = tree.inclusion_proof(index, head.size, reader.hashes)
        verify_inclusion(index, head.size, leaf_hash(leaf.leaf), proof, head.root)
        return proof

    def _record(self, reader: LogReader, dataset: str) -> tuple[int, DatasetRecord]:
        for index in reader.naming(dataset, ("dataset",)):
            entry = _logged(_leaf_at(reader, index)).entry
            if isinstance(entry, DatasetEntry) and entry.record.id == dataset:
                return index, entry.record
        raise LedgerError(
            f"The dataset {dataset[:12]} is not in this log.",
            todo="Commit it to this ledger first, then try again.",
        )


def _leaf_at(reader: LogReader, index: int) -> StoredLeaf:
    leaves = reader.leaves(index, 1) if index >= 0 else []
    if not leaves or leaves[0].index != index:
        raise LedgerError(f"There is no entry {index} in the log; it has {reader.size()} entries, from 0.")
    return leaves[0]


def _logged(leaf: StoredLeaf) -> LoggedEntry:
    return LoggedEntry(leaf.index, parse_leaf(leaf.leaf, leaf.record), leaf.logged_at)
