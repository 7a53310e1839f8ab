"""Who may do what: tokens, keys, roles, quotas, and what the audit log says of it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, OKPKey

from tests.server.conftest import (
    JWT_SECRET,
    bearer,
    body_of,
    check_proof,
    client_of,
    make_record,
    token,
)
from tests.server.test_ledger_api import problem
from zkp_nb.ledger import DatasetEntry
from zkp_nb.server import Settings, create_app
from zkp_nb.server.auth import key_name, new_api_key

pytestmark = pytest.mark.anyio

ROLE_OF: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("GET", "/api/v1/log", ("reader",)),
    ("GET", "/api/v1/checkpoint", ("reader",)),
    ("GET", "/api/v1/inclusion/0", ("reader",)),
    ("GET", "/api/v1/consistency?old=0", ("reader",)),
    ("GET", "/api/v1/tile/0/000.p/1", ("reader",)),
    ("GET", "/api/v1/tile/entries/000.p/1", ("reader",)),
    ("GET", "/api/v1/entries", ("reader",)),
    ("GET", "/api/v1/entries/0", ("reader",)),
    ("GET", "/api/v1/proofs", ("reader",)),
    ("GET", "/api/v1/proofs/0", ("reader",)),
    ("GET", "/api/v1/datasets", ("reader",)),
    ("GET", f"/api/v1/datasets/{'0' * 64}", ("reader",)),
    ("GET", f"/api/v1/datasets/{'0' * 64}/entries", ("reader",)),
    ("GET", f"/api/v1/leaves/{'0' * 64}", ("reader",)),
    ("GET", f"/api/v1/srs/{'0' * 64}", ("reader",)),
    ("GET", "/api/v1/receipts/0", ("reader",)),
    ("POST", "/api/v1/entries", ("submitter",)),
    ("GET", "/api/v1/prover", ("prover",)),
    ("GET", "/api/v1/jobs", ("prover",)),
    ("POST", "/api/v1/jobs", ("prover",)),
    ("GET", f"/api/v1/jobs/{'0' * 36}", ("prover",)),
    ("POST", f"/api/v1/jobs/{'0' * 36}/cancel", ("prover",)),
    ("HEAD", f"/api/v1/jobs/{'0' * 36}/uploads/0", ("prover",)),
    ("PATCH", f"/api/v1/jobs/{'0' * 36}/uploads/0", ("prover",)),
    ("GET", f"/api/v1/jobs/{'0' * 36}/events", ("prover",)),
    ("GET", "/api/v1/keys", ("admin",)),
    ("POST", "/api/v1/keys", ("admin",)),
    ("DELETE", f"/api/v1/keys/{'0' * 16}", ("admin",)),
    ("GET", "/api/v1/audit", ("auditor",)),
    ("GET", "/metrics", ("auditor", "admin")),
    ("GET", "/api/cluster/status", ("reader", "auditor", "admin")),
)
OPEN = {"/health", "/health/ready", "/problems/{slug}"}


def operations(app: FastAPI) -> set[tuple[str, str]]:
    """Method and path of every operation that the document describes."""
    return {
        (method.upper(), path) for path, item in app.openapi()["paths"].items() for method in item
    }  # fmt: skip


async def test_every_operation_needs_exactly_its_roles(app: FastAPI) -> None:
    assert len(ROLE_OF) == len([each for each in operations(app) if each[1] not in OPEN])
    for role in ("reader", "submitter", "prover", "auditor", "admin"):
        held = token(roles={"default": [role]})
        async with client_of(app) as client:
            for method, path, needed in ROLE_OF:
                answer = await client.request(method, path, headers=bearer(held))
                assert (answer.status_code == 403) == (role not in needed), (role, method, path, answer.text)
                assert answer.status_code != 401
        app = create_app(app.state.node.settings, verify=check_proof)


async def test_without_a_token_nothing_is_told(app: FastAPI) -> None:
    async with client_of(app) as client:
        del client.headers["authorization"]
        for method, path, _ in ROLE_OF:
            answer = await client.request(method, path)
            if method == "HEAD":  # an answer without a body
                assert answer.status_code == 401
            else:
                problem(answer, "unauthenticated", 401)
            assert answer.headers["www-authenticate"].startswith("Bearer")


def unsigned() -> str:
    """A token of the algorithm "none", which joserfc itself refuses to make."""

    def part(document: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")

    claims = {"iss": "zkp-ledger", "aud": "zkp-ledger", "sub": "eve", "exp": int(time.time()) + 300,
              "roles": {"default": ["admin"]}}  # fmt: skip
    return f"{part({'alg': 'none', 'kid': key_name(JWT_SECRET)})}.{part(claims)}."


BAD_TOKENS: dict[str, Callable[[], str]] = {
    "expired": lambda: token(exp=int(time.time()) - 60),
    "no expiry": lambda: token(exp=None),
    "not yet valid": lambda: token(nbf=int(time.time()) + 600),
    "wrong audience": lambda: token(aud="another"),
    "no audience": lambda: token(aud=None),
    "wrong issuer": lambda: token(iss="another"),
    "no subject": lambda: token(sub=None),
    "unsigned": unsigned,
    "another algorithm": lambda: token(algorithm="HS384"),
    "another secret": lambda: token("another secret, also long enough for HS256"),
    "another secret under our name": lambda: token(
        "another secret, also long enough for HS256", kid=key_name(JWT_SECRET)
    ),
    "damaged": lambda: token()[:-4] + "AAAA",
    "not a token": lambda: "x.y.z",
    "api key that does not exist": lambda: new_api_key("x", ("reader",), "default")[1],
    "huge": lambda: "A" * 20_000,
}


@pytest.mark.parametrize("name", BAD_TOKENS)
async def test_a_bad_token_is_refused(app: FastAPI, name: str) -> None:
    text = BAD_TOKENS[name]()
    async with client_of(app) as client:
        assert (await client.get("/api/v1/log", headers=bearer(token()))).status_code == 200
        answer = await client.get("/api/v1/log", headers=bearer(text))
    assert text not in json.dumps(problem(answer, "unauthenticated", 401))


async def test_a_token_must_name_its_key(app: FastAPI) -> None:
    claims = {"iss": "zkp-ledger", "aud": "zkp-ledger", "sub": "a", "exp": int(time.time()) + 60}
    text = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(JWT_SECRET))
    async with client_of(app) as client:
        problem(await client.get("/api/v1/log", headers=bearer(text)), "unauthenticated", 401)


async def test_roles_count_in_their_namespace_only(app: FastAPI) -> None:
    async with client_of(app) as client:
        for roles in (
            {"other": ["reader"]},
            ["reader"],
            {"default": "reader"},
            {"default": [["reader"]]},
            None,
        ):
            answer = await client.get("/api/v1/log", headers=bearer(token(roles=roles)))
            problem(answer, "forbidden", 403)


async def test_both_secrets_are_good_while_one_replaces_the_other(settings: Callable[..., Settings]) -> None:
    new = "the secret that replaces the first one"
    both = settings(secrets={"jwt_secret": new, "jwt_secret_previous": JWT_SECRET})
    async with client_of(create_app(both)) as client:
        for secret in (new, JWT_SECRET):
            assert (await client.get("/api/v1/log", headers=bearer(token(secret)))).status_code == 200
    async with client_of(create_app(settings(secrets={"jwt_secret": new}))) as client:
        problem(await client.get("/api/v1/log", headers=bearer(token(JWT_SECRET))), "unauthenticated", 401)


async def test_public_keys_come_from_a_file_that_may_change(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    old, new = (OKPKey.generate_key("Ed25519", {"kid": name, "alg": "Ed25519"}) for name in ("old", "new"))
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(KeySet([old]).as_dict(private=False)))

    def signed(key: OKPKey) -> dict[str, str]:
        claims = {"iss": "zkp-ledger", "aud": "zkp-ledger", "sub": "service", "exp": int(time.time()) + 60,
                  "roles": {"default": ["reader"]}}  # fmt: skip
        header = {"alg": "Ed25519", "kid": str(key.kid)}
        return bearer(jwt.encode(header, claims, key, algorithms=["Ed25519"]))

    async with client_of(create_app(settings(security={"jwt_keys_file": file}))) as client:
        assert (await client.get("/api/v1/log", headers=signed(old))).status_code == 200
        problem(await client.get("/api/v1/log", headers=signed(new)), "unauthenticated", 401)
        file.write_text(json.dumps(KeySet([new]).as_dict(private=False)) + "\n")
        assert (await client.get("/api/v1/log", headers=signed(new))).status_code == 200
        problem(await client.get("/api/v1/log", headers=signed(old)), "unauthenticated", 401)
        # The public key taken for a shared secret: the oldest forgery of JWTs.
        public = new.as_pem(private=False)
        header = {"alg": "HS256", "kid": "new"}
        claims = {"iss": "zkp-ledger", "aud": "zkp-ledger", "sub": "eve", "exp": int(time.time()) + 60}
        forged = jwt.encode(header, claims, OctKey.import_key(public.hex()))
        problem(await client.get("/api/v1/log", headers=bearer(forged)), "unauthenticated", 401)


async def test_an_api_key_works_until_it_is_revoked(app: FastAPI) -> None:
    async with client_of(app) as client:
        made = await client.post("/api/v1/keys", json={"label": "ci", "roles": ["reader"]})
        assert made.status_code == 201
        text, key_id = made.json()["key"], made.json()["record"]["id"]
        assert (await client.get("/api/v1/log", headers=bearer(text))).status_code == 200
        problem(await client.get("/api/v1/keys", headers=bearer(text)), "forbidden", 403)
        assert text not in (await client.get("/api/v1/keys")).text
        assert (await client.delete(f"/api/v1/keys/{key_id}")).status_code == 204
        problem(await client.get("/api/v1/log", headers=bearer(text)), "unauthenticated", 401)
        problem(await client.delete(f"/api/v1/keys/{key_id}"), "not-found", 404)
        expired = {"label": "old", "roles": ["reader"], "expires": "2020-01-01T00:00:00Z"}
        text = (await client.post("/api/v1/keys", json=expired)).json()["key"]
        problem(await client.get("/api/v1/log", headers=bearer(text)), "unauthenticated", 401)
    stored = app.state.node.settings.server.data_folder / "node.sqlite"
    assert text.rpartition("_")[2].encode() not in stored.read_bytes()


async def test_guessing_is_limited_by_address(settings: Callable[..., Settings]) -> None:
    app = create_app(settings(security={"rate_limit_requests_per_minute": 5}))
    async with client_of(app) as client:
        codes = [(await client.get("/api/v1/log", headers=bearer("guess"))).status_code for _ in range(7)]
        assert codes == [401] * 5 + [429] * 2
        assert (await client.get("/api/v1/log")).status_code == 200


async def test_reading_can_be_opened_to_everybody(settings: Callable[..., Settings]) -> None:
    app = create_app(settings(security={"public_reads": True}))
    async with client_of(app) as client:
        own = dict(client.headers)
        del client.headers["authorization"]
        answer = await client.get("/api/v1/checkpoint")
        assert answer.status_code == 200
        assert answer.headers["cache-control"].startswith("public")
        problem(await client.get("/api/v1/keys"), "unauthenticated", 401)
        problem(await client.get("/api/v1/log", headers=bearer("guess")), "unauthenticated", 401)
        answer = await client.get("/api/v1/checkpoint", headers={"Authorization": own["authorization"]})
        assert answer.headers["cache-control"].startswith("private")


async def test_the_audit_log_tells_and_shows_changes(app: FastAPI) -> None:
    body = body_of(DatasetEntry(record=make_record()))
    async with client_of(app) as client:
        await client.post("/api/v1/entries", json=body)
        await client.get("/api/v1/log", headers=bearer("zkp_guess"))
        await client.get("/api/v1/keys", headers=bearer(token(roles={"default": ["reader"]})))
        events = (await client.get("/api/v1/audit")).json()["events"]
        actions = [each["event"]["action"] for each in events]
        assert actions == ["node started", "entry appended", "authentication refused", "role missing"]
        state = app.state.node.state
        assert state.check_audit() == 4
        with state._database.writing() as connection:
            connection.execute(
                "UPDATE audit SET event = replace(event, 'refused', 'granted') WHERE number = 2"
            )
        with pytest.raises(Exception, match="changed at event 2"):
            state.check_audit()


async def test_metrics_and_cluster_status(app: FastAPI) -> None:
    async with client_of(app) as client:
        await client.post("/api/v1/entries", json=body_of(DatasetEntry(record=make_record())))
        text = (await client.get("/metrics")).text
        route = 'route="/api/v1/entries"'
        assert f'zkp_http_requests_total{{method="POST",{route},status="201"}} 1.0' in text
        assert "zkp_log_size 1.0" in text
        status = (await client.get("/api/cluster/status")).json()
        assert (status["leader"], status["term"], status["replication_lag_bytes"]) == ("node-1", 1, 0)
        assert status["checkpoint"]["size"] == 1


def test_a_key_shows_no_secret() -> None:
    record, text = new_api_key("ci", ("reader",), "default")
    assert text.rpartition("_")[2] not in repr(record)
    assert record.digest.hex() not in repr(record)
