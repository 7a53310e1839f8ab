"""Pivot tables: one row for each key, one column for each value of another column, totals where they meet.

A table with the parent's rows and the pivot's columns is committed for the proof alone: in each row the amount stands
in the column of the row's value, and the others are 0. Grouped by the key it is the pivot table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar
from typing import Literal as OneOf

import numpy as np
from pydantic import Field, model_validator

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import Mask, hash_rows
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.facts import Name, check_numeric, distinct
from zkp_nb.statements.groups import Partition
from zkp_nb.statements.keys import compile_distinct
from zkp_nb.statements.matching import active, occurrences, present
from zkp_nb.statements.onehot import read_names, text_number, text_value
from zkp_nb.statements.packing import Task
from zkp_nb.statements.resolved import MAX_MEMBERS, holds
from zkp_nb.statements.resolved import OneOf as AnyOf
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import SourceColumn, common_units
from zkp_nb.statements.statement import (
    Part,
    Statement,
    count_of,
    listed,
    name_of,
    quoted,
    register,
    value_text,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import cells_of, data_of, document_of, member_of, present_of
from zkp_nb.statements.witness import inverses, words
from zkp_nb.table import Column, ColumnType, Table, vectors
from zkp_nb.table.cells import Cells, to_ints

Function = OneOf["sum", "count", "size"]


class Across(Part):
    """A column of the output, and the value that it stands for."""

    value: Any
    into: Name


@register
class Pivot(Statement):
    """The output has one row for each key, and a total for each value of another column.

    Attributes:
        by: key columns, of the same names in both tables.
        across: the column whose values became columns. Rows with a null in it, or in the key, are left out.
        function: `sum` of a column, `count` of its values that are not null, or `size`, the number of rows.
        column: None for `size`.
        cells: the other columns of the output, 1 to 12. There are no other values.
    """

    kind: ClassVar[str] = "pivot"
    strength: ClassVar[int] = 24
    shape: ClassVar[tuple[int, int, int] | None] = (1, 1, 1)

    by: Annotated[tuple[Name, ...], Field(min_length=1, max_length=4)]
    across: Name
    function: Function
    column: Name | None
    cells: Annotated[tuple[Across, ...], Field(min_length=1, max_length=MAX_MEMBERS)]

    @model_validator(mode="after")
    def _formed(self) -> Pivot:
        if (self.column is None) != (self.function == "size") or len(self.witnesses) != 1:
            raise StatementError("A pivot table adds up a column, or counts rows, by one hidden table.")
        return self

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        what = (
            "the number of rows" if self.column is None else f"the {self.function} of {quoted(self.column)}"
        )
        cells = listed(
            quoted(each.into) + ("" if each.into == str(each.value) else f" for {value_text(each.value)}")
            for each in self.cells
        )
        return (
            f"{output} has one row for each {listed(map(quoted, self.by))} of {source}, with {what} for each "
            f"{quoted(self.across)}: {cells}; there are no others, nulls aside."
        )

    def tasks(self, builder: Builder) -> Sequence[Task]:
        return [self._distinct, self._spread, self._totals]

    def _distinct(self, builder: Builder) -> None:
        keys = _Sides(self, builder).keys
        compile_distinct(builder, keys[0].source, keys)
        for column in keys:
            builder.require(column.source, builder.null(column))

    def _spread(self, builder: Builder) -> None:
        """In each row the hidden table has the amount in the column of the row's value, and 0 in the others."""
        sides = _Sides(self, builder)
        powers = builder.powers(builder.challenge("pivot/omega"), len(sides.hidden))
        terms = [(power, column.cell()) for power, column in zip(powers, sides.hidden, strict=True)]
        spread, amount = builder.operand("spread", terms), sides.amount(builder)
        value, tie = text_value(builder, sides.across), builder.challenge("pivot/epsilon")
        there = builder.negated(builder.null(sides.across))
        product = there
        for power, member in zip(powers, sides.members, strict=True):
            product = product * (value - text_number(builder, member) + tie * (spread - power * amount))
        builder.require(sides.across.source, product)
        # A row without a value is left out, whatever it has here.

    def _totals(self, builder: Builder) -> None:
        sides = _Sides(self, builder)
        source, output = sides.across.source, sides.keys[0].source
        family = builder.family()
        theirs, ours = builder.fingerprints([sides.by, sides.keys], family.alpha)
        rows = builder.aux(output, "rows", sides.sizes)
        inverse = builder.aux(output, "inverse/rows", lambda: inverses(words(sides.sizes()), True, [0]))
        builder.require(output, rows * inverse - 1)
        powers = builder.powers(builder.challenge("group/delta"), 1 + len(sides.hidden))[1:]
        amounts = [
            (power * unit, column.cell())
            for power, column, (unit, _) in zip(powers, sides.hidden, sides.units, strict=True)
        ]
        totals = [
            (power * unit, column.cell())
            for power, column, (_, unit) in zip(powers, sides.totals, sides.units, strict=True)
        ]
        there = present(builder, [*sides.by, sides.across])
        family.tally(source, theirs, there * (1 + builder.operand("amounts", amounts)), left=True)
        family.tally(output, ours, rows + builder.operand("totals", totals), left=False)


