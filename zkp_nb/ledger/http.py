"""Requests to a server that are tried again, and answers as documents or sentences."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any, Final

import httpx
import httpx_sse
from pydantic_core import from_json
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay

from zkp_nb.errors import (
    LedgerError,
    LedgerInconsistent,
    ProofRejected,
    SetupError,
    StatementError,
    ZkpError,
)

MAX_ANSWER: Final = 64 * 1024 * 1024
"""Longest answer that is read, in bytes."""

_BUSY: Final = (429, 502, 503, 504)
_REFUSALS: Final[Mapping[str, type[ZkpError]]] = {
    "proof-rejected": ProofRejected,
    "setup-rejected": SetupError,
    "statement-rejected": StatementError,
    "log-inconsistent": LedgerInconsistent,
}


class Refused(LedgerError):
    """The server refuses a request; `slug` is the kind of problem that it names."""

    def __init__(self, what: str, slug: str, *, why: str = "", todo: str = "") -> None:
        super().__init__(what, why=why, todo=todo)
        self.slug = slug


class Unreachable(LedgerError):
    """The server could not be reached for as long as the caller waited."""


class _Again(Exception):
    """The request may succeed later."""

    def __init__(self, error: ZkpError, after: float | None) -> None:
        super().__init__()
        self.error = error
        self.after = after


class Http:
    """Connections to one server.

    Args:
        url: of the server, as `safe_url` gives it.
        token: sent with every request; never shown.
        tls: trusted certificates; those of the system, where None.
        patience: seconds for which a request is tried again.
    """

    def __init__(self, url: str, token: str | None, tls: ssl.SSLContext | None, patience: float) -> None:
        self._url = url
        self._patience = patience
        self._client = httpx.Client(
            base_url=url,
            headers={} if token is None else {"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(30.0, connect=5.0),
            verify=_trusted() if tls is None else tls,
        )

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def json(self, path: str, *, missing: bool = False, **request: Any) -> dict[str, Any]:
        """The JSON object at `path`; with `missing`, an empty one where there is nothing."""
        data, _ = self.answer(path, missing=missing, **request)
        if not data and missing:
            return {}
        try:
            document = from_json(data)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise nonsense()
        return document

    def content(self, path: str, **request: Any) -> bytes:
        """The content at `path`."""
        return self.answer(path, **request)[0]

    def events(self, path: str, after: int) -> Iterator[httpx_sse.ServerSentEvent]:
        """Server-sent events after number `after`, until the server or the network ends the stream."""
        headers = {"Last-Event-ID": str(after)}
        try:
            with httpx_sse.connect_sse(self._client, "GET", path, headers=headers) as source:
                if source.response.is_success:
                    yield from source.iter_sse()
        except (httpx.TransportError, httpx_sse.SSEError):
            return

    def answer(
        self,
        path: str,
        *,
        method: str = "GET",
        missing: bool = False,
        patience: float | None = None,
        waiting: Callable[[], None] | None = None,
        **request: Any,
    ) -> tuple[bytes, httpx.Headers]:
        """Content and headers of the answer. Every request here must be safe to repeat.

        Args:
            path, method: what to ask for.
            missing: whether an empty answer stands for 404.
            patience: seconds for which to try again, where it is not that of the connection.
            waiting: called before each pause; what it raises ends the waiting.
            request: further arguments of the HTTP library.

        Raises:
            Unreachable: there was no answer.
            LedgerError, or the class that the problem document stands for.
        """
        attempts = Retrying(
            retry=retry_if_exception_type(_Again),
            stop=stop_after_delay(self._patience if patience is None else patience),
            wait=_wait,
            before_sleep=None if waiting is None else lambda _: waiting(),
            reraise=True,
        )
        try:
            return attempts(self._once, method, path, missing, request)
        except _Again as again:
            raise again.error from None

    def _once(
        self, method: str, path: str, missing: bool, request: dict[str, Any]
    ) -> tuple[bytes, httpx.Headers]:
        try:
            with self._client.stream(method, path, **request) as response:
                data = bytearray()
                for chunk in response.iter_bytes():
                    data += chunk
                    if len(data) > MAX_ANSWER:
                        raise LedgerError(f"The answer of {self._url} is longer than {MAX_ANSWER:,} bytes.")
        except httpx.TransportError as error:
            unsafe = isinstance(error.__cause__, ssl.SSLCertVerificationError) or "CERTIFICATE" in str(error)
            failure = Unreachable(
                f"The server {self._url} cannot be reached.",
                why="Its certificate is not trusted." if unsafe else f"The connection says: {error}.",
                todo="Check the address and the network, then try again.",
            )
            if unsafe:
                raise failure from None
            raise _Again(failure, None) from None
        if response.is_success:
            return bytes(data), response.headers
        if response.status_code == 404 and missing:
            return b"", response.headers
        error_ = _refusal(response.status_code, bytes(data))
        if response.status_code in _BUSY:
            raise _Again(error_, _seconds(response.headers.get("retry-after", "")))
        raise error_


def _trusted() -> ssl.SSLContext:
    """The certificates that this system trusts, or those that `SSL_CERT_FILE` or `SSL_CERT_DIR` names."""
    try:
        return httpx.create_ssl_context()
    except OSError:  # an ssl.SSLError is one
        raise LedgerError(
            "The trusted certificates cannot be read.",
            why="The environment names them in SSL_CERT_FILE or SSL_CERT_DIR.",
            todo="Correct that variable, or remove it.",
        ) from None


def _wait(state: RetryCallState) -> float:
    """As long as the server says; else twice as long each time, to 5 seconds."""
    error = state.outcome.exception() if state.outcome is not None else None
    after = error.after if isinstance(error, _Again) else None
    return after if after is not None else min(5.0, 0.1 * 2.0**state.attempt_number)


def _seconds(text: str) -> float | None:
    return min(60.0, float(text)) if text.isascii() and text.isdigit() else None


def _refusal(status: int, data: bytes) -> ZkpError:
    """What a problem document says, as an error of this package."""
    try:
        document = from_json(data)
    except ValueError:
        document = {}
    fields = document if isinstance(document, dict) else {}
    slug = str(fields.get("type", "")).rpartition("/")[2]
    said = str(fields.get("detail", ""))[:500]
    if slug in _REFUSALS:
        return _REFUSALS[slug](said or "The server refuses the entry.")
    if status == 401:
        return Refused("The server does not accept the token.", slug, why=said, todo="Ask for a new one.")
    title = str(fields.get("title", f"The server answers with status {status}"))[:200]
    return Refused(f"{title}.", slug, why=said)


def safe_url(url: str) -> str:
    """The address of a server, if a token may be sent there; `LedgerError` if not."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo:
        raise LedgerError(
            "The address is not that of a server.", todo='Write it like "https://ledger.example.org".'
        )
    if parsed.scheme == "http" and not _is_local(parsed.host):
        raise LedgerError(
            f"The address of {parsed.host} is not encrypted.",
            why="A token sent there could be read on the way.",
            todo="Use an address that begins with https.",
        )
    return str(parsed).rstrip("/")


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def nonsense() -> LedgerError:
    """The error of an answer that no server of ours gives."""
    return LedgerError(
        "The server's answer is not one of a ledger.",
        todo="Check the address, and that both run the same version.",
    )
