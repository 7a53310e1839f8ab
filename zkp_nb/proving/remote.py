"""The prover on a server: it is sent the rows, and its proofs are verified here before they are believed.

Uploads go on where they were cut off, events go on after the last one seen, and a job that nobody waits for
any more is cancelled. The commitments of a table are the server's word: who must not trust it commits locally.
"""

from __future__ import annotations

import base64
import binascii
import ssl
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from zkp_nb.errors import (
    LedgerError,
    ProvingInterrupted,
    SetupError,
    StatementError,
    StatementFalse,
    ZkpError,
)
from zkp_nb.ledger.http import Http, nonsense, safe_url
from zkp_nb.ledger.records import ProofEntry, canonical_json
from zkp_nb.progress import Progress
from zkp_nb.proving.protocol import Task
from zkp_nb.proving.upload import announcement, send_table
from zkp_nb.srs import srs_id_of
from zkp_nb.table import Table

_PAUSE: Final = 0.2
_PATIENCE_TO_CANCEL: Final = 3.0
_AWAY: Final = "waiting for the server"
_OVER: Final = ("succeeded", "failed", "cancelled")
_ERRORS: Final[Mapping[str, type[ZkpError]]] = {
    "statement-false": StatementFalse,
    "statement-rejected": StatementError,
    "setup-rejected": SetupError,
}


@dataclass(frozen=True)
class RemoteJob:
    """A job of this caller's on the server.

    Attributes:
        id, task: names; the task is "commit" or "prove".
        state: "waiting" (for data), "queued", "running", "succeeded", "failed" or "cancelled".
        done, total: steps of the work.
        ahead: queued jobs that were submitted earlier.
    """

    id: str
    task: str
    state: str
    done: int
    total: int
    ahead: int

    @property
    def is_over(self) -> bool:
        """Whether the job has ended, whatever its end."""
        return self.state in _OVER


_JOBS: Final = TypeAdapter(list[RemoteJob])


