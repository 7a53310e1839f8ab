"""A real node over TLS on the loopback interface: what it refuses, and what it does not write down."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from tests.server.conftest import RunningNode, Tls, bearer, body_of, make_record, token
from tests.server.test_access import unsigned
from tests.server.test_ledger_api import problem
from tests.server.work import commit_request, loans, task_of
from zkp_nb.errors import StatementFalse
from zkp_nb.ledger import DatasetEntry
from zkp_nb.proving import CommittedTable, Task
from zkp_nb.proving.remote import RemoteProver
from zkp_nb.statements import claims
from zkp_nb.table import from_frame

JSON = {"Content-Type": "application/json"}
SETTINGS = """
    [server]
    request_timeout_seconds = 2
    [monitoring]
    log_level = "debug"
    [security]
    """

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture
def node(running: Callable[..., RunningNode], tls: Tls, tmp_path: Path) -> RunningNode:
    """A node with the real prover and verifier, as talkative as it can be."""
    gate = tmp_path / "gate"
    gate.touch()
    return running(SETTINGS + tls.settings, scheme="https", gate=gate).wait()


@pytest.fixture
def client(node: RunningNode, tls: Tls) -> Iterator[httpx.Client]:
    """A client with all roles."""
    with httpx.Client(base_url=node.url, headers=bearer(token()), verify=tls.context()) as client:
        yield client


def test_callers_who_may_not(client: httpx.Client) -> None:
    assert client.get("/api/v1/log").status_code == 200
    for text in (token(exp=int(time.time()) - 60), unsigned(), token(aud="another"), "x.y.z"):
        problem(client.get("/api/v1/log", headers=bearer(text)), "unauthenticated", 401)
    reader = bearer(token(roles={"default": ["reader"]}))
    body = body_of(DatasetEntry(record=make_record()))
    problem(client.post("/api/v1/entries", json=body, headers=reader), "forbidden", 403)
    problem(client.post("/api/v1/jobs", json={}, headers=reader), "forbidden", 403)


def test_the_1001st_request_of_a_minute(client: httpx.Client) -> None:
    mine, other = bearer(token(sub="a")), bearer(token(sub="b"))
    for _ in range(1000):
        assert client.get("/api/v1/log", headers=mine).status_code == 200
    for _ in range(2):
        answer = client.get("/api/v1/log", headers=mine)
        problem(answer, "rate-limited", 429)
        assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert client.get("/api/v1/log", headers=other).status_code == 200
    assert client.get("/health", headers=mine).status_code == 200
    events = client.get("/api/v1/audit").json()["events"]
    # Once in a minute for each caller: a flood of requests is no flood of events.
    assert [each["event"]["action"] for each in events].count("quota used up") == 1


def test_a_huge_body(client: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b" " * 65_536

    problem(client.post("/api/v1/entries", content=b" " * 5_000_000, headers=JSON), "too-large", 413)
    problem(client.post("/api/v1/entries", content=endless(), headers=JSON), "too-large", 413)
    assert client.get("/api/v1/log").json()["size"] == 0


def test_a_damaged_upload(client: httpx.Client) -> None:
    request, data = commit_request(loans())
    path = client.post("/api/v1/jobs", json=request).headers["location"] + "/uploads/0"
    headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    damaged = data[:-1] + bytes([data[-1] ^ 1])
    digest = base64.b64encode(bytes(32)).decode()
    piece = client.patch(path, content=data, headers=headers | {"Upload-Checksum": f"sha256 {digest}"})
    problem(piece, "checksum-mismatch", 460)
    problem(client.patch(path, content=damaged, headers=headers), "checksum-mismatch", 460)
    assert client.head(path).headers["upload-offset"] == "0"


def raw(node: RunningNode, tls: Tls, *pieces: bytes) -> httpx.Response:
    """What the node answers to these bytes, sent with pauses."""
    with (
        socket.create_connection(("127.0.0.1", node.port)) as plain,
        tls.context().wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        connection.settimeout(20)
        received = b""
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.3)
        while True:
            try:
                data = connection.recv(65_536)
            except (ssl.SSLError, ConnectionError):
                break
            if not data:
                break
            received += data
    head, _, content = received.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    fields = [tuple(line.split(": ", 1)) for line in lines[1:]]
    return httpx.Response(int(lines[0].split()[1]), headers=fields, content=content)  # type: ignore[arg-type]


def test_slow_clients(node: RunningNode, tls: Tls, client: httpx.Client) -> None:
    headers = f"POST /api/v1/entries HTTP/1.1\r\nHost: node\r\nAuthorization: Bearer {token()}\r\n"
    complete = headers + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    for request in (headers.encode(), complete.encode() + b"{"):
        started = time.monotonic()
        problem(raw(node, tls, request), "timeout", 408)
        assert time.monotonic() - started > 1.5
    # A second request on a connection that has served one is watched as well.
    first = b"GET /health HTTP/1.1\r\nHost: node\r\n\r\n"
    answers = raw(node, tls, first, b"GET /hea").content
    assert answers.count(b"HTTP/1.1 408") == 1
    assert client.get("/health").status_code == 200


def test_what_is_not_http(node: RunningNode, tls: Tls) -> None:
    problem(raw(node, tls, b"HELO ledger\r\n\r\n"), "malformed", 400)
    problem(raw(node, tls, b"GET /health HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 70_000), "malformed", 400)


def test_no_data_in_the_log(node: RunningNode, tls: Tls, client: httpx.Client) -> None:
    """Values are planted wherever a caller can put some; whatever happens, none is written down."""
    planted = {
        "cell": "Planted-Cell",
        "number": 73_019_845,
        "column": "planted_column",
        "name": "planted_name",
    }
    frame = pd.DataFrame(
        {
            planted["column"]: [planted["cell"], "x"] * 25,
            "amount": [planted["number"], 1] * 25,
            "age": range(50),
        }
    )
    text = token(sub="planted-subject")
    prover = RemoteProver(node.url, text, tell=lambda _: None, tls=tls.context())
    ledger = client.get("/api/v1/log").json()["id"]
    task = task_of(
        prover, claims.between("amount", 0, 80_000_000), ledger, table=from_frame(frame), name=planted["name"]
    )
    prover.prove(task)
    (held,) = task.tables.values()
    other = from_frame(frame.assign(amount=frame.amount + 80_000_000))
    with pytest.raises(StatementFalse):
        prover.prove(
            Task(task.statement, ledger, {held.record.id: CommittedTable(held.record, other, held.seed)})
        )
    entry = body_of(DatasetEntry(record=held.record))
    assert client.post("/api/v1/entries", json=entry).status_code == 201
    sent: list[Any] = [
        entry["entry"] | {"planted_key": planted["cell"]},
        entry["entry"] | {"record": entry["entry"]["record"] | {"name": planted["number"]}},
        planted["cell"],
    ]
    for each in sent:
        problem(client.post("/api/v1/entries", json={"entry": each}), "invalid", 422)
    problem(client.post("/api/v1/entries", content=b'{"Planted-Cell', headers=JSON), "malformed", 400)
    client.get("/api/v1/entries", params={"start": planted["cell"]})
    client.get(f"/{planted['cell']}/{planted['column']}")
    client.get("/health", headers={"X-Planted": "Planted-Cell", "User-Agent": "Planted-Cell"})
    client.request("PLANTED", "/api/v1/entries")
    raw(node, tls, b"Planted-Cell\r\n\r\n")
    key = client.post("/api/v1/keys", json={"label": "planted-label", "roles": ["reader"]}).json()["key"]
    client.get("/api/v1/log", headers=bearer(key))
    prover.close()
    assert node.stop() == 0
    log = node.log.read_text()
    assert all(json.loads(line) for line in log.splitlines())
    assert log.count('"job ended"') == 3
    private = [
        *map(str, planted.values()),
        text,
        key,
        held.seed.hex(),
        "planted",
        "PLANTED",
        "amount",
        held.record.id,
    ]
    for each in private:
        assert each.lower() not in log.lower(), each
    # Beside the log of entries, which is public, and the keys' labels nothing of it is on the disk.
    files = [
        path for path in (node.folder / "data").rglob("*") if path.is_file() and path.name != "ledger.sqlite"
    ]
    assert {"node.sqlite", "jobs.sqlite"} <= {path.name for path in files}
    for path in files:
        content = path.read_bytes()
        for each in (planted["cell"], planted["number"], planted["column"], text, key, held.seed.hex()):
            assert str(each).encode() not in content, (path.name, each)
