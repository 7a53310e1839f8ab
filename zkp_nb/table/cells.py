"""Vectors of cells: field elements, float codes, text hashes; specified in docs/tables.md."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

Cells: TypeAlias = npt.NDArray[Any]
Bytes: TypeAlias = npt.NDArray[np.uint8]

FIELD_MODULUS: Final = 21888242871839275222246405745257275088548364400416034343698204186575808495617
"""Order r of BN254's groups: cells are integers modulo r."""

HASH_TAGS: Final = {"text": b"zkp_nb/text\x00", "bytes": b"zkp_nb/bytes\x00"}
"""Prefixes that separate the hashes of text from those of bytes, and both from any other use of SHA-256."""

_SIGN: Final = np.uint64(1 << 63)


def signed(element: int) -> int:
    """The signed integer that a field element stands for: elements above r/2 are negative."""
    return element - FIELD_MODULUS if element > FIELD_MODULUS // 2 else element


def hash_parts(digest: bytes) -> tuple[int, int]:
    """Head and tail of a digest: its first 8 and its next 23 bytes, big-endian."""
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:31], "big")


def hash_scalar(kind: str, value: bytes) -> tuple[int, int]:
    """Cells (head, tail) of one text (as UTF-8) or byte string."""
    return hash_parts(sha256(HASH_TAGS[kind] + value).digest())


def wide_from_ints(values: Iterable[int]) -> Bytes:
    """Field elements of 32 bytes, little-endian, of signed integers."""
    joined = b"".join((value % FIELD_MODULUS).to_bytes(32, "little") for value in values)
    return np.frombuffer(joined, np.uint8).reshape(-1, 32).copy()


def to_ints(cells: Cells) -> list[int]:
    """Any vector of cells as signed Python integers."""
    if cells.ndim == 1:
        return [int(cell) for cell in cells.tolist()]
    raw = cells.tobytes()
    return [signed(int.from_bytes(raw[at : at + 32], "little")) for at in range(0, len(raw), 32)]


def float_codes(values: npt.NDArray[np.float64]) -> npt.NDArray[np.uint64]:
    """Order-preserving codes: sign bit flipped for positive numbers, all bits for negative ones.

    The usual trick for sorting floats by radix (Herf, 2001). -0.0 becomes 0.0 first.
    """
    bits = np.ascontiguousarray(values + 0.0).view(np.uint64)
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def float_values(codes: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    """The inverse of `float_codes`."""
    return np.where(codes & _SIGN, codes ^ _SIGN, ~codes).view(np.float64)


FLOAT_MAX_SCALE: Final = 15
"""Digits after the point up to which floats are taken for the decimals that they print as."""


def float_limit(scale: int) -> int:
    """Bound on |m| of floats m / 10^scale: 2^53 for whole numbers, else 15 digits, which a float keeps."""
    return 10**15 if scale else 2**53


def scaled_floats(values: npt.NDArray[np.float64], scale: int) -> npt.NDArray[np.int64] | None:
    """`values * 10**scale` where every value is an exact decimal of that scale, else None.

    Exact means: |m| of the scaled integer m is below `float_limit`, and m / 10^scale is the same float
    again; then m is the only such integer.
    """
    factor = 10.0**scale
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.rint(values * factor)
        if not (np.abs(scaled) < float_limit(scale)).all():
            return None
        return scaled.astype(np.int64) if (scaled / factor == values).all() else None
