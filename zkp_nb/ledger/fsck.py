"""A full check of a stored log, from its leaves up, that believes nothing else in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from zkp_nb.errors import LedgerError, LedgerInconsistent
from zkp_nb.ledger import tree
from zkp_nb.ledger.merkle import EMPTY_ROOT, leaf_hash, node_hash
from zkp_nb.ledger.note import Checkpoint, NoteError, VerifierKey
from zkp_nb.ledger.records import parse_leaf
from zkp_nb.ledger.store import LogReader, StoredLeaf

_BATCH = 256


@dataclass(frozen=True)
class CheckReport:
    """What was found right.

    Attributes:
        size: number of entries.
        root: root of the log, recomputed from the entries, 32 bytes.
        checkpoints: number of signed checkpoints that agree with it.
    """

    size: int
    root: bytes
    checkpoints: int


def check_log(reader: LogReader, key: VerifierKey) -> CheckReport:
    """Recompute every hash of the log and compare all that is stored with it.

    Raises:
        LedgerError: a leaf, a stored hash, a record or an index is damaged.
        LedgerInconsistent: a checkpoint does not agree with the entries, or is not signed by `key`.
    """
    checkpoints = _CheckpointWalk(reader, key)
    checkpoints.agree(0, EMPTY_ROOT)
    peaks: list[tuple[int, bytes]] = []  # (level, hash) of the complete subtrees so far, left to right
    size, root = 0, EMPTY_ROOT
    for leaf in _all_leaves(reader):
        _check_leaf(reader, leaf, size)
        completed = [leaf_hash(leaf.leaf)]
        while peaks and peaks[-1][0] == len(completed) - 1:
            completed.append(node_hash(peaks.pop()[1], completed[-1]))
        first = tree.stored_count(size)
        if reader.hashes(range(first, first + len(completed))) != completed:
            raise LedgerError(f"The stored hashes of entry {size} are damaged.", todo=_RESTORE)
        peaks.append((len(completed) - 1, completed[-1]))
        size += 1
        root = _fold(peaks)
        checkpoints.agree(size, root)
    if reader.size() != size or reader.hash_count() != tree.stored_count(size):
        raise LedgerError("The ledger stores more than its entries account for.", todo=_RESTORE)
    checkpoints.finish(size)
    return CheckReport(size, root, checkpoints.count)


_RESTORE = "Restore the ledger from a backup."


def _all_leaves(reader: LogReader) -> Iterator[StoredLeaf]:
    start = 0
    while leaves := reader.leaves(start, _BATCH):
        yield from leaves
        start = leaves[-1].index + 1


def _check_leaf(reader: LogReader, leaf: StoredLeaf, expected: int) -> None:
    if leaf.index != expected:
        raise LedgerError(f"Entry {expected} is missing from the ledger.", todo=_RESTORE)
    if leaf.leaf_hash != leaf_hash(leaf.leaf):
        raise LedgerError(f"Entry {expected} of the ledger is damaged.", todo=_RESTORE)
    entry = parse_leaf(leaf.leaf, leaf.record)
    named = {(dataset, role) for role, ids in entry.named().items() for dataset in ids}
    if reader.mentions(expected) != named:
        raise LedgerError(f"The index of datasets for entry {expected} is damaged.", todo=_RESTORE)


def _fold(peaks: list[tuple[int, bytes]]) -> bytes:
    folded = peaks[-1][1]
    for _, peak in reversed(peaks[:-1]):
        folded = node_hash(peak, folded)
    return folded


class _CheckpointWalk:
    """Goes through the signed checkpoints as the log is recomputed."""

    def __init__(self, reader: LogReader, key: VerifierKey) -> None:
        self._key = key
        self._waiting = reader.checkpoints()
        self._next = next(self._waiting, None)
        self._last = -1
        self.count = 0

    def agree(self, size: int, root: bytes) -> None:
        """Compare with the checkpoint signed at this size, if there is one."""
        if self._next is None or self._next[0] != size:
            return
        note = self._next[1]
        try:
            signed = Checkpoint.open(note, self._key)
        except NoteError as error:
            raise LedgerInconsistent(
                f"The checkpoint at size {size} is damaged.", why=str(error), evidence=(note,), todo=_RESTORE
            ) from None
        if (signed.size, signed.root) != (size, root):
            raise LedgerInconsistent(
                f"The checkpoint signed at size {size} does not agree with the entries.",
                evidence=(note,),
                todo=_RESTORE,
            )
        self.count += 1
        self._last = size
        self._next = next(self._waiting, None)

    def finish(self, size: int) -> None:
        """The last checkpoint must be of the whole log, and every one must have been met."""
        if self._next is not None:
            raise LedgerInconsistent(
                f"A checkpoint was signed for {self._next[0]} entries; the ledger has {size}.",
                evidence=(self._next[1],),
                todo=_RESTORE,
            )
        if self._last != size:
            raise LedgerInconsistent(f"No checkpoint was signed for all {size} entries.", todo=_RESTORE)
