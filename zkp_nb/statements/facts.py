"""Facts about the columns of one table: sums, means, variances, null counts.

Any number of sums take one operand, the columns combined by powers of a challenge that is drawn after
the results are fixed: 448 bytes. Nulls count as nothing: their cells are 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import partial
from typing import Annotated, ClassVar, Final
from typing import Literal as OneOf

from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.literals import number_cell, number_text
from zkp_nb.statements.packing import Task
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import Cell, Source, SourceColumn
from zkp_nb.statements.statement import (
    Part,
    Statement,
    count_of,
    decimal_number,
    decimal_text,
    listed,
    name_of,
    quoted,
    register,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.witness import integer_sum

SHOWN_DIGITS: Final = 12
"""Significant digits of a quotient or root in a sentence."""

SUM_BITS: Final = 253
"""A sum of that many bits stays below r."""

Name = Annotated[str, Field(min_length=1)]
Names = Annotated[tuple[Name, ...], Field(min_length=1)]
Number = Annotated[str, Field(pattern=r"^-?[0-9]{1,120}(\.[0-9]{1,80})?( s)?$")]
"""A decimal number as text, durations with their unit."""


class Total(Part):
    """The sum of a column."""

    column: Name
    sum: Number


class Average(Part):
    """Sum and number of the values of a column that are not null."""

    column: Name
    sum: Number
    count: Annotated[int, Field(gt=0)]

    @property
    def mean(self) -> Fraction:
        """The mean, exactly (of a duration: in seconds)."""
        return Fraction(self.sum.removesuffix(" s")) / self.count


class Spread(Average):
    """Sum, sum of squares and number of the values of a column that are not null."""

    squares: Number

    def variance(self, ddof: int) -> Fraction:
        """The variance with divisor count - ddof, exactly."""
        total = Fraction(self.sum)
        return (Fraction(self.squares) - total * total / self.count) / (self.count - ddof)


class NullCount(Part):
    """How many values of a column are null."""

    column: Name
    nulls: Annotated[int, Field(ge=0)]


class Fact(Statement):
    """A statement about columns of its one input, each named in one result."""

    result_fields: ClassVar[frozenset[str]] = frozenset({"columns"})

    def columns_of(self, builder: Builder, names: Sequence[str]) -> tuple[Source, list[SourceColumn]]:
        """The table and the named columns.

        Raises:
            StatementError: none, one that does not exist, or one twice.
        """
        source = builder.table(self.inputs[0])
        return source, distinct(source, names)


@register
class Sums(Fact):
    """Sums of columns."""

    kind: ClassVar[str] = "sum"

    columns: tuple[Total, ...]

    def sentence(self, names: Mapping[str, str]) -> str:
        table = name_of(names, self.inputs[0])
        if len(self.columns) == 1:
            return (
                f"The sum of {quoted(self.columns[0].column)} in {table} is {grouped(self.columns[0].sum)}."
            )
        parts = (f"{quoted(each.column)} {grouped(each.sum)}" for each in self.columns)
        return f"The sums of columns of {table} are: {listed(parts)}."

    def compile(self, builder: Builder) -> None:
        source, columns = self.columns_of(builder, [each.column for each in self.columns])
        totals = [
            number_cell(each.sum, column.type) for each, column in zip(self.columns, columns, strict=True)
        ]
        combined_sum(builder, source, [column.cell() for column in columns], totals)


@register
class Means(Fact):
    """Means of columns, as sums and numbers of values."""

    kind: ClassVar[str] = "mean"

    columns: tuple[Average, ...]

    def sentence(self, names: Mapping[str, str]) -> str:
        table = name_of(names, self.inputs[0])
        parts = [
            f"{quoted(each.column)} {shown(each.mean)}{_second(each.sum)} (sum {grouped(each.sum)} over "
            f"{count_of(each.count, 'value')})"
            for each in self.columns
        ]
        if len(parts) == 1:
            first = quoted(self.columns[0].column)
            return f"The mean of {first} in {table} is {parts[0].removeprefix(f'{first} ')}."
        return f"The means of columns of {table} are: {listed(parts)}."

    def compile(self, builder: Builder) -> None:
        source, columns = self.columns_of(builder, [each.column for each in self.columns])
        cells, totals = [], []
        for each, column in zip(self.columns, columns, strict=True):
            cells.append(column.cell())
            totals.append(number_cell(each.sum, column.type))
            counted(source, column, each.count, cells, totals)
        combined_sum(builder, source, cells, totals)


@register
class NullCounts(Fact):
    """Numbers of nulls of columns."""

    kind: ClassVar[str] = "null-count"

    columns: tuple[NullCount, ...]

    def sentence(self, names: Mapping[str, str]) -> str:
        table = name_of(names, self.inputs[0])
        parts = listed(f"{quoted(each.column)} has {count_of(each.nulls, 'null')}" for each in self.columns)
        return f"In {table} {parts}."

    def compile(self, builder: Builder) -> None:
        source, columns = self.columns_of(builder, [each.column for each in self.columns])
        cells: list[Cell] = []
        totals: list[int] = []
        for each, column in zip(self.columns, columns, strict=True):
            counted(source, column, source.extent.rows - each.nulls, cells, totals)
        # A table without any companion has no nulls by its record alone; what is left is a proof of 0 = 0.
        combined_sum(builder, source, cells or [columns[0].cell(columns[0].parts[0])], totals or None)


@register
class Variances(Fact):
    """Variances or standard deviations of columns, as sums, sums of squares and numbers of values.

    Attributes:
        measure: what is shown.
        ddof: 1 of a sample, 0 of a population, as in pandas.
    """

    kind: ClassVar[str] = "variance"

    measure: OneOf["variance", "standard deviation"]
    ddof: Annotated[int, Field(ge=0, le=1)]
    columns: tuple[Spread, ...]

    def sentence(self, names: Mapping[str, str]) -> str:
        table, kind = name_of(names, self.inputs[0]), "sample" if self.ddof else "population"
        parts = []
        for each in self.columns:
            variance = each.variance(self.ddof)
            value = shown(variance) if self.measure == "variance" else root(variance)
            parts.append(
                f"{quoted(each.column)} {value} (sum {grouped(each.sum)}, sum of squares {grouped(each.squares)}, "
                f"{count_of(each.count, 'value')})"
            )
        if len(parts) == 1:
            first = quoted(self.columns[0].column)
            return f"The {kind} {self.measure} of {first} in {table} is {parts[0].removeprefix(f'{first} ')}."
        return f"The {kind} {self.measure}s of columns of {table} are: {listed(parts)}."

    def tasks(self, builder: Builder) -> Sequence[Task]:
        self.columns_of(builder, [each.column for each in self.columns])
        return [*(partial(self._moments, each) for each in self.columns), self._counts]

    def _moments(self, each: Spread, builder: Builder) -> None:
        """The sums of the column and of its squares."""
        source = builder.table(self.inputs[0])
        column = source.column(each.column)
        check_squares(column)
        if each.count <= self.ddof:
            raise StatementError("A variance needs more values than its divisor takes away.")
        total, squares = number_cell(each.sum, column.type), square_cell(each.squares, column)
        if each.variance(0) < 0:
            # Sums are proven modulo r: cells that are no numbers have such squares.
            raise StatementError("No numbers have the sum and the sum of squares of the statement.")
        x, alpha = builder.column(column), builder.challenge("fact/alpha")
        builder.sum(source, x + alpha * (x * x), total + alpha * squares)

    def _counts(self, builder: Builder) -> None:
        """The numbers of nulls."""
        source, columns = self.columns_of(builder, [each.column for each in self.columns])
        cells: list[Cell] = []
        totals: list[int] = []
        for each, column in zip(self.columns, columns, strict=True):
            counted(source, column, each.count, cells, totals)
        if cells:
            combined_sum(builder, source, cells, totals)


def distinct(source: Source, names: Sequence[str]) -> list[SourceColumn]:
    """The named columns.

    Raises:
        StatementError: none, one that does not exist, or one twice.
    """
    if not names or len(set(names)) != len(names):
        raise StatementError("A statement about columns names at least one, and each of them once.")
    return [source.column(name) for name in names]


def combined_sum(
    builder: Builder, source: Source, cells: Sequence[Cell], totals: Sequence[int] | None
) -> None:
    """sum_k alpha^k f_k adds up to sum_k alpha^k S_k; without totals, 0 times the first column to 0."""
    if totals is None:
        builder.sum(source, 0 * builder.operand("sum", [(1, cells[0])]), builder.constant(0))
        return
    alpha = builder.challenge("fact/alpha") if len(cells) > 1 else builder.constant(1)
    powers = builder.powers(alpha, len(cells))
    value = builder.constant(0)
    for power, total in zip(powers, totals, strict=True):
        value = value + power * total
    builder.sum(source, builder.operand("sum", list(zip(powers, cells, strict=True))), value)


def counted(source: Source, column: SourceColumn, count: int, cells: list[Cell], totals: list[int]) -> None:
    """Appends the null companion and the number of its ones, where the column has a companion.

    Raises:
        StatementError: it has none, and yet the count is not that of the rows.
    """
    nulls = source.extent.rows - count
    if column.null is not None:
        cells.append(column.null)
        totals.append(nulls)
    elif nulls:
        raise StatementError(
            f"Column {column.name!r} has no nulls by its record, and the statement counts some."
        )


def check_numeric(column: SourceColumn) -> None:
    """Refuses to add up what is not a number, with a sentence about what to do."""
    if column.type.kind == "float64":
        raise StatementError(
            f"Column {column.name!r} holds floats that are not exact decimals, and has no exact sum.",
            why="It is committed in an order-preserving code.",
            todo=f'Round it and declare a scale: commit(df.round({{"{column.name}": 2}}), '
            f'scales={{"{column.name}": 2}}).',
        )
    if not column.type.numeric:
        raise StatementError(
            f"Column {column.name!r} is {column.type.describe()} and has no sum.",
            todo="Name a column of numbers.",
        )


def check_squares(column: SourceColumn) -> None:
    """Refuses columns whose sum of squares is not a number of the field."""
    check_numeric(column)
    bits = column.type.bits or 1
    if column.type.kind == "duration" or 2 * bits + column.source.extent.rows.bit_length() >= SUM_BITS:
        raise StatementError(
            f"Column {column.name!r} is {column.type.describe()}, of which squares are not added up.",
            todo="Convert it to a number of at most 64 bits.",
        )


def square_cell(text: str, column: SourceColumn) -> int:
    """A sum of squares as an integer, from its text with twice the column's scale."""
    return decimal_number(text, 2 * (column.type.scale or 0))


