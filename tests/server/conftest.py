"""Nodes to test with: in this process over ASGI, or a real one in a process of its own."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import OctKey

from zkp_nb.errors import ProofRejected
from zkp_nb.ledger import ColumnRecord, DatasetEntry, DatasetRecord, ProofEntry
from zkp_nb.server import Settings, create_app
from zkp_nb.server.auth import ROLES, key_name, new_api_key
from zkp_nb.srs import srs_id_of

JWT_SECRET = "a shared secret for tests, long enough"
VERIFICATION_KEY = b"a verification key"
PROOF = "R09PRA=="
"""What the tests' verifier takes for a proof: "GOOD" in base64."""


def make_record(name: str = "loans", **changes: Any) -> DatasetRecord:
    """A record of one column under the tests' set-up."""
    fields: dict[str, Any] = {
        "name": name,
        "n_rows": 1000,
        "depth": 4,
        "srs_id": srs_id_of(VERIFICATION_KEY),
        "columns": (
            ColumnRecord(
                name="income", type={"kind": "int", "bits": 64}, nullable=False,
                commitments={"value": "ab" * 32},
            ),
        ),
        "created": "2026-11-23T20:00:00Z",
    }  # fmt: skip
    return DatasetRecord(**(fields | changes))


def make_proof(parent: DatasetRecord, child: DatasetRecord, proof: str = PROOF) -> ProofEntry:
    """A proof entry that derives `child` from `parent`."""
    statement: dict[str, Any] = {
        "version": 1, "kind": "filter", "inputs": [parent.id], "outputs": [child.id], "witnesses": [],
        "parameters": {}, "results": {},
    }  # fmt: skip
    return ProofEntry(statement=statement, proofs=(proof,), prover="test")


def check_proof(
    entry: ProofEntry, records: Mapping[str, DatasetRecord], verification_key: bytes, context: str
) -> None:
    """A verifier for tests about the server: a proof is good if it says so."""
    assert set(records) == {each for ids in entry.named().values() for each in ids}
    assert verification_key == VERIFICATION_KEY
    assert context.startswith("zkp-nb.local/")
    if entry.proofs != (PROOF,):
        raise ProofRejected("The final pairing check fails.")


def body_of(entry: DatasetEntry | ProofEntry, **more: Any) -> dict[str, Any]:
    """A submission."""
    return {"entry": entry.model_dump(mode="json"), **more}


def token(secret: str = JWT_SECRET, *, algorithm: str = "HS256", kid: str | None = None, **claims: Any) -> str:
    """A JWT as an issuer would make it; claims given as None are left out."""
    now = int(time.time())
    content = {
        "iss": "zkp-ledger", "aud": "zkp-ledger", "sub": "alice", "iat": now, "exp": now + 300,
        "roles": {"default": list(ROLES)},
    } | claims  # fmt: skip
    header = {"alg": algorithm, "kid": kid or key_name(secret)}
    return jwt.encode(header, {k: v for k, v in content.items() if v is not None}, OctKey.import_key(secret))


def bearer(text: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("ZKP_") or name in ("JWT_SECRET", "DB_PASSWORD", "GRAFANA_ADMIN_PASSWORD"):
            monkeypatch.delenv(name)


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of a node in this test's folder; sections are overlaid."""

    def make(**sections: dict[str, Any]) -> Settings:
        given: dict[str, dict[str, Any]] = {
            "server": {"data_folder": tmp_path / "node"},
            "monitoring": {"prometheus_port": 0},
            "secrets": {"jwt_secret": JWT_SECRET},
            "performance": {"max_worker_threads": 2},
        }
        for name, section in sections.items():
            given[name] = given.get(name, {}) | section
        return Settings(**given)

    return make


@asynccontextmanager
async def client_of(app: FastAPI, roles: tuple[str, ...] | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a running application, with an API key that has these roles (all, where None)."""
    node = app.state.node
    record, text = new_api_key("test", tuple(ROLES if roles is None else roles), "default")
    node.state.add_key(record)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://node", headers=bearer(text)) as client,
    ):
        yield client


@pytest.fixture
def app(settings: Callable[..., Settings]) -> Iterator[FastAPI]:
    """An application that is not started yet."""
    yield create_app(settings(), verify=check_proof)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
