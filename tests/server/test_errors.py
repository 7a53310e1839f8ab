"""Whatever goes wrong is a problem document, and says nothing that the caller did not know."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

import pytest
from fastapi import FastAPI

from tests.server.conftest import (
    PROOF,
    bearer,
    body_of,
    check_proof,
    client_of,
    make_proof,
    make_record,
    token,
)
from tests.server.test_ledger_api import KEY, fill, problem
from zkp_nb.errors import LedgerError
from zkp_nb.ledger import AssertedEntry, DatasetEntry, DatasetRecord, ProofEntry
from zkp_nb.server import Settings, create_app
from zkp_nb.server.logs import JsonLines
from zkp_nb.server.problems import KINDS

pytestmark = pytest.mark.anyio


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the node logs, at the most talkative level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    handler.addFilter(lambda record: not record.name.startswith("http"))  # httpx is the caller, not the node
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(before)
    root.removeHandler(handler)


async def test_unknown_addresses_and_methods(app: FastAPI) -> None:
    async with client_of(app) as client:
        problem(await client.get("/nothing"), "not-found", 404)
        answer = await client.put("/api/v1/entries")
        problem(answer, "method-not-allowed", 405)
        assert answer.headers["allow"]


async def test_malformed_parameters_are_named_without_their_values(app: FastAPI) -> None:
    async with client_of(app) as client:
        document = problem(await client.get("/api/v1/entries", params={"limit": "hush"}), "invalid", 422)
        assert document["errors"][0]["pointer"] == "query/limit"
        assert "hush" not in json.dumps(document)
        problem(await client.get("/api/v1/entries/-1"), "invalid", 422)
        problem(await client.get("/api/v1/datasets/XYZ"), "invalid", 422)


@pytest.mark.parametrize(
    ("body", "slug", "status"),
    [
        (b"{", "malformed", 400),
        (b"", "malformed", 400),
        (b'{"entry": NaN}', "invalid", 422),
        (b"\xff\xfe", "malformed", 400),
        (b"[]", "invalid", 422),
        (b"{}", "invalid", 422),
        (b'{"entry": {"kind": "unheard-of"}}', "invalid", 422),
        (b'{"entry": {"kind": "proof", "statement": {}, "proofs": [], "prover": ""}}', "invalid", 422),
        (b"[" * 100_000, "malformed", 400),
    ],
)
async def test_malformed_bodies(app: FastAPI, body: bytes, slug: str, status: int) -> None:
    async with client_of(app) as client:
        answer = await client.post(
            "/api/v1/entries", content=body, headers={"Content-Type": "application/json"}
        )
        problem(answer, slug, status)


async def test_entries_that_no_log_takes(app: FastAPI) -> None:
    parent, child = make_record("loans"), make_record("adults")
    good = body_of(make_proof(parent, child))
    bad = [
        good["entry"] | {"more": 1},
        good["entry"] | {"version": 2},
        good["entry"] | {"proofs": ["not base64!"]},
        good["entry"] | {"statement": good["entry"]["statement"] | {"inputs": ["xyz"]}},
        good["entry"] | {"statement": good["entry"]["statement"] | {"inputs": [], "outputs": []}},
        good["entry"] | {"statement": good["entry"]["statement"] | {"kind": "asserted"}},
        body_of(DatasetEntry(record=parent))["entry"] | {"record": {}},
    ]
    asserted = {"version": 1, "kind": "asserted", "inputs": [parent.id], "outputs": [child.id]}
    large = AssertedEntry(statement=asserted, reason="x", code="y" * 70_000)
    async with client_of(app) as client:
        for entry in [*bad, large.model_dump(mode="json")]:
            problem(await client.post("/api/v1/entries", json={"entry": entry}), "invalid", 422)
        key = {"verification_key": "no base64"}
        problem(await client.post("/api/v1/entries", json=good | key), "setup-rejected", 422)
        assert (await client.get("/api/v1/log")).json()["size"] == 0


async def test_another_content_type_is_refused(app: FastAPI) -> None:
    async with client_of(app) as client:
        answer = await client.post("/api/v1/entries", content=b"{}", headers={"Content-Type": "text/plain"})
        problem(answer, "unsupported-media-type", 415)


async def test_a_huge_body_is_not_read_to_its_end(app: FastAPI) -> None:
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 1
            yield b" " * 65_536

    headers = {"Content-Type": "application/json"}
    async with client_of(app) as client:
        # Announced: refused before a byte is read. Not announced: refused when the limit is passed.
        announced = headers | {"Content-Length": str(10**12)}
        answer = await client.post("/api/v1/entries", content=endless(), headers=announced)
        problem(answer, "too-large", 413)
        assert given <= 1
        problem(await client.post("/api/v1/entries", content=endless(), headers=headers), "too-large", 413)
        assert given < 80


async def test_a_request_that_takes_too_long_is_ended(settings: Callable[..., Settings]) -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.05)

    app = create_app(settings(server={"request_timeout_seconds": 0.3}), verify=check_proof)
    async with client_of(app) as client:
        headers = {"Content-Type": "application/json"}
        problem(await client.post("/api/v1/entries", content=drip(), headers=headers), "timeout", 408)


async def test_more_requests_at_once_than_the_node_takes(settings: Callable[..., Settings]) -> None:
    body, more = asyncio.Event(), b'{"entry": 1}'

    async def held() -> AsyncIterator[bytes]:
        await body.wait()
        yield more

    app = create_app(settings(server={"max_connections": 2}), verify=check_proof)
    async with client_of(app) as client:
        headers = {"Content-Type": "application/json"}
        waiting = [
            asyncio.create_task(client.post("/api/v1/entries", content=held(), headers=headers))
            for _ in range(2)
        ]
        while app.state.node.in_flight < 2:
            await asyncio.sleep(0.01)
        answer = await client.get("/api/v1/log")
        problem(answer, "unavailable", 503)
        assert answer.headers["retry-after"] == "1"
        assert (await client.get("/health")).status_code == 200
        body.set()
        assert [(await each).status_code for each in waiting] == [422, 422]
        assert (await client.get("/api/v1/log")).status_code == 200


async def test_a_failure_tells_nothing_and_logs_no_content(
    settings: Callable[..., Settings], lines: io.StringIO
) -> None:
    def fails(_: ProofEntry, __: Mapping[str, DatasetRecord], ___: bytes, ____: str) -> None:
        raise RuntimeError("income of row 17 is 90210")

    app = create_app(settings(), verify=fails)
    parent, child = make_record("loans"), make_record("adults")
    async with client_of(app) as client:
        for record in (parent, child):
            await client.post("/api/v1/entries", json=body_of(DatasetEntry(record=record)))
        body = body_of(make_proof(parent, child), verification_key=KEY)
        answer = await client.post("/api/v1/entries", json=body)
        document = problem(answer, "internal", 500)
    logged = lines.getvalue()
    assert "90210" not in json.dumps(document) + logged
    failure = next(json.loads(line) for line in logged.splitlines() if "request failed" in line)
    assert failure["error"] == "RuntimeError"
    assert failure["id"] == answer.headers["x-request-id"]
    assert any("test_errors.py" in place for place in failure["at"])


async def test_storage_that_fails_is_unavailable(settings: Callable[..., Settings]) -> None:
    app = create_app(settings(database={"connection_timeout_seconds": 0.05}), verify=check_proof)
    async with client_of(app) as client:
        with app.state.node.store.writing():
            answer = await client.post("/api/v1/entries", json=body_of(DatasetEntry(record=make_record())))
        document = problem(answer, "unavailable", 503)
        assert answer.headers["retry-after"]
        assert "sqlite" not in json.dumps(document)
        with pytest.raises(LedgerError), app.state.node.store.writing():
            raise LedgerError("only to show that the store works again")
        assert (await client.get("/health/ready")).status_code == 200


async def test_no_data_token_or_key_is_in_any_log(app: FastAPI, lines: io.StringIO) -> None:
    secrets = [token(sub="alice@example.org"), token(exp=1), "zkp_0123456789abcdef_" + "s" * 43]
    async with client_of(app) as client:
        await fill(client)
        for secret in secrets:
            await client.get("/api/v1/log", headers=bearer(secret))
            await client.get("/api/v1/entries", params={"start": secret})
            await client.get(f"/{secret}")
        own = client.headers["authorization"]
        made = (await client.post("/api/v1/keys", json={"label": "a-label", "roles": ["reader"]})).json()
    logged = lines.getvalue()
    assert logged.count('"request"') >= 12
    for private in [*secrets, own.split()[1], made["key"], "alice", "loans", "income", PROOF, "ab" * 32]:
        assert private not in logged, private


async def test_every_kind_of_problem_explains_itself(app: FastAPI) -> None:
    async with client_of(app) as client:
        for slug, kind in KINDS.items():
            assert (await client.get(f"/problems/{slug}")).json()["title"] == kind.title
        problem(await client.get("/problems/unheard-of"), "not-found", 404)
