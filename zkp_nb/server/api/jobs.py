"""Proving jobs over HTTP: submit, upload, watch, cancel.

Uploads follow the core protocol of tus 1.0 (tus.io) with its checksum extension: `HEAD` tells how far an
upload is, `PATCH` goes on from there.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, TypeAdapter, ValidationError

from zkp_nb.errors import LedgerError, SetupError, StatementError
from zkp_nb.ledger.records import first_complaint, named_datasets
from zkp_nb.server.auth import Caller
from zkp_nb.server.http import FRESH, IdempotencyKey, Prover, answer_json, node_of, once, read_body
from zkp_nb.server.jobs.model import OVER, CommitRequest, Job, JobRequest, ProveRequest, State
from zkp_nb.server.node import Node
from zkp_nb.server.problems import Problem, Responses, responses
from zkp_nb.srs import Origin, origin, srs_id_of, table_depth
from zkp_nb.table import ColumnType

router = APIRouter(prefix="/api/v1", tags=["jobs"])

MAX_PIECE: Final = 8 * 1024 * 1024
"""Most bytes in one `PATCH`."""

MAX_UNFINISHED: Final = 16
"""Jobs of one owner that are not over."""

_UPLOAD_TYPE: Final = "application/offset+octet-stream"
_TUS: Final = {"Tus-Resumable": "1.0.0", "Cache-Control": "no-store"}
_POLL_SECONDS: Final = 0.2
_COMMENT_SECONDS: Final = 15.0
_QUEUE_SECONDS: Final = 1.0
_NAMESPACE: Final = uuid.UUID("0d9f4d1c-3f5a-4f3b-9d2e-6a4f6c1b7e21")

JobId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
UploadNumber = Annotated[int, Path(ge=0, le=99)]


class PartDocument(BaseModel):
    """How far an upload is, in bytes."""

    length: int
    offset: int


class FailureDocument(BaseModel):
    """Why a job failed: the kind of problem, and a sentence."""

    type: str
    detail: str


class JobDocument(BaseModel):
    """A job. `ahead` counts the jobs before it; `result` holds `commitments` or `proofs` (base64)."""

    id: str
    task: str
    state: State
    done: int
    total: int
    ahead: int
    uploads: list[PartDocument]
    error: FailureDocument | None
    result: dict[str, Any] | None
    created: str
    updated: str

    @classmethod
    def of(cls, job: Job) -> JobDocument:
        """What the owner sees."""
        return cls(
            id=job.id, task=job.task, state=job.state, done=job.done, total=job.total, ahead=job.ahead,
            uploads=[PartDocument(length=part.length, offset=part.offset) for part in job.parts],
            error=None if job.error is None
            else FailureDocument(type=f"/problems/{job.error[0]}", detail=job.error[1]),
            result=None if job.result is None else dict(job.result),
            created=job.created, updated=job.updated,
        )  # fmt: skip


class JobList(BaseModel):
    """The caller's newest jobs, newest first."""

    jobs: list[JobDocument]


class ProverDocument(BaseModel):
    """The set-up that this server proves under; tables must be committed under it."""

    srs_id: str
    verification_key: str
    origin: Origin


REQUEST: Final[TypeAdapter[CommitRequest | ProveRequest]] = TypeAdapter(JobRequest)

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [
                        {"$ref": "#/components/schemas/CommitRequest"},
                        {"$ref": "#/components/schemas/ProveRequest"},
                    ]
                }
            }
        },
    }
}
_PIECE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {_UPLOAD_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "pattern": "^[0-9]+$"},
        "event": {"type": "string", "enum": ["state", "progress", "queue"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "retry": {"type": "integer"},
    },
    "required": ["event", "data"],
}
_STREAM: Final[Responses] = {
    200: {"content": {"text/event-stream": {"schema": _EVENT}}, "description": "Events, each of this form"}
}


@router.get("/prover", response_model=ProverDocument, responses=responses(), operation_id="getProver")
async def get_prover(request: Request, _: Prover) -> Response:
    """The verification key of this server's own set-up."""
    node = node_of(request)
    key = await node.work(lambda: node.workers.prover().verification_key())
    srs_id = srs_id_of(key)
    document = ProverDocument(
        srs_id=srs_id, verification_key=base64.b64encode(key).decode(), origin=origin(srs_id)
    )
    return answer_json(request, document, FRESH)


