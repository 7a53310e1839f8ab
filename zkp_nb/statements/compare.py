"""Whether claims about rows hold: rows as 64-bit keyed hashes.

These are the checks of an honest prover before it starts. They prove nothing; the key is random for
each process, so that no data can be made to collide.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

from zkp_nb.statements.sources import SourceColumn, common_units
from zkp_nb.table import vectors
from zkp_nb.table.cells import Cells
from zkp_nb.table.vectors import Mask, Words, chosen, surplus

__all__ = ["Mask", "chosen", "hash_rows", "surplus"]

_KEY: Final = secrets.randbits(64)


def hash_rows(tables: Sequence[Sequence[SourceColumn]]) -> list[Words]:
    """One hash for each row of each table; tables are compared column by column, null companions included.

    Raises:
        StatementError: two columns cannot be compared.
    """
    absorbed: list[list[tuple[Cells | None, int]]] = [[] for _ in tables]
    for columns in zip(*tables, strict=True):
        units = common_units(columns)
        data = [_parts(column) for column in columns]
        hashed = columns[0].type.is_hashed
        wide = not hashed and any(cells.ndim == 2 for parts, _ in data for cells in parts)
        for at, (parts, null) in enumerate(data):
            for cells in parts:
                if wide and (cells.ndim == 1 or units[at] != 1):
                    cells = vectors.scaled(cells, units[at])
                absorbed[at].append((cells, units[at] % 2**64))
            absorbed[at].append((null, int(null is not None)))
    return [
        vectors.hash_rows(_KEY, columns[0].source.extent.rows, each)
        for columns, each in zip(tables, absorbed, strict=True)
    ]


def _parts(column: SourceColumn) -> tuple[tuple[Cells, ...], Cells | None]:
    assert column.source.table is not None
    data = column.source.table.columns[column.number]
    return data.data, data.null
