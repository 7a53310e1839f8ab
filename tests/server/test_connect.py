"""A project on a server's ledger: the same verbs, proven here or there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pandas as pd
import pytest

from tests.server.conftest import serving, token
from zkp_nb.errors import LedgerError
from zkp_nb.ledger.remote import RemoteLedger
from zkp_nb.project import Project
from zkp_nb.server import Settings, create_app
from zkp_nb.statements import claims


@pytest.mark.parametrize("prover", ["local", "remote"])
def test_the_whole_way(
    settings: Callable[..., Settings], tmp_path: Path, prover: Literal["local", "remote"]
) -> None:
    told: list[str] = []
    with serving(create_app(settings())) as url:
        project = Project.connect(url, token(), prover=prover, folder=tmp_path / "project", tell=told.append)
        people = pd.DataFrame({"age": range(60), "town": ["Ulm", "Bonn", "Kiel"] * 20})
        project.commit(people, "people")
        adults = people[people.age >= 18]
        claim = claims.filter("age >= 18")
        receipt = project.prove(adults, name="adults", parents=[people], hints=[claim])
        again = project.prove(adults, [claim], parents=[people])
        lines = [line.status for line in project.log()]
        project.close()
    assert receipt.sentence == "`adults` is exactly the rows of `people` with age >= 18, in any order."
    assert again.index == receipt.index
    assert lines == ["proven", "committed", "committed"]
    verdict = receipt.verify(verifier="both")
    assert verdict.ok
    assert verdict.log_known
    assert len(told) == (1 if prover == "remote" else 0)


def test_the_environment_connects(
    settings: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    people = pd.DataFrame({"age": range(60)})
    with serving(create_app(settings())) as url:
        for name, value in (("SERVER", url), ("TOKEN", token()), ("PROVER", "remote")):
            monkeypatch.setenv(f"ZKP_NB_{name}", value)
        project = Project.open(tmp_path / "project")
        assert isinstance(project.ledger, RemoteLedger)
        assert project.prove(people, [claims.sum("age")], name="people").verify().ok
        project.close()
        assert f"sent to {url}" in capsys.readouterr().out
        monkeypatch.setenv("ZKP_NB_PROVER", "cloud")
        with pytest.raises(LedgerError, match="no prover 'cloud'"):
            Project.open(tmp_path / "project")
    monkeypatch.setenv("ZKP_NB_PROVER", "local")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing.pem"))
    with pytest.raises(LedgerError, match="SSL_CERT_FILE"):
        Project.open(tmp_path / "project")
