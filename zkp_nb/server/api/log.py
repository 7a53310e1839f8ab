"""The log as a verifier sees it: checkpoint, tiles, inclusion and consistency proofs.

`checkpoint` and `tile/...` are laid out as c2sp.org/tlog-tiles says, under the prefix `/api/v1`.
"""

from __future__ import annotations

import base64
import re
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from zkp_nb.ledger import tree
from zkp_nb.server.http import BRIEF, FRESH, IMMUTABLE, Reader, answer, answer_json, node_of
from zkp_nb.server.node import Node
from zkp_nb.server.problems import Problem, Responses, responses

TILE_HEIGHT: Final = 8
"""Levels of the tree in one tile."""

TILE_WIDTH: Final = 1 << TILE_HEIGHT
"""Hashes of a full tile, and entries of a full bundle."""

router = APIRouter(prefix="/api/v1", tags=["log"])

Size = Annotated[
    int | None,
    Query(ge=0, le=2**53 - 1, description="A size that the log has had; now by default."),
]

_PLACE: Final = re.compile(r"(?P<path>(?:x\d{3}/)*\d{3})(?:\.p/(?P<width>[1-9]\d{0,2}))?")
_OCTETS: Final = "application/octet-stream"
_TEXT: Final[Responses] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "A signed note"}
}
_BINARY: Final[Responses] = {
    200: {"content": {_OCTETS: {"schema": {"type": "string", "format": "binary"}}}, "description": "The tile"}
}


class LogDocument(BaseModel):
    """The log: its name, its public key (vkey), its number of entries."""

    id: str
    key: str
    size: int


class InclusionDocument(BaseModel):
    """Proof that an entry is in the log of `size` entries: audit path, base64, the leaf's sibling first."""

    index: int
    size: int
    hashes: list[str]


class ConsistencyDocument(BaseModel):
    """Proof that the log of `old` entries begins that of `new`, base64 (RFC 6962 section 2.1.2)."""

    old: int
    new: int
    hashes: list[str]


@router.get("/log", response_model=LogDocument, responses=responses(), operation_id="getLog")
async def get_log(request: Request, _: Reader) -> Response:
    """Name, key and size of the log."""
    node = node_of(request)
    size = await node.work(lambda: node.ledger.size)
    return answer_json(request, LogDocument(id=node.ledger.id, key=node.ledger.key, size=size), BRIEF)


@router.get(
    "/checkpoint", responses=responses(404) | _TEXT, response_class=Response, operation_id="getCheckpoint"
)
async def get_checkpoint(request: Request, _: Reader, size: Size = None) -> Response:
    """The signed checkpoint of now, or the one that was signed at a size (c2sp.org/tlog-checkpoint)."""
    node = node_of(request)
    note = await node.work(_checkpoint, node, size)
    return answer(request, note, "text/plain; charset=utf-8", BRIEF if size is None else IMMUTABLE)


@router.get(
    "/inclusion/{index}",
    response_model=InclusionDocument,
    responses=responses(404),
    operation_id="getInclusion",
)
async def get_inclusion(
    request: Request, _: Reader, index: Annotated[int, Path(ge=0, le=2**53 - 1)], size: Size = None
) -> Response:
    """Proof that an entry is in the log."""
    node = node_of(request)
    document = await node.work(_inclusion, node, index, size)
    return answer_json(request, document, FRESH if size is None else IMMUTABLE)


@router.get(
    "/consistency",
    response_model=ConsistencyDocument,
    responses=responses(404),
    operation_id="getConsistency",
)
async def get_consistency(
    request: Request, _: Reader, old: Annotated[int, Query(ge=0, le=2**53 - 1)], new: Size = None
) -> Response:
    """Proof that the log of `old` entries begins the log of `new`."""
    node = node_of(request)
    document = await node.work(_consistency, node, old, new)
    return answer_json(request, document, FRESH if new is None else IMMUTABLE)


