"""One column of the prover's for what several bits would say of a row: on which of two sides it is, and which single
rows are pointed out.

Its cells are 0, 1, 2, 3: a row of the first side, of the second, the marked row of the second, the marked one
of the first. Bits are polynomials in the cell: 2 c = c (3 - c) tells the sides apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import Mask
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.sources import Source

Places = npt.NDArray[np.uint16]


class Sides(NamedTuple):
    """Bits of the second side, of its marked row, and of the marked row of the first side (0 where there is none)."""

    second: Expr
    second_mark: Expr
    first_mark: Expr


def sides(
    builder: Builder,
    source: Source,
    label: str,
    null: Expr,
    cells: Callable[[], Places],
    *,
    both: bool = True,
) -> Sides:
    """A column of two sides, with a marked row on both or on the second alone; nulls are on the first one, unmarked."""
    place = builder.aux(source, label, cells)
    half = builder.half()
    product = place * (place - 1) * (place - 2)
    builder.require(source, product * (place - 3) if both else product)
    builder.require(source, null * place)
    second = builder.certified(half * (place * (3 - place)), lambda: np.isin(cells(), (1, 2)))
    if not both:
        return Sides(second, builder.certified(half * (place * (place - 1))), builder.constant(0))
    return Sides(
        second,
        builder.certified(half * (place * (place - 1) * (3 - place))),
        builder.certified(builder.inverse(builder.constant(6)) * product),
    )


def marks(
    builder: Builder, source: Source, label: str, null: Expr, cells: Callable[[], Places]
) -> tuple[Expr, Expr]:
    """Bits of two different rows, where the column is 1 and 2; neither is null. How many there are is not said."""
    place = builder.aux(source, label, cells)
    builder.require(source, place * (place - 1) * (place - 2))
    builder.require(source, null * place)
    return (
        builder.certified(place * (2 - place)),
        builder.certified(builder.half() * (place * (place - 1))),
    )


def placed(second: Mask, second_mark: Mask, first_mark: Mask) -> Places:
    """The cells of `sides`; of several rows that could be marked, the first is."""
    cells = second.astype(np.uint16)
    for value, found in ((2, second_mark & second), (3, first_mark & ~second)):
        cells[np.flatnonzero(found)[:1]] = value
    return cells


def pointed(rows: int, *found: Mask) -> Places:
    """The cells of `marks`: the number of the first of the masks that a row is the first in, from 1."""
    cells = np.zeros(rows, np.uint16)
    for value, mask in enumerate(found, 1):
        cells[np.flatnonzero(mask & (cells == 0))[:1]] = value
    return cells
