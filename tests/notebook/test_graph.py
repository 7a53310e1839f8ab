from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from zkp_nb.errors import StatementError
from zkp_nb.notebook import session
from zkp_nb.notebook.graph import Graph, Node
from zkp_nb.notebook.graphview import graph_bundle, graph_html, graph_text
from zkp_nb.notebook.graphwidget import GraphWidget
from zkp_nb.notebook.layout import laid_out
from zkp_nb.notebook.picture import graph_svg
from zkp_nb.verdict import verify

if TYPE_CHECKING:
    from tests.notebook.conftest import Notebook

CELLS = (
    "import pandas as pd\nbase = pd.DataFrame({'x': range(30), 'y': range(30, 60)})\nalone = base[['y']] * 3",
    "small = base[base.x < 9]",
    "tiny = small.sort_values('y', ascending=False).head(4)",
    "odd = base ** 2",
)


@pytest.fixture
def followed(notebook: Notebook) -> Notebook:
    notebook.run("%zkp_track on")
    for cell in CELLS:
        notebook.run(cell)
    notebook.run("%zkp_track wait")
    return notebook


def _by_name(nodes: tuple[Node, ...]) -> dict[str, Node]:
    return {node.name: node for node in nodes}


def test_nodes_say_where_they_came_from(followed: Notebook) -> None:
    nodes = _by_name(session.graph().read().nodes)
    assert nodes["base"].state == "committed"
    assert nodes["small"].parents == (nodes["base"].id,)
    assert nodes["small"].state == "proven"
    assert "x < 9" in nodes["small"].sentence
    assert nodes["odd"].state == "asserted"
    assert [name for name, _ in nodes["base"].columns] == ["x", "y"]


def test_a_frames_graph_is_what_it_came_from_and_what_came_from_it(followed: Notebook) -> None:
    view = followed.run("small.zkp.graph()")
    assert set(_by_name(view.read().nodes)) == {"base", "small", "tiny"}
    with pytest.raises(StatementError, match="not committed"):
        followed.run("small.head(2).assign(q=4).zkp.graph()")


def test_facts_stand_with_their_frame(followed: Notebook) -> None:
    followed.run("%zkp_prove small sum('x')")
    assert any("sum" in fact for fact in _by_name(session.graph().read().nodes)["small"].facts)


def test_what_is_on_its_way_is_shown(followed: Notebook) -> None:
    with session.lock:
        followed.run("newer = base[base.x > 20]")
        node = _by_name(session.graph().read().nodes)["newer"]
        assert node.state == "pending"
        assert node.parents
    followed.run("%zkp_track wait")
    assert _by_name(session.graph().read().nodes)["newer"].state == "proven"


def test_the_widget_redraws_when_a_proof_is_done(followed: Notebook) -> None:
    widget = GraphWidget(session.graph())
    before = widget.graph["svg"]
    followed.run("newer = base[base.x > 20]")
    followed.run("%zkp_track wait")
    assert "newer" not in before
    assert "newer" in widget.graph["svg"]
    nodes = {node["name"]: node for node in json.loads(json.dumps(widget.graph["nodes"]))}
    assert nodes["newer"]["state"] == "✓ proven, dev"
    assert verify(session.graph().receipt(nodes["newer"]["entry"]))


def test_the_picture_is_whole_and_fetches_nothing(followed: Notebook) -> None:
    graph = session.graph().read()
    picture = graph_svg(graph)
    nodes = [each for each in ET.fromstring(picture).iter() if each.get("data-id")]
    assert len(nodes) == len(graph.nodes)
    assert all(each.get("role") == "img" and each.get("aria-label") for each in nodes)
    assert not re.search(r"(?:href|src|url\()", picture)


def test_one_bundle_with_every_form(followed: Notebook) -> None:
    bundle = graph_bundle(followed.run("%zkp_graph"))
    assert {"text/plain", "text/html", "image/svg+xml", "application/vnd.jupyter.widget-view+json"} <= set(
        bundle
    )
    assert "<svg" not in bundle["text/html"]
    assert "small [proven, dev]" in bundle["text/plain"]


def test_without_quickjs_the_table_stays(followed: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    laid_out.cache_clear()
    monkeypatch.setitem(sys.modules, "quickjs", None)
    bundle = graph_bundle(session.graph())
    assert set(bundle) == {"text/plain", "text/html"}
    assert "<img" not in bundle["text/html"]
    assert "x &lt; 9" in bundle["text/html"]


def test_names_cannot_break_out() -> None:
    evil = "</title><script>alert(1)</script>\"'"
    graph = Graph((Node("a", evil, 3, ((evil, evil),), "proven", evil, kind=evil),))
    assert "<script" not in graph_svg(graph) + graph_html(graph, graph_svg(graph))
    ET.fromstring(graph_svg(graph))


def test_a_graph_without_nodes_says_so() -> None:
    nothing = Graph(())
    assert graph_text(nothing) == "Nothing is committed yet."
    assert "Nothing is committed yet." in graph_html(nothing, graph_svg(nothing))
    ET.fromstring(graph_svg(nothing))


def test_a_parent_that_was_logged_later_is_drawn_and_breaks_nothing() -> None:
    nodes = (Node("a", "a", 1, (), "proven", "", ("b",)), Node("b", "b", 1, (), "proven", "", ("a", "b")))
    assert graph_svg(Graph(nodes)).count("zkp-edge zkp-") == 2


def test_every_state_is_told_without_colour() -> None:
    states = ("proven", "asserted", "committed", "pending", "failed")
    bodies = []
    for state in states:
        svg = graph_svg(Graph((Node("a", "a", 1, (), state, ""),)))
        body = re.sub(r"<style>.*?</style>", "", svg)
        assert state in "".join(ET.fromstring(body).itertext())
        bodies.append(re.sub(rf"zkp-{state}", "", "".join(re.findall(r"<(?:rect|path)[^>]*>", body))))
    assert len(set(bodies)) == len(states) - 1, "asserted has the outline of proven, dashed"
    assert "--zkp-dash" in graph_svg(Graph(()))
    dev, other = (graph_svg(Graph((Node("a", "a", 1, (), "proven", "", dev=dev),))) for dev in (True, False))
    assert ">dev<" in dev
    assert ">dev<" not in other
