"""The natural form of a column, which depends on its values alone, and the way from there to a declared type.

Natural: whole numbers are `int64` (else `uint64`, else a 128-bit `decimal(0)`); numbers that are exact
decimals are `decimal` of the smallest scale that holds them all; other floats are `float64`; times are in
microseconds unless one of them is finer; a null companion exists only where there is a null; a column of
nothing but nulls is `int64`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from zkp_nb.errors import TableError
from zkp_nb.table.cells import (
    FLOAT_MAX_SCALE,
    Cells,
    float_codes,
    float_limit,
    float_values,
    scaled_floats,
    to_ints,
    wide_from_ints,
)
from zkp_nb.table.columns import Column
from zkp_nb.table.types import MAX_SCALE, UNITS, ColumnType

_I64: Final = (-(2**63), 2**63 - 1)
_PROBE: Final = 4096  # rows looked at before a whole column is: most refusals come at once


def natural(column: Column) -> Column:
    """The same values in their natural type."""
    null = column.null if column.nullable and column.part("null").cells.any() else None
    type_, data = column.type, column.data
    if null is not None and null.all():
        return empty(column.name, ColumnType.integer(), null)
    match type_.kind:
        case "int":
            type_, vector = natural_integers(data[0])
            data = (vector,)
        case "decimal":
            assert type_.scale is not None
            cells: Cells | list[int] = to_ints(data[0]) if type_.wide else data[0]
            type_, vector = natural_decimals(column.name, cells, type_.scale)
            data = (vector,)
        case "float64":
            values = float_values(data[0])
            type_, vector = natural_floats(values if null is None else np.where(null, 0.0, values), null)
            data = (vector,)
        case "timestamp" | "duration":
            type_, vector = natural_times(type_, data[0])
            data = (vector,)
    if type_ == column.type and (null is None) != column.nullable:
        return column
    return Column.of(column.name, type_, data, null)


def natural_integers(cells: Cells) -> tuple[ColumnType, Cells]:
    """int64 where all cells fit (int64 or uint64 in), else uint64."""
    if cells.dtype == np.uint64:
        if int(cells.max()) > _I64[1]:
            return ColumnType.integer(64, signed=False), cells
        cells = cells.view(np.int64)
    return ColumnType.integer(), cells


def natural_decimals(name: str, values: Cells | list[int], scale: int) -> tuple[ColumnType, Cells]:
    """Scaled integers (int64, uint64 or Python's) to the smallest scale and the narrowest store.

    Raises:
        TableError: a value needs more than 128 bits.
    """
    if isinstance(values, list):
        while scale > 0 and all(value % 10 == 0 for value in values):
            values, scale = [value // 10 for value in values], scale - 1
        low, high = min(values), max(values)
        if _I64[0] <= low and high <= _I64[1]:
            return natural_decimals(name, np.array(values, np.int64), scale)
        if scale == 0 and low >= 0 and high < 2**64:
            return natural_integers(np.array(values, np.uint64))
        return ColumnType.decimal(scale, 128), _store(name, values, ColumnType.decimal(scale, 128))
    while scale > 0 and not (values[:_PROBE] % 10).any() and not (values % 10).any():
        values, scale = values // 10, scale - 1
    if scale == 0:
        return natural_integers(values)
    if values.dtype == np.uint64:
        if int(values.max()) > _I64[1]:
            return ColumnType.decimal(scale, 128), wide_from_ints(to_ints(values))
        values = values.view(np.int64)
    return ColumnType.decimal(scale), values


def natural_floats(values: npt.NDArray[np.float64], null: Cells | None) -> tuple[ColumnType, Cells]:
    """Finite floats and infinities, 0.0 where null, to int, decimal or float64."""
    for scale in range(FLOAT_MAX_SCALE + 1):
        if scaled_floats(values[:_PROBE], scale) is not None:
            scaled = scaled_floats(values, scale)
            if scaled is not None:
                return (ColumnType.decimal(scale) if scale else ColumnType.integer()), scaled
    return ColumnType("float64"), _zeroed(float_codes(values), null)


def natural_times(type_: ColumnType, cells: Cells) -> tuple[ColumnType, Cells]:
    """Counts of nanoseconds to microseconds where that is exact; microseconds stay."""
    if type_.unit == "ns" and not (cells[:_PROBE] % 1000).any() and not (cells % 1000).any():
        return ColumnType(type_.kind, unit="us", zone=type_.zone), cells // 1000
    return type_, cells


def empty(name: str, type_: ColumnType, null: Cells) -> Column:
    """A column of nothing but nulls, of any type."""
    n = len(null)
    if type_.is_hashed:
        return Column.of(name, type_, (np.zeros(n, np.uint64), np.zeros((n, 32), np.uint8)), null)
    return Column.of(name, type_, (np.zeros(*_layout(type_, n)),), null)


def cast(column: Column, target: ColumnType) -> Column:
    """The same values in a declared type.

    Raises:
        TableError: a value has no exact cell there; names the column.
    """
    type_, null = column.type, column.null
    if type_ == target:
        return column
    if null is not None and null.all():
        return empty(column.name, target, null)
    if type_.kind == "float64" and target.kind in ("int", "decimal"):
        column = natural(column)
        if column.type.kind == "float64":
            places = target.scale or 0
            raise TableError(
                f"Column {column.name!r} holds floats that are no exact decimals of at most 15 digits.",
                why="Cells are exact, and nothing is rounded silently.",
                todo=f"Round it in the frame first, with df[{column.name!r}].round({places}) for instance.",
            )
    if column.type.kind in ("int", "decimal") and target.kind in ("int", "decimal"):
        cells = _rescaled(column, target)
    elif type_.kind in ("int", "decimal") and target.kind == "float64":
        cells = _zeroed(_as_floats(column, target), null)
    elif type_.kind == target.kind and type_.zone == target.zone and type_.unit and target.unit:
        cells = _rescaled(column, target)
    else:
        raise TableError(
            f"Column {column.name!r} is {type_.describe()} and cannot be taken as {target.describe()}.",
            todo="Convert it in the frame, or declare a type that holds its values.",
        )
    return Column.of(column.name, target, (cells,), null)


def _factor(type_: ColumnType) -> int:
    """Cells of a type count units of 1/factor."""
    return UNITS[type_.unit] if type_.unit else int(10 ** (type_.scale or 0))


def _rescaled(column: Column, target: ColumnType) -> Cells:
    cells = column.data[0]
    have, want = _factor(column.type), _factor(target)
    if cells.ndim == 1 and want == have:
        return _store(column.name, cells, target)
    if cells.ndim == 1 and want > have:
        ratio = want // have
        if max(1, -int(cells.min()), int(cells.max())) * ratio <= _I64[1]:
            return _store(column.name, cells.astype(np.int64) * ratio, target)
    values = []
    for value in to_ints(cells):
        scaled, rest = divmod(value * want, have)
        if rest:
            raise TableError(
                f"Column {column.name!r} holds values that are finer than {target.describe()} can hold.",
                why="Cells are exact, and nothing is rounded silently.",
                todo="Round the column in the frame, or declare a larger scale.",
            )
        values.append(scaled)
    return _store(column.name, values, target)


def _as_floats(column: Column, target: ColumnType) -> Cells:
    cells = column.data[0]
    scale = column.type.scale or 0
    # Only what comes back as the same number: see scaled_floats.
    exact = cells.ndim == 1 and scale <= FLOAT_MAX_SCALE
    if not exact or max(-int(cells.min()), int(cells.max())) >= float_limit(scale):
        raise TableError(
            f"Column {column.name!r} holds numbers that {target.describe()} cannot hold exactly.",
            todo="Leave it as it is, or convert it to float in the frame.",
        )
    return float_codes(cells / 10.0**scale)


def _store(name: str, values: Cells | list[int], target: ColumnType) -> Cells:
    """Integers in the vector that a type uses, after a check of its interval."""
    bounds = target.interval()
    assert bounds is not None
    low, high = (
        (min(values), max(values)) if isinstance(values, list) else (int(values.min()), int(values.max()))
    )
    if low < bounds[0] or high > bounds[1]:
        raise TableError(
            f"Column {name!r} holds values outside of what {target.describe()} can hold.",
            todo="Declare a greater width or a smaller scale, or leave the declaration out.",
        )
    if target.wide:
        return wide_from_ints(values if isinstance(values, list) else to_ints(values))
    dtype, exact = _layout(target, 1)[1], not isinstance(values, list)
    return values.astype(dtype, copy=False) if exact else np.array(values, dtype)  # type: ignore[union-attr]


def _layout(type_: ColumnType, n: int) -> tuple[int | tuple[int, int], Any]:
    """Shape and dtype of the value part of a type that is not hashed."""
    if type_.wide:
        return (n, 32), np.uint8
    if type_.kind == "bool":
        return n, np.bool_
    # Widths below 64 bits are stored in 64: what the engine reads is the same for all.
    return n, np.uint64 if type_.kind == "float64" or type_.signed is False else np.int64


def _zeroed(cells: Cells, null: Cells | None) -> Cells:
    if null is not None:
        cells[null] = 0
    return cells


def check_scale(name: str, scale: object) -> int:
    """A declared scale, or a sentence about it."""
    if isinstance(scale, bool) or not isinstance(scale, int) or not 0 <= scale <= MAX_SCALE:
        raise TableError(f"The scale declared for column {name!r} is not an integer from 0 to {MAX_SCALE}.")
    return scale
