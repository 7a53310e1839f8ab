"""schemathesis over the OpenAPI document: what the document says is what the node does."""

from __future__ import annotations

from pathlib import Path

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.server.conftest import bearer, check_proof, make_record, token
from zkp_nb.ledger import DatasetEntry
from zkp_nb.server import Settings, create_app

EXAMPLES = 4

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@pytest.fixture
def node(tmp_path: Path) -> FastAPI:
    """A node with a few entries, whose quota no test exhausts."""
    sections: dict[str, dict[str, object]] = {
        "server": {"data_folder": tmp_path / "node"},
        "monitoring": {"prometheus_port": 0},
        "secrets": {"jwt_secret": "a shared secret for tests, long enough"},
        "security": {"rate_limit_requests_per_minute": 1_000_000},
        "performance": {"max_worker_threads": 2},
    }
    app = create_app(Settings(**sections), verify=check_proof)  # type: ignore[arg-type]
    entries = [DatasetEntry(record=make_record(f"d{place}")) for place in range(3)]
    app.state.node.ledger.extend(entries, verifier=lambda *_: None)
    return app


# A submission that fits its schema may still be refused: it names datasets that are not in the log.
EXCLUDED: list[CheckFunction] = [positive_data_acceptance]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_operation_does_what_its_document_says(node: FastAPI, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", node)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == sum(len(item) for item in node.openapi()["paths"].values())
    for operation in operations:

        @settings(
            max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def holds(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=bearer(token()), excluded_checks=EXCLUDED)

        try:
            holds()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE  # the operation takes nothing that could be wrong


def test_the_document_is_openapi_3_1(node: FastAPI) -> None:
    document = node.openapi()
    assert document["openapi"].startswith("3.1")
    for path, item in document["paths"].items():
        for operation in item.values():
            if not path.startswith(("/health", "/problems")):
                assert operation["security"] == [{"bearer": []}], path
            for status, answer in operation["responses"].items():
                if not status.startswith("2"):
                    assert set(answer["content"]) == {"application/problem+json"}, (path, status)
