"""Duplicates dropped.

The rows of the output, each as often as the prover counts and at least once, are those of the input: so both have the
same different rows. That none is left twice is proven of a key: some columns in which no two rows of the output agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import hash_rows
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.facts import Name, Names, distinct
from zkp_nb.statements.keys import compile_distinct
from zkp_nb.statements.matching import occurrences
from zkp_nb.statements.packing import Task
from zkp_nb.statements.program import ProgramTooLarge
from zkp_nb.statements.rows import compared, source_of
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
from zkp_nb.statements.witness import inverses, words
from zkp_nb.table import vectors
from zkp_nb.table.cells import Cells


@register
class DropDuplicates(Statement):
    """The output holds the different rows of the input.

    With a subset, rows are the same where they agree in these columns, one of each is kept, and the subset is the key.

    Attributes:
        subset: columns that make rows the same; None for all.
        key: columns in which all rows of the output differ, none of them null; None where that is not proven.
    """

    kind: ClassVar[str] = "drop-duplicates"
    strength: ClassVar[int] = 26
    shape: ClassVar[tuple[int, int, int] | None] = (1, 1, 1)

    subset: Names | None
    key: Annotated[tuple[Name, ...], Field(min_length=1, max_length=4)] | None

    @model_validator(mode="after")
    def _keyed(self) -> Self:
        if self.subset is not None and self.key != self.subset:
            raise StatementError(
                "Where a subset of columns makes rows the same, it is the key of the output."
            )
        return self

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        if self.subset is not None:
            return (
                f"{output} has one row of {source} for each different {listed(map(quoted, self.subset))}, "
                "none of them null, and no other rows."
            )
        end = (
            "it may still hold some of them several times"
            if self.key is None
            else (f"each once, as no two have the same {listed(map(quoted, self.key))}")
        )
        return f"{output} has exactly the different rows of {source}, in any order; {end}."

    def tasks(self, builder: Builder) -> Sequence[Task]:
        first: list[Task] = [] if self.key is None else [self._distinct]
        if self.subset is None:
            return [*first, self._support]
        return [*first, self._selected, self._support]

    def _distinct(self, builder: Builder) -> None:
        """All rows of the output take part: none has a null in its key."""
        assert self.key is not None
        output = builder.table(self.outputs[0])
        columns = distinct(output, self.key)
        compile_distinct(builder, output, columns)
        for column in columns:
            builder.require(output, builder.null(column))

    def _tables(self, builder: Builder) -> tuple[Source, Source]:
        source, output = builder.table(self.inputs[0]), builder.table(self.outputs[0])
        if compared(source, [output]) is not None:
            raise StatementError("The output has other columns than the input.")
        return source, output

    def _selected(self, builder: Builder) -> None:
        """Every row of the output is one of the input; as their keys differ, each is used once."""
        source, output = self._tables(builder)
        rows = [[each.column(name) for name in output.names] for each in (output, source)]
        family = builder.family()
        ours, theirs = builder.fingerprints(rows, family.alpha)
        family.left(output, ours)
        family.among(source, theirs, "kept", lambda: occurrences(*reversed(hash_rows(rows))))

    def _support(self, builder: Builder) -> None:
        """Every row of the input is one of the output; and, of whole rows, the other way round."""
        source, output = self._tables(builder)
        names = self.subset or output.names
        rows = [[each.column(name) for name in names] for each in (source, output)]
        family = builder.family()
        theirs, ours = builder.fingerprints(rows, family.alpha)
        family.left(source, theirs)
        if self.subset is not None:
            family.among(output, ours, "occurrences", lambda: _counts(rows))
            return
        number = builder.aux(output, "occurrences", lambda: _counts(rows))
        self._positive(builder, output, number, rows)
        family.tally(output, ours, number, left=False)

    def _positive(
        self, builder: Builder, output: Source, number: Expr, rows: Sequence[Sequence[SourceColumn]]
    ) -> None:
        """Distinct rows need a number that is not 0; rows that may be repeated, one that cannot cancel out."""
        if self.key is None:
            builder.range(output, number - 1, 32)
            return
        inverse = builder.aux(
            output, "inverse/occurrences", lambda: inverses(words(_counts(rows)), True, [0])
        )
        builder.require(output, number * inverse - 1)


def _counts(rows: Sequence[Sequence[SourceColumn]]) -> Cells:
    """How often each row of the output occurs in the input; equal rows share the number, each at least 1."""
    theirs, ours = hash_rows(rows)
    first, _, many = vectors.groups(ours)
    counts = occurrences(ours, theirs)
    # The first of equal rows has them all: it leaves 1 for each of the others.
    found: Cells = np.ones_like(counts)
    found[first] = counts[first] - (many - 1)
    return found


def state_drop_duplicates(parent: Subject, child: Subject, subset: Sequence[str]) -> DropDuplicates:
    """States that the child is the parent without duplicates.

    Raises:
        StatementFalse: it is not.
        StatementError: the tables cannot be compared, or the subset is no key that one proof can show distinct.
    """
    source, output = source_of(parent), source_of(child)
    if compared(source, [output]) is not None:
        raise StatementError(
            f"`{child.name}` does not have all columns of `{parent.name}`.",
            todo="Drop columns in a step of their own.",
        )
    names = subset or output.names
    theirs, ours = hash_rows([[each.column(name) for name in names] for each in (source, output)])
    whole, rows = hash_rows([[each.column(name) for name in output.names] for each in (source, output)])
    lost = int(np.count_nonzero(~vectors.known(ours, theirs)))
    new = int(np.count_nonzero(~vectors.known(whole, rows)))
    repeated = vectors.repeated(ours)
    if lost or new or repeated:
        raise StatementFalse(
            f"`{child.name}` is not `{parent.name}` without duplicates.",
            why=f"It lacks {count_of(lost, 'row')}, has {count_of(new, 'row')} that are not there, and repeats "
            f"{count_of(repeated, 'row')}.",
        )
    statement = DropDuplicates(
        inputs=(parent.dataset_id,),
        outputs=(child.dataset_id,),
        subset=tuple(subset) or None,
        key=tuple(subset) or None,
    )
    records = {each.dataset_id: each.record for each in (parent, child)}
    if subset:
        if any(_has_nulls(column) for column in distinct(output, subset)):
            raise StatementError(
                "A column that makes rows the same holds nulls.", todo="Drop or fill them in a step before."
            )
        statement.programs(records)
        return statement
    for key in _keys(output):
        keyed = statement.model_copy(update={"key": key})
        try:
            keyed.programs(records)
        except (StatementError, ProgramTooLarge):
            continue
        return keyed
    statement.programs(records)
    return statement


def _has_nulls(column: SourceColumn) -> bool:
    assert column.source.table is not None
    null = column.source.table.columns[column.number].null
    return null is not None and bool(null.any())


def _keys(output: Source) -> Iterable[tuple[str, ...]]:
    """Columns, or pairs of them, in which all rows differ and none is null."""
    columns = [column for column in output.columns if not column.type.wide and not _has_nulls(column)]
    for size in (1, 2):
        for chosen in combinations(columns, size):
            (hashes,) = hash_rows([chosen])
            if not vectors.repeated(hashes):
                yield tuple(column.name for column in chosen)
