"""A connection outside of a request: how long headers may take, an answer to what is not HTTP, and the end.

uvicorn limits neither the time of the first header nor says what it refuses in a form that a program reads;
the envelope, which does both, begins where a request is complete.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any, ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from zkp_nb.server.logs import log
from zkp_nb.server.problems import MEDIA_TYPE, Problem

_FAREWELL_SECONDS: Final = 1.0


class Connection(H11Protocol):
    """uvicorn's protocol with all three. `header_seconds` is for the headers of one request."""

    header_seconds: ClassVar[float] = 30.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """An idle client that does not answer the end of TLS would hold up the end of the node for 30 seconds."""
        super().shutdown()
        if self.transport.is_closing():
            self.loop.call_later(_FAREWELL_SECONDS, self.transport.abort)

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP, or has headers that are too long; `msg` is uvicorn's and says no more."""
        self._refuse(Problem("malformed", "This is not an HTTP request, or its headers are too long."))

    def _watch(self) -> None:
        """Headers are awaited while the client has begun none or not all of them."""
        begun = bool(self.conn.trailing_data[0]) or self.cycle is None
        if self.conn.their_state is not h11.IDLE or not begun:
            self._stop()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.header_seconds, self._late)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self._deadline = None
        if self.transport.is_closing():
            return
        if self.conn.trailing_data[0]:
            self._refuse(Problem("timeout", f"The headers took more than {self.header_seconds:g} seconds."))
        else:
            self.transport.close()

    def _refuse(self, problem: Problem) -> None:
        self._stop()
        request_id = str(uuid.uuid4())
        content = json.dumps(problem.document(request_id)).encode()
        headers = {"content-type": MEDIA_TYPE, "content-length": str(len(content)), "connection": "close",
                   "cache-control": "no-store", "x-request-id": request_id}  # fmt: skip
        log("info", "request", id=request_id, method="OTHER", route="unknown", status=problem.kind.status)
        for event in (
            h11.Response(status_code=problem.kind.status, headers=list(headers.items())),
            h11.Data(data=content),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def protocol(header_seconds: float) -> type[asyncio.Protocol]:
    """The class for `uvicorn.Config(http=...)`."""
    return type("Connection", (Connection,), {"header_seconds": header_seconds})
