"""Values rewritten row by row by a public rule: cut off at bounds, replaced by a dictionary, cast to another type.

All other columns are carried over. Each rewritten column is a task of its own; as many as fit share a program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Final, Self, TypeVar

import numpy as np
from pydantic import Field, model_validator

from zkp_nb.errors import StatementError
from zkp_nb.statements.bits import Bits
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import Mask, hash_rows
from zkp_nb.statements.equations import Equations, check_follows
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.facts import Name, Names, distinct
from zkp_nb.statements.packing import Task
from zkp_nb.statements.resolved import MAX_MEMBERS, All, AtLeast, Member, OneOf, holds, interval
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import Source, SourceColumn, common_units
from zkp_nb.statements.statement import (
    Part,
    Statement,
    listed,
    name_of,
    quoted,
    register,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import (
    cell_of,
    cells_of,
    data_of,
    document_of,
    equal_to,
    member_of,
    present_of,
)
from zkp_nb.table import ColumnType
from zkp_nb.table.cells import Cells
from zkp_nb.table.vectors import scaled

MAX_PAIRS: Final = MAX_MEMBERS
"""Pairs of a public dictionary."""

Rule = Callable[[Builder, Equations, int], None]


class Rewriting(Statement):
    """A statement about columns of the output that follow from the input's of the same names, row by row."""

    shape: ClassVar[tuple[int, int, int] | None] = (1, 1, 1)
    strength: ClassVar[int] = 12

    @property
    def rewritten(self) -> tuple[str, ...]:
        """The columns, in order."""
        raise NotImplementedError

    def rule(self, builder: Builder, equations: Equations, at: int) -> None:
        """Says how the column of that number is rewritten."""
        raise NotImplementedError

    def wrong(self, source: Source, output: Source, at: int) -> Mask:
        """In which rows it is another value; needs the data."""
        raise NotImplementedError

    def tasks(self, builder: Builder) -> Sequence[Task]:
        distinct(builder.table(self.inputs[0]), self.rewritten)
        return [partial(self._column, at) for at in range(len(self.rewritten))]

    def _column(self, at: int, builder: Builder) -> None:
        tables = (builder.table(each) for each in (*self.inputs, *self.outputs))
        equations = Equations(builder, *tables)
        self.rule(builder, equations, at)
        if at == 0:
            equations.carried(self.rewritten)
        equations.close()


class Clipped(Part):
    """A column and its bounds, literals; None for none."""

    column: Name
    low: Any
    high: Any

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.low is None and self.high is None:
            raise StatementError("A column is cut off at one bound at least.")
        return self


@register
class Clip(Rewriting):
    """Values below (above) a bound are the bound; nulls stay."""

    kind: ClassVar[str] = "clip"

    columns: Annotated[tuple[Clipped, ...], Field(min_length=1)]

    @property
    def rewritten(self) -> tuple[str, ...]:
        return tuple(each.column for each in self.columns)

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        bounds = []
        for each in self.columns:
            sides = [f"at least {each.low}"] if each.low is not None else []
            sides += [f"at most {each.high}"] if each.high is not None else []
            bounds.append(f"{quoted(each.column)} cut off to {listed(sides)}")
        return f"{output} has the rows of {source} in the same order, with {listed(bounds)}."

    def rule(self, builder: Builder, equations: Equations, at: int) -> None:
        theirs, ours, low, high = self._sides(equations.source, equations.output, at)
        left, right = common_units([ours, theirs])
        atoms = tuple(AtLeast(theirs, bound) for bound in (low, high) if bound is not None)
        bits = Bits(builder, equations.source, All(atoms))
        below = above = builder.constant(0)
        x, null = builder.value(theirs)
        if low is not None:
            below = builder.negated(bits.of(AtLeast(theirs, low))) - null
        if high is not None:
            above = bits.of(AtLeast(theirs, high))
        # Where null, x is 0 and so are both bits.
        value = x * (1 - below - above) + below * (low or 0) + above * (high or 0)
        equations.add([(left, ours.cell())], 0 - right * value)
        equations.same_nulls(ours, theirs)

    def _sides(
        self, source: Source, output: Source, at: int
    ) -> tuple[SourceColumn, SourceColumn, int | None, int | None]:
        """Both columns, and the bounds as cells; a bound that the type has anyway is none."""
        each = self.columns[at]
        theirs, ours = source.column(each.column), output.column(each.column)
        least, greatest = interval(theirs)
        low = None if each.low is None else cell_of(each.low, theirs)
        high = None if each.high is None else cell_of(each.high, theirs)
        if low is not None and high is not None and low > high:
            raise StatementError("The bounds of a column are in the wrong order.")
        return theirs, ours, None if low == least else low, None if high == greatest else high

    def wrong(self, source: Source, output: Source, at: int) -> Mask:
        theirs, ours, low, high = self._sides(source, output, at)
        cells = np.clip(cells_of(theirs), low, high) if (low, high) != (None, None) else cells_of(theirs)
        left, right = common_units([ours, theirs])
        return _differs(ours, theirs, cells, (left, right))


