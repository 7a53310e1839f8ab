"""The live graph. Imported only where anywidget is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from zkp_nb.errors import ZkpError
from zkp_nb.notebook.graphview import graph_json

if TYPE_CHECKING:
    from zkp_nb.notebook.graphview import GraphView

_STATIC = Path(__file__).parent / "static"


class GraphWidget(anywidget.AnyWidget):
    """Shows the picture that Python drew; redraws it whenever a proof is done."""

    _esm = _STATIC / "graph.js"
    _css = _STATIC / "panel.css"
    graph: Any = traitlets.Dict().tag(sync=True)

    def __init__(self, view: GraphView) -> None:
        super().__init__()
        self._view = view
        self._redraw()
        self.on_msg(self._asked)
        if view.watch is not None:
            self._unwatch = view.watch(self._redraw)

    def _redraw(self) -> None:
        try:
            self.graph = graph_json(self._view.read())
        except ZkpError:
            return  # the project was closed; the last picture stays

    def _asked(self, widget: Any, content: dict[str, Any], buffers: list[bytes]) -> None:
        entry = content.get("receipt")
        if isinstance(entry, int):
            self.send({"receipt": entry}, buffers=[self._view.receipt(entry)])
