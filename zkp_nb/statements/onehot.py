"""One-hot columns: a column of few values as one flag for each value.

Flags are taken in groups. In each group either all flags are 0, or the value is one of the group's and exactly its
flag is 1: a product over the group's values. That the flags of all groups together are 1 where there is a value, and
0 where there is none, is one more equation. So a value of one group cannot hide behind flags of another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Final

import numpy as np
from pydantic import Field, model_validator

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import Mask, hash_rows
from zkp_nb.statements.equations import Equations
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.facts import Name
from zkp_nb.statements.packing import Task
from zkp_nb.statements.resolved import MAX_MEMBERS, Member, OneOf, holds
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import Source, SourceColumn
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
from zkp_nb.statements.values import cells_of, document_of, member_of, present_of
from zkp_nb.table import ColumnType
from zkp_nb.table.cells import Cells

GROUP: Final = MAX_MEMBERS
"""Values in one product."""

MAX_FLAGS: Final = 120


class Flag(Part):
    """A column of the output that is 1 where the column holds a value, else 0.

    Attributes:
        value: a literal.
        into: the column, of flags or whole numbers.
    """

    value: Any
    into: Name


@register
class OneHot(Statement):
    """A column of the input as one flag for each of its values; all other columns are carried.

    Attributes:
        column: of the input; the output may have it too.
        flags: a column of the output for each value, all different.
        others: values of the column that have no flag, as the first one of a regression.
    """

    kind: ClassVar[str] = "one-hot"
    strength: ClassVar[int] = 12
    shape: ClassVar[tuple[int, int, int] | None] = (1, 1, 1)

    column: Name
    flags: Annotated[tuple[Flag, ...], Field(min_length=1, max_length=MAX_FLAGS)]
    others: Annotated[tuple[Any, ...], Field(max_length=GROUP)]

    @model_validator(mode="after")
    def _each_once(self) -> OneHot:
        if len({each.into for each in self.flags}) != len(self.flags):
            raise StatementError("Two values have the same flag.")
        return self

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        flags = listed(f"{quoted(each.into)} for {value_text(each.value)}" for each in self.flags)
        others = f", none for {listed(map(value_text, self.others))}" if self.others else ""
        return (
            f"{output} has the rows of {source} in the same order, with {quoted(self.column)} as flags: "
            f"{flags}{others}; there are no other values."
        )

    def tasks(self, builder: Builder) -> Sequence[Task]:
        groups = range(0, len(self.flags), GROUP)
        return [self._together, *(partial(self._group, first) for first in groups)]

    def sides(self, source: Source, output: Source) -> tuple[SourceColumn, list[SourceColumn], list[Member]]:
        """The column, its flags, and the cells of all values: those of the flags, then the others.

        Raises:
            StatementError: a value is there twice, or a flag is of a type that is none.
        """
        theirs = source.column(self.column)
        flags = [output.column(each.into) for each in self.flags]
        for flag in flags:
            if flag.type.kind not in ("bool", "int"):
                raise StatementError(f"Column {flag.name!r} is {flag.type.describe()}, and holds no flags.")
        members = [member_of(value, theirs) for value in (*(each.value for each in self.flags), *self.others)]
        if len(set(members)) != len(members):
            raise StatementError("A value is named twice.")
        return theirs, flags, members

    def _together(self, builder: Builder) -> None:
        """Other columns are carried; a row has one flag, or none where it is null or its value has none."""
        source, output = (builder.table(each) for each in (*self.inputs, *self.outputs))
        theirs, flags, members = self.sides(source, output)
        equations = Equations(builder, source, output)
        dropped = () if self.column in output.names else (self.column,)
        equations.carried([each.into for each in self.flags], dropped)
        for flag in flags:
            equations.never_null(flag)
        if not self.others:
            null = [] if theirs.null is None else [(1, theirs.null)]
            equations.add([*((1, flag.cell()) for flag in flags), *null], builder.constant(-1))
        equations.close()
        null_bit = builder.null(theirs)
        if self.others:
            total = builder.operand("flags", [(1, flag.cell()) for flag in flags])
            builder.require(source, null_bit * total)
            missing = builder.constant(1) - total - null_bit
            value = text_value(builder, theirs)
            for member in members[len(flags) :]:
                missing = missing * (value - text_number(builder, member))
            builder.require(source, missing)

    def _group(self, first: int, builder: Builder) -> None:
        """The flags of one group are all 0, or that of the value alone is 1."""
        source, output = (builder.table(each) for each in (*self.inputs, *self.outputs))
        theirs, flags, members = self.sides(source, output)
        group = slice(first, min(first + GROUP, len(flags)))
        powers = builder.powers(builder.challenge("flags/omega"), len(flags[group]))
        combined = builder.operand(
            f"flags/{first}", [(power, flag.cell()) for power, flag in zip(powers, flags[group], strict=True)]
        )
        value, tie = text_value(builder, theirs), builder.challenge("flags/epsilon")
        product = combined
        for power, member in zip(powers, members[group], strict=True):
            product = product * (value - text_number(builder, member) + tie * (combined - power))
        builder.require(source, product)


def text_value(builder: Builder, column: SourceColumn) -> Expr:
    """All parts of a column as one number, by the challenge `flags/delta` where it is hashed."""
    if not column.type.is_hashed:
        return builder.column(column)
    powers = builder.powers(builder.challenge("flags/delta"), 2)
    cells = [column.cell(part) for part in column.parts]
    return builder.operand(f"{column.source.dataset[:8]}/text", list(zip(powers, cells, strict=True)))


def text_number(builder: Builder, member: Member) -> Expr:
    """A constant in the same form."""
    if isinstance(member, tuple):
        return builder.constant(member[0]) + builder.challenge("flags/delta") * member[1]
    return builder.constant(member)


def state_one_hot(
    parent: Subject, child: Subject, name: str, flags: Mapping[Any, str] | None, others: Sequence[object]
) -> OneHot:
    """States that a column of the parent stands in the child as flags.

    Args:
        flags: the child's column for each value; by default those that pandas and polars name `<column>_<value>`.
        others: values without a flag.

    Raises:
        StatementFalse: it does not.
        StatementError: the columns are no flags, or too many.
    """
    source, output = source_of(parent), source_of(child)
    column = source.column(name)
    if len(others) > GROUP:
        raise StatementError(f"At most {GROUP} values have no flag.")
    pairs = list(flags.items()) if flags is not None else read_names(column, output, f"{name}_", source.names)
    if not 1 <= len(pairs) <= MAX_FLAGS:
        raise StatementError(
            f"`{child.name}` has no columns `{name}_...` with a value of {name!r} each."
            if not pairs
            else f"At most {MAX_FLAGS} values are taken as flags."
        )
    statement = OneHot(
        inputs=(parent.dataset_id,),
        outputs=(child.dataset_id,),
        column=name,
        flags=tuple(Flag(value=document_of(value, column), into=into) for value, into in pairs),
        others=tuple(document_of(value, column) for value in others),
    )
    statement.programs({each.dataset_id: each.record for each in (parent, child)})
    wrong = _wrong(statement, source, output)
    if wrong.any():
        rows = int(np.count_nonzero(wrong))
        raise StatementFalse(
            f"{count_of(rows, 'row')} of `{child.name}` {'has' if rows == 1 else 'have'} not the flags, or not the "
            f"other values, of `{parent.name}`.",
            why="Each value has its flag, and other columns are the parent's.",
            todo="Name values without a flag as others." if not others else "",
        )
    return statement


def read_names(
    column: SourceColumn, output: Source, prefix: str, besides: Sequence[str]
) -> list[tuple[object, str]]:
    """Values of a column as they stand, after a prefix, in the names of the output's columns."""
    pairs: list[tuple[object, str]] = []
    for name in output.names:
        if name.startswith(prefix) and name not in besides:
            pairs.append((_read(name.removeprefix(prefix), column.type), name))
    return pairs


def _read(text: str, type_: ColumnType) -> object:
    if type_.kind == "bool":
        return {"true": True, "false": False}.get(text.lower(), text)
    return int(text) if type_.kind == "int" and text.removeprefix("-").isdecimal() else text


def _wrong(statement: OneHot, source: Source, output: Source) -> Mask:
    """In which rows something differs."""
    theirs, flags, members = statement.sides(source, output)
    rows = source.extent.rows
    wrong: Mask = np.zeros(rows, np.bool_)
    known: Mask = ~present_of(theirs)
    for flag, member in zip([*flags, *[None] * len(statement.others)], members, strict=True):
        there = holds(OneOf(theirs, (member,)), rows)
        known |= there
        if flag is not None:
            cells: Cells = cells_of(flag)
            wrong |= (cells != there) | ~present_of(flag)
    for name in output.names:
        if name not in {each.into for each in statement.flags}:
            before, after = hash_rows([[source.column(name)], [output.column(name)]])
            wrong |= before != after
    return wrong | ~known
