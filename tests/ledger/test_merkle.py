"""Tree hashing, proofs and their verification, against RFC 6962's text, published roots and Go's library."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkp_nb.ledger import MerkleProofError, tree
from zkp_nb.ledger.merkle import EMPTY_ROOT, leaf_hash, node_hash, verify_consistency, verify_inclusion

GO: dict[str, Any] = json.loads((Path(__file__).parent / "vectors" / "merkle.json").read_bytes())
GO_LEAVES = len(GO["roots"]) - 1

# The eight leaves and roots that Certificate Transparency's reference implementations share.
CT_LEAVES = [bytes.fromhex(h) for h in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


class Stored:
    """A tree in memory, written by `tree` alone."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.hashes: list[bytes] = []
        for size, leaf in enumerate(leaves):
            assert len(self.hashes) == tree.stored_count(size)
            self.hashes += tree.hashes_to_store(size, leaf_hash(leaf), self.read)

    def read(self, positions: Sequence[int]) -> list[bytes]:
        return [self.hashes[position] for position in positions]


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = largest_power_below(len(leaves))
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m: int, leaves: Sequence[bytes], known: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2, word for word."""
    if m == len(leaves):
        return [] if known else [naive_root(leaves)]
    k = largest_power_below(len(leaves))
    if m <= k:
        return [*naive_subproof(m, leaves[:k], known), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def largest_power_below(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def numbered(size: int) -> list[bytes]:
    return [b"%d" % number for number in range(size)]


sizes = st.integers(1, 260)


def test_published_roots() -> None:
    for size, expected in enumerate(CT_ROOTS):
        assert tree.root(size, Stored(CT_LEAVES[:size]).read).hex() == expected


def test_stored_hashes_roots_and_positions_are_those_of_go() -> None:
    stored = Stored([GO["leaf"].replace("%d", str(n)).encode() for n in range(GO_LEAVES)])
    assert stored.hashes == [base64.b64decode(text) for text in GO["stored"]]
    for size, expected in enumerate(GO["roots"]):
        assert tree.root(size, stored.read) == base64.b64decode(expected)
    for level, number, expected in GO["positions"]:
        assert tree.position(level, number) == expected


def test_proofs_are_those_of_go() -> None:
    leaves = [GO["leaf"].replace("%d", str(n)).encode() for n in range(GO_LEAVES)]
    stored = Stored(leaves)
    roots = [base64.b64decode(text) for text in GO["roots"]]
    for case in GO["inclusion"]:
        proof = [base64.b64decode(text) for text in case["proof"]]
        assert tree.inclusion_proof(case["index"], case["size"], stored.read) == proof
        verify_inclusion(
            case["index"], case["size"], leaf_hash(leaves[case["index"]]), proof, roots[case["size"]]
        )
    for case in GO["consistency"]:
        proof = [base64.b64decode(text) for text in case["proof"]]
        assert tree.consistency_proof(case["old"], case["new"], stored.read) == proof
        verify_consistency(case["old"], case["new"], roots[case["old"]], roots[case["new"]], proof)


@given(st.lists(st.binary(max_size=8), max_size=80), st.data())
def test_proofs_are_those_of_the_rfc_text(leaves: list[bytes], data: st.DataObject) -> None:
    stored = Stored(leaves)
    size = data.draw(st.integers(0, len(leaves)))
    root = tree.root(size, stored.read)
    assert root == naive_root(leaves[:size])
    if size:
        index = data.draw(st.integers(0, size - 1))
        path = tree.inclusion_proof(index, size, stored.read)
        assert path == naive_path(index, leaves[:size])
        verify_inclusion(index, size, leaf_hash(leaves[index]), path, root)
    old = data.draw(st.integers(0, size))
    proof = tree.consistency_proof(old, size, stored.read)
    assert proof == (naive_subproof(old, leaves[:size], True) if old else [])
    verify_consistency(old, size, naive_root(leaves[:old]), root, proof)


@given(sizes, st.data())
def test_an_altered_inclusion_proof_is_refused(size: int, data: st.DataObject) -> None:
    leaves = numbered(size)
    stored = Stored(leaves)
    root = tree.root(size, stored.read)
    index = data.draw(st.integers(0, size - 1))
    leaf, proof = leaf_hash(leaves[index]), tree.inclusion_proof(index, size, stored.read)
    other = data.draw(st.integers(0, size).filter(lambda other: other != index))
    attempts: list[tuple[int, int, bytes, list[bytes], bytes]] = [
        (other, size, leaf, proof, root),
        (index, size, leaf_hash(b"another"), proof, root),
        (index, size, leaf, proof, flipped(root, data)),
        (index, size, leaf, [*proof, root], root),
        (size + index, size, leaf, proof, root),
        (-1 - index, size, leaf, proof, root),
    ]
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        altered = [*proof[:place], flipped(proof[place], data), *proof[place + 1 :]]
        attempts += [
            (index, size, leaf, altered, root),
            (index, size, leaf, proof[:place] + proof[place + 1 :], root),
            (index, size, leaf, [*proof[:place], proof[place][:-1], *proof[place + 1 :]], root),
        ]
    for attempt in attempts:
        with pytest.raises(MerkleProofError):
            verify_inclusion(*attempt)


@given(sizes, st.data())
def test_an_altered_consistency_proof_is_refused(new: int, data: st.DataObject) -> None:
    stored = Stored(numbered(new))
    old = data.draw(st.integers(1, new))
    old_root, new_root = tree.root(old, stored.read), tree.root(new, stored.read)
    proof = tree.consistency_proof(old, new, stored.read)
    attempts = [
        (old, new, flipped(old_root, data), new_root, proof),
        (old, new, old_root, flipped(new_root, data), proof),
        (old, new, old_root, new_root, [*proof, new_root]),
        (new + 1, new, old_root, new_root, proof),
    ]
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        attempts += [
            (
                old,
                new,
                old_root,
                new_root,
                [*proof[:place], flipped(proof[place], data), *proof[place + 1 :]],
            ),
            (old, new, old_root, new_root, proof[:place] + proof[place + 1 :]),
        ]
    for attempt in attempts:
        with pytest.raises(MerkleProofError):
            verify_consistency(*attempt)


@given(sizes, st.data())
def test_a_log_with_one_entry_changed_is_never_consistent(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    place = data.draw(st.integers(0, old - 1))
    honest, changed = numbered(new), numbered(new)
    changed[place] = b"changed"
    proof = tree.consistency_proof(old, new, Stored(changed).read)
    with pytest.raises(MerkleProofError):
        verify_consistency(old, new, naive_root(honest[:old]), naive_root(changed), proof)


def test_everything_continues_the_empty_log() -> None:
    verify_consistency(0, 5, EMPTY_ROOT, naive_root(numbered(5)), [])
    with pytest.raises(MerkleProofError):
        verify_consistency(0, 5, naive_root(numbered(1)), naive_root(numbered(5)), [])


def test_a_leaf_is_never_an_inner_node() -> None:
    left, right = leaf_hash(b"l"), leaf_hash(b"r")
    assert leaf_hash(left + right) != node_hash(left, right)


def flipped(digest: bytes, data: st.DataObject) -> bytes:
    bit = data.draw(st.integers(0, 8 * len(digest) - 1))
    return (int.from_bytes(digest, "big") ^ 1 << bit).to_bytes(len(digest), "big")
