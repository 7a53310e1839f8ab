"""Receipts: one file that holds all an offline verifier needs.

A receipt (suffix `.zkp`) carries an entry, the records of the datasets it names, the proof that the
entry is in the log, and the log's signed checkpoint. It is canonical JSON (RFC 8785) with a digest
over everything, so a damaged file is told apart from a dishonest one. Nothing in it is trusted:
the leaf is computed from the entry, ids from records, and the log's key that comes along is only a hint
until the reader finds it among the keys they know (`zkp_nb.ledger.known`).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_core import from_json

from zkp_nb.errors import LedgerError, ReceiptError
from zkp_nb.ledger.identity import check_local_name
from zkp_nb.ledger.merkle import leaf_hash, verify_inclusion
from zkp_nb.ledger.note import Checkpoint, VerifierKey, decode_base64
from zkp_nb.ledger.records import (
    DatasetEntry,
    DatasetRecord,
    Document,
    Entry,
    canonical_json,
    check_time,
    first_complaint,
    sha256_hex,
)

SUFFIX: Final = ".zkp"
"""File name suffix of a receipt."""

MAX_RECEIPT_BYTES: Final = 4 * 1024 * 1024
"""A longer file is refused before it is read as JSON."""

VERSION: Final = 1
"""Version of the receipt format written here, and the only one read."""

_MAX_LEVELS: Final = 64
_SAY_AGAIN: Final = "Ask for the receipt again from whoever gave it to you."


class Inclusion(Document):
    """Place of a leaf in the tree of the receipt's checkpoint.

    Attributes:
        index: index of the leaf.
        hashes: audit path, base64, the leaf's sibling first (RFC 6962 section 2.1.1).
    """

    index: Annotated[int, Field(ge=0, le=2**53 - 1)]
    hashes: Annotated[tuple[str, ...], Field(max_length=_MAX_LEVELS)]

    @classmethod
    def of(cls, index: int, hashes: Sequence[bytes]) -> Inclusion:
        """Write a proof down."""
        return cls(index=index, hashes=tuple(base64.b64encode(digest).decode() for digest in hashes))

    def check(self, leaf: bytes, checkpoint: Checkpoint) -> None:
        """Raise `LedgerError` unless `leaf` (its bytes) is in the checkpoint's tree at this index."""
        hashes = [decode_base64(text, "the inclusion proof") for text in self.hashes]
        verify_inclusion(self.index, checkpoint.size, leaf_hash(leaf), hashes, checkpoint.root)


class NamedDataset(Document):
    """A dataset that the entry names: its record, and where the log holds it."""

    record: DatasetRecord
    inclusion: Inclusion | None = None