def square_text(number: int, column: SourceColumn) -> str:
    """The inverse of `square_cell`."""
    return decimal_text(number, 2 * (column.type.scale or 0))


# -- results from the data ------------------------------------------------------------------------


def state_sums(subject: Subject, names: Sequence[str]) -> Sums:
    """Computes and states sums. Raises StatementError for columns without one."""
    return Sums(
        inputs=(subject.dataset_id,),
        columns=tuple(
            Total(column=column.name, sum=number_text(_sum(subject, column), column.type))
            for column in _numeric(subject, names)
        ),
    )


def state_means(subject: Subject, names: Sequence[str]) -> Means:
    """Computes and states means. Raises StatementError for columns without one."""
    return Means(
        inputs=(subject.dataset_id,),
        columns=tuple(
            Average(
                column=column.name,
                sum=number_text(_sum(subject, column), column.type),
                count=_values(subject, column, least=1),
            )
            for column in _numeric(subject, names)
        ),
    )


def state_variances(
    subject: Subject, names: Sequence[str], ddof: int, measure: OneOf["variance", "standard deviation"]
) -> Variances:
    """Computes and states variances or standard deviations. Raises StatementError for columns without one."""
    if ddof not in (0, 1):
        raise StatementError("ddof is 1 for a sample and 0 for a population.")
    columns = _numeric(subject, names)
    spreads = []
    for column in columns:
        check_squares(column)
        squares = integer_sum(subject.table.columns[column.number].data[0], 2)
        spreads.append(
            Spread(
                column=column.name,
                sum=number_text(_sum(subject, column), column.type),
                squares=square_text(squares, column),
                count=_values(subject, column, least=1 + ddof),
            )
        )
    return Variances(inputs=(subject.dataset_id,), measure=measure, ddof=ddof, columns=tuple(spreads))


