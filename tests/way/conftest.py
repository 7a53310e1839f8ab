"""The whole way on either ledger: in the project's folder and this process, or on a server that also proves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.conftest import JWT_SECRET, serving, token
from zkp_nb.project import Project
from zkp_nb.server import Settings, create_app


@pytest.fixture(params=["embedded", "server"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    """A new project in a folder of its own, on either ledger."""
    folder = tmp_path / "project"
    if request.param == "embedded":
        opened = Project(folder)
        yield opened
        opened.close()
        return
    sections = {
        "server": {"data_folder": tmp_path / "node"},
        "monitoring": {"prometheus_port": 0},
        "secrets": {"jwt_secret": JWT_SECRET},
    }
    settings = Settings(**sections)  # type: ignore[arg-type]  # sections from plain dictionaries
    with serving(create_app(settings)) as url:
        opened = Project.connect(url, token(), prover="remote", folder=folder, tell=lambda _: None)
        yield opened
        opened.close()
