"""The provenance graph as people see it: a live widget, a picture, a table, text; one MIME bundle.

The widget shows the picture and adds what a click tells. The HTML is for viewers that run nothing and drop
inline SVG, as untrusted notebooks do: the same picture as an image, and everything in it as a table.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from zkp_nb.notebook.cards import Bundle, card, grid
from zkp_nb.notebook.graph import Graph, Node
from zkp_nb.notebook.picture import graph_svg


@dataclass(frozen=True, eq=False)
class GraphView:
    """A graph to be shown.

    Attributes:
        read: gives the graph as it is now.
        receipt: gives the `.zkp` file of an entry of the ledger.
        watch: calls back at each change until what it returns is called; None where nothing changes.
    """

    read: Callable[[], Graph]
    receipt: Callable[[int], bytes]
    watch: Callable[[Callable[[], None]], Callable[[], None]] | None = None

    def __str__(self) -> str:
        return graph_text(self.read())

    def to_json(self) -> dict[str, Any]:
        """What `showGraph` of static/graph.js draws."""
        return graph_json(self.read())

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        return graph_bundle(self)


def graph_bundle(view: GraphView) -> Bundle:
    """All forms of a graph; the picture only where QuickJS is installed, the widget where anywidget is too."""
    graph = view.read()
    bundle: Bundle = {"text/plain": graph_text(graph)}
    try:
        picture = graph_svg(graph)
    except ImportError:
        return bundle | {"text/html": graph_html(graph)}
    bundle |= {"text/html": graph_html(graph, picture), "image/svg+xml": picture}
    try:
        from zkp_nb.notebook.graphwidget import GraphWidget
    except ImportError:
        return bundle
    shown = GraphWidget(view)._repr_mimebundle_()
    if shown is not None:
        bundle |= {kind: data for kind, data in shown[0].items() if kind.startswith("application/")}
    return bundle


def graph_text(graph: Graph) -> str:
    """A line for each node: its shape, its state, what is said."""
    if not graph.nodes:
        return "Nothing is committed yet."
    return "\n".join(
        f"{node.standing.split()[0]} {node.name} [{node.standing_words}] {node.sentence}"
        for node in graph.nodes
    )


def graph_html(graph: Graph, picture: str = "") -> str:
    """The graph as a table, below its picture where there is one."""
    if not graph.nodes:
        return card(f"<p>{escape(graph_text(graph))}</p>")
    names = {node.id: node.name for node in graph.nodes}
    rows = [
        (
            node.name,
            node.standing,
            ", ".join(names[each] for each in node.parents if each in names) or "–",
            " ".join((node.sentence, *node.facts)),
        )
        for node in graph.nodes
    ]
    table = grid("Where the frames came from", ("Frame", "State", "Made from", "What is said"), rows)
    if not picture:
        return card(table)
    # Inside an image nothing of the picture can act; data: is the one address that untrusted notebooks let pass.
    data = base64.b64encode(picture.encode()).decode()
    alt = "Where the frames came from; the table says the same"
    image = f'<div class="zkp-wide"><img alt="{alt}" src="data:image/svg+xml;base64,{data}"></div>'
    return card(image, f"<details><summary>The same as a table</summary>{table}</details>")


def graph_json(graph: Graph, down: bool = False) -> dict[str, Any]:
    """What static/graph.js draws: the picture, and what a click on each of its nodes tells."""
    return {"svg": graph_svg(graph, down), "nodes": [details(node) for node in graph.nodes]}


def details(node: Node) -> dict[str, Any]:
    """What a click on a node tells."""
    return {
        "id": node.id,
        "name": node.name,
        "state": node.standing,
        "rows": None if node.rows is None else f"{node.rows:,}",
        "sentence": node.sentence,
        "facts": list(node.facts),
        "columns": [list(each) for each in node.columns],
        "entry": node.entry,
    }
