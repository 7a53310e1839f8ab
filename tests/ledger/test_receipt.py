"""Receipts: what a verifier with nothing else refuses."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zkp_nb.errors import ReceiptError
from zkp_nb.ledger import (
    Checkpoint,
    DatasetEntry,
    DatasetRecord,
    Ledger,
    ReceiptFile,
    Verifier,
    canonical_json,
)
from zkp_nb.ledger.identity import local_name
from zkp_nb.ledger.note import Signer
from zkp_nb.ledger.receipt import MAX_RECEIPT_BYTES, VERSION
from zkp_nb.ledger.records import sha256_hex

MakeRecord = Callable[..., DatasetRecord]
Json = dict[str, Any]


@pytest.fixture
def receipt(filled: Ledger) -> bytes:
    """The receipt of the proof entry of `filled`."""
    return filled.receipt(2)


def verified(data: bytes) -> ReceiptFile:
    parsed = ReceiptFile.parse(data)
    parsed.verify_inclusion()
    return parsed


def resealed(content: Json) -> bytes:
    """The file a forger would write: any content, with the digest of it."""
    body = {key: value for key, value in content.items() if key != "digest"}
    return canonical_json(body | {"digest": sha256_hex(canonical_json(body))})


def test_a_receipt_of_every_entry_verifies(filled: Ledger) -> None:
    for logged in filled.entries():
        parsed = verified(filled.receipt(logged.index))
        assert parsed.entry == logged.entry
        assert parsed.ledger_id == filled.id
        assert parsed.ledger_key == filled.key
        assert set(parsed.records()) == {each for ids in logged.entry.named().values() for each in ids}
        assert ReceiptFile.parse(parsed.to_bytes()) == parsed


def test_a_receipt_is_a_few_kilobytes(receipt: bytes) -> None:
    assert len(receipt) < 4096


def test_a_receipt_of_a_wide_dataset_verifies(ledger: Ledger, record: MakeRecord, verifier: Verifier) -> None:
    ledger.append(DatasetEntry(record=record(columns=2000)), verifier=verifier)
    parsed = verified(ledger.receipt(0))
    assert len(next(iter(parsed.records().values())).columns) == 2000


def test_a_receipt_shows_no_more_than_it_must(filled: Ledger) -> None:
    assert b"more 1" not in filled.receipt(2)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(data=st.data())
def test_any_flipped_bit_is_refused(receipt: bytes, data: st.DataObject) -> None:
    altered = bytearray(receipt)
    bit = data.draw(st.integers(0, 8 * len(altered) - 1))
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ReceiptError) as caught:
        verified(bytes(altered))
    assert len(str(caught.value)) > 20


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_cut_or_added_byte_is_refused(receipt: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(receipt) - 2))
    extra = data.draw(st.binary(min_size=1, max_size=1))
    for altered in (receipt[:place], receipt[place + 1 :], receipt[:place] + extra + receipt[place:]):
        with pytest.raises(ReceiptError):
            verified(altered)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(ReceiptError):
        ReceiptFile.parse(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"version":1}',
        b"[" * 100_000,
        b'{"version":1,"entry":' + b"9" * 5000 + b"}",
        b'{"version":1,"entry":NaN}',
        b'{"version":1,"entry":1e999}',
        b'{"version":1,"entry":"\\ud800"}',
        b" " * (MAX_RECEIPT_BYTES + 1),
    ],
)
def test_files_that_are_no_receipts_are_refused(content: bytes) -> None:
    with pytest.raises(ReceiptError):
        ReceiptFile.parse(content)


@pytest.mark.parametrize("version", [0, 2, VERSION + 1, 10**30, "1", True, 1.5, None])
def test_an_unknown_version_is_refused(receipt: bytes, version: Any) -> None:
    content = json.loads(receipt) | {"version": version}
    beyond_canonical = version == 10**30
    data = json.dumps(content).encode() if beyond_canonical else resealed(content)
    with pytest.raises(ReceiptError, match="not of version 1"):
        ReceiptFile.parse(data)


def at(content: Json, *path: str | int) -> Any:
    place: Any = content
    for step in path:
        place = place[step]
    return place


FORGERIES: dict[str, Callable[[Json], object]] = {
    "unknown field": lambda c: c.update(note="trust me"),
    "unknown field inside": lambda c: at(c, "entry").update(note="trust me"),
    "missing field": lambda c: c.pop("inclusion"),
    "result": lambda c: at(c, "entry", "statement", "results").update(mean="13"),
    "parameter": lambda c: at(c, "entry", "statement", "parameters").update(at_least="19"),
    "proof": lambda c: at(c, "entry").update(proofs=["AAAB" + at(c, "entry", "proofs", 0)[4:]]),
    "second proof": lambda c: at(c, "entry", "proofs").append("AAAA"),
    "no proof": lambda c: at(c, "entry").update(proofs=[]),
    "prover": lambda c: at(c, "entry").update(prover="another"),
    "proof in bad base64": lambda c: at(c, "entry").update(proofs=["AAA"]),
    "row count": lambda c: at(c, "datasets", 0, "record").update(n_rows=7),
    "name of a dataset": lambda c: at(c, "datasets", 1, "record").update(name="minors"),
    "commitment": lambda c: at(c, "datasets", 0, "record", "columns", 0, "commitments").update(
        value="11" * 32
    ),
    "commitment of wrong length": lambda c: at(
        c, "datasets", 0, "record", "columns", 0, "commitments"
    ).update(value="00"),
    "dataset left out": lambda c: at(c, "datasets").pop(),
    "dataset twice": lambda c: at(c, "datasets").append(at(c, "datasets", 0)),
    "a dataset not named": lambda c: at(c, "datasets").append(
        {"record": at(c, "datasets", 0, "record") | {"name": "x"}, "inclusion": None}
    ),
    "dataset elsewhere in the log": lambda c: at(c, "datasets", 0, "inclusion").update(index=1),
    "index": lambda c: at(c, "inclusion").update(index=3),
    "negative index": lambda c: at(c, "inclusion").update(index=-1),
    "index beyond the log": lambda c: at(c, "inclusion").update(index=2**40),
    "index as text": lambda c: at(c, "inclusion").update(index="2"),
    "proof hash left out": lambda c: at(c, "inclusion", "hashes").pop(),
    "proof hash added": lambda c: at(c, "inclusion", "hashes").append(base64.b64encode(bytes(32)).decode()),
    "proof hash of wrong length": lambda c: at(c, "inclusion").update(hashes=["AAAA"]),
    "proof hashes without end": lambda c: at(c, "inclusion").update(hashes=["AAAA"] * 65),
    "checkpoint size": lambda c: c.update(checkpoint=c["checkpoint"].replace("\n7\n", "\n8\n")),
    "checkpoint without signature": lambda c: c.update(
        checkpoint=c["checkpoint"].partition("\n\n")[0] + "\n"
    ),
    "empty checkpoint": lambda c: c.update(checkpoint=""),
    "malformed key": lambda c: c.update(ledger_key="x"),
    "no key": lambda c: c.update(ledger_key=""),
    "verification key of another set-up": lambda c: c.update(verification_key="AAAA"),
    "verification key in bad base64": lambda c: c.update(verification_key="AAA"),
    "time": lambda c: c.update(created="yesterday"),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_receipt_with_a_good_digest_is_refused(
    receipt: bytes, forge: Callable[[Json], object]
) -> None:
    content = json.loads(receipt)
    verified(resealed(content))
    forge(content)
    with pytest.raises(ReceiptError) as caught:
        verified(resealed(content))
    assert str(caught.value).endswith(".")


def test_another_log_cannot_go_under_this_ones_name(receipt: bytes) -> None:
    """The forger signs, with their own key, a log that holds the forged entry under the honest log's name."""
    content = json.loads(receipt)
    checkpoint = Checkpoint.parse(content["checkpoint"].partition("\n\n")[0] + "\n")
    forger = Ed25519PrivateKey.generate()
    for name, sentence in (
        (checkpoint.origin, "does not belong"),
        (local_name(forger.public_key().public_bytes_raw()), "another log"),
    ):
        signer = Signer(name, forger)
        content |= {"checkpoint": signer.sign(checkpoint.text()).decode(), "ledger_key": str(signer.key)}
        with pytest.raises(ReceiptError, match=sentence):
            verified(resealed(content))


