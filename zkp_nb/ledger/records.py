"""What a log holds: dataset records and entries, as canonical JSON.

Every document here has exactly one byte form, RFC 8785, so that its hash is its name: a dataset's
id is the SHA-256 of its record, a leaf of the log is the bytes of its entry. The ledger reads of a
statement only which datasets it names; what it claims is the business of whoever verifies it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, TypeVar

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError, field_validator

from zkp_nb.errors import LedgerError
from zkp_nb.ledger.note import NoteError, decode_base64

MAX_LEAF_BYTES: Final = 65_535
"""Longest leaf: the length prefix of a leaf in c2sp.org/tlog-tiles has 16 bits."""

COMMITMENT_PARTS: Final = ("value", "head", "tail", "null")
"""Labels of a column's commitments, in canonical order."""

ROLES: Final = ("inputs", "outputs", "witnesses")
"""Lists of a statement that name datasets."""

MAX_NAME: Final = 200
"""Longest name of a dataset, in characters."""

_SAFE_INTEGER: Final = 2**53 - 1
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_HEX32 = re.compile(r"[0-9a-f]{64}")

Model = TypeVar("Model", bound=BaseModel)


def canonical_json(document: Any) -> bytes:
    """RFC 8785 bytes of a JSON document.

    Raises:
        LedgerError: it holds something that JSON cannot carry unchanged (NaN, an integer beyond 2^53 - 1,
            half a surrogate pair).
    """
    try:
        if _is_plain(document):
            return _PLAIN_JSON.encode(document).encode()
        data = rfc8785.dumps(document)
        if not _has_unsafe_float(document):
            return data
    except (rfc8785.CanonicalizationError, ValueError, RecursionError):
        # ValueError: half a surrogate pair, or an integer of more digits than Python writes.
        pass
    raise LedgerError(
        "The document cannot be written as canonical JSON.",
        why="It holds a number or a text that JSON does not carry unchanged.",
        todo="Write integers beyond 2^53 - 1 as text, and leave out NaN and infinities.",
    )


_PLAIN_JSON: Final = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")
)


def _is_plain(document: Any) -> bool:
    """Whether the encoder of the standard library, ten times as fast, writes the same bytes: no floats, and keys
    whose order by code points is that by UTF-16 units."""
    waiting: list[Iterable[Any]] = [(document,)]
    keys: set[str] = set()
    while waiting:
        for value in waiting.pop():
            kind = type(value)
            if kind is str or kind is bool or value is None:
                continue
            if kind is int:
                if not -_SAFE_INTEGER <= value <= _SAFE_INTEGER:
                    return False
            elif kind is list or kind is tuple:
                waiting.append(value)
            elif kind is dict:
                if not keys.issuperset(value):
                    if not all(type(key) is str and key.isascii() for key in value):
                        return False
                    keys.update(value)
                waiting.append(value.values())
            else:
                return False
    return True


def _has_unsafe_float(document: Any) -> bool:
    # From 2^53 to 10^21 a float is written as plain digits, which are read back as an integer out of range.
    if isinstance(document, float):
        return 2.0**53 <= abs(document) < 1e21
    if isinstance(document, dict):
        return any(map(_has_unsafe_float, document.values()))
    return isinstance(document, list | tuple) and any(map(_has_unsafe_float, document))


def sha256_hex(data: bytes) -> str:
    """SHA-256 as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def check_hex32(text: str, what: str) -> str:
    """`text`, if it is 32 bytes in lower-case hexadecimal; else a `LedgerError` that names `what`."""
    if not _HEX32.fullmatch(text):
        raise LedgerError(f"{what} is not 64 lower-case hexadecimal digits.")
    return text


def check_time(text: str) -> str:
    """`text`, if it is an RFC 3339 time in UTC with whole seconds; else a `LedgerError`."""
    try:
        # `strptime` takes ten times as long; other forms that are read here do not come back as they were.
        exact = datetime.fromisoformat(text).strftime(_TIME) == text
    except ValueError:
        exact = False
    if not exact:
        raise LedgerError("A time is not written like 2026-11-23T20:00:00Z.")
    return text


def utc_now() -> str:
    """The time now, as every document here writes it."""
    return datetime.now(UTC).strftime(_TIME)


class Document(BaseModel):
    """Base of everything written here: frozen, no unknown fields, no silent conversion."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def canonical(self) -> bytes:
        """RFC 8785 bytes of the whole document."""
        return canonical_json(self.model_dump(mode="json"))


