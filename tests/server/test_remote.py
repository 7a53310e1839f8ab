"""The client of a real server: it works, it goes on after interruptions, and it catches a dishonest log."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.server.conftest import (
    JWT_SECRET,
    VERIFICATION_KEY,
    RunningNode,
    make_proof,
    make_record,
    token,
)
from tests.server.network import BadNetwork
from zkp_nb.errors import LedgerError, LedgerInconsistent, ProofRejected
from zkp_nb.ledger import (
    AssertedEntry,
    DatasetEntry,
    DatasetRecord,
    KnownLogs,
    Ledger,
    ProofEntry,
    ReceiptFile,
)
from zkp_nb.ledger.remote import RemoteLedger

Start = Callable[..., RunningNode]
Connect = Callable[..., RemoteLedger]


def accept(entry: ProofEntry, records: Mapping[str, DatasetRecord]) -> None:
    """The caller's own verifier: it must be given the records that the entry names."""
    assert set(records) == {each for ids in entry.named().values() for each in ids}


def dataset(name: str) -> DatasetEntry:
    return DatasetEntry(record=make_record(name))


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    """Connects, with one memory for the whole test unless another is named."""
    opened: list[Any] = []

    def make(url: str, memory: str = "memory", **more: Any) -> RemoteLedger:
        known = KnownLogs.open(tmp_path / memory / "logs.sqlite")
        opened.append(known)
        given: dict[str, Any] = {
            "token": token(), "known": known, "pins": tmp_path / memory / "servers.json",
            "verification_key": lambda: VERIFICATION_KEY, "patience": 20.0,
        } | more  # fmt: skip
        ledger = RemoteLedger(url, **given)
        opened.append(ledger)
        return ledger

    yield make
    for each in opened:
        each.close()


def test_it_does_what_the_embedded_ledger_does(served: str, connect: Connect, tmp_path: Path) -> None:
    parent, child = dataset("loans"), dataset("adults")
    statement = {"version": 1, "kind": "asserted", "inputs": [parent.record.id], "outputs": [child.record.id]}
    entries = [
        parent,
        child,
        make_proof(parent.record, child.record),
        AssertedEntry(statement=statement, reason="no statement holds", code="df.apply(f)"),
    ]
    remote = connect(served)
    with Ledger.open(tmp_path / "embedded.sqlite") as embedded:
        for ledger in (embedded, remote):
            assert [ledger.append(each, verifier=accept) for each in entries] == [0, 1, 2, 3]
            assert ledger.append(child, verifier=accept) == 1
            assert ledger.size == 4
            assert ledger.index_of(entries[2]) == 2
            assert ledger.index_of(dataset("other")) is None
            assert [each.entry for each in ledger.entries(1, 2)] == entries[1:3]
            assert [each.entry for each in ledger.entries(10, 5)] == []
            assert ledger.entry(3).entry == entries[3]
            assert [each.index for each in ledger.find(parent.record.id)] == [0, 2, 3]
            assert [each.index for each in ledger.find(child.record.id, ("outputs",))] == [2, 3]
            assert ledger.find("0" * 64) == []
            assert ledger.dataset(child.record.id) == child.record
            receipt = ReceiptFile.parse(ledger.receipt(2, verification_key=VERIFICATION_KEY))
            receipt.verify_inclusion()
            assert (receipt.entry, receipt.ledger_id) == (entries[2], ledger.id)
            for wrong in (lambda ledger=ledger: ledger.entry(9), lambda ledger=ledger: ledger.receipt(9)):
                with pytest.raises(LedgerError):
                    wrong()
            with pytest.raises(LedgerError, match="not in this log"):
                ledger.dataset("0" * 64)
            with pytest.raises(LedgerError, match="not in this log"):
                ledger.append(make_proof(parent.record, make_record("other")), verifier=accept)


def test_a_proof_is_refused_by_whoever_looks(served: str, connect: Connect) -> None:
    remote = connect(served)
    parent, child = dataset("loans"), dataset("adults")
    for entry in (parent, child):
        remote.append(entry, verifier=accept)
    forged = make_proof(parent.record, child.record, proof="QkFE")
    with pytest.raises(ProofRejected, match="pairing"):
        remote.append(forged, verifier=accept)

    def refuse(_: ProofEntry, __: Mapping[str, DatasetRecord]) -> None:
        raise ProofRejected("The own verifier refuses.")

    with pytest.raises(ProofRejected, match="own verifier"):
        remote.append(make_proof(parent.record, child.record), verifier=refuse)
    assert remote.size == 2


