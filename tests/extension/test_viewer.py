"""`.zkp` files as pages, in JupyterLab and in Notebook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.extension.conftest import Jupyter
from tests.extension.receipts import with_another_income

if TYPE_CHECKING:
    from playwright.sync_api import Page

Shot = Callable[[str], None]


def test_a_receipt_opens_with_a_double_click(page: Page, jupyter: Jupyter, folder: Path, shot: Shot) -> None:
    page.goto(f"{jupyter.url}/lab/workspaces/click?reset")
    page.get_by_role("listitem", name="mean.zkp").dblclick()
    viewer = page.locator(".zkp-page")
    viewer.locator(".zkp-proven").wait_for()
    text = viewer.inner_text()
    assert "The mean of income in `adults` is about" in text
    assert "Every value of age in `adults`" in text
    assert "in this Jupyter server, compiled verifier, offline" in text
    assert "whoever made it could forge this" in text
    assert "The log is one that you know." in text
    assert "verified, " in text
    shot("viewer-proven")


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("loans.zkp", "committed", "Nothing is said about its content"),
        ("asserted.zkp", "asserted", "Nothing about it is proven"),
        ("adults.zkp", "proven", "exactly the rows of `loans` with age >= 18"),
    ],
)
def test_notebook_opens_receipts_too(
    page: Page, jupyter: Jupyter, folder: Path, shot: Shot, name: str, status: str, words: str
) -> None:
    page.goto(f"{jupyter.url}/edit/{name}")
    page.locator(f".zkp-page .zkp-{status}").wait_for()
    assert words in page.locator(".zkp-page").inner_text()
    shot(f"viewer-notebook-{status}")


@pytest.mark.parametrize("how", ["a byte", "a result and its digest", "not text"])
def test_a_changed_receipt_is_refused_and_nothing_of_it_is_told(
    page: Page, jupyter: Jupyter, folder: Path, shot: Shot, how: str
) -> None:
    receipt = (folder / "mean.zkp").read_bytes()
    forged = {
        "a byte": receipt.replace(b'"count":', b'"count":1', 1),
        "a result and its digest": with_another_income(receipt),
        "not text": b"\xff\xfe" + receipt,
    }[how]
    (folder / "forged.zkp").write_bytes(forged)
    page.goto(f"{jupyter.url}/lab/workspaces/forged/tree/forged.zkp?reset")
    viewer = page.locator(".zkp-page")
    viewer.locator(".zkp-refused").wait_for()
    text = viewer.inner_text()
    assert "proven" not in text.replace("does not prove", "")
    assert "adults" not in text
    assert viewer.locator(".zkp-proven").count() == 0
    assert "fails" in text
    shot(f"viewer-refused-{how.replace(' ', '-')}")


def test_a_receipt_that_is_changed_on_disk_is_refused_when_it_is_read_again(
    page: Page, jupyter: Jupyter, folder: Path
) -> None:
    path = folder / "later.zkp"
    receipt = (folder / "mean.zkp").read_bytes()
    path.write_bytes(receipt)
    page.goto(f"{jupyter.url}/lab/workspaces/later/tree/later.zkp?reset")
    page.locator(".zkp-page .zkp-proven").wait_for()
    path.write_bytes(with_another_income(receipt))
    page.get_by_role("button", name="Read and check again").click()
    page.locator(".zkp-page .zkp-refused").wait_for()
    assert page.locator(".zkp-page .zkp-proven").count() == 0


def test_where_the_server_cannot_check_nothing_is_called_proven(
    page: Page, jupyter: Jupyter, folder: Path, shot: Shot
) -> None:
    page.route("**/zkp/verify*", lambda route: route.fulfill(status=404, body="{}"))
    page.goto(f"{jupyter.url}/lab/workspaces/unchecked/tree/mean.zkp?reset")
    page.locator(".zkp-page .zkp-unchecked", has_text="not checked").wait_for()
    text = page.locator(".zkp-page").inner_text()
    assert "does not have zkp-nb installed" in text
    assert "proven" not in text
    shot("viewer-unchecked")


def test_a_page_is_read_with_the_keyboard_alone_and_in_the_dark(
    page: Page, jupyter: Jupyter, folder: Path, shot: Shot, dark: Callable[[], None]
) -> None:
    page.goto(f"{jupyter.url}/lab/workspaces/keys?reset")
    page.locator("#jp-main-content-panel").wait_for()
    dark()
    page.evaluate("jupyterapp.commands.execute('docmanager:open', { path: 'mean.zkp' })")
    page.locator(".zkp-page .zkp-proven").wait_for()
    page.wait_for_function("document.activeElement.closest('.zkp-page') !== null")
    shot("viewer-dark")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Read and check again"
    page.evaluate("window.before = document.querySelector('.zkp-page .zkp-card')")
    page.keyboard.press("Enter")
    page.wait_for_function("!window.before.isConnected")
    page.locator(".zkp-page .zkp-proven").wait_for()


def test_an_open_page_is_there_again_after_a_reload(page: Page, jupyter: Jupyter, folder: Path) -> None:
    page.goto(f"{jupyter.url}/lab/workspaces/again/tree/adults.zkp?reset")
    page.locator(".zkp-page .zkp-proven").wait_for()
    page.wait_for_timeout(1500)  # JupyterLab saves its layout a second after it changed
    page.goto(f"{jupyter.url}/lab/workspaces/again")
    page.locator(".zkp-page .zkp-proven").wait_for()
