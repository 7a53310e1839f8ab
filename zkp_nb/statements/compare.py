"""Whether claims about rows hold, at the speed of numpy: rows as 64-bit keyed hashes.

These are the checks of an honest prover before it starts. They prove nothing; the key is random for
each process, so that no data can be made to collide.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from zkp_nb.statements.sources import SourceColumn, common_units
from zkp_nb.statements.witness import Words
from zkp_nb.table.cells import Cells, to_ints, wide_from_ints

Mask = npt.NDArray[np.bool_]

_KEY: Final = np.uint64(secrets.randbits(64))
_MIX: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def hash_rows(tables: Sequence[Sequence[SourceColumn]]) -> list[Words]:
    """One hash for each row of each table; tables are compared column by column, null companions included.

    Raises:
        StatementError: two columns cannot be compared.
    """
    hashes = [np.full(columns[0].source.extent.rows, _KEY) for columns in tables]
    for columns in zip(*tables, strict=True):
        units = common_units(columns)
        data = [_parts(column) for column in columns]
        wide = (
            any(vector.ndim == 2 for vectors, _ in data for vector in vectors)
            and not columns[0].type.is_hashed
        )
        for at, (vectors, null) in enumerate(data):
            for vector in vectors:
                if wide:
                    vector = wide_from_ints(number * units[at] for number in to_ints(vector))
                for word in _as_words(vector):
                    with np.errstate(over="ignore"):
                        _absorb(hashes[at], word if wide else word * np.uint64(units[at] % 2**64))
            _absorb(hashes[at], np.uint64(0) if null is None else null.astype(np.uint64))
    return hashes


def _parts(column: SourceColumn) -> tuple[tuple[Cells, ...], Cells | None]:
    assert column.source.table is not None
    data = column.source.table.columns[column.number]
    return data.data, data.null


def _as_words(vector: Cells) -> list[Words]:
    if vector.ndim == 2:
        return list(np.ascontiguousarray(vector).view("<u8").T.astype(np.uint64))
    return [vector.view(np.uint64) if vector.dtype == np.int64 else vector.astype(np.uint64, copy=False)]


def _absorb(state: Words, word: Words | np.uint64) -> None:
    """The finalizer of splitmix64, once for each word."""
    with np.errstate(over="ignore"):
        state ^= word
        state += _KEY
        state ^= state >> np.uint64(30)
        state *= _MIX[0]
        state ^= state >> np.uint64(27)
        state *= _MIX[1]
        state ^= state >> np.uint64(31)


def surplus(left: Words, right: Words) -> tuple[int, int]:
    """How many rows of the left multiset the right one lacks, and the other way round."""
    if len(left) == len(right) and np.array_equal(np.sort(left), np.sort(right)):
        return 0, 0
    _, where = np.unique(np.concatenate((left, right)), return_inverse=True)
    size = int(where.max()) + 1 if len(where) else 0
    difference = np.bincount(where[: len(left)], minlength=size) - np.bincount(
        where[len(left) :], minlength=size
    )
    return int(difference[difference > 0].sum()), int(-difference[difference < 0].sum())


def chosen(parent: Words, child: Words) -> Mask | None:
    """Which rows of the parent make up the child, as a multiset; None where the child has others."""
    order = np.argsort(parent, kind="stable")
    ordered = parent[order]
    distinct, counts = np.unique(child, return_counts=True)
    first = np.searchsorted(ordered, distinct, "left")
    if (counts > np.searchsorted(ordered, distinct, "right") - first).any():
        return None
    within = np.arange(len(child)) - np.repeat(np.cumsum(counts) - counts, counts)
    keep = np.zeros(len(parent), np.bool_)
    keep[order[np.repeat(first, counts) + within]] = True
    return keep
