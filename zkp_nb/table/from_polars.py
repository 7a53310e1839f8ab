"""polars DataFrames to Arrow columns, through the PyCapsule interface where polars exports a type truly."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from zkp_nb.errors import TableError
from zkp_nb.table.arrow import too_long, unsupported


def polars_columns(frame: Any) -> list[tuple[str, pa.ChunkedArray[Any]]]:
    """Names and Arrow columns, in order.

    Raises:
        TableError: a column holds Python objects, or numbers of more than 38 digits.
    """
    return [(series.name, _column(series)) for series in frame.get_columns()]


def _column(series: Any) -> pa.ChunkedArray[Any]:
    kind = str(series.dtype)
    if kind == "Object":
        # It would be exported as the addresses of the objects.
        raise TableError(
            f"Column {series.name!r} holds Python objects, which cannot be committed.",
            todo="Convert it to a typed column, to text for instance.",
        )
    if kind in ("Int128", "UInt128"):  # not in Arrow's format
        try:
            return pa.chunked_array([pa.array(series.to_list(), pa.decimal128(38, 0))])
        except (pa.ArrowException, OverflowError):
            raise too_long(series.name) from None
    try:
        return pa.chunked_array(series)
    except (pa.ArrowException, TypeError, ValueError):
        raise unsupported(series.name, kind) from None