class ColumnRecord(Document):
    """One committed column.

    Attributes:
        name: the column's name in the frame.
        type: its logical type, as the table layer writes it; opaque here.
        nullable: whether a null companion is committed with it.
        commitments: part label to the commitment, 32 bytes in hexadecimal.
    """

    name: str
    type: dict[str, JsonValue]
    nullable: bool
    commitments: dict[str, str]

    @field_validator("commitments")
    @classmethod
    def _canonical_parts(cls, value: dict[str, str]) -> dict[str, str]:
        if not value or not set(value) <= set(COMMITMENT_PARTS):
            allowed = ", ".join(COMMITMENT_PARTS)
            raise LedgerError(f"The commitments of a column are labelled by some of {allowed}.")
        return {part: check_hex32(value[part], "A commitment") for part in COMMITMENT_PARTS if part in value}


class DatasetRecord(Document):
    """A committed table, as everybody may see it.

    Attributes:
        version: 1.
        name: what the owner calls it, 1 to 200 characters.
        n_rows: number of rows.
        depth: depth A of its grid, a power of two from 4.
        srs_id: set-up under which it is committed, 32 bytes in hexadecimal.
        columns: in frame order.
        created: RFC 3339 time, UTC, whole seconds.
        labels: free words of the owner.
    """

    version: Literal[1] = 1
    name: str
    n_rows: Annotated[int, Field(ge=0, le=2**53 - 1)]
    depth: Annotated[int, Field(ge=4, le=2**32)]
    srs_id: str
    columns: tuple[ColumnRecord, ...]
    created: str
    labels: dict[str, str] = Field(default_factory=dict)

    @field_validator("name")
    @classmethod
    def _printable_name(cls, value: str) -> str:
        if not 1 <= len(value) <= MAX_NAME or not value.isprintable():
            raise LedgerError(
                f"The name of a dataset has 1 to {MAX_NAME} characters, all printable.",
                todo="Choose a shorter, plainer name.",
            )
        return value

    @field_validator("depth")
    @classmethod
    def _power_of_two(cls, value: int) -> int:
        if value & (value - 1):
            raise LedgerError("The depth of a dataset's grid is not a power of two.")
        return value

    @field_validator("srs_id")
    @classmethod
    def _hex_srs(cls, value: str) -> str:
        return check_hex32(value, "The srs_id of a dataset")

    @field_validator("created")
    @classmethod
    def _utc(cls, value: str) -> str:
        return check_time(value)

    @property
    def id(self) -> str:
        """The dataset id: SHA-256 of the canonical record, in hexadecimal."""
        return sha256_hex(self.canonical())


