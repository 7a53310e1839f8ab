"""The FastAPI application of a node."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from fastapi import Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from zkp_nb.server import problems
from zkp_nb.server.api import routers
from zkp_nb.server.api.admin import KeyRequest
from zkp_nb.server.api.entries import Submission
from zkp_nb.server.envelope import Envelope
from zkp_nb.server.http import known_query
from zkp_nb.server.jobs.model import CommitRequest, ProveRequest
from zkp_nb.server.node import EntryVerifier, Node, prove_here, verify_with_catalogue
from zkp_nb.server.settings import Settings

if TYPE_CHECKING:
    from zkp_nb.proving import Prover

API_VERSION: Final = "1.0.0"
"""Version of the API, not of the package."""

_DESCRIPTION: Final = """\
A transparency log of datasets and of proofs about them. Errors are problem documents (RFC 9457); lists go on
at the cursor that `next` names; an `Idempotency-Key` makes a submission safe to repeat.
"""


def create_app(
    settings: Settings,
    *,
    verify: EntryVerifier = verify_with_catalogue,
    prover: Callable[[], Prover] = prove_here,
) -> FastAPI:
    """The application, ready to be served.

    Args:
        settings: of the node; its files are opened when the application starts.
        verify: verifies a proof entry before it is logged.
        prover: makes what proves the jobs.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        node = app.state.node
        node.start()
        yield
        node.draining = True
        node.audit("node stopped", node.settings.cluster.node_id)
        node.close()

    node = Node.open(settings, verify, prover)
    app = FastAPI(
        title="zkp ledger",
        version=API_VERSION,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.state.node = node
    problems.install(app)
    for router in routers:
        app.include_router(router, dependencies=[Depends(known_query)])
    app.add_middleware(Envelope, node=node)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # FastAPI's own way to extend it
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The generated document, with the models of bodies that are read by hand."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        _, models = models_json_schema(
            [
                (Submission, "validation"),
                (KeyRequest, "validation"),
                (CommitRequest, "validation"),
                (ProveRequest, "validation"),
                (problems.ProblemDocument, "validation"),
            ],
            ref_template="#/components/schemas/{model}",
        )
        components = document.setdefault("components", {}).setdefault("schemas", {})
        for name, schema in models.get("$defs", {}).items():
            components.setdefault(name, schema)
        _require_tags(document, components)
        _forbid_null(document)
        app.openapi_schema = document
    return app.openapi_schema


def _require_tags(part: Any, components: dict[str, Any]) -> None:
    """Say that the field which tells the members of a union apart must be there, as a discriminator demands."""
    if isinstance(part, dict):
        tag = part.get("discriminator")
        if isinstance(tag, dict) and isinstance(tag.get("mapping"), dict):
            for reference in tag["mapping"].values():
                required = components[reference.rpartition("/")[2]].setdefault("required", [])
                if tag["propertyName"] not in required:
                    required.append(tag["propertyName"])
    for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _require_tags(each, components)


def _forbid_null(document: dict[str, Any]) -> None:
    """A parameter of an address or a header may be left out, but cannot be null as the framework says."""
    operations = (operation for item in document["paths"].values() for operation in item.values())
    for parameter in (each for operation in operations for each in operation.get("parameters", ())):
        schema = parameter["schema"]
        kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
        if len(kinds) == 1:
            del schema["anyOf"]
            schema.update(kinds[0])
