"""The real prover, which begins a job only when it is let through: tests need no luck with time."""

from __future__ import annotations

import time
from collections.abc import Callable

from zkp_nb.progress import Progress
from zkp_nb.proving import LocalProver, Task
from zkp_nb.table import Table


class Gated(LocalProver):
    """Reports progress, as the engine does, until `is_open`; then works."""

    def __init__(self, is_open: Callable[[], bool]) -> None:
        super().__init__()
        self._is_open = is_open

    def commit(
        self, table: Table, depth: int, seed: bytes, progress: Progress | None = None
    ) -> list[dict[str, bytes]]:
        self._wait(progress)
        return super().commit(table, depth, seed, progress)

    def prove(self, task: Task, progress: Progress | None = None) -> tuple[bytes, ...]:
        self._wait(progress)
        return super().prove(task, progress)

    def _wait(self, progress: Progress | None) -> None:
        steps = 0
        while not self._is_open():
            steps += 1
            if progress is not None:
                progress("prove", steps, 1_000_000)
            time.sleep(0.02)
