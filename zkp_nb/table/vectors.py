"""Long vectors at the speed of memory: sorting, matching, adding up and hashing, in the native module.

Keys are words of 64 bits; cells are as in `Part`. The module is asked for where it is used: who only verifies
does without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from zkp_nb.errors import SetupError

if TYPE_CHECKING:
    from types import ModuleType

Words: TypeAlias = npt.NDArray[np.uint64]
Places: TypeAlias = npt.NDArray[np.int64]
"""Numbers of rows."""
Mask: TypeAlias = npt.NDArray[np.bool_]
Bytes: TypeAlias = npt.NDArray[np.uint8]


class Groups(NamedTuple):
    """Rows of equal keys.

    Attributes:
        first: the first row of each group; groups are numbered as they first occur.
        of: the number of each row's group.
        sizes: how many rows each group has.
    """

    first: Places
    of: Places
    sizes: Places


def argsort(keys: Words) -> Places:
    """The rows in ascending order of their keys, equal ones in their own order."""
    found: Places = _core().argsort(_plain(keys))
    return found


def groups(keys: Words) -> Groups:
    """The rows by their keys."""
    return Groups(*_core().groups(_plain(keys)))


def repeated(keys: Words) -> int:
    """How many rows have the key of one before them."""
    return len(keys) - len(groups(keys).first)


def distinct(keys: Words) -> Words:
    """Each key once, in order of first occurrence."""
    return keys[groups(keys).first]


def once_each(keys: Words, among: Words) -> bool:
    """Whether the keys are those among the others, each once."""
    return surplus(distinct(among), keys) == (0, 0)


def known(keys: Words, looked_up: Words) -> Mask:
    """Which of the looked-up keys are among the keys."""
    found: Mask = _core().known(_plain(keys), _plain(looked_up))
    return found


def occurrences(keys: Words, looked_up: Words) -> Places:
    """How often each key is looked up; of equal keys the first. What is not there is not counted."""
    found: Places = _core().occurrences(_plain(keys), _plain(looked_up))
    return found


def surplus(left: Words, right: Words) -> tuple[int, int]:
    """How many rows of the left multiset the right one lacks, and the other way round."""
    lacking: tuple[int, int] = _core().surplus(_plain(left), _plain(right))
    return lacking


def chosen(parent: Words, child: Words) -> Mask | None:
    """Which rows of the parent make up the child, of equal ones the first; None where the child has others."""
    keep: Mask | None = _core().chosen(_plain(parent), _plain(child))
    return keep


def hash_rows(key: int, rows: int, columns: Sequence[tuple[npt.NDArray[Any] | None, int]]) -> Words:
    """A keyed hash of each row.

    Args:
        key: 64 random bits.
        rows: their number.
        columns: cells and their factor, modulo 2^64; cells of 32 bytes are hashed as they are. Or None and the
            word that every row has.
    """
    found: Words = _core().hash_rows(key, rows, list(columns))
    return found


def hash_values(
    tag: bytes, data: Bytes, offsets: npt.NDArray[Any], null: Mask | None = None
) -> tuple[Words, Bytes]:
    """Heads (n, uint64) and tails (n x 32, little-endian field elements) of n hashes, 0 where null.

    Args:
        tag: hashed before each value.
        data: the values one after another.
        offsets: n+1 of int32 or int64; value i is `data[offsets[i]:offsets[i+1]]`.
        null: values that there are none of.
    """
    found: tuple[Words, Bytes] = _core().hash_values(tag, data, offsets, null)
    return found


def inverses(cells: Words, signed: bool, roots: Sequence[int]) -> Bytes:
    """Field inverses of prod (x - root), as (n, 32) little-endian cells; 0 where x is a root."""
    found: Bytes = _core().inverses(_plain(cells), signed, list(roots))
    return found


def dot(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> int:
    """Exact sum of products of two vectors of at most 64 bits each."""
    low, high = _core().dot(a, b)
    return int(low + (high << 32))


def group_sums(of: Places, groups: int, cells: npt.NDArray[Any]) -> list[int]:
    """Exact sums of cells of at most 64 bits over each group.

    Args:
        of: the number of each row's group, below `groups`.
    """
    found: list[int] = _core().group_sums(of, groups, np.ascontiguousarray(cells))
    return found


def scaled(cells: npt.NDArray[Any], factor: int) -> Bytes:
    """Cells times a factor that is not negative as field elements, (n, 32) little-endian."""
    bits = factor.to_bytes(-(-factor.bit_length() // 8), "little")
    found: Bytes = _core().scaled(np.ascontiguousarray(cells), bits)
    return found


def _plain(keys: Words) -> Words:
    return np.ascontiguousarray(keys)


def _core() -> ModuleType:
    from zkp_nb import _core

    if not hasattr(_core, "hash_values"):
        raise SetupError(
            "The native module is older than the rest of this package.",
            todo="Build it again: pip install -e . in a checkout.",
        )
    return _core
