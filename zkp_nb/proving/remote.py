"""The prover on a server: it is sent the rows, and its proofs are verified here before they are believed.

Uploads go on where they were cut off, events go on after the last one seen, and a job that nobody waits for
any more is cancelled. The commitments of a table are the server's word: who must not trust it commits locally.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic_core import from_json

from zkp_nb.errors import (
    LedgerError,
    ProvingInterrupted,
    SetupError,
    StatementError,
    StatementFalse,
    ZkpError,
)
from zkp_nb.ledger.http import Http, Refused, nonsense, safe_url
from zkp_nb.ledger.records import ProofEntry, canonical_json
from zkp_nb.proving.protocol import StepProgress, Task
from zkp_nb.proving.wire import table_chunks
from zkp_nb.srs import srs_id_of
from zkp_nb.table import Table

PIECE: Final = 4 * 1024 * 1024
"""Bytes of one piece of an upload."""

_MAX_RESTARTS: Final = 20
_PAUSE: Final = 0.2
_ERRORS: Final[Mapping[str, type[ZkpError]]] = {
    "statement-false": StatementFalse,
    "statement-rejected": StatementError,
    "setup-rejected": SetupError,
}


class RemoteProver:
    """A `Prover` that works on a server.

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
        self, table: Table, depth: int, seed: bytes, progress: StepProgress | None = None
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

    def prove(self, task: Task, progress: StepProgress | None = None) -> tuple[bytes, ...]:
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

    def _believe(self, task: Task, proofs: Sequence[Any]) -> None:
        from zkp_nb.verdict import verify_entry

        document = task.statement.document()
        texts = tuple(base64.b64encode(_decoded(each)).decode() for each in proofs)
        if not texts:
            raise nonsense()
        entry = ProofEntry(statement=document, proofs=texts, prover="remote")
        verify_entry(entry, task.records, self.verification_key(), task.context)

    def _run(
        self, request: dict[str, Any], tables: Sequence[tuple[Table, bytes]], progress: StepProgress | None
    ) -> Mapping[str, Any]:
        """Submit, upload, wait. Whatever stops this, an exception of `progress` included, cancels the job."""
        self._warn()
        request["uploads"] = [_announcement(table, seed) for table, seed in tables]
        job = self._http.json(
            "/api/v1/jobs",
            method="POST",
            content=canonical_json(request),
            headers={"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex},
        )
        path = f"/api/v1/jobs/{job.get('id')}"
        try:
            for number, (table, _) in enumerate(tables):
                self._upload(f"{path}/uploads/{number}", table, request["uploads"][number]["length"])
            return self._wait(path, progress)
        except BaseException as error:
            self._cancel(path)
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

    def _upload(self, path: str, table: Table, length: int) -> None:
        """Send what the server does not have yet, as often as it takes."""
        for _ in range(_MAX_RESTARTS):
            offset = self._offset(path)
            if offset == length:
                return
            try:
                for piece in _pieces(table, offset):
                    self._send(path, offset, piece)
                    offset += len(piece)
            except Refused as refusal:
                # An answer was lost and the server is further on, or a piece was damaged: ask where to go on.
                if refusal.slug not in ("conflict", "checksum-mismatch"):
                    raise
        raise LedgerError(f"The upload to {self.url} does not arrive whole.", todo="Check the network.")

    def _offset(self, path: str) -> int:
        _, headers = self._http.answer(path, method="HEAD")
        text = headers.get("upload-offset", "")
        if not (text.isascii() and text.isdigit()):
            raise nonsense()
        return int(text)

    def _send(self, path: str, offset: int, piece: bytes) -> None:
        digest = base64.b64encode(hashlib.sha256(piece).digest()).decode()
        headers = {
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {digest}",
            "Tus-Resumable": "1.0.0",
        }
        self._http.answer(path, method="PATCH", content=piece, headers=headers)

    def _wait(self, path: str, progress: StepProgress | None) -> Mapping[str, Any]:
        last = 0
        while True:
            for event in self._http.events(f"{path}/events", last):
                last = int(event.id) if event.id.isdigit() else last
                if event.event == "progress" and progress is not None:
                    progress(*_steps(event.data))
            # The stream ends with the job, with the server, or with the network: ask which it was.
            job = self._http.json(path)
            if job.get("state") == "succeeded" and isinstance(job.get("result"), dict):
                result: Mapping[str, Any] = job["result"]
                return result
            if job.get("state") in ("failed", "cancelled", "succeeded"):
                raise _failure(job)
            time.sleep(_PAUSE)

    def _cancel(self, path: str) -> None:
        try:
            self._http.answer(path, method="DELETE")
        except ZkpError:
            return  # the server deletes it when the time for uploads is over


def _announcement(table: Table, seed: bytes) -> dict[str, Any]:
    length, digest = 0, hashlib.sha256()
    for chunk in table_chunks(table):
        length += len(chunk)
        digest.update(chunk)
    return {"length": length, "sha256": digest.hexdigest(), "seed": seed.hex()}


def _pieces(table: Table, offset: int) -> Iterator[bytes]:
    """The stream of the table from a byte on, in pieces."""
    held, skipped = bytearray(), 0
    for chunk in table_chunks(table):
        fresh = max(0, offset - skipped)
        skipped += min(len(chunk), fresh)
        held += memoryview(chunk)[fresh:]
        while len(held) >= PIECE:
            yield bytes(held[:PIECE])
            del held[:PIECE]
    if held:
        yield bytes(held)


def _steps(text: str) -> tuple[int, int]:
    """Done and total of a progress event."""
    try:
        document = from_json(text)
    except ValueError:
        document = None
    steps = (document.get("done"), document.get("total")) if isinstance(document, dict) else (None, None)
    if not (type(steps[0]) is int and type(steps[1]) is int):
        raise nonsense()
    return steps[0], steps[1]


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
