"""Proving on a server: uploads, events, cancellation, deaths; with the real engine."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from fastapi import FastAPI

from tests.server.conftest import RunningNode, bearer, client_of, serving, token
from tests.server.gate import Gated
from tests.server.test_ledger_api import problem
from tests.server.test_remote import LosingProxy
from zkp_nb.errors import ProofRejected, ProvingInterrupted, StatementFalse
from zkp_nb.ledger import ColumnRecord, DatasetEntry, DatasetRecord, KnownLogs, ProofEntry
from zkp_nb.ledger.remote import RemoteLedger
from zkp_nb.proving import CommittedTable, LocalProver, Task
from zkp_nb.proving.remote import RemoteProver
from zkp_nb.proving.wire import table_chunks
from zkp_nb.server import Settings, create_app
from zkp_nb.srs import srs_id_of
from zkp_nb.statements import Subject, claims
from zkp_nb.table import Table, from_frame
from zkp_nb.verdict import verify_entry

SEED = "5e" * 32
UPLOAD = {"Content-Type": "application/offset+octet-stream"}


def loans(n_rows: int = 50) -> Table:
    return from_frame(pd.DataFrame({"age": range(n_rows), "town": ["Ulm", "Bonn"] * (n_rows // 2)}))


def commit_request(table: Table, **upload: Any) -> tuple[dict[str, Any], bytes]:
    """A request to commit the table, and its stream."""
    data = b"".join(table_chunks(table))
    announced = {"length": len(data), "sha256": hashlib.sha256(data).hexdigest(), "seed": SEED} | upload
    return {
        "task": "commit", "n_rows": table.n_rows, "depth": 4, "columns": table.schema_json(),
        "uploads": [announced],
    }, data  # fmt: skip


def record_of(prover: Any, table: Table, name: str, seed: bytes) -> DatasetRecord:
    """The record of a table as a project would make it, committed by this prover."""
    points = prover.commit(table, 4, seed)
    columns = tuple(
        ColumnRecord(
            name=column.name, type=column.type.to_json(), nullable=column.nullable,
            commitments={part: point.hex() for part, point in each.items()},
        )
        for column, each in zip(table.columns, points, strict=True)
    )  # fmt: skip
    return DatasetRecord(
        name=name, n_rows=table.n_rows, depth=4, srs_id=srs_id_of(prover.verification_key()), columns=columns,
        created="2026-11-23T20:00:00Z",
    )  # fmt: skip


def task_of(prover: Any, claim: Any, context: str) -> Task:
    """A claim about `loans`, ready to prove."""
    table, seed = loans(), secrets.token_bytes(32)
    record = record_of(prover, table, "loans", seed)
    statement = claim.state(Subject(record.id, record, table, parents=(), resolve=lambda _: None))
    return Task(statement, context, {record.id: CommittedTable(record, table, seed)})


def left_behind(folder: Path) -> list[str]:
    """Files of uploads that are still there."""
    return [path.name for path in (folder / "uploads").rglob("*") if path.is_file() and path.name[0] != "."]


class Gate:
    """A gate that a test opens."""

    def __init__(self) -> None:
        self.opened = threading.Event()

    def prover(self) -> Gated:
        return Gated(self.opened.is_set)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.opened.set()


@pytest.fixture
def app(settings: Callable[..., Settings], gate: Gate) -> FastAPI:
    one = {"crypto": {"parallel_proving": False, "max_upload_bytes": 1_000_000}}
    return create_app(settings(**one), prover=gate.prover)


async def until(client: httpx.AsyncClient, path: str, *states: str) -> dict[str, Any]:
    """The job, as soon as it is in one of these states."""
    async with asyncio.timeout(30):
        while True:
            job: dict[str, Any] = (await client.get(path)).json()
            if job["state"] in states:
                return job
            await asyncio.sleep(0.05)


@pytest.mark.anyio
async def test_a_job_from_upload_to_result(app: FastAPI, gate: Gate) -> None:
    gate.opened.set()
    table = loans()
    request, data = commit_request(table)
    folder = app.state.node.settings.server.data_folder
    async with client_of(app) as client:
        made = await client.post("/api/v1/jobs", json=request)
        path = made.headers["location"]
        assert (made.status_code, made.json()["state"]) == (202, "waiting")
        half = len(data) // 2
        for start, end in ((0, half), (half, len(data))):
            head = await client.head(f"{path}/uploads/0")
            assert (head.headers["upload-offset"], head.headers["upload-length"]) == (
                str(start),
                str(len(data)),
            )
            sent = await client.patch(
                f"{path}/uploads/0", content=data[start:end], headers=UPLOAD | {"Upload-Offset": str(start)}
            )
            assert (sent.status_code, sent.headers["upload-offset"]) == (204, str(end))
        job = await until(client, path, "succeeded", "failed")
        events = (await client.get(f"{path}/events")).text
        later = (await client.get(f"{path}/events", headers={"Last-Event-ID": "2"})).text
    expected = LocalProver().commit(table, 4, bytes.fromhex(SEED))
    assert job["result"]["commitments"] == [
        {part: point.hex() for part, point in each.items()} for each in expected
    ]
    states = [json.loads(line[6:])["state"] for line in events.splitlines() if '"state"' in line]
    assert states == ["waiting", "queued", "running", "succeeded"]
    assert "id: 2\n" in events
    assert "id: 2\n" not in later
    assert later.strip().endswith('data: {"state": "succeeded"}')
    assert left_behind(folder) == []
    assert SEED.encode() not in b"".join(path.read_bytes() for path in folder.glob("*.sqlite*"))


@pytest.mark.anyio
async def test_a_damaged_upload(app: FastAPI) -> None:
    request, data = commit_request(loans())
    async with client_of(app) as client:
        path = (await client.post("/api/v1/jobs", json=request)).headers["location"] + "/uploads/0"

        async def send(piece: bytes, offset: int, **headers: str) -> httpx.Response:
            return await client.patch(
                path, content=piece, headers=UPLOAD | {"Upload-Offset": str(offset)} | headers
            )

        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        broken = data[:-1] + bytes([data[-1] ^ 1])
        answer = await send(broken, 0, **{"Upload-Checksum": f"sha256 {digest}"})
        problem(answer, "checksum-mismatch", 460)
        problem(await send(data, 0, **{"Upload-Checksum": "md5 x"}), "malformed", 400)
        problem(await send(data, 5), "conflict", 409)
        problem(await send(data + b"x", 0), "conflict", 409)
        assert (await send(broken[:100], 0)).status_code == 204
        problem(await send(broken[100:], 100), "checksum-mismatch", 460)
        assert (await client.head(path)).headers["upload-offset"] == "0"
        assert (await send(data, 0, **{"Upload-Checksum": f"sha256 {digest}"})).status_code == 204
        problem(await send(data, 0), "conflict", 409)


@pytest.mark.anyio
async def test_what_is_uploaded_must_be_the_table(app: FastAPI, gate: Gate) -> None:
    gate.opened.set()
    for data in (b"no Arrow at all", b"".join(table_chunks(loans(60)))):
        request, _ = commit_request(loans(), length=len(data), sha256=hashlib.sha256(data).hexdigest())
        async with client_of(app) as client:
            path = (await client.post("/api/v1/jobs", json=request)).headers["location"]
            await client.patch(f"{path}/uploads/0", content=data, headers=UPLOAD | {"Upload-Offset": "0"})
            job = await until(client, path, "succeeded", "failed")
            assert (job["state"], job["error"]["type"]) == ("failed", "/problems/statement-rejected")
            assert left_behind(app.state.node.settings.server.data_folder) == []
        app = create_app(app.state.node.settings, prover=gate.prover)


@pytest.mark.anyio
async def test_requests_that_no_prover_takes(app: FastAPI) -> None:
    good, _ = commit_request(loans())
    upload = good["uploads"][0]
    bad = [
        good | {"task": "mine"},
        good | {"depth": 5_000_000},
        good | {"uploads": []},
        good | {"uploads": [upload | {"seed": "x" * 64}]},
        good | {"uploads": [upload | {"sha256": "short"}]},
        good | {"more": 1},
    ]
    async with client_of(app) as client:
        for request in bad:
            answer = await client.post("/api/v1/jobs", json=request)
            assert SEED not in json.dumps(problem(answer, "invalid", 422))
        large = good | {"uploads": [upload | {"length": 1_000_001}]}
        problem(await client.post("/api/v1/jobs", json=large), "too-large", 413)
        piece = await client.patch(
            f"/api/v1/jobs/{'0' * 36}/uploads/0", content=b"x", headers=UPLOAD | {"Upload-Offset": "0"}
        )
        problem(piece, "not-found", 404)
        for _ in range(16):
            assert (await client.post("/api/v1/jobs", json=good)).status_code == 202
        problem(await client.post("/api/v1/jobs", json=good), "rate-limited", 429)


@pytest.mark.anyio
async def test_a_job_is_its_owners_and_is_made_once(app: FastAPI) -> None:
    request, _ = commit_request(loans())
    key = {"Idempotency-Key": "once"}
    async with client_of(app) as client:
        first = await client.post("/api/v1/jobs", json=request, headers=key)
        again = await client.post("/api/v1/jobs", json=request, headers=key)
        assert first.json()["id"] == again.json()["id"]
        other = bearer(token(sub="somebody else"))
        path = first.headers["location"]
        problem(await client.get(path, headers=other), "not-found", 404)
        problem(await client.delete(path, headers=other), "not-found", 404)
        assert (await client.get("/api/v1/jobs", headers=other)).json() == {"jobs": []}
        assert len((await client.get("/api/v1/jobs")).json()["jobs"]) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("when", ["waiting", "running", "queued"])
async def test_cancelling_deletes_the_data(app: FastAPI, gate: Gate, when: str) -> None:
    request, data = commit_request(loans())
    folder = app.state.node.settings.server.data_folder
    async with client_of(app) as client:
        paths = [(await client.post("/api/v1/jobs", json=request)).headers["location"] for _ in range(2)]
        if when != "waiting":
            for path in paths:
                await client.patch(f"{path}/uploads/0", content=data, headers=UPLOAD | {"Upload-Offset": "0"})
            await until(client, paths[0], "running")
        path = paths[1] if when == "queued" else paths[0]
        assert (await client.get(path)).json()["state"] == when
        assert path.rpartition("/")[2] in {each.name for each in (folder / "uploads").iterdir()}
        await client.delete(path)
        assert (await until(client, path, "cancelled"))["state"] == "cancelled"
        assert path.rpartition("/")[2] not in {each.name for each in (folder / "uploads").iterdir()}
        assert (await client.delete(path)).json()["state"] == "cancelled"
        gate.opened.set()


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

    def progress(done: int, total: int) -> None:
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


def test_an_upload_goes_on_after_lost_answers(url: str, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    gate.opened.set()
    monkeypatch.setattr("zkp_nb.proving.remote.PIECE", 200)
    with LosingProxy(int(url.rpartition(":")[2])) as proxy:
        prover = RemoteProver(f"http://127.0.0.1:{proxy.port}", token(), tell=lambda _: None)
        prover.verification_key()
        proxy.lose = 2
        points = prover.commit(loans(), 4, bytes.fromhex(SEED))
        assert proxy.lose == 0
        prover.close()
    assert points == LocalProver().commit(loans(), 4, bytes.fromhex(SEED))


def test_the_caller_can_stop_it(app: FastAPI, url: str, prover: RemoteProver) -> None:
    def interrupted(done: int, total: int) -> None:
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
