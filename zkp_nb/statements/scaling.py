"""Numbers scaled by public constants and rounded by a stated rule, row by row; remainders of a division.

With `N` the exact value times a public divisor `T`, the rounded one is the integer `q` that leaves `N - T q` in a
stated interval. Modulo r that is true of some q whatever the difference is, so q is proven to lie where the types
allow it as well; `T` times that interval stays far below r.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import lcm
from typing import Annotated, Any, ClassVar, Final
from typing import Literal as OneOf

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from zkp_nb.errors import StatementError
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import Mask
from zkp_nb.statements.equations import Equations, check_follows
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.facts import Name
from zkp_nb.statements.literals import exact_number, number_literal
from zkp_nb.statements.packing import Task
from zkp_nb.statements.ranges import MAX_WIDTH
from zkp_nb.statements.resolved import interval
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import Source, SourceColumn
from zkp_nb.statements.statement import (
    Part,
    Statement,
    listed,
    name_of,
    quoted,
    register,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import cells_of, present_of
from zkp_nb.statements.witness import Words
from zkp_nb.table.cells import FIELD_MODULUS, to_ints

Rule = OneOf["nearest", "down", "up", "remainder"]

MAX_DIGITS: Final = 18

_WORDS: Final[Mapping[Rule, str]] = {
    "nearest": "rounded to the nearest multiple of {} (ties either way)",
    "down": "rounded down to a multiple of {}",
    "up": "rounded up to a multiple of {}",
}
_EXACT_BITS: Final = 61
"""Below so many bits 64-bit arithmetic is exact."""

Numbers = npt.NDArray[Any]
"""Integers of one row each, int64 or, where these could overflow, Python's own."""


class Scaled(Part):
    """A column of the output that follows from one of the input.

    Attributes:
        column: of the input, of numbers.
        into: of the output: `column * multiply + add`, divided by `divide`, then rounded.
        digits: to which it is rounded, after the point; -2 are hundreds.
        rule: how it is rounded. `nearest` leaves open which way a value just between two goes, so it covers what
            pandas, numpy and polars do with such ties. `remainder` is what a division rounded down to a whole
            number leaves; it has no `multiply`, no `add` and no digits.
    """

    column: Name
    into: Name
    multiply: Any
    add: Any
    divide: Any
    digits: Annotated[int, Field(ge=-MAX_DIGITS, le=MAX_DIGITS)]
    rule: Rule

    @model_validator(mode="after")
    def _divides(self) -> Scaled:
        multiply, add, divide = (exact_number(each) for each in (self.multiply, self.add, self.divide))
        if divide <= 0 or multiply == 0:
            raise StatementError("Factors of a column are not 0, and divisors are above 0.")
        if self.rule == "remainder" and not (multiply == 1 and add == 0 == self.digits):
            raise StatementError("A remainder is that of the column itself.")
        return self

    def __str__(self) -> str:
        text, into = quoted(self.column), quoted(self.into)
        if self.rule == "remainder":
            return f"{into} = the remainder of {text} / {self.divide}"
        if self.multiply != 1:
            text = f"{text} * {self.multiply}"
        if self.add != 0:
            text = f"{text} - {str(self.add)[1:]}" if str(self.add)[0] == "-" else f"{text} + {self.add}"
        if self.divide != 1:
            text = f"({text}) / {self.divide}" if " " in text else f"{text} / {self.divide}"
        unit = str(10**-self.digits) if self.digits <= 0 else f"0.{1:0{self.digits}}"
        return f"{into} = {text} {_WORDS[self.rule].format(unit)}"


@dataclass(frozen=True)
class Division:
    """What is claimed, in cells: `0 <= front * x + shift - divisor * q <= most`, with `q` in `[low, high]`.

    Attributes:
        step: of a rounded value `y = step * q`; of a remainder `step * y = front * x - divisor * q`.
    """

    theirs: SourceColumn
    ours: SourceColumn
    rule: Rule
    front: int
    shift: int
    divisor: int
    step: int
    most: int
    low: int
    high: int

    @property
    def width(self) -> int:
        """Bits of the interval of q."""
        return (self.high - self.low).bit_length()

    def quotients(self) -> Numbers:
        """q on every row, as an honest prover has it."""
        if self.rule == "remainder":
            return self._front(_numbers(self.theirs, self.front)) // self.divisor
        return _numbers(self.ours, self.divisor) // self.step

    def rests(self) -> Numbers:
        """`front * x + shift - divisor * q` on every row."""
        x, q = self._front(_numbers(self.theirs, self.front)), self.quotients()
        if x.dtype == object or q.dtype == object:
            x, q = x.astype(object), q.astype(object)
        found: Numbers = x - q * self.divisor
        return found

    def wrong(self) -> Mask:
        """In which rows the output holds another value."""
        present, rests = present_of(self.theirs), self.rests()
        if self.rule == "remainder":
            differs = rests != _numbers(self.ours, self.step) * self.step
        else:
            differs = (rests < 0) | (rests > self.most) | (_numbers(self.ours, 1) % self.step != 0)
        wrong: Mask = (present != present_of(self.ours)) | (present & differs.astype(np.bool_))
        return wrong

    def _front(self, x: Numbers) -> Numbers:
        if x.dtype != object and abs(self.shift).bit_length() > _EXACT_BITS:
            x = x.astype(object)
        return x * self.front + self.shift