class _Sides:
    """The tables of a pivot, column by column."""

    def __init__(self, statement: Pivot, builder: Builder) -> None:
        source, output = (builder.table(each) for each in (*statement.inputs, *statement.outputs))
        hidden = builder.table(statement.witnesses[0])
        names = [*statement.by, *(each.into for each in statement.cells)]
        if sorted(names) != sorted(output.names):
            raise StatementError("The statement does not say of each column of its output what it holds.")
        self.by = distinct(source, statement.by)
        self.keys = distinct(output, statement.by)
        self.across = source.column(statement.across)
        self.column = None if statement.column is None else source.column(statement.column)
        self.function = statement.function
        self.totals = [output.column(each.into) for each in statement.cells]
        self.members = [member_of(each.value, self.across) for each in statement.cells]
        self.units = [_units(self.function, self.column, total) for total in self.totals]
        self.hidden = list(hidden.columns)
        if len(set(self.members)) != len(self.members):
            raise StatementError("A value is named twice.")
        if hidden.extent != source.extent or len(self.hidden) != len(self.totals):
            raise StatementError(
                "The hidden table of the statement has not the rows and columns that it needs."
            )
        for column in self.hidden:
            if column.nullable or column.type != _hidden_type(self.function, self.column):
                raise StatementError("The hidden table of the statement has columns of another type.")

    def amount(self, builder: Builder) -> Expr:
        """What a row adds to its column."""
        if self.column is None:
            return builder.constant(1)
        if self.function == "count":
            return builder.negated(builder.null(self.column))
        return builder.value(self.column)[0]

    def sizes(self) -> Cells:
        """Rows of each key of the output."""
        theirs, ours = hash_rows([self.by, self.keys])
        return occurrences(ours, theirs[active([*self.by, self.across])])


def _hidden_type(function: Function, column: SourceColumn | None) -> ColumnType:
    return ColumnType("bool") if function != "sum" or column is None else column.type


def _units(function: Function, column: SourceColumn | None, total: SourceColumn) -> tuple[int, int]:
    """Factors that bring amounts and a total to one unit.

    Raises:
        StatementError: the total is no exact number, or has nulls.
    """
    if total.nullable or total.type.kind not in ("int", "decimal"):
        raise StatementError(
            f"Column {total.name!r} of the output is {total.type.describe()}"
            f"{' with nulls' if total.nullable else ''}, which no exact total is.",
            todo="Pivot with fill_value=0, and round the sums to the digits of the column.",
        )
    if function != "sum" or column is None:
        if total.unit != 1:
            raise StatementError(f"Column {total.name!r} counts something, and is no whole number.")
        return 1, 1
    check_numeric(column)
    if column.type.kind == "bool":
        return total.unit, 1
    right, left = common_units([total, column], column.source.extent.rows)
    return left, right


