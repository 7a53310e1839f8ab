"""Sums and means that are shown to lie between two bounds, and not shown themselves.

The sum stands in a table of one row that is committed for the proof alone. The rows of the column and that one row add
up to the same, and the one value lies within the bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar
from typing import Literal as OneOf

import numpy as np
from pydantic import model_validator

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.facts import Name, check_numeric
from zkp_nb.statements.literals import exact_number, number_literal
from zkp_nb.statements.ranges import MAX_WIDTH
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import Source, SourceColumn
from zkp_nb.statements.statement import RESULT_LIMIT, Statement, name_of, quoted, register
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import cells_of
from zkp_nb.statements.witness import integer_sum
from zkp_nb.table import Column, ColumnType, Table
from zkp_nb.table.cells import wide_from_ints

Measure = OneOf["sum", "mean"]

_HIDDEN = ColumnType.decimal(0, 128)


@register
class Within(Statement):
    """The sum, or mean, of a column's values that are not null lies between two constants, both included.

    Attributes:
        measure: `sum` or `mean`.
        column: of numbers; for a mean without nulls.
        low, high: literals.
    """

    kind: ClassVar[str] = "total-between"

    measure: Measure
    column: Name
    low: Any
    high: Any

    @model_validator(mode="after")
    def _bounded(self) -> Within:
        if exact_number(self.low) > exact_number(self.high):
            raise StatementError("The bounds are in the wrong order.")
        if len(self.witnesses) != 1:
            raise StatementError("The statement names one table that was committed for it.")
        return self

    def sentence(self, names: Mapping[str, str]) -> str:
        return (
            f"The {self.measure} of {quoted(self.column)} in {name_of(names, self.inputs[0])} is between "
            f"{self.low} and {self.high}."
        )

    def bounds(self, source: Source) -> tuple[SourceColumn, int, int]:
        """The column, and the least and greatest sum of its cells.

        Raises:
            StatementError: the column has no exact sum, or the bounds hold none or are too far apart.
        """
        column = _summable(source, self.column, self.measure)
        rows = source.extent.rows if self.measure == "mean" else 1
        least, greatest = (exact_number(each) * column.unit * rows for each in (self.low, self.high))
        low, high = -(-least.numerator // least.denominator), greatest.numerator // greatest.denominator
        if low > high or (high - low).bit_length() > MAX_WIDTH or max(-low, high) >= RESULT_LIMIT:
            raise StatementError("No sum lies between these bounds, or they are too far apart for a proof.")
        return column, low, high

    def compile(self, builder: Builder) -> None:
        source, hidden = builder.table(self.inputs[0]), builder.table(self.witnesses[0])
        column, low, high = self.bounds(source)
        if hidden.extent.rows != 1 or len(hidden.columns) != 1 or hidden.columns[0].nullable:
            raise StatementError("The table that was committed for the statement has one value.")
        (total,) = hidden.columns
        if total.type != _HIDDEN:
            raise StatementError("The value that was committed for the statement is of another type.")
        value = builder.column(total)
        x, _ = builder.value(column)
        # All rows tally for the same value, so their totals are compared and nothing else.
        family = builder.family()
        family.tally(source, builder.constant(0), x, left=True)
        family.tally(hidden, builder.constant(0), value, left=False)
        width = (high - low).bit_length()
        builder.range(hidden, value - low, width)
        if high - low + 1 != 1 << width:
            builder.range(hidden, builder.constant(high) - value, width)


def _summable(source: Source, name: str, measure: Measure) -> SourceColumn:
    column = source.column(name)
    check_numeric(column)
    if column.type.kind == "duration":
        raise StatementError(f"Column {column.name!r} holds durations.", todo="Name a column of numbers.")
    if measure == "mean" and column.nullable:
        raise StatementError(
            f"Column {column.name!r} can have nulls, and a mean is over the values that are there.",
            todo="Drop the rows without a value in a step before.",
        )
    return column


def state_within(subject: Subject, measure: Measure, name: str, low: object, high: object) -> Within:
    """States that a sum or mean lies between two bounds.

    Raises:
        StatementFalse: it does not.
        StatementError: the column has no exact sum, or nothing can commit the sum.
    """
    source = source_of(subject)
    column = _summable(source, name, measure)
    total = integer_sum(cells_of(column))
    if subject.commit is None:
        raise StatementError("This claim needs a table of its own, and there is nothing that commits it.")
    least, greatest = number_literal(low), number_literal(high)
    exact = Fraction(total, column.unit * (source.extent.rows if measure == "mean" else 1))
    if not exact_number(least) <= exact <= exact_number(greatest):
        raise StatementFalse(
            f"The {measure} of {name!r} in `{subject.name}` is not between {low} and {high}."
        )
    held = subject.commit(
        Table(1, (Column.of("total", _HIDDEN, (np.ascontiguousarray(wide_from_ints([total])),), None),)),
        f"{subject.name}: {measure}",
    )
    statement = Within(
        inputs=(subject.dataset_id,),
        witnesses=(held.dataset_id,),
        measure=measure,
        column=name,
        low=least,
        high=greatest,
    )
    statement.programs({each.dataset_id: each.record for each in (subject, held)})
    return statement
