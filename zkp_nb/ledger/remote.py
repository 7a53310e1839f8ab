"""The ledger of a server, with the methods of `Ledger`, for readers who do not take its word.

Every signed checkpoint that is seen must continue the last one that is remembered (`KnownLogs`), the
server at an address must go on showing the same log, a receipt is verified before it is handed on, and an
append counts only when the entry is shown to be in the log. What a list of entries holds is the server's
word; its receipts are not.
"""

from __future__ import annotations

import base64
import json
import os
import ssl
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import platformdirs
from pydantic import TypeAdapter, ValidationError

from zkp_nb.errors import LedgerError, LedgerInconsistent, ReceiptError
from zkp_nb.ledger.http import Http, nonsense, safe_url
from zkp_nb.ledger.known import KnownLogs
from zkp_nb.ledger.log import AnyEntry, LoggedEntry, Verifier
from zkp_nb.ledger.merkle import leaf_hash, verify_inclusion
from zkp_nb.ledger.note import Checkpoint, VerifierKey, decode_base64
from zkp_nb.ledger.receipt import ReceiptFile
from zkp_nb.ledger.records import DatasetEntry, DatasetRecord, Entry, ProofEntry, canonical_json

PATIENCE: Final = 60.0
"""Seconds for which a request is tried again while the server cannot be reached or is too busy."""

_PAGE: Final = 1000
_ENTRY: Final[TypeAdapter[AnyEntry]] = TypeAdapter(Entry)


class RemoteLedger:
    """A server's log. Safe to use from several threads.

    Args:
        url: of the server, "https://ledger.example.org".
        token: a JWT or an API key; None where the server lets everybody read.
        known: the reader's memory of logs; their own, where None.
        pins: file that remembers which log each server showed first; one for this user, where None.
        verification_key: gives the set-up's verification key, which goes along with proofs.
        tls: trusted certificates; those of the system, where None.
        patience: seconds to go on trying.

    Raises:
        LedgerError: the address is not safe to send a token to, the server cannot be reached or refuses.
        LedgerInconsistent: the server shows another log than before, or one that shrank or forked.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        known: KnownLogs | None = None,
        pins: Path | None = None,
        verification_key: Callable[[], bytes] | None = None,
        tls: ssl.SSLContext | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self.url = safe_url(url)
        self._http = Http(self.url, token, tls, patience)
        self._known = known if known is not None else KnownLogs.open()
        self._verification_key = verification_key
        try:
            shown = self._http.json("/api/v1/log")
            self._key = VerifierKey.parse(str(shown.get("key")))
            _pin(pins or _pins(), self.url, str(self._key))
            self._known.observe(self)
        except BaseException:
            self._http.close()
            raise

    def __repr__(self) -> str:
        return f"RemoteLedger({self.url!r})"

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    @property
    def id(self) -> str:
        """Name of the log, which its proofs are bound to."""
        return self._key.name

    @property
    def key(self) -> str:
        """Public key of the log, as a vkey."""
        return str(self._key)

    @property
    def size(self) -> int:
        """Number of entries that the newest checkpoint signs."""
        return self._known.observe(self).size

    def append(self, entry: AnyEntry, *, verifier: Verifier) -> int:
        """Append one entry, and see that it is in the log.

        A proof is verified here first, and again by the server. Repeated safely until it is answered.

        Returns:
            Its index.

        Raises:
            ProofRejected: by `verifier`, or by the server.
            LedgerError: the server cannot be reached or refuses the entry.
            LedgerInconsistent: the log shrank, forked, or does not hold the entry where the server says.
        """
        leaf = entry.leaf()
        body: dict[str, Any] = {"entry": entry.model_dump(mode="json")}
        if isinstance(entry, ProofEntry):
            named = dict.fromkeys(each for ids in entry.named().values() for each in ids)
            verifier(entry, {each: self.dataset(each) for each in named})
            if self._verification_key is not None:
                body["verification_key"] = base64.b64encode(self._verification_key()).decode()
        accepted = self._http.json(
            "/api/v1/entries",
            method="POST",
            content=canonical_json(body),
            headers={"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex},
        )
        index = _integer(accepted.get("index"))
        self._check_included(index, leaf)
        return index

    def index_of(self, entry: AnyEntry) -> int | None:
        """Index of this very entry, None where it is not in the log."""
        leaf = entry.leaf()
        found = self._http.json(f"/api/v1/leaves/{leaf_hash(leaf).hex()}", missing=True)
        if not found:
            return None
        index = _integer(found.get("index"))
        self._check_included(index, leaf)
        return index

    def entry(self, index: int) -> LoggedEntry:
        """The entry at `index`, shown to be there; `LedgerError` where there is none."""
        logged = _logged(self._http.json(f"/api/v1/entries/{index}"))
        if logged.index != index:
            raise nonsense()
        self._check_included(index, logged.entry.leaf())
        return logged

    def entries(self, start: int = 0, limit: int = 100) -> list[LoggedEntry]:
        """At most `limit` entries from index `start`, ascending, as the server lists them."""
        return self._pages("/api/v1/entries", {}, start, limit)

    def find(self, dataset: str, roles: Collection[str] = ()) -> list[LoggedEntry]:
        """Entries, ascending, that name the dataset id, as the server lists them.

        Args:
            dataset: the id.
            roles: some of "dataset", "inputs", "outputs", "witnesses"; empty for any.
        """
        return self._pages(f"/api/v1/datasets/{dataset}/entries", {"role": sorted(roles)}, 0, None)

    def dataset(self, dataset: str) -> DatasetRecord:
        """The record of a dataset id, which it hashes to; `LedgerError` where the log does not hold it."""
        found = self._http.json(f"/api/v1/datasets/{dataset}", missing=True)
        if not found:
            raise LedgerError(
                f"The dataset {dataset[:12]} is not in this log.",
                todo="Commit it to this ledger first, then try again.",
            )
        entry = _entry({"version": 1, "kind": "dataset", "record": found.get("record")})
        if not isinstance(entry, DatasetEntry) or entry.record.id != dataset:
            raise nonsense()
        return entry.record

    def checkpoint(self, size: int | None = None) -> bytes:
        """The signed checkpoint of now, or the one signed at `size`, as the server shows it.

        `KnownLogs.observe` and `compare` hold it against what is remembered.

        Raises:
            NoteError: it is not signed by the log's key.
        """
        note = self._http.content("/api/v1/checkpoint", params={} if size is None else {"size": size})
        shown = Checkpoint.open(note, self._key)
        if size is not None and shown.size != size:
            raise nonsense()
        return note

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """Proof that the log of `old` entries begins the log of `new` (now, where None)."""
        query = {"old": old} if new is None else {"old": old, "new": new}
        return _hashes(self._http.json("/api/v1/consistency", params=query))

    def receipt(self, index: int, *, verification_key: bytes | None = None) -> bytes:
        """The receipt file of entry `index`, after it was verified against what is remembered of the log.

        Args:
            index: the entry.
            verification_key: of the set-up; put in where the server does not have it.

        Raises:
            LedgerError: there is no such entry, or the receipt does not hold.
            LedgerInconsistent: it is of another history than the one remembered.
        """
        self._known.observe(self)
        receipt = ReceiptFile.parse(self._http.content(f"/api/v1/receipts/{index}"))
        if receipt.verification_key is None and verification_key is not None:
            key = base64.b64encode(verification_key).decode()
            receipt = receipt.model_copy(update={"verification_key": key})
        receipt.verify_inclusion()
        if receipt.ledger_key != self.key or receipt.inclusion.index != index:
            raise ReceiptError("The server gave the receipt of another entry, or of another log.")
        self._known.compare(receipt.checkpoint.encode(), self, vkey=self.key)
        return receipt.to_bytes()

    def _check_included(self, index: int, leaf: bytes) -> None:
        head = self._known.observe(self)
        path = f"/api/v1/inclusion/{index}?size={head.size}"
        proof = _hashes(self._http.json(path)) if 0 <= index < head.size else []
        try:
            verify_inclusion(index, head.size, leaf_hash(leaf), proof, head.root)
        except LedgerError as error:
            raise LedgerInconsistent(
                f"The server does not hold entry {index} in its log as it says.",
                why=str(error),
                evidence=(self.checkpoint(head.size),),
                todo="Do not rely on it; tell its operator.",
            ) from None

    def _pages(self, path: str, query: Mapping[str, Any], start: int, limit: int | None) -> list[LoggedEntry]:
        found: list[LoggedEntry] = []
        cursor: int | None = start
        while cursor is not None and (limit is None or len(found) < limit):
            wanted = _PAGE if limit is None else min(_PAGE, limit - len(found))
            page = self._http.json(path, missing=True, params={**query, "start": cursor, "limit": wanted})
            listed = page.get("entries", [])
            if not isinstance(listed, list):
                raise nonsense()
            found += [_logged(each) for each in listed]
            following = page.get("next")
            if following is not None and _integer(following) <= cursor:
                raise nonsense()
            cursor = following
        return found


def _pins() -> Path:
    """The user's own list of servers, beside their list of logs."""
    return Path(os.environ.get("ZKP_NB_DATA") or platformdirs.user_data_path("zkp-nb")) / "servers.json"