class RemoteProver:
    """A `Prover` that works on a server.

    While it works, `progress` is told of the stages "upload", "waiting on the server" (with the number of jobs
    ahead), "commit" or "prove", and "waiting for the server" while it cannot be reached.

    Args:
        url: of the server, "https://ledger.example.org".
        token: a JWT or an API key with the role prover.
        tell: is given one sentence before the first upload: that the server will see the rows.
        tls: trusted certificates; those of the system, where None.
        patience: seconds to go on trying while the server cannot be reached.

    Raises:
        LedgerError: the address is not safe to send a token and rows to.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        tell: Callable[[str], object] = print,
        tls: ssl.SSLContext | None = None,
        patience: float = 60.0,
    ) -> None:
        self.url = safe_url(url)
        self._http = Http(self.url, token, tls, patience)
        self._tell: Callable[[str], object] | None = tell
        self._key: bytes | None = None

    def __repr__(self) -> str:
        return f"RemoteProver({self.url!r})"

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def verification_key(self) -> bytes:
        """Encoding of the verification key of the server's set-up."""
        if self._key is None:
            shown = self._http.json("/api/v1/prover")
            self._key = _decoded(shown.get("verification_key"))
            if srs_id_of(self._key) != shown.get("srs_id"):
                raise nonsense()
        return self._key

    def commit(
        self, table: Table, depth: int, seed: bytes, progress: Progress | None = None
    ) -> list[dict[str, bytes]]:
        """Commits every part of every column, on the server; see `Prover`."""
        request = {
            "task": "commit",
            "n_rows": table.n_rows,
            "depth": depth,
            "columns": table.schema_json(),
        }
        shown = self._run(request, [(table, seed)], progress).get("commitments")
        wanted = [{part.label for part in column.parts} for column in table.columns]
        if not isinstance(shown, list) or [set(each) for each in shown] != wanted:
            raise nonsense()
        return [{part: _point(text) for part, text in each.items()} for each in shown]

    def prove(self, task: Task, progress: Progress | None = None) -> tuple[bytes, ...]:
        """One proof for each program of the statement, each verified here; see `Prover`.

        Raises:
            ProofRejected: the server's proof does not verify.
        """
        tables = [(held.table, held.seed) for held in task.tables.values()]
        request = {
            "task": "prove",
            "context": task.context,
            "statement": task.statement.document(),
            "records": [held.record.model_dump(mode="json") for held in task.tables.values()],
        }
        shown = self._run(request, tables, progress).get("proofs")
        if not isinstance(shown, list):
            raise nonsense()
        self._believe(task, shown)
        return tuple(map(_decoded, shown))

    def jobs(self) -> list[RemoteJob]:
        """The caller's newest jobs on the server, newest first; those of other kernels among them."""
        shown = self._http.json("/api/v1/jobs").get("jobs")
        try:
            return _JOBS.validate_python(shown)
        except ValidationError:
            raise nonsense() from None

    def cancel(self, job_id: str | None = None) -> int:
        """Cancel a job, or all of the caller's that are not over; the server deletes what it was sent.

        A cell, or another kernel, that waits for the job gets a `ProvingInterrupted`.

        Args:
            job_id: of one of `jobs()`; None for all.

        Returns:
            How many were cancelled.
        """
        wanted = [job for job in self.jobs() if not job.is_over and job_id in (None, job.id)]
        for job in wanted:
            self._http.answer(f"/api/v1/jobs/{job.id}/cancel", method="POST")
        return len(wanted)

    def _believe(self, task: Task, proofs: Sequence[Any]) -> None:
        from zkp_nb.verdict import verify_entry

        document = task.statement.document()
        texts = tuple(base64.b64encode(_decoded(each)).decode() for each in proofs)
        if not texts:
            raise nonsense()
        entry = ProofEntry(statement=document, proofs=texts, prover="remote")
        verify_entry(entry, task.records, self.verification_key(), task.context)

    def _run(
        self, request: dict[str, Any], tables: Sequence[tuple[Table, bytes]], progress: Progress | None
    ) -> Mapping[str, Any]:
        """Submit, upload, wait. Whatever stops this, an exception of `progress` included, cancels the job."""
        self._warn()
        report = progress or (lambda *_: None)
        request["uploads"] = [announcement(table, seed) for table, seed in tables]
        job = self._http.json(
            "/api/v1/jobs",
            method="POST",
            content=canonical_json(request),
            headers={"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex},
            waiting=lambda: report(_AWAY, 0, 0),
        )
        path = f"/api/v1/jobs/{job.get('id')}"
        try:
            self._upload(path, [table for table, _ in tables], request["uploads"], report)
            return self._wait(path, str(request["task"]), report)
        except BaseException as error:
            self._abandon(path)
            if isinstance(error, KeyboardInterrupt):
                raise ProvingInterrupted(
                    "Proving was stopped; the server deletes what it was sent."
                ) from None
            raise

    def _warn(self) -> None:
        if self._tell is not None:
            tell, self._tell = self._tell, None
            tell(
                f"The tables are sent to {self.url}, which sees their rows while it works on them and then"
                " deletes them. Verifiers see no rows."
            )

    def _upload(
        self, path: str, tables: Sequence[Table], announced: Sequence[Mapping[str, Any]], report: Progress
    ) -> None:
        lengths = [int(each["length"]) for each in announced]
        before = 0

        def sent(offset: int) -> None:
            report("upload", before + offset, sum(lengths))

        for number, (table, length) in enumerate(zip(tables, lengths, strict=True)):
            send_table(
                self._http,
                f"{path}/uploads/{number}",
                table,
                length,
                sent,
                waiting=lambda: report(_AWAY, 0, 0),
                check=lambda: self._result(path, report),
            )
            before += length

    def _wait(self, path: str, task: str, report: Progress) -> Mapping[str, Any]:
        last = 0
        while True:
            for event in self._http.events(f"{path}/events", last):
                last = int(event.id) if event.id.isdigit() else last
                _tell_of(event.event, event.data, task, report)
            # The stream ends with the job, with the server, or with the network: ask which it was.
            result = self._result(path, report)
            if result is not None:
                return result
            report(_AWAY, 0, 0)
            time.sleep(_PAUSE)

    def _result(self, path: str, report: Progress) -> Mapping[str, Any] | None:
        """What the job gave, None where it is not over; its error where it has failed."""
        job = self._http.json(path, waiting=lambda: report(_AWAY, 0, 0))
        if job.get("state") not in _OVER:
            return None
        result = job.get("result")
        if job["state"] != "succeeded" or not isinstance(result, dict):
            raise _failure(job)
        return result

    def _abandon(self, path: str) -> None:
        """Cancel a job that nobody waits for; a server that is away deletes it when the time for uploads is over."""
        with suppress(ZkpError):
            self._http.answer(f"{path}/cancel", method="POST", patience=_PATIENCE_TO_CANCEL)


def _tell_of(name: str, data: str, task: str, report: Progress) -> None:
    """Pass an event of the job on to whoever watches."""
    if name == "queue":
        (ahead,) = _numbers(data, "ahead")
        others = "" if ahead == 0 else f", {ahead} job{'s' if ahead > 1 else ''} ahead"
        report(f"waiting on the server{others}", 0, 0)
    elif name == "progress":
        done, total = _numbers(data, "done", "total")
        report(task, done, total)


def _numbers(text: str, *names: str) -> tuple[int, ...]:
    """Numbers of an event."""
    try:
        document = from_json(text)
    except ValueError:
        document = None
    found = [document.get(name) for name in names] if isinstance(document, dict) else []
    numbers = tuple(each for each in found if type(each) is int)
    if len(numbers) != len(names):
        raise nonsense()
    return numbers


def _failure(job: Mapping[str, Any]) -> ZkpError:
    if job.get("state") == "cancelled":
        return ProvingInterrupted("The job was cancelled on the server; nothing was written.")
    error = job.get("error")
    fields = error if isinstance(error, dict) else {}
    slug = str(fields.get("type", "")).rpartition("/")[2]
    said = str(fields.get("detail", ""))[:500]
    return _ERRORS.get(slug, LedgerError)(said or "The server could not prove it.")


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode(text if isinstance(text, str) else "!", validate=True)
    except binascii.Error:
        raise nonsense() from None


def _point(text: object) -> bytes:
    try:
        point = bytes.fromhex(text if isinstance(text, str) else "")
    except ValueError:
        point = b""
    if len(point) != 32:
        raise nonsense()
    return point
