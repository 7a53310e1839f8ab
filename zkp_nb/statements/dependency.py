"""Functional dependency: rows that agree in some columns agree in others.

Shown by a table of keys, committed for the proof alone: each key once, with what stands beside it. As every row's
key and dependent values are a row there, and no key is there twice, each key has one set of dependent values.
Where no row shares its key with another, that alone is proven.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import hash_rows
from zkp_nb.statements.facts import Name, Names, distinct
from zkp_nb.statements.keys import compile_distinct
from zkp_nb.statements.matching import active, different, occurrences, present
from zkp_nb.statements.packing import Task
from zkp_nb.statements.program import ProgramTooLarge
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import SourceColumn
from zkp_nb.statements.statement import (
    Statement,
    count_of,
    listed,
    name_of,
    quoted,
    register,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import data_of
from zkp_nb.table import Column, Table, vectors


@register
class Dependency(Statement):
    """Rows with the same values in `columns` have the same in `dependents`; a null in `columns` takes a row out.

    Attributes:
        columns: the key.
        dependents: what it determines; a null there is a value like any other.
        witnesses: the table of keys: the key's columns, then the dependents; none where no key occurs twice.
    """

    kind: ClassVar[str] = "functional-dependency"

    columns: Annotated[tuple[Name, ...], Field(min_length=1, max_length=4)]
    dependents: Names

    def sentence(self, names: Mapping[str, str]) -> str:
        table, key = name_of(names, self.inputs[0]), listed(map(quoted, self.columns))
        dependents = listed(map(quoted, self.dependents))
        return (
            f"Rows of {table} with the same {key} have the same {dependents}, rows with a null {key} aside."
        )

    def tasks(self, builder: Builder) -> Sequence[Task]:
        return [self._distinct, self._found] if self.witnesses else [self._unique]

    def _unique(self, builder: Builder) -> None:
        """No key occurs twice, so that it has one set of dependents."""
        ours = distinct(builder.table(self.inputs[0]), (*self.columns, *self.dependents))
        compile_distinct(builder, ours[0].source, ours[: len(self.columns)])

    def _rows(self, builder: Builder) -> tuple[list[SourceColumn], list[SourceColumn], int]:
        """The columns of the table and those of the table of keys, and how many of them are the key.

        Raises:
            StatementError: a column is named twice, or the table of keys has other columns.
        """
        ours = distinct(builder.table(self.inputs[0]), (*self.columns, *self.dependents))
        if len(self.witnesses) != 1:
            raise StatementError("A functional dependency is shown by one table of keys.")
        theirs, size = builder.table(self.witnesses[0]).columns, len(self.columns)
        if len(theirs) != len(ours) or any(column.nullable for column in theirs[:size]):
            raise StatementError("The table of keys does not have the columns that its statement needs.")
        return ours, list(theirs), size

    def _distinct(self, builder: Builder) -> None:
        _, theirs, size = self._rows(builder)
        compile_distinct(builder, theirs[0].source, theirs[:size])

    def _found(self, builder: Builder) -> None:
        ours, theirs, size = self._rows(builder)
        family = builder.family()
        left, right = builder.fingerprints([ours, theirs], family.alpha)
        family.left(ours[0].source, left, present(builder, ours[:size]))

        def counts() -> np.ndarray[tuple[int], np.dtype[np.int64]]:
            rows, known = hash_rows([ours, theirs])
            return occurrences(known, rows[active(ours[:size])])

        family.among(theirs[0].source, right, "occurrences", counts)


def state_dependency(subject: Subject, names: Sequence[str], dependents: Sequence[str]) -> Dependency:
    """States that some columns determine others.

    Raises:
        StatementFalse: they do not, or each row has a null in them.
        StatementError: the key is too wide for one proof, or nothing can commit the table of keys.
    """
    columns = distinct(source_of(subject), (*names, *dependents))
    key = columns[: len(names)]
    there = active(key)
    if not dependents or not names:
        raise StatementError("A dependency names columns on both sides.", todo='Write determines("a", "b").')
    if not there.any():
        raise StatementFalse(f"Each row of `{subject.name}` has a null in {listed(names)}.")
    (keys,), (whole,) = hash_rows([key]), hash_rows([columns])
    several = vectors.repeated(keys[there]) - vectors.repeated(whole[there])
    if several:
        raise StatementFalse(
            f"In `{subject.name}`, rows with the same {listed(names)} differ in {listed(dependents)}.",
            why=f"There are {count_of(several, 'combination')} of values more than there are keys.",
        )
    statement = Dependency(inputs=(subject.dataset_id,), columns=tuple(names), dependents=tuple(dependents))
    if not vectors.repeated(keys[there]):
        with suppress(ProgramTooLarge):
            statement.programs({subject.dataset_id: subject.record})
            return statement
    if subject.commit is None:
        raise StatementError("This claim needs a table of keys, and there is nothing that commits it.")
    held = subject.commit(_witness(columns, len(names)), f"{subject.name}: keys")
    statement = statement.model_copy(update={"witnesses": (held.dataset_id,)})
    statement.programs({each.dataset_id: each.record for each in (subject, held)})
    return statement


def _witness(columns: Sequence[SourceColumn], size: int) -> Table:
    """The first row of each key."""
    rows = different(columns[:size], active(columns[:size]))
    made = []
    for at, column in enumerate(columns):
        data = data_of(column)
        null = None if at < size or data.null is None else data.null[rows]
        cells = tuple(np.ascontiguousarray(vector[rows]) for vector in data.data)
        made.append(Column.of(f"column{at}", column.type, cells, null))
    return Table(len(rows), tuple(made))