def state_pivot(
    parent: Subject,
    child: Subject,
    by: Sequence[str],
    across: str,
    function: Function,
    column: str | None,
    names: Mapping[Any, str] | None,
) -> Pivot:
    """States that the child is a pivot table of the parent.

    Args:
        names: the child's column for each value; by default they are named as the values are.

    Raises:
        StatementFalse: it is not.
        StatementError: a total is not exact, there are too many values, or nothing can commit the hidden table.
    """
    source, output = source_of(parent), source_of(child)
    values = source.column(across)
    pairs = list(names.items()) if names is not None else read_names(values, output, "", by)
    if not 1 <= len(pairs) <= MAX_MEMBERS:
        raise StatementError(f"A pivot table has 1 to {MAX_MEMBERS} columns besides its key.")
    cells = tuple(Across(value=document_of(value, values), into=into) for value, into in pairs)
    measured = None if column is None else source.column(column)
    totals = [output.column(each.into) for each in cells]
    units = [_units(function, measured, total) for total in totals]
    rows = [holds(AnyOf(values, (member_of(each.value, values),)), source.extent.rows) for each in cells]
    keys = [[each.column(name) for name in by] for each in (source, output)]
    amount = _amount(measured, function, source.extent.rows)
    spread = [np.where(mask, amount, amount.dtype.type(0)) for mask in rows]
    _check(values, rows, keys, child.name)
    left, right = hash_rows(keys)
    counted = active([*keys[0], values])
    partition = Partition(left[counted])
    groups = left[counted][partition.first].tolist()
    for total, vector, (first, second) in zip(totals, spread, units, strict=True):
        wanted = dict(zip(groups, partition.sums(vector[counted]), strict=True))
        found = zip(right.tolist(), to_ints(data_of(total).data[0]), strict=True)
        wrong = sum(wanted[key] * first != number * second for key, number in found)
        if wrong:
            raise StatementFalse(
                f"{count_of(wrong, 'value')} of {total.name!r} in `{child.name}` {'is' if wrong == 1 else 'are'} "
                f"another total than that of `{parent.name}`.",
                why="Totals are compared exactly.",
            )
    if child.commit is None:
        raise StatementError("This claim needs a table of its own, and there is nothing that commits it.")
    type_ = _hidden_type(function, measured)
    columns = [Column.of(f"cell{at}", type_, (vector,), None) for at, vector in enumerate(spread)]
    held = child.commit(Table(source.extent.rows, tuple(columns)), f"{child.name}: cells")
    statement = Pivot(
        inputs=(parent.dataset_id,),
        outputs=(child.dataset_id,),
        witnesses=(held.dataset_id,),
        by=tuple(by),
        across=across,
        function=function,
        column=column,
        cells=cells,
    )
    statement.programs({each.dataset_id: each.record for each in (parent, child, held)})
    return statement


def _amount(column: SourceColumn | None, function: Function, rows: int) -> Cells:
    """What each row adds."""
    if column is None:
        return np.ones(rows, np.bool_)
    if function == "count":
        return present_of(column)
    if column.type.wide:
        raise StatementError(f"Column {column.name!r} is too wide.", todo="Declare a smaller width.")
    return cells_of(column)


def _check(
    values: SourceColumn, rows: Sequence[Mask], keys: Sequence[Sequence[SourceColumn]], child: str
) -> None:
    """Every value has its column, and the output every key once."""
    others = int(np.count_nonzero(present_of(values) & ~np.logical_or.reduce(rows)))
    if others:
        raise StatementFalse(
            f"{count_of(others, 'row')} of `{values.source.record.name}` {'has' if others == 1 else 'have'} another "
            f"{values.name} than `{child}` has columns for.",
            todo="Name the columns with columns={value: name}.",
        )
    theirs, ours = hash_rows(keys)
    if not vectors.once_each(ours, theirs[active([*keys[0], values])]):
        raise StatementFalse(f"The keys of `{child}` are not those of its parent, each once.")
