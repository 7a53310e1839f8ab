"""A table's way to a server: announced by length and digest, sent in pieces, gone on with where it was cut off.

The protocol is tus 1.0 (tus.io) with its checksum extension.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from zkp_nb.errors import LedgerError
from zkp_nb.ledger.http import Http, Refused, Unreachable, nonsense
from zkp_nb.proving.wire import table_chunks
from zkp_nb.table import Table

PIECE: Final = 4 * 1024 * 1024
"""Bytes of one piece of an upload, as long as the network carries pieces of that size."""

SMALLEST_PIECE: Final = 64 * 1024
"""Pieces are halved when one does not arrive, to no less than this."""

_FRUITLESS: Final = 20
_AGAIN: Final = frozenset({"conflict", "checksum-mismatch", "timeout", "rate-limited", "unavailable"})


def announcement(table: Table, seed: bytes) -> dict[str, Any]:
    """What a job's request says of a table before it is sent: length, SHA-256, and the seed that opens it."""
    length, digest = 0, hashlib.sha256()
    for chunk in table_chunks(table):
        length += len(chunk)
        digest.update(chunk)
    return {"length": length, "sha256": digest.hexdigest(), "seed": seed.hex()}


def send_table(
    http: Http,
    path: str,
    table: Table,
    length: int,
    sent: Callable[[int], None],
    waiting: Callable[[], None],
    check: Callable[[], object],
) -> None:
    """Send what the server does not have yet, as often as it takes.

    Args:
        http: the server.
        path: of the upload.
        table, length: the table, and the bytes of its stream.
        sent: told how many bytes have arrived.
        waiting: called while the server cannot be reached.
        check: called when the server is in another state than thought; raises where the job is over.

    Raises:
        LedgerError: nothing more arrives, or the server refuses.
    """
    size, best, fruitless = PIECE, -1, 0
    while fruitless < _FRUITLESS:
        offset = _offset(http, path, waiting)
        best, fruitless = max(best, offset), 0 if offset > best else fruitless + 1
        try:
            for piece in _pieces(table, offset, size):
                sent(offset)
                _send(http, path, offset, piece)
                offset += len(piece)
        except Unreachable:
            size = max(size // 2, min(SMALLEST_PIECE, PIECE))
        except Refused as refusal:
            # An answer was lost and the server is further on, or a piece was damaged: ask where to go on.
            if refusal.slug not in _AGAIN:
                raise
            check()
        else:
            if offset == length:
                sent(length)
                return
    raise LedgerError("The upload does not arrive whole.", todo="Check the network, then run it again.")


def _offset(http: Http, path: str, waiting: Callable[[], None]) -> int:
    _, headers = http.answer(path, method="HEAD", waiting=waiting)
    text = headers.get("upload-offset", "")
    if not (text.isascii() and text.isdigit()):
        raise nonsense()
    return int(text)


def _send(http: Http, path: str, offset: int, piece: bytes) -> None:
    digest = base64.b64encode(hashlib.sha256(piece).digest()).decode()
    headers: Mapping[str, str] = {
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": str(offset),
        "Upload-Checksum": f"sha256 {digest}",
        "Tus-Resumable": "1.0.0",
    }
    # One try: after a failure it is the server who knows how far it is.
    http.answer(path, method="PATCH", content=piece, headers=headers, patience=0.0)


def _pieces(table: Table, offset: int, size: int) -> Iterator[bytes]:
    """The stream of the table from a byte on, in pieces."""
    held, skipped = bytearray(), 0
    for chunk in table_chunks(table):
        fresh = min(len(chunk), max(0, offset - skipped))
        skipped += fresh
        held += memoryview(chunk)[fresh:]
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)