def test_a_receipt_of_a_forgers_own_log_verifies_but_its_key_is_unknown(
    filled: Ledger, tmp_path: Path, verifier: Verifier
) -> None:
    """Inclusion alone proves nothing about whose log it is; that is what the list of known keys is for."""
    with Ledger.open(tmp_path / "forger" / "ledger.sqlite") as other:
        other.extend([each.entry for each in filled.entries()], verifier=verifier)
        assert verified(other.receipt(2)).ledger_key != filled.key


def test_the_right_verification_key_is_accepted(
    ledger: Ledger, record: MakeRecord, verifier: Verifier
) -> None:
    key = b"the encoded verification key"
    ledger.append(DatasetEntry(record=record(srs_id=sha256_hex(key))), verifier=verifier)
    parsed = verified(ledger.receipt(0, verification_key=key))
    assert parsed.verification_key == base64.b64encode(key).decode()


@pytest.mark.parametrize("spelling", [b" ", b"\n", b"\t"])
def test_other_spellings_of_the_same_content_are_refused(receipt: bytes, spelling: bytes) -> None:
    with pytest.raises(ReceiptError):
        ReceiptFile.parse(receipt.replace(b":", b":" + spelling, 1))
    with pytest.raises(ReceiptError):
        ReceiptFile.parse(json.dumps(json.loads(receipt), indent=1).encode())
    with pytest.raises(ReceiptError):
        ReceiptFile.parse(receipt.replace(b'"version":1', b'"version":1,"version":1', 1))


def test_a_receipt_is_checked_without_the_compiled_module(
    receipt: bytes, tmp_path: Path, child_environment: dict[str, str]
) -> None:
    (tmp_path / "loans.zkp").write_bytes(receipt)
    program = (
        "import sys, pathlib; sys.modules['zkp_nb._core'] = None\n"
        "from zkp_nb.ledger.receipt import ReceiptFile\n"
        "ReceiptFile.parse(pathlib.Path(sys.argv[1]).read_bytes()).verify_inclusion()\n"
        "print('in the log')\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "loans.zkp")]
    done = subprocess.run(command, env=child_environment, capture_output=True, text=True, check=True)
    assert done.stdout == "in the log\n"
