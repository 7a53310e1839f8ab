"""What an administrator and an auditor do: API keys, the audit log."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from zkp_nb.errors import LedgerError
from zkp_nb.ledger.records import check_time, first_complaint
from zkp_nb.server.auth import Role, new_api_key
from zkp_nb.server.http import FRESH, Admin, Auditor, answer_json, created, node_of, read_body
from zkp_nb.server.problems import Problem, responses
from zkp_nb.server.state import ApiKey

router = APIRouter(prefix="/api/v1", tags=["administration"])

_MAX_BODY = 16_384
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"


class KeyRequest(BaseModel):
    """An API key to be made; its roles count in this node's namespace."""

    model_config = ConfigDict(extra="forbid", strict=True)

    label: Annotated[str, Field(min_length=1, max_length=200)]
    roles: Annotated[tuple[Role, ...], Field(min_length=1, max_length=5)]
    expires: Annotated[str, Field(pattern=_TIME)] | None = None

    @field_validator("label")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("the label has characters that cannot be printed")
        return value

    @field_validator("expires")
    @classmethod
    def _utc(cls, value: str | None) -> str | None:
        return None if value is None else check_time(value)


class KeyDocument(BaseModel):
    """An API key, without its secret."""

    id: str
    label: str
    namespace: str
    roles: tuple[str, ...]
    created: str
    expires: str | None
    revoked: str | None

    @classmethod
    def of(cls, key: ApiKey) -> KeyDocument:
        """Leaves out the digest."""
        return cls(
            id=key.id, label=key.label, namespace=key.namespace, roles=key.roles, created=key.created,
            expires=key.expires, revoked=key.revoked,
        )  # fmt: skip


class NewKeyDocument(BaseModel):
    """A new API key. `key` is shown this once."""

    key: str
    record: KeyDocument


class KeyList(BaseModel):
    """All API keys, oldest first."""

    keys: list[KeyDocument]


class AuditDocument(BaseModel):
    """One event; `chain` is SHA-256 of the chain before and of the event's canonical JSON, hexadecimal."""

    number: int
    event: dict[str, Any]
    chain: str


class AuditPage(BaseModel):
    """Events in order; `next` is the number to go on with, null at the end."""

    events: list[AuditDocument]
    next: int | None


_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KeyRequest"}}},
    }
}


@router.post(
    "/keys", status_code=201, response_model=NewKeyDocument, openapi_extra=_BODY,
    responses=responses(400, 408, 413, 415), operation_id="createKey",
)  # fmt: skip
async def create_key(request: Request, caller: Admin) -> Response:
    """Make an API key. Its text is in this answer and nowhere else."""
    node = node_of(request)
    body = await read_body(request, _MAX_BODY, ["application/json"])
    try:
        wanted = KeyRequest.model_validate_json(body)
    except ValidationError as error:
        slug = "malformed" if error.errors()[0]["type"] == "json_invalid" else "invalid"
        raise Problem(slug, first_complaint(error)) from None
    except LedgerError as error:
        raise Problem("invalid", str(error)) from None
    namespace = node.settings.server.namespace
    record, text = new_api_key(wanted.label, wanted.roles, namespace, wanted.expires)
    await node.work(node.state.add_key, record)
    await node.work(node.audit, "key created", caller.subject, key=record.id, roles=" ".join(record.roles))
    return created(NewKeyDocument(key=text, record=KeyDocument.of(record)))


@router.get("/keys", response_model=KeyList, responses=responses(), operation_id="listKeys")
async def list_keys(request: Request, _: Admin) -> Response:
    """All API keys, revoked ones included."""
    node = node_of(request)
    keys = await node.work(node.state.api_keys)
    return answer_json(request, KeyList(keys=[KeyDocument.of(key) for key in keys]), FRESH)


@router.delete("/keys/{key_id}", status_code=204, responses=responses(404), operation_id="revokeKey")
async def revoke_key(
    request: Request, caller: Admin, key_id: Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
) -> Response:
    """Revoke an API key, at once and for good."""
    node = node_of(request)
    if not await node.work(node.state.revoke_key, key_id):
        raise Problem("not-found", "There is no such key, or it is revoked already.")
    await node.work(node.audit, "key revoked", caller.subject, key=key_id)
    return Response(status_code=204)


@router.get("/audit", response_model=AuditPage, responses=responses(), operation_id="listAuditEvents")
async def list_audit(
    request: Request,
    _: Auditor,
    start: Annotated[int, Query(ge=0, le=2**53 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """The audit log from a number on."""
    node = node_of(request)
    events = await node.work(node.state.audit_events, start, limit + 1)
    page = [
        AuditDocument(number=each.number, event=dict(each.event), chain=each.chain.hex())
        for each in events[:limit]
    ]
    following = events[limit].number if len(events) > limit else None
    return answer_json(request, AuditPage(events=page, next=following), FRESH)
