"""Receipts in outputs of a notebook that nobody trusts: what is shown is what the reader's own machine found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

from tests.extension.conftest import Jupyter
from tests.extension.receipts import with_another_income
from zkp_nb.notebook.cards import RECEIPT_TYPE

if TYPE_CHECKING:
    from playwright.sync_api import Page

Shot = Callable[[str], None]
CLAIM = "The mean of income is 1. [proven]"


@pytest.fixture(scope="module")
def received(folder: Path) -> str:
    """A notebook as somebody may send it: three receipts, one of them forged, all said to be proven."""
    mean = (folder / "mean.zkp").read_bytes()
    kinds = (mean, with_another_income(mean), (folder / "loans.zkp").read_bytes())
    cells = [
        nbformat.v4.new_code_cell(
            "receipt",
            outputs=[
                nbformat.v4.new_output(
                    "execute_result",
                    {
                        "text/plain": CLAIM,
                        "text/html": f"<b class=liar>{CLAIM}</b><script>window.liar = true</script>",
                        RECEIPT_TYPE: json.loads(receipt),
                    },
                    execution_count=1,
                )
            ],
        )
        for receipt in kinds
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "received.ipynb")
    return "received.ipynb"


def check(page: Page) -> None:
    cards = page.locator(".jp-OutputArea-output.zkp-output, .jp-OutputArea-output .zkp-output")
    cards.nth(2).locator(".zkp-committed").wait_for()
    proven, refused, committed = (cards.nth(each).inner_text() for each in range(3))
    assert "✓ proven" in proven
    assert "The mean of income in `adults` is about 2,403.67546174" in proven
    assert "in this Jupyter server" in proven
    assert "✗ refused" in refused
    assert "not shown to be in the log" in refused
    assert "adults" not in refused
    assert "`loans` is committed: 400 rows, 3 columns." in committed
    assert "int, 64 bits" in committed
    assert CLAIM not in page.locator("body").inner_text()
    assert page.locator(".liar").count() == 0
    assert page.evaluate("window.liar") is None


def test_in_jupyterlab(
    page: Page, jupyter: Jupyter, received: str, shot: Shot, dark: Callable[[], None]
) -> None:
    page.goto(f"{jupyter.url}/lab/workspaces/received/tree/{received}?reset")
    check(page)
    assert f"Notebook {received} is not trusted" in jupyter.log.read_text()
    shot("outputs-untrusted")
    dark()
    shot("outputs-untrusted-dark")


def test_in_notebook(page: Page, jupyter: Jupyter, received: str, shot: Shot) -> None:
    page.goto(f"{jupyter.url}/notebooks/{received}")
    check(page)
    shot("outputs-notebook")


def test_a_card_can_be_reached_and_the_receipt_kept_with_the_keyboard(
    page: Page, jupyter: Jupyter, folder: Path, received: str
) -> None:
    page.goto(f"{jupyter.url}/lab/workspaces/kept/tree/{received}?reset")
    button = page.get_by_role("button", name="Save receipt").first
    button.wait_for()
    page.get_by_text("| Idle").wait_for()
    button.focus()
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    # Through the notebook's JSON and back, and still the file that was written, byte for byte.
    assert Path(waiting.value.path()).read_bytes() == (folder / "mean.zkp").read_bytes()


def test_where_nobody_checks_the_claim_is_only_a_claim(
    page: Page, jupyter: Jupyter, received: str, shot: Shot
) -> None:
    page.route("**/zkp/verify*", lambda route: route.abort())
    page.goto(f"{jupyter.url}/lab/workspaces/nobody/tree/{received}?reset")
    card = page.locator(".zkp-output").first
    card.get_by_text("It claims, unchecked").wait_for()
    assert "? not checked" in card.inner_text()
    assert page.locator(".zkp-output .zkp-proven").count() == 0
    shot("outputs-unchecked")
