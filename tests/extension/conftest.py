"""A real Jupyter server on loopback, and pages of it in a real browser.

`ZKP_NB_JUPYTER` names the Python of the environment that is tested, such as one into which the built wheel was
installed; by default it is the one that runs the tests. `ZKP_NB_SHOTS` names a folder for screenshots.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.extension.receipts import write_receipts

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PYTHON = os.environ.get("ZKP_NB_JUPYTER", sys.executable)
SHOTS = os.environ.get("ZKP_NB_SHOTS")
TOKEN = "of-the-tests"


@dataclass(frozen=True)
class Jupyter:
    """A running server: its address, and the folder that its file browser shows."""

    url: str
    folder: Path
    log: Path


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """JupyterLab and Notebook from one server, with settings of its own."""
    base = tmp_path_factory.mktemp("jupyter")
    folder, config = base / "work", base / "config"
    folder.mkdir()
    _settings(config, "notification", {"fetchNews": "false", "checkForUpdates": False})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(base / "data"),
        "JUPYTER_RUNTIME_DIR": str(base / "runtime"),
        "IPYTHONDIR": str(base / "ipython"),
    }
    environment.pop("ZKP_NB_PROJECT", None)
    options = [f"--port={port}", "--ServerApp.port_retries=0", "--ip=127.0.0.1", "--no-browser"]
    options += ["--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True"]
    options += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}", "--allow-root"]
    log = base / "server.log"
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [PYTHON, "-m", "jupyter_server", *options],
            cwd=folder,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(server, url, log)
        if httpx.post(f"{url}/zkp/verify").status_code == 404:
            pytest.fail(f"The environment of {PYTHON} lacks the extension: install the package there again.")
        yield Jupyter(url, folder, log)
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _settings(config: Path, name: str, content: dict[str, object]) -> None:
    home = config / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    home.mkdir(parents=True, exist_ok=True)
    (home / f"{name}.jupyterlab-settings").write_text(json.dumps(content))


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        try:
            if httpx.get(f"{url}/api", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(f"The Jupyter server did not start:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def folder(jupyter: Jupyter) -> Path:
    """The server's folder, with the receipts of `write_receipts`."""
    write_receipts(jupyter.folder)
    return jupyter.folder


@pytest.fixture
def page(request: pytest.FixtureRequest, browser: Browser, jupyter: Jupyter) -> Iterator[Page]:
    """A page that is logged in; it fails the test if it asks anybody but the server for anything."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 860}, extra_http_headers={"Authorization": f"token {TOKEN}"}
    )
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    elsewhere: list[str] = []
    mistakes: list[str] = []

    def asked(url: str) -> None:
        if url.startswith(("http:", "https:")) and not url.startswith(jupyter.url):
            elsewhere.append(url)

    opened.on("request", lambda request: asked(request.url))
    opened.on("pageerror", lambda error: mistakes.append(str(error)))
    opened.goto(f"{jupyter.url}/login?token={TOKEN}")
    failed = request.session.testsfailed
    yield opened
    if SHOTS and request.session.testsfailed > failed:
        opened.screenshot(path=Path(SHOTS) / f"failed-{request.node.name}.png")
    context.close()
    assert elsewhere == []
    assert [each for each in mistakes if "zkp" in each] == []


@pytest.fixture
def dark(page: Page) -> Iterator[Callable[[], None]]:
    """Changes to the dark theme, as the menu does; and back after the test."""

    def change() -> None:
        page.evaluate("jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
        page.locator("body[data-jp-theme-light='false']").wait_for(state="attached")
        page.locator("#jupyterlab-splash").wait_for(state="detached")

    yield change
    page.evaluate("jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Light' })")


@pytest.fixture
def shot(page: Page) -> Callable[[str], None]:
    """Takes a screenshot where a folder for them is named."""

    def take(name: str) -> None:
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}.png")

    return take


def chosen_in_palette(page: Page, command: str) -> None:
    """Runs a command by its name, with the keyboard, through the command palette."""
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    page.keyboard.press("Control+Shift+C")
    page.wait_for_function("document.activeElement.closest('.lm-CommandPalette') !== null")
    page.keyboard.type(command)
    page.locator(".lm-CommandPalette-item.lm-mod-active", has_text=command).wait_for()
    page.keyboard.press("Enter")
