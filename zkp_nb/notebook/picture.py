"""The picture of a graph: SVG that stands alone, with its own colours for light and dark.

A state is told by its word, its sign, its outline and its line as well as by colour; a development set-up
by a tag. The live widget takes these elements and makes buttons of the nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final
from unicodedata import east_asian_width

from zkp_nb.notebook.graph import Graph, Node
from zkp_nb.notebook.layout import Point, laid_out

WIDTH: Final = 172
HEIGHT: Final = 62
"""Size of a node, in pixels."""

NAME_ROOM: Final = 18.0
"""Width of a name that fits, in ordinary letters; what is too wide all the same is cut off at the border."""

TITLE: Final = "Where the frames came from"

_CORNERS: Final = {"proven": 8, "asserted": 8, "committed": 0, "pending": 20, "failed": 0}


def graph_svg(graph: Graph, down: bool = False) -> str:
    """The picture as text.

    Args:
        down: from top to bottom, for a narrow place, instead of from left to right.

    Raises:
        ImportError: QuickJS is not installed.
    """
    nodes = graph.nodes
    # The layout goes along x; a picture that goes down is the same with x and y exchanged.
    size = (HEIGHT, WIDTH) if down else (WIDTH, HEIGHT)
    layout = laid_out(len(nodes), graph.edges, size)
    width, height = (layout.height, layout.width) if down else (layout.width, layout.height)
    at = _exchanged if down else _plain
    lines = "".join(
        _edge(layout.corners[parent], layout.corners[child], route, nodes[child], size, at)
        for (parent, child), route in zip(graph.edges, layout.routes, strict=True)
    )
    boxes = "".join(_node(node, at(*corner)) for node, corner in zip(nodes, layout.corners, strict=True))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="zkp-graph" role="group" aria-label="{TITLE}" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f"<style>{_style()}</style>{lines}{boxes}</svg>"
    )


def _plain(x: float, y: float) -> str:
    return f"{x} {y}"


def _exchanged(x: float, y: float) -> str:
    return f"{y} {x}"


@cache
def _style() -> str:
    return " ".join((files(__package__) / "static" / "graph.css").read_text("utf-8").split())


def _edge(
    parent: Point,
    child: Point,
    route: Sequence[Point],
    node: Node,
    size: Point,
    at: Callable[[float, float], str],
) -> str:
    """From a parent's far side to its child's near side, straight beside the nodes that it passes."""
    sign = 1 if child[0] > parent[0] else -1
    (x, y), (end, height) = _side(parent, sign, size), _side(child, -sign, size)
    path = f"M{at(x, y)}"
    for centre, lane in route:
        near = centre - sign * size[0] // 2
        path += f"{_bend((x, y), (near, lane), at)} L{at(near + sign * size[0], lane)}"
        x, y = near + sign * size[0], lane
    sentence = escape(f"{node.standing}: {node.sentence}")
    back = end - sign * 9
    return (
        f'<g class="zkp-edge zkp-{node.state}"><title>{sentence}</title>'
        f'<path d="{path}{_bend((x, y), (end - sign * 8, height), at)}"/>'
        f'<path class="zkp-tip" d="M{at(end, height)} L{at(back, height - 4.5)} L{at(back, height + 4.5)} z"/></g>'
    )


def _side(corner: Point, sign: int, size: Point) -> Point:
    return corner[0] + (size[0] if sign > 0 else 0), corner[1] + size[1] // 2


def _bend(start: Point, end: Point, at: Callable[[float, float], str]) -> str:
    half = (end[0] - start[0]) // 2
    return f" C{at(start[0] + half, start[1])} {at(end[0] - half, end[1])} {at(*end)}"


def _node(node: Node, corner: str) -> str:
    rows = "" if node.rows is None else f"{node.rows:,} rows, "
    more = f" {len(node.facts)} more said about it." if node.facts else ""
    label = escape(f"{node.name}, {rows}{node.standing_words}. {node.sentence}{more}", quote=True)
    # A nested svg element cuts off what is wider than it.
    name = _fitting(node.name)
    tag = node.dev and node.state == "proven"
    foot = " · ".join(filter(None, (node.kind, "" if node.rows is None else f"{_short(node.rows)} rows")))
    return (
        f'<g class="zkp-node zkp-{node.state}" role="img" data-id="{escape(node.id)}" aria-label="{label}" '
        f'transform="translate({corner})"><title>{label}</title>{_outline(node)}'
        f'<svg x="12" width="{WIDTH - 20}" height="24"><text class="zkp-name" y="18">{escape(name)}</text></svg>'
        f'<text class="zkp-state" x="12" y="36">{node.standing.partition(",")[0]}</text>{_DEV if tag else ""}'
        f'<text class="zkp-foot" x="12" y="52">{escape(foot)}</text></g>'
    )


def _fitting(name: str) -> str:
    """The name, or as much of its beginning as there is room for."""
    room = NAME_ROOM
    for position, letter in enumerate(name):
        if letter in "MWmw@%":
            room -= 1.7
        else:
            room -= 1.9 if east_asian_width(letter) in "WF" else 1.2 if letter.isupper() else 1
        if room < 0:
            return f"{name[: position - 1]}…"
    return name


def _outline(node: Node) -> str:
    if node.state == "failed":  # cut corners
        right, low = WIDTH - 9, HEIGHT - 9
        return f'<path class="zkp-box" d="M9 0 H{right} l9 9 V{low} l-9 9 H9 l-9 -9 V9 z"/>'
    box = f'<rect class="zkp-box" width="{WIDTH}" height="{HEIGHT}" rx="{_CORNERS[node.state]}"/>'
    if node.state == "committed":
        return box + f'<path class="zkp-bar" d="M3 3 V{HEIGHT - 3}"/>'
    return box


_DEV: Final = (
    f'<g class="zkp-tag"><rect x="{WIDTH - 42}" y="25" width="32" height="15" rx="3"/>'
    f'<text x="{WIDTH - 26}" y="36" text-anchor="middle">dev</text></g>'
)


def _short(rows: int) -> str:
    for size, unit, least in ((10**6, "M", 10**6), (10**3, "k", 10**4)):
        if rows >= least:
            return f"{rows / size:.3g}{unit}"
    return f"{rows:,}"
