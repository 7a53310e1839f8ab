from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from zkp_nb.cli import run
from zkp_nb.cli.commands import commands


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a table in several formats, and parts of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZKP_NB_PROJECT", raising=False)
    incomes = [1000 + 37 * number for number in range(40)]
    loans = pd.DataFrame({"age": range(8, 48), "income": incomes, "grade": ["a", "b"] * 20})
    loans.to_csv("loans.csv", index=False)
    loans.to_parquet("loans.parquet", index=False)
    pyarrow.feather.write_feather(pa.Table.from_pandas(loans, preserve_index=False), "loans.arrow")
    loans[loans.age >= 18].to_csv("adults.csv", index=False)
    loans[:30].to_csv("train.csv", index=False)
    loans[30:].to_csv("test.csv", index=False)
    return tmp_path


def test_commit_prove_verify_log(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["commit", "loans.csv"]) == 0
    assert "`loans` is committed: 40 rows, 3 columns. [committed]" in capsys.readouterr().out
    assert run(["prove", "adults.csv", "--from", "loans.csv", "--where", "age >= 18"]) == 0
    out = capsys.readouterr().out
    assert "age >= 18" in out
    assert "[proven]" in out
    assert (here / "adults.zkp").exists()
    assert run(["verify", "adults.zkp", "--verifier", "native"]) == 0
    assert "holds" in capsys.readouterr().out
    assert run(["log"]) == 0
    assert "committed" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["loans.parquet", "loans.arrow"])