def _numbers(column: SourceColumn, factor: int) -> Numbers:
    """The cells, in a form in which multiples by the factor are exact."""
    cells = cells_of(column)
    largest = max(-int(cells.min(initial=0)), int(cells.max(initial=0)))
    if cells.ndim == 1 and (largest * abs(factor)).bit_length() <= _EXACT_BITS:
        return cells.astype(np.int64)
    return np.array(to_ints(cells), object)


def _words(numbers: Numbers) -> Words:
    if numbers.dtype == object:
        return np.array([each % 2**64 for each in numbers.tolist()], np.uint64)
    return numbers.view(np.uint64)


@register
class Scaling(Statement):
    """Columns of the output are columns of the input, scaled and rounded; nulls stay, other columns are carried.

    Attributes:
        columns: what is calculated. The output has all columns of the input, and those.
    """

    kind: ClassVar[str] = "scaled"
    strength: ClassVar[int] = 12
    shape: ClassVar[tuple[int, int, int] | None] = (1, 1, 1)

    columns: Annotated[tuple[Scaled, ...], Field(min_length=1, max_length=64)]

    @model_validator(mode="after")
    def _each_once(self) -> Scaling:
        if len({each.into for each in self.columns}) != len(self.columns):
            raise StatementError("A column is calculated twice.")
        return self

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        return f"{output} has the rows of {source} in the same order, with {listed(map(str, self.columns))}."

    def tasks(self, builder: Builder) -> Sequence[Task]:
        pairs = [(partial(self._left_over, at), partial(self._whole, at)) for at in range(len(self.columns))]
        return [task for pair in pairs for task in pair]

    def _left_over(self, at: int, builder: Builder) -> None:
        """What the quotient leaves, or the remainder, lies in its interval; other columns are carried."""
        source, output = (builder.table(each) for each in (*self.inputs, *self.outputs))
        division = self.division(source, output, at)
        equations = Equations(builder, source, output)
        if at == 0:
            equations.carried({each.into for each in self.columns})
        equations.same_nulls(division.ours, division.theirs)
        equations.close()
        x, y, present = self._values(builder, division)
        if division.rule == "remainder":
            # Not step * y: that y is a whole number of cells is part of the claim.
            _within(builder, source, y, division.most // division.step, present)
            return
        q = _quotient(builder, division, y)
        rest = x * division.front + division.shift - q * division.divisor
        _within(builder, source, rest, division.most, present, lambda: _words(division.rests()))

    def _whole(self, at: int, builder: Builder) -> None:
        """The quotient is a small integer."""
        source, output = (builder.table(each) for each in (*self.inputs, *self.outputs))
        division = self.division(source, output, at)
        x, y, present = self._values(builder, division)
        if division.rule == "remainder":
            q = builder.aux(source, f"quotient/{at}", lambda: division.quotients().astype(np.int64))
            builder.require(source, x * division.front - q * division.divisor - y * division.step)
        else:
            q = _quotient(builder, division, y)
        builder.range(
            source,
            q - division.low,
            division.width,
            present,
            lambda: _words(division.quotients()) - np.uint64(division.low % 2**64),
        )

    @staticmethod
    def _values(builder: Builder, division: Division) -> tuple[Expr, Expr, Expr]:
        """Both columns, and the bit of the rows that are not null."""
        x, null = builder.value(division.theirs)
        y = builder.column(division.ours)
        builder.require(division.theirs.source, null * y)
        return x, y, builder.negated(null)

    def division(self, source: Source, output: Source, at: int) -> Division:
        """What is claimed of the column of that number, in cells.

        Raises:
            StatementError: the columns are no numbers of at most 64 bits, or the constants are too large.
        """
        each = self.columns[at]
        theirs, ours = source.column(each.column), output.column(each.into)
        for column in (theirs, ours):
            if column.type.kind not in ("int", "decimal"):
                raise StatementError(
                    f"Column {column.name!r} is {column.type.describe()}, and is not scaled or rounded exactly.",
                    todo="Commit floats rounded, with a declared scale.",
                )
        m, a, d = (exact_number(every) for every in (each.multiply, each.add, each.divide))
        if each.rule == "remainder":
            # x, y and the divisor as multiples of one unit.
            unit = lcm(theirs.unit, ours.unit, d.denominator)
            front, shift, divisor, step = unit // theirs.unit, 0, int(d * unit), unit // ours.unit
            most = divisor - 1
        else:
            m, a = (every * Fraction(10) ** each.digits / d for every in (m / theirs.unit, a))
            divisor = lcm(m.denominator, a.denominator)
            front, shift, most = int(m * divisor), int(a * divisor), divisor - 1
            if each.rule == "up":
                shift += divisor - 1
            elif each.rule == "nearest":
                front, shift, divisor = 2 * front, 2 * shift + divisor, 2 * divisor
                most = divisor
            multiple = Fraction(ours.unit) / Fraction(10) ** each.digits
            if multiple.denominator != 1:
                raise StatementError(f"Column {ours.name!r} has fewer digits than are claimed.")
            step = int(multiple)
        ends = sorted(front * bound + shift for bound in interval(theirs))
        low, high = -((most - ends[0]) // divisor), ends[1] // divisor
        if each.rule != "remainder":
            # An honest y lies within its type.
            least, greatest = interval(ours)
            low, high = max(low, -(-least // step)), min(high, greatest // step)
            if low > high:
                raise StatementError(f"Column {ours.name!r} cannot hold what is claimed of it.")
        division = Division(theirs, ours, each.rule, front, shift, divisor, step, most, low, high)
        largest = max(divisor << division.width, -ends[0], ends[1])
        if max(division.width, most.bit_length()) > MAX_WIDTH or largest > FIELD_MODULUS >> 8:
            raise StatementError(
                f"The constants for {quoted(each.into)} are too large, or have too many digits, for a proof.",
                todo="Round them, or declare a smaller width for the column.",
            )
        return division


def _quotient(builder: Builder, division: Division, y: Expr) -> Expr:
    return y if division.step == 1 else y * builder.inverse(builder.constant(division.step))


def _within(
    builder: Builder,
    source: Source,
    expr: Expr,
    most: int,
    weight: Expr,
    cells: Callable[[], Words] | None = None,
) -> None:
    """`expr` lies in [0, most] on rows of that weight."""
    width = most.bit_length()
    builder.range(source, expr, width, weight, cells)
    if most + 1 != 1 << width:
        rest = None if cells is None else lambda: np.uint64(most) - cells()
        builder.range(source, builder.constant(most) - expr, width, weight, rest)


def state_scaled(parent: Subject, child: Subject, columns: Sequence[Scaled]) -> Scaling:
    """States that columns of the child are scaled and rounded ones of the parent.

    Raises:
        StatementFalse: they are not, or another column is not the parent's.
        StatementError: the tables or constants do not fit, or not into proofs of 1,024 bytes.
    """
    statement = Scaling(inputs=(parent.dataset_id,), outputs=(child.dataset_id,), columns=tuple(columns))
    statement.programs({each.dataset_id: each.record for each in (parent, child)})
    source, output = source_of(parent), source_of(child)
    masks = {
        each.into: statement.division(source, output, at).wrong() for at, each in enumerate(statement.columns)
    }
    check_follows(parent, child, masks)
    return statement


def state_rounded(parent: Subject, child: Subject, names: Sequence[str], digits: int, rule: Rule) -> Scaling:
    """States that columns of the child are the parent's, rounded; all that have more digits where none is named.

    Raises as `state_scaled`.
    """
    columns = source_of(parent).columns
    chosen = names or [
        each.name for each in columns if each.type.kind == "decimal" and (each.type.scale or 0) > digits
    ]
    if not chosen:
        raise StatementError(
            f"No column of `{parent.name}` has more than {digits} digits.", todo="Name columns."
        )
    return state_scaled(
        parent, child, [scaled_column(name, None, digits=digits, rule=rule) for name in chosen]
    )


def scaled_column(
    column: str,
    into: str | None,
    multiply: object = 1,
    add: object = 0,
    divide: object = 1,
    *,
    digits: int = 0,
    rule: Rule,
) -> Scaled:
    """The part of a document for constants that a user gave.

    Raises:
        StatementError: a constant is no finite number, or the rule is none.
    """
    if rule not in (*_WORDS, "remainder"):
        raise StatementError(f"There is no rule {rule!r}.", todo=f"Known are {', '.join(_WORDS)}.")
    if type(digits) is not int or not -MAX_DIGITS <= digits <= MAX_DIGITS:
        raise StatementError(f"Digits are a whole number from -{MAX_DIGITS} to {MAX_DIGITS}.")
    return Scaled(
        column=column,
        into=into or column,
        multiply=number_literal(multiply),
        add=number_literal(add),
        divide=number_literal(divide),
        digits=digits,
        rule=rule,
    )
