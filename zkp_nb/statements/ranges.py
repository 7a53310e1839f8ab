"""Ranges: values cut into limbs, which are looked up in one table of all their values.

Specified in docs/specification/statements.md, *Ranges*. A `Ranges` is what one program looks up; the builder
passes itself along, as limbs are aux columns of its program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from zkp_nb.errors import StatementError
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.helpers import Fraction
from zkp_nb.statements.program import Aux, Extent
from zkp_nb.statements.sources import Source
from zkp_nb.statements.witness import LIMB_BITS, MAX_LIMB_BITS, Limb, Words, limbs, multiplicities
from zkp_nb.table.cells import Cells

if TYPE_CHECKING:
    from zkp_nb.statements.builder import Builder

MAX_WIDTH: Final = 64
"""Widest range, in bits."""

_MIN_LIMB_BITS: Final = 13
"""Fewer would save little on smaller grids, and take more columns."""

_LABEL: Final = "range/"
"""How labels of the aux columns begin that ranges take."""


class Values(NamedTuple):
    """The values of an expression on the rows of weight 1.

    Attributes:
        cells: they modulo 2^64, where they cannot be computed from the expression.
    """

    source: Source
    expr: Expr
    weight: Expr
    cells: Callable[[], Words] | None = None


class Ranges:
    """The ranges of one program.

    Args:
        limb_bits: bits of the limbs; their table has 2^limb_bits values.
    """

    def __init__(self, limb_bits: int = LIMB_BITS) -> None:
        self.limb_bits = limb_bits
        self.lookups: list[Fraction] = []
        """One for each limb, in order: the table's side is not among them."""
        self._said: dict[tuple[Extent, Expr, int, Expr], None] = {}
        self._spans: dict[tuple[Extent, Expr, int, Expr], None] = {}
        self._looked_up: list[Limb] = []
        self._passed_over = 0

    def __copy__(self) -> Ranges:
        twin = Ranges(self.limb_bits)
        twin.lookups = [*self.lookups]
        twin._said, twin._spans = {**self._said}, {**self._spans}
        twin._looked_up, twin._passed_over = [*self._looked_up], self._passed_over
        return twin

    @property
    def untouched(self) -> bool:
        """Whether nothing depends on the bits of limbs so far."""
        return not (self.lookups or self._spans)

    def range(self, builder: Builder, of: Values, width: int) -> None:
        """See `Builder.range`."""
        if not 0 <= width <= MAX_WIDTH:
            raise _too_wide()
        self._look_up(builder, of, width)

    def nonnegative(self, builder: Builder, of: Values, width: int) -> None:
        """See `Builder.nonnegative`."""
        if width > MAX_WIDTH:
            raise _too_wide()
        self._look_up(builder, of, -(-width // self.limb_bits) * self.limb_bits)

    def within(self, builder: Builder, of: Values, low: int, high: int) -> None:
        """See `Builder.within`."""
        source, expr, weight, _ = of
        span = high - low
        said = (source.extent, expr - low, span, weight)
        if said in self._spans:
            return
        self._spans[said] = None
        width = span.bit_length()
        if span == (1 << width) - 1:
            self.range(builder, Values(source, expr - low, weight), width)
        elif width <= self.limb_bits:
            # Both distances are below 2^limb_bits and add up to the span: so neither exceeds it.
            self.range(builder, Values(source, expr - low, weight), self.limb_bits)
            self.range(builder, Values(source, high - expr, weight), self.limb_bits)
        else:
            half, rest = halves(span)
            bit = builder.bit(
                source,
                f"{_LABEL}{len(self._said)}/upper",
                lambda: np.broadcast_to(
                    builder.evaluate(expr - low) >= np.uint64(1 << half), source.extent.rows
                ),
            )
            self.range(builder, Values(source, expr - low - bit * rest, weight), half)

    def table(self, depth: int) -> Aux:
        """How often each value of limbs is looked up: the last aux column of a program of that depth."""
        return Aux(f"{_LABEL}multiplicity", Extent(depth, 1 << self.limb_bits))

    def counts(self) -> Cells:
        """The cells of `table`."""
        return multiplicities(self._looked_up, self.limb_bits, self._passed_over)

    def _look_up(self, builder: Builder, of: Values, width: int) -> None:
        source, expr, weight, _ = of
        builder.check_home(source, expr)
        if width == 0:
            builder.require(source, weight * expr)
            return
        number, said = len(self._said), (source.extent, expr, width, weight)
        if said in self._said:
            return
        self._said[said] = None
        pieces = self._pieces(builder, of, width)
        high = [
            builder.aux(source, f"{_LABEL}{number}/limb/{at}", partial(pieces.__getitem__, at))
            for at in range(1, -(-width // self.limb_bits))
        ]
        low = expr
        for at, limb in enumerate(high, 1):
            low = low - limb * (1 << self.limb_bits * at)
        gamma, numerator = builder.challenge("range/gamma"), builder.weighted(source, weight)
        self.lookups += [(numerator, gamma + limb) for limb in (low, *high)]
        spare = -width % self.limb_bits
        if spare:
            self.lookups.append((numerator, gamma + (high[-1] if high else low) * (1 << spare)))

    def _pieces(self, builder: Builder, of: Values, width: int) -> list[Limb]:
        """Limbs of the values, lowest first, 0 on rows of weight 0, which are not looked up."""
        if not builder.proving:
            return []
        source, expr, weight, cells = of
        n = source.extent.rows
        values = np.broadcast_to(cells() if cells else builder.evaluate(expr), n)
        weights = np.broadcast_to(builder.evaluate(weight), n)
        active = np.count_nonzero(weights)
        pieces = limbs(values if active == n else values * weights, width, self.limb_bits)
        spare = -width % self.limb_bits
        # What a false claim leaves above the limb is cut off; no proof comes of it.
        kind = pieces[-1].dtype.type
        shifted = (pieces[-1] << kind(spare)) & kind((1 << self.limb_bits) - 1)
        looked_up = [*pieces, shifted] if spare else pieces
        self._looked_up += looked_up
        self._passed_over += (n - int(active)) * len(looked_up)
        return pieces


def of_ranges(aux: Aux) -> bool:
    """Whether an aux column is one that ranges take."""
    return aux.label.startswith(_LABEL)


def range_depth(limb_bits: int) -> int:
    """Depth of the smallest grid that holds the table of limbs of so many bits, which are 13 to 22."""
    return 1 << limb_bits - 9


def limb_widths(depths: Iterable[int]) -> list[int]:
    """The bits that limbs can have beside tables of such depths.

    They are 16; beside small tables the most whose table makes no larger grid; beside large ones 22, as three of
    them make 64 bits.
    """
    bits = {max(_MIN_LIMB_BITS, depth.bit_length() + 8) for depth in depths}
    fewer = sorted((each for each in bits if each < LIMB_BITS), reverse=True)
    return [LIMB_BITS, *fewer, *([MAX_LIMB_BITS] if max(bits, default=0) >= MAX_LIMB_BITS else [])]


def halves(span: int) -> tuple[int, int]:
    """w and k: [0, span] is [0, 2^w) and [k, k + 2^w) together."""
    width = (span + 1).bit_length() - 1
    return width, span + 1 - (1 << width)


def _too_wide() -> StatementError:
    return StatementError(
        "Values wider than 64 bits cannot be compared.", todo="Declare a smaller width for the column."
    )
