"""Nodes to test with: in this process over ASGI, or a real one in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
import uvicorn
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import OctKey

from tests.server.work import Gate
from zkp_nb.errors import ProofRejected
from zkp_nb.ledger import ColumnRecord, DatasetEntry, DatasetRecord, ProofEntry
from zkp_nb.server import Settings, create_app
from zkp_nb.server.auth import ROLES, key_name, new_api_key
from zkp_nb.server.settings import NAMED
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


def token(
    secret: str = JWT_SECRET, *, algorithm: str = "HS256", kid: str | None = None, **claims: Any
) -> str:
    """A JWT as an issuer would make it; claims given as None are left out."""
    now = int(time.time())
    content = {
        "iss": "zkp-ledger", "aud": "zkp-ledger", "sub": "alice", "iat": now, "exp": now + 300,
        "roles": {"default": list(ROLES)},
    } | claims  # fmt: skip
    header = {"alg": algorithm, "kid": kid or key_name(secret)}
    kept = {name: claim for name, claim in content.items() if claim is not None}
    return jwt.encode(header, kept, OctKey.import_key(secret), [algorithm])


def bearer(text: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("ZKP_LEDGER_", "ZKP_CONFIG")) or name in NAMED:
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
def app(settings: Callable[..., Settings]) -> FastAPI:
    """An application that is not started yet."""
    return create_app(settings(), verify=check_proof)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True)
class Tls:
    """Keys of `[security]` that enable TLS, for a settings file, and what a client trusts.

    Attributes:
        settings: lines of TOML.
        authority: certificate of the authority, a PEM file.
    """

    settings: str
    authority: Path

    def context(self) -> ssl.SSLContext:
        """A client's."""
        return ssl.create_default_context(cafile=self.authority)


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """A certificate for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    key, chain, trusted = (folder / name for name in ("node.key", "node.crt", "authority.crt"))
    certificate.private_key_pem.write_to_path(str(key))
    certificate.cert_chain_pems[0].write_to_path(str(chain))
    authority.cert_pem.write_to_path(str(trusted))
    lines = f'enable_tls = true\ntls_private_key = "{key}"\ntls_certificate = "{chain}"\n'
    return Tls(lines, trusted)


class RunningNode:
    """A node in a process of its own, with the files in `folder`.

    Args:
        folder: data, settings and log of the node; a node started again goes on with them.
        settings: TOML that goes into the settings file.
        scheme: "https" where the settings enable TLS.
        data: data folder, where it is another node's.
        address: whether the environment names a free address to listen on.
        gate: file for which jobs wait; see `program.py`.
    """

    def __init__(
        self,
        folder: Path,
        settings: str,
        scheme: str = "http",
        data: Path | None = None,
        address: bool = True,
        gate: Path | None = None,
    ) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.log = folder / "stderr.log"
        self._file = folder / "settings.toml"
        self._file.write_text(settings)
        self._more = [] if gate is None else [str(gate)]
        self._environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]),
            "JWT_SECRET": JWT_SECRET,
            "ZKP_LEDGER_PROMETHEUS_PORT": "0",
            "ZKP_LEDGER_SERVER__DATA_FOLDER": str(data or folder / "data"),
        }
        if address:
            self._environment["ZKP_LEDGER_BIND_ADDRESS"] = f"127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> RunningNode:
        """Start it; it may not be listening yet."""
        program = Path(__file__).with_name("program.py")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(program), str(self._file), *self._more],
                env=self._environment,
                stderr=log,
            )
        return self

    def wait(self) -> RunningNode:
        """Wait until it listens."""
        assert self.process is not None
        for _ in range(600):
            assert self.process.poll() is None, self.log.read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def client(self) -> httpx.Client:
        """A client with all roles."""
        return httpx.Client(base_url=self.url, headers=bearer(token()))

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(30)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., RunningNode]]:
    """Starts real nodes and ends those that are left."""
    nodes: list[RunningNode] = []

    def start(settings: str = "", **more: Any) -> RunningNode:
        folder = tmp_path / f"node-{len(nodes)}"
        folder.mkdir()
        nodes.append(RunningNode(folder, settings, **more))
        return nodes[-1].start()

    yield start
    for node in nodes:
        if node.process is not None and node.process.poll() is None:
            node.process.kill()
            node.process.wait()


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Address of an application that a thread of this process serves: quicker to start than a real node."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    yield f"http://{host}:{port}"
    app.state.node.draining = True
    server.should_exit = True
    thread.join(30)


@pytest.fixture
def served(settings: Callable[..., Settings]) -> Iterator[str]:
    """Address of a node with the tests' verifier."""
    with serving(create_app(settings(), verify=check_proof)) as url:
        yield url


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Lets the jobs of `gated_app` begin."""
    made = Gate()
    yield made
    made.opened.set()


@pytest.fixture
def gated_app(settings: Callable[..., Settings], gate: Gate) -> FastAPI:
    """A node with the real prover, one job at a time, that waits for the gate."""
    one = {"crypto": {"parallel_proving": False, "max_upload_bytes": 1_000_000}}
    return create_app(settings(**one), prover=gate.prover)
