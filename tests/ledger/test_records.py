"""Records and entries: one byte form each, and sentences for what does not fit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from zkp_nb.errors import LedgerError
from zkp_nb.ledger import (
    AssertedEntry,
    DatasetEntry,
    DatasetRecord,
    ProofEntry,
    canonical_json,
    named_datasets,
)
from zkp_nb.ledger.records import MAX_LEAF_BYTES, parse_leaf

MakeRecord = Callable[..., DatasetRecord]
MakeProof = Callable[..., ProofEntry]

numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False, width=32)
documents = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def asserted(record: DatasetRecord, **changes: Any) -> AssertedEntry:
    statement: dict[str, Any] = {"version": 1, "kind": "asserted", "inputs": [], "outputs": [record.id]}
    return AssertedEntry(
        statement=statement | changes, reason="no statement covers a pivot", code="df.pivot()"
    )


@given(documents)
def test_canonical_json_is_read_back_as_it_was(document: Any) -> None:
    try:
        data = canonical_json(document)
    except LedgerError:
        assert any(abs(each) >= 2**53 for each in numbers_in(document))
    else:
        assert canonical_json(json.loads(data)) == data


text = st.text() | st.sampled_from(["\x00\x1f\x7f", "\u2028", "\ue000", "😀", '"\\/\b\f\n\r\t'])
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)


@given(plain)
def test_canonical_json_is_that_of_the_library(document: Any) -> None:
    try:
        assert canonical_json(document) == rfc8785.dumps(document)
    except LedgerError:
        with pytest.raises((rfc8785.CanonicalizationError, UnicodeError)):
            rfc8785.dumps(document)


@pytest.mark.parametrize(
    "document", [2**53, -(2**53), "\ud800", {"\ud800": 1}, {1: 2}, [float("nan")], {"a": {1}}]
)
def test_what_json_does_not_carry_is_refused(document: Any) -> None:
    with pytest.raises(LedgerError, match="canonical JSON"):
        canonical_json(document)


def numbers_in(document: Any) -> list[float]:
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        return [number for each in document for number in numbers_in(each)]
    return [document] if isinstance(document, int | float) else []


@pytest.mark.parametrize("value", [2**53, float("nan"), float("inf"), 2.0**60, "\ud800", {1: 2}, b"bytes"])
def test_what_json_does_not_carry_gets_a_sentence(value: Any) -> None:
    with pytest.raises(LedgerError, match="canonical JSON"):
        canonical_json({"value": value})


def test_canonical_json_is_that_of_the_rfc() -> None:
    # The example of RFC 8785 section 3.2.2, without its control characters.
    document = {"numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 1e-27], "literals": [None, True, False]}
    expected = b'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}'
    assert canonical_json(document) == expected


def test_a_dataset_id_is_the_hash_of_its_canonical_record(record: MakeRecord) -> None:
    made = record()
    document = json.loads(made.canonical())
    assert list(document) == sorted(document)
    assert made.id == hashlib.sha256(made.canonical()).hexdigest()
    assert made.id == record().id
    for change in ({"name": "x"}, {"n_rows": 1}, {"depth": 8}, {"srs_id": "00" * 32}, {"labels": {"a": "b"}}):
        assert record(**change).id != made.id


def test_commitments_come_in_canonical_order(record: MakeRecord) -> None:
    parts = {"null": "01" * 32, "tail": "02" * 32, "head": "03" * 32}
    column = record().columns[0].model_copy(update={"commitments": parts})
    read = type(column).model_validate_json(column.model_dump_json())
    assert list(read.commitments) == ["head", "tail", "null"]


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"name": "a\nb"},
        {"name": "\u202eevil"},
        {"depth": 5},
        {"srs_id": "ab"},
        {"srs_id": "AB" * 32},
        {"created": "2026-11-23"},
        {"created": "2026-13-23T20:00:00Z"},
        {"created": "2026-11-23T20:00:00+00:00"},
    ],
)
def test_a_record_that_cannot_be_gets_a_sentence(record: MakeRecord, change: dict[str, Any]) -> None:
    with pytest.raises(LedgerError):
        record(**change)


def test_leaves_are_read_back(record: MakeRecord, proof: MakeProof) -> None:
    parent, child = record("loans"), record("adults")
    for entry in (DatasetEntry(record=parent), proof(parent, child, mean="12.5"), asserted(child)):
        assert parse_leaf(entry.leaf()) == entry
        assert entry.leaf() == canonical_json(json.loads(entry.leaf()))


def test_a_wide_dataset_is_logged_by_its_hash(record: MakeRecord) -> None:
    wide = DatasetEntry(record=record(columns=2000))
    leaf = wide.leaf()
    assert len(leaf) < 200
    assert wide.record.id.encode() in leaf
    assert parse_leaf(leaf, wide.record.canonical()) == wide
    for beside in (None, record(columns=1999).canonical()):
        with pytest.raises(LedgerError, match="beside the log"):
            parse_leaf(leaf, beside)


def test_the_longest_leaf_fits_and_no_longer_one(record: MakeRecord, proof: MakeProof) -> None:
    empty = len(proof(record("a"), record("b"), note="").leaf())
    longest = proof(record("a"), record("b"), note="x" * (MAX_LEAF_BYTES - empty))
    assert len(longest.leaf()) == MAX_LEAF_BYTES
    with pytest.raises(LedgerError, match="65,536 bytes"):
        proof(record("a"), record("b"), note="x" * (MAX_LEAF_BYTES + 1 - empty)).leaf()


def test_a_narrow_dataset_is_not_accepted_by_its_hash(record: MakeRecord) -> None:
    narrow = record()
    leaf = canonical_json({"version": 1, "kind": "dataset-hash", "record_sha256": narrow.id})
    with pytest.raises(LedgerError, match="canonical"):
        parse_leaf(leaf, narrow.canonical())


def test_proven_and_asserted_cannot_be_mistaken(record: MakeRecord) -> None:
    made = record()
    statement: dict[str, Any] = {"version": 1, "kind": "asserted", "outputs": [made.id]}
    with pytest.raises(LedgerError, match="no proof"):
        ProofEntry(statement=statement, proofs=("AAAA",), prover="p")
    with pytest.raises(LedgerError, match="without proof"):
        AssertedEntry(statement=statement | {"kind": "filter"}, reason="r")


@pytest.mark.parametrize(
    "statement",
    [
        {},
        {"version": 1, "kind": "filter"},
        {"version": "1", "kind": "filter", "inputs": ["ab" * 32]},
        {"version": 1, "kind": "filter", "inputs": "ab" * 32},
        {"version": 1, "kind": "filter", "inputs": ["ab"]},
        {"version": 1, "kind": "filter", "inputs": [7]},
        {"version": 1, "kind": "filter", "inputs": [], "outputs": []},
    ],
)
def test_a_malformed_statement_gets_a_sentence(statement: dict[str, Any]) -> None:
    with pytest.raises(LedgerError):
        named_datasets(statement)


@pytest.mark.parametrize("proofs", ["A", "AAA", "AA==AA==", "AB==", "AAAA\n", "-_-_"])
def test_a_proof_in_another_base64_is_refused(record: MakeRecord, proofs: str) -> None:
    statement: dict[str, Any] = {"version": 1, "kind": "filter", "inputs": [record().id]}
    with pytest.raises(LedgerError, match="base64"):
        ProofEntry(statement=statement, proofs=(proofs,), prover="p")


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b'{"kind":"other"}',
        b'{"kind":"dataset"}',
        b"[" * 5000,
        b'{"kind":"dataset","x":1}',
    ],
)
def test_a_leaf_of_another_kind_is_refused(leaf: bytes) -> None:
    with pytest.raises(LedgerError):
        parse_leaf(leaf)
