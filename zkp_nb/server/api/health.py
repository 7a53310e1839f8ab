"""What machines ask about the node: is it alive, is it ready, who leads, how much."""

from __future__ import annotations

import base64
from typing import Final, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel

from zkp_nb.ledger.note import Checkpoint
from zkp_nb.server.http import FRESH, Observer, Watcher, answer_json, created, node_of
from zkp_nb.server.metrics import MEDIA_TYPE
from zkp_nb.server.node import Node
from zkp_nb.server.problems import KINDS, Problem, Responses, errors, responses

router = APIRouter(tags=["node"])


class HealthDocument(BaseModel):
    """The node answers."""

    status: Literal["ok"] = "ok"


class NodeDocument(BaseModel):
    """A node of the cluster."""

    id: str
    role: str
    state: Literal["running", "draining"]


class CheckpointDocument(BaseModel):
    """The newest signed tree head; the root in base64."""

    size: int
    root: str


class ClusterDocument(BaseModel):
    """The cluster: who may append, since which term, how far the followers are behind."""

    cluster_id: str
    leader: str
    term: int
    nodes: list[NodeDocument]
    replication_lag_bytes: int
    checkpoint: CheckpointDocument


class ProblemKind(BaseModel):
    """What a `type` of a problem document means."""

    type: str
    title: str
    status: int
    advice: str


_METRICS: Final[Responses] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Text exposition"}
}


@router.get("/health", operation_id="getLiveness")
async def live() -> HealthDocument:
    """Liveness: the process answers. Never touches the database."""
    return HealthDocument()


@router.get(
    "/health/ready", response_model=HealthDocument, responses=errors(503), operation_id="getReadiness"
)
async def ready(request: Request) -> Response:
    """Readiness: storage answers, the log agrees with its checkpoint, the node is not stopping."""
    node = node_of(request)
    why = await node.work(node.ready)
    if why:
        raise Problem("unavailable", why, {"Retry-After": "2"})
    return created(HealthDocument(), 200)


@router.get(
    "/api/cluster/status",
    response_model=ClusterDocument,
    responses=responses(),
    operation_id="getClusterStatus",
)
async def status(request: Request, _: Observer) -> Response:
    """Leader, term, nodes, replication lag and the checkpoint. A single node leads itself in term 1."""
    return answer_json(request, await node_of(request).work(_status, node_of(request)), FRESH)


@router.get("/metrics", responses=responses() | _METRICS, response_class=Response, operation_id="getMetrics")
async def metrics(request: Request, _: Watcher) -> Response:
    """Prometheus metrics."""
    node = node_of(request)
    text = await node.work(node.metrics.text)
    return Response(text, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


@router.get(
    "/problems/{slug}", response_model=ProblemKind, responses=errors(404, 422), operation_id="explainProblem"
)
async def explain(slug: str) -> ProblemKind:
    """What a problem document's `type` means."""
    kind = KINDS.get(slug)
    if kind is None:
        raise Problem("not-found", "No problem has this name.")
    return ProblemKind(type=f"/problems/{slug}", title=kind.title, status=kind.status, advice=kind.advice)


def _status(node: Node) -> ClusterDocument:
    cluster = node.settings.cluster
    head = Checkpoint.parse(node.ledger.checkpoint().decode().partition("\n\n")[0] + "\n")
    state: Literal["running", "draining"] = "draining" if node.draining else "running"
    return ClusterDocument(
        cluster_id=cluster.cluster_id,
        leader=cluster.node_id,
        term=1,
        nodes=[NodeDocument(id=cluster.node_id, role=cluster.node_role, state=state)],
        replication_lag_bytes=0,
        checkpoint=CheckpointDocument(size=head.size, root=base64.b64encode(head.root).decode()),
    )
