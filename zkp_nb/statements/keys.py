"""Keys: no value occurs twice, and every value of one table occurs in another.

Distinctness needs no sorted copy. Each row is given a successor, f + 1 + gap with a gap that is not negative,
except one row; successors and values are the same multiset. A permutation whose every step but one goes
up is a single path, so that all values differ. What is shown distinct may be any function of the key: where
that differs, the key does. Text is told apart by the first 64 bits of its hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import Annotated, ClassVar, Final

import numpy as np
import numpy.typing as npt
from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import hash_rows
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.facts import Fact, Name, Names, distinct
from zkp_nb.statements.program import ProgramTooLarge
from zkp_nb.statements.ranges import MAX_WIDTH
from zkp_nb.statements.resolved import interval
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import Source, SourceColumn
from zkp_nb.statements.statement import (
    Statement,
    count_of,
    listed,
    name_of,
    quoted,
    register,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import cells_of, present_of
from zkp_nb.statements.witness import Words, words
from zkp_nb.table import vectors
from zkp_nb.table.cells import Cells

_HEAD_BITS: Final = 64
_STEP: Final = "Convert or drop a column, or declare narrower widths for columns of whole numbers."


@register
class Unique(Fact):
    """No two rows have the same values in the columns; rows with a null in one of them are left out.

    Attributes:
        columns: the key.
    """

    kind: ClassVar[str] = "unique"
    result_fields: ClassVar[frozenset[str]] = frozenset()

    columns: Annotated[tuple[Name, ...], Field(min_length=1, max_length=4)]

    def sentence(self, names: Mapping[str, str]) -> str:
        table = name_of(names, self.inputs[0])
        if len(self.columns) == 1:
            return f"No value of {quoted(self.columns[0])} occurs twice in {table}, nulls aside."
        columns = listed(map(quoted, self.columns))
        return f"No two rows of {table} have the same {columns}, rows with a null there aside."

    def compile(self, builder: Builder) -> None:
        source, columns = self.columns_of(builder, self.columns)
        compile_distinct(builder, source, columns)


def compile_distinct(builder: Builder, source: Source, columns: Sequence[SourceColumn]) -> Expr:
    """No two active rows have the same key.

    Returns:
        The bit of the active rows: those where no column is null.
    """
    key = _Key(columns)
    cells = [_ordered(builder, column) for column in columns]
    active = builder.constant(1)
    for _, null in cells:
        active = builder.both(active, builder.negated(null))
    if key.narrow:
        _narrow(builder, source, key, [x for x, _ in cells], active)
    else:
        _wide(builder, source, key, [x for x, _ in cells], active)
    return active


def _narrow(builder: Builder, source: Source, key: _Key, cells: Sequence[Expr], active: Expr) -> None:
    """The whole key is one number of at most 64 bits."""
    value = key.joined(builder, cells)
    after = builder.aux(source, "after", partial(key.after_of, 0))
    last = builder.bit(source, "last", lambda: key.last)
    builder.count(source, last, 1)
    step = builder.both(active, builder.negated(last))
    builder.nonnegative(source, after - value - 1, key.width, step, cells=lambda: key.gaps)
    family = builder.family()
    family.left(source, value, active)
    family.right(source, after, active)


def _wide(builder: Builder, source: Source, key: _Key, cells: Sequence[Expr], active: Expr) -> None:
    """Two numbers: the first goes up, or stays while the second goes up.

    `way` is 0 where the first goes up, 1 where it stays, -1 on the last row.
    """
    if len(cells) != 2:
        raise ProgramTooLarge("A key of more than two columns has at most 64 bits in one proof.", todo=_STEP)
    a, b = cells
    afters = [builder.aux(source, f"after/{at}", partial(key.after_of, at)) for at in range(2)]
    way = builder.aux(source, "way", lambda: key.ways)
    half = builder.half()
    up = builder.certified(1 - way * way)
    stays = builder.certified(half * (way * (way + 1)))
    last = builder.certified(half * (way * (way - 1)), lambda: key.last)
    builder.require(source, way * up)
    builder.count(source, last, 1)
    builder.require(source, stays * (afters[0] - a))
    gap = up * (afters[0] - a - 1) + stays * (afters[1] - b - 1)
    step = builder.both(active, builder.negated(last))
    builder.nonnegative(source, gap, key.width, step, cells=lambda: key.gaps)
    family = builder.family()
    family.left(source, a + family.alpha * b, active)
    family.right(source, afters[0] + family.alpha * afters[1], active)


def _ordered(builder: Builder, column: SourceColumn) -> tuple[Expr, Expr]:
    """The cells that tell values apart, and the nulls."""
    if column.type.is_hashed:
        return builder.column(column, "head"), builder.null(column)
    interval(column)
    return builder.value(column)


class _Key:
    """The key of every row, its order, and the path through it."""

    def __init__(self, columns: Sequence[SourceColumn]) -> None:
        self.columns = columns
        bounds = [(0, (1 << _HEAD_BITS) - 1) if c.type.is_hashed else interval(c) for c in columns]
        self.lows = [low for low, _ in bounds]
        self.widths = [(high - low).bit_length() for low, high in bounds]
        self.narrow = len(columns) == 1 or sum(self.widths) <= MAX_WIDTH
        self.width = sum(self.widths) if self.narrow else max(self.widths)

    def joined(self, builder: Builder, cells: Sequence[Expr]) -> Expr:
        """The key as one number: the columns' cells above their least ones, side by side."""
        total = builder.constant(0)
        for cell, low, width in zip(cells, self.lows, self.widths, strict=True):
            total = total * (1 << width) + (cell - low)
        return total

    @cached_property
    def numbers(self) -> list[Words]:
        """One vector of a narrow key, one for each column of a wide one; above the least cells."""
        parts = []
        with np.errstate(over="ignore"):
            for column, low in zip(self.columns, self.lows, strict=True):
                parts.append(words(cells_of(column)) - np.uint64(low % 2**64))
            if not self.narrow or len(parts) == 1:
                return parts
            total = np.zeros_like(parts[0])
            for part, width in zip(parts, self.widths, strict=True):
                total = (total << np.uint64(width)) | part
        return [total]

    @cached_property
    def active(self) -> npt.NDArray[np.bool_]:
        """Rows in which no column is null."""
        return _active(self.columns)

    @cached_property
    def order(self) -> npt.NDArray[np.intp]:
        """The active rows in ascending order of their keys."""
        rows = np.flatnonzero(self.active)
        *others, last = (number[rows] for number in self.numbers)
        order = vectors.argsort(last)
        for number in reversed(others):
            order = order[vectors.argsort(number[order])]
        return rows[order]

    @property
    def repeated(self) -> int:
        """How many active rows have the key of another one that comes before them."""
        ordered = [vector[self.order] for vector in self.numbers]
        same = np.ones(max(0, len(self.order) - 1), np.bool_)
        for vector in ordered:
            same &= vector[1:] == vector[:-1]
        return int(np.count_nonzero(same))

    def after_of(self, at: int) -> Cells:
        """Of that number, the one in the key that follows each row's; the last is followed by the first.

        Cells of a narrow key count from its least value, those of a wide one are the columns' own.
        """
        cells = self.numbers[0] if self.narrow else cells_of(self.columns[at])
        following = np.zeros_like(cells)
        following[self.order] = np.roll(cells[self.order], -1)
        return following

    @property
    def last(self) -> npt.NDArray[np.bool_]:
        """The row with the greatest key; any where all are left out."""
        bits = np.zeros(len(self.active), np.bool_)
        bits[self.order[-1] if len(self.order) else 0] = True
        return bits

    @property
    def ways(self) -> npt.NDArray[np.int64]:
        """Of a wide key: 1 where the first column stays, -1 on the last row, else 0."""
        ways = np.zeros(len(self.active), np.int64)
        first = self.numbers[0][self.order]
        ways[self.order[:-1]] = first[1:] == first[:-1]
        ways[self.last] = -1
        return ways

    @property
    def gaps(self) -> Words:
        """What lies between each key and the next, 0 on the last row and on those left out."""
        gaps = np.zeros(len(self.active), np.uint64)
        ordered = [vector[self.order] for vector in self.numbers]
        steps = [vector[1:] - vector[:-1] for vector in ordered]
        gap = steps[0] if len(steps) == 1 else np.where(steps[0] == 0, steps[1], steps[0])
        gaps[self.order[:-1]] = gap - np.uint64(1)
        return gaps


