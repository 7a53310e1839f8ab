"""The prover of this process: the native engine on the user's own development set-up."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from zkp_nb import _core
from zkp_nb.errors import ProvingInterrupted, SetupError, StatementFalse, ZkpError
from zkp_nb.progress import Progress, stage
from zkp_nb.proving.protocol import Task
from zkp_nb.srs import development_srs
from zkp_nb.table import Column, Table


class LocalProver:
    """Proves with `zkp_nb._core`. Cells handed to the engine once are kept there as long as their table lives."""

    def __init__(self) -> None:
        self._srs: _core.Srs | None = None
        # id() and not a weak dictionary: a table compares by content, and hashing it would read every cell.
        self._native: dict[int, dict[tuple[int, str], _core.Column]] = {}

    def srs(self, depth: int, progress: Callable[[int, int], None] | None = None) -> _core.Srs:
        """The set-up, with bases up to `depth`."""
        if self._srs is None or self._srs.depth < depth:
            self._srs = development_srs(depth, progress)
        return self._srs

    def verification_key(self) -> bytes:
        """Encoding of the set-up's verification key."""
        return self.srs(4).verification_key

    def commit(
        self, table: Table, depth: int, seed: bytes, progress: Progress | None = None
    ) -> list[dict[str, bytes]]:
        srs = self.srs(depth, stage(progress, "set-up"))
        parts = [(number, part.label) for number, column in enumerate(table.columns) for part in column.parts]
        with _translated():
            points = _core.commit(
                srs,
                depth,
                [self._column(table, number, label) for number, label in parts],
                [column_label(number, label) for number, label in parts],
                seed,
                stage(progress, "commit"),
            )
        commitments: list[dict[str, bytes]] = [{} for _ in table.columns]
        for (number, label), point in zip(parts, points, strict=True):
            commitments[number][label] = point
        return commitments

    def prove(self, task: Task, progress: Progress | None = None) -> tuple[bytes, ...]:
        programs = task.statement.programs(task.records)
        witnesses = task.statement.witness(
            task.records, {name: held.table for name, held in task.tables.items()}
        )
        proofs = []
        for part, (program, aux) in enumerate(zip(programs, witnesses, strict=True)):
            srs = self.srs(program.depth)
            step = _share(progress, part, len(programs))
            with _translated():
                proofs.append(
                    _core.prove(
                        srs,
                        program.to_json(),
                        task.context.encode(),
                        task.statement.canonical(),
                        part,
                        [
                            self._column(task.tables[name].table, number, label)
                            for name, number, label in program.commitments
                        ],
                        [column_label(number, label) for _, number, label in program.commitments],
                        [task.tables[name].seed for name, _, _ in program.commitments],
                        [_core.Column(np.ascontiguousarray(cells)) for cells in aux],
                        step,
                    )
                )
        return tuple(proofs)

    def close(self) -> None:
        self._native.clear()

    def _column(self, table: Table, number: int, label: str) -> _core.Column:
        key = id(table)
        if key not in self._native:
            self._native[key] = {}
            weakref.finalize(table, self._native.pop, key, None)
        held = self._native[key]
        if (number, label) not in held:
            held[number, label] = _core.Column(_cells(table.columns[number], label))
        return held[number, label]


def column_label(number: int, part: str) -> bytes:
    """What a commitment's blinding is derived for (specification, encodings: blinding)."""
    return number.to_bytes(4, "big") + part.encode()


def _cells(column: Column, label: str) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    return next(part.cells for part in column.parts if part.label == label)


def _share(progress: Progress | None, part: int, parts: int) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    report = progress
    return lambda done, total: report("prove", part * total + done, parts * total)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _core.Interrupted as error:
        raise ProvingInterrupted("Proving was stopped; nothing was written.") from error
    except _core.CoreError as error:
        if "false" in str(error):
            raise StatementFalse("The statement does not hold for these cells.", why=str(error)) from error
        raise SetupError("The native engine refused the work.", why=str(error)) from error
    except MemoryError as error:
        raise ZkpError(
            "There is not enough memory for this proof.", todo="Close other kernels, or prove fewer rows."
        ) from error
