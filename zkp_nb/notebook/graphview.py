"""The provenance graph as people see it: a live widget, a picture, a table, text; one MIME bundle.

The picture is SVG with real elements that take the keyboard; the widget shows the same picture and adds
what a click tells. The table has no SVG, which untrusted notebooks drop. A state is told by its word, its
shape and its line as well as by colour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, Final

from zkp_nb.notebook.cards import Bundle, card, grid
from zkp_nb.notebook.graph import NODE_HEIGHT, NODE_WIDTH, Graph, Node
from zkp_nb.notebook.words import SHAPES

MAX_NAME: Final = 17
"""Characters of a name that fit into a node."""


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

    def _repr_mimebundle_(self, **_: object) -> Bundle:
        return graph_bundle(self)


def graph_bundle(view: GraphView) -> Bundle:
    """All forms of a graph; the widget only where anywidget is installed."""
    graph = view.read()
    bundle: Bundle = {
        "text/plain": graph_text(graph),
        "text/html": graph_html(graph),
        "image/svg+xml": graph_svg(graph),
    }
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
        f"{SHAPES[node.state]} {node.name} [{state_words(node)}] {node.sentence}" for node in graph.nodes
    )


def graph_html(graph: Graph) -> str:
    """The graph as a table."""
    names = {node.id: node.name for node in graph.nodes}
    rows = [
        (
            node.name,
            f"{SHAPES[node.state]} {state_words(node)}",
            ", ".join(names[each] for each in node.parents if each in names) or "–",
            " ".join((node.sentence, *node.facts)),
        )
        for node in graph.nodes
    ]
    return card(grid("Where the frames came from", ("Frame", "State", "Made from", "What is said"), rows))


def graph_svg(graph: Graph) -> str:
    """The picture, with its own colours for light and dark."""
    by_id = {node.id: node for node in graph.nodes}
    edges = "".join(
        _edge(graph, by_id[each], node) for node in graph.nodes for each in node.parents if each in by_id
    )
    nodes = "".join(map(_node, graph.nodes))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="zkp-graph" role="group" '
        f'aria-label="Where the frames came from" width="{graph.width}" height="{graph.height}" '
        f'viewBox="0 0 {graph.width} {graph.height}"><style>{_style()}</style>{edges}{nodes}</svg>'
    )


def state_words(node: Node) -> str:
    """The state in words, with what a development set-up is worth."""
    return f"{node.state}, dev" if node.dev and node.state == "proven" else node.state


@cache
def _style() -> str:
    return " ".join((files(__package__) / "static" / "graph.css").read_text("utf-8").split())


def _edge(graph: Graph, parent: Node, node: Node) -> str:
    x, y = parent.x + NODE_WIDTH, parent.y + NODE_HEIGHT // 2
    path = f"M{x} {y}"
    passed = sorted(at for (name, at) in graph.lanes if name == parent.id and parent.x < at < node.x)
    for at in passed:
        lane = graph.lanes[parent.id, at]
        path += f"{_bend(x, y, at, lane)} H{at + NODE_WIDTH}"
        x, y = at + NODE_WIDTH, lane
    end = node.y + NODE_HEIGHT // 2
    sentence = escape(f"{SHAPES[node.state]} {state_words(node)}: {node.sentence}")
    return (
        f'<g class="zkp-edge zkp-{node.state}"><title>{sentence}</title>'
        f'<path d="{path}{_bend(x, y, node.x - 8, end)}"/>'
        f'<path class="zkp-tip" d="M{node.x} {end} l-9 -4.5 v9 z"/></g>'
    )


def _bend(x0: int, y0: int, x1: int, y1: int) -> str:
    half = max(24, (x1 - x0) // 2)
    return f" C{x0 + half} {y0} {x1 - half} {y1} {x1} {y1}"


def _node(node: Node) -> str:
    name = node.name if len(node.name) <= MAX_NAME else f"{node.name[: MAX_NAME - 1]}…"
    rows = "" if node.rows is None else f"{node.rows:,} rows, "
    label = escape(f"{node.name}, {rows}{state_words(node)}. {node.sentence}", quote=True)
    return (
        f'<g class="zkp-node zkp-{node.state}" role="button" tabindex="0" data-id="{escape(node.id)}" '
        f'aria-label="{label}" transform="translate({node.x} {node.y})"><title>{label}</title>'
        f'<rect width="{NODE_WIDTH}" height="{NODE_HEIGHT}" rx="7"/>'
        f'<text class="zkp-name" x="11" y="19">{escape(name)}</text>'
        f'<text class="zkp-state" x="11" y="36">{SHAPES[node.state]} {escape(state_words(node))}</text>'
        f"{_rows(node)}</g>"
    )


def _rows(node: Node) -> str:
    if node.rows is None:
        return ""
    return f'<text class="zkp-rows" x="{NODE_WIDTH - 10}" y="36" text-anchor="end">{_short(node.rows)}</text>'


def _short(rows: int) -> str:
    for size, unit in ((10**6, "M"), (10**4, "k")):
        if rows >= size:
            return f"{rows / min(size, 10**6 if unit == 'M' else 10**3):.3g}{unit}"
    return f"{rows:,}"


def details(node: Node) -> dict[str, Any]:
    """What a click on a node tells."""
    return {
        "id": node.id,
        "name": node.name,
        "state": f"{SHAPES[node.state]} {state_words(node)}",
        "rows": None if node.rows is None else f"{node.rows:,}",
        "sentence": node.sentence,
        "facts": list(node.facts),
        "columns": [list(each) for each in node.columns],
        "entry": node.entry,
    }
