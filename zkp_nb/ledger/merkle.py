"""Merkle tree hashing and proof verification: all a verifier needs, without any storage.

The tree is that of RFC 6962 section 2.1: SHA-256, with one prefix byte that keeps a leaf from
ever being read as an inner node. Verification follows the algorithms of RFC 9162
sections 2.1.3.2 (inclusion) and 2.1.4.2 (consistency).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from zkp_nb.errors import LedgerError

HASH_SIZE = 32
"""Bytes of a node hash (SHA-256)."""

LEAF_PREFIX = b"\x00"
"""Domain separation of leaves, RFC 6962 section 2.1."""

NODE_PREFIX = b"\x01"
"""Domain separation of inner nodes, RFC 6962 section 2.1."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without leaves, RFC 6962 section 2.1."""


class MerkleProofError(LedgerError):
    """An inclusion or consistency proof does not lead to the root it should lead to."""


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of a leaf: 32 bytes, RFC 6962 section 2.1."""
    return hashlib.sha256(LEAF_PREFIX + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node over its two children's hashes: 32 bytes, RFC 6962 section 2.1."""
    return hashlib.sha256(NODE_PREFIX + left + right).digest()


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf with hash `leaf` stands at `index` in the tree of `size` leaves.

    Args:
        index: position of the leaf, from 0.
        size: number of leaves under `root`.
        leaf: the leaf's hash, 32 bytes.
        proof: sibling hashes, from the leaf's sibling to the root's child.
        root: root of the tree, 32 bytes.

    Raises:
        MerkleProofError: it does not (RFC 9162 section 2.1.3.2).
    """
    if not 0 <= index < size:
        raise MerkleProofError(f"Entry {index} is not in a log of {size} entries.")
    _check_lengths((leaf, root, *proof))
    node, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise MerkleProofError("The inclusion proof has more hashes than the tree has levels.")
        if node & 1 or node == last:
            computed = node_hash(sibling, computed)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise MerkleProofError("The inclusion proof has fewer hashes than the tree has levels.")
    if computed != root:
        raise MerkleProofError("The inclusion proof does not lead from the entry to the signed root.")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `old` leaves is a prefix of the tree of `new` leaves.

    Args:
        old, new: the two sizes, `0 <= old <= new`. The empty tree is a prefix of every tree.
        old_root, new_root: the two roots, 32 bytes each.
        proof: hashes as RFC 6962 section 2.1.2 orders them; empty where `old` is 0 or `new`.

    Raises:
        MerkleProofError: it is not, or the proof does not show it (RFC 9162 section 2.1.4.2).
    """
    if not 0 <= old <= new:
        raise MerkleProofError(f"A log of {old} entries cannot be the beginning of one of {new}.")
    _check_lengths((old_root, new_root, *proof))
    if old in (0, new):
        if proof:
            raise MerkleProofError("The consistency proof must be empty between these sizes.")
        if old_root != (new_root if old == new else EMPTY_ROOT):
            raise MerkleProofError(f"Two different roots are given for the log of {old} entries.")
        return
    hashes = list(proof)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        raise MerkleProofError("The consistency proof is empty.")
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    computed_old = computed_new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise MerkleProofError("The consistency proof has more hashes than the tree has levels.")
        if node & 1 or node == last:
            computed_old = node_hash(sibling, computed_old)
            computed_new = node_hash(sibling, computed_new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            computed_new = node_hash(computed_new, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise MerkleProofError("The consistency proof has fewer hashes than the tree has levels.")
    if computed_old != old_root or computed_new != new_root:
        raise MerkleProofError(f"The log of {old} entries is not the beginning of the log of {new}.")


def _check_lengths(hashes: Sequence[bytes]) -> None:
    if any(len(digest) != HASH_SIZE for digest in hashes):
        raise MerkleProofError(f"A hash of the proof is not {HASH_SIZE} bytes long.")
