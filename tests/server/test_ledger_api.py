"""The log over HTTP: what is put in comes out, with proofs that a verifier accepts."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI

from tests.server.conftest import (
    VERIFICATION_KEY,
    body_of,
    check_proof,
    client_of,
    make_proof,
    make_record,
)
from zkp_nb.ledger import Checkpoint, DatasetEntry, ReceiptFile, VerifierKey
from zkp_nb.ledger.merkle import leaf_hash, node_hash, verify_consistency, verify_inclusion
from zkp_nb.server import Settings, create_app

pytestmark = pytest.mark.anyio

KEY = base64.b64encode(VERIFICATION_KEY).decode()


async def fill(client: Any) -> None:
    """Two datasets and the proof between them."""
    parent, child = make_record("loans"), make_record("adults")
    for entry, more in (
        (DatasetEntry(record=parent), {}),
        (DatasetEntry(record=child), {}),
        (make_proof(parent, child), {"verification_key": KEY}),
    ):
        answer = await client.post("/api/v1/entries", json=body_of(entry, **more))
        assert answer.status_code == 201, answer.text


def problem(answer: Any, slug: str, status: int) -> dict[str, Any]:
    """The problem document of an answer, after its form was checked."""
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert (document["type"], document["status"]) == (f"/problems/{slug}", status)
    assert answer.status_code == status
    assert answer.headers["x-request-id"] in document["instance"]
    return document


async def test_an_entry_comes_back_with_a_receipt_that_verifies(app: FastAPI) -> None:
    async with client_of(app) as client:
        await fill(client)
        page = (await client.get("/api/v1/entries")).json()
        assert [each["entry"]["kind"] for each in page["entries"]] == ["dataset", "dataset", "proof"]
        assert page["next"] is None
        data = (await client.get("/api/v1/receipts/2")).content
        log = (await client.get("/api/v1/log")).json()
    receipt = ReceiptFile.parse(data)
    receipt.verify_inclusion()
    assert receipt.ledger_key == log["key"]
    assert log["size"] == 3
    assert base64.b64decode(receipt.verification_key or "") == VERIFICATION_KEY
    assert {record.name for record in receipt.records().values()} == {"loans", "adults"}


async def test_a_proof_that_does_not_verify_is_not_logged(app: FastAPI) -> None:
    async with client_of(app) as client:
        await fill(client)
        forged = make_proof(make_record("loans"), make_record("adults"), proof="QkFE")
        answer = await client.post("/api/v1/entries", json=body_of(forged))
        assert "pairing" in problem(answer, "proof-rejected", 422)["detail"]
        assert (await client.get("/api/v1/log")).json()["size"] == 3


async def test_a_proof_needs_the_verification_key_of_its_set_up(app: FastAPI) -> None:
    parent, child = make_record("loans"), make_record("adults")
    async with client_of(app) as client:
        for record in (parent, child):
            await client.post("/api/v1/entries", json=body_of(DatasetEntry(record=record)))
        body = body_of(make_proof(parent, child))
        problem(await client.post("/api/v1/entries", json=body), "setup-rejected", 422)
        other = base64.b64encode(b"another key").decode()
        wrong = await client.post("/api/v1/entries", json=body | {"verification_key": other})
        problem(wrong, "setup-rejected", 422)
        srs_id = hashlib.sha256(VERIFICATION_KEY).hexdigest()
        problem(await client.get(f"/api/v1/srs/{srs_id}"), "not-found", 404)
        assert (
            await client.post("/api/v1/entries", json=body | {"verification_key": KEY})
        ).status_code == 201
        kept = (await client.get(f"/api/v1/srs/{srs_id}")).json()
        assert kept == {"srs_id": srs_id, "verification_key": KEY, "origin": "dev"}


async def test_an_entry_about_an_unknown_dataset_is_refused(app: FastAPI) -> None:
    async with client_of(app) as client:
        entry = make_proof(make_record("loans"), make_record("adults"))
        answer = await client.post("/api/v1/entries", json=body_of(entry, verification_key=KEY))
        problem(answer, "dataset-unknown", 422)


async def test_the_same_entry_has_one_index(app: FastAPI) -> None:
    body = body_of(DatasetEntry(record=make_record()))
    async with client_of(app) as client:
        first, again = [await client.post("/api/v1/entries", json=body) for _ in range(2)]
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.headers["location"] == again.headers["location"] == "/api/v1/entries/0"
        assert (first.json()["new"], again.json()["new"]) == (True, False)


async def test_concurrent_submissions_get_dense_indices(app: FastAPI) -> None:
    bodies = [body_of(DatasetEntry(record=make_record(f"d{place}"))) for place in range(20)]
    async with client_of(app) as client:
        answers = await asyncio.gather(*(client.post("/api/v1/entries", json=body) for body in bodies * 2))
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert sorted({answer.json()["index"] for answer in answers}) == list(range(20))


async def test_an_idempotency_key_belongs_to_one_request(app: FastAPI) -> None:
    key = {"Idempotency-Key": "6f0c"}
    first, second = (body_of(DatasetEntry(record=make_record(name))) for name in ("loans", "adults"))
    async with client_of(app) as client:
        done = await client.post("/api/v1/entries", json=first, headers=key)
        again = await client.post("/api/v1/entries", json=first, headers=key)
        assert (again.status_code, again.content) == (done.status_code, done.content)
        other = await client.post("/api/v1/entries", json=second, headers=key)
        problem(other, "idempotency-key-reused", 422)
        assert (await client.get("/api/v1/log")).json()["size"] == 1


async def test_inclusion_and_consistency_proofs_verify(app: FastAPI) -> None:
    async with client_of(app) as client:
        await fill(client)
        log = (await client.get("/api/v1/log")).json()
        key = VerifierKey.parse(log["key"])
        old = Checkpoint.open((await client.get("/api/v1/checkpoint", params={"size": 1})).content, key)
        new = Checkpoint.open((await client.get("/api/v1/checkpoint")).content, key)
        consistency = (await client.get("/api/v1/consistency", params={"old": 1})).json()
        proof = [base64.b64decode(text) for text in consistency["hashes"]]
        verify_consistency(1, 3, old.root, new.root, proof)
        for index in range(3):
            entry = (await client.get(f"/api/v1/receipts/{index}")).content
            leaf = ReceiptFile.parse(entry).entry.leaf()
            found = (await client.get(f"/api/v1/leaves/{leaf_hash(leaf).hex()}")).json()
            assert found["index"] == index
            hashes = (await client.get(f"/api/v1/inclusion/{index}")).json()["hashes"]
            verify_inclusion(index, 3, leaf_hash(leaf), [base64.b64decode(h) for h in hashes], new.root)


async def test_tiles_hold_the_tree_and_bundles_the_leaves(settings: Callable[..., Settings]) -> None:
    app = create_app(settings(security={"rate_limit_requests_per_minute": 10_000}), verify=check_proof)
    entries = [DatasetEntry(record=make_record(f"d{place}")) for place in range(260)]
    app.state.node.ledger.extend(entries, verifier=lambda *_: None)
    async with client_of(app) as client:
        full = await client.get("/api/v1/tile/0/000")
        partial = await client.get("/api/v1/tile/0/001.p/4")
        upper = await client.get("/api/v1/tile/1/000.p/1")
        bundle = await client.get("/api/v1/tile/entries/001.p/4")
        root = Checkpoint.open(
            (await client.get("/api/v1/checkpoint")).content,
            VerifierKey.parse((await client.get("/api/v1/log")).json()["key"]),
        ).root
        for wrong in (
            "0/001",
            "0/002.p/1",
            "0/001.p/5",
            "0/000.p/0",
            "0/1",
            "0/x000/000",
            "1/000",
            "0/000.p/256",
        ):
            problem(await client.get(f"/api/v1/tile/{wrong}"), "not-found", 404)
    hashes = [full.content[start : start + 32] for start in range(0, len(full.content), 32)]
    assert hashes == [leaf_hash(entry.leaf()) for entry in entries[:256]]
    while len(hashes) > 1:
        hashes = [node_hash(*hashes[at : at + 2]) for at in range(0, len(hashes), 2)]
    assert upper.content == hashes[0]
    right = [partial.content[start : start + 32] for start in range(0, 128, 32)]
    right_root = node_hash(node_hash(right[0], right[1]), node_hash(right[2], right[3]))
    assert node_hash(hashes[0], right_root) == root
    rest, leaves = bundle.content, []
    while rest:
        length = int.from_bytes(rest[:2], "big")
        leaves.append(rest[2 : 2 + length])
        rest = rest[2 + length :]
    assert leaves == [entry.leaf() for entry in entries[256:]]
    assert "immutable" in full.headers["cache-control"]


async def test_etags_are_strong_and_checkpoints_brief(app: FastAPI) -> None:
    async with client_of(app) as client:
        await fill(client)
        checkpoint = await client.get("/api/v1/checkpoint")
        assert "max-age=2," in checkpoint.headers["cache-control"]
        etag = checkpoint.headers["etag"]
        assert etag.startswith('"')
        again = await client.get("/api/v1/checkpoint", headers={"If-None-Match": f'"x", {etag}'})
        assert (again.status_code, again.content) == (304, b"")
        await client.post("/api/v1/entries", json=body_of(DatasetEntry(record=make_record("more"))))
        later = await client.get("/api/v1/checkpoint", headers={"If-None-Match": etag})
        assert later.status_code == 200
        assert later.headers["etag"] != etag


async def test_pages_go_on_at_their_cursor(app: FastAPI) -> None:
    entries = [DatasetEntry(record=make_record(f"d{place}")) for place in range(7)]
    app.state.node.ledger.extend(entries, verifier=lambda *_: None)
    async with client_of(app) as client:
        await client.post(
            "/api/v1/entries",
            json=body_of(make_proof(entries[0].record, entries[1].record), verification_key=KEY),
        )
        seen, cursor = [], 0
        while cursor is not None:
            page = (await client.get("/api/v1/entries", params={"start": cursor, "limit": 3})).json()
            seen += [each["index"] for each in page["entries"]]
            cursor = page["next"]
        assert seen == list(range(8))
        proofs = (await client.get("/api/v1/proofs")).json()
        assert [each["index"] for each in proofs["entries"]] == [7]
        history = (await client.get(f"/api/v1/datasets/{entries[0].record.id}/entries")).json()
        assert [each["index"] for each in history["entries"]] == [0, 7]
        outputs = {"role": "outputs"}
        history = (
            await client.get(f"/api/v1/datasets/{entries[0].record.id}/entries", params=outputs)
        ).json()
        assert history["entries"] == []
        assert (await client.get("/api/v1/proofs/7")).status_code == 200
        problem(await client.get("/api/v1/proofs/6"), "not-found", 404)
        problem(await client.get("/api/v1/entries/8"), "not-found", 404)
        problem(await client.get("/api/v1/receipts/8"), "not-found", 404)
        problem(await client.get(f"/api/v1/datasets/{'0' * 64}/entries"), "not-found", 404)


async def test_a_log_changed_from_outside_is_served_no_further(app: FastAPI) -> None:
    async with client_of(app) as client:
        await fill(client)
        database = app.state.node.store._database
        with database.writing() as connection:
            connection.execute("UPDATE hashes SET hash = zeroblob(32) WHERE position = 2")
        problem(await client.get("/api/v1/checkpoint"), "log-inconsistent", 500)
        body = body_of(DatasetEntry(record=make_record("more")))
        problem(await client.post("/api/v1/entries", json=body), "log-inconsistent", 500)
        problem(await client.get("/health/ready"), "unavailable", 503)
        assert (await client.get("/health")).status_code == 200
