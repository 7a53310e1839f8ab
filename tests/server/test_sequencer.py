"""Where the log grows: many entries in one commit, and nothing signed below what was signed before."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI

from tests.server.conftest import RunningNode, body_of, client_of, make_proof, make_record
from tests.server.test_ledger_api import KEY, problem
from tests.server.test_remote import Connect, accept, connect, dataset
from zkp_nb.errors import LedgerInconsistent
from zkp_nb.ledger import DatasetEntry, Ledger

__all__ = ["connect"]  # a fixture

Start = Callable[..., RunningNode]


@pytest.mark.anyio
async def test_entries_that_arrive_together_share_a_commit(app: FastAPI) -> None:
    node = app.state.node
    parent, child = make_record("loans"), make_record("adults")
    async with client_of(app) as client:
        for record in (parent, child):
            await client.post("/api/v1/entries", json=body_of(DatasetEntry(record=record)))
        bodies = [body_of(DatasetEntry(record=make_record(f"d{place}"))) for place in range(40)]
        bodies += [body_of(make_proof(parent, child), verification_key=KEY), bodies[0], bodies[0]]
        bodies.append(body_of(make_proof(parent, child, proof="QkFE"), verification_key=KEY))
        with node.store.writing():  # the first commit waits for this one, and all others gather behind it
            tasks = [asyncio.create_task(client.post("/api/v1/entries", json=body)) for body in bodies]
            while node.in_flight < len(bodies) - 1 or not tasks[-1].done():
                await asyncio.sleep(0.01)
        answers = [await task for task in tasks]
    problem(answers[-1], "proof-rejected", 422)
    accepted = [answer.json() for answer in answers[:-1]]
    assert {each["index"] for each in accepted} == set(range(2, 43))
    assert accepted[40]["new"]
    assert len({accepted[place]["index"] for place in (0, 41, 42)}) == 1
    with Ledger.open(node.settings.server.data_folder / "ledger.sqlite") as ledger:
        report = ledger.check()
        assert report.size == 43
        with ledger._store.reading() as reader:
            sizes = [size for size, _ in reader.checkpoints()]
    assert sizes[:3] == [0, 1, 2]
    assert sizes[-1] == 43
    assert len(sizes) < 20  # and not 44: most were waiting while the store was busy


def copy(source: Path, target: Path) -> None:
    """SQLite's own backup, which may be taken from, and put back into, a database in use."""
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()


@pytest.mark.parametrize("running_on", [True, False], ids=["while it runs", "while it is stopped"])
def test_a_log_put_back_from_an_older_copy(
    running: Start, connect: Connect, tmp_path: Path, running_on: bool
) -> None:
    node = running().wait()
    log, older = node.folder / "data" / "ledger.sqlite", tmp_path / "older.sqlite"
    remote = connect(node.url)
    remote.append(dataset("loans"), verifier=accept)
    copy(log, older)
    remote.append(dataset("adults"), verifier=accept)
    if not running_on:
        node.stop()
    copy(older, log)
    if not running_on:
        node.start().wait()
    with pytest.raises(LedgerInconsistent, match="had 2 entries and now shows 1") as caught:
        remote.receipt(0)
    assert len(caught.value.evidence) == 2
    # The node itself signs nothing on top of it, not even for those who remember nothing.
    with node.client() as client:
        body = body_of(DatasetEntry(record=make_record("another second")))
        problem(client.post("/api/v1/entries", json=body), "log-inconsistent", 500)
        problem(client.get("/health/ready"), "unavailable", 503)
        assert client.get("/health").status_code == 200
        assert client.get("/api/v1/log").json()["size"] == 1
    assert node.stop() == 0
    with Ledger.open(log) as ledger:
        assert ledger.size == 1
