"""Nulls taken out: rows dropped that have one, or constants put in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final

import numpy as np
from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import Mask, hash_rows, surplus
from zkp_nb.statements.equations import Equations
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.facts import Name, Names, distinct
from zkp_nb.statements.program import ProgramTooLarge
from zkp_nb.statements.rows import RowsStatement, compared, source_of
from zkp_nb.statements.sources import Source, SourceColumn, common_units
from zkp_nb.statements.statement import (
    Part,
    Statement,
    count_of,
    listed,
    name_of,
    quoted,
    register,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import data_of, document_of, equal_to, member_of, present_of
from zkp_nb.statements.witness import inverses, words
from zkp_nb.table.cells import Cells

_SINGLE: Final = 4
"""Nullable columns up to which each null companion is an operand of its own."""


@register
class DropNulls(RowsStatement):
    """The output is the rows of the input in which none of the columns is null, in any order.

    Attributes:
        subset: the columns that are looked at.
    """

    kind: ClassVar[str] = "drop-nulls"
    strength: ClassVar[int] = 28
    shape: ClassVar[tuple[int, int, int] | None] = (1, 1, 1)

    subset: Names

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        reduced = "" if self.columns is None else f", reduced to {listed(map(quoted, self.columns))}"
        one = len(self.subset) == 1
        complete = (
            f"{quoted(self.subset[0])} is not null"
            if one
            else f"none of {listed(map(quoted, self.subset))} is null"
        )
        return f"{output} is exactly the rows of {source} in which {complete}{reduced}, in any order."

    def compile(self, builder: Builder) -> None:
        columns, (output,) = self.rows(builder)
        source = builder.table(self.inputs[0])
        keep = _complete(builder, source, distinct(source, self.subset))
        family = builder.family()
        left, right = builder.fingerprints([columns, output], family.alpha)
        family.left(source, left, keep)
        family.right(output[0].source, right)


def _complete(builder: Builder, source: Source, columns: Sequence[SourceColumn]) -> Expr:
    """1 where none of the columns is null."""
    nullable = [column for column in columns if column.nullable]
    if len(nullable) <= _SINGLE:
        keep = builder.constant(1)
        for column in nullable:
            keep = builder.both(keep, builder.negated(builder.null(column)))
        return keep
    companions = [column.cell("null") for column in nullable]
    keep = builder.bit(source, "complete", lambda: _rows_complete(source, nullable))
    number = builder.operand("nulls", [(1, cell) for cell in companions])
    inverse = builder.aux(source, "inverse/nulls", lambda: _inverse_counts(source, nullable))
    # One operand for all says that each is 0: its powers are drawn after the companions are fixed.
    powers = builder.powers(builder.challenge("nulls/beta"), len(companions))
    each = builder.operand("nulls", list(zip(powers, companions, strict=True)))
    builder.require(source, keep * each)
    builder.require(source, (1 - keep) * (number * inverse - 1))
    return keep


def _nulls(source: Source, columns: Sequence[SourceColumn]) -> Cells:
    total: Cells = np.zeros(source.extent.rows, np.int64)
    for column in columns:
        total += ~present_of(column)
    return total


def _rows_complete(source: Source, columns: Sequence[SourceColumn]) -> Mask:
    none: Mask = _nulls(source, columns) == 0
    return none


def _inverse_counts(source: Source, columns: Sequence[SourceColumn]) -> Cells:
    return inverses(words(_nulls(source, columns)), True, [0])


def state_drop_nulls(parent: Subject, child: Subject, names: Sequence[str]) -> DropNulls:
    """States that the child is the rows of the parent without nulls in the columns; in any where none is named.

    Raises:
        StatementFalse: it is not.
        StatementError: the tables cannot be compared.
    """
    source, output = source_of(parent), source_of(child)
    columns = compared(source, [output])
    subset = distinct(source, names or source.names)
    keep = _rows_complete(source, subset)
    whole, hashes = hash_rows([[each.column(name) for name in output.names] for each in (source, output)])
    missing, other = surplus(whole[keep], hashes)
    if missing or other:
        raise StatementFalse(
            f"`{child.name}` is not the rows of `{parent.name}` without nulls in {listed(names or source.names)}.",
            why=f"It lacks {count_of(missing, 'row')} of them and has {count_of(other, 'row')} that "
            f"{'is' if other == 1 else 'are'} not among them.",
        )
    return DropNulls(
        inputs=(parent.dataset_id,),
        outputs=(child.dataset_id,),
        columns=columns,
        subset=tuple(column.name for column in subset),
    )


class Filled(Part):
    """A column, and the constant that stands where it was null."""

    column: Name
    value: Any


@register
class FillNulls(Statement):
    """Row m of the output is row m of the input, with constants in place of the nulls of some columns.

    Attributes:
        filled: the columns, with their constants in the form of the output's types.
    """

    kind: ClassVar[str] = "fill-nulls"
    strength: ClassVar[int] = 12
    shape: ClassVar[tuple[int, int, int] | None] = (1, 1, 1)

    filled: Annotated[tuple[Filled, ...], Field(min_length=1)]

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        values = listed(f"{each.value!r} in {quoted(each.column)}" for each in self.filled)
        return f"{output} has the rows of {source} in the same order, with nulls replaced by {values}."

    def compile(self, builder: Builder) -> None:
        source, output = builder.table(self.inputs[0]), builder.table(self.outputs[0])
        equations = Equations(builder, source, output)
        names = [each.column for each in self.filled]
        for each, theirs in zip(self.filled, distinct(source, names), strict=True):
            _fill(equations, builder, theirs, output.column(each.column), each.value)
        equations.carried(names)
        equations.close()


def _fill(
    equations: Equations, builder: Builder, theirs: SourceColumn, ours: SourceColumn, value: object
) -> None:
    """out = x + c u, and u x = 0: what stands beside a null is no value."""
    member = member_of(value, ours)
    left, right = common_units([ours, theirs])
    null = builder.null(theirs)
    for part, cell in zip(ours.parts, member if isinstance(member, tuple) else (member,), strict=True):
        if theirs.null is not None:
            builder.require(theirs.source, null * builder.column(theirs, part))
        terms = [(left, ours.cell(part)), (-right, theirs.cell(part))]
        equations.add([*terms, *([(-left * cell, theirs.null)] if theirs.null else [])])
    equations.never_null(ours)


def state_fill_nulls(parent: Subject, child: Subject, values: Mapping[str, object]) -> FillNulls:
    """States that the child is the parent with constants in place of nulls.

    Raises:
        StatementFalse: it is not.
        StatementError: the tables cannot be compared, or there are too many columns for one proof.
    """
    source, output = source_of(parent), source_of(child)
    for name in values:
        source.column(name)
    statement = FillNulls(
        inputs=(parent.dataset_id,),
        outputs=(child.dataset_id,),
        filled=tuple(
            Filled(column=name, value=document_of(value, output.column(name)))
            for name, value in values.items()
        ),
    )
    try:
        statement.programs({each.dataset_id: each.record for each in (parent, child)})
    except ProgramTooLarge as error:
        raise StatementError(
            "So many columns cannot be filled in one proof of 1,024 bytes.",
            why=error.what,
            todo="Fill some of the columns, prove that, and fill the others then.",
        ) from None
    wrong = _wrongly_filled(source, output, statement)
    if wrong:
        raise StatementFalse(
            f"{count_of(wrong, 'row')} of `{child.name}` {'is' if wrong == 1 else 'are'} not the row of "
            f"`{parent.name}` with nulls replaced.",
            why="Rows are compared in their order, column by column.",
        )
    return statement


def _wrongly_filled(source: Source, output: Source, statement: FillNulls) -> int:
    wrong = np.zeros(source.extent.rows, np.bool_)
    for each in statement.filled:
        theirs, ours = source.column(each.column), output.column(each.column)
        null = ~present_of(theirs)
        member = member_of(each.value, ours)
        wrong |= ~present_of(ours)
        for vector, cell in zip(
            data_of(ours).data, member if isinstance(member, tuple) else (member,), strict=True
        ):
            wrong |= null & ~equal_to(vector, cell)
        kept = hash_rows([[theirs], [ours]])
        wrong |= ~null & (kept[0] != kept[1])
    rest = [name for name in output.names if name not in {each.column for each in statement.filled}]
    if rest:
        before, after = hash_rows([[each.column(name) for name in rest] for each in (source, output)])
        wrong |= before != after
    return int(np.count_nonzero(wrong))
