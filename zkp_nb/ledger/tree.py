"""The writer's side of the Merkle log: stored hashes, roots and proofs from them.

Only hashes of *complete* subtrees are stored, each once and never changed: node n of level l
covers leaves n*2^l to (n+1)*2^l - 1. They are numbered in the order in which they become complete
(Crosby and Wallach, "Efficient Data Structures for Tamper-Evident Logging", section 3.3; the same
numbers as `StoredHashIndex` of golang.org/x/mod/sumdb/tlog), so a store appends to one dense
sequence. Every other node is folded from at most log2(size) of them, the RFC 6962 "compact range".

Functions plan first and read once, so that a store over a network answers in one round trip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zkp_nb.ledger.merkle import EMPTY_ROOT, node_hash

ReadHashes = Callable[[Sequence[int]], Sequence[bytes]]
"""Gives the stored hashes at these positions, in the order asked for."""

Range = tuple[int, int]
"""Leaves `start` to `stop - 1`."""


def position(level: int, number: int) -> int:
    """Place of node `number` of `level` in the stored sequence."""
    last_leaf = ((number + 1) << level) - 1
    return 2 * last_leaf - last_leaf.bit_count() + level


def stored_count(size: int) -> int:
    """How many hashes are stored for a log of `size` leaves."""
    return 2 * size - size.bit_count()


def hashes_to_store(size: int, leaf: bytes, read: ReadHashes) -> list[bytes]:
    """The hashes that leaf hash `leaf` adds to a log of `size` leaves, from position `stored_count(size)`."""
    completed = (~size & (size + 1)).bit_length() - 1  # trailing one bits of `size`
    added = [leaf]
    for left in read([position(level, (size >> level) - 1) for level in range(completed)]):
        added.append(node_hash(left, added[-1]))
    return added


def root(size: int, read: ReadHashes) -> bytes:
    """Root of the tree of the first `size` leaves, RFC 6962 section 2.1."""
    return _range_hashes([(0, size)], read)[0] if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read: ReadHashes) -> list[bytes]:
    """Audit path of leaf `index` (0 <= index < size), RFC 6962 section 2.1.1: leaf's sibling first."""
    siblings: list[Range] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            siblings.append((middle, stop))
            stop = middle
        else:
            siblings.append((start, middle))
            start = middle
    return _range_hashes(siblings[::-1], read)


def consistency_proof(old: int, new: int, read: ReadHashes) -> list[bytes]:
    """Proof that the log of `old` leaves begins the log of `new`, RFC 6962 section 2.1.2; 0 <= old <= new."""
    if old in (0, new):
        return []
    parts: list[Range] = []
    start, stop = 0, new
    while old != stop:
        middle = start + _split(stop - start)
        if old <= middle:
            parts.append((middle, stop))
            stop = middle
        else:
            parts.append((start, middle))
            start = middle
    if start:  # RFC 6962's flag b: a subtree that is the whole old tree is known to the verifier
        parts.append((start, stop))
    return _range_hashes(parts[::-1], read)


def _split(width: int) -> int:
    """The largest power of two smaller than `width` (> 1)."""
    return 1 << (width - 1).bit_length() - 1


def _range_hashes(ranges: Sequence[Range], read: ReadHashes) -> list[bytes]:
    """Root of each range. The ranges are subtrees of an RFC 6962 tree, so their parts are aligned."""
    plans = [_complete_subtrees(start, stop) for start, stop in ranges]
    stored = iter(read([place for plan in plans for place in plan]))
    hashes = []
    for plan in plans:
        parts = [next(stored) for _ in plan]
        folded = parts.pop()
        while parts:
            folded = node_hash(parts.pop(), folded)
        hashes.append(folded)
    return hashes


def _complete_subtrees(start: int, stop: int) -> list[int]:
    """Positions of the complete subtrees, left to right, that make up the range."""
    plan = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        plan.append(position(level, start >> level))
        start += 1 << level
    return plan
