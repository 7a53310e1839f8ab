"""The bits of a predicate: one expression, known to be 0 or 1, for each question about a row.

Ordered comparisons (specification, statements: comparisons): b(x-c) + (1-b)(c-1-x) lies in [0, 2^w), so
b = 1 where x >= c and b = 0 where x < c. Membership: b prod(x - u_i) = 0, and prod(x - h_i) has an
inverse where b = 0. Nothing is asked of nulls; their bit is 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from zkp_nb.statements import witness
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.resolved import (
    All,
    AtLeast,
    Atom,
    Complement,
    IsTrue,
    Member,
    Missing,
    OneOf,
    Opposite,
    Tree,
    Within,
    atoms,
    holds,
    interval,
)
from zkp_nb.statements.sources import Source, SourceColumn
from zkp_nb.table.cells import Cells

_HEAD: Final = 0


class Bits:
    """Compiles the atoms of one predicate, each once.

    Args:
        given: bits that are proven elsewhere.
    """

    def __init__(
        self, builder: Builder, source: Source, tree: Tree, given: Mapping[Atom, Expr] | None = None
    ) -> None:
        self._builder = builder
        self._source = source
        self._bits: dict[Atom, Expr] = dict(given or {})
        self._ways: dict[SourceColumn, tuple[Expr, Expr, Expr]] = {}
        self._thresholds: dict[SourceColumn, set[int]] = {}
        for atom in atoms(tree):
            if isinstance(atom, AtLeast):
                self._thresholds.setdefault(atom.column, set()).add(atom.threshold)
            elif isinstance(atom, Within):
                self._thresholds.setdefault(atom.column, set()).update((atom.first, atom.last))

    def of(self, tree: Tree) -> Expr:
        """1 where the tree holds."""
        b = self._builder
        match tree:
            case All(terms=terms):
                result = b.constant(1)
                for term in terms:
                    result = b.both(result, self.of(term))
                return result
            case Opposite(term=term):
                return b.negated(self.of(term))
            case Complement(atom=atom):
                return b.certified(1 - b.null(atom.column) - self.of(atom))
        if tree not in self._bits:
            self._bits[tree] = self._make(tree)
        return self._bits[tree]

    def prove(self, atom: Atom, bit: Expr) -> None:
        """The given boolean column is the bit of the atom."""
        assert isinstance(atom, (AtLeast, OneOf))
        self._builder.require(self._source, bit * self._builder.null(atom.column))
        if isinstance(atom, AtLeast):
            self._threshold(atom, bit)
        else:
            self._membership(atom, bit)

    def _make(self, atom: Atom) -> Expr:
        b = self._builder
        match atom:
            case Missing(column=column):
                return b.null(column)
            case IsTrue(column=column):
                b.value(column)
                return b.committed_bit(column)
            case Within(column=column, first=first, last=last):
                if len(self._thresholds[column]) == 2:
                    return self._ways_of(column)[1]
                return b.both(self.of(AtLeast(column, first)), self.of(Complement(AtLeast(column, last))))
            case AtLeast(column=column, threshold=threshold):
                if len(self._thresholds[column]) == 2:
                    below, _, above = self._ways_of(column)
                    return above if threshold == max(self._thresholds[column]) else b.negated(below)
                bit = self._bit(atom)
                self._threshold(atom, bit)
                return bit
            case OneOf(members=members):
                if len(members) == 1:
                    return self._equality(atom)
                bit = self._bit(atom)
                self._membership(atom, bit)
                return bit

    def _bit(self, atom: AtLeast | OneOf) -> Expr:
        """A bit of the prover's own, 0 where the column is null."""
        b = self._builder
        bit = b.bit(self._source, f"bit/{len(self._bits)}", lambda: holds(atom, self._source.extent.rows))
        b.require(self._source, bit * b.null(atom.column))
        return bit

    def _threshold(self, atom: AtLeast, bit: Expr) -> None:
        b, c = self._builder, atom.threshold
        low, high = interval(atom.column)
        x, null = b.value(atom.column)
        width = max(high - c, c - 1 - low).bit_length()
        b.nonnegative(self._source, bit * (2 * (x - c) + 1) - (x - (c - 1)), width, b.negated(null))

    def _three_ways(self, column: SourceColumn) -> tuple[Expr, Expr, Expr]:
        """Bits of x < first or null, first <= x < last, last <= x, from one column of -1, 0, 1."""
        b, source = self._builder, self._source
        first, last = sorted(self._thresholds[column])
        low, high = interval(column)
        null, (x, _) = b.null(column), b.value(column)
        place = b.aux(source, f"place/{column.number}", lambda: self._places(column, first, last))
        half = b.half()
        inside = b.certified(1 - place * place)
        below, above = (b.certified(half * (place * (place + side))) for side in (-1, 1))
        b.require(source, place * inside)
        b.require(source, null * (place + 1))
        distance = inside * (x - first) + below * (first - 1 - x) + above * (x - last)
        width = max(high - last, first - 1 - low, last - 1 - first).bit_length()
        b.nonnegative(
            source, distance, width, b.negated(null), cells=lambda: self._distances(column, first, last)
        )
        b.nonnegative(source, last - 1 - x, (last - 1 - first).bit_length(), inside)
        return below, inside, above

    def _ways_of(self, column: SourceColumn) -> tuple[Expr, Expr, Expr]:
        if column not in self._ways:
            self._ways[column] = self._three_ways(column)
        return self._ways[column]

    def _places(self, column: SourceColumn, first: int, last: int) -> npt.NDArray[np.int64]:
        rows = self._source.extent.rows
        at_least = [holds(AtLeast(column, each), rows).astype(np.int64) for each in (first, last)]
        return at_least[0] + at_least[1] - 1

    def _distances(self, column: SourceColumn, first: int, last: int) -> witness.Words:
        x = witness.words(self._values(column))
        place = self._places(column, first, last)
        with np.errstate(over="ignore"):
            up, down = (x - np.uint64(each % 2**64) for each in (first, last))
            return np.where(place == 0, up, np.where(place < 0, np.uint64(2**64 - 1) - up, down))

    def _equality(self, atom: OneOf) -> Expr:
        """1 - (x - c) iv, with iv the inverse where there is one; no bit of its own is needed."""
        b, source, column = self._builder, self._source, atom.column
        (member,) = atom.members
        head, null = self._head(column)
        present = b.negated(null)
        difference = head - _head_of(member)
        inverse = b.aux(source, f"inverse/{column.number}/{len(self._bits)}", lambda: self._inverses(atom))
        equal = 1 - difference * inverse
        b.require(source, present * (difference * equal))
        bit = b.certified(present * equal)
        if isinstance(member, tuple):
            b.require(source, bit * (b.column(column, "tail") - member[1]))
        return bit

    def _membership(self, atom: OneOf, bit: Expr) -> None:
        b, source, column = self._builder, self._source, atom.column
        head, null = self._head(column)
        inverse = b.aux(source, f"inverse/{column.number}/{len(self._bits)}", lambda: self._inverses(atom))
        among = absent = b.constant(1)
        for member in atom.members:
            difference = head - _head_of(member)
            absent = absent * difference
            if isinstance(member, tuple):
                delta = b.challenge("delta")
                difference = difference + delta * (b.column(column, "tail") - member[1])
            among = among * difference
        b.require(source, bit * among)
        b.require(source, (1 - bit - null) * (absent * inverse - 1))

    def _head(self, column: SourceColumn) -> tuple[Expr, Expr]:
        """The cells that tell values apart, and the nulls."""
        if column.type.is_hashed:
            return self._builder.column(column, "head"), self._builder.null(column)
        return self._builder.value(column)

    def _values(self, column: SourceColumn) -> Cells:
        assert column.source.table is not None
        return column.source.table.columns[column.number].data[_HEAD]

    def _inverses(self, atom: OneOf) -> Cells:
        cells = self._values(atom.column)
        roots = [_head_of(member) for member in atom.members]
        return witness.inverses(witness.words(cells), cells.dtype == np.int64, roots)


def _head_of(member: Member) -> int:
    return member[_HEAD] if isinstance(member, tuple) else member
