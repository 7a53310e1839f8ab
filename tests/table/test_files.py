"""Files of the command line are the same data as in a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather as pf
import pytest

from zkp_nb.errors import TableError
from zkp_nb.table import from_frame, read_file


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "n": [1, 2, None],
            "price": [1.25, -3.0, 2.5],
            "name": ["a", None, 'ü, "quoted"'],
            "ok": [True, False, True],
        }
    )


def test_every_format(frame: pd.DataFrame, tmp_path: Path) -> None:
    digest = from_frame(frame).digest
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_csv(tmp_path / "a.csv.gz", index=False)
    frame.to_csv(tmp_path / "a.tsv", index=False, sep="\t")
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_feather(tmp_path / "a.feather")
    pl.from_pandas(frame).write_ipc(tmp_path / "a.arrow")
    pl.from_pandas(frame).write_ipc_stream(tmp_path / "a.ipc")
    paths = sorted(tmp_path.iterdir())
    assert len(paths) == 7
    for path in paths:
        assert from_frame(read_file(path)).digest == digest, path.name


def test_csv_is_what_pandas_reads(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b,c,d\n1,NA,x,12:30\n,2.50,,01:00\n3,-1,None,\n")
    assert from_frame(read_file(path)).digest == from_frame(pd.read_csv(path)).digest


def test_types_of_csv_come_from_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n" + "1\n" * 2_000_000 + "0.5\n")
    assert from_frame(read_file(path)).column("a").type.describe() == "decimal(1)"


def test_row_numbers_in_parquet_are_ignored(frame: pd.DataFrame, tmp_path: Path) -> None:
    kept = frame[frame.price > 0]
    kept.to_parquet(tmp_path / "a.parquet")
    assert from_frame(read_file(tmp_path / "a.parquet")).digest == from_frame(kept).digest


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.csv", None, "no file"),
        ("a.xlsx", b"PK", "not known"),
        ("a.parquet", b"nothing of the kind", "cannot be read"),
        ("a.arrow", b"nothing of the kind", "cannot be read"),
        ("a.csv", b"", "cannot be read"),
        ("b.csv", b"a,b\n1\n", "cannot be read"),
        ("c.csv.gz", b"not zipped", "cannot be read"),
    ],
)
def test_files_that_cannot_be_read(name: str, content: bytes | None, says: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(TableError, match=says):
        read_file(tmp_path / name)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(TableError, match="no file"):
        read_file(tmp_path / "a.csv")


def test_ipc_stream_and_file(tmp_path: Path) -> None:
    table: Any = pa.table({"x": [1, 2]})
    pf.write_feather(table, str(tmp_path / "a.feather"), compression="uncompressed")
    assert read_file(tmp_path / "a.feather").equals(table)
