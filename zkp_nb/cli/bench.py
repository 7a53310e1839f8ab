"""`zkp bench`: what each statement costs on this machine, measured in a process of its own.

A line's peak memory is the resident size of its process, with the table in it; `base` is what the process
held before the first commitment, so the difference is the work's. Data are made up, from a fixed seed; the
set-up is made beforehand and is no part of any time.
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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import numpy as np
import pandas as pd

from zkp_nb.errors import ZkpError
from zkp_nb.notebook.words import seconds
from zkp_nb.progress import progress_bar, stage
from zkp_nb.project import Project
from zkp_nb.srs import development_srs, table_depth
from zkp_nb.statements import claims as zkp

if TYPE_CHECKING:
    from zkp_nb.statements import Claim

SEED: Final = 20130704
VERIFY_RUNS: Final = 5


@dataclass(frozen=True)
class Line:
    """What one statement took; times in seconds, sizes in bytes."""

    statement: str
    rows: int
    columns: int
    commit_s: float
    prove_s: float | None
    verify_s: float | None
    proofs: int
    proof_bytes: int
    base_memory: int
    peak_memory: int


@dataclass(frozen=True)
class Case:
    """A statement to measure: the child of a table, its other parts, and the claims about it."""

    child: pd.DataFrame
    claims: Sequence[Claim]
    others: Sequence[pd.DataFrame] = ()


def numbers(rows: int) -> pd.DataFrame:
    """Three columns: an amount, an age, and a key."""
    draw = np.random.default_rng(SEED)
    return pd.DataFrame(
        {
            "amount": draw.integers(-(2**31), 2**31, rows),
            "age": draw.integers(0, 100, rows),
            "key": draw.permutation(rows),
        }
    )


def mixed(rows: int) -> pd.DataFrame:
    """Ten columns of ten kinds."""
    draw = np.random.default_rng(SEED)
    when = pd.Timestamp("2013-01-01") + pd.to_timedelta(draw.integers(0, 31_536_000, rows), unit="s")
    return pd.DataFrame(
        {
            "int64": draw.integers(-(2**62), 2**62, rows),
            "int32": draw.integers(0, 2**31, rows).astype(np.int32),
            "int8": draw.integers(-128, 128, rows).astype(np.int8),
            "bool": draw.random(rows) < 0.5,
            "price": draw.integers(0, 10**6, rows) / 100,
            "float": draw.normal(size=rows),
            "time": when,
            "text": draw.integers(0, rows, rows).astype(str),
            "category": pd.Categorical(draw.choice(list("abcde"), rows)),
            "nulls": np.where(draw.random(rows) < 0.1, np.nan, draw.integers(0, 1000, rows)),
        }
    )


def _parts(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    keep = np.random.default_rng(SEED + 1).random(len(frame)) < 0.8
    return frame[keep], frame[~keep]


CASES: Final[dict[str, Callable[[pd.DataFrame], Case]]] = {
    "sum": lambda frame: Case(frame, [zkp.sum("amount")]),
    "mean": lambda frame: Case(frame, [zkp.mean("amount")]),
    "variance": lambda frame: Case(frame, [zkp.variance("age")]),
    "weighted_mean": lambda frame: Case(frame, [zkp.weighted_mean("age", "amount")]),
    "skewness": lambda frame: Case(frame, [zkp.skewness("age")]),
    "kurtosis": lambda frame: Case(frame, [zkp.kurtosis("amount")]),
    "nulls": lambda frame: Case(frame, [zkp.nulls("age")]),
    "between": lambda frame: Case(frame, [zkp.between("age", 0, 120)]),
    "same_rows": lambda frame: Case(frame.sample(frac=1, random_state=SEED), [zkp.same_rows()]),
    "filter": lambda frame: Case(frame[frame.age >= 18], [zkp.filter("age >= 18")]),
    "select": lambda frame: Case(frame[["key", "age"]], [zkp.select()]),
    "rows_of": lambda frame: Case(_parts(frame)[0], [zkp.rows_of()]),
    "split": lambda frame: Case(_parts(frame)[0], [zkp.split(_parts(frame)[1])], [_parts(frame)[1]]),
    "folds": lambda frame: Case(
        _parts(frame)[0], [zkp.folds(_parts(frame)[1], key="key")], [_parts(frame)[1]]
    ),
    "stratified_split": lambda frame: Case(
        _parts(frame)[0],
        [zkp.stratified_split("age", _parts(frame)[1], tolerance=0.05)],
        [_parts(frame)[1]],
    ),
    "rows_without": lambda frame: Case(
        _parts(frame)[0], [zkp.rows_without(_parts(frame)[1])], [_parts(frame)[1]]
    ),
    "derive": lambda frame: Case(
        frame.assign(total=frame.amount + frame.age), [zkp.derive("total", "amount + age")]
    ),
    "minimum": lambda frame: Case(frame, [zkp.minimum("age")]),
    "median": lambda frame: Case(frame, [zkp.median("age")]),
    "value_counts": lambda frame: Case(frame, [zkp.value_counts("age")]),
    "histogram": lambda frame: Case(frame, [zkp.histogram("age", range(0, 101, 10))]),
    "share": lambda frame: Case(frame, [zkp.share("age >= 18")]),
    "group_extremes": lambda frame: Case(frame, [zkp.group_extremes("age", "amount")]),
    "group_rates": lambda frame: Case(frame, [zkp.group_rates("age", "amount >= 0")]),
    "covariance": lambda frame: Case(frame, [zkp.covariance("amount", "age")]),
    "unique": lambda frame: Case(frame, [zkp.unique("key")]),
    "determines": lambda frame: Case(frame, [zkp.determines("key", "amount")]),
    "contains": lambda frame: Case(frame, [zkp.contains(key=0)]),
    "lacks": lambda frame: Case(frame, [zkp.lacks(key=-1)]),
    "opening": lambda frame: Case(frame, [zkp.opening([0, len(frame) - 1])]),
    "in_key": lambda frame: Case(_parts(frame)[0], [zkp.in_key("key", frame)]),
}
"""Statements measured, on `numbers`; one for each kind of proof (`maximum` costs what `minimum` does)."""

COMMIT_ONLY: Final = "commit 10 mixed columns"


def run_bench(rows: int, only: Sequence[str], as_json: bool) -> int:
    """Measures every line, or those named, each in its own process.

    Returns:
        0, or 1 where a line could not be measured.
    """
    names = [*CASES, COMMIT_ONLY]
    unknown = set(only) - set(names)
    if unknown:
        raise ZkpError(f"There is no line {sorted(unknown)[0]}.", todo=f"There are: {', '.join(names)}.")
    with progress_bar() as progress:
        development_srs(table_depth(rows), stage(progress, "set-up"))
    if not as_json:
        click.echo(_head())
    failed = False
    for name in only or names:
        done = _measured_apart(name, rows)
        if done.returncode != 0:
            failed = True
            click.echo(f"{name}: could not be measured.", err=True)
            continue
        click.echo(done.stdout.strip() if as_json else _written(Line(**json.loads(done.stdout))))
    return 1 if failed else 0


def _measured_apart(name: str, rows: int) -> subprocess.CompletedProcess[str]:
    """One line in a process of its own, whose throwaway ledger stays off the user's list of known ones."""
    command = [sys.executable, "-m", "zkp_nb.cli.bench", name, str(rows)]
    with tempfile.TemporaryDirectory(prefix="zkp-bench-") as data:
        environment = os.environ | {"ZKP_NB_DATA": data}
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, env=environment)


