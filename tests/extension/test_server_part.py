"""The part in the Jupyter server: who may ask, and what it says."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.extension.conftest import TOKEN, Jupyter
from tests.extension.receipts import write_receipts

WITH_TOKEN = {"Authorization": f"token {TOKEN}"}


@pytest.fixture(scope="module")
def receipt(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder: Path = tmp_path_factory.mktemp("receipts")
    write_receipts(folder)
    return (folder / "mean.zkp").read_bytes()


def ask(jupyter: Jupyter, body: bytes, headers: dict[str, str]) -> httpx.Response:
    return httpx.post(f"{jupyter.url}/zkp/verify", content=body, headers=headers, timeout=30)


def test_strangers_may_not_ask(jupyter: Jupyter, receipt: bytes) -> None:
    assert ask(jupyter, receipt, {}).status_code == 403


def test_another_page_may_not_ask_in_the_users_name(jupyter: Jupyter, receipt: bytes) -> None:
    with httpx.Client(base_url=jupyter.url, timeout=30) as session:
        session.get(f"/login?token={TOKEN}", follow_redirects=True)
        forged = session.post("/zkp/verify", content=receipt)
        assert forged.status_code == 403
        xsrf = session.cookies.get("_xsrf")
        assert xsrf is not None
        asked = session.post("/zkp/verify", content=receipt, headers={"X-XSRFToken": xsrf})
    assert asked.status_code == 200


def test_the_verdict_says_who_checked(jupyter: Jupyter, receipt: bytes) -> None:
    view = ask(jupyter, receipt, WITH_TOKEN).json()
    assert view["ok"] is True
    assert view["status"] == "proven"
    assert "in this Jupyter server, compiled verifier, offline" in view["checked_by"]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[" * 100_000, b"\xff" * 10, b"x" * (4 * 1024 * 1024 + 1)], ids=len
)
def test_whatever_is_sent_is_refused_with_a_sentence(jupyter: Jupyter, body: bytes) -> None:
    answer = ask(jupyter, body, WITH_TOKEN)
    assert answer.status_code == 200
    view = answer.json()
    assert view["ok"] is False
    assert view["status"] == "refused"
    assert view["sentence"]
    assert set(view) == {"ok", "status", "shape", "sentence", "checked_by", "checks", "trust"}
    assert view["trust"] == []


def test_no_data_is_in_the_servers_log(jupyter: Jupyter, receipt: bytes) -> None:
    before = len(jupyter.log.read_text())
    ask(jupyter, receipt, WITH_TOKEN)
    ask(jupyter, receipt[:-9], WITH_TOKEN)
    ask(jupyter, receipt, {})
    log = jupyter.log.read_text()[before:]
    assert "zkp/verify" in log  # the stranger's question
    assert "Traceback" not in log
    assert "income" not in log
