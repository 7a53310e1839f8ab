"""Signed notes and checkpoints, against published notes and notes that Go signed."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from zkp_nb.ledger import Checkpoint, NoteError, VerifierKey
from zkp_nb.ledger.identity import check_local_name, local_name
from zkp_nb.ledger.note import MAX_NOTE_BYTES, Signer, open_note

GO: list[dict[str, Any]] = json.loads((Path(__file__).parent / "vectors" / "merkle.json").read_bytes())[
    "notes"
]

# The example of golang.org/x/mod/sumdb/note, with both of its signatures.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
QUOTATION = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    "— EnochRoot "
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
).encode()


@pytest.fixture
def signer() -> Signer:
    return Signer("example.com/log", Ed25519PrivateKey.generate())


@pytest.mark.parametrize("vkey", [NEUMANN, ENOCH])
def test_a_published_note_opens_by_either_key(vkey: str) -> None:
    key = VerifierKey.parse(vkey)
    assert str(key) == vkey
    assert open_note(QUOTATION, key).endswith("what your problem is.\n")


@pytest.mark.parametrize("case", GO, ids=lambda case: str(case["text"].split("\n")[1]))
def test_signing_gives_the_bytes_that_go_gives(case: dict[str, Any]) -> None:
    signer = Signer("example.com/log", Ed25519PrivateKey.from_private_bytes(base64.b64decode(case["seed"])))
    assert str(signer.key) == case["vkey"]
    assert signer.sign(case["text"]).decode() == case["note"]
    checkpoint = Checkpoint.open(case["note"].encode(), signer.key)
    assert checkpoint.text() == case["text"]


@given(st.integers(0, 10**18 - 1), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_reads_as_it_was_written(size: int, root: bytes) -> None:
    checkpoint = Checkpoint("example.com/log", size, root)
    assert Checkpoint.parse(checkpoint.text()) == checkpoint


@given(st.data())
def test_any_flipped_bit_of_a_signed_checkpoint_is_refused(data: st.DataObject) -> None:
    note = bytearray(GO[2]["note"].encode())
    bit = data.draw(st.integers(0, 8 * len(note) - 1))
    note[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NoteError):
        Checkpoint.open(bytes(note), VerifierKey.parse(GO[2]["vkey"]))


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"example.com/log\n1\n{ROOT}",
        f"example.com/log\n01\n{ROOT}\n",
        f"example.com/log\n-1\n{ROOT}\n",
        f"example.com/log\n+1\n{ROOT}\n",
        f"example.com/log\n²\n{ROOT}\n",
        f"example.com/log\n{10**18}\n{ROOT}\n",
        f"\n1\n{ROOT}\n",
        f"example.com/log\n1\n{ROOT[:-4]}\n",
        f"example.com/log\n1\n{ROOT.rstrip('=')}\n",
        f"example.com/log\n1\n{ROOT}\nan extension\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


def test_a_checkpoint_of_another_log_is_refused(signer: Signer) -> None:
    note = signer.sign(Checkpoint("example.com/other", 0, bytes(32)).text())
    with pytest.raises(NoteError, match="another log"):
        Checkpoint.open(note, signer.key)


def test_signatures_of_strangers_are_skipped_but_not_enough(signer: Signer) -> None:
    text = Checkpoint("example.com/log", 0, bytes(32)).text()
    stranger = Signer("witness.example", Ed25519PrivateKey.generate())
    line = stranger.sign(text).decode().rpartition("\n\n")[2]
    assert open_note(signer.sign(text) + line.encode(), signer.key) == text
    with pytest.raises(NoteError, match="not signed by"):
        open_note(stranger.sign(text), signer.key)


def test_a_wrong_signature_under_the_right_key_id_is_refused(signer: Signer) -> None:
    text = Checkpoint("example.com/log", 0, bytes(32)).text()
    forged = base64.b64encode(signer.key.key_id + bytes(64)).decode()
    note = signer.sign(text) + f"— example.com/log {forged}\n".encode()
    with pytest.raises(NoteError, match="wrong"):
        open_note(note, signer.key)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\xff\xfe",
        b"no signature\n",
        b"text\n\n",
        b"text\n\n- PeterNeumann AAAA\n",
        "text\n\n— PeterNeumann\n".encode(),
        "text\n\n— PeterNeumann AAAA extra\n".encode(),
        "text\n\n— PeterNeumann !!!!\n".encode(),
        "text\n\n— PeterNeumann AAAA".encode(),
        "te\rxt\n\n— PeterNeumann AAAAAAAA\n".encode(),
        QUOTATION + b" " * MAX_NOTE_BYTES,
    ],
)
def test_a_malformed_note_is_refused(note: bytes) -> None:
    with pytest.raises(NoteError):
        open_note(note, VerifierKey.parse(NEUMANN))


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3+",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T=",
    ],
)
def test_a_malformed_key_is_refused(vkey: str) -> None:
    with pytest.raises(NoteError):
        VerifierKey.parse(vkey)


def test_nobody_else_can_go_under_the_name_of_an_embedded_log(signer: Signer) -> None:
    mine = VerifierKey(local_name(signer.key.public), signer.key.public)
    check_local_name(mine)
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(NoteError, match="does not belong"):
        check_local_name(VerifierKey(mine.name, other))


def test_a_private_key_is_never_shown(signer: Signer) -> None:
    secret = signer.private.private_bytes_raw()
    assert secret.hex() not in repr(signer)
    assert "private" not in repr(signer).lower()