@pytest.mark.usefixtures("here")
def test_formats_do_not_matter(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["commit", "loans.csv"]) == 0
    assert run(["commit", name]) == 0
    capsys.readouterr()
    assert run(["log", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 1


def test_a_split_and_several_claims(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", "train.csv", "test.csv", "--from", "loans.csv", "--out", "split.zkp"]) == 0
    assert run(["prove", "loans.csv", "--claim", 'mean("income")', "--claim", 'between("age", 0, 120)']) == 0
    assert "[proven]" in capsys.readouterr().out
    assert run(["verify", "split.zkp", "loans.zkp"]) == 0
    assert (here / "loans.zkp").stat().st_size < 20_000


def test_a_receipt_is_never_overwritten_by_default(here: Path) -> None:
    assert run(["prove", "loans.csv", "--claim", 'sum("income")']) == 0
    first = (here / "loans.zkp").read_bytes()
    assert run(["prove", "loans.csv", "--claim", 'nulls("income")']) == 0
    assert (here / "loans.zkp").read_bytes() == first
    assert len(list(here.glob("loans-*.zkp"))) == 1


def test_verify_says_which_receipt_fails(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", "loans.csv", "--claim", 'sum("income")']) == 0
    good = (here / "loans.zkp").read_bytes()
    (here / "bad.zkp").write_bytes(good.replace(b'"loans"', b'"loams"', 1))
    (here / "empty.zkp").write_bytes(b"")
    (here / "picture.zkp").write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff")
    capsys.readouterr()
    files = ["loans.zkp", "bad.zkp", "empty.zkp", "picture.zkp", "missing.zkp"]
    assert run(["verify", "--json", *files]) == 1
    verdicts = json.loads(capsys.readouterr().out)
    assert [verdict["ok"] for verdict in verdicts] == [True, False, False, False, False]
    assert all(verdict["failure"] for verdict in verdicts[1:])
    assert run(["verify", "bad.zkp"]) == 1
    assert "REFUSED" in capsys.readouterr().out


def test_an_asserted_receipt_is_no_proof(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pd.DataFrame({"other": [1, 2, 3]}).to_csv("other.csv", index=False)
    assert run(["prove", "other.csv", "--from", "loans.csv"]) == 0
    assert "[asserted]" in capsys.readouterr().out
    assert run(["verify", "other.zkp"]) == 1
    assert run(["verify", "other.zkp", "--allow-asserted"]) == 0


def test_a_log_that_the_reader_knows(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prove", "loans.csv", "--claim", 'sum("income")']) == 0
    capsys.readouterr()
    assert run(["log"]) == 0
    key = capsys.readouterr().out.splitlines()[1].removeprefix("key").strip()
    assert run(["verify", "loans.zkp", "--ledger-key", key, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["log_known"]
    assert (here / ".zkp").is_dir()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["commit", "missing.csv"], 1, "missing.csv"),
        (["commit", "notes.txt"], 1, "no file"),
        (["commit", "loans.csv", "--scale", "x"], 1, "column=digits"),
        (["commit"], 2, "Missing argument"),
        (["prove", "loans.csv", "--claim", "mean(income)"], 1, "not a constant"),
        (["prove", "loans.csv", "--claim", "__import__('os').abort()"], 1, "no claim called"),
        (["prove", "loans.csv", "--claim", 'mean("nothing")'], 1, "nothing"),
        (["prove", "loans.csv", "--claim", 'between("age", 9, 47)'], 1, "age"),
        (["prove", "loans.csv", "--where", "age >="], 1, "cannot be read"),
        (["prove", "train.csv", "test.csv", "--claim", 'mean("age")'], 1, "several"),
        (["prove", "train.csv", "--from", "missing.csv"], 1, "missing.csv"),
        (
            ["prove", "loans.csv", "--claim", 'sum("age")', "--out", "no/such/folder.zkp"],
            1,
            "cannot be written",
        ),
        (["verify"], 2, "Missing argument"),
        (["verify", "x.zkp", "--verifier", "trust"], 2, "Invalid value"),
        (["log"], 1, "no project"),
        (["log", "-n", "0"], 2, "Invalid value"),
        (["srs", "--depth", "100000"], 1, "largest"),
        (["bench", "--rows", "many"], 2, "not a valid integer"),
        (["bench", "--statement", "nonsense"], 1, "nonsense"),
        (["fly"], 2, "No such command"),
    ],
)
def test_bad_input_gets_a_sentence(
    arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == code
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"PAR1", b"a,b\n1\n2,3,4\n"])
@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow"])
def test_a_damaged_file_gets_a_sentence(
    here: Path, content: bytes, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / f"damaged{suffix}").write_bytes(content)
    assert run(["commit", f"damaged{suffix}"]) == 1
    assert capsys.readouterr().err.startswith("Error: ")


def test_a_project_that_is_a_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / ".zkp").write_text("a file where the folder should be")
    assert run(["commit", "loans.csv"]) == 1
    assert capsys.readouterr().err.startswith("Error: ")


def test_ctrl_c_ends_with_a_sentence(here: Path) -> None:
    draw = pd.DataFrame({f"c{number}": range(400_000) for number in range(8)})
    draw.to_parquet(here / "large.parquet")
    command = [sys.executable, "-m", "zkp_nb.cli", "commit", "large.parquet"]
    process = subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not (here / ".zkp" / "vault.sqlite").exists():
        time.sleep(0.01)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, (out, err)
    assert err.strip().startswith("Stopped.")
    assert "Traceback" not in err


def test_the_program_is_installed_under_its_name(here: Path) -> None:
    program = Path(sys.executable).with_name("zkp")
    command = [str(program)] if program.exists() else [sys.executable, "-m", "zkp_nb.cli"]
    done = subprocess.run([*command, "--help"], cwd=here, capture_output=True, text=True, check=True)
    assert all(command.name in done.stdout for command in commands if command.name)


def test_verify_runs_without_the_compiled_module_and_the_frames_libraries(here: Path) -> None:
    assert run(["prove", "loans.csv", "--claim", 'sum("income")']) == 0
    missing = ["pandas", "polars", "IPython", "zkp_nb._core"]
    modules = f"sys.modules.update(dict.fromkeys({missing!r}))"
    code = f"import sys; {modules}; from zkp_nb.cli import main; main(['verify', 'loans.zkp'])"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ZKP_")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=here, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "[proven" in done.stdout
