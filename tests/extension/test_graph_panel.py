"""The graph in the side panel: the first tutorial, live; reload, restart, keyboard, dark, Notebook."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import nbformat
import pytest

from tests.extension.conftest import TOKEN, Jupyter, chosen_in_palette

if TYPE_CHECKING:
    from playwright.sync_api import Page

Shot = Callable[[str], None]

TUTORIAL = Path(__file__).parents[2] / "notebooks" / "01-first-proof.ipynb"
SLOW = 60_000
"""Milliseconds that a tutorial may take on a busy machine."""

WATCH = """() => {
    window.seen = [];
    new MutationObserver(() => {
        const now = document.querySelectorAll('.zkp-side .zkp-node').length;
        if (now !== window.seen.at(-1)) window.seen.push(now);
    }).observe(document.body, { childList: true, subtree: true });
}"""


@pytest.fixture
def at_work(jupyter: Jupyter) -> Iterator[Path]:
    """A folder of its own for each test, so that each has a project of its own; kernels end with the test."""
    folder = Path(tempfile.mkdtemp(prefix="at-work-", dir=jupyter.folder))
    yield folder
    with httpx.Client(base_url=jupyter.url, headers={"Authorization": f"token {TOKEN}"}) as client:
        for session in client.get("/api/sessions").json():
            client.delete(f"/api/sessions/{session['id']}")


def opened(page: Page, jupyter: Jupyter, path: Path) -> None:
    """Opens a notebook in JupyterLab and waits for its kernel."""
    page.goto(f"{jupyter.url}/lab/workspaces/w/tree/{path.relative_to(jupyter.folder)}?reset")
    ready(page)


def ready(page: Page) -> None:
    """Waits until the notebook in front has a kernel with nothing to do."""
    page.wait_for_function(
        "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
    )


def run_all(page: Page) -> None:
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")


def done(page: Page, cells: int) -> None:
    """Waits until that many cells have run."""
    page.get_by_text(f"[{cells}]:", exact=True).first.wait_for(timeout=SLOW)


def show_panel(page: Page) -> None:
    page.evaluate("jupyterapp.commands.execute('zkp-nb:show-graph')")
    page.locator(".zkp-side").wait_for()


def names(page: Page) -> list[str]:
    return sorted(page.locator(".zkp-side .zkp-node .zkp-name").all_text_contents())


def test_the_first_tutorial_live_then_reloaded_then_restarted(
    page: Page, jupyter: Jupyter, at_work: Path, shot: Shot, dark: Callable[[], None]
) -> None:
    shutil.copy(TUTORIAL, at_work)
    opened(page, jupyter, at_work / TUTORIAL.name)
    show_panel(page)
    page.get_by_text("Run “%load_ext zkp_nb”").wait_for()
    page.evaluate(WATCH)
    run_all(page)
    done(page, 15)
    made = ["fast", "january", "late", "test", "train"]
    page.get_by_role("button", name="zkp: 3 proven, 1 asserted").wait_for()
    assert names(page) == made
    # It grew while the cells ran, frame by frame.
    seen = page.evaluate("window.seen")
    grown = [each for each in seen if each > 0]
    assert grown == sorted(grown)
    assert len(grown) >= 3
    shot("tutorial-end")
    page.locator(".jp-WindowedPanel-outer").first.evaluate("each => each.scrollTo(0, 900)")
    page.locator(".zkp-output .zkp-proven").first.wait_for()
    shot("tutorial-receipts")
    dark()
    shot("tutorial-dark")

    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    page.reload()
    page.get_by_role("button", name="zkp: 3 proven, 1 asserted").wait_for()
    show_panel(page)
    page.locator(".zkp-side .zkp-node").first.wait_for()
    assert names(page) == made

    page.evaluate("void jupyterapp.commands.execute('kernelmenu:restart')")
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    page.get_by_text("Run “%load_ext zkp_nb”").wait_for()
    assert page.locator(".zkp-status button").all_inner_texts() in ([], [""])
    # The log remembers: the graph is back as soon as the kernel has loaded zkp_nb.
    page.get_by_text("| Idle").wait_for()
    page.locator(".jp-Cell.jp-CodeCell").first.click()
    page.evaluate("jupyterapp.commands.execute('notebook:run-cell')")
    page.locator(".zkp-side .zkp-node").first.wait_for(timeout=SLOW)
    assert names(page) == made


TRACKED = (
    "import pandas as pd\n%load_ext zkp_nb\n%zkp_track on",
    'a = pd.DataFrame({"x": range(2000), "y": [each % 7 for each in range(2000)]})',
    "b = a[a.y > 3]",
    "c = b.sort_values('x', ascending=False)",
    "d = c.assign(z=c.x * 2)",
    "%zkp_track wait",
)


def written(path: Path, cells: Sequence[str]) -> Path:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)
    return path


def tracked(folder: Path) -> Path:
    return written(folder / "tracked.ipynb", TRACKED)


def test_keyboard_alone(page: Page, jupyter: Jupyter, at_work: Path, shot: Shot) -> None:
    opened(page, jupyter, tracked(at_work))
    run_all(page)
    done(page, 6)
    page.get_by_role("button", name="zkp: 3 proven").wait_for()
    chosen_in_palette(page, "Show Provenance Graph")
    page.wait_for_function("document.activeElement.dataset.id !== undefined")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    told = page.get_by_role("region", name="About the chosen frame")
    assert "`b` is exactly the rows of `a` with y > 3, in any order." in told.inner_text()
    assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    shot("panel-chosen")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith("Save receipt of entry")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    from zkp_nb import verify

    assert verify(Path(waiting.value.path()).read_bytes()).status == "proven"


def test_the_status_item_opens_the_panel_and_follows_the_notebook_in_front(
    page: Page, jupyter: Jupyter, at_work: Path
) -> None:
    opened(page, jupyter, tracked(at_work))
    run_all(page)
    done(page, 6)
    item = page.get_by_role("button", name="zkp: 3 proven")
    item.click()
    page.locator(".zkp-side .zkp-node").nth(3).wait_for()
    assert names(page) == ["a", "b", "c", "d"]
    other = written(at_work / "other.ipynb", ())
    page.evaluate(
        "path => jupyterapp.commands.execute('docmanager:open', { path })",
        str(other.relative_to(jupyter.folder)),
    )
    page.get_by_text("Run “%load_ext zkp_nb”").wait_for()
    item.wait_for(state="hidden")
    page.get_by_role("tab", name="tracked.ipynb").click()
    item.wait_for()
    page.locator(".zkp-side .zkp-node").nth(3).wait_for()


def test_notebook_has_the_panel_too(page: Page, jupyter: Jupyter, at_work: Path, shot: Shot) -> None:
    page.goto(f"{jupyter.url}/notebooks/{tracked(at_work).relative_to(jupyter.folder)}")
    ready(page)
    page.evaluate("jupyterapp.commands.execute('zkp-nb:show-graph')")
    run_all(page)
    done(page, 6)
    page.locator(".zkp-side .zkp-node").nth(3).wait_for()
    assert names(page) == ["a", "b", "c", "d"]
    shot("panel-notebook")
