"""The graph for the Jupyter extension's side panel, through a comm that `%load_ext zkp_nb` opens.

The kernel speaks first, at each change, so that the graph grows during a long cell as well: how many frames are
proven, asserted, pending, and the picture while somebody looks. A page that was loaded later finds the
comm by the name of its target. Outside of a kernel this costs nothing.

    kernel to page: {"counts": {state: number}}, while it is shown with "graph" (`graph_json`) or the
                    "trouble" with it; {"receipt": entry} with the bytes of the `.zkp` file
    page to kernel: {"show": bool}, {"receipt": entry}
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any, Final

from zkp_nb.errors import ZkpError
from zkp_nb.notebook import session
from zkp_nb.notebook.graph import Graph
from zkp_nb.notebook.graphview import graph_json
from zkp_nb.notebook.tracking import Tracker, current

TARGET: Final = "zkp_nb.graph"
"""Name of the comm's target."""

MAX_UNASKED: Final = 100
"""A graph of so many frames is drawn also before a page said whether it looks: what pages say waits until the
cells that run now are done. Drawing takes 70 ms at most."""


class GraphComm:
    """Tells pages about this session's graph."""

    def __init__(self, comm: Any) -> None:
        self._comm = comm
        self._shown: bool | None = None
        self._tracker: Tracker | None = None
        self._size = 0
        comm.on_msg(self._asked)

    def look(self, *_: Any) -> None:
        """After each cell: whether the ledger grew, and whether frames are followed now."""
        tracker = current()
        if tracker is not None and tracker is not self._tracker:
            self._tracker = tracker
            tracker.listeners.append(self.tell)
        # A server that is away, or a folder that is gone, is told of by the user's own verbs.
        with suppress(ZkpError, OSError):
            size = session.log_size()
            if size != self._size:
                self._size = size
                self.tell()

    def tell(self) -> None:
        """Says what the graph is now."""
        # Of a project that cannot be read, or a folder that is gone, the user's own verbs tell.
        with suppress(ZkpError, OSError):
            self._comm.send(self._state())

    def close(self) -> None:
        """Ends it: nothing is said any more."""
        if self._tracker is not None:
            self._tracker.listeners.remove(self.tell)
        self._comm.close()

    def _state(self) -> dict[str, Any]:
        # A project is not made only because somebody looks.
        empty = self._tracker is None and not session.log_size()
        graph = Graph(()) if empty else session.graph().read()
        state: dict[str, Any] = {"counts": Counter(node.state for node in graph.nodes)}
        if self._shown or (self._shown is None and len(graph.nodes) <= MAX_UNASKED):
            try:
                state["graph"] = graph_json(graph, down=True)
            except ImportError:
                state["trouble"] = "The picture needs the package quickjs-ng: pip install 'zkp-nb[notebook]'."
        return state

    def _asked(self, message: Any) -> None:
        data = message["content"]["data"]
        entry = data.get("receipt")
        if isinstance(entry, int):
            with suppress(ZkpError, OSError):
                self._comm.send({"receipt": entry}, buffers=[session.graph().receipt(entry)])
        if "show" in data:
            self._shown = bool(data["show"])
            self.tell()


_open: GraphComm | None = None


def open_comm(shell: Any) -> None:
    """Opens the comm where the shell is a kernel's; once more ends the one before."""
    global _open
    if getattr(shell, "kernel", None) is None:
        return
    from comm import create_comm

    if _open is not None:
        shell.events.unregister("post_run_cell", _open.look)
        _open.close()
    _open = GraphComm(create_comm(target_name=TARGET))
    shell.events.register("post_run_cell", _open.look)
