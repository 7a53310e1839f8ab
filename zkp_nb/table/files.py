"""Data files for the command line: CSV, Parquet, Arrow."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.feather as pf
import pyarrow.parquet as pq

from zkp_nb.errors import TableError

# What pandas.read_csv takes for null, so that a file read here and in a notebook is the same data.
_CSV_NULLS: Final = [
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"),
    *("N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
]
_LARGEST_BLOCK: Final = 1 << 30


def read_file(path: str | os.PathLike[str]) -> pa.Table:
    """The Arrow table in a file, by its suffix: .csv, .tsv (also .gz), .parquet, .pq, .arrow, .feather, .ipc.

    Fields of CSV that pandas takes for null are null. Types of CSV are inferred from the whole file.

    Raises:
        TableError: no such file, a suffix that is not known, or content that cannot be read.
    """
    source = Path(path)
    suffix = source.name.lower().removesuffix(".gz").rpartition(".")[2]
    if not source.is_file():
        raise TableError(f"There is no file {source.name!r} at that place.", todo="Check the path.")
    try:
        match suffix:
            case "csv" | "tsv":
                return _read_csv(source, "\t" if suffix == "tsv" else ",")
            case "parquet" | "pq":
                return pq.read_table(source)
            case "arrow" | "feather" | "ipc":
                return _read_ipc(source)
    except (pa.ArrowException, OSError, UnicodeError) as error:
        raise TableError(
            f"The file {source.name!r} cannot be read as {suffix}.",
            why=f"The reader reports {type(error).__name__}.",
            todo="Check that the file is whole and of the kind that its suffix says.",
        ) from None
    raise TableError(
        f"Files such as {source.name!r} are not known.",
        todo="Use .csv, .tsv, .parquet, .arrow, .feather or .ipc.",
    )


def _read_csv(source: Path, delimiter: str) -> pa.Table:
    # One block, because types are inferred from the first one.
    block = min(max(source.stat().st_size + 1, 1 << 20), _LARGEST_BLOCK)
    read = partial(
        pc.read_csv,
        source,
        read_options=pc.ReadOptions(block_size=block),
        parse_options=pc.ParseOptions(delimiter=delimiter),
    )
    convert = pc.ConvertOptions(null_values=_CSV_NULLS, strings_can_be_null=True)
    table = read(convert_options=convert)
    times = [field.name for field in table.schema if pa.types.is_time(field.type)]
    if times:  # 12:30 is text, as pandas has it: there is no type for times of day
        convert.column_types = dict.fromkeys(times, pa.string())
        table = read(convert_options=convert)
    return table


def _read_ipc(source: Path) -> pa.Table:
    try:
        return pf.read_table(source)
    except pa.ArrowInvalid:  # not the file format: the stream format
        with pa.OSFile(str(source), "rb") as file, pa.ipc.open_stream(file) as stream:
            return stream.read_all()
