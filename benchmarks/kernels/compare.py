"""Our kernels beside halo2curves, arkworks and gnark-crypto, in one run: `python benchmarks/kernels/compare.py`.

Runs `core/kernels/examples/compare.rs` and, where Go is installed, `gnark.go`, one thread each, and prints one Markdown
table of processor times: a field multiplication within 1,024 elements, a transform and sums of 2^20 terms.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
OPERATIONS = {
    "mul": "field multiplication in cache, ns",
    "fft": "FFT 2^20, ms",
    "msm-full": "MSM 2^20, full scalars, ms",
    "msm-64": "MSM 2^20, 64-bit scalars, ms",
    "msm-16": "MSM 2^20, 16-bit scalars, ms",
}
LIBRARIES = ("halo2curves", "arkworks", "gnark-crypto")


def measured(command: list[str], directory: Path) -> dict[tuple[str, str], float]:
    """Times by library and operation, from lines of three words."""
    done = subprocess.run(command, cwd=directory, check=True, stdout=subprocess.PIPE, text=True)
    lines = (line.split() for line in done.stdout.splitlines())
    return {(words[0], words[1]): float(words[2]) for words in lines if len(words) == 3}


def main() -> int:
    cargo = ["cargo", "run", "--release", "--quiet", "--package", "zkp-kernels", "--example", "compare"]
    times = measured(cargo, HERE.parent.parent / "core")
    if shutil.which("go"):
        times |= measured(["go", "run", "."], HERE)
    else:
        print("SKIPPED: gnark-crypto, because there is no Go on this machine", file=sys.stderr)
    paths = [name for name in ("ifma", "avx2", "portable") if (name, "mul") in times]
    columns = [*paths, *(name for name in LIBRARIES if (name, "mul") in times)]
    print("|", " | ".join(["what", *columns, f"best library / {paths[0]}"]), "|")
    print("|---" * (len(columns) + 2) + "|")
    for operation, title in OPERATIONS.items():
        row = {name: times[name, operation] for name in columns if (name, operation) in times}
        best = min(row[name] for name in LIBRARIES if name in row)
        cells = [f"{row[name]:.1f}" if name in row else "" for name in columns]
        print("|", " | ".join([title, *cells, f"{best / row[paths[0]]:.1f}"]), "|")
    return 0


if __name__ == "__main__":
    sys.exit(main())
