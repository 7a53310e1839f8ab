"""What somebody with nothing but the file finds out: genuine receipts, forged ones, and on a bare machine."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import zkp_nb
from zkp_nb.errors import StatementError
from zkp_nb.ledger.receipt import ReceiptFile
from zkp_nb.ledger.records import ProofEntry
from zkp_nb.project import Project
from zkp_nb.receipt import Receipt
from zkp_nb.statements import claims
from zkp_nb.verdict import verify, verify_entry

PACKAGE = Path(zkp_nb.__file__).parent


@pytest.fixture(scope="module")
def receipt(tmp_path_factory: pytest.TempPathFactory) -> Receipt:
    project = Project(tmp_path_factory.mktemp("verdict"))
    frame = pd.DataFrame({"age": range(200), "state": ["CA", "NY"] * 100})
    receipt = project.prove(frame, [claims.sum("age")], name="people")
    project.close()
    return receipt


def forged(receipt: Receipt, **changes: Any) -> ReceiptFile:
    """The receipt with other content and a digest that fits it again."""
    content = receipt.file.model_dump(mode="json")
    for path, value in changes.items():
        *way, last = path.split("__")
        at = content
        for step in way:
            at = at[int(step)] if step.isdigit() else at[step]
        at[last] = value
    return ReceiptFile.model_validate_json(json.dumps(content))


def test_a_genuine_receipt(receipt: Receipt, tmp_path: Path) -> None:
    path = receipt.save(tmp_path / "sum")
    assert path.suffix == ".zkp"
    verdict = verify(path, verifier="both")
    assert verdict
    assert verdict.status == "proven"
    assert verdict.origin == "dev"
    assert [check.name for check in verdict.checks] == ["file", "log", "set-up", "proof"]
    assert "dev set-up" in str(verdict)


@pytest.mark.parametrize("verifier", ["native", "reference"])
def test_a_forged_result_in_a_log_of_the_forger(receipt: Receipt, tmp_path: Path, verifier: Any) -> None:
    """Whoever signs the log can log anything, but not make a proof fit another result."""
    project = Project(tmp_path / "forger")
    frame = pd.DataFrame({"age": range(200), "state": ["CA", "NY"] * 100})
    honest = project.prove(frame, [claims.sum("age")], name="people")
    entry = honest.file.entry
    assert isinstance(entry, ProofEntry)
    statement = json.loads(json.dumps(entry.statement).replace("19900", "19901"))
    assert statement != entry.statement
    lie = entry.model_copy(update={"statement": statement})
    index = project.ledger.append(lie, verifier=lambda *_: None)
    data = project.ledger.receipt(index, verification_key=project._prover.verification_key())
    project.close()
    verdict = verify(data, verifier=verifier)
    assert not verdict
    assert verdict.checks[-1].name == "proof"


def test_a_witness_table_that_nothing_is_proven_about(receipt: Receipt) -> None:
    entry = receipt.file.entry
    assert isinstance(entry, ProofEntry)
    records = receipt.file.records()
    other = next(iter(records.values())).model_copy(update={"name": "other"})
    statement = {**entry.statement, "witnesses": [other.id]}
    key = base64.b64decode(receipt.file.verification_key or "")
    with pytest.raises(StatementError, match="no proof of it is about"):
        verify_entry(
            entry.model_copy(update={"statement": statement}),
            {**records, other.id: other},
            key,
            receipt.ledger_id,
        )


def test_every_flipped_byte_of_a_proof_is_refused(receipt: Receipt) -> None:
    proof = bytearray(receipt.proof)
    for at in range(0, len(proof), 7):
        proof[at] ^= 1
        damaged = forged(receipt, entry__proofs=[base64.b64encode(bytes(proof)).decode()])
        assert not verify(damaged)
        proof[at] ^= 1


def test_an_entry_that_is_not_in_the_log(receipt: Receipt) -> None:
    verdict = verify(forged(receipt, entry__prover="somebody else"))
    assert not verdict
    assert verdict.checks[-1].name == "log"


def test_another_verification_key(receipt: Receipt) -> None:
    key = base64.b64decode(receipt.file.verification_key or "")
    verdict = verify(forged(receipt, verification_key=base64.b64encode(key[:-1] + b"\0").decode()))
    assert not verdict


def test_another_record(receipt: Receipt) -> None:
    assert not verify(forged(receipt, datasets__0__record__n_rows=201))


def test_damaged_files(receipt: Receipt, tmp_path: Path) -> None:
    data = receipt.to_bytes()
    for bad in (
        b"",
        b"{}",
        b"\xff" * 100,
        data[:-40],
        data.replace(b"proven", b"PROVEN") + b"x",
        b"[" * 100_000,
    ):
        verdict = verify(bad)
        assert not verdict
        assert str(verdict).startswith("REFUSED: ")
    assert "cannot be opened" in str(verify(tmp_path / "nothing.zkp"))


def test_on_a_bare_machine(receipt: Receipt, tmp_path: Path) -> None:
    """No data, no vault, no compiled module, no frame library: the plain Python verifier does it."""
    bare = tmp_path / "bare"
    shutil.copytree(
        PACKAGE, bare / "zkp_nb", ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__", ".zkp")
    )
    path = receipt.save(tmp_path / "sum.zkp")
    blocked = "import sys; sys.modules.update(pandas=None, polars=None); "
    environment = {
        **os.environ,
        "PYTHONPATH": str(bare),
        "ZKP_NB_DATA": str(tmp_path / "data"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    program = blocked + (
        "import zkp_nb, importlib.util as u; assert u.find_spec('zkp_nb._core') is None; "
        "from zkp_nb.cli import main; sys.argv = ['zkp', 'verify', *sys.argv[1:]]; sys.exit(main())"
    )

    def run(file: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", program, str(file)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    good = run(path)
    assert good.returncode == 0, good.stderr
    assert receipt.sentence in " ".join(good.stdout.split())
    broken = tmp_path / "broken.zkp"
    broken.write_bytes(path.read_bytes().replace(b"19900", b"19901"))
    bad = run(broken)
    assert bad.returncode == 1
    assert "Traceback" not in bad.stderr
