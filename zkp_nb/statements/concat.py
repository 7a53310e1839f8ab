"""Tables put together: the rows of several one after the other, and tables that grow at their end.

Order is part of the value of a row, where it is claimed: its number, counted on through the tables, joins
its fingerprint. So tables of any depth compare, although their cells lie in different places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import hash_rows, surplus
from zkp_nb.statements.expr import Expr
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

MAX_TABLES = 8
"""Tables that one proof puts together."""


class _Together(Statement):
    """A statement about an output made of whole rows of its inputs.

    Attributes:
        columns: the output's, in its order, where an input has more; else None.
    """

    columns: Annotated[tuple[str, ...], Field(min_length=1)] | None = None

    def tables(self, builder: Builder) -> tuple[list[list[SourceColumn]], list[SourceColumn]]:
        """The compared columns of each input, and of the output.

        Raises:
            StatementError: the tables have other columns than the statement says.
        """
        sources, output = [builder.table(each) for each in self.inputs], builder.table(self.outputs[0])
        if self.columns != reduced(sources, output):
            raise StatementError("The statement names other columns than its tables have.")
        return [columns_as(source, output) for source in sources], list(output.columns)

    def of_columns(self) -> str:
        """For sentences: nothing, or which columns make up a row."""
        return "" if self.columns is None else f", reduced to {listed(map(quoted, self.columns))}"


def columns_as(source: Source, output: Source) -> list[SourceColumn]:
    """The columns of a table by the names of the output's, in their order."""
    return [source.column(name) for name in output.names]


def reduced(sources: Sequence[Source], output: Source) -> tuple[str, ...] | None:
    """The parameter `columns`.

    Raises:
        StatementError: an input lacks a column of the output.
    """
    for source in sources:
        columns_as(source, output)
    same = all(len(source.names) == len(output.names) for source in sources)
    return None if same else output.names


@register
class Concat(_Together):
    """The output has the rows of all inputs, each as often.

    Attributes:
        ordered: the rows of the first input come first, in their order, then those of the second, and so on.
    """

    kind: ClassVar[str] = "concat"
    strength: ClassVar[int] = 15
    shape: ClassVar[tuple[int, int, int] | None] = None

    ordered: bool

    @model_validator(mode="after")
    def _several(self) -> Self:
        if not 2 <= len(self.inputs) <= MAX_TABLES or len(self.outputs) != 1 or self.witnesses:
            raise StatementError("A statement of kind 'concat' does not name that many datasets.")
        return self

    def sentence(self, names: Mapping[str, str]) -> str:
        output, sources = name_of(names, self.outputs[0]), [name_of(names, each) for each in self.inputs]
        if self.ordered:
            parts = ", then those of ".join(sources)
            return f"{output} has the rows of {parts}{self.of_columns()}, in the same order."
        return (
            f"{output} has exactly the rows of {listed(sources)} together{self.of_columns()}, in any order."
        )

    def compile(self, builder: Builder) -> None:
        inputs, output = self.tables(builder)
        rows = [columns[0].source.extent.rows for columns in inputs]
        if sum(rows) != output[0].source.extent.rows:
            raise StatementError("The output does not have as many rows as the inputs together.")
        family = builder.family()
        *lefts, right = builder.fingerprints([*inputs, output], family.alpha)
        before = 0
        for columns, value, count in zip(inputs, lefts, rows, strict=True):
            source = columns[0].source
            family.left(source, self._at(builder, source, value, before))
            before += count
        family.right(output[0].source, self._at(builder, output[0].source, right, 0))

    def _at(self, builder: Builder, source: Source, value: Expr, before: int) -> Expr:
        return value + row_tag(builder, source, before) if self.ordered else value


@register
class Append(_Together):
    """The output begins with the rows of the input in their order; what follows is new."""

    kind: ClassVar[str] = "append"
    strength: ClassVar[int] = 35
    shape: ClassVar[tuple[int, int, int] | None] = (1, 1, 1)

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        return (
            f"{output} begins with the rows of {source}{self.of_columns()}, in the same order; "
            f"rows were only appended."
        )

    def compile(self, builder: Builder) -> None:
        (old,), new = self.tables(builder)
        before, after = old[0].source, new[0].source
        if before.extent.rows > after.extent.rows:
            raise StatementError("The output has fewer rows than the input.")
        family = builder.family()
        left, right = builder.fingerprints([old, new], family.alpha)
        family.left(before, left + row_tag(builder, before, 0))
        family.right(after, right + row_tag(builder, after, 0), builder.first(after, before.extent.rows))


def row_tag(builder: Builder, source: Source, before: int) -> Expr:
    """What makes a row's number part of its value: delta times it, counted from `before`."""
    return builder.challenge("order/delta") * (builder.index(source) + before)


def state_concat(parents: Sequence[Subject], child: Subject) -> Concat:
    """States that the child has the rows of all parents, in their order where it has.

    Raises:
        StatementFalse: it has not.
        StatementError: the tables cannot be compared, or there are not 2 to 8 parents.
    """
    if not 2 <= len(parents) <= MAX_TABLES:
        raise StatementError(
            f"2 to {MAX_TABLES} tables are put together in one statement.", todo="Do it in several steps."
        )
    sources, output = [source_of(parent) for parent in parents], source_of(child)
    columns = reduced(sources, output)
    *hashes, whole = hash_rows([*(columns_as(source, output) for source in sources), list(output.columns)])
    together = np.concatenate(hashes)
    missing, other = surplus(together, whole)
    if missing or other:
        raise StatementFalse(
            f"`{child.name}` does not have the rows of {listed(f'`{each.name}`' for each in parents)} together.",
            why=f"It lacks {count_of(missing, 'row')} and has {count_of(other, 'row')} that are not there.",
        )
    return Concat(
        inputs=tuple(parent.dataset_id for parent in parents),
        outputs=(child.dataset_id,),
        columns=columns,
        ordered=bool(np.array_equal(together, whole)),
    )


def state_append(parent: Subject, child: Subject) -> Append:
    """States that the child begins with the rows of the parent.

    Raises:
        StatementFalse: it does not.
        StatementError: the tables cannot be compared.
    """
    source, output = source_of(parent), source_of(child)
    columns = reduced([source], output)
    before, after = hash_rows([columns_as(source, output), list(output.columns)])
    if len(before) > len(after):
        raise StatementFalse(
            f"`{child.name}` has fewer rows than `{parent.name}`.", why="Appending takes no rows away."
        )
    changed = int(np.count_nonzero(before != after[: len(before)]))
    if changed:
        raise StatementFalse(
            f"{count_of(changed, 'row')} of `{parent.name}` {'is' if changed == 1 else 'are'} not in the same "
            f"place of `{child.name}`.",
            why="A table that only grows keeps its rows where they are.",
        )
    return Append(inputs=(parent.dataset_id,), outputs=(child.dataset_id,), columns=columns)
