from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from zkp_nb.errors import StatementError
from zkp_nb.notebook import session
from zkp_nb.notebook.graph import NODE_HEIGHT, NODE_WIDTH, Node, placed
from zkp_nb.notebook.graphview import graph_bundle, graph_html, graph_svg, graph_text
from zkp_nb.notebook.graphwidget import GraphWidget
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
    before = widget.svg
    followed.run("newer = base[base.x > 20]")
    followed.run("%zkp_track wait")
    assert "newer" not in before
    assert "newer" in widget.svg
    states = {node["name"]: node["state"] for node in widget.nodes}
    assert states["newer"] == "✓ proven, dev"
    json.dumps(widget.nodes)
    entry = next(node["entry"] for node in widget.nodes if node["name"] == "newer")
    assert verify(session.graph().receipt(entry))


def test_the_picture_is_whole_and_takes_the_keyboard(followed: Notebook) -> None:
    graph = session.graph().read()
    root = ET.fromstring(graph_svg(graph))
    nodes = [each for each in root.iter() if each.get("role") == "button"]
    assert len(nodes) == len(graph.nodes)
    assert all(each.get("tabindex") == "0" and each.get("aria-label") for each in nodes)
    assert not re.search(r"(?:href|src|url\()", graph_svg(graph))


def test_one_bundle_with_every_form(followed: Notebook) -> None:
    bundle = graph_bundle(followed.run("%zkp_graph"))
    assert {"text/plain", "text/html", "image/svg+xml", "application/vnd.jupyter.widget-view+json"} <= set(
        bundle
    )
    assert "<svg" not in bundle["text/html"]
    assert "small [proven, dev]" in bundle["text/plain"]


def test_names_cannot_break_out() -> None:
    evil = "</title><script>alert(1)</script>\"'"
    graph = placed([Node("a", evil, 3, ((evil, evil),), "proven", evil)])
    assert "<script" not in graph_svg(graph) + graph_html(graph)
    ET.fromstring(graph_svg(graph))
    assert graph_text(placed([])) == "Nothing is committed yet."


def test_no_node_lies_on_another_and_children_stand_behind_their_parents() -> None:
    parents = {"a": "", "b": "", "c": "a", "d": "ab", "e": "a", "f": "de", "g": "f", "h": "a"}
    nodes = [Node(name, name, 1, (), "proven", "", tuple(above)) for name, above in parents.items()]
    graph = placed(nodes)
    by_id = {node.id: node for node in graph.nodes}
    boxes = [(node.x, node.y) for node in graph.nodes]
    for number, (x, y) in enumerate(boxes):
        assert 0 <= x <= graph.width - NODE_WIDTH
        assert 0 <= y <= graph.height - NODE_HEIGHT
        assert all(abs(x - u) >= NODE_WIDTH or abs(y - v) >= NODE_HEIGHT for u, v in boxes[:number])
    assert all(by_id[above].x < node.x for node in graph.nodes for above in node.parents)


def test_an_edge_past_a_layer_does_not_run_behind_its_nodes() -> None:
    parents = {"a": "", "b": "", "c": "a", "d": "c", "e": "bd", "f": "ae", "g": "b"}
    graph = placed([Node(name, name, 1, (), "proven", "", tuple(above)) for name, above in parents.items()])
    assert {name for name, _ in graph.lanes} == {"a", "b"}
    for (_, x), y in graph.lanes.items():
        assert not any(node.x == x and node.y <= y <= node.y + NODE_HEIGHT for node in graph.nodes)


def test_a_parent_that_was_logged_later_is_drawn_and_breaks_nothing() -> None:
    nodes = [Node("a", "a", 1, (), "proven", "", ("b",)), Node("b", "b", 1, (), "proven", "", ("a",))]
    assert graph_svg(placed(nodes)).count("zkp-edge zkp-") == 2
