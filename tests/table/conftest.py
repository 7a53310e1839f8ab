"""Frames of three libraries with the same data, and what the tests of this folder need to build them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from zkp_nb.table import Table, from_frame


def table_of(values: Any, **declared: Any) -> Table:
    """The canonical table of one pandas column `x`."""
    return from_frame(pd.DataFrame({"x": values}), **declared)


@pytest.fixture
def mixed() -> dict[str, Any]:
    """pandas, polars and Arrow frames that hold equal data in different physical types."""
    table = pa.table(
        {
            "id": pa.array([3, 1, 2, 4], pa.int16()),
            "price": pa.array([1.5, 2.25, None, -3.0], pa.float64()),
            "name": pa.array(["a", None, "ü", "a"], pa.string_view()),
            "kind": pa.array(["x", "y", "x", None]).dictionary_encode(),
            "raw": pa.array([b"a", b"", None, b"\xff"], pa.binary()),
            "ok": pa.array([True, None, False, True]),
            "day": pa.array([0, -1, 20_000, None], pa.date32()),
            "at": pa.array([0, 1, None, -5], pa.timestamp("s", tz="Europe/Paris")),
            "took": pa.array([0, 1, None, -5], pa.duration("ms")),
            "ratio": pa.array([1 / 3, float("inf"), None, -0.0]),
        }
    )
    return {"arrow": table, "pandas": table.to_pandas(date_as_object=True), "polars": pl.from_arrow(table)}
