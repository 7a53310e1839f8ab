"""Entries, and what is asked about them: datasets, proofs, receipts, verification keys."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from zkp_nb.errors import LedgerError, SetupError
from zkp_nb.ledger.log import AnyEntry, LoggedEntry
from zkp_nb.ledger.merkle import leaf_hash
from zkp_nb.ledger.note import NoteError, decode_base64
from zkp_nb.ledger.records import DatasetEntry, DatasetRecord, Entry, ProofEntry, first_complaint
from zkp_nb.server.http import (
    FRESH,
    IMMUTABLE,
    IdempotencyKey,
    Reader,
    Submitter,
    answer,
    answer_json,
    node_of,
    once,
    read_body,
)
from zkp_nb.server.node import Node
from zkp_nb.server.problems import Problem, Responses, responses
from zkp_nb.server.sequencer import Placed
from zkp_nb.srs import Origin, origin, srs_id_of

router = APIRouter(prefix="/api/v1", tags=["entries"])

MAX_PAGE: Final = 1000
"""Most entries that one page looks at."""

MAX_VERIFICATION_KEY: Final = 65_536
"""Longest verification key that is kept, in bytes."""

Index = Annotated[int, Path(ge=0, le=2**53 - 1)]
Hex32 = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Start = Annotated[int, Query(ge=0, le=2**53 - 1, description="Index of the first entry: the cursor.")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]
EntryKind = Literal["dataset", "proof", "asserted"]
EntryRole = Literal["dataset", "inputs", "outputs", "witnesses"]


class Submission(BaseModel):
    """What is sent to the log: an entry, and for a proof the set-up's verification key (base64).

    The key may be left out where the server has been given it before.
    """

    model_config = ConfigDict(extra="forbid")

    entry: Entry
    verification_key: str | None = None


class Accepted(BaseModel):
    """The entry's place. `new` tells whether this request appended it."""

    index: int
    leaf_hash: str
    new: bool


class EntryDocument(BaseModel):
    """An entry of the log. `logged_at` is a note of the server; no proof covers it."""

    index: int
    logged_at: str
    entry: Entry


class PageDocument(BaseModel):
    """Entries in order. `next` is the cursor of the page that follows, null at the end of the log."""

    entries: list[EntryDocument]
    next: int | None


class DatasetDocument(BaseModel):
    """A dataset and where the log holds it."""

    id: str
    index: int
    record: DatasetRecord


class LeafDocument(BaseModel):
    """Where the log holds a leaf."""

    index: int
    leaf_hash: str


class SetupDocument(BaseModel):
    """A set-up: its verification key, base64, and how far this version trusts it."""

    srs_id: str
    verification_key: str
    origin: Origin


_SUBMISSION: Final = TypeAdapter(Submission)


def submission_schema() -> dict[str, Any]:
    """JSON Schema of a submission with its parts under `#/components/schemas`."""
    return _SUBMISSION.json_schema(ref_template="#/components/schemas/{model}")


_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Submission"}}},
    }
}
_KNOWN: Final[Responses] = {200: {"model": Accepted, "description": "It was logged before"}}
_RECEIPT_TYPE: Final = "application/vnd.zkp.receipt+json"
_RECEIPT: Final[Responses] = {
    200: {"content": {_RECEIPT_TYPE: {"schema": {"type": "object"}}}, "description": "The receipt"}
}


@router.post(
    "/entries", status_code=201, response_model=Accepted, openapi_extra=_BODY, operation_id="submitEntry",
    responses=responses(400, 408, 413, 415) | _KNOWN,
)  # fmt: skip
async def submit(request: Request, caller: Submitter, idempotency_key: IdempotencyKey = None) -> Response:
    """Log a dataset record, a proof or an asserted change.

    A proof is verified first; what does not verify is not logged. The answer is durable. The same entry has
    one index, however often it is sent.
    """
    node = node_of(request)
    body = await read_body(request, node.settings.server.max_body_bytes, ["application/json"])
    entry, key = _parse(body)

    async def append() -> tuple[int, Accepted, str]:
        await node.work(_verify, node, entry, key)
        placed = await node.sequencer.append(entry, caller.subject)
        return await node.work(_accept, node, entry, key, placed)

    return await once(request, caller, idempotency_key, body, append)


@router.get("/entries", response_model=PageDocument, responses=responses(), operation_id="listEntries")
async def list_entries(
    request: Request, _: Reader, start: Start = 0, limit: Limit = 100, kind: EntryKind | None = None
) -> Response:
    """Entries from a cursor on. With `kind`, a page may be short before the log ends: see `next`."""
    node = node_of(request)
    return answer_json(request, await node.work(_page, node, start, limit, kind))