@router.post(
    "/jobs", status_code=202, response_model=JobDocument, openapi_extra=_BODY,
    responses=responses(400, 408, 413, 415), operation_id="createJob",
)  # fmt: skip
async def create_job(request: Request, caller: Prover, idempotency_key: IdempotencyKey = None) -> Response:
    """Submit a job. It is queued when its tables are uploaded to the addresses under its Location."""
    node = node_of(request)
    body = await read_body(request, node.settings.server.max_body_bytes, ["application/json"])
    wanted = _parse(body)
    name = f"{caller.subject}\n{idempotency_key}"
    # The same request under the same key is the same job, also when its first answer was lost.
    job_id = str(uuid.uuid4() if idempotency_key is None else uuid.uuid5(_NAMESPACE, name))
    return await once(
        request, caller, idempotency_key, body, lambda: node.work(_create, node, caller, job_id, wanted)
    )


@router.get("/jobs", response_model=JobList, responses=responses(), operation_id="listJobs")
async def list_jobs(request: Request, caller: Prover) -> Response:
    """The caller's newest jobs."""
    node = node_of(request)
    jobs = await node.work(node.jobs.jobs, caller.subject, 100)
    return answer_json(request, JobList(jobs=[JobDocument.of(job) for job in jobs]))


@router.get("/jobs/{job_id}", response_model=JobDocument, responses=responses(404), operation_id="getJob")
async def get_job(request: Request, caller: Prover, job_id: JobId) -> Response:
    """State, progress and result of a job."""
    node = node_of(request)
    return answer_json(request, JobDocument.of(await node.work(_own, node, caller, job_id)))


@router.post(
    "/jobs/{job_id}/cancel", response_model=JobDocument, responses=responses(404), operation_id="cancelJob"
)
async def cancel_job(request: Request, caller: Prover, job_id: JobId) -> Response:
    """Cancel a job; its data are deleted. A running one ends within about a second; one that is over stays."""
    node = node_of(request)
    await node.work(_own, node, caller, job_id)
    job = await node.work(node.jobs.cancel, job_id)
    assert job is not None
    await node.work(node.audit, "job cancelled", caller.subject, job=job_id)
    return answer_json(request, JobDocument.of(job))


@router.head(
    "/jobs/{job_id}/uploads/{number}", responses=responses(404), response_class=Response,
    operation_id="getUploadOffset",
)  # fmt: skip
async def get_offset(request: Request, caller: Prover, job_id: JobId, number: UploadNumber) -> Response:
    """How far an upload is: `Upload-Offset` of `Upload-Length`."""
    job = await node_of(request).work(_own, node_of(request), caller, job_id)
    if number >= len(job.parts):
        raise Problem("not-found", "The job has no such upload.")
    part = job.parts[number]
    headers = {"Upload-Offset": str(part.offset), "Upload-Length": str(part.length)}
    return Response(headers=_TUS | headers)


@router.patch(
    "/jobs/{job_id}/uploads/{number}", status_code=204, openapi_extra=_PIECE, operation_id="continueUpload",
    responses=responses(400, 404, 408, 409, 413, 415, 460), response_class=Response,
)  # fmt: skip
async def continue_upload(
    request: Request,
    caller: Prover,
    job_id: JobId,
    number: UploadNumber,
    upload_offset: Annotated[int, Header(ge=0, le=2**53 - 1)],
    upload_checksum: Annotated[
        str | None,
        Header(max_length=200, description="`sha256` and the base64 digest of this piece."),
    ] = None,
) -> Response:
    """Add a piece at `Upload-Offset`. The last piece of the last upload queues the job."""
    node = node_of(request)
    await node.work(_own, node, caller, job_id)
    data = await read_body(request, MAX_PIECE, [_UPLOAD_TYPE])
    if upload_checksum is not None:
        _check_piece(upload_checksum, data)
    offset = await node.work(node.jobs.write, job_id, number, upload_offset, data)
    node.workers.notify()
    return Response(status_code=204, headers=_TUS | {"Upload-Offset": str(offset)})


