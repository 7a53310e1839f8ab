"""The logical type of a column: what the verifier knows about a cell without seeing it.

A type is public and part of a dataset's record. It fixes how a value becomes an integer (the
*cell*), which integers can occur (`interval`), and how an integer becomes a value again.
The encoding is specified in docs/tables.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from zkp_nb.errors import TableError
from zkp_nb.table import scalars

UNITS: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}

_INT_BITS: Final = (8, 16, 32, 64)
_DECIMAL_BITS: Final = (8, 16, 32, 64, 128)
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "int": ("bits", "signed"),
    "bool": (),
    "decimal": ("bits", "signed", "scale"),
    "float64": (),
    "text": (),
    "bytes": (),
    "date": (),
    "timestamp": ("unit", "zone"),
    "duration": ("unit",),
}
MAX_SCALE: Final = 38
_ZONE: Final = re.compile(r"[A-Za-z0-9_+:/-]{1,64}")


@dataclass(frozen=True)
class ColumnType:
    """Type of a column.

    Attributes:
        kind: `int`, `bool`, `decimal`, `float64`, `text`, `bytes`, `date`, `timestamp`, `duration`.
        bits: width of an `int` (8, 16, 32, 64) or of the scaled integer of a `decimal` (these and 128).
        signed: of an `int` or `decimal`.
        scale: number of digits after the point of a `decimal`: its cell is `x * 10**scale`.
        unit: of a `timestamp` or `duration`: `s`, `ms`, `us`, `ns`.
        zone: time zone of a `timestamp` whose cells are UTC; None is a timestamp without zone.

    Raises:
        TableError: the fields do not make a type.
    """

    kind: str
    bits: int | None = None
    signed: bool | None = None
    scale: int | None = None
    unit: str | None = None
    zone: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in _FIELDS:
            raise TableError(
                f"There is no column type {self.kind!r}.", todo=f"Known are {', '.join(_FIELDS)}."
            )
        used = _FIELDS[self.kind]
        for field in ("bits", "signed", "scale", "unit", "zone"):
            if field not in used and getattr(self, field) is not None:
                raise TableError(f"A column of type {self.kind} has no {field}.")
        widths = _INT_BITS if self.kind == "int" else _DECIMAL_BITS
        if "bits" in used and (type(self.bits) is not int or self.bits not in widths):
            raise TableError(f"The width of {self.kind} is one of {', '.join(map(str, widths))} bits.")
        if "signed" in used and type(self.signed) is not bool:
            raise TableError(f"A column of type {self.kind} is signed or not; this one does not say.")
        if "scale" in used and (type(self.scale) is not int or not 0 <= self.scale <= MAX_SCALE):
            raise TableError(f"The scale of a decimal is an integer from 0 to {MAX_SCALE}.")
        if "unit" in used and self.unit not in UNITS:
            raise TableError(f"The unit of a {self.kind} is one of {', '.join(UNITS)}.")
        if self.zone is not None and (type(self.zone) is not str or not _ZONE.fullmatch(self.zone)):
            raise TableError("The zone of a timestamp is the name of a time zone, or absent.")

    # -- the types that occur in practice, by name

    @classmethod
    def integer(cls, bits: int = 64, *, signed: bool = True) -> ColumnType:
        return cls("int", bits=bits, signed=signed)

    @classmethod
    def decimal(cls, scale: int, bits: int = 64, *, signed: bool = True) -> ColumnType:
        return cls("decimal", bits=bits, signed=signed, scale=scale)

    @classmethod
    def timestamp(cls, unit: str = "us", zone: str | None = None) -> ColumnType:
        return cls("timestamp", unit=unit, zone=zone)

    @classmethod
    def duration(cls, unit: str = "us") -> ColumnType:
        return cls("duration", unit=unit)

    # -- as part of a record

    def to_json(self) -> dict[str, Any]:
        """The type as a JSON object: `kind` and the fields that this kind has (`zone` only if present)."""
        present = ((name, getattr(self, name)) for name in _FIELDS[self.kind])
        return {"kind": self.kind} | {name: value for name, value in present if value is not None}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ColumnType:
        """The inverse of `to_json`; refuses unknown kinds, unknown fields and missing ones.

        Raises:
            TableError: the document is not a column type.
        """
        kind = document.get("kind") if isinstance(document, Mapping) else None
        if not isinstance(kind, str) or kind not in _FIELDS:
            raise TableError("The record holds a column type that this version does not know.")
        if set(document) - {"kind", *_FIELDS[kind]}:
            raise TableError(f"The record holds a {kind} column with fields that do not belong to it.")
        return cls(**dict(document))

    # -- what follows from the type

    def interval(self) -> tuple[int, int] | None:
        """Inclusive bounds of a cell read as a signed integer, from the type alone.

        None for text and bytes, whose cells are hashes.
        """
        match self.kind:
            case "bool":
                return 0, 1
            case "date":
                return -(2**31), 2**31 - 1
            case "timestamp" | "duration":
                return -(2**63), 2**63 - 1
            case "float64":
                return 0, 2**64 - 1
            case "int" | "decimal":
                assert self.bits is not None
                return (
                    (-(1 << self.bits - 1), (1 << self.bits - 1) - 1)
                    if self.signed
                    else (0, (1 << self.bits) - 1)
                )
        return None

    @property
    def numeric(self) -> bool:
        """Cells add up to something exact: sums, means and arithmetic make sense (int, decimal, bool,
        duration).

        Not float64: its cells keep the order of the numbers, not their differences.
        """
        return self.kind in ("int", "decimal", "bool", "duration")

    @property
    def orderable(self) -> bool:
        """The order of cells is the order of values."""
        return not self.is_hashed

    @property
    def is_hashed(self) -> bool:
        """The column is committed as two parts of a hash, `head` and `tail`."""
        return self.kind in ("text", "bytes")

    @property
    def wide(self) -> bool:
        """A cell may not fit 64 bits, so cells are stored as field elements of 32 bytes."""
        return self.bits == 128

    def describe(self) -> str:
        """A short name for people: `int64`, `decimal(2)`, `timestamp[us, Europe/Paris]`."""
        match self.kind:
            case "int":
                return f"{'' if self.signed else 'u'}int{self.bits}"
            case "decimal":
                width = (
                    ""
                    if (self.bits, self.signed) == (64, True)
                    else f", {'' if self.signed else 'u'}int{self.bits}"
                )
                return f"decimal({self.scale}{width})"
            case "timestamp":
                return f"timestamp[{self.unit}{f', {self.zone}' if self.zone else ''}]"
            case "duration":
                return f"duration[{self.unit}]"
        return self.kind

    def with_bits(self, bits: int, *, signed: bool) -> ColumnType:
        """The same number type with another width; refuses types that have none."""
        if "bits" not in _FIELDS[self.kind]:
            raise TableError(f"A column of type {self.kind} has no width to declare.")
        return replace(self, bits=bits, signed=signed)

    # -- constants of statements, and results

    def encode_scalar(self, value: object) -> int | tuple[int, int]:
        """The cell of a Python constant, as a signed integer within `interval()`; for text and bytes (head,
        tail).

        Takes int, float, Decimal, Fraction, str, bytes, bool, date, datetime, timedelta, ISO strings for
        dates and timestamps, and the scalars of numpy and pandas. A float against an int or decimal column
        means the shortest decimal that it prints as. A text without offset against a timestamp with zone is
        local time there.

        Raises:
            TableError: the constant is of another kind, null, out of range, or has no exact cell.
        """
        if self.is_hashed:
            return scalars.encode_hashed(self, value)
        cell, exact = self.floor_scalar(value)
        if not exact:
            raise TableError(
                f"The constant cannot be written exactly as {self.describe()}.",
                why="A cell holds exact values only, and nothing is rounded silently.",
                todo="Round the constant to the column's precision, or compare with < or > instead of ==.",
            )
        low, high = self.interval() or (cell, cell)
        if not low <= cell <= high:
            raise TableError(
                f"The constant lies outside of what {self.describe()} can hold.",
                todo="Use a constant within the type's range.",
            )
        return cell

    def floor_scalar(self, value: object) -> tuple[int, bool]:
        """The largest cell whose value is at most the constant, and whether it is equal to it.

        For comparisons with constants that lie between two cells: `x >= 17.5` on integers is `x > 17`.
        The cell is not cut to `interval()`: a comparison with a constant beyond it is decided by the type
        alone.

        Raises:
            TableError: the constant is of another kind, or null, or the column has no order.
        """
        return scalars.floor_cell(self, value)

    def decode(self, cell: int) -> object:
        """The value of a cell: int, bool, Decimal, float, date, datetime, timedelta.

        Args:
            cell: a signed integer or the field element that stands for it. It need not lie in `interval()`:
                sums of cells decode by the same rule.

        Times finer than microseconds, or out of Python's calendar, come as numpy `datetime64` and
        `timedelta64`.

        Raises:
            TableError: text and bytes, whose cells are hashes; a cell that encodes nothing.
        """
        return scalars.decode_cell(self, cell)