def state_nulls(subject: Subject, names: Sequence[str]) -> NullCounts:
    """Counts and states nulls; of every column where none is named."""
    source = source_of(subject)
    return NullCounts(
        inputs=(subject.dataset_id,),
        columns=tuple(
            NullCount(column=column.name, nulls=subject.table.n_rows - _values(subject, column, least=0))
            for column in distinct(source, names or source.names)
        ),
    )


def _numeric(subject: Subject, names: Sequence[str]) -> list[SourceColumn]:
    columns = distinct(source_of(subject), names)
    for column in columns:
        check_numeric(column)
    return columns


def _sum(subject: Subject, column: SourceColumn) -> int:
    return integer_sum(subject.table.columns[column.number].data[0])


def _values(subject: Subject, column: SourceColumn, least: int) -> int:
    null = subject.table.columns[column.number].null
    count = subject.table.n_rows - (0 if null is None else int(null.sum()))
    if count < least:
        raise StatementFalse(
            f"Column {column.name!r} of `{subject.name}` has {count_of(count, 'value')} that "
            f"{'is' if count == 1 else 'are'} not null.",
            why=f"The claim needs at least {least}.",
        )
    return count


# -- numbers in sentences -------------------------------------------------------------------------


def grouped(number: str) -> str:
    """A decimal number with separators of thousands."""
    digits, blank, unit = number.partition(" ")
    whole, point, rest = digits.partition(".")
    return f"{int(whole):,}{point}{rest}{blank}{unit}" if whole != "-0" else number


def shown(number: Fraction) -> str:
    """A fraction in decimal: exactly where that is short, else to 12 significant digits and `about`."""
    with localcontext() as context:
        context.prec = SHOWN_DIGITS
        near = Decimal(number.numerator) / Decimal(number.denominator)
    return _near(near, exact=Fraction(near) == number)


def root(number: Fraction) -> str:
    """The square root, as `shown`."""
    with localcontext() as context:
        context.prec = 2 * SHOWN_DIGITS
        near = (Decimal(number.numerator) / Decimal(number.denominator)).sqrt()
        context.prec = SHOWN_DIGITS
        near = +near
    return _near(near, exact=Fraction(near) ** 2 == number)


def _near(number: Decimal, *, exact: bool) -> str:
    text = grouped(f"{number.normalize():f}")
    return text if exact else f"about {text}"


def _second(total: str) -> str:
    return " s" if total.endswith(" s") else ""
