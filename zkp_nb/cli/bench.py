"""`zkp bench`: what each statement costs on this machine, measured in a process of its own.

`commit` is of the parent table, reading the frame included. `prove` is the user's whole call: reading the frame
again, the check that the claim holds, witnesses, tables that are committed for the proof alone, the proofs, their
verification and the ledger. A line's peak memory is the resident size of its process, with the table in it; `base`
is what the process held before the first commitment, so the difference is the work's. The set-up is made
beforehand and loaded, and is no part of any time.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import click

from zkp_nb import _core
from zkp_nb.cli.cases import CASES, Case, mixed, numbers
from zkp_nb.errors import ZkpError
from zkp_nb.ledger.records import ProofEntry
from zkp_nb.notebook.words import seconds
from zkp_nb.progress import progress_bar, stage
from zkp_nb.project import Project
from zkp_nb.proving import LocalProver
from zkp_nb.receipt import Receipt
from zkp_nb.srs import development_srs, table_depth
from zkp_nb.statements import claims as zkp
from zkp_nb.statements.ranges import limb_widths, range_depth
from zkp_nb.verdict import verify

VERIFY_RUNS: Final = 5


@dataclass(frozen=True)
class Line:
    """What one statement took; times in seconds, sizes in bytes.

    Attributes:
        kind: of the statement; empty where there is none.
        prove_s: from the call to the receipt.
        proof_s: witnesses and proofs alone.
        cpu_s: seconds of all processors together that the call took.
    """

    statement: str
    kind: str
    kernels: str
    rows: int
    columns: int
    commit_s: float
    prove_s: float | None
    proof_s: float | None
    cpu_s: float | None
    verify_s: float | None
    proofs: int
    proof_bytes: int
    base_memory: int
    peak_memory: int


COMMIT_ONLY: Final = "commit 10 mixed columns"


def run_bench(rows: int, only: Sequence[str], as_json: bool, kernels: str | None = None) -> int:
    """Measures every line, or those named, each in its own process.

    Args:
        kernels: the path of the kernels; None for the fastest that this processor has.

    Returns:
        0, or 1 where a line could not be measured.

    Raises:
        ZkpError: there is no such line, or this processor cannot take that path.
    """
    names = [*CASES, COMMIT_ONLY]
    unknown = set(only) - set(names)
    if unknown:
        raise ZkpError(f"There is no line {sorted(unknown)[0]}.", todo=f"There are: {', '.join(names)}.")
    with progress_bar() as progress:
        for bits in limb_widths([table_depth(rows)]):
            development_srs(max(table_depth(rows), range_depth(bits)), stage(progress, "set-up"))
    if not as_json:
        click.echo(_head())
    failed = False
    for name in only or names:
        done = _measured_apart(name, rows, kernels)
        if done.returncode != 0:
            failed = True
            click.echo(f"{name}: could not be measured.", err=True)
            continue
        line = Line(**json.loads(done.stdout))
        if kernels not in (None, line.kernels):
            raise ZkpError(
                f"This processor cannot take the path {kernels}.", todo=f"It takes {line.kernels}."
            )
        click.echo(done.stdout.strip() if as_json else _written(line))
    return 1 if failed else 0


def _measured_apart(name: str, rows: int, kernels: str | None) -> subprocess.CompletedProcess[str]:
    """One line in a process of its own, whose throwaway ledger stays off the user's list of known ones."""
    command = [sys.executable, "-m", "zkp_nb.cli.bench", name, str(rows)]
    with tempfile.TemporaryDirectory(prefix="zkp-bench-") as data:
        environment = os.environ | {"ZKP_NB_DATA": data} | ({"ZKP_NB_KERNELS": kernels} if kernels else {})
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, env=environment)


def measure(name: str, rows: int) -> Line:
    """Measures one line in this process."""
    with tempfile.TemporaryDirectory(prefix="zkp-bench-") as folder:
        prover = LocalProver()
        project = Project(Path(folder), prover)
        project.prove(numbers(100), [zkp.between("age", 0, 120)])  # imports, and bases of small grids
        prover.srs(table_depth(rows))
        try:
            return measure_in(project, name, rows)
        finally:
            project.close()