def state_unique(subject: Subject, names: Sequence[str]) -> Unique:
    """States that no key occurs twice.

    Raises:
        StatementFalse: some do.
        StatementError: the columns are too wide for one proof, or two texts have hashes with the same start.
    """
    columns = distinct(source_of(subject), names)
    statement = Unique(inputs=(subject.dataset_id,), columns=tuple(names))
    try:
        statement.programs({subject.dataset_id: subject.record})
    except ProgramTooLarge as error:
        raise StatementError(
            f"The key {listed(names)} is too wide for one proof of 1,024 bytes.",
            why=error.what,
            todo=error.todo or _STEP,
        ) from None
    key = _Key(columns)
    repeated = key.repeated
    if not repeated:
        return statement
    (hashes,) = hash_rows([columns])
    whole = hashes[key.active]
    really = vectors.repeated(whole)
    if not really:
        raise StatementError(
            "Two different texts have hashes that start with the same 64 bits.",
            why="The proof tells texts apart by these bits. Of tables of a million texts, one in 30 million has such.",
            todo="Name one more column.",
        )
    raise StatementFalse(
        f"{count_of(really, 'row')} of `{subject.name}` {'repeats' if really == 1 else 'repeat'} the "
        f"{listed(names)} of another row.",
        why="A key occurs once.",
    )


