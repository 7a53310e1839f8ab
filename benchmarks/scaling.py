"""Cost over rows: one run of `zkp bench` for each size, as a table and a plot.

    python benchmarks/scaling.py --rows 1000 10000 100000 1000000 10000000 --out docs/benchmarks

Ten million rows take ten gigabytes of memory, a set-up of one gigabyte, and minutes.
Needs matplotlib (`pip install zkp-nb[bench]`). Every figure is of this machine, in this run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

STATEMENTS = ("sum", "variance", "same_rows", "filter", "unique")


def measure(rows: int) -> list[dict[str, Any]]:
    """The lines of `zkp bench` at one size."""
    only = [word for name in STATEMENTS for word in ("--statement", name)]
    command = [
        sys.executable,
        "-c",
        "from zkp_nb.cli import main; main()",
        "bench",
        "--json",
        "--rows",
        str(rows),
    ]
    done = subprocess.run([*command, *only], stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def machine() -> str:
    """Processor and number of cores, for the caption."""
    model = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip()
            for line in info.read_text().splitlines()
            if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{model}, {len(os.sched_getaffinity(0))} cores"


def write_table(lines: list[dict[str, Any]], path: Path) -> None:
    """Markdown, a row for each statement and size."""
    rows = [
        f"| {line['statement']} | {line['rows']:,} | {line['commit_s']:.3f} | {line['prove_s']:.3f} | "
        f"{1000 * line['verify_s']:.1f} | {line['proof_bytes']} | {line['peak_memory'] / 2**20:,.0f} |"
        for line in lines
    ]
    head = (
        "| statement | rows | commit s | prove s | verify ms | proof bytes | peak MiB |\n" + "|---" * 7 + "|"
    )
    path.write_text("\n".join([head, *rows, "", f"Measured on {machine()}.", ""]))


def draw(lines: list[dict[str, Any]], path: Path) -> None:
    """Proving time and peak memory over rows, both axes logarithmic."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    figure, (time, memory) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for name in STATEMENTS:
        own = [line for line in lines if line["statement"] == name]
        sizes = [line["rows"] for line in own]
        time.loglog(sizes, [line["prove_s"] for line in own], marker="o", label=name)
        memory.loglog(sizes, [line["peak_memory"] / 2**20 for line in own], marker="o", label=name)
    time.set(xlabel="rows", ylabel="proving, seconds", title="time")
    memory.set(xlabel="rows", ylabel="peak memory, MiB", title="memory")
    time.legend()
    for axis in (time, memory):
        axis.grid(visible=True, alpha=0.3)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10**power for power in range(3, 8)])
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks"), help="folder for table and plot")
    given = parser.parse_args()
    lines = [line for rows in given.rows for line in measure(rows)]
    given.out.mkdir(parents=True, exist_ok=True)
    write_table(lines, given.out / "scaling.md")
    draw(lines, given.out / "scaling.svg")


if __name__ == "__main__":
    main()
