"""The bar in a real kernel: what a notebook's front end receives."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

WORK = """
import time
from zkp_nb.progress import progress_bar
with progress_bar(quiet={quiet}) as progress:
    for done in range(40):
        if progress:
            progress("prove", done, 40)
        time.sleep({pause})
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[BlockingKernelClient]:
    environment = {name: value for name, value in os.environ.items() if name != "ZKP_NB_QUIET"}
    manager, client = start_new_kernel(kernel_name="python3", env=environment)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def _displayed(kernel: BlockingKernelClient, code: str) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    reply = kernel.execute_interactive(code, output_hook=messages.append, timeout=60)
    assert reply["content"]["status"] == "ok", reply["content"]
    return [message for message in messages if message["msg_type"] in ("display_data", "update_display_data")]


@pytest.mark.filterwarnings("default")
def test_long_work_shows_one_bar_that_leaves_nothing_behind(kernel: BlockingKernelClient) -> None:
    first, *updates = _displayed(kernel, WORK.format(quiet=False, pause=0.03))
    assert first["msg_type"] == "display_data"
    assert {update["msg_type"] for update in updates} == {"update_display_data"}
    html = [update["content"]["data"]["text/html"] for update in updates]
    assert all("<progress" in each and "prove" in each for each in html[:-1])
    assert any("left" in each for each in html)
    assert html[-1] == ""
    assert all(set(message["content"]["data"]) == {"text/html"} for message in (first, *updates))


@pytest.mark.filterwarnings("default")
def test_short_and_quiet_work_show_nothing(kernel: BlockingKernelClient) -> None:
    assert _displayed(kernel, WORK.format(quiet=False, pause=0)) == []
    assert _displayed(kernel, WORK.format(quiet=True, pause=0.03)) == []