def named_datasets(statement: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Role to the ids of the datasets that a statement names in it.

    Raises:
        LedgerError: the statement is not of the form every statement has.
    """
    if not isinstance(statement.get("version"), int) or not isinstance(statement.get("kind"), str):
        raise LedgerError("A statement must have a version and a kind; this one has not.")
    named = {}
    for role in ROLES:
        ids = statement.get(role, [])
        if not isinstance(ids, (list, tuple)) or not all(isinstance(each, str) for each in ids):
            raise LedgerError(f"The {role} of a statement must be a list of dataset ids.")
        named[role] = tuple(check_hex32(each, "A dataset id in a statement") for each in ids)
    if not any(named.values()):
        raise LedgerError("A statement must name at least one dataset; this one names none.")
    return named


class _Entry(Document):
    version: Literal[1] = 1

    def named(self) -> dict[str, tuple[str, ...]]:
        """Role to the ids of the datasets that this entry names."""
        raise NotImplementedError

    def leaf(self) -> bytes:
        """The leaf of the log: canonical JSON, at most 65,535 bytes.

        Raises:
            LedgerError: the entry is larger than a leaf may be.
        """
        leaf = self.canonical()
        if len(leaf) > MAX_LEAF_BYTES:
            raise LedgerError(
                f"The entry takes {len(leaf):,} bytes; a log holds at most {MAX_LEAF_BYTES:,} in one entry.",
                todo="Claim less in one statement.",
            )
        return leaf


class DatasetEntry(_Entry):
    """A dataset was committed."""

    kind: Literal["dataset"] = "dataset"
    record: DatasetRecord

    def named(self) -> dict[str, tuple[str, ...]]:
        """The dataset itself, under the role "dataset"."""
        return {"dataset": (self.record.id,)}

    def leaf(self) -> bytes:
        """The leaf: the record itself, or its hash where it is too wide for a leaf."""
        leaf = self.canonical()
        if len(leaf) <= MAX_LEAF_BYTES:
            return leaf
        return HashedDatasetLeaf(record_sha256=self.record.id).canonical()


class HashedDatasetLeaf(Document):
    """Leaf of a dataset whose record is kept beside the log."""

    version: Literal[1] = 1
    kind: Literal["dataset-hash"] = "dataset-hash"
    record_sha256: str

    @field_validator("record_sha256")
    @classmethod
    def _hex_hash(cls, value: str) -> str:
        return check_hex32(value, "The hash of a record")


class _Claim(_Entry):
    statement: dict[str, JsonValue]

    @field_validator("statement")
    @classmethod
    def _well_formed(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        named_datasets(value)
        return value

    def named(self) -> dict[str, tuple[str, ...]]:
        """The datasets that the statement names, by role."""
        return named_datasets(self.statement)


class ProofEntry(_Claim):
    """A statement with its proofs.

    Attributes:
        statement: the claim, opaque but for the datasets it names.
        proofs: one or more proofs, base64.
        prover: name and version of the software that made them.
    """

    kind: Literal["proof"] = "proof"
    proofs: Annotated[tuple[str, ...], Field(min_length=1)]
    prover: str

    @field_validator("statement")
    @classmethod
    def _not_asserted(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if value.get("kind") == "asserted":
            raise LedgerError("An asserted change has no proof; it cannot be logged as one.")
        return value

    @field_validator("proofs")
    @classmethod
    def _base64(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for proof in value:
            _proof_bytes(proof)
        return value

    def proof_bytes(self) -> tuple[bytes, ...]:
        """The proofs, decoded."""
        return tuple(map(_proof_bytes, self.proofs))


class AssertedEntry(_Claim):
    """A change that somebody claims without proof.

    Attributes:
        statement: of kind "asserted".
        reason: why there is no proof, in words.
        code: the code that is said to have made the change; may be empty.
    """

    kind: Literal["asserted"] = "asserted"
    reason: str
    code: str = ""

    @field_validator("statement")
    @classmethod
    def _asserted(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if value.get("kind") != "asserted":
            raise LedgerError('A claim without proof must be a statement of kind "asserted".')
        return value


Entry = Annotated[DatasetEntry | ProofEntry | AssertedEntry, Field(discriminator="kind")]
"""Any entry of a log."""

_LEAVES: TypeAdapter[DatasetEntry | ProofEntry | AssertedEntry | HashedDatasetLeaf] = TypeAdapter(
    Annotated[DatasetEntry | ProofEntry | AssertedEntry | HashedDatasetLeaf, Field(discriminator="kind")]
)


def parse_leaf(leaf: bytes, record: bytes | None = None) -> DatasetEntry | ProofEntry | AssertedEntry:
    """The entry whose leaf this is.

    Args:
        leaf: the leaf's bytes.
        record: canonical record kept beside the log, where the leaf holds only its hash.

    Raises:
        LedgerError: the leaf is not one this package writes, or the record is missing or another one.
    """
    try:
        entry = _LEAVES.validate_json(leaf)
        if isinstance(entry, HashedDatasetLeaf):
            if record is None or sha256_hex(record) != entry.record_sha256:
                raise LedgerError("The record kept beside the log is missing, or not the one the log names.")
            entry = DatasetEntry(record=DatasetRecord.model_validate_json(record))
    except ValidationError as error:
        raise LedgerError("An entry of the log cannot be read.", why=first_complaint(error)) from None
    if entry.leaf() != leaf:
        raise LedgerError("An entry of the log is not in canonical form.")
    return entry


def first_complaint(error: ValidationError) -> str:
    """Where and what the first fault of a document is, without its content (it may be secret or huge)."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(str(part)[:40] for part in first["loc"]) or "the document"
    more = error.error_count() - 1
    return f"At {where}: {first['msg']}" + (f" (and {more} more)." if more else ".")


def _proof_bytes(encoded: str) -> bytes:
    try:
        return decode_base64(encoded, "a proof")
    except NoteError as error:
        raise LedgerError(error.what) from None
