"""Prometheus metrics of a node. Labels are routes, methods and statuses: never a name, a key or a value."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST
"""Media type of the text exposition."""

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """One registry for one node, so that several nodes can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "zkp_http_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self.duration = Histogram(
            "zkp_http_request_seconds", "Time to the beginning of the answer.", ("method", "route"),
            buckets=_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.in_flight = Gauge(
            "zkp_http_requests_in_flight", "Requests being answered.", registry=self.registry
        )
        self.entries = Counter("zkp_log_entries", "Entries appended here.", ("kind",), registry=self.registry)
        self.log_size = Gauge("zkp_log_size", "Entries in the log.", registry=self.registry)
        self.verification = Histogram(
            "zkp_proof_verification_seconds", "Time to verify one proof entry.",
            buckets=_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.refused = Counter(
            "zkp_requests_refused", "Requests answered with a problem.", ("problem",), registry=self.registry
        )

    def text(self) -> bytes:
        """The exposition."""
        return generate_latest(self.registry)
