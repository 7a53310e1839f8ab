"""A real node in a process of its own: start, TLS, drain, kill."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from tests.server.conftest import RunningNode, Tls, bearer, body_of, make_record, token
from zkp_nb.ledger import DatasetEntry, Ledger
from zkp_nb.server.command import keys

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

Start = Callable[..., RunningNode]


def submit(client: httpx.Client, name: str) -> httpx.Response:
    return client.post("/api/v1/entries", json=body_of(DatasetEntry(record=make_record(name))))


def test_an_acknowledged_entry_survives_kill_9(running: Start) -> None:
    node = running().wait()
    with node.client() as client:
        answer = submit(client, "loans")
        node.stop(signal.SIGKILL)
        node.start().wait()
        found = client.get(answer.headers["location"])
    assert found.json()["entry"]["record"]["name"] == "loans"
    assert node.stop() == 0
    with Ledger.open(node.folder / "data" / "ledger.sqlite") as ledger:
        assert ledger.check().size == 1


def test_sigterm_lets_requests_finish_and_takes_no_new_ones(running: Start) -> None:
    node = running("[server]\ndrain_delay_seconds = 0.5\n").wait()
    body = json.dumps(body_of(DatasetEntry(record=make_record()))).encode()
    head = (
        f"POST /api/v1/entries HTTP/1.1\r\nHost: node\r\nAuthorization: Bearer {token()}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    with socket.create_connection(("127.0.0.1", node.port)) as connection:
        connection.sendall(head + body[:10])
        time.sleep(0.2)
        assert node.process is not None
        node.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        ready = httpx.get(f"{node.url}/health/ready")
        assert (ready.status_code, ready.json()["type"]) == (503, "/problems/unavailable")
        time.sleep(0.8)
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{node.url}/health")
        connection.sendall(body[10:])
        assert connection.recv(65_536).startswith(b"HTTP/1.1 201")
    assert node.process.wait(30) == 0
    assert "Traceback" not in node.log.read_text()


def test_tls_1_3_and_nothing_older(running: Start, tls: Tls) -> None:
    node = running("[security]\n" + tls.settings, scheme="https").wait()
    context = tls.context()
    answer = httpx.get(f"{node.url}/api/v1/log", headers=bearer(token()), verify=context)
    assert answer.status_code == 200
    assert "max-age" in answer.headers["strict-transport-security"]
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(httpx.ConnectError, match=r"(?i)protocol|connection has been closed \(EOF\)"):
        httpx.get(f"{node.url}/health", verify=context)
    assert node.stop() == 0


def test_two_nodes_on_one_log_never_fork(running: Start) -> None:
    first = running().wait()
    second = running(data=first.folder / "data").wait()
    indices: list[int] = []

    def work(node: RunningNode, names: range) -> None:
        with node.client() as client:
            indices.extend(submit(client, f"d{name}").json()["index"] for name in names)

    threads = [
        threading.Thread(target=work, args=each) for each in ((first, range(15)), (second, range(5, 20)))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (first.stop(), second.stop()) == (0, 0)
    assert set(indices) == set(range(20))
    with Ledger.open(first.folder / "data" / "ledger.sqlite") as ledger:
        assert ledger.check().size == 20


def test_a_node_that_cannot_start_says_why(running: Start) -> None:
    node = running().wait()
    for settings, sentence in (
        (f'[server]\nbind_address = "127.0.0.1:{node.port}"\n', "cannot listen on"),
        ("[server]\nbind_adress = 'x'\n", "bind_adress is not known"),
    ):
        other = running(settings, address=False)
        assert other.process is not None
        assert other.process.wait(20) == 1
        assert sentence in other.log.read_text()
        assert "Traceback" not in other.log.read_text()


def test_the_commands_make_list_and_revoke_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKP_LEDGER_SERVER__DATA_FOLDER", str(tmp_path / "data"))

    def zkp(*arguments: str) -> str:
        done = CliRunner().invoke(keys, arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    text = zkp("create", "ci", "--role", "reader", "--role", "submitter").strip()
    key_id = text.split("_")[1]
    assert f"{key_id}  default  reader,submitter  until revoked  ci" in zkp("list")
    zkp("revoke", key_id)
    listed = zkp("list")
    assert "  revoked 20" in listed
    assert text.rpartition("_")[2] not in listed
