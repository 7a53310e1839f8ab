"""Running a node: uvicorn with TLS 1.3, JSON logs, a drain before the end, metrics on a port of their own."""

from __future__ import annotations

import logging
import ssl
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Final

import uvicorn
from fastapi import FastAPI
from prometheus_client import start_http_server

from zkp_nb.server.app import create_app
from zkp_nb.server.connection import protocol
from zkp_nb.server.logs import JsonLines, log
from zkp_nb.server.node import EntryVerifier, Node, prove_here, verify_with_catalogue
from zkp_nb.server.settings import Settings, SettingsError

if TYPE_CHECKING:
    from zkp_nb.proving import Prover

_MAX_HEADERS: Final = 32 * 1024


class _Server(uvicorn.Server):
    """Says that it is not ready as soon as it is told to stop, and stops a little later.

    The delay lets a load balancer notice; a second signal ends the wait.
    """

    def __init__(self, config: uvicorn.Config, node: Node) -> None:
        super().__init__(config)
        self._node = node
        self._delay = node.settings.server.drain_delay_seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # uvicorn's own raises the signal again at the end, so that a clean stop would look like a death.
        if self._node.draining or self._delay == 0:
            self.force_exit = self.should_exit
            self.should_exit = True
        else:
            stop = threading.Timer(self._delay, self.handle_exit, (sig, None))
            stop.daemon = True
            stop.start()
        self._node.draining = True


def serve(
    settings: Settings,
    *,
    verify: EntryVerifier = verify_with_catalogue,
    prover: Callable[[], Prover] = prove_here,
) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished.

    Args:
        settings: of the node.
        verify: verifies a proof entry before it is logged.
        prover: makes what proves the jobs.

    Raises:
        SettingsError: the address is taken, or a certificate cannot be read.
        LedgerError: the node's files cannot be opened.
    """
    settings.check()
    _log_to_stderr(settings.monitoring.log_level)
    app = create_app(settings, verify=verify, prover=prover)
    node: Node = app.state.node
    host, port = settings.server.address
    server = _Server(_config(app, settings, host, port), node)
    _metrics_port(settings, node, host)
    log("info", "node starting", node=settings.cluster.node_id, address=settings.server.bind_address,
        tls=settings.security.enable_tls, ledger=node.ledger.id)  # fmt: skip
    try:
        server.run()
    except SystemExit:
        raise SettingsError(
            f"The node cannot listen on {settings.server.bind_address}.",
            why="The address is taken, or not one of this machine.",
            todo="Set [server] bind_address to another one.",
        ) from None
    if not server.started:
        raise SettingsError(f"The node cannot listen on {settings.server.bind_address}.")


def _config(app: FastAPI, settings: Settings, host: str, port: int) -> uvicorn.Config:
    security = settings.security
    certificate = security.tls_certificate if security.enable_tls else None
    try:
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            http=protocol(settings.server.request_timeout_seconds),
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            # The envelope refuses with a problem document first; this bounds connections that send nothing.
            limit_concurrency=2 * settings.server.max_connections + 16,
            timeout_graceful_shutdown=settings.server.drain_timeout_seconds,
            h11_max_incomplete_event_size=_MAX_HEADERS,
            ssl_certfile=certificate,
            ssl_keyfile=security.tls_private_key if certificate else None,
            ssl_context_factory=_tls if certificate else None,
        )
        config.load()
    except (OSError, ssl.SSLError):
        raise SettingsError(
            "The TLS certificate or its key cannot be used.",
            why="They are damaged, or do not belong together.",
            todo="Check [security] tls_certificate and tls_private_key.",
        ) from None
    return config


def _tls(_: uvicorn.Config, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    context = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def _metrics_port(settings: Settings, node: Node, host: str) -> None:
    port = settings.monitoring.prometheus_port
    if not settings.monitoring.enabled or port == 0:
        return
    try:
        start_http_server(port, host, node.metrics.registry)
    except OSError:
        raise SettingsError(
            f"Metrics cannot be served on port {port}.",
            why="The port is taken.",
            todo="Set [monitoring] prometheus_port to another one, or to 0.",
        ) from None


def _log_to_stderr(level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in ("zkp_nb.server", "uvicorn.error"):
        logging.getLogger(name).setLevel(level.upper())
