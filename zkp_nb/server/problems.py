"""Errors as RFC 9457 problem documents: one table of kinds, one way from any error to an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from zkp_nb.errors import (
    LedgerError,
    LedgerInconsistent,
    ProofRejected,
    ProvingInterrupted,
    SetupError,
    StatementError,
    StatementFalse,
    TableError,
    ZkpError,
)

MEDIA_TYPE: Final = "application/problem+json"
"""Media type of every error answer, RFC 9457 section 3."""


@dataclass(frozen=True)
class Kind:
    """One kind of problem: the last part of its `type` URI, its status, its title, what to do about it."""

    slug: str
    status: int
    title: str
    advice: str = ""


_ALL: Final = (
    Kind("malformed", 400, "The request cannot be read", "Send what the OpenAPI document describes."),
    Kind("unauthenticated", 401, "Authentication is needed", "Send a token or an API key that is valid now."),
    Kind("forbidden", 403, "The caller's roles do not allow this", "Ask an administrator for the role."),
    Kind("not-found", 404, "There is nothing at this address"),
    Kind("method-not-allowed", 405, "The address does not offer this method", "See the Allow header."),
    Kind("timeout", 408, "The request took too long to arrive", "Send it again, in smaller parts."),
    Kind("conflict", 409, "The state of the resource does not allow this", "Ask for its state, then go on."),
    Kind("gone", 410, "The resource is no longer there"),
    Kind("precondition-required", 428, "A header is missing that this request needs"),
    Kind("too-large", 413, "The request is too large", "Send less in one request."),
    Kind("unsupported-media-type", 415, "The content is of another type than this address takes"),
    Kind("invalid", 422, "The content is well formed but cannot be accepted"),
    Kind("idempotency-key-reused", 422, "The idempotency key was used with another request",
         "Use a new key for a new request."),
    Kind("dataset-unknown", 422, "The entry names a dataset not in the log", "Log the dataset first."),
    Kind("proof-rejected", 422, "A proof does not verify", "Nothing was logged; make the proof again."),
    Kind("statement-rejected", 422, "The statement is malformed or does not fit its tables"),
    Kind("statement-false", 422, "The statement does not hold for the tables"),
    Kind("setup-rejected", 422, "The set-up's verification key is missing or another one",
         "Send the verification key whose hash is the records' srs_id."),
    Kind("checksum-mismatch", 460, "The content was damaged on its way", "Send this part again."),
    Kind("rate-limited", 429, "Too many requests in this minute", "Wait as long as Retry-After says."),
    Kind("internal", 500, "The server failed", "Try again; the server's log has the cause."),
    Kind("log-inconsistent", 500, "The log contradicts itself; nothing more is signed",
         "Tell its operator, and keep your checkpoints."),
    Kind("unavailable", 503, "The server cannot do this now", "Wait as long as Retry-After says."),
)  # fmt: skip

KINDS: Final[Mapping[str, Kind]] = {kind.slug: kind for kind in _ALL}
"""Every kind of problem by its slug."""

_BY_STATUS: Final[Mapping[int, str]] = {
    400: "malformed", 401: "unauthenticated", 403: "forbidden", 404: "not-found", 405: "method-not-allowed",
    413: "too-large", 415: "unsupported-media-type", 422: "invalid", 429: "rate-limited", 503: "unavailable",
}  # fmt: skip


class ProblemDocument(BaseModel):
    """RFC 9457 problem details.

    Attributes:
        type: address of this kind of problem; it answers with an explanation.
        title: the kind in words.
        status: the HTTP status.
        detail: what happened this time.
        instance: id of the request, also in the header `X-Request-Id` and in the server's log.
        errors: for a malformed request, where it is malformed.
    """

    model_config = ConfigDict(json_schema_extra={"required": ["type", "title", "status"]})

    type: str
    title: str
    status: int
    detail: str = ""
    instance: str = ""
    errors: list[dict[str, str]] = []


@dataclass(eq=False)
class Problem(Exception):
    """Raised anywhere in a request to answer with a problem document."""

    slug: str
    detail: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    errors: list[dict[str, str]] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        """Its kind."""
        return KINDS[self.slug]

    def document(self, request_id: str = "") -> dict[str, Any]:
        """The problem document."""
        kind = self.kind
        document: dict[str, Any] = {
            "type": f"/problems/{kind.slug}",
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail or kind.advice,
        }
        if request_id:
            document["instance"] = f"urn:uuid:{request_id}"
        if self.errors:
            document["errors"] = self.errors
        return document

    def response(self, request_id: str = "") -> Response:
        """The answer."""
        headers = {"Cache-Control": "no-store", **self.headers}
        return JSONResponse(self.document(request_id), self.kind.status, headers, MEDIA_TYPE)


def of_error(error: ZkpError) -> Problem:
    """The problem that one of this package's errors is to a caller far away.

    The sentences of storage and consistency errors name files of the server, so they stay there.
    """
    if isinstance(error, ProofRejected):
        return Problem("proof-rejected", str(error))
    if isinstance(error, SetupError):
        return Problem("setup-rejected", str(error))
    if isinstance(error, StatementFalse):
        # The reason may tell of cells; that it is false is all that is passed on.
        return Problem("statement-false", error.what)
    if isinstance(error, (StatementError, TableError)):
        return Problem("statement-rejected", str(error))
    if isinstance(error, LedgerInconsistent):
        return Problem("log-inconsistent")
    if isinstance(error, (LedgerError, ProvingInterrupted)):
        return Problem("unavailable", "Its storage does not answer.", {"Retry-After": "5"})
    return Problem("internal")


def of_validation(error: RequestValidationError) -> Problem:
    """Where a request's parameters are wrong, without their values."""
    errors = [
        {"pointer": "/".join(str(part)[:80] for part in each["loc"]), "detail": str(each["msg"])}
        for each in error.errors()[:20]
    ]
    return Problem("invalid", "A parameter of the request is missing or malformed.", errors=errors)