class ReceiptFile(Document):
    """The content of a receipt file.

    Attributes:
        version: 1.
        entry: what was logged.
        datasets: records of exactly the datasets that the entry's statement names; none for a dataset entry.
        inclusion: proof that the entry is in the log.
        checkpoint: the log's signed checkpoint, c2sp.org/tlog-checkpoint.
        ledger_key: the log's public key as a vkey; a hint.
        verification_key: the set-up's verification key, base64; a convenience that is good for
            nothing unless its hash is the srs_id of the records.
        created: when the receipt was written, RFC 3339 UTC; not covered by any proof.
    """

    version: Literal[1] = VERSION
    entry: Entry
    datasets: Annotated[tuple[NamedDataset, ...], Field(max_length=10_000)]
    inclusion: Inclusion
    checkpoint: str
    ledger_key: str
    verification_key: str | None = None
    created: str

    @field_validator("created")
    @classmethod
    def _utc(cls, value: str) -> str:
        return check_time(value)

    @field_validator("verification_key")
    @classmethod
    def _base64(cls, value: str | None) -> str | None:
        if value is not None:
            decode_base64(value, "the verification key")
        return value

    @classmethod
    def parse(cls, data: bytes) -> ReceiptFile:
        """Read a receipt file, strictly.

        Raises:
            ReceiptError: it is too large, damaged, incomplete, not canonical, or of an unknown version.
        """
        if len(data) > MAX_RECEIPT_BYTES:
            raise ReceiptError(f"The receipt is longer than {MAX_RECEIPT_BYTES:,} bytes.", todo=_SAY_AGAIN)
        data = data.removesuffix(b"\n")
        try:
            content = from_json(data, allow_inf_nan=False)
        except (ValueError, RecursionError):
            raise ReceiptError("The receipt is not JSON; it is damaged.", todo=_SAY_AGAIN) from None
        if not isinstance(content, dict) or "version" not in content or "entry" not in content:
            raise ReceiptError("The file is not a receipt.", todo="Name a file with the suffix .zkp.")
        version = content["version"]
        if type(version) is not int or version != VERSION:
            raise ReceiptError(
                f"The receipt is not of version {VERSION}, the only one that this package reads.",
                todo="Upgrade zkp-nb, then try again.",
            )
        digest = content.pop("digest", None)
        try:
            members = {key: canonical_json(value) for key, value in content.items()}
            canonical = _object(members)
            if (
                digest != sha256_hex(canonical)
                or _object(members | {"digest": canonical_json(digest)}) != data
            ):
                raise ReceiptError(
                    "The receipt is damaged.", why="Its content and its digest do not agree.", todo=_SAY_AGAIN
                )
            return cls.model_validate_json(canonical)
        except ValidationError as error:
            why = first_complaint(error)
            raise ReceiptError("The receipt is malformed.", why=why, todo=_SAY_AGAIN) from None
        except LedgerError as error:
            why = str(error)
            raise ReceiptError("The receipt is malformed.", why=why, todo=_SAY_AGAIN) from None

    def to_bytes(self) -> bytes:
        """The file's bytes, canonical JSON with a final newline."""
        content = self.model_dump(mode="json")
        return canonical_json(content | {"digest": sha256_hex(canonical_json(content))}) + b"\n"

    @property
    def ledger_id(self) -> str:
        """Name of the log: the context that its proofs are bound to."""
        return self.checkpoint.partition("\n")[0]

    def records(self) -> dict[str, DatasetRecord]:
        """Dataset id, computed from the record, to the record."""
        if isinstance(self.entry, DatasetEntry):
            return {self.entry.record.id: self.entry.record}
        return {named.record.id: named.record for named in self.datasets}

    def verify_inclusion(self) -> tuple[Checkpoint, dict[str, DatasetRecord]]:
        """Check everything that needs no knowledge of proofs.

        The checkpoint is signed by the key that the receipt names, the entry is in its tree, the records
        are exactly those the entry names, each that comes with a place in the log is there, and a
        verification key that came along is that of their set-up. Whether the log's key is one the reader
        knows is another question (`KnownLogs.knows(receipt.ledger_key)`).

        Returns:
            What the checkpoint says, and `records()`.

        Raises:
            ReceiptError: one of these does not hold; the sentence says which.
        """
        try:
            key = VerifierKey.parse(self.ledger_key)
            check_local_name(key)
            checkpoint = Checkpoint.open(self.checkpoint.encode(), key)
        except LedgerError as error:
            raise ReceiptError("The checkpoint in the receipt does not hold.", why=str(error)) from None
        self._check(self.inclusion, self.entry.leaf(), checkpoint, "The entry")
        records = self.records()
        self._check_datasets(checkpoint, records)
        self._check_verification_key(records)
        return checkpoint, records

    def _check_datasets(self, checkpoint: Checkpoint, records: Mapping[str, DatasetRecord]) -> None:
        named = {dataset for ids in self.entry.named().values() for dataset in ids}
        missing, surplus = named - set(records), set(records) - named
        if missing or surplus:
            raise ReceiptError(
                "The dataset records in the receipt are not those that the entry names.",
                why=f"{len(missing)} missing or altered, {len(surplus)} not named.",
            )
        if len(self.datasets) != (0 if isinstance(self.entry, DatasetEntry) else len(records)):
            raise ReceiptError("The receipt holds a dataset record twice.")
        for dataset in self.datasets:
            if dataset.inclusion is not None:
                leaf = DatasetEntry(record=dataset.record).leaf()
                self._check(dataset.inclusion, leaf, checkpoint, f"The dataset {dataset.record.name}")

    def _check_verification_key(self, records: Mapping[str, DatasetRecord]) -> None:
        if self.verification_key is None:
            return
        srs_id = sha256_hex(decode_base64(self.verification_key, "the verification key"))
        if any(record.srs_id != srs_id for record in records.values()):
            raise ReceiptError(
                "The verification key in the receipt is not that of the set-up that its datasets name.",
                why="Its hash is not their srs_id.",
            )

    def _check(self, inclusion: Inclusion, leaf: bytes, checkpoint: Checkpoint, what: str) -> None:
        try:
            inclusion.check(leaf, checkpoint)
        except LedgerError as error:
            raise ReceiptError(f"{what} is not shown to be in the log.", why=str(error)) from None


def _object(members: Mapping[str, bytes]) -> bytes:
    """Canonical JSON of an object whose members are written already; other names than a receipt's are refused later."""
    written = (canonical_json(name) + b":" + members[name] for name in sorted(members))
    return b"{" + b",".join(written) + b"}"