@router.get(
    "/tile/entries/{place:path}", responses=responses(404) | _BINARY, response_class=Response,
    operation_id="getEntryBundle",
)  # fmt: skip
async def get_bundle(request: Request, _: Reader, place: str) -> Response:
    """Up to 256 leaves, each after its length in two bytes (tlog-tiles, entry bundles)."""
    node = node_of(request)
    number, width = _parse_place(place)
    return answer(request, await node.work(_bundle, node, number, width), _OCTETS, IMMUTABLE)


@router.get(
    "/tile/{level}/{place:path}", responses=responses(404) | _BINARY, response_class=Response,
    operation_id="getTile",
)  # fmt: skip
async def get_tile(
    request: Request, _: Reader, level: Annotated[int, Path(ge=0, le=5)], place: str
) -> Response:
    """Up to 256 hashes of level 8 * `level` of the tree, 32 bytes each (tlog-tiles, Merkle tiles)."""
    node = node_of(request)
    number, width = _parse_place(place)
    return answer(request, await node.work(_tile, node, level, number, width), _OCTETS, IMMUTABLE)


def _checkpoint(node: Node, size: int | None) -> bytes:
    if size is not None:
        with node.store.reading() as reader:
            if reader.checkpoint(size) is None:
                raise Problem("not-found", "No checkpoint was signed at this size.")
    return node.ledger.checkpoint(size)


def _inclusion(node: Node, index: int, size: int | None) -> InclusionDocument:
    at = _size_at(node, size)
    if index >= at:
        raise Problem("not-found", f"The log of {at:,} entries has no entry {index:,}.")
    return InclusionDocument(index=index, size=at, hashes=_texts(node.ledger.inclusion(index, at)))


def _consistency(node: Node, old: int, new: int | None) -> ConsistencyDocument:
    at = _size_at(node, new)
    if old > at:
        raise Problem("not-found", f"A log of {old:,} entries cannot begin one of {at:,}.")
    return ConsistencyDocument(old=old, new=at, hashes=_texts(node.ledger.consistency(old, at)))


def _size_at(node: Node, size: int | None) -> int:
    now = node.ledger.size
    if size is not None and size > now:
        raise Problem("not-found", f"The log has {now:,} entries; it has not had that many.")
    return now if size is None else size


def _texts(hashes: list[bytes]) -> list[str]:
    return [base64.b64encode(digest).decode() for digest in hashes]


def _parse_place(place: str) -> tuple[int, int]:
    """Number and width of a tile from "x001/x234/067" or "x001/x234/067.p/8"."""
    match = _PLACE.fullmatch(place)
    width = int(match["width"] or TILE_WIDTH) if match else 0
    parts = match["path"].replace("x", "").split("/") if match else []
    minimal = len(parts) == 1 or (parts and parts[0] != "000")
    partial = match is not None and match["width"] is not None
    if not minimal or len(parts) > 6 or width > TILE_WIDTH - partial:
        raise Problem("not-found", "A tile's number is written like x001/x234/067, its width like .p/8.")
    return int("".join(parts)), width


def _tile(node: Node, level: int, number: int, width: int) -> bytes:
    first = number * TILE_WIDTH
    with node.store.reading() as reader:
        if first + width > reader.size() >> (TILE_HEIGHT * level):
            raise _not_yet()
        places = [tree.position(TILE_HEIGHT * level, first + offset) for offset in range(width)]
        return b"".join(reader.hashes(places))


def _bundle(node: Node, number: int, width: int) -> bytes:
    first = number * TILE_WIDTH
    with node.store.reading() as reader:
        if first + width > reader.size():
            raise _not_yet()
        leaves = reader.leaves(first, width)
    return b"".join(len(each.leaf).to_bytes(2, "big") + each.leaf for each in leaves)


def _not_yet() -> Problem:
    return Problem("not-found", "The log is not long enough for this tile.")
