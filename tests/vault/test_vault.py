"""The vault keeps openings, for its owner alone, and forgets them when told."""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from zkp_nb.errors import VaultError
from zkp_nb.ledger import Ledger
from zkp_nb.vault import Vault

DIGEST = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "project" / ".zkp" / "vault.sqlite"


@pytest.fixture
def vault(path: Path) -> Iterator[Vault]:
    opened = Vault.open(path)
    yield opened
    opened.close()


def test_an_opening_is_found_again(vault: Vault, path: Path) -> None:
    seed = secrets.token_bytes(32)
    vault.put_opening("aa" * 32, seed, DIGEST, "loans", path="loans.csv", parents=["bb" * 32, "cc" * 32])
    vault.close()
    again = Vault.open(path)
    assert again.opening("aa" * 32) == seed
    assert again.datasets_of(DIGEST) == ["aa" * 32]
    assert again.location("aa" * 32) == "loans.csv"
    assert again.parents("aa" * 32) == ["bb" * 32, "cc" * 32]
    again.close()


def test_what_is_not_there_is_none(vault: Vault) -> None:
    assert vault.opening("aa" * 32) is None
    assert vault.datasets_of(DIGEST) == []
    assert vault.location("aa" * 32) is None
    assert vault.parents("aa" * 32) == []
    vault.forget("aa" * 32)


def test_one_frame_may_be_committed_more_than_once(vault: Vault) -> None:
    for number in range(3):
        vault.put_opening(f"{number:064x}", secrets.token_bytes(32), DIGEST, "loans")
    vault.put_opening("ff" * 32, secrets.token_bytes(32), bytes(32), "other")
    assert vault.datasets_of(DIGEST) == [f"{number:064x}" for number in range(3)]


def test_a_seed_is_never_replaced(vault: Vault) -> None:
    seed = secrets.token_bytes(32)
    vault.put_opening("aa" * 32, seed, DIGEST, "loans", path="loans.csv")
    vault.put_opening("aa" * 32, seed, DIGEST, "renamed")
    assert vault.location("aa" * 32) == "loans.csv"
    with pytest.raises(VaultError, match="another opening"):
        vault.put_opening("aa" * 32, secrets.token_bytes(32), DIGEST, "loans")
    assert vault.opening("aa" * 32) == seed


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_seed_of_another_length_is_refused(vault: Vault, length: int) -> None:
    with pytest.raises(VaultError, match="32 bytes"):
        vault.put_opening("aa" * 32, bytes(length), DIGEST, "loans")


def test_a_forgotten_seed_is_on_the_disk_no_more(vault: Vault, path: Path) -> None:
    seed, kept = secrets.token_bytes(32), secrets.token_bytes(32)
    vault.put_opening("aa" * 32, seed, DIGEST, "loans", parents=["bb" * 32])
    vault.put_opening("dd" * 32, kept, DIGEST, "kept")
    assert seed in everything(path)
    vault.forget("aa" * 32)
    assert vault.opening("aa" * 32) is None
    assert vault.datasets_of(DIGEST) == ["dd" * 32]
    assert vault.parents("aa" * 32) == []
    assert seed not in everything(path)
    assert kept in everything(path)


def test_a_forgotten_seed_is_gone_even_while_another_process_reads(vault: Vault, path: Path) -> None:
    seed = secrets.token_bytes(32)
    vault.put_opening("aa" * 32, seed, DIGEST, "loans")
    other = Vault.open(path)
    assert other.opening("aa" * 32) == seed
    vault.forget("aa" * 32)
    assert other.opening("aa" * 32) is None
    assert seed not in everything(path)
    other.close()


def everything(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob("vault.sqlite*"))


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_the_files_are_the_owners_alone(vault: Vault, path: Path) -> None:
    vault.put_opening("aa" * 32, secrets.token_bytes(32), DIGEST, "loans")
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for file in path.parent.glob("vault*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_a_seed_is_never_shown(vault: Vault) -> None:
    seed = secrets.token_bytes(32)
    vault.put_opening("aa" * 32, seed, DIGEST, "loans")
    with pytest.raises(VaultError) as caught:
        vault.put_opening("aa" * 32, secrets.token_bytes(32), DIGEST, "loans")
    shown = repr(vault) + str(vault) + str(caught.value)
    assert seed.hex() not in shown
    assert repr(seed) not in shown


def test_threads_share_a_vault(vault: Vault) -> None:
    def put(number: int) -> None:
        vault.put_opening(f"{number:064x}", number.to_bytes(32, "big"), DIGEST, "loans")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(40)))
    assert len(vault.datasets_of(DIGEST)) == 40
    assert vault.opening(f"{7:064x}") == (7).to_bytes(32, "big")


def test_a_locked_vault_says_so(vault: Vault, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    impatient = Vault.open(path, busy_timeout=0.05)
    with pytest.raises(VaultError, match="Another process holds it locked"):
        impatient.put_opening("aa" * 32, bytes(32), DIGEST, "loans")
    assert impatient.opening("aa" * 32) is None
    other.execute("ROLLBACK")
    impatient.put_opening("aa" * 32, bytes(32), DIGEST, "loans")
    other.close()
    impatient.close()


def test_a_damaged_file_says_so(vault: Vault, path: Path) -> None:
    vault.put_opening("aa" * 32, bytes(32), DIGEST, "loans")
    vault.close()
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4080)
    with pytest.raises(VaultError, match=r"damaged|cannot be opened"):
        Vault.open(path)


def test_a_damaged_seed_says_so(vault: Vault, path: Path) -> None:
    vault.put_opening("aa" * 32, bytes(32), DIGEST, "loans")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE openings SET seed = zeroblob(31)")
    connection.close()
    with pytest.raises(VaultError, match="damaged"):
        vault.opening("aa" * 32)


def test_a_ledger_is_not_taken_for_a_vault(tmp_path: Path) -> None:
    Ledger.open(tmp_path / "ledger.sqlite").close()
    with pytest.raises(VaultError, match="is not a vault"):
        Vault.open(tmp_path / "ledger.sqlite")


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(VaultError, match="cannot be opened"):
        Vault.open(tmp_path / "file" / "vault.sqlite")
