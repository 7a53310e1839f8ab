"""The tutorials, unchanged, against a server with the remote prover; it is killed in the middle of a proof."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.conftest import RunningNode, token
from tests.server.work import left_behind
from zkp_nb.ledger import Ledger, ProofEntry

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.mark.parametrize("notebook", ["01-first-proof", "02-tracking"])
def test_a_tutorial_survives_the_death_of_its_server(
    running: Callable[..., RunningNode], tmp_path: Path, notebook: str
) -> None:
    gate = tmp_path / "gate"
    node = running("", gate=gate).wait()
    environment = os.environ | {
        "ZKP_NB_SERVER": node.url,
        "ZKP_NB_TOKEN": token(exp=int(time.time()) + 3600),
        "ZKP_NB_PROVER": "remote",
        "ZKP_NB_PROJECT": str(tmp_path / "project"),
        "ZKP_NB_DATA": str(tmp_path / "data"),
    }
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider"]
    with subprocess.Popen(
        [*command, str(NOTEBOOKS / f"{notebook}.ipynb")],
        env=environment,
        cwd=NOTEBOOKS.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        try:
            _wait_for_a_proof(node, gate, run)
            node.stop(signal.SIGKILL)
            gate.touch()
            node.start().wait()
            output, _ = run.communicate(timeout=600)
        finally:
            run.kill()
    assert run.returncode == 0, output
    ledger = Ledger.open(node.folder / "data" / "ledger.sqlite")
    assert any(isinstance(each.entry, ProofEntry) for each in ledger.entries(0, 50))
    ledger.close()
    assert left_behind(node.folder / "data") == []


def _wait_for_a_proof(node: RunningNode, gate: Path, run: subprocess.Popen[str]) -> None:
    """Until a proof is being made; what comes before it is let through."""
    with node.client() as client:
        while run.poll() is None:
            jobs = client.get("/api/v1/jobs").json()["jobs"]
            kinds = {job["task"] for job in jobs if job["state"] == "running"}
            if "prove" in kinds:
                return
            if kinds:
                gate.touch()
            else:
                gate.unlink(missing_ok=True)
            time.sleep(0.05)
    raise AssertionError(run.communicate()[0])
