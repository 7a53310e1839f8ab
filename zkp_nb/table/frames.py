"""DataFrames of any library to canonical tables.

Every frame comes in as Arrow columns. A library is looked at only if the user has imported it already.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from zkp_nb.errors import TableError
from zkp_nb.table.arrow import column_from_arrow
from zkp_nb.table.columns import Column
from zkp_nb.table.from_pandas import pandas_columns
from zkp_nb.table.from_polars import polars_columns
from zkp_nb.table.natural import cast, check_scale
from zkp_nb.table.table import Table
from zkp_nb.table.types import ColumnType

Named: TypeAlias = "list[tuple[str, pa.ChunkedArray[Any]]]"

_WIDTHS = {f"{sign}int{bits}": (bits, not sign) for sign in ("", "u") for bits in (8, 16, 32, 64)}


def is_frame(obj: object) -> bool:
    """Whether `from_frame` takes it for a frame: pandas, polars, pyarrow, or a table that exports Arrow."""
    if (
        _from(obj, "pandas", "DataFrame")
        or _from(obj, "polars", "DataFrame")
        or isinstance(obj, (pa.Table, pa.RecordBatch))
    ):
        return True
    if isinstance(obj, type) or not hasattr(type(obj), "__arrow_c_stream__"):
        return False
    # Series and chunked arrays export streams too; only tables have columns.
    return hasattr(type(obj), "columns") or hasattr(type(obj), "column_names")


def from_frame(
    frame: object,
    *,
    scales: Mapping[str, int] | None = None,
    widths: Mapping[str, int | str] | None = None,
    nullable: Collection[str] = (),
    types: Mapping[str, ColumnType] | None = None,
) -> Table:
    """Canonical table of a frame: equal data give equal cells, whatever the library or the physical types.

    Without declarations every column gets its natural type (docs/tables.md). The result is a snapshot.

    Args:
        frame: pandas or polars DataFrame, pyarrow Table or RecordBatch, or any table with the Arrow
            PyCapsule interface.
        scales: digits after the point, for columns of numbers; every value must be exact with that many.
        widths: bits (8, 16, 32, 64, signed) or a name such as `"uint16"`, for columns of int or decimal. A
            narrower width is public, is checked, and makes proofs about ranges smaller and faster.
        nullable: columns that get a null companion even where no value is null.
        types: full types, those of a parent for instance; not together with a scale or width of the same
            column.

    Raises:
        TableError: not a frame, or empty, or a column cannot be committed or declared so; says which, and
            what to do.
    """
    named = _columns(frame)
    _check_names([name for name, _ in named])
    scales, widths, types = scales or {}, widths or {}, types or {}
    for declared in (scales, widths, nullable, types):
        _check_declared(declared, [name for name, _ in named])
    if len(named[0][1]) == 0:
        raise TableError(
            "The frame has no rows.",
            why="There is nothing to commit.",
            todo="Check the filter that it comes from.",
        )
    columns = []
    for name, data in named:
        column = column_from_arrow(name, data)
        if name in types:
            if name in scales or name in widths:
                raise TableError(
                    f"Column {name!r} is declared twice.", todo="Give its full type, or a scale and width."
                )
            column = cast(column, types[name])
        if name in scales:
            column = _with_scale(column, check_scale(name, scales[name]))
        if name in widths:
            column = _with_width(column, widths[name])
        if name in nullable and not column.nullable:
            column = Column.of(name, column.type, column.data, np.zeros(len(data), np.bool_))
        columns.append(column)
    return Table(len(named[0][1]), tuple(columns))


def _from(obj: object, library: str, name: str) -> bool:
    """Whether it is an instance of a class of a library that the user has imported."""
    cls = getattr(sys.modules.get(library), name, None)
    return isinstance(cls, type) and isinstance(obj, cls)


def _columns(frame: Any) -> Named:
    if _from(frame, "pandas", "DataFrame"):
        return pandas_columns(frame)
    if _from(frame, "polars", "DataFrame"):
        return polars_columns(frame)
    if _from(frame, "polars", "LazyFrame"):
        raise TableError(
            "A LazyFrame has no rows yet, and the order that they will come in is not fixed.",
            todo="State the order and collect it first: frame.sort(...).collect().",
        )
    if _from(frame, "pandas", "Series") or _from(frame, "polars", "Series"):
        raise TableError("A single series is not a frame.", todo="Turn it into one with .to_frame().")
    if not is_frame(frame):
        raise TableError(
            f"An object of type {type(frame).__name__} is not a frame.",
            todo="Give a pandas or polars DataFrame, or a table that exports Arrow.",
        )
    try:
        table = pa.table(frame)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise TableError(
            f"The {type(frame).__name__} could not be exported as an Arrow table.",
            why=f"Arrow reports {type(error).__name__}.",
            todo="Convert it to a pandas or polars DataFrame.",
        ) from None
    unnamed = _unnamed_index(table)
    return [
        (name, table.column(at))
        for at, name in enumerate(table.column_names)
        if not (name in unnamed and pa.types.is_integer(table.schema.field(at).type))
    ]


def _unnamed_index(table: pa.Table) -> set[str]:
    """Row numbers that pandas left in an Arrow table or Parquet file: ignored, as in a pandas frame."""
    try:
        index = json.loads((table.schema.metadata or {}).get(b"pandas", b"{}")).get("index_columns", [])
    except (ValueError, AttributeError):
        return set()
    return {name for name in index if isinstance(name, str) and name.startswith("__index_level_")}


def _check_names(names: list[Any]) -> None:
    if not names:
        raise TableError("The frame has no columns.", why="There is nothing to commit.")
    for name in names:
        if not isinstance(name, str):
            raise TableError(
                f"A column's name is {name!r}, which is not text.",
                todo="Rename the columns: df.columns = [str(name) for name in df.columns].",
            )
        try:
            name.encode()
        except UnicodeEncodeError:
            raise TableError("A column's name holds half of a surrogate pair.", todo="Rename it.") from None
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise TableError(
            f"More than one column is named {doubled[0]!r}.",
            why="A record names each column once.",
            todo="Rename or drop the others.",
        )


def _check_declared(declared: Collection[str], names: list[str]) -> None:
    if isinstance(declared, (str, bytes)):
        raise TableError("Nullable columns are given as a list of names.", todo='Write nullable=["name"].')
    for name in declared:
        if name not in names:
            raise TableError(
                f"There is no column {name!r} to declare.", todo=f"The columns are {', '.join(names)}."
            )


def _with_scale(column: Column, scale: int) -> Column:
    if column.type.kind not in ("int", "decimal", "float64"):
        raise TableError(f"Column {column.name!r} is {column.type.describe()} and has no scale to declare.")
    if scale == 0:
        return cast(column, ColumnType.integer())
    try:
        return cast(column, ColumnType.decimal(scale))
    except TableError:
        if column.type.kind == "float64":
            raise
        return cast(column, ColumnType.decimal(scale, 128))


def _with_width(column: Column, width: int | str) -> Column:
    bits, signed = _WIDTHS.get(f"int{width}" if isinstance(width, int) else width, (0, True))
    if bits == 0:
        raise TableError(
            f"The width declared for column {column.name!r} is not known.",
            todo=f"Use one of {', '.join(_WIDTHS)}.",
        )
    if column.type.kind not in ("int", "decimal"):
        raise TableError(f"Column {column.name!r} is {column.type.describe()} and has no width to declare.")
    return cast(column, column.type.with_bits(bits, signed=signed))
