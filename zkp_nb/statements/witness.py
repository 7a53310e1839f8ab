"""Witnesses: what the prover alone computes.

Expressions are evaluated modulo 2^64. A value that is proven to lie in [0, 2^w), w <= 64, is right
modulo 2^64; that it does lie there is checked before, by whoever states the claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from zkp_nb.statements.expr import Expr
from zkp_nb.table.cells import Cells, to_ints
from zkp_nb.table.vectors import Words, inverses
from zkp_nb.table.vectors import dot as integer_dot

__all__ = [
    "LIMB_BITS",
    "MAX_LIMB_BITS",
    "Limb",
    "Words",
    "evaluate",
    "integer_dot",
    "integer_sum",
    "inverses",
    "limbs",
    "multiplicities",
    "words",
]

LIMB_BITS: Final = 16
"""Bits of the limbs of ranges, where no others are better."""

MAX_LIMB_BITS: Final = 22
"""Three of them hold 64 bits."""

Limb: TypeAlias = npt.NDArray[np.uint16] | npt.NDArray[np.uint64]
"""Limbs of at most 16 bits, or of more."""

_MASK: Final = (1 << 64) - 1


def words(cells: Cells) -> Words:
    """Cells of at most 64 bits as integers modulo 2^64, shape (n,)."""
    if cells.ndim == 2:
        return np.ascontiguousarray(cells[:, :8]).view("<u8").ravel().astype(np.uint64)
    if cells.dtype == np.int64:
        return cells.view(np.uint64)
    return cells.astype(np.uint64, copy=False)


def evaluate(expr: Expr, given: Mapping[Expr, Words]) -> Words | np.uint64:
    """The value of an expression on every row, modulo 2^64; a scalar where no column is below it.

    Args:
        given: the values of its columns, and of what else is known.
    """
    known: dict[Expr, Words | np.uint64] = dict(given)

    def value(node: Expr) -> Words | np.uint64:
        if node not in known:
            known[node] = compute(node)
        return known[node]

    def compute(node: Expr) -> Words | np.uint64:
        if node.kind == "c":
            return np.uint64(node.value & _MASK)
        assert node.kind in ("+", "-", "*"), "a witness depends on columns at hand, and on no challenge"
        a, b = value(node.args[0]), value(node.args[1])
        with np.errstate(over="ignore"):
            if node.kind == "+":
                return a + b
            return a - b if node.kind == "-" else a * b

    return value(expr)


def limbs(values: Words, width: int, bits: int) -> list[Limb]:
    """Limbs of so many bits of values below 2^64, lowest first; as many as `width` takes."""
    shifted = (values >> np.uint64(bits * at) for at in range(-(-width // bits)))
    if bits > LIMB_BITS:
        return [piece & np.uint64((1 << bits) - 1) for piece in shifted]
    return [piece.astype(np.uint16) & np.uint16((1 << bits) - 1) for piece in shifted]


def multiplicities(looked_up: Sequence[Limb], bits: int, passed_over: int = 0) -> npt.NDArray[np.int64]:
    """How often each value of so many bits occurs in all of the vectors together.

    Args:
        passed_over: how many of the zeros among them are not looked up.
    """
    counts = np.zeros(1 << bits, np.int64)
    for each in looked_up:
        counts += np.bincount(each, minlength=1 << bits)
    counts[0] -= passed_over
    return counts


def integer_sum(cells: Cells, power: int = 1) -> int:
    """Exact sum of the cells, or of their squares, as a signed integer."""
    if cells.ndim == 2:
        return int(sum(number**power for number in to_ints(cells)))
    return power_sum(cells, power)


def power_sum(cells: Cells, power: int) -> int:
    """Exact sum of a power from 1 to 4 of cells of at most 64 bits, below 2^24 rows."""
    if cells.dtype == np.bool_:
        return int(np.count_nonzero(cells))
    low, high = int(cells.min(initial=0)), int(cells.max(initial=0))
    bound = max(-low, high) ** power * len(cells)
    if bound < 2**63:
        return int((cells.astype(np.int64) ** power).sum())
    if power == 1:
        # 32-bit halves cannot overflow 64 bits below 2^32 rows.
        halves = cells >> cells.dtype.type(32), cells & cells.dtype.type(0xFFFFFFFF)
        return (int(halves[0].sum()) << 32) + int(halves[1].sum())
    if power == 2:
        return integer_dot(cells, cells)
    if max(-low, high) ** 2 < 2**63:
        square = cells.astype(np.int64) ** 2
        return integer_dot(square, cells if power == 3 else square)
    # x = a 2^32 + b, with a^2, ab and b^2 of at most 64 bits.
    a, b = cells >> cells.dtype.type(32), cells & cells.dtype.type(0xFFFFFFFF)
    squares = [(64, a * a), (33, a * b), (0, b.astype(np.uint64) ** np.uint64(2))]
    others = [(32, a), (0, b)] if power == 3 else squares
    return sum(integer_dot(x, y) << i + j for i, x in squares for j, y in others)
