from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from zkp_nb.cli import run
from zkp_nb.cli.bench import COMMIT_ONLY, Line, measure_in
from zkp_nb.cli.cases import CASES
from zkp_nb.cli.demo import run_demo
from zkp_nb.notebook.claimtext import claim_names
from zkp_nb.project import Project
from zkp_nb.proving import LocalProver
from zkp_nb.statements.statement import kinds


def test_the_demonstration_accepts_what_is_true_and_refuses_every_forgery(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_demo(tmp_path, rows=2000) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "Both verifiers accepted every receipt and refused every forgery." in out
    for forgery in ("row", "result", "proof", "receipt"):
        assert re.search(f"tampered {forgery}: [^:]+ refused by", out), forgery
    assert "NOT REFUSED" not in out
    receipts = sorted(tmp_path.glob("[!.]*.zkp"))
    assert len(receipts) >= 6
    assert run(["verify", *map(str, receipts)]) == 0


def test_the_demonstration_respects_no_color(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    (tmp_path / "file").write_text("")
    assert run(["demo", "--out", str(tmp_path / "file")]) == 1
    assert "\x1b[3" not in capsys.readouterr().err


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Line]:
    """Every line of the bench, on few rows, one after another, with one prover."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZKP_NB_DATA", str(tmp_path_factory.mktemp("data")))
        prover, folder = LocalProver(), tmp_path_factory.mktemp("projects")
        # A project of its own for each: a frame takes the types of columns of the same name that are known.
        return {
            name: measure_in(Project(folder / str(number), prover), name, 120)
            for number, name in enumerate([*CASES, COMMIT_ONLY])
        }


def test_the_bench_has_a_line_for_every_kind_of_statement(lines: dict[str, Line]) -> None:
    assert {line.kind for line in lines.values()} - {""} == set(kinds())


def test_every_line_of_the_bench_is_proven(lines: dict[str, Line]) -> None:
    for name, line in lines.items():
        if name != COMMIT_ONLY:
            assert 0 < line.proof_bytes <= 1024 * line.proofs, name


def test_a_line_of_the_bench(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "--rows", "100", "--json", "--statement", "sum", "--statement", COMMIT_ONLY]) == 0
    first, second = map(json.loads, capfd.readouterr().out.splitlines())
    assert (first["statement"], first["rows"], second["columns"]) == ("sum", 100, 10)
    assert 0 < first["proof_bytes"] <= 1024
    assert 0 < first["base_memory"] <= first["peak_memory"]
    assert first["prove_s"] > first["proof_s"] > 0
    assert first["kind"] == "sum"


def test_the_bench_says_which_kernels_ran(capfd: pytest.CaptureFixture[str]) -> None:
    command = ["bench", "--rows", "100", "--json", "--statement", "sum", "--kernels"]
    assert run([*command, "portable"]) == 0
    assert json.loads(capfd.readouterr().out)["kernels"] == "portable"
    assert run([*command, "none such"]) == 1
    assert "cannot take the path none such" in capfd.readouterr().err


def test_a_name_of_no_kernels_is_passed_over_aloud_and_once() -> None:
    code = "from zkp_nb._core import kernels; print(kernels(), kernels())"
    said = {}
    for name in ("none such", "portable", ""):
        command = [sys.executable, "-c", code]
        environment = os.environ | {"ZKP_NB_KERNELS": name}
        said[name] = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert said["portable"].stdout.split() == ["portable"] * 2
    assert said["none such"].stdout == said[""].stdout
    assert (
        said["none such"].stderr.count('ZKP_NB_KERNELS="none such" is no path that this processor can take')
        == 1
    )
    assert said["portable"].stderr == said[""].stderr == ""


def test_the_lines_of_the_bench_are_named_after_claims() -> None:
    assert set(CASES) <= set(claim_names())
