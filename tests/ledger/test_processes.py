"""Several processes, one ledger file: killed, out of disk space, damaged. Nothing acknowledged is lost."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from zkp_nb.errors import LedgerError
from zkp_nb.ledger import DatasetEntry, KnownLogs, Ledger, LoggedEntry, Verifier

posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits are those of POSIX")
KILLS = 8


class Appender:
    """The program `appender.py`, running. What it acknowledged is read from its pipe, also when killed."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        # Without a buffer: what it held after the first line, `communicate` would not see.
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, bufsize=0)
        self._read = b""
        self._ended = False

    def wait_for_first(self) -> tuple[str, int]:
        """Name and index of the first acknowledged entry."""
        assert self._process.stdout is not None
        self._read += self._process.stdout.readline()
        return next(iter(self._answers().items()))

    def kill(self) -> None:
        self._process.kill()

    def acknowledged(self) -> dict[str, int]:
        """Name to index of every entry that was acknowledged before the process ended."""
        if not self._ended:
            self._read += self._process.communicate(timeout=60)[0]
            self._ended = True
        return self._answers()

    def _answers(self) -> dict[str, int]:
        lines = self._read.split(b"\n")[:-1]  # a line that the kill cut short is no answer
        return {name.decode(): int(index) for index, name in (line.split(b" ", 1) for line in lines)}


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[Appender]:
    appender = Appender(command, environment)
    try:
        yield appender
    finally:
        appender.kill()
        appender.acknowledged()


def names(ledger: Ledger) -> list[str]:
    return [each.entry.record.name for each in all_entries(ledger) if isinstance(each.entry, DatasetEntry)]


def all_entries(ledger: Ledger) -> list[LoggedEntry]:
    return ledger.entries(0, 10**6)


@posix
def test_two_processes_append_and_one_is_killed_again_and_again(
    tmp_path: Path, child_process: list[str], child_environment: dict[str, str]
) -> None:
    path = tmp_path / ".zkp" / "ledger.sqlite"
    chance = random.Random(3)
    promised: dict[str, int] = {}
    known = KnownLogs.open(tmp_path / "known.sqlite")
    with running([*child_process, str(path), "steady", "0"], child_environment) as steady:
        steady.wait_for_first()
        ledger = Ledger.open(path)
        following = 0
        for _ in range(KILLS):
            with running([*child_process, str(path), "victim", str(following)], child_environment) as victim:
                victim.wait_for_first()
                time.sleep(chance.uniform(0, 0.03))
            answers = victim.acknowledged()
            promised |= answers
            following = len([name for name in promised if name.startswith("victim")])
            known.observe(ledger)
    promised |= steady.acknowledged()

    logged = names(ledger)
    report = ledger.check()
    assert report.size == len(logged) == len(set(logged))
    assert {name: logged.index(name) for name in promised} == promised
    assert len(logged) - len(promised) <= KILLS + 1  # each kill may hide one answer, no more
    for who in ("steady", "victim"):
        own = [name for name in logged if name.startswith(who)]
        assert own == [f"{who} {number}" for number in range(len(own))]
    assert known.observe(ledger).size == report.size
    ledger.close()
    known.close()


@posix
def test_many_processes_make_one_ledger_at_once(
    tmp_path: Path, child_process: list[str], child_environment: dict[str, str]
) -> None:
    path = tmp_path / ".zkp" / "ledger.sqlite"
    with ExitStack() as stack:
        commands = [[*child_process, str(path), f"p{number}", "0"] for number in range(4)]
        processes = [stack.enter_context(running(command, child_environment)) for command in commands]
        answers = [process.wait_for_first() for process in processes]
    assert len({index for _, index in answers}) == len(processes)
    with Ledger.open(path) as ledger:
        logged = names(ledger)
        assert [logged[index] for _, index in answers] == [name for name, _ in answers]
        assert ledger.check().size == len(logged)
    assert len(list(path.parent.glob("ledger.*.key"))) == 1


@posix
@pytest.mark.parametrize("limit", [100_000, 150_000, 400_000])
def test_a_full_disk_loses_nothing_that_was_acknowledged(
    tmp_path: Path,
    child_process: list[str],
    child_environment: dict[str, str],
    limit: int,
    verifier: Verifier,
) -> None:
    path = tmp_path / ".zkp" / "ledger.sqlite"
    command = [*child_process, str(path), "writer", "0", str(limit)]
    done = subprocess.run(command, env=child_environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 3, done.stderr
    assert "cannot be written" in done.stderr
    assert "nothing of this change was written" in done.stderr
    acknowledged = [line.split(" ", 1) for line in done.stdout.splitlines()]
    assert acknowledged
    with Ledger.open(path) as ledger:
        logged = names(ledger)
        assert [(int(index), name) for index, name in acknowledged] == list(enumerate(logged))
        assert ledger.check().size == len(logged)
        again = all_entries(ledger)[0].entry
        assert ledger.append(again, verifier=verifier) == 0


def test_a_flipped_bit_anywhere_in_the_file_is_found_or_harmless(filled: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "project" / ".zkp" / "ledger.sqlite"
    entries, receipts = filled.entries(), [filled.receipt(index) for index in range(7)]
    filled.close()
    content = path.read_bytes()
    chance = random.Random(5)
    found = 0
    for _ in range(150):
        altered = bytearray(content)
        bit = chance.randrange(8 * len(altered))
        altered[bit // 8] ^= 1 << bit % 8
        for leftover in ("-wal", "-shm"):
            Path(f"{path}{leftover}").unlink(missing_ok=True)
        path.write_bytes(altered)
        try:
            with Ledger.open(path) as ledger:
                ledger.check()
                assert [(each.index, each.entry) for each in ledger.entries()] == [
                    (each.index, each.entry) for each in entries
                ]
                assert len(ledger.receipt(2)) == len(receipts[2])
        except LedgerError:
            found += 1
    assert found > 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a fork is not safe even without us")
@pytest.mark.parametrize("how", ["inherit", "create"])
def test_forked_children_share_a_ledger(tmp_path: Path, child_environment: dict[str, str], how: str) -> None:
    command = [sys.executable, str(Path(__file__).with_name("forks.py")), how, str(tmp_path)]
    done = subprocess.run(command, env=child_environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
