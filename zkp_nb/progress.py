"""Progress of long work: one protocol, and a bar for whoever is watching.

Work reports `(stage, done, total)` a few times a second at most; a bar appears only where the work
has lasted over half a second and somebody can see it: in a notebook as HTML, which needs no widget
and leaves nothing behind in the saved file; in a terminal as a line that vanishes when done; nowhere
else. Whatever the callback raises stops the work: Ctrl-C, or the notebook's interrupt button, arrives
here as `KeyboardInterrupt`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any, Final, Protocol

DELAY_S: Final = 0.5
"""Work shorter than this shows no bar."""

REDRAW_S: Final = 0.1
"""A bar is drawn anew at most this often."""


class Progress(Protocol):
    """What long work calls; `done` rises to `total` within a stage. Raising in it stops the work.

    A `total` of 0 says that nobody knows how much there is: waiting, for example.
    """

    def __call__(self, stage: str, done: int, total: int) -> None: ...


class _Bar(Protocol):
    def draw(self, stage: str, done: int, total: int) -> None: ...
    def close(self) -> None: ...


def stage(progress: Progress | None, name: str) -> Callable[[int, int], None] | None:
    """The `(done, total)` callback of one stage of the work, for whoever knows nothing of stages."""
    if progress is None:
        return None
    return lambda done, total: progress(name, done, total)


def is_quiet(asked: bool = False) -> bool:
    """Whether no bar is wanted: asked for by the caller, or by ZKP_NB_QUIET (any value but empty and 0)."""
    return asked or os.environ.get("ZKP_NB_QUIET", "") not in ("", "0")


@contextmanager
def progress_bar(quiet: bool = False) -> Iterator[Progress | None]:
    """A `Progress` for the work in the `with` block, or None where nobody would see a bar."""
    kind = None if is_quiet(quiet) else _surface()
    if kind is None:
        yield None
        return
    watch = _Watch(kind)
    try:
        yield watch
    finally:
        watch.close()


def time_left(elapsed_s: float, done: int, total: int) -> str:
    """How long the rest will take at the pace so far, in words; empty where that cannot be said yet."""
    if done <= 0 or total <= done:
        return ""
    left = elapsed_s * (total - done) / done
    if left < 1:
        return "less than a second left"
    if left < 90:
        return f"about {left:.0f} s left"
    return f"about {left / 60:.0f} min left"


def _surface() -> type[_Bar] | None:
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    if shell is not None and getattr(shell, "kernel", None) is not None:
        return _NotebookBar
    return _TerminalBar if sys.stderr is not None and sys.stderr.isatty() else None


class _Watch:
    """Keeps the clock: opens the bar once the work has lasted, draws it not too often."""

    def __init__(self, kind: type[_Bar]) -> None:
        self._kind = kind
        self._bar: _Bar | None = None
        self._started = time.monotonic()
        self._drawn = 0.0
        self._stage = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._started < DELAY_S:
            return
        if self._bar is None:
            self._bar = self._kind()
        if stage != self._stage or now - self._drawn >= REDRAW_S:
            self._stage, self._drawn = stage, now
            self._bar.draw(stage, done, total)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class _TerminalBar:
    """A line on stderr, wiped at the end."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._live = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            auto_refresh=False,
        )
        self._task = self._live.add_task("", total=None)
        self._stage = ""
        self._live.start()

    def draw(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self._stage = stage
            self._live.remove_task(self._task)  # a reset cannot make a known total unknown again
            self._task = self._live.add_task(stage, total=total or None)
        self._live.update(self._task, completed=done, total=total or None, refresh=True)

    def close(self) -> None:
        self._live.stop()


class _NotebookBar:
    """One HTML output of the cell, updated in place and emptied at the end.

    It ships as `text/html` alone: a text twin would stay in the saved notebook.
    """

    def __init__(self) -> None:
        from IPython.display import display

        self._stage = ""
        self._stage_started = time.monotonic()
        self._handle: Any = display({"text/html": ""}, raw=True, display_id=True)  # type: ignore[no-untyped-call]

    def draw(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._stage_started = stage, now
        value, label = "", stage
        if total > 0:
            share = min(done / total, 1.0)
            left = time_left(now - self._stage_started, done, total)
            value, label = f' value="{share:.3f}"', f"{stage} {share:.0%}" + (f", {left}" if left else "")
        self._show(
            '<div style="font:13px var(--jp-ui-font-family, system-ui, sans-serif)">'
            f'<progress max="1"{value} aria-label="{escape(stage)}" style="width:16em">'
            f"</progress> {escape(label)}</div>"
        )

    def close(self) -> None:
        self._show("")

    def _show(self, html: str) -> None:
        self._handle.update({"text/html": html}, raw=True)
