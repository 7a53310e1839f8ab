"""Writes the programs of `zkp bench` and their cells to a folder, for the engine's own benchmark.

    python benchmarks/export_programs.py FOLDER ROWS filter unique
    cargo run --release -p zkp-engine --example bench_proofs FOLDER

The engine then proves what Python compiled without Python around it, phase by phase. One folder for each
program: `program.json`, and a list `columns.json` of raw little-endian files with their types.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from zkp_nb.cli.cases import CASES, numbers
from zkp_nb.progress import Progress
from zkp_nb.project import Project
from zkp_nb.proving import LocalProver, Task
from zkp_nb.table.cells import Cells


class Exporter(LocalProver):
    """A prover that writes down what it proves."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__()
        self._folder, self._name = folder, name

    def prove(self, task: Task, progress: Progress | None = None) -> tuple[bytes, ...]:
        programs = task.statement.programs(task.records)
        tables = {name: held.table for name, held in task.tables.items()}
        witnesses = task.statement.witness(task.records, tables)
        for part, (program, aux) in enumerate(zip(programs, witnesses, strict=True)):
            folder = self._folder / (self._name + (f"-{part}" if part else ""))
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "program.json").write_bytes(program.to_json())
            columns = [
                next(p.cells for p in tables[name].columns[number].parts if p.label == label)
                for name, number, label in program.commitments
            ]
            listed = {
                "columns": [_write(folder / f"column{k}", cells) for k, cells in enumerate(columns)],
                "aux": [_write(folder / f"aux{k}", cells) for k, cells in enumerate(aux)],
            }
            (folder / "columns.json").write_text(json.dumps(listed))
        return super().prove(task, progress)


def _write(path: Path, cells: Cells) -> str:
    path.write_bytes(np.ascontiguousarray(cells).tobytes())
    return "field" if cells.ndim == 2 else cells.dtype.name


def export(folder: Path, name: str, rows: int) -> None:
    """Proves one line of the benchmark and keeps its programs."""
    with tempfile.TemporaryDirectory() as project_folder:
        project = Project(Path(project_folder), Exporter(folder, name))
        frame = numbers(rows)
        case = CASES[name](frame)
        source = frame if case.parent is None else case.parent
        parent = project.commit(source, "data")
        child = project.commit(case.child, "child") if case.child is not source else parent
        for number, other in enumerate(case.others):
            project.commit(other, f"other{number}")
        project.prove(case.child, case.claims, parents=() if child is parent else (parent,))


if __name__ == "__main__":
    for each in sys.argv[3:]:
        export(Path(sys.argv[1]), each, int(sys.argv[2]))