def _pin(file: Path, url: str, vkey: str) -> None:
    """See that the server shows the log that it showed first, and remember that."""
    try:
        pins = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        if not isinstance(pins, dict):
            raise ValueError
        if url not in pins:
            file.parent.mkdir(parents=True, exist_ok=True)
            fresh = file.with_name(f"{file.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}")
            fresh.write_text(json.dumps(pins | {url: vkey}, indent=1), encoding="utf-8")
            fresh.replace(file)
            return
    except (OSError, ValueError):
        raise LedgerError(
            f"The list of servers {file} cannot be read or written.", todo="Repair it, or move it away."
        ) from None
    if pins[url] != vkey:
        raise LedgerInconsistent(
            f"The server {url} shows another log than before.",
            why=f"It was {str(pins[url]).partition('+')[0]} and is now {vkey.partition('+')[0]}.",
            todo=f"Ask its operator why. To accept the new log, remove the server from {file}.",
        )


def _logged(document: object) -> LoggedEntry:
    if not isinstance(document, dict) or not isinstance(document.get("logged_at"), str):
        raise nonsense()
    return LoggedEntry(_integer(document.get("index")), _entry(document.get("entry")), document["logged_at"])


def _entry(document: object) -> AnyEntry:
    try:
        return _ENTRY.validate_json(canonical_json(document))
    except ValidationError:
        raise nonsense() from None


def _hashes(document: Mapping[str, Any]) -> list[bytes]:
    texts = document.get("hashes")
    if not isinstance(texts, Sequence) or not all(isinstance(each, str) for each in texts):
        raise nonsense()
    return [decode_base64(each, "a proof of the log") for each in texts]


def _integer(value: object) -> int:
    if type(value) is not int:
        raise nonsense()
    return value
