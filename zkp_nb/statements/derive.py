"""Row by row: columns selected, dropped, renamed, and calculated from others.

All equations of a row are one: their left sides minus right sides are combined by powers of a
challenge. What is linear in committed columns is one operand, so that selecting and renaming any number
of columns takes 448 bytes; only the factors of products are operands of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse, TableError
from zkp_nb.statements import polynomials
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.formula import Arithmetic, Constant, Formula, Reference, formula_text
from zkp_nb.statements.polynomials import Polynomial, Variable
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import Cell, Source, SourceColumn, common_units
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
from zkp_nb.statements.witness import Words, words
from zkp_nb.table import Column
from zkp_nb.table.cells import FIELD_MODULUS, Cells


class Derived(Part):
    """A column of the output: its name, and the formula that gives it."""

    name: str
    formula: Formula

    def __str__(self) -> str:
        text = formula_text(self.formula)
        return (
            text
            if isinstance(self.formula, Reference) and self.formula.name == self.name
            else f"{quoted(self.name)} = {text}"
        )


@register
class Derive(Statement):
    """Row m of the output follows from row m of the input.

    A calculated value is null where one of the columns in its formula is.

    Attributes:
        columns: every column of the output, in its order.
    """

    kind: ClassVar[str] = "derive"
    strength: ClassVar[int] = 10
    shape: ClassVar[tuple[int, int, int] | None] = (1, 1, 1)

    columns: Annotated[tuple[Derived, ...], Field(min_length=1)]

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        columns = listed(map(str, self.columns))
        return f"{output} has the rows of {source} in the same order, with the columns {columns}."

    def compile(self, builder: Builder) -> None:
        source, output = builder.table(self.inputs[0]), builder.table(self.outputs[0])
        aligned(source, output)
        if output.names != tuple(each.name for each in self.columns):
            raise StatementError("The statement names other columns than its output has.")
        equations = [
            equation
            for column, each in zip(output.columns, self.columns, strict=True)
            for equation in _equations(source, column, each.formula)
        ]
        powers = builder.powers(builder.challenge("derive/beta"), len(equations))
        linear: dict[Cell, Expr] = {}
        rest = builder.constant(0)
        for power, (cells, polynomial) in zip(powers, equations, strict=True):
            terms = list(cells)
            monomials = sorted(polynomial.items(), key=lambda item: (len(item[0]), item[0]))
            for monomial, c in monomials:
                if len(monomial) == 1:
                    terms.append((c, _cell(source, monomial[0])))
            for c, cell in terms:
                linear[cell] = linear.get(cell, builder.constant(0)) + power * c
            for monomial, c in monomials:
                if len(monomial) != 1:
                    value = builder.constant(c)
                    for variable in monomial:
                        column = source.columns[variable[0]]
                        value = value * (
                            builder.null(column) if variable[1] == "null" else builder.value(column)[0]
                        )
                    rest = rest + power * value
        operand = builder.operand("row", [(coefficient, cell) for cell, coefficient in linear.items()])
        builder.require(output, operand + rest)


Equation = tuple[list[tuple[int, Cell]], Polynomial]
"""What is to be zero: terms of committed columns, and a polynomial in the columns of the input."""


def _equations(source: Source, output: SourceColumn, formula: Formula) -> list[Equation]:
    """One equation for each part of the output column, then one for its null companion."""
    if isinstance(formula, Reference):
        column = source.column(formula.name)
        theirs, ours = common_units([column, output])
        equations: list[Equation] = [
            ([(ours, output.cell(part)), (-theirs, column.cell(part))], {}) for part in output.parts
        ]
        return [*equations, _null_equation(output, polynomials.any_null([column]))]
    columns = calculated(source, output, formula)
    value = polynomials.expand(formula, source)
    scale = max(value.scale, output.type.scale or 0)
    factor = int(10 ** (scale - (output.type.scale or 0)))
    if factor * polynomials.largest(output) + polynomials.bound(value.at(scale), source) >= FIELD_MODULUS:
        raise StatementError(
            f"The formula of column {output.name!r} can give numbers too large for a proof.",
            why="Equations are proven modulo r: numbers that are r apart would count as equal.",
            todo="Declare smaller widths or scales for its columns, or calculate it in several steps.",
        )
    present = polynomials.where_present(value.at(scale), columns)
    right = polynomials.added({}, present, -1)
    return [([(factor, output.cell())], right), _null_equation(output, polynomials.any_null(columns))]


def _null_equation(output: SourceColumn, null: Polynomial) -> Equation:
    return ([] if output.null is None else [(1, output.null)]), polynomials.added({}, null, -1)


def _cell(source: Source, variable: Variable) -> Cell:
    return source.columns[variable[0]].cell(variable[1])


def calculated(source: Source, output: SourceColumn, formula: Formula) -> list[SourceColumn]:
    """The columns of a formula, each once, in order of first mention.

    Raises:
        StatementError: it names none, or one that is not a number; or the output column is none.
    """
    names = dict.fromkeys(polynomials.references(formula))
    if not names:
        raise StatementError(f"The formula of column {output.name!r} names no column.")
    if output.type.kind not in ("int", "decimal") or output.type.wide:
        raise StatementError(
            f"Column {output.name!r} is {output.type.describe()}, and a formula gives a number of 64 bits.",
            why="Floats whose digits are rounded are no exact result of a formula."
            if output.type.kind == "float64"
            else "",
            todo=f"Round it in the frame: df[{output.name!r}] = df[{output.name!r}].round(2).",
        )
    return [polynomials.numeric(source.column(name)) for name in names]


def aligned(source: Source, output: Source) -> None:
    """Refuses tables of different size."""
    if source.extent != output.extent:
        raise StatementError(
            f"`{output.record.name}` has {count_of(output.extent.rows, 'row')} and `{source.record.name}` "
            f"has {count_of(source.extent.rows, 'row')}, so that they cannot be compared row by row."
        )


def state_derive(parent: Subject, child: Subject, formulas: Mapping[str, Formula]) -> Derive:
    """States how the columns of the child follow from those of the parent, row by row.

    Args:
        formulas: by column of the child; a column that is not among them is the parent's of the same name.

    Raises:
        StatementFalse: a column is another one.
        StatementError: the tables cannot be compared.
    """
    source, output = source_of(parent), source_of(child)
    aligned(source, output)
    for name in formulas:
        output.column(name)
    columns = []
    try:
        for column in output.columns:
            default = Reference(op="column", name=column.name)
            formula = polynomials.constants_as_literals(formulas.get(column.name, default))
            _check(source, column, formula, child.name)
            columns.append(Derived(name=column.name, formula=formula))
    except TableError as error:
        raise StatementError(error.what, why=error.why, todo=error.todo) from None
    return Derive(inputs=(parent.dataset_id,), outputs=(child.dataset_id,), columns=tuple(columns))


def _check(source: Source, output: SourceColumn, formula: Formula, child: str) -> None:
    wrong = differing(source, output, formula)
    if wrong:
        raise StatementFalse(
            f"{count_of(wrong, 'value')} of column {output.name!r} of `{child}` "
            f"{'is' if wrong == 1 else 'are'} not {formula_text(formula)} of `{source.record.name}`.",
            why="Results are compared exactly, row by row; what overflowed or was rounded is another value.",
        )


def differing(source: Source, output: SourceColumn, formula: Formula) -> int:
    """In how many rows a column is not what its formula gives; needs the data.

    Raises:
        StatementError: the column cannot have such a formula.
    """
    rows = source.extent.rows
    result = _column(output)
    if isinstance(formula, Reference):
        column = source.column(formula.name)
        units = common_units([column, output])
        wrong = _null(column, rows) != _null(output, rows)
        for theirs, ours in zip(_column(column).data, result.data, strict=True):
            if theirs.ndim == ours.ndim == 2:
                wrong |= (theirs != ours).any(axis=1)
            else:
                wrong |= _times(words(theirs), units[0]) != _times(words(ours), units[1])
        return int(np.count_nonzero(wrong))
    columns = calculated(source, output, formula)
    value, near, scale = _evaluate(source, formula)
    common = max(scale, output.type.scale or 0)
    null = np.zeros(rows, np.bool_)
    for column in columns:
        null |= _null(column, rows)
    factor = 10 ** (common - (output.type.scale or 0))
    exact = _times(value, 10 ** (common - scale)) == _times(words(result.data[0]), factor)
    # Equal modulo 2^64 and not far from each other: equal.
    close = np.abs(near * 10.0 ** (common - scale) - result.data[0].astype(np.float64) * factor) < 2.0**62
    wrong = np.where(null, result.data[0] != 0, ~(exact & close)) | (null != _null(output, rows))
    return int(np.count_nonzero(wrong))


def _evaluate(source: Source, formula: Formula) -> tuple[Words, npt.NDArray[np.float64], int]:
    """Values modulo 2^64, values in floating point, and their scale."""
    match formula:
        case Reference(name=name):
            column = source.column(name)
            cells = _column(column).data[0]
            return words(cells), cells.astype(np.float64), column.type.scale or 0
        case Constant():
            constant = polynomials.expand(formula, source)
            number = constant.polynomial[()] if constant.polynomial else 0
            rows = source.extent.rows
            return np.full(rows, number % 2**64, np.uint64), np.full(rows, float(number)), constant.scale
        case Arithmetic(op=op, left=left, right=right):
            (a, x, i), (b, y, j) = _evaluate(source, left), _evaluate(source, right)
            with np.errstate(over="ignore", invalid="ignore"):
                if op == "*":
                    return a * b, x * y, i + j
                scale = max(i, j)
                a, b, x, y = (
                    _times(a, 10 ** (scale - i)),
                    _times(b, 10 ** (scale - j)),
                    x * 10.0 ** (scale - i),
                    y * 10.0 ** (scale - j),
                )
                return (a + b, x + y, scale) if op == "+" else (a - b, x - y, scale)


def _times(vector: Words, factor: int) -> Words:
    with np.errstate(over="ignore"):
        return vector * np.uint64(factor % 2**64)


def _column(column: SourceColumn) -> Column:
    assert column.source.table is not None
    return column.source.table.columns[column.number]


def _null(column: SourceColumn, rows: int) -> Cells:
    null = _column(column).null
    return np.zeros(rows, np.bool_) if null is None else null
