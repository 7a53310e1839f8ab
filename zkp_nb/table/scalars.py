"""Single values to cells and back: the constants of statements, and their results."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Rational
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from zkp_nb.errors import TableError
from zkp_nb.table.cells import FIELD_MODULUS, float_codes, float_values, hash_scalar, signed

if TYPE_CHECKING:
    from zkp_nb.table.types import ColumnType

_EPOCH = datetime(1970, 1, 1)
_NS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_DAY_NS = 86_400 * 10**9


def encode_hashed(type_: ColumnType, value: object) -> tuple[int, int]:
    """(head, tail) of a text or byte string."""
    if type_.kind == "text" and isinstance(value, str):
        try:
            return hash_scalar("text", str(value).encode())
        except UnicodeEncodeError:
            raise TableError("The constant holds half of a surrogate pair, which is not text.") from None
    if type_.kind == "bytes" and isinstance(value, (bytes, bytearray, memoryview)):
        return hash_scalar("bytes", bytes(value))
    raise _mismatch(type_, value)


def floor_cell(type_: ColumnType, value: object) -> tuple[int, bool]:
    """Largest cell at most `value`, and whether it is equal; see `ColumnType.floor_scalar`."""
    if type(value) is int and type_.kind in ("int", "decimal"):
        return value * 10 ** (type_.scale or 0), True
    # Scalars of pandas carry their numpy value, with nanoseconds, as `asm8`; UTC if they have a zone.
    if isinstance(value, np.generic) and not isinstance(value, (np.datetime64, np.timedelta64)):
        value = value.item()
    if _is_null(value):
        raise TableError("Null has no cell.", todo="Ask for nulls by name, not by comparison.")
    match type_.kind:
        case "bool":
            if isinstance(value, int) and value in (0, 1):
                return int(value), True
        case "int" | "decimal":
            number = _exact(value, shortest=True)
            if number is not None:
                return _floor(number * 10 ** (type_.scale or 0))
        case "float64":
            return _floor_float(type_, value)
        case "date":
            ns, zoned = _timestamp_ns(value, None)
            if ns is not None and not zoned:
                return _floor(Fraction(ns, _DAY_NS))
        case "timestamp":
            ns, zoned = _timestamp_ns(value, type_.zone)
            if ns is not None:
                if zoned != (type_.zone is not None):
                    raise TableError(
                        f"The constant has {'a' if zoned else 'no'} time zone and the column has "
                        f"{'one' if type_.zone else 'none'}.",
                        why="A time without zone is not a point in time that could be compared with one.",
                        todo="Give the constant with a zone (datetime(..., tzinfo=UTC))."
                        if type_.zone
                        else "Give the constant without a zone.",
                    )
                return _floor(Fraction(ns, _NS[type_.unit or "us"]))
        case "duration":
            ns = _duration_ns(value)
            if ns is not None:
                return _floor(Fraction(ns, _NS[type_.unit or "us"]))
        case "text" | "bytes":
            raise TableError(
                f"A column of {type_.kind} has no order.",
                why="It is committed as hashes.",
                todo="Compare with == or membership in a list.",
            )
    raise _mismatch(type_, value)


def decode_cell(type_: ColumnType, cell: int) -> object:
    """The value of a cell; see `ColumnType.decode`."""
    if not -FIELD_MODULUS < cell < FIELD_MODULUS:
        raise TableError("The cell is not an element of the field.")
    cell = signed(cell)
    match type_.kind:
        case "int":
            return cell
        case "decimal":
            return Decimal((int(cell < 0), tuple(map(int, str(abs(cell)))), -(type_.scale or 0)))
        case "bool" if cell in (0, 1):
            return bool(cell)
        case "float64" if 0 <= cell < 2**64:
            value = float(float_values(np.array([cell], np.uint64))[0])
            if not math.isnan(value):
                return value
        case "date":
            try:
                return _EPOCH.date() + timedelta(days=cell)
            except OverflowError:
                return _numpy_time("datetime64", cell, "D")
        case "timestamp":
            return _decode_timestamp(cell, type_.unit or "us", type_.zone)
        case "duration":
            return _decode_duration(cell, type_.unit or "us")
        case "text" | "bytes":
            raise TableError(f"A cell of {type_.kind} cannot be read back.", why="It is a part of a hash.")
    raise TableError(f"The cell is not the code of any {type_.kind} value.")


def _mismatch(type_: ColumnType, value: object) -> TableError:
    return TableError(
        f"A constant of type {type(value).__name__} cannot be compared with a column of {type_.describe()}.",
        todo="Give a constant of the column's own kind.",
    )


def _is_null(value: object) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    return isinstance(value, (float, Decimal)) and math.isnan(value)


def _floor(number: Fraction) -> tuple[int, bool]:
    floor = math.floor(number)
    return floor, number == floor


def _exact(value: object, *, shortest: bool) -> Fraction | None:
    """A finite number; a float counts as the shortest decimal that it prints as, or as its binary value."""
    if isinstance(value, float):
        if math.isinf(value):
            raise TableError(
                "Infinity has no cell in a column of exact numbers.", todo="Use a finite constant."
            )
        return Fraction(repr(float(value))) if shortest else Fraction(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise TableError(
                "Infinity has no cell in a column of exact numbers.", todo="Use a finite constant."
            )
        return Fraction(value)
    if isinstance(value, Integral):
        return Fraction(int(value))
    return Fraction(value) if isinstance(value, Rational) else None


def _floor_float(type_: ColumnType, value: object) -> tuple[int, bool]:
    if isinstance(value, (float, Decimal)) and math.isinf(value):
        near, exact = float(value), True
    else:
        number = _exact(value, shortest=False)
        if number is None:
            raise _mismatch(type_, value)
        try:
            near = float(number)
        except OverflowError:
            near = math.inf if number > 0 else -math.inf
        exact = math.isfinite(near) and Fraction(near) == number
        if near == math.inf or (math.isfinite(near) and Fraction(near) > number):
            near = math.nextafter(near, -math.inf)
    return int(float_codes(np.array([near]))[0]), exact


def _numpy_ns(value: np.datetime64 | np.timedelta64) -> int | None:
    """Nanoseconds of a numpy time, exactly; None for months and years of a duration, which have no length."""
    unit, count = np.datetime_data(value.dtype)
    if unit in ("Y", "M"):
        if isinstance(value, np.timedelta64):
            return None
        value, unit, count = value.astype("datetime64[D]"), "D", 1
    per_unit = {"W": 7 * _DAY_NS, "D": _DAY_NS, "h": 3600 * 10**9, "m": 60 * 10**9} | _NS
    return int(value.astype(np.int64)) * count * per_unit[unit] if unit in per_unit else None


def _timestamp_ns(value: object, zone: str | None) -> tuple[int | None, bool]:
    """Nanoseconds since the epoch, and whether the constant names a point in time (has a zone)."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise TableError(
                "The constant is not an ISO 8601 date or time.",
                todo="Write it as 2024-12-31 or 2024-12-31T23:59:59.",
            ) from None
        if value.tzinfo is None and zone is not None:
            value = _localise(value, zone)
    asm8 = getattr(value, "asm8", None)
    if isinstance(asm8, np.datetime64):
        return _numpy_ns(asm8), getattr(value, "tzinfo", None) is not None
    if isinstance(value, np.datetime64):
        return _numpy_ns(value), False
    if isinstance(value, datetime):
        zoned = value.tzinfo is not None
        naive = value.astimezone(UTC).replace(tzinfo=None) if zoned else value
        return (naive - _EPOCH) // timedelta(microseconds=1) * 1000, zoned
    if isinstance(value, date):
        return (value - _EPOCH.date()).days * _DAY_NS, False
    return None, False


