"""Proving jobs over HTTP: uploads, events, cancellation; with the real engine."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.server.conftest import bearer, client_of, token
from tests.server.test_ledger_api import problem
from tests.server.work import SEED, Gate, commit_request, left_behind, loans
from zkp_nb.proving import LocalProver
from zkp_nb.proving.wire import table_chunks
from zkp_nb.server import create_app

UPLOAD = {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def app(gated_app: FastAPI) -> FastAPI:
    return gated_app


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
        deep = await client.post("/api/v1/jobs", json=good | {"n_rows": 10_000})
        problem(deep, "setup-rejected", 422)
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
        problem(await client.post(f"{path}/cancel", headers=other), "not-found", 404)
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
        await client.post(f"{path}/cancel")
        assert (await until(client, path, "cancelled"))["state"] == "cancelled"
        assert path.rpartition("/")[2] not in {each.name for each in (folder / "uploads").iterdir()}
        assert (await client.post(f"{path}/cancel")).json()["state"] == "cancelled"
        gate.opened.set()