@router.get(
    "/jobs/{job_id}/events", responses=responses(404) | _STREAM, response_class=StreamingResponse,
    operation_id="watchJob",
)  # fmt: skip
async def watch_job(
    request: Request,
    caller: Prover,
    job_id: JobId,
    last_event_id: Annotated[int, Header(ge=0, le=2**53 - 1)] = 0,
) -> StreamingResponse:
    """Server-sent events `state` and `progress`, from the beginning or after `Last-Event-ID`; ends with the job.

    While the job is queued, `queue` tells every second how many are ahead; such an event has no number.
    """
    node = node_of(request)
    await node.work(_own, node, caller, job_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_events(node, job_id, last_event_id), 200, headers, "text/event-stream")


async def _events(node: Node, job_id: str, after: int) -> AsyncIterator[str]:
    said = told = time.monotonic()
    yield "retry: 1000\n\n"
    while not node.draining:
        events = await node.work(node.jobs.events, job_id, after)
        for event in events:
            yield f"id: {event.number}\nevent: {event.name}\ndata: {json.dumps(dict(event.data))}\n\n"
            said, after = time.monotonic(), event.number
            if event.data.get("state") in OVER:
                return
        if not events:
            job = await node.work(node.jobs.job, job_id)
            if job is None or job.state in OVER:
                return
            now = time.monotonic()
            if job.state == "queued" and now - told >= _QUEUE_SECONDS:
                # Not one of the job's numbered events: it is out of date as soon as it is told.
                yield f"event: queue\ndata: {json.dumps({'ahead': job.ahead})}\n\n"
                said = told = now
            elif now - said >= _COMMENT_SECONDS:
                yield ":\n\n"
                said = now
        await asyncio.sleep(_POLL_SECONDS)


def _parse(body: bytes) -> CommitRequest | ProveRequest:
    try:
        return REQUEST.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise Problem(
            "malformed" if first["type"] == "json_invalid" else "invalid", first_complaint(error)
        ) from None
    except LedgerError as error:
        raise Problem("invalid", str(error)) from None


def _create(
    node: Node, caller: Caller, job_id: str, request: CommitRequest | ProveRequest
) -> tuple[int, JobDocument, str]:
    if node.jobs.job(job_id) is None:
        _check(node, request)
        if node.jobs.unfinished(caller.subject) >= MAX_UNFINISHED:
            raise Problem("rate-limited", f"At most {MAX_UNFINISHED} jobs at once.", {"Retry-After": "10"})
        node.audit("job created", caller.subject, job=job_id, task=request.task)
    job = node.jobs.create(job_id, caller.subject, request)
    return 202, JobDocument.of(job), f"/api/v1/jobs/{job_id}"


def _check(node: Node, request: CommitRequest | ProveRequest) -> None:
    """Refuse now what would fail after a long upload."""
    limit = node.settings.crypto.max_upload_bytes
    if sum(upload.length for upload in request.uploads) > limit:
        raise Problem("too-large", f"The tables of one job have at most {limit:,} bytes.")
    if isinstance(request, CommitRequest):
        if table_depth(request.n_rows) > request.depth:
            raise SetupError("So many rows do not fit into a grid of this depth.")
        for column in request.columns:
            ColumnType.from_json(column.type)
        return
    named = {each for ids in named_datasets(request.statement).values() for each in ids}
    if {record.id for record in request.records} != named or len(request.records) != len(named):
        raise StatementError("The records are not those of the datasets that the statement names.")
    if len(request.uploads) != len(request.records):
        raise Problem("invalid", "There must be one upload for each record.")
    srs_id = srs_id_of(node.workers.prover().verification_key())
    if any(record.srs_id != srs_id for record in request.records):
        raise SetupError("The tables were committed under another set-up than that of this server.")


def _own(node: Node, caller: Caller, job_id: str) -> Job:
    """The caller's job. Whether somebody else has one of this id is not told."""
    job = node.jobs.job(job_id)
    if job is None or job.owner != caller.subject:
        raise Problem("not-found", "You have no such job.")
    return job


def _check_piece(header: str, data: bytes) -> None:
    algorithm, _, encoded = header.partition(" ")
    if algorithm != "sha256":
        raise Problem("malformed", "The checksum must be sha256 and a base64 digest.")
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    if not hmac.compare_digest(digest.encode(), encoded.strip().encode()):
        raise Problem("checksum-mismatch")
