"""schemathesis over the OpenAPI document: what the document says is what the node does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.server.conftest import RunningNode, bearer, body_of, check_proof, make_record, token
from zkp_nb.ledger import DatasetEntry
from zkp_nb.server import Settings, create_app

EXAMPLES = int(os.environ.get("ZKP_NB_EXAMPLES", "4"))

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


# Whether a body is accepted that fits its schema depends on its meaning: an entry names datasets of the log, a job
# a statement of the catalogue, a key's label is printable. So there, and only there, one check is left out.
MEANING_COUNTS = {"submitEntry", "createJob", "createKey"}


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_operation_does_what_its_document_says(node: FastAPI, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", node)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == sum(len(item) for item in node.openapi()["paths"].values())
    for operation in operations:
        name = operation.definition.raw["operationId"]
        try:
            try_operation(operation, mode, [positive_data_acceptance] if name in MEANING_COUNTS else [])
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE  # the operation takes nothing that could be wrong


def try_operation(operation: Any, mode: GenerationMode, excluded: list[CheckFunction]) -> None:
    """A few requests that fit the document, or do not."""

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def holds(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=bearer(token()), excluded_checks=excluded)

    holds()


@pytest.mark.skipif(not os.environ.get("ZKP_NB_DEEP"), reason="takes minutes: set ZKP_NB_DEEP=1")
def test_schemathesis_itself_finds_nothing(running: Callable[..., RunningNode], tmp_path: Path) -> None:
    """Its command line against a real process: all phases and checks, random data, sequences of operations."""
    node = running("[security]\nrate_limit_requests_per_minute = 100000000\n").wait()
    with node.client() as client:
        for place in range(300):
            body = body_of(DatasetEntry(record=make_record(f"d{place}")))
            assert client.post("/api/v1/entries", json=body).status_code == 201
    hooks = tmp_path / "hooks.py"
    hooks.write_text(
        "import schemathesis\n"
        "schemathesis.serializer.alias('application/offset+octet-stream', 'application/octet-stream')\n"
    )
    settings_ = tmp_path / "schemathesis.toml"
    settings_.write_text(
        "".join(
            f'[[operations]]\ninclude-operation-id = "{name}"\nchecks.positive_data_acceptance.enabled = false\n'
            for name in sorted(MEANING_COUNTS)
        )
    )
    command = [
        sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()",
        "--config-file", str(settings_),
        "run", f"{node.url}/api/v1/openapi.json", "--header", f"Authorization: Bearer {token(exp=4_000_000_000)}",
        "--max-examples", "50", "--continue-on-failure", "--suppress-health-check", "all", "--no-color",
    ]  # fmt: skip
    environment = os.environ | {"SCHEMATHESIS_HOOKS": str(hooks)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-20_000:]
    assert "Traceback" not in node.log.read_text()
    assert node.stop() == 0


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
