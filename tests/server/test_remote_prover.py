"""The remote prover against nodes that wait, die, lose answers and lie; with the real engine."""

from __future__ import annotations

import base64
import itertools
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from fastapi import FastAPI

from tests.server.conftest import RunningNode, bearer, serving, token
from tests.server.network import BadNetwork
from tests.server.work import SEED, Gate, left_behind, loans, task_of
from zkp_nb.errors import LedgerError, ProofRejected, ProvingInterrupted, StatementFalse
from zkp_nb.ledger import DatasetEntry, KnownLogs, ProofEntry
from zkp_nb.ledger.remote import RemoteLedger
from zkp_nb.proving import CommittedTable, LocalProver, Task
from zkp_nb.proving.remote import RemoteProver
from zkp_nb.srs import table_depth
from zkp_nb.statements import claims
from zkp_nb.table import from_frame
from zkp_nb.verdict import verify_entry

Start = Callable[..., RunningNode]


@pytest.fixture
def app(gated_app: FastAPI) -> FastAPI:
    return gated_app


@pytest.fixture
def url(app: FastAPI) -> Iterator[str]:
    """Address of a node with the real verifier, whose jobs wait for the gate."""
    with serving(app) as address:
        yield address


@pytest.fixture
def prover(url: str) -> Iterator[RemoteProver]:
    made = RemoteProver(url, token(), tell=lambda _: None)
    yield made
    made.close()


def test_everything_on_a_server(app: FastAPI, url: str, gate: Gate, tmp_path: Path) -> None:
    gate.opened.set()
    told: list[str] = []
    prover = RemoteProver(url, token(), tell=told.append)
    known = KnownLogs.open(tmp_path / "logs.sqlite")
    ledger = RemoteLedger(
        url, token(), known=known, pins=tmp_path / "servers.json", verification_key=prover.verification_key
    )
    task = task_of(prover, claims.mean("age"), ledger.id)
    proofs = prover.prove(task)
    entry = ProofEntry(
        statement=task.statement.document(), prover="test",
        proofs=tuple(base64.b64encode(proof).decode() for proof in proofs),
    )  # fmt: skip
    (record,) = task.records.values()

    def verify(entry: ProofEntry, records: Any) -> None:
        verify_entry(entry, records, prover.verification_key(), ledger.id)

    assert ledger.append(DatasetEntry(record=record), verifier=verify) == 0
    assert ledger.append(entry, verifier=verify) == 1
    assert len(told) == 1
    assert url in told[0]
    assert left_behind(app.state.node.settings.server.data_folder) == []
    for each in (prover, ledger, known):
        each.close()


