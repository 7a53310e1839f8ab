from __future__ import annotations

import io
import sys
import time

import pytest

from zkp_nb import progress
from zkp_nb.progress import is_quiet, progress_bar, stage, time_left


class _Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def _screen(monkeypatch: pytest.MonkeyPatch) -> _Screen:
    screen = _Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.delenv("ZKP_NB_QUIET", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return screen


def _work(report: progress.Progress | None, seconds: float) -> None:
    assert report is not None
    start = time.monotonic()
    while (elapsed := time.monotonic() - start) < seconds:
        report("prove", int(1000 * elapsed / seconds), 1000)
        time.sleep(0.02)


def test_long_work_shows_its_stage_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = _screen(monkeypatch)
    with progress_bar() as report:
        _work(report, progress.DELAY_S + 0.3)
    assert "prove" in screen.getvalue()


def test_short_work_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = _screen(monkeypatch)
    with progress_bar() as report:
        assert report is not None
        report("prove", 1, 2)
        report("prove", 2, 2)
    assert screen.getvalue() == ""


def test_nobody_looks_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress_bar() as report:
        assert report is None


def test_quiet_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    _screen(monkeypatch)
    with progress_bar(quiet=True) as report:
        assert report is None
    monkeypatch.setenv("ZKP_NB_QUIET", "1")
    assert is_quiet()
    monkeypatch.setenv("ZKP_NB_QUIET", "0")
    assert not is_quiet()


def test_an_interrupt_leaves_the_terminal_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = _screen(monkeypatch)

    def stopped() -> None:
        with progress_bar() as report:
            _work(report, progress.DELAY_S + 0.2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    shown_cursor, hidden_cursor = "\x1b[?25h", "\x1b[?25l"
    assert screen.getvalue().count(shown_cursor) == screen.getvalue().count(hidden_cursor) == 1


def test_a_stage_passes_its_name_on() -> None:
    seen: list[tuple[str, int, int]] = []
    report = stage(lambda name, done, total: seen.append((name, done, total)), "commit")
    assert report is not None
    report(1, 2)
    assert seen == [("commit", 1, 2)]
    assert stage(None, "commit") is None


@pytest.mark.parametrize(
    ("elapsed", "done", "total", "words"),
    [
        (1.0, 0, 10, ""),
        (1.0, 10, 10, ""),
        (1.0, 9, 10, "less than a second left"),
        (10.0, 5, 10, "about 10 s left"),
        (60.0, 10, 100, "about 9 min left"),
    ],
)
def test_time_left(elapsed: float, done: int, total: int, words: str) -> None:
    assert time_left(elapsed, done, total) == words
