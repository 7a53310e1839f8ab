"""One Arrow column to one canonical column, in its natural type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from zkp_nb.errors import TableError
from zkp_nb.table.cells import HASH_TAGS, Bytes, Cells
from zkp_nb.table.columns import Column
from zkp_nb.table.natural import empty, natural_decimals, natural_floats, natural_integers, natural_times
from zkp_nb.table.types import MAX_SCALE, UNITS, ColumnType
from zkp_nb.table.vectors import hash_values

_UTC_NAMES: Final = {
    "utc",
    "etc/utc",
    "uct",
    "etc/uct",
    "zulu",
    "etc/zulu",
    "universal",
    "etc/universal",
    "z",
    "+00:00",
    "-00:00",
    "+0000",
}

_ADVICE: Final = (
    (
        pt.is_nested,
        "nested values",
        "Flatten it into columns of single values first (explode, unnest, json_normalize).",
    ),
    (pt.is_time, "times of day", "Convert it to a duration since midnight, or to text."),
    (pt.is_interval, "calendar intervals", "Convert it to a duration."),
)


def column_from_arrow(name: str, data: pa.ChunkedArray[Any]) -> Column:
    """Canonical column of one or more Arrow chunks, copied once.

    Raises:
        TableError: the Arrow type has no canonical form; names the column and what to do.
    """
    data = _plain(name, data)
    type_ = data.type
    for test, what, todo in _ADVICE:
        if test(type_):
            raise TableError(f"Column {name!r} holds {what}, which cannot be committed.", todo=todo)
    null = None if pt.is_null(type_) else _null_mask(data)
    if pt.is_null(type_) or (null is not None and null.all()):
        return empty(name, ColumnType.integer(), np.ones(len(data), np.bool_))
    if pt.is_integer(type_):
        cells = _fill(data, _physical(type_), np.uint64 if pt.is_uint64(type_) else np.int64, null)
        return _single(name, natural_integers(cells), null)
    if pt.is_floating(type_):
        return _single(name, *_floats(data, type_, null))
    if pt.is_boolean(type_):
        cells = np.concatenate([_bits(chunk, 1) for chunk in _chunks(data)])
        if null is not None:
            cells[null] = False
        return _single(name, (ColumnType("bool"), cells), null)
    if pt.is_decimal(type_):
        return _single(name, _decimals(name, data, null), null)
    if pt.is_date(type_):
        return _single(name, (ColumnType("date"), _days(name, data, null)), null)
    if pt.is_timestamp(type_) or pt.is_duration(type_):
        return _single(name, _times(name, data, null), null)
    if pt.is_dictionary(type_):
        return _hashed_dictionary(name, data)
    if _is_text(type_) or _is_binary(type_):
        return _hashed(name, data, null)
    raise unsupported(name, str(type_))


def unsupported(name: str, type_name: str) -> TableError:
    """The sentence for a type that has no canonical form."""
    return TableError(
        f"Column {name!r} of type {type_name} cannot be committed.",
        why="Known are integers, bool, decimals, floats, text, bytes, dates, timestamps and durations.",
        todo="Convert it to one of these, to text for instance, or drop it.",
    )


def _is_text(type_: pa.DataType) -> bool:
    return bool(pt.is_string(type_) or pt.is_large_string(type_) or pt.is_string_view(type_))


def _is_binary(type_: pa.DataType) -> bool:
    return bool(
        pt.is_binary(type_)
        or pt.is_large_binary(type_)
        or pt.is_fixed_size_binary(type_)
        or pt.is_binary_view(type_)
    )


def _plain(name: str, data: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    """Physical disguises off: run-end encoding, dictionaries of anything but text and bytes, views."""
    if pt.is_run_end_encoded(data.type):
        values = data.type.value_type
        data = pa.chunked_array([pc.run_end_decode(chunk) for chunk in _chunks(data)], values)  # type: ignore[attr-defined]
    if pt.is_dictionary(data.type):
        values = data.type.value_type
        if not (_is_text(values) or _is_binary(values)):
            try:
                data = data.cast(values)
            except pa.ArrowException:
                raise unsupported(name, str(data.type)) from None
    if pt.is_string_view(data.type) or pt.is_binary_view(data.type):
        # Not every kernel knows views; large offsets take any size.
        data = data.cast(pa.large_string() if pt.is_string_view(data.type) else pa.large_binary())
    return data


def _chunks(data: pa.ChunkedArray[Any]) -> list[Any]:
    """The chunks that hold rows. As Any: the published stubs of pyarrow lag behind its arrays."""
    return [chunk for chunk in data.chunks if len(chunk)]


def _null_mask(data: pa.ChunkedArray[Any]) -> Cells | None:
    if data.null_count == 0:
        return None
    return np.concatenate([_is_null(chunk) for chunk in _chunks(data)])


def _is_null(chunk: Any) -> Cells:
    return np.zeros(len(chunk), np.bool_) if chunk.null_count == 0 else ~_bits(chunk, 0)


def _bits(chunk: Any, buffer: int) -> Cells:
    """A bitmap of a chunk as booleans. Not by to_numpy, which imports pandas."""
    packed = np.frombuffer(chunk.buffers()[buffer], np.uint8)
    return np.unpackbits(packed, bitorder="little")[chunk.offset : chunk.offset + len(chunk)].view(np.bool_)


def _physical(type_: pa.DataType) -> Any:
    """The numpy dtype of an Arrow number."""
    kind = "f" if pt.is_floating(type_) else "u" if pt.is_unsigned_integer(type_) else "i"
    return np.dtype(f"{kind}{type_.bit_width // 8}")


def _single(name: str, typed: tuple[ColumnType, Cells], null: Cells | None) -> Column:
    return Column.of(name, typed[0], (typed[1],), null)


def _buffers(data: pa.ChunkedArray[Any], dtype: Any, width: int = 1) -> Iterator[tuple[slice, Cells]]:
    """Each chunk's values as they lie in memory (anything behind nulls), and their place in the column."""
    at, dtype = 0, np.dtype(dtype)
    for chunk in _chunks(data):
        raw = np.frombuffer(
            chunk.buffers()[1], dtype, len(chunk) * width, chunk.offset * width * dtype.itemsize
        )
        yield slice(at, at + len(chunk)), raw
        at += len(chunk)