def test_a_server_killed_in_the_middle_of_a_proof(
    running: Callable[..., RunningNode], tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    gate.touch()
    node = running("", gate=gate).wait()
    prover = RemoteProver(node.url, token(), tell=lambda _: None)
    task = task_of(prover, claims.mean("age"), "a ledger")
    gate.unlink()
    deaths = [signal.SIGTERM, signal.SIGKILL]
    restarts: list[threading.Thread] = []

    def progress(_: str, done: int, total: int) -> None:
        # Each life of the server is ended as soon as its worker has begun.
        if deaths and total and not any(thread.is_alive() for thread in restarts):
            restarts.append(threading.Thread(target=restart, args=(deaths.pop(),)))
            restarts[-1].start()

    def restart(how: signal.Signals) -> None:
        node.stop(how)
        if not deaths:
            gate.touch()
        node.start().wait()

    assert len(prover.prove(task, progress)) == len(task.statement.programs(task.records))
    for thread in restarts:
        thread.join()
    assert len(restarts) == 2
    assert left_behind(node.folder / "data") == []
    prover.close()


def test_a_server_killed_in_the_middle_of_an_upload(
    running: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zkp_nb.proving.upload.PIECE", 1000)
    gate = tmp_path / "gate"
    gate.touch()
    node = running("", gate=gate).wait()
    prover = RemoteProver(node.url, token(), tell=lambda _: None)
    seen: list[tuple[str, int, int]] = []
    lives = 3

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal lives
        seen.append((stage, done, total))
        if stage == "upload" and lives and done > total * (4 - lives) // 4:
            lives -= 1
            node.stop(signal.SIGKILL)
            node.start()  # and wait for nothing: the client must

    table = loans(2000)
    points = prover.commit(table, table_depth(table.n_rows), bytes.fromhex(SEED), progress)
    assert lives == 0
    assert points == LocalProver().commit(table, table_depth(table.n_rows), bytes.fromhex(SEED))
    assert [job.state for job in prover.jobs()] == ["succeeded"]
    assert left_behind(node.folder / "data") == []
    uploads = [each for each in seen if each[0] == "upload"]
    assert ("waiting for the server", 0, 0) in seen
    assert uploads[-1][1] == uploads[-1][2]
    # What had arrived was not sent again: each life goes on within a piece of where the one before ended.
    assert max(a[1] - b[1] for a, b in itertools.pairwise(uploads)) <= 1000
    prover.close()


def test_a_network_that_cuts_large_pieces(
    url: str, app: FastAPI, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces become small enough for what the network carries."""
    gate.opened.set()
    monkeypatch.setattr("zkp_nb.proving.upload.PIECE", 16_000)
    monkeypatch.setattr("zkp_nb.proving.upload.SMALLEST_PIECE", 500)
    table = loans(1600)
    with BadNetwork(int(url.rpartition(":")[2])) as network:
        prover = RemoteProver(f"http://127.0.0.1:{network.port}", token(), tell=lambda _: None)
        network.carries = 8_000
        points = prover.commit(table, table_depth(table.n_rows), bytes.fromhex(SEED))
        prover.close()
    assert network.cut >= 2
    assert points == LocalProver().commit(table, table_depth(table.n_rows), bytes.fromhex(SEED))
    assert left_behind(app.state.node.settings.server.data_folder) == []


def test_an_upload_goes_on_after_lost_answers(url: str, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    gate.opened.set()
    monkeypatch.setattr("zkp_nb.proving.upload.PIECE", 200)
    with BadNetwork(int(url.rpartition(":")[2])) as proxy:
        prover = RemoteProver(f"http://127.0.0.1:{proxy.port}", token(), tell=lambda _: None)
        prover.verification_key()
        proxy.lose = 2
        points = prover.commit(loans(), 4, bytes.fromhex(SEED))
        assert proxy.lose == 0
        prover.close()
    assert points == LocalProver().commit(loans(), 4, bytes.fromhex(SEED))


def test_the_caller_can_stop_it(app: FastAPI, url: str, prover: RemoteProver) -> None:
    def interrupted(_: str, done: int, total: int) -> None:
        if total:
            raise KeyboardInterrupt

    with pytest.raises(ProvingInterrupted):
        prover.commit(loans(), 4, bytes.fromhex(SEED), interrupted)
    with httpx.Client(base_url=url, headers=bearer(token())) as client:
        path = f"/api/v1/jobs/{client.get('/api/v1/jobs').json()['jobs'][0]['id']}"
        assert '"cancelled"' in client.get(f"{path}/events", timeout=20).text
        assert client.get(path).json()["state"] == "cancelled"
    assert left_behind(app.state.node.settings.server.data_folder) == []


def test_a_server_that_lies_is_not_believed(prover: RemoteProver, gate: Gate) -> None:
    gate.opened.set()
    task = task_of(prover, claims.mean("age"), "a ledger")
    good = [base64.b64encode(proof).decode() for proof in prover.prove(task)]
    prover._believe(task, good)
    spoilt = bytearray(base64.b64decode(good[0]))
    spoilt[-1] ^= 1
    other = Task(task.statement, "another ledger", task.tables)
    for wrong_task, wrong in ((task, [base64.b64encode(spoilt).decode()]), (other, good), (task, good * 2)):
        with pytest.raises(ProofRejected):
            prover._believe(wrong_task, wrong)


def test_a_false_statement_comes_back_as_that(prover: RemoteProver, gate: Gate) -> None:
    gate.opened.set()
    task = task_of(prover, claims.between("age", 0, 100), "a ledger")
    (held,) = task.tables.values()
    older = from_frame(pd.DataFrame({"age": range(200, 250), "town": ["Ulm", "Bonn"] * 25}))
    false = Task(
        task.statement, task.context, {held.record.id: CommittedTable(held.record, older, held.seed)}
    )
    with pytest.raises(StatementFalse) as caught:
        prover.prove(false)
    assert not any(str(cell) in str(caught.value) for cell in range(200, 250))


def test_the_queue_is_shown_and_a_method_cancels(app: FastAPI, url: str, prover: RemoteProver) -> None:
    stages: list[list[str]] = [[], []]
    ended: list[BaseException] = []

    def work(number: int) -> None:
        own = RemoteProver(url, token(), tell=lambda _: None)
        try:
            own.commit(loans(), 4, secrets.token_bytes(32), lambda stage, *_: stages[number].append(stage))
        except ProvingInterrupted as error:
            ended.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    threads[0].start()
    until(lambda: "commit" in stages[0])
    threads[1].start()
    until(lambda: "waiting on the server, 1 job ahead" in stages[1])
    assert stages[1][0] == "upload"
    states = [(job.state, job.ahead) for job in prover.jobs()]
    assert states == [("queued", 1), ("running", 0)]
    assert prover.cancel("no such job") == 0
    assert prover.cancel(prover.jobs()[0].id) == 1
    threads[1].join(10)
    assert prover.cancel() == 1
    threads[0].join(10)
    assert [str(error) for error in ended] == [
        "The job was cancelled on the server; nothing was written."
    ] * 2
    assert prover.cancel() == 0
    until(lambda: left_behind(app.state.node.settings.server.data_folder) == [])


def until(happened: Callable[[], bool]) -> None:
    """Wait until something is so."""
    for _ in range(600):
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within 30 seconds")


def test_stopping_does_not_wait_for_a_server_that_is_away(running: Start, tmp_path: Path) -> None:
    node = running("", gate=tmp_path / "gate").wait()
    prover = RemoteProver(node.url, token(), tell=lambda _: None)

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "commit":
            node.stop(signal.SIGKILL)
        if stage == "waiting for the server":
            raise KeyboardInterrupt

    with pytest.raises(ProvingInterrupted, match="was stopped"):
        prover.commit(loans(), 4, bytes.fromhex(SEED), progress)
    prover.close()


def test_a_server_that_stays_away_ends_in_a_sentence(running: Start, tmp_path: Path) -> None:
    node = running("", gate=tmp_path / "gate").wait()
    prover = RemoteProver(node.url, token(), tell=lambda _: None, patience=0.5)

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "commit" and node.process is not None and node.process.poll() is None:
            node.stop(signal.SIGKILL)

    with pytest.raises(LedgerError, match=r"cannot be reached.*Check the address") as caught:
        prover.commit(loans(), 4, bytes.fromhex(SEED), progress)
    assert caught.value.__cause__ is None
    prover.close()
