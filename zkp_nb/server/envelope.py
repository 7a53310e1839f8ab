"""The outermost layer of every request: its id, its time limit, its line in the log, its 500.

A line in the log has the route's template, never the address as sent.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zkp_nb.server.logs import describe, log
from zkp_nb.server.node import Node
from zkp_nb.server.problems import Problem


class Envelope:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, node: Node) -> None:
        self._app = app
        self._node = node

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Exchange(self._app, self._node, scope, receive, send).run()


class _Exchange:
    def __init__(self, app: ASGIApp, node: Node, scope: Scope, receive: Receive, send: Send) -> None:
        self._app, self._node, self._scope = app, node, scope
        self._receive, self._send = receive, send
        self._id = str(uuid.uuid4())
        self._status = 0
        self._body_read = not {b"content-length", b"transfer-encoding"} & set(dict(scope["headers"]))
        self._started = time.perf_counter()
        self._first_byte = self._started
        self._deadline: asyncio.Timeout | None = None

    async def run(self) -> None:
        self._scope.setdefault("state", {})["request_id"] = self._id
        node = self._node
        node.in_flight += 1
        node.metrics.in_flight.set(node.in_flight)
        try:
            # Health is told in any case: a node that is busy must not be taken for dead.
            if node.in_flight > node.settings.server.max_connections and self._scope["path"] != "/health":
                await self._fail(Problem("unavailable", "The node is busy.", {"Retry-After": "1"}))
            else:
                await self._guarded()
        finally:
            node.in_flight -= 1
            node.metrics.in_flight.set(node.in_flight)
            self._report()

    async def _guarded(self) -> None:
        limit = self._node.settings.server.request_timeout_seconds
        try:
            async with asyncio.timeout(limit) as self._deadline:
                await self._app(self._scope, self._receiving, self._sending)
        except TimeoutError:
            slug = "unavailable" if self._body_read else "timeout"
            await self._fail(Problem(slug, f"The limit is {limit:g} seconds.", {"Retry-After": "5"}))
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001  # the last resort: whatever it is becomes a 500
            log("error", "request failed", id=self._id, **describe(error))
            await self._fail(Problem("internal"))

    async def _fail(self, problem: Problem) -> None:
        self._deadline = None
        if not self._status:
            response = problem.response(self._id)
            response.headers["Connection"] = "close"
            await response(self._scope, self._receive, self._sending)

    async def _receiving(self) -> Message:
        message = await self._receive()
        self._body_read = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def _sending(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._first_byte = time.perf_counter()
            if self._deadline is not None:
                self._deadline.reschedule(None)  # an event stream may last
            headers = message.setdefault("headers", [])
            headers += [(b"x-request-id", self._id.encode()), (b"x-content-type-options", b"nosniff")]
            if self._scope["scheme"] == "https":
                headers.append((b"strict-transport-security", b"max-age=31536000"))
        await self._send(message)

    def _report(self) -> None:
        route = getattr(self._scope.get("route"), "path", "unknown")
        request = Request(self._scope)
        method = self._scope["method"] if self._scope["method"] in _METHODS else "OTHER"
        metrics = self._node.metrics
        metrics.requests.labels(method, route, str(self._status)).inc()
        seconds = self._first_byte - self._started
        metrics.duration.labels(method, route).observe(seconds)
        failure = getattr(request.state, "failure", None)
        if failure is not None and self._status >= 500:
            log("error", "request failed", id=self._id, **describe(failure))
        subject = getattr(request.state, "subject", "")
        log("info", "request", id=self._id, method=method, route=route, status=self._status,
            ms=round(seconds * 1000, 1), subject=subject)  # fmt: skip


_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