def _localise(value: datetime, zone: str) -> datetime:
    local = value.replace(tzinfo=zone_info(zone))
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise TableError(
            "The constant falls into the hour at which the clocks of the column's zone change.",
            why="Such a local time happens twice, or never.",
            todo="Give it with its offset, as in 2024-10-27T02:30:00+02:00.",
        )
    return local


def zone_info(zone: str) -> tzinfo:
    """The rules of a zone by name, or of a fixed offset `+hh:mm`."""
    try:
        if zone[0] in "+-":
            return datetime.strptime(zone, "%z").tzinfo or UTC
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise TableError(
            f"The time zone {zone!r} is not known here.", todo="Install the package tzdata."
        ) from None


def _duration_ns(value: object) -> int | None:
    asm8 = getattr(value, "asm8", None)
    if isinstance(asm8, np.timedelta64):
        return _numpy_ns(asm8)
    if isinstance(value, np.timedelta64):
        return _numpy_ns(value)
    return value // timedelta(microseconds=1) * 1000 if isinstance(value, timedelta) else None


def _numpy_time(kind: str, cell: int, unit: str) -> object:
    if not -(2**63) < cell < 2**63:
        raise TableError("The time lies outside of what any calendar here can show.")
    return np.array([cell], f"{kind}[{unit}]")[0]


def _decode_timestamp(cell: int, unit: str, zone: str | None) -> object:
    micros, rest = divmod(cell * _NS[unit], 1000)
    if rest == 0:
        try:
            value = _EPOCH + timedelta(microseconds=micros)
            return value if zone is None else value.replace(tzinfo=UTC).astimezone(zone_info(zone))
        except OverflowError:
            pass
    return _numpy_time("datetime64", cell, unit)


def _decode_duration(cell: int, unit: str) -> object:
    micros, rest = divmod(cell * _NS[unit], 1000)
    if rest == 0:
        try:
            return timedelta(microseconds=micros)
        except OverflowError:
            pass
    return _numpy_time("timedelta64", cell, unit)
