"""Every test run has folders of its own: no set-up, ledger list or vault of the user is touched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zkp_nb.project import Project

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache and a data folder for the run; a cache that the caller names is kept, as set-ups take time to make."""
    with pytest.MonkeyPatch.context() as patch:
        if "ZKP_NB_CACHE" not in os.environ:
            patch.setenv("ZKP_NB_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("ZKP_NB_DATA", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A new project in a folder of its own."""
    opened = Project(tmp_path / "project")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window; what it opens gets nothing from the network.

    Of one module: as long as it is open, its event loop runs in this thread, and nobody else's can.
    """
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    quiet = ("background-networking", "component-update", "sync", "gpu", "quic")
    with sync_playwright() as driver:
        started = driver.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--no-first-run", *(f"--disable-{each}" for each in quiet)],
        )
        yield started
        started.close()
