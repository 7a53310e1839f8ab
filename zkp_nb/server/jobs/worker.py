"""Workers: threads of the node that take jobs and prove, with whatever `Prover` they are given."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from zkp_nb.errors import ProvingInterrupted, SetupError, StatementError, TableError, ZkpError
from zkp_nb.server.jobs.model import Claimed, CommitRequest, JobStore, ProveRequest
from zkp_nb.server.logs import describe, log
from zkp_nb.server.problems import of_error

if TYPE_CHECKING:
    from zkp_nb.progress import Progress
    from zkp_nb.proving.protocol import Prover

PROGRESS_SECONDS: Final = 0.25
"""Least time between two notes of progress."""

_IDLE_SECONDS: Final = 0.5
_SWEEP_SECONDS: Final = 60.0


class Workers:
    """Runs jobs until it is stopped; a job that is cut off goes back into the queue.

    Args:
        jobs: where jobs come from.
        prover: makes the prover when the first job needs it.
        name: of this node among those that share the jobs; what it left running when it died is its own again.
        count: jobs to run at once.
        upload_hours: how long a job may wait for its data.
    """

    def __init__(
        self, jobs: JobStore, prover: Callable[[], Prover], name: str, count: int, upload_hours: float
    ) -> None:
        self._jobs = jobs
        self._make = prover
        self._prover: Prover | None = None
        self._making = threading.Lock()
        self._name = name
        self._hours = upload_hours
        self._stopping = threading.Event()
        self._work = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"zkp-worker-{place}", daemon=True)
            for place in range(count)
        ]

    def start(self) -> None:
        """Take back what an earlier life of this node left running, and begin."""
        self._jobs.release(self._name)
        for thread in self._threads:
            thread.start()

    def notify(self) -> None:
        """There may be a job now."""
        self._work.set()

    def stop(self, seconds: float = 10.0) -> None:
        """Cut off what runs, within about a second, and put it back into the queue."""
        self._stopping.set()
        self._work.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(seconds)
        self._jobs.release(self._name)

    def prover(self) -> Prover:
        """The prover, made once; its set-up is what tables must be committed under."""
        with self._making:
            if self._prover is None:
                self._prover = self._make()
            return self._prover

    def _run(self) -> None:
        swept = time.monotonic()
        while not self._stopping.is_set():
            try:
                if time.monotonic() - swept > _SWEEP_SECONDS:
                    swept = time.monotonic()
                    self._jobs.expire(self._hours)
                claimed = self._jobs.claim(self._name)
                if claimed is None:
                    self._work.wait(_IDLE_SECONDS)
                    self._work.clear()
                else:
                    self._do(claimed)
            except ZkpError as error:  # the storage: try again, the job is not lost
                log("error", "worker failed", **describe(error))
                self._stopping.wait(_IDLE_SECONDS)

    def _do(self, claimed: Claimed) -> None:
        started = time.perf_counter()
        outcome: dict[str, Any] | tuple[str, str]
        try:
            outcome = self._result(claimed)
        except ProvingInterrupted:
            if self._stopping.is_set():
                return  # `stop` puts it back
            outcome = ("conflict", "The job was cancelled.")
        except (TableError, StatementError, SetupError) as error:
            problem = of_error(error)
            outcome = (problem.slug, problem.detail)
        except Exception as error:  # noqa: BLE001  # a job must end, whatever it was
            log("error", "job failed", job=claimed.id, **describe(error))
            outcome = ("internal", "The prover failed.")
        self._jobs.finish(claimed.id, self._name, outcome)
        state = "failed" if isinstance(outcome, tuple) else "succeeded"
        log("info", "job ended", job=claimed.id, state=state, seconds=round(time.perf_counter() - started, 2))

    def _result(self, claimed: Claimed) -> dict[str, Any]:
        request = claimed.request
        report = self._reporter(claimed.id)
        if isinstance(request, CommitRequest):
            return self._commit(request, claimed, report)
        return self._prove(request, claimed, report)

    def _commit(self, request: CommitRequest, claimed: Claimed, report: Progress) -> dict[str, Any]:
        from zkp_nb.proving.wire import read_table

        table = read_table(claimed.files[0], request.n_rows, [each.model_dump() for each in request.columns])
        seed = bytes.fromhex(request.uploads[0].seed.get_secret_value())
        points = self.prover().commit(table, request.depth, seed, report)
        return {"commitments": [{part: point.hex() for part, point in each.items()} for each in points]}

    def _prove(self, request: ProveRequest, claimed: Claimed, report: Progress) -> dict[str, Any]:
        from zkp_nb.proving.protocol import CommittedTable, Task
        from zkp_nb.proving.wire import read_table
        from zkp_nb.statements import parse

        tables = {}
        for record, upload, file in zip(request.records, request.uploads, claimed.files, strict=True):
            columns = [{"name": c.name, "type": c.type, "nullable": c.nullable} for c in record.columns]
            table = read_table(file, record.n_rows, columns)
            tables[record.id] = CommittedTable(record, table, bytes.fromhex(upload.seed.get_secret_value()))
        statement = parse(dict(request.statement))
        proofs = self.prover().prove(Task(statement, request.context, tables), report)
        return {"proofs": [base64.b64encode(proof).decode() for proof in proofs]}

    def _reporter(self, job_id: str) -> Progress:
        last = 0.0

        def report(stage: str, done: int, total: int) -> None:
            nonlocal last
            if self._stopping.is_set():
                raise ProvingInterrupted("The node is stopping.")
            now = time.monotonic()
            if now - last < PROGRESS_SECONDS:
                return
            last = now
            if not self._jobs.progress(job_id, self._name, done, total):
                raise ProvingInterrupted("The job was cancelled.")

        report("", 0, 0)
        return report