def measure(name: str, rows: int) -> Line:
    """Measures one line in this process."""
    with tempfile.TemporaryDirectory(prefix="zkp-bench-") as folder:
        project = Project(Path(folder))
        if name == COMMIT_ONLY:
            frame = mixed(rows)
            base = _peak_memory()
            dataset = project.commit(frame, "mixed")
            committed = dataset.receipt.timings.commit or 0.0
            return Line(name, rows, frame.shape[1], committed, None, None, 0, 0, base, _peak_memory())
        frame = numbers(rows)
        case = CASES[name](frame)
        base = _peak_memory()
        started = time.perf_counter()
        parent = project.commit(frame, "data")
        committed = time.perf_counter() - started
        child = project.commit(case.child, "child") if case.child is not frame else parent
        for number, other in enumerate(case.others):
            project.commit(other, f"other{number}")
        parents = () if child is parent else (parent,)
        receipt = project.prove(case.child, case.claims, parents=parents)
        peak = _peak_memory()
        times = []
        for _ in range(VERIFY_RUNS):
            started = time.perf_counter()
            verdict = receipt.verify(verifier="native")
            times.append(time.perf_counter() - started)
            if not verdict:
                raise ZkpError(f"The proof of {name} was refused.", why=verdict.failure)
        return Line(
            name, rows, frame.shape[1], committed, receipt.timings.prove, min(times),
            len(receipt.proofs), len(receipt.proof), base, peak,
        )  # fmt: skip


def _peak_memory() -> int:
    """Largest resident size of this process so far, in bytes.

    On Linux from the process's own memory map: `ru_maxrss` there begins with what the parent held at the fork.
    """
    with contextlib.suppress(OSError, IndexError):
        status = Path("/proc/self/status").read_text("ascii")
        return int(status.split("VmHWM:")[1].split()[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _sizes(line: Line) -> str:
    if not line.proofs:
        return ""
    return f"{line.proof_bytes:,}" + (f" in {line.proofs}" if line.proofs > 1 else "")


_COLUMNS: Final[tuple[tuple[str, int, Callable[[Line], str]], ...]] = (
    ("statement", -24, lambda line: line.statement),
    ("rows", 11, lambda line: f"{line.rows:,}"),
    ("columns", 8, lambda line: str(line.columns)),
    ("commit", 10, lambda line: seconds(line.commit_s)),
    ("prove", 10, lambda line: "" if line.prove_s is None else seconds(line.prove_s)),
    ("verify", 10, lambda line: "" if line.verify_s is None else seconds(line.verify_s)),
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
