"""What every operation shares: the caller's rights, a limited body, strong ETags, idempotency."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Collection
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from zkp_nb.server.auth import Caller, Role
from zkp_nb.server.node import Node
from zkp_nb.server.problems import Problem
from zkp_nb.server.state import Remembered

IMMUTABLE: Final = "max-age=31536000, immutable"
"""Cache rule of content that an address will have for ever."""

BRIEF: Final = "max-age=2, must-revalidate"
"""Cache rule of checkpoints."""

FRESH: Final = "no-cache"
"""Cache rule of everything else: keep it, but ask."""

_bearer: Final = HTTPBearer(
    auto_error=False, description="A JWT, or an API key that begins with `zkp_`.", scheme_name="bearer"
)

Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def node_of(request: Request) -> Node:
    """The node that serves this application."""
    node = request.app.state.node
    assert isinstance(node, Node)
    return node


async def known_query(request: Request) -> None:
    """A dependency of every operation: a parameter that is misspelt is refused, not left aside in silence.

    Raises:
        Problem: "invalid"; the sentence does not repeat what was sent.
    """
    described = request.app.openapi()["paths"][request.scope["route"].path_format]
    parameters = described[request.method.lower()].get("parameters", ())
    names = sorted(each["name"] for each in parameters if each["in"] == "query")
    if not set(request.query_params) <= set(names):
        known = ", ".join(names) or "none"
        raise Problem("invalid", f"The address has a query parameter that is not known; known are: {known}.")


def allow(*roles: Role, public: bool = False) -> Callable[..., Awaitable[Caller]]:
    """A dependency: the caller, who has one of these roles and has not used up their quota.

    Args:
        roles: any of them suffices.
        public: whether the setting `public_reads` opens this operation to everybody.
    """

    async def dependency(request: Request, _: Credentials) -> Caller:
        node = node_of(request)
        header = request.headers.get("authorization")
        address = f"address:{request.client.host if request.client else ''}"
        if header is None and public and node.settings.security.public_reads:
            await node.count(address)
            return Caller("anonymous", frozenset({"reader"}))
        try:
            caller = await node.work(node.authenticator.caller, header)
        except Problem as problem:
            await node.count(address)
            if header is not None:
                await node.work(node.audit, "authentication refused", address, why=problem.detail)
            raise
        request.state.subject = caller.subject
        await node.count(caller.subject)
        if not caller.roles.intersection(roles):
            await node.work(node.audit, "role missing", caller.subject, needs=" or ".join(roles))
            raise Problem("forbidden", f"This needs the role {' or '.join(roles)}.")
        return caller

    return dependency


Reader = Annotated[Caller, Depends(allow("reader", public=True))]
Prover = Annotated[Caller, Depends(allow("prover"))]
Submitter = Annotated[Caller, Depends(allow("submitter"))]
Auditor = Annotated[Caller, Depends(allow("auditor"))]
Admin = Annotated[Caller, Depends(allow("admin"))]
Observer = Annotated[Caller, Depends(allow("reader", "auditor", "admin", public=True))]
Watcher = Annotated[Caller, Depends(allow("auditor", "admin"))]

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=128,
        pattern=r"^[\x21-\x7e]+$",
        description="The same key with the same request is executed once; with another, refused.",
    ),
]


async def read_body(request: Request, limit: int, media_types: Collection[str]) -> bytes:
    """The body, if it is of one of these types and no longer than `limit` bytes.

    Raises:
        Problem: "unsupported-media-type" or "too-large"; a body that is too large is not read to its end.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in media_types:
        raise Problem("unsupported-media-type", f"Send it as {' or '.join(sorted(media_types))}.")
    announced = request.headers.get("content-length", "")
    too_large = Problem("too-large", f"A body here has at most {limit:,} bytes.", {"Connection": "close"})
    if announced.isascii() and announced.isdigit() and int(announced) > limit:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise too_large
    return bytes(body)


def answer(
    request: Request, body: bytes, media_type: str, cache: str, headers: dict[str, str] | None = None
) -> Response:
    """A body with its strong ETag, or 304 where the caller has it."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    public = node_of(request).settings.security.public_reads and "authorization" not in request.headers
    scope = "public" if public else "private"
    fields = {"ETag": etag, "Cache-Control": f"{scope}, {cache}", "Vary": "Authorization", **(headers or {})}
    # Compared weakly (RFC 9110 section 13.1.2): whoever compresses on the way makes a tag weak.
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if etag in known or "*" in known:
        return Response(status_code=304, headers=fields)
    return Response(body, media_type=media_type, headers=fields)


def answer_json(request: Request, document: BaseModel, cache: str = FRESH) -> Response:
    """A document with its strong ETag."""
    return answer(request, document.model_dump_json().encode(), "application/json", cache)


async def once(
    request: Request,
    caller: Caller,
    key: str | None,
    body: bytes,
    execute: Callable[[], Awaitable[tuple[int, BaseModel, str]]],
) -> Response:
    """Execute a request at most once for its idempotency key.

    `execute` gives status, document and Location. It must itself be harmless to repeat: a request that was
    cut off before its answer was kept is executed again.

    Raises:
        Problem: the key was used with another request.
    """
    node = node_of(request)
    if key is not None:
        fingerprint = hashlib.sha256(
            b"\0".join([request.method.encode(), request.url.path.encode(), body])
        ).digest()
        reserved = await node.work(node.state.reserve, caller.subject, key, fingerprint)
        if reserved is False:
            raise Problem("idempotency-key-reused")
        if isinstance(reserved, Remembered):
            return _replay(reserved)
    status, document, location = await execute()
    done = Remembered(status, document.model_dump_json().encode(), location)
    if key is not None:
        await node.work(node.state.remember, caller.subject, key, done)
    return _replay(done)


def _replay(answer: Remembered) -> Response:
    headers = {"Cache-Control": "no-store"}
    if answer.location is not None:
        headers["Location"] = answer.location
    return Response(answer.body, answer.status, headers, "application/json")


def created(document: BaseModel, status: int = 201) -> Response:
    """A document that must not be kept by anybody on the way."""
    content: dict[str, Any] = document.model_dump(mode="json")
    return JSONResponse(content, status, {"Cache-Control": "no-store"})
