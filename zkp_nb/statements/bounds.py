"""Bounds: every value of a column lies between two constants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import model_validator

from zkp_nb.errors import StatementError, StatementFalse, TableError
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.literals import literal, value_of
from zkp_nb.statements.resolved import interval
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import SourceColumn
from zkp_nb.statements.statement import Statement, count_of, name_of, quoted, register
from zkp_nb.statements.subject import Subject


@register
class Between(Statement):
    """Every value of a column that is not null lies between two constants, both included.

    Attributes:
        low: literal, or None for no lower bound.
        high: literal, or None for no upper bound.
    """

    kind: ClassVar[str] = "between"

    column: str
    low: Any
    high: Any

    @model_validator(mode="after")
    def _bounded(self) -> Between:
        if self.low is None and self.high is None:
            raise StatementError("A bound has at least one side.", todo="Give a least or a greatest value.")
        return self

    def sentence(self, names: Mapping[str, str]) -> str:
        table = name_of(names, self.inputs[0])
        if self.high is None:
            bounds = f"is at least {self.low}"
        elif self.low is None:
            bounds = f"is at most {self.high}"
        else:
            bounds = f"lies between {self.low} and {self.high}, both included"
        return f"Every value of {quoted(self.column)} in {table} that is not null {bounds}."

    def compile(self, builder: Builder) -> None:
        source = builder.table(self.inputs[0])
        column = source.column(self.column)
        low, high = bounds_of(column, self.low, self.high)
        x, null = builder.value(column)
        builder.within(source, x, low, high, builder.negated(null))


def bounds_of(column: SourceColumn, low: object, high: object) -> tuple[int, int]:
    """Least and greatest cell between the bounds, within what the type holds."""
    least, greatest = interval(column)
    try:
        if low is not None:
            floor, exact = column.type.floor_scalar(value_of(low, column.type))
            least = max(least, floor if exact else floor + 1)
        if high is not None:
            greatest = min(greatest, column.type.floor_scalar(value_of(high, column.type))[0])
    except TableError as error:
        raise StatementError(error.what, why=error.why, todo=error.todo) from None
    if least > greatest:
        raise StatementError(f"No value of column {column.name!r} can lie between these bounds.")
    return least, greatest


def state_between(subject: Subject, name: str, low: object, high: object) -> Between:
    """States bounds of a column.

    Raises:
        StatementFalse: a value lies outside.
        StatementError: the column has no such bounds.
    """
    column = source_of(subject).column(name)
    interval(column)
    try:
        sides = [None if side is None else literal(side, column.type) for side in (low, high)]
    except TableError as error:
        raise StatementError(error.what, why=error.why, todo=error.todo) from None
    statement = Between(inputs=(subject.dataset_id,), column=name, low=sides[0], high=sides[1])
    least, greatest = bounds_of(column, *sides)
    data = subject.table.columns[column.number]
    outside = (data.data[0] < least) | (data.data[0] > greatest)
    if data.null is not None:
        outside &= ~data.null
    count = int(outside.sum())
    if count:
        raise StatementFalse(
            f"{count_of(count, 'value')} of column {name!r} of `{subject.name}` "
            f"{'lies' if count == 1 else 'lie'} outside of the bounds.",
            why="A claim about all values needs all of them.",
        )
    return statement
