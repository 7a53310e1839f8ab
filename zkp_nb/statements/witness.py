"""Witnesses: what the prover alone computes, at the speed of numpy.

Expressions are evaluated modulo 2^64. A value that is proven to lie in [0, 2^w), w <= 64, is right
modulo 2^64; that it does lie there is checked before, by whoever states the claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from zkp_nb.statements.expr import Expr
from zkp_nb.table.cells import FIELD_MODULUS, Cells, to_ints, wide_from_ints

Words: TypeAlias = npt.NDArray[np.uint64]

LIMB_BITS: Final = 16
LIMB_VALUES: Final = 1 << LIMB_BITS

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


def limbs(values: Words, width: int) -> list[npt.NDArray[np.uint16]]:
    """16-bit limbs of values below 2^width, lowest first."""
    count = -(-width // LIMB_BITS)
    return [(values >> np.uint64(LIMB_BITS * at)).astype(np.uint16) for at in range(count)]


def multiplicities(looked_up: Sequence[npt.NDArray[np.uint16]]) -> npt.NDArray[np.int64]:
    """How often each 16-bit value occurs in all of the vectors together."""
    counts = np.zeros(LIMB_VALUES, np.int64)
    for each in looked_up:
        counts += np.bincount(each, minlength=LIMB_VALUES)
    return counts


def inverses(cells: Words, signed: bool, roots: Sequence[int]) -> npt.NDArray[np.uint8]:
    """Field inverses of prod (x - root), as (n, 32) little-endian cells; 0 where x is a root.

    Each distinct x is inverted once, all of them with one inversion (Montgomery's trick).
    """
    distinct, where = np.unique(cells, return_inverse=True)
    numbers = distinct.view(np.int64).tolist() if signed else distinct.tolist()
    products = []
    for number in numbers:
        product = 1
        for root in roots:
            product = product * (number - root) % FIELD_MODULUS
        products.append(product)
    running, prefix = 1, []
    for product in products:
        prefix.append(running)
        running = running * (product or 1) % FIELD_MODULUS
    inverse, found = pow(running, -1, FIELD_MODULUS), [0] * len(products)
    for at in range(len(products) - 1, -1, -1):
        if products[at]:
            found[at] = inverse * prefix[at] % FIELD_MODULUS
            inverse = inverse * products[at] % FIELD_MODULUS
    rows: npt.NDArray[Any] = np.take(wide_from_ints(found), where, axis=0)
    return rows


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


def integer_dot(a: Cells, b: Cells) -> int:
    """Exact sum of products of two vectors of at most 64 bits each, below 2^24 rows."""
    sides = [cells.astype(np.int64) if cells.dtype == np.bool_ else cells for cells in (a, b)]
    if sides[0].dtype == sides[1].dtype == np.int64:
        bounds = [max(-int(cells.min(initial=0)), int(cells.max(initial=0))) for cells in sides]
        if bounds[0] * bounds[1] * len(a) < 2**63:
            return int(np.dot(*sides))
    pieces = [_pieces(cells) for cells in sides]
    return sum(
        int(np.dot(x, y)) << 16 * (i + j) for i, x in enumerate(pieces[0]) for j, y in enumerate(pieces[1])
    )


def _pieces(cells: Cells) -> list[npt.NDArray[np.int64]]:
    """16-bit pieces, lowest first, the highest with the sign: their products add up below 2^63."""
    shifted = [(cells >> cells.dtype.type(16 * at)).astype(np.int64) for at in range(4)]
    return [*(piece & 0xFFFF for piece in shifted[:3]), shifted[3]]
