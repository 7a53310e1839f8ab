"""The drawing code in a real browser: keyboard, what is told, what a screen reader is told, nothing fetched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from zkp_nb.notebook import graphwidget
from zkp_nb.notebook.graph import Graph, Node
from zkp_nb.notebook.graphview import graph_json

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STATIC = Path(graphwidget.__file__).parent / "static"


def _graph(last: str = "pending") -> Graph:
    return Graph(
        (
            Node("a", "orders", 60, (("id", "integer, 64 bits"),), "committed", "Nothing is said."),
            Node(
                "b",
                "<b>dear</b>",
                20,
                (),
                "proven",
                "Rows with x > 1.",
                ("a",),
                ("A fact.",),
                3,
                True,
                "filter",
            ),
            Node("c", "sums", None, (), last, "Being looked at.", ("a",)),
        )
    )


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.set_content(
        f"<style>{(STATIC / 'panel.css').read_text()}</style><div id=here></div>"
        f"<script type=module>{(STATIC / 'graph.js').read_text()}\n"
        f"window.saved = []; window.shown = showGraph(document.getElementById('here'), "
        f"{json.dumps(graph_json(_graph()))}, {{ saveReceipt: (entry) => saved.push(entry) }});</script>"
    )
    opened.wait_for_selector(".zkp-node[role=button]")
    yield opened
    assert asked == []
    opened.close()


def test_the_keyboard_alone_goes_everywhere(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.id") == "a"
    page.keyboard.press("ArrowRight")
    first = page.evaluate("document.activeElement.dataset.id")
    page.keyboard.press("End")
    page.keyboard.press("Home")
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.dataset.id") == "c"
    assert first in ("b", "c")
    assert page.locator('.zkp-node[tabindex="0"]').count() == 1
    page.locator('[data-id="b"]').focus()
    page.keyboard.press("Enter")
    assert page.locator('[data-id="b"]').get_attribute("aria-pressed") == "true"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("saved") == [3]


def test_a_click_tells_columns_sentence_and_facts_as_text(page: Page) -> None:
    page.locator('[data-id="b"]').click()
    panel = page.locator(".zkp-graph-panel")
    assert "<b>dear</b> ✓ proven, dev, 20 rows" in panel.inner_text()
    assert "Rows with x > 1." in panel.inner_text()
    assert "A fact." in panel.inner_text()
    assert panel.locator("b").count() == 0
    page.locator('[data-id="a"]').click()
    assert "integer, 64 bits" in panel.inner_text()


def test_a_change_is_announced_and_keeps_the_place(page: Page) -> None:
    page.locator('[data-id="c"]').focus()
    page.keyboard.press("Enter")
    page.evaluate("(newer) => shown.update(newer)", graph_json(_graph("proven")))
    assert page.locator("[role=status]").inner_text() == "sums: ✓ proven."
    assert page.evaluate("document.activeElement.dataset.id") == "c"
    assert "✓ proven" in page.locator(".zkp-graph-panel").inner_text()


def test_names_roles_and_states_reach_the_accessibility_tree(page: Page) -> None:
    assert page.get_by_role("button", name="orders, 60 rows, committed").count() == 1
    assert page.get_by_role("button", name="20 rows, proven, dev").count() == 1
    assert page.get_by_role("region", name="About the chosen frame").count() == 1
