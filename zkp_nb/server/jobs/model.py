"""What a proving job is, and what keeps jobs.

A job waits until its tables are uploaded, is queued, runs on a worker, and ends: succeeded, failed or
cancelled. At the end, whatever the end, the tables and the request with its seeds are deleted; what stays is
what everybody may know: commitments or proofs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, field_serializer, field_validator

from zkp_nb.ledger.records import DatasetRecord

State = Literal["waiting", "queued", "running", "succeeded", "failed", "cancelled"]

OVER: Final[frozenset[State]] = frozenset({"succeeded", "failed", "cancelled"})
"""States that a job does not leave."""

MAX_ATTEMPTS: Final = 3
"""How often a job is begun before it is given up: one that kills its worker would do so for ever."""

Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Upload(_Strict):
    """A table that will be uploaded as an Arrow IPC stream (`zkp_nb.proving.wire`).

    Attributes:
        length: bytes of the stream.
        sha256: of the stream, hexadecimal.
        seed: opens the table's commitments, 32 bytes, hexadecimal; kept as long as the job, never shown.
    """

    length: Annotated[int, Field(ge=1, le=2**53 - 1)]
    sha256: Hex32
    seed: Annotated[SecretStr, Field(min_length=64, max_length=64)]

    @field_validator("seed")
    @classmethod
    def _hexadecimal(cls, seed: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[0-9a-f]{64}", seed.get_secret_value()):
            raise ValueError("a seed is 64 lower-case hexadecimal digits")
        return seed

    @field_serializer("seed", when_used="json")
    def _kept(self, seed: SecretStr) -> str:
        return seed.get_secret_value()


class ColumnSchema(_Strict):
    """A column of a table that has no record yet."""

    name: str
    type: dict[str, JsonValue]
    nullable: bool


class CommitRequest(_Strict):
    """Commit a table: every part of every column."""

    task: Literal["commit"]
    n_rows: Annotated[int, Field(ge=1, le=2**32)]
    depth: Annotated[int, Field(ge=4, le=16_384)]
    columns: Annotated[tuple[ColumnSchema, ...], Field(min_length=1, max_length=10_000)]
    uploads: Annotated[tuple[Upload, ...], Field(min_length=1, max_length=1)]


class ProveRequest(_Strict):
    """Prove a statement about committed tables.

    Attributes:
        context: id of the ledger that the proofs are bound to.
        statement: the statement's document.
        records: of every dataset that the statement names.
        uploads: their tables, in the same order.
    """

    task: Literal["prove"]
    context: Annotated[str, Field(min_length=1, max_length=400)]
    statement: dict[str, JsonValue]
    records: Annotated[tuple[DatasetRecord, ...], Field(min_length=1, max_length=100)]
    uploads: Annotated[tuple[Upload, ...], Field(min_length=1, max_length=100)]


JobRequest = Annotated[CommitRequest | ProveRequest, Field(discriminator="task")]
"""What a job is to do."""


@dataclass(frozen=True)
class Part:
    """How far the upload of one table is, in bytes."""

    length: int
    offset: int


@dataclass(frozen=True)
class Job:
    """A job, as its owner may see it.

    Attributes:
        id, owner, task: names.
        state: see the module.
        done, total: steps of the work.
        parts: uploads.
        ahead: queued jobs that were submitted earlier.
        error: (problem slug, sentence) where it failed.
        result: commitments or proofs where it succeeded.
        created, updated: RFC 3339 times.
    """

    id: str
    owner: str
    task: str
    state: State
    done: int
    total: int
    parts: tuple[Part, ...]
    ahead: int
    error: tuple[str, str] | None
    result: Mapping[str, Any] | None
    created: str
    updated: str


@dataclass(frozen=True)
class JobEvent:
    """Something that happened to a job: its number within the job, from 1; "state" or "progress"; details."""

    number: int
    name: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Claimed:
    """A job in the hands of a worker."""

    id: str
    request: CommitRequest | ProveRequest
    files: Sequence[Path] = field(repr=False)


class JobStore(Protocol):
    """Keeps jobs durably and hands each to one worker. Every method may raise `LedgerError`."""

    def create(self, job_id: str, owner: str, request: CommitRequest | ProveRequest) -> Job:
        """Keep a new job; one with this id is left as it is."""

    def job(self, job_id: str) -> Job | None:
        """The job, None where there is none."""

    def jobs(self, owner: str, limit: int) -> list[Job]:
        """The owner's newest jobs, newest first."""

    def unfinished(self, owner: str) -> int:
        """How many of the owner's jobs are not over."""

    def write(self, job_id: str, number: int, offset: int, data: bytes) -> int:
        """Add to an upload; the last piece of the last upload queues the job.

        Returns:
            The upload's new offset.

        Raises:
            Problem: "conflict" where the offset is not the upload's, or the job is not waiting;
                "checksum-mismatch" where the whole upload is not what was announced: it begins anew.
        """

    def cancel(self, job_id: str) -> Job | None:
        """End the job: at once, or as soon as its worker notices."""

    def events(self, job_id: str, after: int) -> list[JobEvent]:
        """What happened after event number `after`."""

    def claim(self, worker: str) -> Claimed | None:
        """The oldest queued job, now in the hands of this worker; None where there is none."""

    def progress(self, job_id: str, worker: str, done: int, total: int) -> bool:
        """Note progress. False where the work is to be given up: cancelled, or another worker's now."""

    def finish(self, job_id: str, worker: str, result: Mapping[str, Any] | tuple[str, str]) -> None:
        """End a job with its result, or with its error (slug, sentence)."""

    def release(self, worker: str) -> int:
        """Put the jobs in the hands of this worker back into the queue; how many there were."""

    def expire(self, hours: float) -> int:
        """Cancel jobs that have waited so long for their upload; how many there were."""

    def close(self) -> None:
        """Release connections."""