class Replacement(Part):
    """A value and what stands in its place, literals; None is null."""

    old: Any
    new: Any


@register
class Replace(Rewriting):
    """Values are replaced by a public dictionary.

    Attributes:
        column: what is rewritten.
        pairs: the dictionary, 1 to 12 different values.
        others: values that are not in it stay, or become null.
    """

    kind: ClassVar[str] = "replace"

    column: Name
    pairs: Annotated[tuple[Replacement, ...], Field(min_length=1, max_length=MAX_PAIRS)]
    keep_others: bool

    @property
    def rewritten(self) -> tuple[str, ...]:
        return (self.column,)

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        pairs = listed(f"{_word(each.old)} by {_word(each.new)}" for each in self.pairs)
        others = "other values kept" if self.keep_others else "other values by null"
        return (
            f"{output} has the rows of {source} in the same order, with {quoted(self.column)} replaced: "
            f"{pairs}, {others}."
        )

    def rule(self, builder: Builder, equations: Equations, at: int) -> None:
        theirs, ours, pairs = self._resolved(equations.source, equations.output)
        source = equations.source
        among = OneOf(theirs, tuple(old for old, _ in pairs))
        hit = Bits(builder, source, among).of(among)
        units = common_units([ours, theirs]) if self.keep_others else (1, 1)
        delta = builder.challenge("replace/delta")
        out = _Combined(builder, ours, delta, units[0])
        before = _Combined(builder, theirs, delta, units[1])
        tie = builder.challenge("replace/epsilon")
        product = hit
        for old, new in pairs:
            product = product * (before.expr - before.of(old) + tie * (out.expr - out.of(new)))
        builder.require(source, product)
        kept = before.expr if self.keep_others else out.of(None)
        builder.require(source, (1 - hit) * (out.expr - kept))

    def _resolved(
        self, source: Source, output: Source
    ) -> tuple[SourceColumn, SourceColumn, list[tuple[Member, Member | None]]]:
        theirs, ours = source.column(self.column), output.column(self.column)
        pairs = [
            (member_of(each.old, theirs), None if each.new is None else member_of(each.new, ours))
            for each in self.pairs
        ]
        if len({old for old, _ in pairs}) != len(pairs):
            raise StatementError("A dictionary names each value once.")
        if not ours.nullable and any(new is None for _, new in pairs):
            raise StatementError(f"Column {ours.name!r} of the output has no nulls by its record.")
        return theirs, ours, pairs

    def wrong(self, source: Source, output: Source, at: int) -> Mask:
        theirs, ours, pairs = self._resolved(source, output)
        rows = source.extent.rows
        wrong: Mask = np.zeros(rows, np.bool_)
        hit: Mask = np.zeros(rows, np.bool_)
        for old, new in pairs:
            at_old = holds(OneOf(theirs, (old,)), rows)
            hit |= at_old
            wrong |= at_old & ~_holds_member(ours, new)
        if self.keep_others:
            before, after = hash_rows([[theirs], [ours]])
            wrong |= ~hit & (before != after)
        else:
            wrong |= ~hit & present_of(ours)
        return wrong


