"""pandas DataFrames to Arrow columns.

Columns of dtype `object` are looked at value by value first: Arrow's own inference takes text next to
bytes, dates next to datetimes, zoned next to naive times and nanoseconds without a word, and alters them.
"""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa

from zkp_nb.errors import TableError
from zkp_nb.table.arrow import too_long, unsupported

_UNSUPPORTED: Final = {
    "PeriodDtype": "Convert it to timestamps ({0}.dt.to_timestamp()) or to text ({0}.astype(str)).",
    "IntervalDtype": "Convert it to text ({0}.astype(str)), or split it into two columns, left and right.",
    "SparseDtype": "Make it dense first: {0}.sparse.to_dense().",
}

# The first that fits counts: bool is an int and datetime a date to Python.
_KINDS: Final[tuple[tuple[tuple[type, ...], str], ...]] = (
    ((bool, np.bool_), "bool"),
    ((int, np.integer), "int"),
    ((float, np.floating), "float"),
    ((str,), "text"),
    ((bytes, bytearray, memoryview), "bytes"),
    ((Decimal,), "decimal"),
    ((dt.datetime, np.datetime64), "timestamp"),
    ((dt.date,), "date"),
    ((dt.timedelta, np.timedelta64), "duration"),
)
_ARROW: Final[dict[str, Any]] = {
    "text": pa.large_string(),
    "bytes": pa.large_binary(),
    "bool": pa.bool_(),
    "float": pa.float64(),
    "date": pa.date32(),
}


def pandas_columns(frame: Any) -> list[tuple[Any, pa.ChunkedArray[Any]]]:
    """Names and Arrow columns in order, then the levels of an index that means something.

    An unnamed index of integers is taken for row numbers, whole or left over from a filter or a sort, and
    ignored.

    Raises:
        TableError: a column cannot be committed, or a level of the index has no name.
    """
    columns = [(name, _column(name, frame.iloc[:, at])) for at, name in enumerate(frame.columns)]
    index = frame.index
    if index.nlevels == 1 and index.name is None and index.dtype.kind in "iu":
        return columns
    if len(frame) == 0 and index.nlevels == 1 and index.name is None:
        return columns
    for level in range(index.nlevels):
        values = index.get_level_values(level)
        if values.name is None:
            raise TableError(
                "The index of the frame holds data but has no name.",
                why="An index other than row numbers is committed as a column, and a column needs a name.",
                todo="Use df.reset_index() to make it a column, or df.reset_index(drop=True) to drop it.",
            )
        columns.append((values.name, _column(values.name, values.to_series())))
    return columns


def _column(name: Any, series: Any) -> pa.ChunkedArray[Any]:
    dtype = series.dtype
    values = getattr(getattr(dtype, "categories", None), "dtype", dtype)
    todo = _UNSUPPORTED.get(type(values).__name__)
    if todo is not None:
        raise TableError(
            f"Column {name!r} of type {values} cannot be committed as it is.",
            todo=todo.format(f"df[{name!r}]"),
        )
    if dtype.name == "object":
        return _objects(name, series)
    if values.name == "object":  # categories of Python objects are as unsafe as a column of them
        return _objects(name, series.astype(object))
    return _exported(name, series)


def _exported(name: Any, series: Any) -> pa.ChunkedArray[Any]:
    try:
        data = pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        raise unsupported(name, str(series.dtype)) from None
    return data if isinstance(data, pa.ChunkedArray) else pa.chunked_array([data])


def _objects(name: Any, series: Any) -> pa.ChunkedArray[Any]:
    if (text := _text(series)) is not None:  # the common case needs no look at single values
        return text
    values = [None if _is_null(value) else value for value in series.tolist()]
    kinds = {_kind(cls) for cls in set(map(type, values)) if cls is not type(None)}
    if kinds <= {"int"}:
        return _integers(name, values)
    if kinds == {"decimal"} or kinds == {"decimal", "int"}:
        return _decimals(name, values)
    if len(kinds) == 1 and kinds <= {"timestamp", "duration"}:
        return _times(name, series)
    if kinds == {"float", "int"} and all(
        v is None or abs(v) <= 2**53 or isinstance(v, float) for v in values
    ):
        kinds = {"float"}
    if len(kinds) == 1 and (type_ := _ARROW.get(next(iter(kinds)))) is not None:
        try:
            return pa.chunked_array([pa.array(values, type_)])
        except UnicodeEncodeError:
            raise TableError(
                f"Column {name!r} holds text with half of a surrogate pair, which is not UTF-8.",
                todo="Decode its source with the right encoding.",
            ) from None
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            raise unsupported(name, next(iter(kinds))) from None
    if len(kinds) == 1:
        raise TableError(
            f"Column {name!r} holds Python objects of type {next(iter(kinds))}, which cannot be committed.",
            todo="Convert it to columns of single values, or to text.",
        )
    raise _mixed(name, kinds)


def _text(series: Any) -> pa.ChunkedArray[Any] | None:
    """A column of nothing but text and nulls, else None."""
    from pandas.api.types import infer_dtype

    if infer_dtype(series, skipna=True) != "string":
        return None
    try:
        return pa.chunked_array([pa.array(series.to_numpy(), pa.large_string(), from_pandas=True)])
    except (pa.ArrowException, UnicodeEncodeError, TypeError):
        return None


def _mixed(name: Any, kinds: set[str]) -> TableError:
    return TableError(
        f"Column {name!r} mixes values of different kinds: {', '.join(sorted(kinds))}.",
        why="A column has one type.",
        todo=f"Convert it to one, with df[{name!r}].astype(str) for instance.",
    )


def _is_null(value: object) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    return isinstance(value, (float, np.floating, Decimal)) and math.isnan(value)


def _kind(cls: type) -> str:
    """What the values of a Python class are; the class's own name where they are nothing known."""
    return next((kind for classes, kind in _KINDS if issubclass(cls, classes)), cls.__name__)


def _integers(name: Any, values: list[Any]) -> pa.ChunkedArray[Any]:
    for type_ in (pa.int64(), pa.uint64(), pa.decimal128(38, 0)):
        try:
            return pa.chunked_array([pa.array(values, type_)])
        except (pa.ArrowException, OverflowError):
            continue
    raise too_long(name)


def _decimals(name: Any, values: list[Any]) -> pa.ChunkedArray[Any]:
    if any(isinstance(value, Decimal) and value.is_infinite() for value in values):
        raise TableError(
            f"Column {name!r} holds infinite decimals.", todo="Remove them, or convert it to float."
        )
    try:
        data = pa.array([Decimal(int(v)) if _is_int(v) else v for v in values])
    except (pa.ArrowException, OverflowError):
        raise too_long(name) from None
    return pa.chunked_array([data])


def _is_int(value: object) -> bool:
    return isinstance(value, (int, np.integer))


def _times(name: Any, series: Any) -> pa.ChunkedArray[Any]:
    """Datetimes or timedeltas: pandas itself finds the resolution and refuses mixed zones."""
    inferred = series.infer_objects()
    if inferred.dtype.kind not in "mM":
        raise TableError(
            f"Column {name!r} mixes times of different zones, or with and without one.",
            todo=f"Bring them to one zone: pd.to_datetime(df[{name!r}], utc=True).",
        )
    return _exported(name, inferred)