@register
class InKey(Statement):
    """The values of every row of the first input are in the columns of the second, rows with a null aside.

    The second table's columns need not be a key; `unique` says whether they are.

    Attributes:
        columns: of the first input.
        key: of the second, in the same order.
    """

    kind: ClassVar[str] = "in-key"
    shape: ClassVar[tuple[int, int, int] | None] = (2, 0, 0)

    columns: Names
    key: Names

    def sentence(self, names: Mapping[str, str]) -> str:
        table, other = (name_of(names, each) for each in self.inputs)
        what = "value" if len(self.columns) == 1 else "combination of values"
        where = f"{listed(map(quoted, self.key))} of {other}"
        return f"Every {what} of {listed(map(quoted, self.columns))} in {table} that is not null occurs in {where}."

    def compile(self, builder: Builder) -> None:
        source, other = (builder.table(each) for each in self.inputs)
        columns, key = matched(source, self.columns, other, self.key)
        family = builder.family()
        left, right = builder.fingerprints([columns, key], family.alpha)
        present = builder.constant(1)
        for column in columns:
            present = builder.both(present, builder.negated(builder.null(column)))
        family.left(source, left, present)
        family.among(other, right, "occurrences", lambda: _occurrences(columns, key))


def matched(
    source: Source, names: Sequence[str], other: Source, key: Sequence[str]
) -> tuple[list[SourceColumn], list[SourceColumn]]:
    """The columns of two tables that are compared.

    Raises:
        StatementError: they are not as many, or one does not exist.
    """
    if len(names) != len(key):
        raise StatementError("A key has as many columns as what is looked up in it.")
    return distinct(source, names), distinct(other, key)


def _occurrences(columns: Sequence[SourceColumn], key: Sequence[SourceColumn]) -> Cells:
    """How often each row of the key is looked up; of equal rows the first."""
    hashes, keys = hash_rows([columns, key])
    hashes = hashes[_active(columns)]
    return vectors.occurrences(keys, hashes)


def _active(columns: Sequence[SourceColumn]) -> npt.NDArray[np.bool_]:
    active: npt.NDArray[np.bool_] = np.logical_and.reduce([present_of(column) for column in columns])
    return active


def state_in_key(subject: Subject, names: Sequence[str], other: Subject, key: Sequence[str]) -> InKey:
    """States that every value occurs in another table's columns.

    Raises:
        StatementFalse: some do not.
        StatementError: the columns cannot be compared.
    """
    columns, keys = matched(source_of(subject), names, source_of(other), key)
    hashes, there = hash_rows([columns, keys])
    absent = int(np.count_nonzero(~vectors.known(there, hashes[_active(columns)])))
    if absent:
        raise StatementFalse(
            f"{count_of(absent, 'value')} of {listed(names)} in `{subject.name}` "
            f"{'is' if absent == 1 else 'are'} not among {listed(key)} of `{other.name}`.",
            why="Every value that is not null must occur.",
        )
    return InKey(inputs=(subject.dataset_id, other.dataset_id), columns=tuple(names), key=tuple(key))
