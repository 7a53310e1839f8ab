"""The log: what may enter it, and what it proves about itself."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from zkp_nb.errors import LedgerError, LedgerInconsistent, ProofRejected
from zkp_nb.ledger import (
    AssertedEntry,
    Checkpoint,
    DatasetEntry,
    DatasetRecord,
    KnownLogs,
    Ledger,
    ProofEntry,
    Verifier,
    VerifierKey,
)
from zkp_nb.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion

MakeRecord = Callable[..., DatasetRecord]
MakeProof = Callable[..., ProofEntry]


def head(ledger: Ledger, size: int | None = None) -> Checkpoint:
    return Checkpoint.open(ledger.checkpoint(size), VerifierKey.parse(ledger.key))


def test_a_new_log_is_empty_and_signed(ledger: Ledger) -> None:
    assert ledger.size == 0
    assert head(ledger).size == 0
    assert head(ledger).origin == ledger.id
    assert ledger.check().checkpoints == 1


def test_every_entry_and_every_size_can_be_proven(filled: Ledger) -> None:
    heads = [head(filled, size) for size in (0, 3, 4, 5, 6, 7)]
    for entry in filled.entries():
        for each in heads:
            if entry.index < each.size:
                proof = filled.inclusion(entry.index, each.size)
                verify_inclusion(entry.index, each.size, leaf_hash(entry.entry.leaf()), proof, each.root)
    for old in heads:
        for new in heads:
            if old.size <= new.size:
                proof = filled.consistency(old.size, new.size)
                verify_consistency(old.size, new.size, old.root, new.root, proof)
    assert filled.check().size == 7


def test_the_same_entry_has_one_index(filled: Ledger, verifier: Verifier) -> None:
    before = filled.checkpoint()
    for logged in filled.entries():
        assert filled.append(logged.entry, verifier=verifier) == logged.index
    assert filled.extend([each.entry for each in filled.entries()], verifier=verifier) == tuple(range(7))
    assert filled.checkpoint() == before


def test_an_entry_twice_in_one_call_is_one_entry(
    ledger: Ledger, record: MakeRecord, verifier: Verifier
) -> None:
    entry = DatasetEntry(record=record())
    assert ledger.extend([entry, entry], verifier=verifier) == (0, 0)
    assert ledger.size == 1


def test_a_log_is_found_again_after_closing(filled: Ledger, tmp_path: Path, verifier: Verifier) -> None:
    entries, checkpoint = filled.entries(), filled.checkpoint()
    filled.close()
    with Ledger.open(tmp_path / "project" / ".zkp" / "ledger.sqlite") as again:
        assert again.id == filled.id
        assert again.entries() == entries
        assert again.checkpoint() == checkpoint


def test_a_proof_that_does_not_verify_never_enters(
    ledger: Ledger, record: MakeRecord, proof: MakeProof
) -> None:
    def reject(entry: ProofEntry, records: object) -> None:
        raise ProofRejected("The openings do not verify.")

    parent, child = record("loans"), record("adults")
    batch: list[DatasetEntry | ProofEntry] = [
        DatasetEntry(record=parent),
        DatasetEntry(record=child),
        proof(parent, child),
    ]
    with pytest.raises(ProofRejected, match="openings"):
        ledger.extend(batch, verifier=reject)
    assert ledger.size == 0
    ledger.extend(batch[:2], verifier=reject)
    with pytest.raises(ProofRejected):
        ledger.append(batch[2], verifier=reject)
    assert ledger.size == 2
    assert ledger.index_of(batch[2]) is None


def test_an_entry_names_only_datasets_before_it(
    ledger: Ledger, record: MakeRecord, proof: MakeProof, verifier: Verifier
) -> None:
    parent, child = record("loans"), record("adults")
    with pytest.raises(LedgerError, match="is not in this log"):
        ledger.append(proof(parent, child), verifier=verifier)
    late: list[DatasetEntry | ProofEntry] = [
        DatasetEntry(record=parent),
        proof(parent, child),
        DatasetEntry(record=child),
    ]
    with pytest.raises(LedgerError, match="is not in this log"):
        ledger.extend(late, verifier=verifier)
    statement: dict[str, Any] = {"version": 1, "kind": "asserted", "inputs": [], "outputs": [child.id]}
    with pytest.raises(LedgerError, match="is not in this log"):
        ledger.append(AssertedEntry(statement=statement, reason="unknown"), verifier=verifier)
    assert ledger.size == 0


def test_history_finds_every_entry_that_names_a_dataset(filled: Ledger, record: MakeRecord) -> None:
    parent, child = record("loans").id, record("adults").id
    assert [each.index for each in filled.find(parent)] == [0, 2]
    assert [each.index for each in filled.find(child)] == [1, 2]
    assert [each.index for each in filled.find(child, ("outputs",))] == [2]
    assert [each.index for each in filled.find(child, ("inputs", "witnesses"))] == []
    assert filled.find("00" * 32) == []
    assert filled.dataset(parent) == record("loans")
    with pytest.raises(LedgerError, match="is not in this log"):
        filled.dataset("00" * 32)


def test_entries_come_in_pages(filled: Ledger) -> None:
    assert [each.index for each in filled.entries(2, 3)] == [2, 3, 4]
    assert filled.entries(7) == []
    for index in (-1, 7, 2**40):
        with pytest.raises(LedgerError, match="There is no entry"):
            filled.entry(index)


def test_what_was_never_there_gets_a_sentence(filled: Ledger) -> None:
    with pytest.raises(LedgerError):
        filled.checkpoint(1)
    with pytest.raises(LedgerError):
        filled.consistency(3, 8)
    with pytest.raises(LedgerError):
        filled.consistency(5, 4)
    with pytest.raises(LedgerError):
        filled.inclusion(5, 4)
    with pytest.raises(LedgerError):
        filled.receipt(99)


def test_a_wide_dataset_has_its_record_beside_the_log(
    ledger: Ledger, record: MakeRecord, verifier: Verifier
) -> None:
    wide = record(columns=2000)
    ledger.append(DatasetEntry(record=wide), verifier=verifier)
    assert ledger.dataset(wide.id) == wide
    assert ledger.check().size == 1


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_files_are_the_owners_alone(filled: Ledger, tmp_path: Path) -> None:
    folder = tmp_path / "project" / ".zkp"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file in folder.glob("ledger*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    assert (folder / ".gitignore").read_text() == "*\n"


def test_a_copy_without_its_key_reads_but_does_not_sign(
    filled: Ledger, tmp_path: Path, record: MakeRecord, verifier: Verifier
) -> None:
    filled.close()
    shutil.copy(tmp_path / "project" / ".zkp" / "ledger.sqlite", tmp_path / "copy.sqlite")
    with Ledger.open(tmp_path / "copy.sqlite") as copy:
        assert copy.check().size == 7
        assert copy.receipt(2)
        with pytest.raises(LedgerError, match="signing key"):
            copy.append(DatasetEntry(record=record("new")), verifier=verifier)
        assert copy.check().size == 7


def test_another_logs_key_does_not_sign(
    filled: Ledger, tmp_path: Path, record: MakeRecord, verifier: Verifier
) -> None:
    key = next((tmp_path / "project" / ".zkp").glob("ledger.*.key"))
    with Ledger.open(tmp_path / "other" / "ledger.sqlite"):
        other = next((tmp_path / "other").glob("ledger.*.key"))
    for content in (other.read_bytes(), b"nothing"):
        key.write_bytes(content)
        with Ledger.open(tmp_path / "project" / ".zkp" / "ledger.sqlite") as ledger:
            with pytest.raises(LedgerError, match="signing key"):
                ledger.append(DatasetEntry(record=record("new")), verifier=verifier)
            assert ledger.check().size == 7


def test_threads_append_to_one_log(ledger: Ledger, record: MakeRecord, verifier: Verifier) -> None:
    def work(who: int) -> list[int]:
        return [
            ledger.append(DatasetEntry(record=record(f"{who} {n}")), verifier=verifier) for n in range(10)
        ]

    with ThreadPoolExecutor(4) as pool:
        indices = [index for each in pool.map(work, range(4)) for index in each]
    assert sorted(indices) == list(range(40))
    assert ledger.check().size == 40


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE leaves SET leaf = CAST(replace(CAST(leaf AS TEXT), '1000', '1001') AS BLOB) WHERE idx = 3",
        "UPDATE leaves SET leaf_hash = zeroblob(32) WHERE idx = 0",
        "UPDATE hashes SET hash = zeroblob(32) WHERE position = 4",
        "UPDATE hashes SET hash = 'text' WHERE position = 0",
        "DELETE FROM hashes WHERE position = 3",
        "INSERT INTO hashes VALUES (1000, zeroblob(32))",
        "DELETE FROM leaves WHERE idx = 6",
        "DELETE FROM leaves WHERE idx = 2",
        "UPDATE leaves SET idx = 12 WHERE idx = 6",
        "DELETE FROM mentions WHERE role = 'inputs'",
        "INSERT INTO mentions VALUES ('00', 1, 'inputs')",
        "DELETE FROM checkpoints WHERE size = 7",
        "DELETE FROM checkpoints",
        "UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = 6) WHERE size = 7",
        "UPDATE checkpoints SET note = CAST(replace(note, 'zkp-nb', 'zkp-mb') AS BLOB) WHERE size = 3",
        "INSERT INTO checkpoints SELECT 8, note FROM checkpoints WHERE size = 7",
        "UPDATE leaves SET leaf = CAST(leaf AS TEXT) WHERE idx = 1",
    ],
)
def test_a_full_check_finds_any_change_made_behind_its_back(
    filled: Ledger, tmp_path: Path, damage: str
) -> None:
    filled.close()
    path = tmp_path / "project" / ".zkp" / "ledger.sqlite"
    with sqlite3.connect(path) as connection:
        assert connection.execute(damage).rowcount > 0
    connection.close()
    with Ledger.open(path) as ledger, pytest.raises(LedgerError):
        ledger.check()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE hashes SET hash = zeroblob(32) WHERE position = 6",
        "DELETE FROM leaves WHERE idx = 6",
        "DELETE FROM checkpoints WHERE size = 7",
        "UPDATE checkpoints SET note = (SELECT note FROM checkpoints WHERE size = 6) WHERE size = 7",
    ],
)
def test_nothing_is_signed_over_damage(
    filled: Ledger, tmp_path: Path, damage: str, record: MakeRecord, verifier: Verifier
) -> None:
    filled.close()
    path = tmp_path / "project" / ".zkp" / "ledger.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(damage)
    connection.close()
    with Ledger.open(path) as ledger:
        with pytest.raises(LedgerInconsistent):
            ledger.append(DatasetEntry(record=record("new")), verifier=verifier)
        with pytest.raises(LedgerInconsistent):
            ledger.checkpoint()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT max(size) FROM checkpoints").fetchone()[0] <= 7
    connection.close()


def test_a_locked_ledger_says_so(
    filled: Ledger, tmp_path: Path, record: MakeRecord, verifier: Verifier
) -> None:
    path = tmp_path / "project" / ".zkp" / "ledger.sqlite"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Ledger.open(path, busy_timeout=0.05) as ledger:
        with pytest.raises(LedgerError, match="Another process holds it locked"):
            ledger.append(DatasetEntry(record=record("new")), verifier=verifier)
        other.execute("ROLLBACK")
        assert ledger.append(DatasetEntry(record=record("new")), verifier=verifier) == 7
    other.close()


def test_another_file_is_not_taken_for_a_ledger(tmp_path: Path) -> None:
    notes = tmp_path / "notes.sqlite"
    notes.write_bytes(b"this is not a database, but long enough to be looked at as one" * 100)
    other = tmp_path / "other.sqlite"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE t (x)")
    connection.commit()
    connection.close()
    newer = tmp_path / "newer.sqlite"
    Ledger.open(newer).close()
    connection = sqlite3.connect(newer)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = other.read_bytes()
    for path, sentence in ((notes, "damaged"), (other, "is not a ledger"), (newer, "newer version")):
        with pytest.raises(LedgerError, match=sentence):
            Ledger.open(path)
    with pytest.raises(LedgerError, match="cannot be opened"):
        Ledger.open(tmp_path)
    with pytest.raises(LedgerError, match="cannot be opened"):
        Ledger.open(notes / "ledger.sqlite")
    assert other.read_bytes() == before


def test_the_private_key_is_nowhere_but_in_its_file(filled: Ledger, tmp_path: Path) -> None:
    folder = tmp_path / "project" / ".zkp"
    key = next(folder.glob("ledger.*.key")).read_bytes().splitlines()[1]
    assert all(key not in file.read_bytes() for file in folder.glob("ledger.sqlite*"))
    assert key.decode() not in repr(filled) + str(filled.checkpoint()) + str(filled.receipt(0))


def test_known_logs_follow_a_log_that_grows(
    filled: Ledger, tmp_path: Path, record: MakeRecord, verifier: Verifier
) -> None:
    known = KnownLogs.open(tmp_path / "known.sqlite")
    early = filled.checkpoint(3)
    assert not known.knows(filled.key)
    assert known.observe(filled).size == 7
    assert known.knows(filled.key)
    assert known.keys() == {filled.key}
    filled.append(DatasetEntry(record=record("new")), verifier=verifier)
    known.compare(filled.checkpoint(), filled, vkey=filled.key)
    assert known.observe(filled).size == 8
    known.compare(early, filled, vkey=filled.key)
    known.compare(early, vkey=filled.key)
    assert known.evidence() == []
    known.close()


@pytest.mark.parametrize("grow", [0, 1, 2, 3])
def test_known_logs_catch_a_log_that_shrank_or_forked(
    filled: Ledger, tmp_path: Path, record: MakeRecord, verifier: Verifier, grow: int
) -> None:
    """A backup is put back; the log goes on from there by fewer, as many, or more entries than before."""
    folder, known = tmp_path / "project" / ".zkp", KnownLogs.open(tmp_path / "known.sqlite")
    filled.close()
    backup = (folder / "ledger.sqlite").read_bytes()
    for name in ("one", "two"):
        filled.append(DatasetEntry(record=record(name)), verifier=verifier)
    seen = filled.checkpoint()
    known.observe(filled)
    filled.close()
    (folder / "ledger.sqlite").write_bytes(backup)
    with Ledger.open(folder / "ledger.sqlite") as restored:
        for number in range(grow):
            restored.append(DatasetEntry(record=record(f"other {number}")), verifier=verifier)
        assert restored.check().size == 7 + grow
        with pytest.raises(LedgerInconsistent, match="not the one seen before") as caught:
            known.observe(restored)
        assert caught.value.evidence == (seen, restored.checkpoint())
        assert known.evidence() == [caught.value.evidence]
        with pytest.raises(LedgerInconsistent):
            known.observe(restored)
        if grow == 2:
            with pytest.raises(LedgerInconsistent, match="same length"):
                known.compare(restored.checkpoint(), vkey=restored.key)
        if grow == 3:
            with pytest.raises(LedgerInconsistent):
                known.compare(restored.checkpoint(), restored, vkey=restored.key)
    known.close()


def test_known_logs_refuse_a_second_key_under_one_name(tmp_path: Path) -> None:
    known = KnownLogs.open(tmp_path / "known.sqlite")
    known.trust(str(VerifierKey("log.example/1", bytes([1]) * 32)))
    known.trust(str(VerifierKey("log.example/1", bytes([1]) * 32)))
    with pytest.raises(LedgerInconsistent, match="another key"):
        known.trust(str(VerifierKey("log.example/1", bytes([2]) * 32)))
    with pytest.raises(LedgerError, match="does not belong"):
        known.trust(str(VerifierKey("zkp-nb.local/0123456789abcdef", bytes([2]) * 32)))
    known.close()
