"""Where the log of a node grows: entries that arrive at the same time go into one commit.

Making a commit durable takes the disk far longer than adding a leaf, so whatever arrives while one commit is
under way shares the next one. And nothing is signed unless the log continues what this node has signed before:
a log that was put back from an older copy would be a fork to everybody who saw the newer one.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from zkp_nb.errors import LedgerInconsistent, ZkpError
from zkp_nb.ledger import Ledger
from zkp_nb.ledger.known import KnownLogs
from zkp_nb.ledger.log import AnyEntry
from zkp_nb.server.state import NodeState

MAX_BATCH: Final = 1024
"""Most entries in one commit."""


@dataclass(frozen=True)
class Placed:
    """Where the log holds an entry, and whether this submission appended it."""

    index: int
    new: bool


@dataclass(frozen=True)
class _Waiting:
    entry: AnyEntry
    subject: str
    placed: Future[Placed] = field(default_factory=Future)


class Sequencer:
    """The one writer of a node; several nodes on one log take turns by the store's lock.

    Args:
        ledger: the log.
        marks: the highest checkpoint that was signed, kept apart from the log.
        state: gets an audit event for each entry that is new.
    """

    def __init__(self, ledger: Ledger, marks: KnownLogs, state: NodeState) -> None:
        self._ledger = ledger
        self._marks = marks
        self._state = state
        self._last: bytes | None = None
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="zkp-sequencer", daemon=True)

    def start(self) -> None:
        """Begin to take entries."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what was submitted, then end."""
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    async def append(self, entry: AnyEntry, subject: str) -> Placed:
        """Append an entry that was verified; durable, and in the audit log, when this returns.

        Raises:
            LedgerError: the store cannot be written.
            LedgerInconsistent: the log contradicts what was signed before; nothing more is signed.
        """
        waiting = _Waiting(entry, subject)
        self._queue.put(waiting)
        return await asyncio.wrap_future(waiting.placed)

    def check(self) -> None:
        """See that the log continues what this node has signed, and remember its newest checkpoint.

        Raises:
            LedgerInconsistent: it does not.
        """
        note = self._ledger.checkpoint()
        if note != self._last:
            self._marks.observe(self._ledger)
            self._last = note

    def _run(self) -> None:
        ending = False
        while not ending:
            batch: list[_Waiting] = []
            item = self._queue.get()
            while True:
                if item is None:
                    ending = True
                    break
                batch.append(item)
                if len(batch) == MAX_BATCH:
                    break
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
            if batch:
                self._commit_all(batch)

    def _commit_all(self, batch: Sequence[_Waiting]) -> None:
        try:
            results = self._commit(batch)
        except LedgerInconsistent as error:
            _fail(batch, error)
        except ZkpError as error:
            if len(batch) == 1:
                _fail(batch, error)
            else:  # one that the log does not take must not stop the others
                for each in batch:
                    self._commit_all([each])
        except Exception as error:  # noqa: BLE001  # whoever waits must hear of it, whatever it was
            _fail(batch, error)
        else:
            for waiting, placed in zip(batch, results, strict=True):
                # A caller who has gone away may have cancelled; the entry is in the log all the same.
                if waiting.placed.set_running_or_notify_cancel():
                    waiting.placed.set_result(placed)

    def _commit(self, batch: Sequence[_Waiting]) -> list[Placed]:
        self.check()
        before = self._ledger.size
        # Verified by whoever submitted it: verifying takes time, and here everybody waits.
        indices = self._ledger.extend([each.entry for each in batch], verifier=lambda *_: None)
        placed = [Placed(index, index >= before) for index in indices]
        self.check()
        self._state.audit_all(
            [
                ("entry appended", waiting.subject, {"index": place.index, "kind": waiting.entry.kind})
                for waiting, place in zip(batch, placed, strict=True)
                if place.new
            ]
        )
        return placed


def _fail(batch: Sequence[_Waiting], error: Exception) -> None:
    for waiting in batch:
        if waiting.placed.set_running_or_notify_cancel():
            waiting.placed.set_exception(error)