def of_status(error: HTTPException, request: Request) -> Problem:
    """What the framework itself refuses: unknown addresses and methods."""
    slug = _BY_STATUS.get(error.status_code, "internal" if error.status_code >= 500 else "malformed")
    headers = dict(error.headers or {})
    route = request.scope.get("route")
    if error.status_code == 405 and route is not None:
        # The framework names the methods of one function; the address may have several.
        operations = request.app.openapi()["paths"].get(getattr(route, "path_format", ""), {})
        headers["Allow"] = ", ".join(sorted(each.upper() for each in operations)) or headers.get("Allow", "")
    return Problem(slug, headers=headers)


Responses = dict[int | str, dict[str, Any]]
"""Part of the OpenAPI document: answers by status."""


def responses(*statuses: int) -> Responses:
    """What the OpenAPI document says of the error answers of an operation that needs a caller."""
    return errors(*statuses, 401, 403, 422, 429, 500, 503)


def errors(*statuses: int) -> Responses:
    """What the OpenAPI document says of error answers with these statuses."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    return {status: {"description": _phrase(status), "content": content} for status in sorted(set(statuses))}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return next(kind.title for kind in _ALL if kind.status == status)


def install(app: FastAPI) -> None:
    """Make every error of the application a problem document."""

    def answer(problem: Problem, request: Request) -> Response:
        return problem.response(getattr(request.state, "request_id", ""))

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> Response:
        return answer(error, request)

    @app.exception_handler(ZkpError)
    async def _package(request: Request, error: ZkpError) -> Response:
        problem = of_error(error)
        request.state.failure = error
        return answer(problem, request)

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> Response:
        return answer(of_validation(error), request)

    @app.exception_handler(HTTPException)
    async def _status(request: Request, error: HTTPException) -> Response:
        return answer(of_status(error, request), request)
