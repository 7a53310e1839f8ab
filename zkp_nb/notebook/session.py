"""This session: its project, its variables, its history.

What magics and accessors share. The project is the folder `.zkp` of the working directory, or
`$ZKP_NB_PROJECT`, opened at the first verb.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from zkp_nb.errors import ProvingInterrupted, StatementError
from zkp_nb.notebook.accessors import register_accessors
from zkp_nb.notebook.graph import Graph, graph_of
from zkp_nb.notebook.graphview import GraphView
from zkp_nb.notebook.hints import read_history
from zkp_nb.notebook.suggested import claims_of
from zkp_nb.progress import Progress, progress_bar
from zkp_nb.project import Project, project_folder
from zkp_nb.receipt import Dataset, Receipt
from zkp_nb.statements import Claim

_projects: dict[Path, Project] = {}
_cells: list[str] = []

_opening = threading.Lock()

lock = threading.RLock()
"""Held by whoever works with the project: cells, and the thread that proves what tracking found."""


def project() -> Project:
    """The project of the working directory, opened once for each folder."""
    register_accessors()
    folder = project_folder()
    # The thread of tracking and a page that looks may be the first to ask, both at once.
    with _opening:
        if folder not in _projects:
            _projects[folder] = Project.open(folder)
        return _projects[folder]


def connect(
    url: str,
    token: str | None = None,
    *,
    prover: Literal["local", "remote"] = "local",
    tell: Callable[[str], object] = print,
) -> Project:
    """From here on this session's ledger is that of a server; see `Project.connect`.

    Raises:
        LedgerError: the server cannot be reached or refuses.
        LedgerInconsistent: it shows another log than before, or one that shrank or forked.
    """
    register_accessors()
    connected = Project.connect(url, token, prover=prover, tell=tell)
    with lock:
        before = _projects.pop(connected.folder, None)
        _projects[connected.folder] = connected
    if before is not None:
        before.close()
    return connected


def close() -> None:
    """Closes every project that this session opened; the next verb opens its own again."""
    with lock:
        while _projects:
            _projects.popitem()[1].close()


def log_size() -> int:
    """Entries in the ledger of this session's project; 0 where nobody has made one."""
    folder = project_folder()
    return project().ledger.size if folder in _projects or folder.exists() else 0


def watch_cells(shell: Any) -> None:
    """Remembers the code of each cell from now on: a front end may keep it out of IPython's own history."""
    _cells[:] = shell.history_manager.input_hist_parsed
    shell.events.register("pre_run_cell", _remember)


def cells() -> list[str]:
    """The code of every cell that ran, oldest first."""
    shell = _shell()
    return list(_cells or (shell.history_manager.input_hist_parsed if shell is not None else ()))


def _remember(info: Any) -> None:
    _cells.append(info.transformed_cell or info.raw_cell)


def commit(
    frame: object,
    name: str | None,
    *,
    scales: Mapping[str, int] | None = None,
    widths: Mapping[str, int | str] | None = None,
    quiet: bool = False,
) -> Dataset:
    """Commits a frame to this session's project."""
    with _watched(quiet) as progress:
        return project().commit(frame, name, scales=scales, widths=widths, progress=progress)


def prove(
    frame: object,
    wanted: Sequence[Claim],
    *,
    parents: Sequence[object] = (),
    name: str | None = None,
    variable: str | None = None,
    code: str = "",
    quiet: bool = False,
) -> Receipt:
    """Proves claims, or how the frame came to be; then the code that assigned `variable` gives hints."""
    hints = [] if wanted or variable is None else hints_for(variable)
    with _watched(quiet) as progress:
        return project().prove(
            frame, wanted, name=name, parents=parents, hints=hints, code=code, progress=progress
        )


def graph(frame: object | None = None) -> GraphView:
    """The provenance graph of this session's project; of a frame, what it came from and what came from it.

    Raises:
        StatementError: the frame was never committed here.
    """
    about = None
    if frame is not None:
        with lock:
            dataset = project().dataset(frame)
        if dataset is None:
            raise StatementError("This frame is not committed, so it has no graph.", todo="Commit it first.")
        about = dataset.id

    def read() -> Graph:
        from zkp_nb.notebook.tracking import current

        tracking = current()
        return graph_of(project(), tracking.versions() if tracking is not None else (), about)

    return GraphView(read, _receipt_of, _watch)


def _receipt_of(entry: int) -> bytes:
    return project().receipt(entry).to_bytes()


def _watch(changed: Callable[[], None]) -> Callable[[], None]:
    from zkp_nb.notebook.tracking import current

    tracking = current()
    if tracking is None:
        return lambda: None
    tracking.listeners.append(changed)
    return lambda: tracking.listeners.remove(changed)


def hints_for(variable: str) -> list[Claim]:
    """Claims that the executed code suggests about a variable; guesses, to be checked against the data."""
    shell = _shell()
    if shell is None:
        return []
    return claims_of(read_history(variable, cells(), shell.user_ns))


def variable_of(frame: object) -> str | None:
    """The variable that holds this very frame; None outside of IPython or where there is none."""
    shell = _shell()
    if shell is None:
        return None
    names = (
        name for name, value in list(shell.user_ns.items()) if value is frame and not name.startswith("_")
    )
    return next(names, None)


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


@contextmanager
def _watched(quiet: bool) -> Iterator[Progress | None]:
    try:
        with lock, progress_bar(quiet) as progress:
            yield progress
    except KeyboardInterrupt:
        raise ProvingInterrupted("Stopped.", todo="Nothing was logged by this step; run it again.") from None
