"""Whether a table has stated rows: membership and absence of public values.

The rows of a list are there where some rows, one for each, are the list. They are absent where a number that rows
with the same values have in common is another one on every row: the difference has an inverse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Self, TypeVar

import numpy as np
from pydantic import Field, model_validator

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.distribution import MAX_LISTED, MAX_SHOWN
from zkp_nb.statements.facts import Fact, Name, distinct
from zkp_nb.statements.groups import Members, key_members
from zkp_nb.statements.matching import present
from zkp_nb.statements.packing import Task
from zkp_nb.statements.resolved import MAX_MEMBERS
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import Cell, SourceColumn
from zkp_nb.statements.statement import (
    Part,
    count_of,
    name_of,
    quoted,
    register,
    value_text,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import data_of, document_of, equal_to, marked, present_of, slots
from zkp_nb.statements.witness import inverses, words
from zkp_nb.table.cells import FIELD_MODULUS, Cells, to_ints, wide_from_ints

MAX_ABSENT: Final = 100
"""Rows in one statement of absence."""

_FIELD_BITS: Final = 253
_WORD_BITS: Final = 63
_HEAD_BITS: Final = 64
_DEGREE: Final = 13
"""Rows and nullable columns in one product."""


class Row(Part):
    """Values of the columns; None for null."""

    values: tuple[Any, ...]


class _Rows(Fact):
    """A statement about public rows.

    Attributes:
        columns: the columns whose values are named.
        rows: their values, each row once.
    """

    result_fields: ClassVar[frozenset[str]] = frozenset()

    columns: Annotated[tuple[Name, ...], Field(min_length=1, max_length=64)]
    rows: Annotated[tuple[Row, ...], Field(min_length=1, max_length=MAX_LISTED)]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if any(len(row.values) != len(self.columns) for row in self.rows):
            raise StatementError("A group of the statement has another key than its columns.")
        return self

    def members(self, columns: Sequence[SourceColumn]) -> list[Members]:
        """The cells of each row.

        Raises:
            StatementError: a row is named twice, or holds what its columns cannot.
        """
        found = [key_members(columns, row.values) for row in self.rows]
        if len(set(found)) != len(found):
            raise StatementError("The statement names a row twice.")
        return found

    def shown(self) -> str:
        """For sentences: the rows."""
        texts = [
            " and ".join(
                f"{quoted(name)} = {'null' if value is None else value_text(value)}"
                for name, value in zip(self.columns, row.values, strict=True)
            )
            for row in self.rows[:MAX_SHOWN]
        ]
        more = len(self.rows) - MAX_SHOWN
        return "; ".join([*texts, f"{more:,} more"] if more > 0 else texts)


@register
class Contains(_Rows):
    """Each of the rows is in the table, in whichever places and however often."""

    kind: ClassVar[str] = "contains"

    def sentence(self, names: Mapping[str, str]) -> str:
        table, rows = name_of(names, self.inputs[0]), self.shown()
        return f"{table} has a row with {rows}." if len(self.rows) == 1 else f"{table} has rows with {rows}."

    def compile(self, builder: Builder) -> None:
        source, columns = self.columns_of(builder, self.columns)
        members = self.members(columns)
        family = builder.family()
        row = builder.fingerprint(columns, family.alpha)
        family.left(source, row, builder.bit(source, "found", lambda: _places(columns, members)))
        family.listed([((1,), slots(columns, each)) for each in members])


@register
class Lacks(_Rows):
    """None of the rows is in the table."""

    kind: ClassVar[str] = "lacks"

    rows: Annotated[tuple[Row, ...], Field(min_length=1, max_length=MAX_ABSENT)]

    def sentence(self, names: Mapping[str, str]) -> str:
        any_of = "" if len(self.rows) == 1 else "any of "
        return f"No row of {name_of(names, self.inputs[0])} has {any_of}{self.shown()}."

    def tasks(self, builder: Builder) -> Sequence[Task]:
        _, columns = self.columns_of(builder, self.columns)
        size = min(MAX_MEMBERS, _DEGREE - sum(column.nullable for column in columns))
        if size < 1:
            raise StatementError("Too many of these columns may be null.", todo="Name fewer columns.")
        groups = range(0, len(self.rows), size)
        return [partial(self._absent, at, at + size) for at in groups]

    def _absent(self, first: int, last: int, builder: Builder) -> None:
        source, columns = self.columns_of(builder, self.columns)
        members = self.members(columns)[first:last]
        places = _Places(columns)
        there = present(builder, columns)
        number = builder.operand("number", places.terms())
        roots = [places.number(each) for each in members]
        inverse = builder.aux(source, f"inverse/{first}", lambda: places.inverses(roots))
        product = builder.constant(1)
        for root in roots:
            product = product * (number - root)
        builder.require(source, there * (product * inverse - 1))


class _Places:
    """Columns side by side in one number: rows with the same values have the same number.

    Of a hashed column the head alone. Two rows whose cells are within their types have the same number only if
    their cells are equal; nothing depends on that but that an honest proof can be made.

    Raises:
        StatementError: the columns are wider than a field element together.
    """

    def __init__(self, columns: Sequence[SourceColumn]) -> None:
        self._columns = columns
        self._shifts: list[int] = []
        total = 0
        for column in columns:
            self._shifts.append(total)
            low, high = column.type.interval() or (0, (1 << _HEAD_BITS) - 1)
            total += (high - low).bit_length()
        if total > _FIELD_BITS:
            raise StatementError(
                f"These columns have {total} bits together; {_FIELD_BITS} fit into one number.",
                todo="Name fewer columns: a row whose key is absent is absent.",
            )
        self._narrow = total <= _WORD_BITS

    def terms(self) -> list[tuple[int, Cell]]:
        """The number as a combination of columns."""
        return [
            (1 << shift, column.cell(column.parts[0]))
            for column, shift in zip(self._columns, self._shifts, strict=True)
        ]

    def number(self, members: Members) -> int:
        """That of a public row.

        Raises:
            StatementError: a value is null.
        """
        total = 0
        for member, shift in zip(members, self._shifts, strict=True):
            if member is None:
                raise StatementError(
                    "The absence of a row is stated of values that are not null.",
                    todo="Claim not_null, or leave the column out.",
                )
            total += member[0] << shift
        return total

    def inverses(self, roots: Sequence[int]) -> Cells:
        """Field inverses of prod (number - root); 0 where it is 0."""
        vectors = [data_of(column).data[0] for column in self._columns]
        if len(vectors) == 1 and vectors[0].ndim == 1:
            return inverses(words(vectors[0]), vectors[0].dtype == np.int64, roots)
        if self._narrow:
            total = np.zeros(len(vectors[0]), np.int64)
            for vector, shift in zip(vectors, self._shifts, strict=True):
                total += vector.astype(np.int64) << shift
            return inverses(words(total), True, roots)
        numbers = [0] * len(vectors[0])
        for vector, shift in zip(vectors, self._shifts, strict=True):
            numbers = [total + (cell << shift) for total, cell in zip(numbers, to_ints(vector), strict=True)]
        return _inverted(numbers, roots)


def _inverted(numbers: Sequence[int], roots: Sequence[int]) -> Cells:
    """As `inverses`, of numbers of any size, all with one inversion (Montgomery's trick)."""
    products, prefix, running = [], [], 1
    for number in numbers:
        product = 1
        for root in roots:
            product = product * (number - root) % FIELD_MODULUS
        products.append(product)
        prefix.append(running)
        running = running * (product or 1) % FIELD_MODULUS
    inverse, found = pow(running, -1, FIELD_MODULUS), [0] * len(products)
    for at in range(len(products) - 1, -1, -1):
        if products[at]:
            found[at] = inverse * prefix[at] % FIELD_MODULUS
            inverse = inverse * products[at] % FIELD_MODULUS
    return wide_from_ints(found)


# -- from the data ----------------------------------------------------------------------------------


def _found(columns: Sequence[SourceColumn], members: Sequence[Members]) -> list[int | None]:
    """The first row with the values of each; None where there is none."""
    vectors = [data_of(column).data for column in columns]
    present = [present_of(column) for column in columns]
    # Rows that could be one of them, by their first column.
    first = vectors[0][0]
    cells = {each[0][0] for each in members if each[0] is not None}
    if first.ndim == 1:
        likely = np.isin(words(first), np.array([cell % 2**64 for cell in cells], np.uint64)) | ~present[0]
        rows = np.flatnonzero(likely)
    else:
        rows = np.arange(len(first))
    vectors = [tuple(vector[rows] for vector in each) for each in vectors]
    present = [each[rows] for each in present]
    found: list[int | None] = []
    for each in members:
        same = np.ones(len(rows), np.bool_)
        for member, parts, there in zip(each, vectors, present, strict=True):
            same &= ~there if member is None else there
            for vector, cell in zip(parts, member or (), strict=False):
                same &= equal_to(vector, cell)
        found.append(int(rows[np.argmax(same)]) if same.any() else None)
    return found


def _places(columns: Sequence[SourceColumn], members: Sequence[Members]) -> Cells:
    """A row for each."""
    rows = [row for row in _found(columns, members) if row is not None]
    return marked(columns[0].source.extent.rows, np.array(rows, np.int64))


R = TypeVar("R", Contains, Lacks)


def state_rows(cls: type[R], subject: Subject, given: Sequence[Mapping[str, object]]) -> R:
    """States that rows are in a table, or that they are not.

    Args:
        given: for each row its values by column, all of the same columns; None for null.

    Raises:
        StatementFalse: it is otherwise.
        StatementError: a value cannot be one of its column.
    """
    source = source_of(subject)
    if not given or any(set(row) != set(given[0]) for row in given):
        raise StatementError(
            "Each row names a value of the same columns, one at least.", todo='Write {"id": 17}.'
        )
    most = MAX_LISTED if cls is Contains else MAX_ABSENT
    if len(given) > most:
        raise StatementError(f"One statement names at most {most:,} rows.", todo="Claim them in steps.")
    columns = distinct(source, tuple(given[0]))
    rows = tuple(
        Row(values=tuple(_document(row[column.name], column) for column in columns)) for row in given
    )
    rows = tuple(dict.fromkeys(rows))
    statement = cls(inputs=(subject.dataset_id,), columns=tuple(column.name for column in columns), rows=rows)
    statement.programs({subject.dataset_id: subject.record})
    wrong = sum((row is None) == (cls is Contains) for row in _found(columns, statement.members(columns)))
    if wrong:
        raise StatementFalse(
            f"{count_of(wrong, 'row')} of those named {'is' if wrong == 1 else 'are'} "
            f"{'' if cls is Lacks else 'not '}in `{subject.name}`.",
            why=f"The claim needs {'none' if cls is Lacks else 'each'} of them to be there.",
        )
    return statement


def _document(value: object, column: SourceColumn) -> Any:
    if value is None or value != value or type(value).__name__ in ("NAType", "NaTType"):
        return None
    return document_of(value, column)
