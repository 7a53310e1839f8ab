"""What somebody would pick instead, on the same rows and the same machine.

    python benchmarks/peers/run.py --rows 1000 10000 100000 --seconds 120 --out docs/benchmarks/peers.md

Needs Go for gnark, Node for snarkjs, cargo for Proof of SQL, and `pip install ezkl onnx` for ezkl; a peer that
cannot be built, or is stopped for its time or memory, is named with the reason. Each is built in a folder of its
own and run with a limit; the largest number of rows that it managed within the limit is in the table.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
MEMORY = 10 * 1024**3
STATEMENTS = ("sum", "filter")
NOTES = {
    "zkp_nb": ("yes", "Both bound to a committed table; the filter also commits the rows that are left."),
    "gnark groth16": ("yes", "Not bound to a table; a set-up for each circuit and number of rows."),
    "gnark plonk": ("yes", "Not bound to a table; compiled anew for each number of rows."),
    "snarkjs groth16": ("yes", "As gnark; circom as WebAssembly."),
    "snarkjs plonk": ("yes", "As gnark; circom as WebAssembly."),
    "ezkl": ("yes", "Not bound to a table; no limits for the cells."),
    "Proof of SQL": ("no", "Bound to a committed table, which does not hide it; no limits for the cells."),
    "SHA-256": ("no", "Says only that two people have the same file."),
}


def table(rows: int) -> pd.DataFrame:
    """Ages below 2^7 and prices below 2^17."""
    random = np.random.default_rng(rows)
    return pd.DataFrame({"age": random.integers(0, 100, rows), "price": random.integers(100, 99_999, rows)})


def ours(file: str, statement: str) -> dict[str, Any]:
    """This package: commit; the sum and the bounds in one receipt, or the filter and the sum of what is left."""
    import zkp_nb as zkp
    from zkp_nb.project import Project

    frame = pd.read_csv(file, names=["age", "price"])
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder))
        # The set-up of this machine is made once, for all tables: another table of that size has had it made.
        other = pd.DataFrame({"a": range(len(frame))})
        project.prove(other, [zkp.sum("a"), zkp.unique("a")], name="other")
        begun = time.perf_counter()
        project.commit(frame, "loans")
        took: dict[str, Any] = {"rows": len(frame), "commit": time.perf_counter() - begun, "setup": 0.0}
        begun = time.perf_counter()
        if statement == "sum":
            claimed = [zkp.sum("price"), zkp.between("age", 0, 127), zkp.between("price", 0, 131_071)]
            receipts = [project.prove(frame, claimed)]
        else:
            adults = frame[frame.age >= 18]
            receipts = [project.prove(adults, [zkp.filter("age >= 18")], name="adults", parents=[frame])]
            receipts.append(project.prove(adults, [zkp.sum("price")]))
        took["prove"] = time.perf_counter() - begun
        begun = time.perf_counter()
        assert all(receipt.verify(verifier="native").ok for receipt in receipts)
        took["verify"] = time.perf_counter() - begun
        took["bytes"] = sum(len(proof) for receipt in receipts for proof in receipt.proofs)
        project.close()
    return took


def floor(file: str, statement: str) -> dict[str, Any]:
    """SHA-256 of the Parquet file."""
    path = Path(file).with_suffix(".parquet")
    begun = time.perf_counter()
    hashlib.sha256(path.read_bytes()).hexdigest()
    took = time.perf_counter() - begun
    rows = len(Path(file).read_text().splitlines())
    return {"rows": rows, "setup": 0.0, "prove": took, "verify": took, "bytes": 32}


def build(folder: Path, seconds: float, only: list[str]) -> dict[str, list[str] | str]:
    """The command of each peer, or why there is none."""

    def prepare(name: str, *command: str) -> Path | str:
        if only and not any(each.startswith({"sql": "Proof"}.get(name, name)) for each in only):
            return "was not asked for"
        place = folder / name
        shutil.copytree(HERE / name, place)
        try:
            done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=seconds)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"could not be built: {type(error).__name__}"
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            return f"could not be built: {last}"
        return place

    own = [sys.executable, str(Path(__file__))]
    commands: dict[str, list[str] | str] = {"zkp_nb": [*own, "--one", "zkp_nb"]}
    go = prepare("gnark", "go", "build", "-o", "peer", ".")
    for system in ("groth16", "plonk"):
        commands[f"gnark {system}"] = go if isinstance(go, str) else [str(go / "peer"), system]
    node = prepare("snarkjs", "npm", "install", "--silent")
    for system in ("groth16", "plonk"):
        commands[f"snarkjs {system}"] = (
            node if isinstance(node, str) else ["node", str(node / "run.mjs"), system]
        )
    rust = prepare("sql", "cargo", "build", "--release")
    commands["Proof of SQL"] = rust if isinstance(rust, str) else [str(rust / "target/release/peer-sql")]
    try:
        import ezkl  # noqa: F401
        import onnx  # noqa: F401

        commands["ezkl"] = [sys.executable, str(HERE / "ezkl_peer.py")]
    except ImportError as error:
        commands["ezkl"] = f"is not installed: {error.name}"
    commands["SHA-256"] = [*own, "--one", "SHA-256"]
    return commands


def run(command: list[str], file: Path, statement: str, seconds: float) -> dict[str, Any] | str:
    """What one run printed, or why it printed nothing."""
    if "--one" in command:
        whole = [*command, "--file", str(file), "--statement", statement]
    else:
        program = 2 if command[0] == "node" or command[0] == sys.executable else 1
        whole = [*command[:program], str(file), statement, *command[program:]]
    try:
        done = subprocess.run(
            whole, capture_output=True, text=True, timeout=seconds, check=False, preexec_fn=_limited
        )
    except subprocess.TimeoutExpired:
        return f"not within {seconds:g} s"
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        return f"failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1][:120]}"
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def line(name: str, statement: str, took: dict[str, Any], end: str) -> str:
    """One row of the table."""
    hides, _ = NOTES[name]
    setup = took.get("compile", 0.0) + took.get("setup", 0.0)
    verify = took.get("verify")
    cells = [
        name, statement, f"{took['rows']:,}", hides, f"{setup:.2f} s", f"{took['prove']:.2f} s",
        "" if verify is None else f"{verify * 1000:.1f} ms", f"{took['bytes']:,}", end,
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def measure(rows: list[int], seconds: float, only: list[str]) -> list[str]:
    """The table, a line as soon as it is known."""
    lines = [
        "| | statement | rows | hides the rows | set-up | prove | verify | bytes | next size |",
        "|---|---|---:|---|---:|---:|---:|---:|---|",
    ]
    with tempfile.TemporaryDirectory(prefix="zkp-peers-") as name:
        folder = Path(name)
        commands = build(folder, 10 * seconds, only)
        for size in rows:
            table(size).to_csv(folder / f"{size}.csv", index=False, header=False)
            table(size).to_parquet(folder / f"{size}.parquet")
        for peer, command in commands.items():
            if only and peer not in only:
                continue
            for statement in STATEMENTS:
                best: dict[str, Any] | None = None
                end = "" if isinstance(command, list) else command
                for size in rows if isinstance(command, list) else ():
                    found = run(command, folder / f"{size}.csv", statement, seconds)
                    if isinstance(found, str):
                        end = f"{size:,}: {found}"
                        break
                    best = found
                lines.append(
                    line(peer, statement, best, end)
                    if best is not None
                    else f"| {peer} | {statement} | | | | | | | {end} |"
                )
                print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Read the arguments, measure, write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, nargs="+", default=[100, 1000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--peer", action="append", default=[], help="only this one; may be repeated")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--one", choices=("zkp_nb", "SHA-256"), help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    parser.add_argument("--statement", choices=STATEMENTS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        local: Callable[[str, str], dict[str, Any]] = ours if given.one == "zkp_nb" else floor
        print(json.dumps(local(given.file, given.statement)))
        return
    lines = measure(given.rows, given.seconds, given.peer)
    notes = [f"- {name}: {note}" for name, (_, note) in NOTES.items()]
    if given.out is not None:
        given.out.write_text("\n".join([f"# Peers\n\nOn {os.cpu_count()} cores.\n", *lines, "", *notes, ""]))


if __name__ == "__main__":
    main()