@router.get("/proofs", response_model=PageDocument, responses=responses(), operation_id="listProofs")
async def list_proofs(request: Request, _: Reader, start: Start = 0, limit: Limit = 100) -> Response:
    """The proofs among the entries from a cursor on."""
    node = node_of(request)
    return answer_json(request, await node.work(_page, node, start, limit, "proof"))


@router.get("/datasets", response_model=PageDocument, responses=responses(), operation_id="listDatasets")
async def list_datasets(request: Request, _: Reader, start: Start = 0, limit: Limit = 100) -> Response:
    """The datasets among the entries from a cursor on."""
    node = node_of(request)
    return answer_json(request, await node.work(_page, node, start, limit, "dataset"))


@router.get(
    "/entries/{index}", response_model=EntryDocument, responses=responses(404), operation_id="getEntry"
)
async def get_entry(request: Request, _: Reader, index: Index) -> Response:
    """One entry."""
    node = node_of(request)
    return answer_json(request, await node.work(_entry, node, index), IMMUTABLE)


@router.get(
    "/proofs/{index}", response_model=EntryDocument, responses=responses(404), operation_id="getProof"
)
async def get_proof(request: Request, _: Reader, index: Index) -> Response:
    """One entry, if it is a proof."""
    node = node_of(request)
    document = await node.work(_entry, node, index)
    if not isinstance(document.entry, ProofEntry):
        raise Problem("not-found", f"Entry {index:,} is not a proof.")
    return answer_json(request, document, IMMUTABLE)


@router.get(
    "/leaves/{leaf_hash}", response_model=LeafDocument, responses=responses(404), operation_id="findLeaf"
)
async def find_leaf(request: Request, _: Reader, leaf_hash: Hex32) -> Response:
    """Where the log holds the leaf with this hash (RFC 6962 section 2.1, hexadecimal)."""
    node = node_of(request)
    return answer_json(request, await node.work(_leaf, node, leaf_hash), IMMUTABLE)


@router.get(
    "/datasets/{dataset_id}",
    response_model=DatasetDocument,
    responses=responses(404),
    operation_id="getDataset",
)
async def get_dataset(request: Request, _: Reader, dataset_id: Hex32) -> Response:
    """The record of a dataset."""
    node = node_of(request)
    return answer_json(request, await node.work(_dataset, node, dataset_id), IMMUTABLE)


@router.get(
    "/datasets/{dataset_id}/entries", response_model=PageDocument, responses=responses(404),
    operation_id="getDatasetHistory",
)  # fmt: skip
async def get_history(
    request: Request,
    _: Reader,
    dataset_id: Hex32,
    role: Annotated[list[EntryRole] | None, Query()] = None,
    start: Start = 0,
    limit: Limit = 100,
) -> Response:
    """The entries that name a dataset, in any role or in those given."""
    node = node_of(request)
    return answer_json(request, await node.work(_history, node, dataset_id, role or [], start, limit))


@router.get(
    "/receipts/{index}",
    responses=responses(404) | _RECEIPT,
    response_class=Response,
    operation_id="getReceipt",
)
async def get_receipt(request: Request, _: Reader, index: Index) -> Response:
    """The receipt of an entry against the newest checkpoint: all that an offline verifier needs."""
    node = node_of(request)
    name = {"Content-Disposition": f'attachment; filename="entry-{index}.zkp"'}
    return answer(request, await node.work(_receipt, node, index), _RECEIPT_TYPE, FRESH, name)


@router.get("/srs/{srs_id}", response_model=SetupDocument, responses=responses(404), operation_id="getSetup")
async def get_setup(request: Request, _: Reader, srs_id: Hex32) -> Response:
    """The verification key of a set-up, by its hash."""
    node = node_of(request)
    key = await node.work(node.state.verification_key, srs_id)
    if key is None:
        raise Problem("not-found", "No verification key with this hash was sent here.")
    document = SetupDocument(
        srs_id=srs_id, verification_key=base64.b64encode(key).decode(), origin=origin(srs_id)
    )
    return answer_json(request, document, IMMUTABLE)


def _parse(body: bytes) -> tuple[AnyEntry, bytes | None]:
    try:
        submission = _SUBMISSION.validate_json(body)
        submission.entry.leaf()
        text = submission.verification_key
        key = None if text is None else decode_base64(text, "the verification key")
    except ValidationError as error:
        if error.errors(include_input=False, include_url=False)[0]["type"] == "json_invalid":
            raise Problem("malformed", "The body is not JSON.") from None
        raise Problem("invalid", first_complaint(error)) from None
    except NoteError as error:
        raise Problem("setup-rejected", str(error)) from None
    except LedgerError as error:
        raise Problem("invalid", str(error)) from None
    if key is not None and len(key) > MAX_VERIFICATION_KEY:
        raise Problem("setup-rejected", f"A verification key has at most {MAX_VERIFICATION_KEY:,} bytes.")
    return submission.entry, key


