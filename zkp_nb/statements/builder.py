"""The compiler from statements to programs.

Whoever writes a statement says what it means; the builder adds what soundness needs: masks, boolean
constraints, limbs, multiplicities, challenges, the grouping of fractions into helpers. What would be
unsound cannot be written: a sum or a constraint without its table's mask, a weight that is not known
to be 0 or 1, a helper in a denominator, cells of tables of different extent compared by position.
The rules are specified in docs/specification/statements.md; two implementations agree to the bit.

The same run makes the witness, where the tables are at hand. The program never depends on it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from zkp_nb.errors import StatementError
from zkp_nb.ledger.records import DatasetRecord
from zkp_nb.srs import BLINDING, LANES, MIN_DEPTH
from zkp_nb.statements.expr import Entry, Expr, Graph
from zkp_nb.statements.families import Family
from zkp_nb.statements.helpers import Arrangement, Fraction, arranged, together
from zkp_nb.statements.program import (
    MAX_DEGREE,
    Aux,
    Commitment,
    Extent,
    Helper,
    Operand,
    Program,
    Public,
    Sum,
)
from zkp_nb.statements.ranges import Ranges, Values, of_ranges, range_depth
from zkp_nb.statements.sources import Cell, Source, SourceColumn, common_units
from zkp_nb.statements.witness import LIMB_BITS, Words, evaluate, words
from zkp_nb.table import Table
from zkp_nb.table.cells import Cells

_SHARED: Final = frozenset({"_records", "_tables", "_graph", "_known"})
"""What builders of several programs about the same tables have in common."""

_FOREIGN = "A constraint may only speak of tables with the same rows in the same places."


class Builder:
    """Compiles one program.

    Args:
        records: the records of the datasets that the statement names, by id.
        tables: their data, where the witness is wanted.
    """

    def __init__(
        self, records: Mapping[str, DatasetRecord], tables: Mapping[str, Table] | None = None
    ) -> None:
        self._records = records
        self._tables = tables
        self._graph = Graph()
        self._known: dict[str, Source] = {}
        self._empty()

    def _empty(self, limb_bits: int = LIMB_BITS) -> None:
        self._sources: dict[str, Source] = {}
        self._commitments: dict[Commitment, Extent] = {}
        self._numbers: dict[Commitment, int] = {}
        self._public: dict[Public, Expr] = {}
        self._challenges: dict[str, Expr] = {}
        self._operands: dict[tuple[tuple[Expr, int], ...], Expr] = {}
        self._operand_list: list[Operand] = []
        self._plain: set[tuple[tuple[int, Cell], ...]] = set()
        self._aux: list[Aux] = []
        self._constraints: dict[Expr, None] = {}
        self._sums: dict[tuple[Expr, Expr, Expr], None] = {}
        self._families: list[Family] = []
        self._ranges = Ranges(limb_bits)
        self._homes: dict[Expr, Extent] = {}
        self._bits: set[Expr] = set()
        self._cells: dict[Expr, Words] = {}
        self._aux_cells: list[Cells] = []

    def other(self, limb_bits: int | None = None) -> Builder:
        """A builder of another program about the same tables, with nothing said yet."""
        twin = copy.copy(self)
        twin._empty(limb_bits or self.limb_bits)
        return twin

    def copy(self) -> Builder:
        """A builder that goes on from what is said so far."""
        twin = self.other()
        for name in vars(twin).keys() - _SHARED:
            setattr(twin, name, copy.copy(getattr(self, name)))
        return twin

    # -- tables, columns, challenges ------------------------------------------------------------

    @property
    def proving(self) -> bool:
        """Whether the data are at hand and a witness is made."""
        return self._tables is not None

    def table(self, dataset: str) -> Source:
        """The committed table of that id.

        Raises:
            StatementError: its record is missing, or its commitments belong to another set-up.
        """
        if dataset not in self._known:
            record = self._records.get(dataset)
            if record is None:
                raise StatementError(f"The record of dataset {dataset[:12]} is missing.")
            if any(each.record.srs_id != record.srs_id for each in self._known.values()):
                raise StatementError(
                    "The tables are committed under different set-ups.",
                    todo="Commit all of them again under one set-up.",
                )
            table = None if self._tables is None else self._tables[dataset]
            self._known[dataset] = Source(dataset, record, table)
        return self._sources.setdefault(dataset, self._known[dataset])

    def constant(self, value: int) -> Expr:
        """A public integer."""
        return self._graph.lift(value)

    def half(self) -> Expr:
        """The inverse of 2."""
        return self.inverse(self.constant(2))

    def inverse(self, scalar: Expr) -> Expr:
        """The inverse of a scalar; a proof is refused where that is 0."""
        return self._graph.inv(scalar)

    def fractions(self, gamma: Expr, alpha: Expr, delta: Expr, entries: Sequence[Entry]) -> Expr:
        """The sum of public fractions; a proof is refused where a denominator is 0."""
        return self._graph.fractions(gamma, alpha, delta, entries)

    def challenge(self, label: str) -> Expr:
        """A challenge of step 1; drawn in the order in which the labels first occur."""
        if label not in self._challenges:
            self._challenges[label] = self._graph.leaf("ch", len(self._challenges))
        return self._challenges[label]

    def powers(self, challenge: Expr, count: int) -> list[Expr]:
        """challenge^0 to challenge^(count-1)."""
        return self._graph.powers(challenge, count)

    def operand(self, label: str, terms: Sequence[tuple[Expr | int, Cell]]) -> Expr:
        """A linear combination of committed columns with scalar coefficients; equal ones are one operand."""
        extents = {cell.source.extent for _, cell in terms}
        if len(extents) != 1:
            raise StatementError("Columns of tables of different size cannot be added row by row.")
        numbered = []
        for coefficient, cell in terms:
            commitment = Commitment(cell.source.dataset, cell.column, cell.part)
            self._commitments.setdefault(commitment, cell.source.extent)
            at = self._numbers.setdefault(commitment, len(self._numbers))
            scalar = self._graph.lift(coefficient)
            assert scalar.scalar
            numbered.append((scalar, at))
        key = tuple(numbered)
        if all(scalar.kind == "c" for scalar, _ in key):
            self._plain.add(
                tuple((scalar.value, cell) for (scalar, _), (_, cell) in zip(key, terms, strict=True))
            )
        if key not in self._operands:
            operand = self._graph.leaf("op", len(self._operands))
            self._operands[key] = operand
            self._operand_list.append(Operand(label, key))
            self._homes[operand] = extents.pop()
            if self.proving and len(terms) == 1 and numbered[0][0] is self.constant(1):
                self._cells[operand] = words(_cells(terms[0][1]))
        return self._operands[key]

    def column(self, column: SourceColumn, part: str = "value") -> Expr:
        """One committed column as it is."""
        label = f"{column.source.dataset[:8]}/{column.number}/{part}"
        return self.operand(label, [(1, column.cell(part))])

    def null(self, column: SourceColumn) -> Expr:
        """1 where the column is null: 0 where it has no companion, else the companion, proven boolean."""
        if not column.nullable:
            return self.constant(0)
        return self.committed_bit(column, "null")

    def value(self, column: SourceColumn) -> tuple[Expr, Expr]:
        """The cells of a column that is not hashed, and its nulls, proven to be 0 where null."""
        value, null = self.column(column), self.null(column)
        self.require(column.source, null * value)
        return value, null

    def fingerprint(
        self, columns: Sequence[SourceColumn], alpha: Expr, units: Sequence[int] | None = None
    ) -> Expr:
        """One value for each row: sum of alpha^k f_k, each column's parts followed by its null companion.

        An absent companion takes its power all the same, so that tables compare whether nullable or not.
        """
        slots: list[tuple[int, Cell | None]] = []
        for column, unit in zip(columns, units or [1] * len(columns), strict=True):
            slots += [(unit, column.cell(part)) for part in column.parts]
            slots.append((1, column.null))
        powers = self.powers(alpha, len(slots))
        terms = [(power * unit, cell) for power, (unit, cell) in zip(powers, slots, strict=True) if cell]
        return self.operand(f"{columns[0].source.dataset[:8]}/row", terms)

    def powers_after(self, columns: Sequence[SourceColumn], alpha: Expr, count: int) -> list[Expr]:
        """The powers of `alpha` that follow those which a fingerprint of the columns takes."""
        slots = sum(len(column.parts) + 1 for column in columns)
        return self.powers(alpha, slots + count)[slots:]

    def fingerprints(self, tables: Sequence[Sequence[SourceColumn]], alpha: Expr) -> list[Expr]:
        """Fingerprints of the rows of several tables that can be compared, column by column.

        Raises:
            StatementError: the types of two columns cannot be compared.
        """
        units = [common_units(columns) for columns in zip(*tables, strict=True)]
        return [
            self.fingerprint(columns, alpha, [unit[at] for unit in units])
            for at, columns in enumerate(tables)
        ]

    # -- bits -----------------------------------------------------------------------------------

    def aux(self, source: Source, label: str, cells: Callable[[], Cells]) -> Expr:
        """A column of the prover's own, one cell for each row of the table; `cells` gives its witness."""
        return self._add_aux(label, source.extent, cells)

    def bit(self, source: Source, label: str, cells: Callable[[], Cells]) -> Expr:
        """A column of the prover's own, proven to be 0 or 1 on every row."""
        bit = self.aux(source, label, cells)
        self.require(source, bit * (bit - 1))
        return self.certified(bit)

    def committed_bit(self, column: SourceColumn, part: str = "value") -> Expr:
        """A committed column, proven to be 0 or 1 on every row."""
        bit = self.column(column, part)
        self.require(column.source, bit * (bit - 1))
        return self.certified(bit)

    def certified(self, bit: Expr, cells: Callable[[], Cells] | None = None) -> Expr:
        """Marks an expression that constraints of the caller force to be 0 or 1.

        Args:
            cells: its values, where they cannot be computed from it modulo 2^64.
        """
        self._bits.add(bit)
        if cells and self.proving:
            self._cells[bit] = words(cells())
        return bit

    def is_bit(self, expr: Expr) -> bool:
        """Whether it is known to be 0 or 1 on every row."""
        return expr in self._bits or (expr.kind == "c" and expr.value in (0, 1))

    def negated(self, bit: Expr) -> Expr:
        """1 - bit."""
        assert self.is_bit(bit)
        return self.certified(1 - bit)

    def both(self, a: Expr, b: Expr) -> Expr:
        """a and b."""
        assert self.is_bit(a)
        assert self.is_bit(b)
        return self.certified(a if a is b else a * b)

    # -- places ---------------------------------------------------------------------------------

    def index(self, source: Source) -> Expr:
        """The number of a row, from 0."""
        rows = source.extent.rows
        return self._placed(self._publish("index", source.extent), lambda: np.arange(rows, dtype=np.uint64))

    def first(self, source: Source, count: int) -> Expr:
        """1 on the first `count` rows, 0 on the others."""
        rows, depth = source.extent.rows, source.extent.depth
        assert 0 <= count <= rows
        if count in (0, rows):
            return self.constant(int(count == rows))
        cut = self._publish("mask", Extent(depth, count))
        return self.certified(self._placed(cut, lambda: (np.arange(rows) < count).astype(np.uint64)))

    # -- what is claimed ------------------------------------------------------------------------

    def require(self, source: Source, expr: Expr) -> None:
        """`expr` is 0 on every row of the table. Saying it twice adds nothing."""
        self.check_home(source, expr)
        if expr.kind == "c" and expr.value == 0:
            return
        self._constraints[self._mask(source.extent) * expr] = None

    def sum(self, source: Source, expr: Expr, value: Expr) -> None:
        """The sum of `expr` over the rows of the table is `value`, a scalar."""
        self.check_home(source, expr)
        assert value.scalar
        for leaf in expr.leaves:
            if leaf.kind == "op":
                self._check_summable(leaf)
        self._sums[self._mask(source.extent), expr, value] = None

    def count(self, source: Source, bit: Expr, number: int) -> None:
        """Exactly that many rows have the bit."""
        assert self.is_bit(bit)
        self.check_home(source, bit)
        self._sums[self._mask(source.extent), bit, self.constant(number)] = None

    def vacant(self, source: Source, expr: Expr) -> None:
        """`expr` is 0 on every cell of the table's own grid beyond its rows."""
        self.check_home(source, expr)
        depth, rows = source.extent
        whole = Extent(depth, (depth - BLINDING) * LANES)
        if rows < whole.rows:
            self._constraints[(self._mask(whole) - self._mask(source.extent)) * expr] = None

    def family(self) -> Family:
        """A new equation between two multisets."""
        family = Family(self, len(self._families))
        self._families.append(family)
        return family

    def range(
        self,
        source: Source,
        expr: Expr,
        width: int,
        weight: Expr | int = 1,
        cells: Callable[[], Words] | None = None,
    ) -> None:
        """`expr` lies in [0, 2^width) on every row of weight 1. Saying it twice adds nothing.

        Limbs of `limb_bits` against one table of all their values. The lowest limb is what the others leave of
        the expression and is not committed. Where the width is no multiple of theirs, the highest limb shifted
        up is looked up too.

        Args:
            cells: the values of `expr` modulo 2^64, where they cannot be computed from it.
        """
        self._ranges.range(self, Values(source, expr, self._graph.lift(weight), cells), width)

    def nonnegative(
        self,
        source: Source,
        expr: Expr,
        width: int,
        weight: Expr | int = 1,
        cells: Callable[[], Words] | None = None,
    ) -> None:
        """`expr` is not negative on every row of weight 1, and below 2^width, rounded up to whole limbs.

        For where the sign is all that matters: a range of that width takes one lookup more where limbs do not
        divide it.
        """
        self._ranges.nonnegative(self, Values(source, expr, self._graph.lift(weight), cells), width)

    def within(self, source: Source, expr: Expr, low: int, high: int, weight: Expr | int = 1) -> None:
        """`low <= expr <= high` on every row of weight 1. Saying it twice adds nothing.

        A range says it where the interval has 2^w values. Narrow ones take a range from either end; wide ones are
        covered by two intervals of 2^w values, and a bit says in which one the value is.
        """
        self._ranges.within(self, Values(source, expr, self._graph.lift(weight)), low, high)

    # -- checks ---------------------------------------------------------------------------------

    def weighted(self, source: Source, weight: Expr | int) -> Expr:
        """The table's mask times a weight that is known to be 0 or 1."""
        lifted = self._graph.lift(weight)
        self.check_home(source, lifted)
        if not self.is_bit(lifted):
            raise StatementError("A weight must be proven to be 0 or 1.")
        return self.masked(source, lifted)

    def masked(self, source: Source, expr: Expr) -> Expr:
        """The table's mask times an expression of its cells."""
        self.check_home(source, expr)
        return self._mask(source.extent) * expr

    def check_home(self, source: Source, expr: Expr) -> None:
        """Refuses an expression with cells of a table of another extent."""
        if any(self._homes.get(leaf) != source.extent for leaf in expr.leaves if leaf.kind != "pub"):
            raise StatementError(
                "Rows of tables of different size cannot be compared by position.", why=_FOREIGN
            )

    def _check_summable(self, operand: Expr) -> None:
        commitments = list(self._commitments)
        for _, at in self._operand_list[operand.value].terms:
            dataset, number, part = commitments[at]
            column = self._sources[dataset].columns[number]
            if part != "null" and not column.type.numeric:
                raise StatementError(f"Column {column.name!r} is {column.type.describe()} and has no sum.")

    # -- the program ----------------------------------------------------------------------------

    def build(self, arrangement: Arrangement | None = None) -> Program:
        """The program.

        Args:
            arrangement: `arrangement()`, where it is known.

        Raises:
            ProgramTooLarge: it does not fit into one proof.
        """
        draft = self.copy()
        fractions = draft._closed()
        return draft._program(arrangement or draft._arranged(fractions))

    def arrangement(self) -> Arrangement:
        """How the program's fractions fill helpers, and what a proof costs."""
        draft = self.copy()
        return draft._arranged(draft._closed())

    @property
    def depth(self) -> int:
        """The program's `A`: the largest of its columns', and that of the range table where it has one."""
        columns = (*self._commitments.values(), *(each.extent for each in self._aux))
        publics = (each.extent for each in self._public)
        depth = max((extent.depth for extent in (*columns, *publics)), default=MIN_DEPTH)
        return max(depth, range_depth(self.limb_bits)) if self.has_ranges else depth

    @property
    def limb_bits(self) -> int:
        """Bits of the limbs of ranges."""
        return self._ranges.limb_bits

    @property
    def has_ranges(self) -> bool:
        """Whether anything is looked up in the range table."""
        return bool(self._ranges.lookups)

    def with_limbs(self, bits: int) -> Builder | None:
        """A builder of limbs of other widths that goes on from here; None where something was said of limbs."""
        if not self._ranges.untouched:
            return None
        twin = self.copy()
        twin._ranges = Ranges(bits)
        return twin

    @property
    def n_terms(self) -> int:
        """How many terms all operands have together."""
        return sum(len(operand.terms) for operand in self._operand_list)

    def least_columns_with(self, other: Builder) -> int:
        """How many columns the program has at least if what another builder was told is said to this one, too."""
        fractions = [*self._ranges.lookups, *(each for family in self._families for each in family.fractions)]
        degrees = sum(denominator.degree for _, denominator in fractions) + self.has_ranges
        helpers = -(-degrees // (MAX_DEGREE - 1)) or bool(other.has_ranges or other._families)
        # Operands with challenges may turn out to be the same, and then the ranges of them, too.
        more = other._plain - self._plain
        strange = len(more) == len(other._operands)
        aux = sum(strange or not of_ranges(each) for each in other._aux)
        aux += len(self._aux) + (self.has_ranges or other.has_ranges)
        return len(self._operands) + len(more) + aux + helpers

    def _closed(self) -> list[Fraction]:
        """All fractions, after the range table's side is added where something is looked up."""
        fractions = [fraction for family in self._families for fraction in family.fractions]
        if self.has_ranges:
            table = self._ranges.table(self.depth)
            extent, count = table.extent, self._graph.leaf("aux", len(self._aux))
            self._aux.append(table)
            index = self._publish("index", extent)
            last = (0 - self._mask(extent) * count, self.challenge("range/gamma") + index)
            fractions += [*self._ranges.lookups, last]
        return fractions

    def _arranged(self, fractions: Sequence[Fraction]) -> Arrangement:
        aux = len(self._aux)
        sums = (mask * expr for mask, expr, _ in self._sums)
        return arranged(self.depth, len(self._operands) + aux, aux, fractions, self._constraints, sums)

    def _program(self, arrangement: Arrangement) -> Program:
        constraints = list(self._constraints)
        helpers = []
        for at, group in enumerate(arrangement.groups):
            helper = self._graph.leaf("h", at)
            numerator, denominator = together(group)
            constraints.append(helper * denominator - numerator)
            helpers.append(Helper(f"helper/{at}", tuple(group)))
        sums = list(self._sums)
        if helpers:
            total = self.constant(0)
            for at in range(len(helpers)):
                total = total + self._graph.leaf("h", at)
            selected = self._mask(Extent(self.depth, (self.depth - BLINDING) * LANES))
            public = self.constant(0)
            for family in self._families:
                public = public + family.public
            sums.append((selected, total, public))
        return Program(
            depth=self.depth,
            extents=tuple(self._commitments.values()),
            commitments=tuple(self._commitments),
            public=tuple(self._public),
            challenges=tuple(self._challenges),
            operands=tuple(self._operand_list),
            aux=tuple(self._aux),
            helpers=tuple(helpers),
            constraints=tuple(constraints),
            sums=tuple(Sum(mask.value, expr, value) for mask, expr, value in sums),
        )

    def witness(self) -> list[Cells]:
        """The cells of the aux columns, in the program's order.

        Vectors of uint16, int64, uint64 or bool, or (n, 32) uint8: little-endian field elements.
        """
        assert self.proving
        return [
            *self._aux_cells,
            *([self._ranges.counts()] if self.has_ranges else []),
        ]

    # -- inside ---------------------------------------------------------------------------------

    def _placed(self, public: Expr, cells: Callable[[], Words]) -> Expr:
        if self.proving:
            self._cells[public] = cells()
        return public

    def _publish(self, kind: str, extent: Extent) -> Expr:
        public = Public(kind, extent)
        if public not in self._public:
            self._public[public] = self._graph.leaf("pub", len(self._public))
        return self._public[public]

    def _mask(self, extent: Extent) -> Expr:
        return self._publish("mask", extent)

    def _add_aux(self, label: str, extent: Extent, cells: Callable[[], Cells]) -> Expr:
        expr = self._graph.leaf("aux", len(self._aux))
        self._aux.append(Aux(label, extent))
        self._homes[expr] = extent
        if self.proving:
            vector = cells()
            self._aux_cells.append(vector)
            if vector.ndim == 1:
                self._cells[expr] = words(vector)
        return expr

    def evaluate(self, expr: Expr) -> Words | np.uint64:
        """Values of an expression of plain columns, modulo 2^64; needs the data."""
        return evaluate(expr, self._cells)


def _cells(cell: Cell) -> Cells:
    assert cell.source.table is not None
    column = cell.source.table.columns[cell.column]
    return next(part.cells for part in column.parts if part.label == cell.part)