def measure_in(project: Project, name: str, rows: int) -> Line:
    """Measures one line in a project that is warm."""
    frame = mixed(rows) if name == COMMIT_ONLY else numbers(rows)
    case = CASES[name](frame) if name in CASES else Case(frame, ())
    parent = frame if case.parent is None else case.parent
    base = _peak_memory()
    started = time.perf_counter()
    source = project.commit(parent, "data")
    committed = time.perf_counter() - started
    line = Line(
        name, "", _core.kernels(), rows, parent.shape[1], committed, None, None, None, None, 0, 0, base, 0
    )
    if not case.claims:
        return replace(line, peak_memory=_peak_memory(base))
    child = source if case.child is parent else project.commit(case.child, "child")
    for number, other in enumerate(case.others):
        project.commit(other, f"other{number}")
    started, busy = time.perf_counter(), time.process_time()
    receipt = project.prove(case.child, case.claims, parents=() if child is source else (source,))
    line = replace(
        line,
        kind=_kind(receipt),
        prove_s=time.perf_counter() - started,
        cpu_s=time.process_time() - busy,
        proof_s=receipt.timings.prove,
        proofs=len(receipt.proofs),
        proof_bytes=len(receipt.proof),
        peak_memory=_peak_memory(base),
    )
    return replace(line, verify_s=min(_verified(receipt, name) for _ in range(VERIFY_RUNS)))


def _kind(receipt: Receipt) -> str:
    entry = receipt.file.entry
    return str(entry.statement["kind"]) if isinstance(entry, ProofEntry) else ""


def _verified(receipt: Receipt, name: str) -> float:
    """Seconds to read the receipt, and to check the log and the proof."""
    data = receipt.to_bytes()
    started = time.perf_counter()
    verdict = verify(data, verifier="native")
    taken = time.perf_counter() - started
    if not verdict:
        raise ZkpError(f"The proof of {name} was refused.", why=verdict.failure)
    return taken


def _peak_memory(known: int = 0) -> int:
    """Largest resident size of this process so far, in bytes.

    On Linux from the process's own memory map: `ru_maxrss` there begins with what the parent held at the fork.

    Args:
        known: what was read before; Linux adds its counters up in batches, and may say some pages less later.
    """
    with contextlib.suppress(OSError, IndexError):
        status = Path("/proc/self/status").read_text("ascii")
        return max(known, int(status.split("VmHWM:")[1].split()[0]) * 1024)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _sizes(line: Line) -> str:
    if not line.proofs:
        return ""
    return f"{line.proof_bytes:,}" + (f" in {line.proofs}" if line.proofs > 1 else "")


def _time(taken: float | None) -> str:
    return "" if taken is None else seconds(taken)


_COLUMNS: Final[tuple[tuple[str, int, Callable[[Line], str]], ...]] = (
    ("statement", -24, lambda line: line.statement),
    ("rows", 11, lambda line: f"{line.rows:,}"),
    ("columns", 8, lambda line: str(line.columns)),
    ("commit", 10, lambda line: seconds(line.commit_s)),
    ("prove", 10, lambda line: _time(line.prove_s)),
    ("cpu", 10, lambda line: _time(line.cpu_s)),
    ("verify", 10, lambda line: _time(line.verify_s)),
    ("proof bytes", 13, _sizes),
    ("peak MiB", 9, lambda line: f"{line.peak_memory / 2**20:,.0f}"),
    ("base MiB", 9, lambda line: f"{line.base_memory / 2**20:,.0f}"),
)


def _head() -> str:
    return "".join(_aligned(title, width) for title, width, _ in _COLUMNS)


def _written(line: Line) -> str:
    return "".join(_aligned(cell(line), width) for _, width, cell in _COLUMNS)


def _aligned(text: str, width: int) -> str:
    return f"{text:<{-width}}" if width < 0 else f"{text:>{width}}"


if __name__ == "__main__":
    try:
        print(json.dumps(asdict(measure(sys.argv[1], int(sys.argv[2])))))
    except ZkpError as error:
        sys.exit(f"Error: {error}")
