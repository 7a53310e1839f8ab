"""How many entries a second the log takes: alone in this process, and through a node over HTTP.

    python benchmarks/appends.py

The difference between one and many in a commit is the disk's time to make a commit durable; the difference
between the log and the node is HTTP, JSON and authentication. Dataset records only: verifying a proof takes
milliseconds more (`zkp bench`).
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from zkp_nb.ledger import ColumnRecord, DatasetEntry, DatasetRecord, Ledger
from zkp_nb.ledger.records import canonical_json

BATCHES = (1, 16, 256, 1024)
CLIENTS = (1, 16, 128)
SECONDS = 5.0


def entry(place: int) -> DatasetEntry:
    """A record of one column; `place` makes it one of its kind."""
    column = ColumnRecord(
        name="income",
        type={"kind": "int", "bits": 64},
        nullable=False,
        commitments={"value": f"{place:064x}"},
    )
    record = DatasetRecord(
        name="loans",
        n_rows=1000,
        depth=4,
        srs_id="ab" * 32,
        columns=(column,),
        created="2026-11-24T09:00:00Z",
    )
    return DatasetEntry(record=record)


def alone(folder: Path, batch: int) -> float:
    """Leaves a second of the log alone, so many in one commit."""
    with Ledger.open(folder / f"log-{batch}.sqlite") as ledger:
        added, started = 0, time.perf_counter()
        while time.perf_counter() - started < SECONDS:
            ledger.extend([entry(added + place) for place in range(batch)], verifier=lambda *_: None)
            added += batch
        return added / (time.perf_counter() - started)


async def over_http(url: str, key: str, clients: int, first: int) -> tuple[float, float]:
    """Leaves a second through a node, and the 99th percentile of the time for one, in seconds."""
    times: list[float] = []
    limits = httpx.Limits(max_connections=clients)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    async with httpx.AsyncClient(base_url=url, headers=headers, limits=limits, timeout=60) as client:
        started = time.perf_counter()

        async def work(own: int) -> None:
            place = own
            while (begun := time.perf_counter()) - started < SECONDS:
                body = canonical_json({"entry": entry(first + place).model_dump(mode="json")})
                answer = await client.post("/api/v1/entries", content=body)
                assert answer.status_code == 201, answer.text
                times.append(time.perf_counter() - begun)
                place += clients

        await asyncio.gather(*(work(own) for own in range(clients)))
        taken = time.perf_counter() - started
    return len(times) / taken, sorted(times)[int(len(times) * 0.99)]


def main() -> None:
    """Print both tables."""
    with tempfile.TemporaryDirectory(prefix="zkp-appends-") as name:
        folder = Path(name)
        print("| leaves in one commit | leaves a second |\n|---:|---:|")
        for batch in BATCHES:
            print(f"| {batch:,} | {alone(folder, batch):,.0f} |")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = os.environ | {
            "ZKP_LEDGER_BIND_ADDRESS": f"127.0.0.1:{port}", "ZKP_LEDGER_PROMETHEUS_PORT": "0",
            "ZKP_LEDGER_SERVER__DATA_FOLDER": str(folder / "node"), "JWT_SECRET": secrets.token_urlsafe(32),
            "ZKP_LEDGER_SECURITY__RATE_LIMIT_REQUESTS_PER_MINUTE": "100000000",
            "ZKP_LEDGER_MONITORING__LOG_LEVEL": "warning",
        }  # fmt: skip
        zkp = [sys.executable, "-m", "zkp_nb.cli"]
        key = subprocess.run(
            [*zkp, "keys", "create", "bench", "--role", "submitter"],
            env=environment, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        node = subprocess.Popen([*zkp, "serve"], env=environment)
        try:
            url = f"http://127.0.0.1:{port}"
            while True:
                try:
                    httpx.get(f"{url}/health")
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            print("\n| clients at once | leaves a second | 99th percentile |\n|---:|---:|---:|")
            for place, clients in enumerate(CLIENTS):
                rate, slow = asyncio.run(over_http(url, key, clients, (place + 1) << 32))
                print(f"| {clients} | {rate:,.0f} | {slow * 1000:,.0f} ms |")
        finally:
            node.terminate()
            node.wait()


if __name__ == "__main__":
    main()
