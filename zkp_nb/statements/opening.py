"""Opening of chosen rows or cells: their values, shown to everybody, are those that were committed in these places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from zkp_nb.errors import StatementError
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.distribution import MAX_LISTED, MAX_SHOWN
from zkp_nb.statements.facts import Fact, Names, distinct
from zkp_nb.statements.groups import key_members
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import SourceColumn
from zkp_nb.statements.statement import Part, name_of, quoted, register, value_text
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import data_of, document_of, marked, present_of, published, slots
from zkp_nb.table.cells import to_ints


class Opened(Part):
    """A row by its number, from 0, and its values; None for null."""

    row: Annotated[int, Field(ge=0)]
    values: tuple[Any, ...]


@register
class Opening(Fact):
    """Values of some columns in some rows.

    Attributes:
        columns: the columns that are shown.
        rows: the rows, in ascending order of their numbers.
    """

    kind: ClassVar[str] = "opening"
    result_fields: ClassVar[frozenset[str]] = frozenset({"rows"})

    columns: Names
    rows: Annotated[tuple[Opened, ...], Field(min_length=1, max_length=MAX_LISTED)]

    def sentence(self, names: Mapping[str, str]) -> str:
        shown = [f"row {each.row:,} has {self._values(each)}" for each in self.rows[:MAX_SHOWN]]
        if len(self.rows) > MAX_SHOWN:
            shown.append(f"{len(self.rows) - MAX_SHOWN:,} more rows are shown")
        return f"In {name_of(names, self.inputs[0])}, rows counted from 0, {'; '.join(shown)}."

    def _values(self, each: Opened) -> str:
        return ", ".join(
            f"{quoted(name)} = {'null' if value is None else value_text(value)}"
            for name, value in zip(self.columns, each.values, strict=True)
        )

    def compile(self, builder: Builder) -> None:
        source, columns = self.columns_of(builder, self.columns)
        numbers = [each.row for each in self.rows]
        if sorted(set(numbers)) != numbers or numbers[-1] >= source.extent.rows:
            raise StatementError("The statement names each row once, in order, and none beyond the last.")
        family = builder.family()
        row = builder.fingerprint(columns, family.alpha)
        (place,) = builder.powers_after(columns, family.alpha, 1)
        opened = builder.bit(source, "opened", lambda: marked(source.extent.rows, np.array(numbers)))
        family.left(source, row + place * builder.index(source), opened)
        members = [key_members(columns, each.values) for each in self.rows]
        family.listed(
            [((1,), (*slots(columns, row), each.row)) for row, each in zip(members, self.rows, strict=True)]
        )


def state_opening(subject: Subject, rows: Sequence[int], names: Sequence[str]) -> Opening:
    """Shows rows.

    Args:
        rows: their numbers, from 0; negative ones count from the end.
        names: columns; all where none is named.

    Raises:
        StatementError: there is no such row, or texts are not at hand.
    """
    source = source_of(subject)
    columns = distinct(source, names or source.names)
    count = source.extent.rows
    if any(isinstance(row, bool) or not isinstance(row, int | np.integer) for row in rows):
        raise StatementError("Rows are named by their numbers, from 0.", todo="Write opening([0, 17]).")
    beyond = [row for row in rows if not -count <= row < count]
    if beyond:
        raise StatementError(
            f"`{subject.name}` has no row {beyond[0]}.", todo=f"Its rows are 0 to {count - 1}."
        )
    numbers = sorted({int(row) % count for row in rows})
    if not 1 <= len(numbers) <= MAX_LISTED:
        raise StatementError(f"One statement shows 1 to {MAX_LISTED:,} rows.", todo="Show them in steps.")
    values = [_values(subject, column, numbers) for column in columns]
    statement = Opening(
        inputs=(subject.dataset_id,),
        columns=tuple(column.name for column in columns),
        rows=tuple(
            Opened(row=row, values=tuple(each[at] for each in values)) for at, row in enumerate(numbers)
        ),
    )
    statement.programs({subject.dataset_id: subject.record})
    return statement


def _values(subject: Subject, column: SourceColumn, rows: Sequence[int]) -> list[Any]:
    """The column's values in some rows, as statements write them."""
    data, present = data_of(column), present_of(column)[list(rows)].tolist()
    if not column.type.is_hashed:
        cells = to_ints(data.data[0][list(rows)])
        return [
            published(cell, column) if there else None for cell, there in zip(cells, present, strict=True)
        ]
    texts = _texts(subject.frame, column.name, rows)
    if texts is None:
        raise StatementError(
            f"Column {column.name!r} is {column.type.describe()}, of which a committed table holds hashes alone.",
            todo="Prove it of the frame and not of its dataset, or name other columns.",
        )
    found: list[Any] = []
    committed = zip(*(to_ints(vector[list(rows)]) for vector in data.data), strict=True)
    for text, cell, there in zip(texts, committed, present, strict=True):
        document = document_of(text, column) if there else None
        if document is not None and key_members([column], [document])[0] != cell:
            raise StatementError(
                f"Column {column.name!r} of the frame is not what was committed.", todo="Commit it again."
            )
        found.append(document)
    return found


def _texts(frame: Any, name: str, rows: Sequence[int]) -> list[Any] | None:
    """Values of a frame of pandas or polars, or of an Arrow table; None where it is none of these."""
    try:
        column = frame[name]
    except (TypeError, KeyError, AttributeError):
        return None
    if hasattr(column, "iloc"):
        return list(column.iloc[list(rows)])
    for method, convert in (("gather", "to_list"), ("take", "to_pylist")):
        if hasattr(column, method):
            return list(getattr(getattr(column, method)(list(rows)), convert)())
    return None
