"""The parts of one node, put together once: log, state, callers, quotas, metrics, threads.

Database and verifier work in threads of their own, as many as the settings say and always the same ones:
a connection to SQLite belongs to its thread.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from limits import RateLimitItemPerMinute
from limits.aio.storage import Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.storage import storage_from_string

from zkp_nb.errors import LedgerError, SetupError
from zkp_nb.ledger import Ledger
from zkp_nb.ledger.known import KnownLogs
from zkp_nb.ledger.records import DatasetRecord, ProofEntry
from zkp_nb.ledger.sqlite import SqliteStore
from zkp_nb.ledger.store import LogStore
from zkp_nb.server.auth import Authenticator
from zkp_nb.server.jobs import JobStore, SqliteJobs, Workers
from zkp_nb.server.metrics import Metrics
from zkp_nb.server.problems import Problem
from zkp_nb.server.sequencer import Sequencer
from zkp_nb.server.settings import Settings
from zkp_nb.server.state import NodeState, SqliteState
from zkp_nb.srs import srs_id_of

if TYPE_CHECKING:
    from zkp_nb.proving import Prover

P = ParamSpec("P")
T = TypeVar("T")

EntryVerifier = Callable[[ProofEntry, Mapping[str, DatasetRecord], bytes, str], object]
"""Verifies a proof entry: (entry, records by id, verification key, ledger id); raises `ProofRejected`."""


def verify_with_catalogue(
    entry: ProofEntry, records: Mapping[str, DatasetRecord], verification_key: bytes, context: str
) -> None:
    """The verifier of a real node: every statement of the catalogue, `zkp_nb.verdict.verify_entry`."""
    from zkp_nb.verdict import verify_entry

    verify_entry(entry, records, verification_key, context)


def prove_here() -> Prover:
    """The prover of a real node: the native engine on the set-up of this machine."""
    from zkp_nb.proving import LocalProver

    return LocalProver()


class Quota:
    """So many requests a minute for each caller, counted exactly over the last 60 seconds."""

    def __init__(self, per_minute: int, storage: str) -> None:
        found = storage_from_string(f"async+{storage}")
        assert isinstance(found, Storage)
        self._limiter = MovingWindowRateLimiter(found)
        self._item = RateLimitItemPerMinute(per_minute)
        self._told = RateLimitItemPerMinute(1, namespace="TOLD")

    async def take(self, who: str, tell: Callable[[], Awaitable[object]]) -> None:
        """Count one request.

        Args:
            who: whose quota it is.
            tell: called once a minute for those who go on.

        Raises:
            Problem: "rate-limited", where there have been too many.
        """
        if await self._limiter.hit(self._item, who):
            return
        if await self._limiter.hit(self._told, who):
            await tell()
        reset, _ = await self._limiter.get_window_stats(self._item, who)
        wait = max(1, math.ceil(reset - time.time()))
        raise Problem(
            "rate-limited",
            f"The limit is {self._item.amount:,} requests a minute; wait {wait} seconds.",
            {"Retry-After": str(wait)},
        )


@dataclass
class Node:
    """One node while it runs."""

    settings: Settings
    store: LogStore
    ledger: Ledger
    state: NodeState
    verify: EntryVerifier
    authenticator: Authenticator
    quota: Quota
    metrics: Metrics
    marks: KnownLogs
    sequencer: Sequencer
    jobs: JobStore
    workers: Workers
    threads: ThreadPoolExecutor
    draining: bool = False
    in_flight: int = 0

    @classmethod
    def open(
        cls,
        settings: Settings,
        verify: EntryVerifier = verify_with_catalogue,
        prover: Callable[[], Prover] = prove_here,
    ) -> Node:
        """Open or make the node's files.

        Args:
            settings: of the node.
            verify: verifies a proof entry before it is logged.
            prover: makes what proves the jobs.

        Raises:
            LedgerError: they cannot be opened.
            SettingsError: the JWT keys cannot be read.
        """
        folder = settings.server.data_folder.absolute()
        wait = settings.database.connection_timeout_seconds
        store = SqliteStore(folder / "ledger.sqlite", busy_timeout=wait)
        state = open_state(settings)
        jobs = SqliteJobs(folder, busy_timeout=wait)
        crypto = settings.crypto
        ledger, marks = Ledger(store), KnownLogs.open(folder / "signed.sqlite", busy_timeout=wait)
        return cls(
            settings=settings,
            store=store,
            ledger=ledger,
            state=state,
            marks=marks,
            sequencer=Sequencer(ledger, marks, state),
            verify=verify,
            authenticator=Authenticator(
                settings.security, settings.secrets, state, settings.server.namespace
            ),
            quota=Quota(
                settings.security.rate_limit_requests_per_minute, settings.security.rate_limit_storage
            ),
            metrics=Metrics(),
            jobs=jobs,
            workers=Workers(
                jobs,
                prover,
                settings.cluster.node_id,
                crypto.max_proving_threads if crypto.parallel_proving else 1,
                crypto.upload_hours,
            ),
            threads=ThreadPoolExecutor(settings.performance.max_worker_threads, "zkp-node"),
        )

    async def work(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something that blocks in one of the node's threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, partial(function, *args, **kwargs))

    def check_proof(
        self, submitted: bytes | None, entry: ProofEntry, records: Mapping[str, DatasetRecord]
    ) -> None:
        """Verify a proof entry with the key that came along, or with the one kept for its set-up.

        Raises:
            SetupError: there is no such key, or it is not that of the records.
            ProofRejected, StatementError: the verifier refuses.
        """
        wanted = {record.srs_id for record in records.values()}
        if len(wanted) != 1:
            raise SetupError("The datasets of the statement were committed under different set-ups.")
        (srs_id,) = wanted
        key = submitted if submitted is not None else self.state.verification_key(srs_id)
        if key is None:
            raise SetupError(
                "The verification key of the entry's set-up is not known here.",
                todo="Send it with the entry.",
            )
        if srs_id_of(key) != srs_id:
            raise SetupError("The verification key is not that of the set-up which the records name.")
        started = time.perf_counter()
        self.verify(entry, records, key, self.ledger.id)
        self.metrics.verification.observe(time.perf_counter() - started)

    def ready(self) -> str:
        """Why the node should get no requests now; "" where it may."""
        if self.draining:
            return "The node is stopping."
        try:
            self.state.ping()
            self.sequencer.check()
        except LedgerError:
            return "The node's storage does not answer, or contradicts itself."
        return ""

    async def count(self, who: str) -> None:
        """Take one request from somebody's quota.

        Raises:
            Problem: "rate-limited".
        """
        await self.quota.take(who, lambda: self.work(self.audit, "quota used up", who))

    def audit(self, action: str, subject: str, **details: Any) -> None:
        """Append to the audit log."""
        self.state.audit(action, subject, **details)

    def start(self) -> None:
        """Begin to work: sequencer and workers."""
        self.audit("node started", self.settings.cluster.node_id)
        self.sequencer.start()
        self.workers.start()

    def close(self) -> None:
        """Stop the workers, let the threads finish, then release the files."""
        self.workers.stop()
        self.threads.shutdown(wait=True)
        self.sequencer.stop()
        for part in (self.ledger, self.state, self.marks, self.jobs):
            part.close()


def open_state(settings: Settings) -> SqliteState:
    """The state beside the log, without the rest of a node."""
    path = settings.server.data_folder.absolute() / "node.sqlite"
    return SqliteState(path, busy_timeout=settings.database.connection_timeout_seconds)
