"""Form: columns without nulls, and tables that conform to a schema.

A commitment holds whatever its maker put in. `conforms` proves that the cells are what the record's types
promise, which other statements take as given: values within bounds, null companions of 0 and 1 with empty
cells behind them, nothing beyond the last row. That a hash is the hash of a text cannot be proven; that a
text is one of some known ones can.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Final

import numpy as np
from pydantic import Field, JsonValue

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.bounds import bounds_of
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import Mask
from zkp_nb.statements.distribution import MAX_SHOWN
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.facts import Fact, Name, distinct
from zkp_nb.statements.packing import Task
from zkp_nb.statements.program import ProgramTooLarge
from zkp_nb.statements.resolved import MAX_MEMBERS, Member, OneOf, holds
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import Source, SourceColumn
from zkp_nb.statements.statement import (
    Part,
    count_of,
    listed,
    name_of,
    quoted,
    register,
    value_text,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import cells_of, data_of, document_of, member_of, present_of
from zkp_nb.table import ColumnType

_CHALLENGE: Final = "schema/alpha"


@register
class NotNull(Fact):
    """Columns without nulls."""

    kind: ClassVar[str] = "not-null"
    result_fields: ClassVar[frozenset[str]] = frozenset()

    columns: tuple[Name, ...]

    def sentence(self, names: Mapping[str, str]) -> str:
        columns, table = listed(map(quoted, self.columns)), name_of(names, self.inputs[0])
        return f"{columns} in {table} {_have(len(self.columns))} no nulls."

    def compile(self, builder: Builder) -> None:
        source, columns = self.columns_of(builder, self.columns)
        no_nulls(builder, source, columns)


def no_nulls(builder: Builder, source: Source, columns: Sequence[SourceColumn]) -> None:
    """Every companion is 0 in every row; the columns without one have no nulls by their record."""
    companions = [column.null for column in columns if column.null is not None]
    if not companions:
        first = columns[0]
        builder.sum(source, 0 * builder.column(first, first.parts[0]), builder.constant(0))
        return
    alpha = builder.challenge(_CHALLENGE) if len(companions) > 1 else builder.constant(1)
    powers = builder.powers(alpha, len(companions))
    builder.require(source, builder.operand("nulls", list(zip(powers, companions, strict=True))))


class Rule(Part):
    """What the values of a column that are not null are.

    Attributes:
        type: as in the table's record.
        nullable: whether there may be nulls.
        low, high: literals, both included; None for the bounds of the type.
        allowed: literals, of which each value is one; None for all.
    """

    column: Name
    type: dict[str, JsonValue]
    nullable: bool
    low: Any
    high: Any
    allowed: Annotated[tuple[Any, ...], Field(min_length=1)] | None

    def __str__(self) -> str:
        parts = ["contents not checked"] if self._unchecked else []
        if self.allowed is not None:
            names = [value_text(each) for each in self.allowed[:MAX_SHOWN]]
            more = len(self.allowed) - MAX_SHOWN
            parts.append(f"one of {listed([*names, f'{more} more'] if more > 0 else names, 'or')}")
        if self.low is not None:
            parts.append(f"at least {self.low}")
        if self.high is not None:
            parts.append(f"at most {self.high}")
        parts += [] if self.nullable else ["never null"]
        return f"{quoted(self.column)} {', '.join([ColumnType.from_json(self.type).describe(), *parts])}"

    @property
    def _unchecked(self) -> bool:
        """Hashes and cells of 128 bits are not shown to be in their range."""
        type_ = ColumnType.from_json(self.type)
        return (type_.is_hashed or type_.wide) and self.allowed is None


@register
class Conforms(Fact):
    """Columns hold what their types and a schema allow, and the table holds nothing else.

    Attributes:
        rules: one for each column that is spoken of.
    """

    kind: ClassVar[str] = "conforms"
    result_fields: ClassVar[frozenset[str]] = frozenset()

    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]

    def sentence(self, names: Mapping[str, str]) -> str:
        table, rules = name_of(names, self.inputs[0]), "; ".join(map(str, self.rules))
        return f"{table} holds what its columns' types allow and nothing beyond: {rules}."

    def tasks(self, builder: Builder) -> Sequence[Task]:
        distinct(builder.table(self.inputs[0]), [rule.column for rule in self.rules])
        return [self._vacant, *(task for rule in self.rules for task in self._tasks(rule))]

    def _vacant(self, builder: Builder) -> None:
        """No cell beyond the last row is anything but 0, and no companion of a column that is never null."""
        source = builder.table(self.inputs[0])
        slots = [column.cell(part) for column in source.columns for part in column.parts]
        slots += [column.null for column in source.columns if column.null is not None]
        powers = builder.powers(builder.challenge(_CHALLENGE), len(slots))
        builder.vacant(source, builder.operand("cells", list(zip(powers, slots, strict=True))))
        never = [source.column(rule.column) for rule in self.rules if not rule.nullable]
        if any(column.nullable for column in never):
            no_nulls(builder, source, never)

    def _tasks(self, rule: Rule) -> Iterator[Task]:
        if rule.allowed is not None:
            yield partial(self._allowed, rule)
        yield partial(self._form, rule)

    def _column(self, builder: Builder, rule: Rule) -> tuple[SourceColumn, Expr]:
        """The column and its nulls."""
        column = builder.table(self.inputs[0]).column(rule.column)
        if column.type.to_json() != rule.type:
            raise StatementError(
                f"Column {rule.column!r} is {column.type.describe()}, and not of the schema's type."
            )
        return column, builder.null(column) if rule.nullable else builder.constant(0)

    def _form(self, rule: Rule, builder: Builder) -> None:
        """Null cells are empty, and the others within the bounds of type and schema."""
        column, null = self._column(builder, rule)
        source = column.source
        if column.type.is_hashed or column.type.wide:
            if (rule.low, rule.high) != (None, None):
                raise StatementError(
                    f"Column {rule.column!r} is {column.type.describe()}, which has no bounds here."
                )
            builder.require(source, null * _told_apart(builder, column))
            return
        x = builder.column(column)
        builder.require(source, null * x)
        low, high = bounds_of(column, rule.low, rule.high)
        if column.type.kind == "bool" and (low, high) == (0, 1):
            builder.committed_bit(column)
            return
        builder.within(source, x, low, high, builder.negated(null))

    def _allowed(self, rule: Rule, builder: Builder) -> None:
        """Each value is one of a group; a bit for each group but the last says of which."""
        column, null = self._column(builder, rule)
        source, groups = column.source, _groups(column, rule.allowed or ())
        x = _told_apart(builder, column)
        rest = builder.negated(null)
        for at, group in enumerate(groups):
            if at < len(groups) - 1:
                bit = builder.bit(source, f"group/{column.number}/{at}", partial(_is_one, column, group))
                rest = rest - bit
            else:
                bit = rest
            among = bit
            for member in group:
                among = among * (x - _told(builder, member))
            builder.require(source, among)


def _told_apart(builder: Builder, column: SourceColumn) -> Expr:
    """The column as one value: of a hashed one, head and tail by a challenge."""
    if not column.type.is_hashed:
        return builder.column(column)
    terms = [(builder.constant(1), column.cell("head")), (builder.challenge("delta"), column.cell("tail"))]
    return builder.operand(f"{column.source.dataset[:8]}/{column.number}", terms)


def _told(builder: Builder, member: Member) -> Expr:
    if isinstance(member, int):
        return builder.constant(member)
    return member[0] + builder.challenge("delta") * member[1]


def _groups(column: SourceColumn, allowed: Sequence[object]) -> list[tuple[Member, ...]]:
    members = [member_of(each, column) for each in allowed]
    if len(set(members)) != len(members):
        raise StatementError("A schema names an allowed value twice.")
    return [tuple(members[at : at + MAX_MEMBERS]) for at in range(0, len(members), MAX_MEMBERS)]


def _is_one(column: SourceColumn, group: tuple[Member, ...]) -> Mask:
    return holds(OneOf(column, group), column.source.extent.rows)


def _have(number: int) -> str:
    return "has" if number == 1 else "have"


# -- from the data --------------------------------------------------------------------------------


def state_not_null(subject: Subject, names: Sequence[str]) -> NotNull:
    """States that columns have no nulls; all columns where none is named.

    Raises:
        StatementFalse: one has some.
    """
    source = source_of(subject)
    columns = distinct(source, names or source.names)
    for column in columns:
        _check_nulls(column)
    return NotNull(inputs=(subject.dataset_id,), columns=tuple(column.name for column in columns))


def state_conforms(subject: Subject, schema: Mapping[str, object] | None) -> Conforms:
    """States that columns hold what their types and a schema allow.

    Args:
        schema: by column, None for what the type allows, a pair of bounds, a list or set of allowed values,
            or a mapping with some of `low`, `high`, `allowed`, `nullable`. By default every column by its type.

    Raises:
        StatementFalse: a value is not allowed.
        StatementError: the schema is malformed or does not fit into proofs of 1,024 bytes.
    """
    source = source_of(subject)
    given = schema if schema is not None else dict.fromkeys(source.names)
    rules = tuple(_rule(column, given[column.name]) for column in distinct(source, list(given)))
    statement = Conforms(inputs=(subject.dataset_id,), rules=rules)
    try:
        statement.programs({subject.dataset_id: subject.record})
    except ProgramTooLarge as error:
        raise StatementError(
            "The list of allowed values is too long for one proof of 1,024 bytes.",
            why=error.what,
            todo="Commit the allowed values as a table of one column, and claim in_key.",
        ) from None
    for rule in rules:
        _check(source.column(rule.column), rule)
    return statement


def _rule(column: SourceColumn, given: object) -> Rule:
    fields: dict[str, Any] = {"low": None, "high": None, "allowed": None, "nullable": column.nullable}
    if isinstance(given, Mapping) and set(given) <= set(fields):
        fields |= given
    elif isinstance(given, tuple) and len(given) == 2:
        fields |= {"low": given[0], "high": given[1]}
    elif isinstance(given, (list, set, frozenset)):
        fields["allowed"] = sorted(given, key=repr) if not isinstance(given, list) else given
    elif given is not None:
        raise StatementError(
            f"The schema of column {column.name!r} is not understood.",
            todo='Write (low, high), a list of allowed values, or {"low": 0, "nullable": False}.',
        )
    for side in ("low", "high"):
        fields[side] = None if fields[side] is None else document_of(fields[side], column)
    if fields["allowed"] is not None:
        fields["allowed"] = tuple(document_of(each, column) for each in dict.fromkeys(fields["allowed"]))
    return Rule(column=column.name, type=column.type.to_json(), **fields)


def _check(column: SourceColumn, rule: Rule) -> None:
    if not rule.nullable:
        _check_nulls(column)
    wrong = np.zeros(column.source.extent.rows, np.bool_)
    if not (column.type.is_hashed or column.type.wide):
        low, high = bounds_of(column, rule.low, rule.high)
        wrong |= (cells_of(column) < low) | (cells_of(column) > high)
    if rule.allowed is not None:
        among = np.zeros(len(wrong), np.bool_)
        for group in _groups(column, rule.allowed):
            among |= _is_one(column, group)
        wrong |= ~among
    _refuse(column, int(np.count_nonzero(wrong & present_of(column))), "not what the schema allows")


def _check_nulls(column: SourceColumn) -> None:
    null = data_of(column).null
    _refuse(column, 0 if null is None else int(null.sum()), "null")


def _refuse(column: SourceColumn, count: int, what: str) -> None:
    if count:
        raise StatementFalse(
            f"{count_of(count, 'value')} of column {column.name!r} of `{column.source.record.name}` "
            f"{'is' if count == 1 else 'are'} {what}."
        )
