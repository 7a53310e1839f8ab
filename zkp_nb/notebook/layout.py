"""Places for the nodes and edges of a graph, from left to right: dagre, run in this process by QuickJS.

One layout serves the live widget, the saved picture and viewers without scripts, so it cannot wait for a
browser. dagre's own file lies beside this one, unchanged but for the address of its source map.

Source: Gansner et al., A Technique for Drawing Directed Graphs (1993), as dagre does it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

Point = tuple[int, int]

_OPTIONS: Final = {"rankdir": "LR", "nodesep": 18, "edgesep": 14, "ranksep": 72, "marginx": 14, "marginy": 14}


@dataclass(frozen=True)
class Layout:
    """Where everything stands; all lengths in pixels, the origin at the upper left.

    Attributes:
        corners: upper left corner of each node, in the order they were given.
        routes: for each edge, the points at which it passes layers between its ends: the middle of the layer,
            and a height at which no node of that layer stands.
        width, height: of the whole picture.
    """

    corners: tuple[Point, ...]
    routes: tuple[tuple[Point, ...], ...]
    width: int
    height: int


@lru_cache(maxsize=16)
def laid_out(nodes: int, edges: tuple[tuple[int, int], ...], size: Point) -> Layout:
    """Layers by descent, few crossings, edges around nodes; the same each time.

    Args:
        nodes: how many there are.
        edges: pairs of parent and child, numbers of nodes, no pair twice.
        size: width and height of every node.

    Raises:
        ImportError: QuickJS is not installed.
    """
    if not nodes:
        return Layout((), (), 0, 0)
    width, height = size
    wanted = {
        "nodes": [[str(each), width, height] for each in range(nodes)],
        "edges": [[str(parent), str(child)] for parent, child in edges],
        "options": _OPTIONS,
    }
    found = json.loads(_engine().get("layout")(json.dumps(wanted)))
    layers = {round(x) for x, _ in found["nodes"]}
    routes = [[(round(x), round(y)) for x, y in points[1:-1]] for points in found["edges"]]
    return Layout(
        corners=tuple((round(x) - width // 2, round(y) - height // 2) for x, y in found["nodes"]),
        # dagre also bends edges between layers, where nothing stands in the way.
        routes=tuple(tuple(point for point in route if point[0] in layers) for route in routes),
        width=round(found["width"]),
        height=round(found["height"]),
    )


def _engine() -> Any:
    # A context belongs to the thread that made it, and pictures are drawn by two; ten milliseconds.
    import quickjs

    context = quickjs.Context()
    for name in ("layout.js", "dagre.min.js"):
        context.eval(_source(name))
    return context


@cache
def _source(name: str) -> str:
    return (files(__package__) / "static" / name).read_text("utf-8")