def _fill(data: pa.ChunkedArray[Any], physical: Any, dtype: Any, null: Cells | None) -> Cells:
    """One vector of all chunks, 0 where null."""
    cells = np.empty(len(data), dtype)
    for place, raw in _buffers(data, physical):
        cells[place] = raw
    if null is not None:
        cells[null] = 0
    return cells


def _floats(
    data: pa.ChunkedArray[Any], type_: pa.DataType, null: Cells | None
) -> tuple[tuple[ColumnType, Cells], Cells | None]:
    """Typed cells, and the null mask with the NaNs in it."""
    values = _fill(data, _physical(type_), np.float64, null)
    nan = np.isnan(values)
    if nan.any():
        values[nan] = 0.0
        null = nan if null is None else null | nan
        if null.all():
            return (ColumnType.integer(), np.zeros(len(values), np.int64)), null
    return natural_floats(values, null), null


def _decimals(name: str, data: pa.ChunkedArray[Any], null: Cells | None) -> tuple[ColumnType, Cells]:
    scale = min(max(data.type.scale, 0), MAX_SCALE)
    try:
        data = data.cast(pa.decimal128(38, scale))
    except pa.ArrowException:
        raise too_long(name) from None
    limbs = np.empty((len(data), 2), np.int64)
    for place, raw in _buffers(data, np.int64, 2):
        limbs[place] = raw.reshape(-1, 2)
    if null is not None:
        limbs[null] = 0
    low, high = limbs[:, 0], limbs[:, 1]
    if (high == low >> 63).all():
        return natural_decimals(name, np.ascontiguousarray(low), scale)
    wide = [(h << 64) + x for h, x in zip(high.tolist(), low.view(np.uint64).tolist(), strict=True)]
    return natural_decimals(name, wide, scale)


def too_long(name: str) -> TableError:
    """The sentence for numbers beyond 38 digits."""
    return TableError(
        f"Column {name!r} holds numbers of more than 38 digits.",
        why="A cell is an exact number of at most 38 digits, so that sums cannot overflow the field.",
        todo="Convert it to float or to text.",
    )


def _days(name: str, data: pa.ChunkedArray[Any], null: Cells | None) -> Cells:
    if pt.is_date32(data.type):
        return _fill(data, np.int32, np.int64, null)
    days, rest = np.divmod(_fill(data, np.int64, np.int64, null), 86_400_000)
    if rest.any() or (np.abs(days) >= 2**31).any():
        raise TableError(
            f"Column {name!r} holds dates that are not whole days.", todo="Convert it to a timestamp."
        )
    return days