class _Combined:
    """All parts of a column and its null companion as one number, by powers of a challenge."""

    def __init__(self, builder: Builder, column: SourceColumn, delta: Expr, unit: int) -> None:
        self._unit = unit
        # Text and numbers share the slots: head, tail or value, nothing; then null.
        self._powers = builder.powers(delta, 3)
        terms = [
            (power * unit, column.cell(part)) for power, part in zip(self._powers, column.parts, strict=False)
        ]
        if column.null is not None:
            terms.append((self._powers[2], column.null))
        self.expr = builder.operand(f"{column.source.dataset[:8]}/{column.number}", terms)

    def of(self, member: Member | None) -> Expr:
        """The number of a constant, or of null."""
        if member is None:
            return self._powers[2]
        parts = member if isinstance(member, tuple) else (member,)
        total = self._powers[0] * (parts[0] * self._unit)
        return total + self._powers[1] * (parts[1] * self._unit) if len(parts) == 2 else total


@register
class Cast(Rewriting):
    """Columns hold the same values in other types: whole and decimal numbers of other widths and scales, flags as 0 and
    1, times in other units, dates as times.

    Attributes:
        columns: what is cast; from which type to which is in the records.
    """

    kind: ClassVar[str] = "cast"
    strength: ClassVar[int] = 11

    columns: Names
    types: Annotated[tuple[tuple[str, str], ...], Field(min_length=1)]

    @property
    def rewritten(self) -> tuple[str, ...]:
        return self.columns

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        casts = listed(
            f"{quoted(name)} as {new} instead of {old}"
            for name, (old, new) in zip(self.columns, self.types, strict=True)
        )
        return f"{output} has the rows of {source} in the same order and the same values, with {casts}."

    def tasks(self, builder: Builder) -> Sequence[Task]:
        return (self.compile,)

    def compile(self, builder: Builder) -> None:
        # All of it is linear: one operand, however many columns.
        source, output = (builder.table(each) for each in (*self.inputs, *self.outputs))
        distinct(source, self.columns)
        equations = Equations(builder, source, output)
        for at in range(len(self.columns)):
            self.rule(builder, equations, at)
        equations.carried(self.columns)
        equations.close()

    def rule(self, builder: Builder, equations: Equations, at: int) -> None:
        theirs, ours = self._pair(equations.source, equations.output, at)
        left, right = cast_factors(theirs, ours)
        equations.add([(left, ours.cell()), (-right, theirs.cell())])
        equations.same_nulls(ours, theirs)

    def _pair(self, source: Source, output: Source, at: int) -> tuple[SourceColumn, SourceColumn]:
        theirs, ours = source.column(self.columns[at]), output.column(self.columns[at])
        if len(self.types) != len(self.columns) or self.types[at] != described(theirs, ours):
            raise StatementError("The statement names other types than its tables have.")
        return theirs, ours

    def wrong(self, source: Source, output: Source, at: int) -> Mask:
        theirs, ours = self._pair(source, output, at)
        return _differs(ours, theirs, cells_of(theirs), cast_factors(theirs, ours))


def described(theirs: SourceColumn, ours: SourceColumn) -> tuple[str, str]:
    """The types of a cast for its sentence."""
    return theirs.type.describe(), ours.type.describe()


def cast_factors(theirs: SourceColumn, ours: SourceColumn) -> tuple[int, int]:
    """Factors that make the cells of the new and the old column equal.

    Raises:
        StatementError: there is no exact cast between their types.
    """
    old, new = theirs.type, ours.type
    if old.kind == "date" and new.kind == "timestamp" and new.zone is None:
        return 1, 86_400 * ours.unit
    if old == ColumnType("bool") and new.kind in ("int", "decimal"):
        return 1, ours.unit
    if old.kind in ("int", "decimal", "timestamp", "duration") and theirs.family == ours.family:
        left, right = common_units([ours, theirs])
        return left, right
    raise StatementError(
        f"Column {ours.name!r} is {old.describe()}, which as {new.describe()} is not the same number.",
        todo="Cast between numbers, flags, and times; for text use a dictionary: replace.",
    )