def _verify(node: Node, entry: AnyEntry, key: bytes | None) -> None:
    _check_named(node, entry)
    if isinstance(entry, DatasetEntry) and key is not None and srs_id_of(key) != entry.record.srs_id:
        raise SetupError("The verification key is not that of the set-up which the record names.")
    node.ledger.verify(entry, verifier=partial(node.check_proof, key))


def _accept(node: Node, entry: AnyEntry, key: bytes | None, placed: Placed) -> tuple[int, Accepted, str]:
    if placed.new:
        if key is not None:
            _keep_key(node, entry, key)
        node.metrics.entries.labels(entry.kind).inc()
    node.metrics.log_size.set(node.ledger.size)
    digest = leaf_hash(entry.leaf()).hex()
    accepted = Accepted(index=placed.index, leaf_hash=digest, new=placed.new)
    return 201 if placed.new else 200, accepted, f"/api/v1/entries/{placed.index}"


def _check_named(node: Node, entry: AnyEntry) -> None:
    if isinstance(entry, DatasetEntry):
        return
    with node.store.reading() as reader:
        for dataset in sorted({each for ids in entry.named().values() for each in ids}):
            if not reader.naming(dataset, ("dataset",)):
                raise Problem("dataset-unknown", f"The dataset {dataset[:12]}… is not in this log.")


def _keep_key(node: Node, entry: AnyEntry, key: bytes) -> None:
    """Keep the key of an accepted entry; a key that belongs to nothing in the log is not kept."""
    if isinstance(entry, (DatasetEntry, ProofEntry)):
        node.state.put_verification_key(key)


def _document(logged: LoggedEntry) -> EntryDocument:
    return EntryDocument(index=logged.index, logged_at=logged.logged_at, entry=logged.entry)


def _entry(node: Node, index: int) -> EntryDocument:
    _require(node, index)
    return _document(node.ledger.entry(index))


def _require(node: Node, index: int) -> None:
    size = node.ledger.size
    if index >= size:
        raise Problem("not-found", f"The log has {size:,} entries, from 0; there is no entry {index:,}.")


def _page(node: Node, start: int, limit: int, kind: EntryKind | None) -> PageDocument:
    looked_at = node.ledger.entries(start, limit if kind is None else MAX_PAGE)
    wanted = [logged for logged in looked_at if kind is None or logged.entry.kind == kind]
    return _cut(wanted, limit, lambda: _after(node, start, len(looked_at)))


def _after(node: Node, start: int, looked_at: int) -> int | None:
    end = start + looked_at
    return end if looked_at and end < node.ledger.size else None


def _history(node: Node, dataset: str, roles: list[EntryRole], start: int, limit: int) -> PageDocument:
    _dataset(node, dataset)
    with node.store.reading() as reader:
        indices = [index for index in reader.naming(dataset, roles) if index >= start]
    return _cut([node.ledger.entry(index) for index in indices[: limit + 1]], limit, lambda: None)


def _cut(found: list[LoggedEntry], limit: int, otherwise: Callable[[], int | None]) -> PageDocument:
    following = found[limit].index if len(found) > limit else otherwise()
    return PageDocument(entries=[_document(logged) for logged in found[:limit]], next=following)


def _leaf(node: Node, digest: str) -> LeafDocument:
    with node.store.reading() as reader:
        index = reader.index_of(bytes.fromhex(digest))
    if index is None:
        raise Problem("not-found", "The log holds no leaf with this hash.")
    return LeafDocument(index=index, leaf_hash=digest)


def _dataset(node: Node, dataset: str) -> DatasetDocument:
    with node.store.reading() as reader:
        indices = reader.naming(dataset, ("dataset",))
    if not indices:
        raise Problem("not-found", "The log holds no dataset with this id.")
    return DatasetDocument(id=dataset, index=indices[0], record=node.ledger.dataset(dataset))


def _receipt(node: Node, index: int) -> bytes:
    _require(node, index)
    entry = node.ledger.entry(index).entry
    if isinstance(entry, DatasetEntry):
        srs_ids = {entry.record.srs_id}
    else:
        srs_ids = {node.ledger.dataset(each).srs_id for ids in entry.named().values() for each in ids}
    key = node.state.verification_key(srs_ids.pop()) if len(srs_ids) == 1 else None
    return node.ledger.receipt(index, verification_key=key)