def _times(name: str, data: pa.ChunkedArray[Any], null: Cells | None) -> tuple[ColumnType, Cells]:
    cells = _fill(data, np.int64, np.int64, null)
    unit, kind = data.type.unit, "timestamp" if pt.is_timestamp(data.type) else "duration"
    zone = data.type.tz if kind == "timestamp" else None
    if zone is not None and zone.lower() in _UTC_NAMES:
        zone = "UTC"
    if unit in ("s", "ms"):
        ratio = UNITS["us"] // UNITS[unit]
        if max(-int(cells.min()), int(cells.max())) > (2**63 - 1) // ratio:
            raise TableError(
                f"Column {name!r} holds times that do not fit 64 bits in microseconds.",
                why="Times are counted in microseconds, which reaches 292,000 years from 1970.",
                todo="Remove or correct these rows, or convert the column to integers.",
            )
        cells, unit = cells * ratio, "us"
    return natural_times(ColumnType(kind, unit=unit, zone=zone), cells)


def _hashed(name: str, data: pa.ChunkedArray[Any], null: Cells | None) -> Column:
    """Text or bytes, hashed where they lie."""
    kind = "text" if _is_text(data.type) else "bytes"
    hashes = [_hash_array(name, kind, chunk) for chunk in _chunks(data)]
    heads, tails = hashes[0] if len(hashes) == 1 else map(np.concatenate, zip(*hashes, strict=True))
    return Column.of(name, ColumnType(kind), (heads, tails), null)


def _hashed_dictionary(name: str, data: pa.ChunkedArray[Any]) -> Column:
    """Categories of text or bytes: each one is hashed once."""
    data = data.unify_dictionaries()
    n, kind = len(data), "text" if _is_text(data.type.value_type) else "bytes"
    heads, tails = np.empty(n, np.uint64), np.empty((n, 32), np.uint8)
    null, at = np.zeros(n, np.bool_), 0
    hashed: tuple[Any, Cells, Bytes, Cells] | None = None
    for chunk in _chunks(data):
        if hashed is None or not hashed[0].equals(chunk.dictionary):
            hashed = (chunk.dictionary, *_hash_entries(name, kind, chunk.dictionary))
        # The entry after the last one stands for null.
        codes = _fill(pa.chunked_array([chunk.indices]), _physical(chunk.type.index_type), np.int64, None)
        if chunk.null_count:
            codes[_is_null(chunk.indices)] = len(chunk.dictionary)
        place = slice(at, at + len(chunk))
        np.take(hashed[1], codes, out=heads[place], mode="clip")
        np.take(hashed[2], codes, axis=0, out=tails[place], mode="clip")
        np.take(hashed[3], codes, out=null[place], mode="clip")
        at += len(chunk)
    if null.all():
        return empty(name, ColumnType.integer(), null)
    return Column.of(name, ColumnType(kind), (heads, tails), null if null.any() else None)


def _hash_entries(name: str, kind: str, entries: Any) -> tuple[Cells, Bytes, Cells]:
    """Heads, tails and null flags of the entries of a dictionary, and of a null after them."""
    null = np.append(_is_null(entries), True)
    heads, tails = np.zeros(len(null), np.uint64), np.zeros((len(null), 32), np.uint8)
    if len(entries):
        heads[:-1], tails[:-1] = _hash_array(name, kind, entries)
    return heads, tails, null


def _hash_array(name: str, kind: str, values: Any) -> tuple[Cells, Bytes]:
    """Heads and tails of the values of an array, 0 where null."""
    if _is_text(values.type):
        try:
            values.validate(full=True)
        except pa.ArrowException:
            raise TableError(
                f"Column {name!r} holds text that is not UTF-8.",
                todo="Decode it with the right encoding, or use bytes.",
            ) from None
    large = pt.is_large_string(values.type) or pt.is_large_binary(values.type)
    if not (large or pt.is_string(values.type) or pt.is_binary(values.type)):
        values, large = values.cast(pa.large_binary()), True
    width = np.dtype(np.int64 if large else np.int32)
    _, offsets, content = values.buffers()
    ends = np.frombuffer(offsets, width, len(values) + 1, values.offset * width.itemsize)
    data = np.frombuffer(content, np.uint8) if content else np.empty(0, np.uint8)
    return hash_values(HASH_TAGS[kind], data, ends, _is_null(values) if values.null_count else None)