def _differs(ours: SourceColumn, theirs: SourceColumn, wanted: Cells, units: tuple[int, int]) -> Mask:
    """Where the output's column, times a factor, is not what is wanted, times another; or not null with the input's."""
    found = cells_of(ours)
    if units == (1, 1) and found.dtype == wanted.dtype and found.ndim == wanted.ndim == 1:
        differs: Mask = found != wanted
    else:
        first, second = (scaled(cells, unit) for cells, unit in zip((found, wanted), units, strict=True))
        differs = (first.view(np.uint64) != second.view(np.uint64)).any(axis=1)
    differs &= present_of(theirs)
    differs |= present_of(ours) != present_of(theirs)
    return differs


def _holds_member(column: SourceColumn, member: Member | None) -> Mask:
    """Where a column holds a constant, or null."""
    if member is None:
        return ~present_of(column)
    found = present_of(column)
    for vector, cell in zip(
        data_of(column).data, member if isinstance(member, tuple) else (member,), strict=True
    ):
        found = found & equal_to(vector, cell)
    return found


def _word(value: object) -> str:
    return "null" if value is None else repr(value)


# -- from the data ----------------------------------------------------------------------------------

R = TypeVar("R", bound=Rewriting)


def checked(statement: R, parent: Subject, child: Subject) -> R:
    """The statement, if it holds.

    Raises:
        StatementFalse: it does not.
        StatementError: it does not fit the tables, or not into proofs of 1,024 bytes.
    """
    statement.programs({each.dataset_id: each.record for each in (parent, child)})
    source, output = source_of(parent), source_of(child)
    masks = {name: statement.wrong(source, output, at) for at, name in enumerate(statement.rewritten)}
    check_follows(parent, child, masks)
    return statement


def state_clip(parent: Subject, child: Subject, bounds: Mapping[str, tuple[object, object]]) -> Clip:
    """States that the child is the parent with columns cut off at bounds. Raises as `checked`."""
    source = source_of(parent)
    columns = []
    for name, sides in bounds.items():
        column = source.column(name)
        low, high = (None if side is None else document_of(side, column) for side in sides)
        columns.append(Clipped(column=name, low=low, high=high))
    statement = Clip(inputs=(parent.dataset_id,), outputs=(child.dataset_id,), columns=tuple(columns))
    return checked(statement, parent, child)


def state_replace(
    parent: Subject, child: Subject, name: str, values: Mapping[Any, object], keep_others: bool
) -> Replace:
    """States that the child is the parent with values replaced by a dictionary. Raises as `checked`."""
    theirs, ours = source_of(parent).column(name), source_of(child).column(name)
    if not 1 <= len(values) <= MAX_PAIRS:
        raise StatementError(
            f"A dictionary has 1 to {MAX_PAIRS} pairs.",
            todo="Commit a larger one as a table, and prove a left join with it.",
        )
    pairs = tuple(
        Replacement(old=document_of(old, theirs), new=None if new is None else document_of(new, ours))
        for old, new in values.items()
    )
    statement = Replace(
        inputs=(parent.dataset_id,),
        outputs=(child.dataset_id,),
        column=name,
        pairs=pairs,
        keep_others=keep_others,
    )
    return checked(statement, parent, child)


def state_cast(parent: Subject, child: Subject, names: Sequence[str]) -> Cast:
    """States that columns of the child are the parent's in other types; all whose types differ where none is named.

    Raises as `checked`.
    """
    source, output = source_of(parent), source_of(child)
    chosen = names or [name for name in output.names if source.column(name).type != output.column(name).type]
    if not chosen:
        raise StatementError(f"`{child.name}` has the types of `{parent.name}`.", todo="Claim select().")
    statement = Cast(
        inputs=(parent.dataset_id,),
        outputs=(child.dataset_id,),
        columns=tuple(chosen),
        types=tuple(described(source.column(name), output.column(name)) for name in chosen),
    )
    return checked(statement, parent, child)