def test_a_server_that_comes_back_is_waited_for(running: Start, connect: Connect) -> None:
    node = running().wait()
    remote = connect(node.url)
    node.stop()
    restart = threading.Timer(0.7, node.start)
    restart.start()
    assert remote.append(dataset("loans"), verifier=accept) == 0
    restart.join()


def test_a_lost_answer_does_not_append_twice(served: str, connect: Connect) -> None:
    with BadNetwork(int(served.rpartition(":")[2])) as proxy:
        remote = connect(f"http://127.0.0.1:{proxy.port}")
        proxy.lose = 2
        assert remote.append(dataset("loans"), verifier=accept) == 0
        assert proxy.lose == 0
        assert remote.size == 1
        remote.close()


def backup(node: RunningNode) -> None:
    """Stop the node and set a copy of its files aside."""
    node.stop()
    shutil.copytree(node.folder / "data", node.folder / "backup")


def restore(node: RunningNode) -> RunningNode:
    """Let the node go on with the copy: what an operator must never do, by mistake or not."""
    shutil.rmtree(node.folder / "data")
    shutil.copytree(node.folder / "backup", node.folder / "data")
    return node.start().wait()


def test_a_log_that_shrinks_is_caught(running: Start, connect: Connect) -> None:
    node = running().wait()
    remote = connect(node.url)
    remote.append(dataset("loans"), verifier=accept)
    backup(node)
    node.start().wait()
    remote.append(dataset("adults"), verifier=accept)
    node.stop()
    restore(node)
    with pytest.raises(LedgerInconsistent, match="had 2 entries and now shows 1") as caught:
        remote.receipt(0)
    assert len(caught.value.evidence) == 2
    with pytest.raises(LedgerInconsistent, match="had 2 entries and now shows 1"):
        connect(node.url)
    assert connect(node.url, memory="another reader").size == 1


def test_a_log_that_forks_is_caught(running: Start, connect: Connect, tmp_path: Path) -> None:
    node = running().wait()
    remote = connect(node.url)
    remote.append(dataset("loans"), verifier=accept)
    backup(node)
    node.start().wait()
    remote.append(dataset("adults"), verifier=accept)
    node.stop()
    restore(node)
    other = connect(node.url, memory="another reader")
    other.append(dataset("another second"), verifier=accept)
    with pytest.raises(LedgerInconsistent, match="two different histories of the same length"):
        remote.append(dataset("third"), verifier=accept) if remote.size else None
    other.append(dataset("another third"), verifier=accept)
    with pytest.raises(LedgerInconsistent, match="are not the beginning of its"):
        remote.receipt(0)
    with pytest.raises(LedgerInconsistent, match="are not the beginning of its"):
        remote.append(dataset("fourth"), verifier=accept)
    known = KnownLogs.open(tmp_path / "memory" / "logs.sqlite")
    assert len(known.evidence()) >= 2
    known.close()
    assert other.size >= 3


def test_a_server_with_another_log_is_caught(running: Start, connect: Connect) -> None:
    node = running().wait()
    connect(node.url)
    node.stop()
    shutil.rmtree(node.folder / "data")
    node.start().wait()
    with pytest.raises(LedgerInconsistent, match="shows another log than before"):
        connect(node.url)


def test_what_cannot_work_is_said(served: str, connect: Connect) -> None:
    with pytest.raises(LedgerError, match=r"not encrypted.*https"):
        connect("http://ledger.example.org")
    for wrong in ("ledger.example.org", "ftp://x", "https://user:pass@host", ""):
        with pytest.raises(LedgerError, match="not that of a server") as caught:
            connect(wrong)
        assert "pass" not in str(caught.value)
    secret = token(exp=1)
    with pytest.raises(LedgerError, match="does not accept the token") as caught:
        connect(served, token=secret)
    assert secret not in str(caught.value)
    assert JWT_SECRET not in str(caught.value)
    reader = connect(served, token=token(roles={"default": ["reader"]}))
    with pytest.raises(LedgerError, match="role submitter"):
        reader.append(dataset("loans"), verifier=accept)
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        with pytest.raises(LedgerError, match="cannot be reached"):
            connect(f"http://127.0.0.1:{unheard.getsockname()[1]}", patience=0.5)
