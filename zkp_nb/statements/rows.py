"""How the rows of one table are those of others: same rows, a selection of them, a split into parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Final

import numpy as np
from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import Mask, chosen, hash_rows, surplus
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

MAX_SPLIT: Final = 6
"""Parts of a split; folds may be more."""


class RowsStatement(Statement):
    """A statement that compares whole rows.

    Attributes:
        columns: the columns of which rows are made, where the output has not all that the input has; in the
            output's order.
    """

    columns: Annotated[tuple[str, ...], Field(min_length=1)] | None = None

    def rows(self, builder: Builder) -> tuple[list[SourceColumn], list[list[SourceColumn]]]:
        """The compared columns of the input and of each output.

        Raises:
            StatementError: the tables have other columns than the statement says.
        """
        (source,) = (builder.table(each) for each in self.inputs)
        outputs = [builder.table(each) for each in self.outputs]
        columns = compared(source, outputs)
        if self.columns != columns:
            raise StatementError("The statement names other columns than its tables have.")
        names = outputs[0].names
        return [source.column(name) for name in names], [
            [out.column(name) for name in names] for out in outputs
        ]

    def of_columns(self) -> str:
        """For sentences: nothing, or which columns make up a row."""
        return "" if self.columns is None else f", reduced to {listed(map(quoted, self.columns))},"


def compared(source: Source, outputs: Sequence[Source]) -> tuple[str, ...] | None:
    """The parameter `columns`: None where all tables have the same columns, in whatever order.

    Raises:
        StatementError: an output has a column that the input lacks, or not those of the other outputs.
    """
    names = outputs[0].names
    for name in names:
        source.column(name)
    for output in outputs[1:]:
        if set(output.names) != set(names):
            raise StatementError(
                f"`{outputs[0].record.name}` and `{output.record.name}` do not have the same columns."
            )
    return None if set(names) == set(source.names) else names


@register
class SameRows(RowsStatement):
    """The output has the rows of the input, each as often, in any order."""

    kind: ClassVar[str] = "same-rows"
    strength: ClassVar[int] = 20
    shape: ClassVar[tuple[int, int, int] | None] = (1, 1, 1)

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        return f"{output} has exactly the rows of {source}{self.of_columns()} in any order."

    def compile(self, builder: Builder) -> None:
        compile_same(builder, *self.rows(builder))


@register
class RowsOf(RowsStatement):
    """Every row of the output is one of the input, at most as often."""

    kind: ClassVar[str] = "rows-of"
    strength: ClassVar[int] = 40
    shape: ClassVar[tuple[int, int, int] | None] = (1, 1, 1)

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        return f"Every row of {output} is a row of {source}{self.of_columns()} used at most once."

    def compile(self, builder: Builder) -> None:
        columns, (output,) = self.rows(builder)
        family = builder.family()
        left, right = builder.fingerprints([columns, output], family.alpha)
        keep = builder.bit(columns[0].source, "keep", lambda: _selection(columns, output))
        family.left(columns[0].source, left, keep)
        family.right(output[0].source, right)


@register
class Split(RowsStatement):
    """Each row of the input is in exactly one of the outputs."""

    kind: ClassVar[str] = "split"
    strength: ClassVar[int] = 30
    shape: ClassVar[tuple[int, int, int] | None] = (1, 2, MAX_SPLIT)

    def sentence(self, names: Mapping[str, str]) -> str:
        parts = listed(name_of(names, each) for each in self.outputs)
        source = name_of(names, self.inputs[0])
        whole = f"{source}{self.of_columns()}"
        return f"Each row of {whole} is in exactly one of {parts}, and they have no other rows."

    def compile(self, builder: Builder) -> None:
        compile_same(builder, *self.rows(builder))


def compile_same(builder: Builder, columns: list[SourceColumn], outputs: list[list[SourceColumn]]) -> None:
    """The rows of the input are those of the outputs together."""
    family = builder.family()
    left, *rights = builder.fingerprints([columns, *outputs], family.alpha)
    family.left(columns[0].source, left)
    for output, right in zip(outputs, rights, strict=True):
        family.right(output[0].source, right)


def _selection(columns: list[SourceColumn], output: list[SourceColumn]) -> Mask:
    keep = chosen(*hash_rows([columns, output]))
    assert keep is not None
    return keep


def source_of(subject: Subject) -> Source:
    """The table of a subject, with its data."""
    return Source(subject.dataset_id, subject.record, subject.table)


def state_same_rows(parent: Subject, child: Subject) -> SameRows:
    """States that the child has the rows of the parent, in any order.

    Raises:
        StatementFalse: it has not.
        StatementError: the tables cannot be compared.
    """
    source, output = source_of(parent), source_of(child)
    columns = compared(source, [output])
    rows = [[each.column(name) for name in output.names] for each in (source, output)]
    missing, other = surplus(*hash_rows(rows))
    if missing or other:
        raise StatementFalse(
            f"`{child.name}` does not have the rows of `{parent.name}`.",
            why=f"It lacks {count_of(missing, 'row')} and has {count_of(other, 'row')} that are not there.",
        )
    return SameRows(inputs=(parent.dataset_id,), outputs=(child.dataset_id,), columns=columns)


def state_rows_of(parent: Subject, child: Subject) -> RowsOf:
    """States that every row of the child is one of the parent.

    Raises:
        StatementFalse: it is not.
        StatementError: the tables cannot be compared.
    """
    source, output = source_of(parent), source_of(child)
    columns = compared(source, [output])
    hashes = hash_rows([[each.column(name) for name in output.names] for each in (source, output)])
    if chosen(*hashes) is None:
        other = surplus(*hashes)[1]
        raise StatementFalse(
            f"{count_of(other, 'row')} of `{child.name}` {'is' if other == 1 else 'are'} not in "
            f"`{parent.name}`.",
            why="Every row of a selection must be a row of the table, and be used at most once.",
        )
    return RowsOf(inputs=(parent.dataset_id,), outputs=(child.dataset_id,), columns=columns)


def split_columns(parent: Subject, parts: Sequence[Subject]) -> tuple[str, ...] | None:
    """The parameter `columns` of a statement that each row of the parent is in exactly one of the parts.

    Raises:
        StatementFalse: some are not.
        StatementError: the tables cannot be compared.
    """
    source, outputs = source_of(parent), [source_of(part) for part in parts]
    columns = compared(source, outputs)
    names = outputs[0].names
    whole, *hashes = hash_rows([[each.column(name) for name in names] for each in (source, *outputs)])
    missing, other = surplus(whole, np.concatenate(hashes))
    if missing or other:
        raise StatementFalse(
            f"{listed(f'`{part.name}`' for part in parts)} are not a split of `{parent.name}`.",
            why=f"{count_of(missing, 'row')} of it {'is' if missing == 1 else 'are'} in no part, and the "
            f"parts have {count_of(other, 'row')} too many.",
        )
    return columns


def state_split(parent: Subject, parts: Sequence[Subject]) -> Split:
    """States that each row of the parent is in exactly one of the parts; raises as `split_columns`."""
    if not 2 <= len(parts) <= MAX_SPLIT:
        raise StatementError(f"A split has 2 to {MAX_SPLIT} parts.", todo="Claim folds, which may be more.")
    columns = split_columns(parent, parts)
    return Split(
        inputs=(parent.dataset_id,), outputs=tuple(part.dataset_id for part in parts), columns=columns
    )
