"""Values of other rows: shifted columns, differences, and sums over the rows before.

Rows are compared together with their numbers, so a value of row m meets one of row m + k. A running sum is what the row
before has and the row's own value; a rolling one is the difference of two running ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from zkp_nb.errors import StatementError
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import Mask, hash_rows
from zkp_nb.statements.concat import row_tag
from zkp_nb.statements.equations import Equations, check_follows
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.facts import Name, check_numeric
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import Source, SourceColumn, common_units
from zkp_nb.statements.statement import Statement, count_of, name_of, quoted, register
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import cells_of, present_of
from zkp_nb.table.cells import Cells, to_ints, wide_from_ints

MAX_PERIODS = 2**24


class OfOtherRows(Statement):
    """A column of the output that follows from other rows of the input; all other columns are carried.

    Attributes:
        column: of the input.
        into: of the output.
    """

    strength: ClassVar[int] = 12
    shape: ClassVar[tuple[int, int, int] | None] = (1, 1, 1)

    column: Name
    into: Name

    def rule(self, names: Mapping[str, str]) -> str:
        """What the column is."""
        raise NotImplementedError

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        return f"{output} has the rows of {source} in the same order, with {quoted(self.into)} = {self.rule(names)}."

    def sides(self, source: Source, output: Source) -> tuple[SourceColumn, SourceColumn]:
        """Both columns.

        Raises:
            StatementError: they do not fit the statement.
        """
        raise NotImplementedError

    def compile(self, builder: Builder) -> None:
        source, output = (builder.table(each) for each in (*self.inputs, *self.outputs))
        theirs, ours = self.sides(source, output)
        equations = Equations(builder, source, output)
        equations.carried({self.into})
        self.follow(builder, theirs, ours)
        equations.close()

    def follow(self, builder: Builder, theirs: SourceColumn, ours: SourceColumn) -> None:
        """Says what the column is to the builder."""
        raise NotImplementedError

    def wrong(self, theirs: SourceColumn, ours: SourceColumn) -> Mask:
        """In which rows it is something else; needs the data."""
        raise NotImplementedError


@register
class Shift(OfOtherRows):
    """The value of the row `periods` before (after, where negative); null where there is no such row.

    Attributes:
        periods: how many rows, not 0.
        difference: the row's own value minus that one, in place of that one.
    """

    kind: ClassVar[str] = "shift"

    periods: Annotated[int, Field(ge=-MAX_PERIODS, le=MAX_PERIODS)]
    difference: bool

    @model_validator(mode="after")
    def _shifts(self) -> Self:
        if self.periods == 0:
            raise StatementError("A column is shifted by one row or more.")
        return self

    def rule(self, names: Mapping[str, str]) -> str:
        rows = count_of(abs(self.periods), "row")
        other = f"{quoted(self.column)} of {rows} {'before' if self.periods > 0 else 'after'}"
        return f"{quoted(self.column)} minus {other}" if self.difference else other

    def sides(self, source: Source, output: Source) -> tuple[SourceColumn, SourceColumn]:
        theirs, ours = source.column(self.column), output.column(self.into)
        if abs(self.periods) >= source.extent.rows:
            raise StatementError(
                f"`{source.record.name}` has {count_of(source.extent.rows, 'row')}, too few to be shifted that far."
            )
        if not ours.nullable:
            raise StatementError(
                f"Column {ours.name!r} has no nulls, where there is no row to take a value from."
            )
        if self.difference:
            _whole(theirs)
        common_units([ours, theirs], 1 + self.difference)
        return theirs, ours

    def follow(self, builder: Builder, theirs: SourceColumn, ours: SourceColumn) -> None:
        family = builder.family()
        value, other = builder.fingerprints([[ours], [theirs]], family.alpha)
        powers = builder.powers(family.alpha, len(ours.parts) + 1)
        rows, far = theirs.source.extent.rows, abs(self.periods)
        if self.periods > 0:
            there = builder.negated(builder.first(ours.source, far))
            taken, before, after = builder.first(theirs.source, rows - far), 0, far
        else:
            there = builder.first(ours.source, rows - far)
            taken, before, after = builder.negated(builder.first(theirs.source, far)), far, 0
        left = value
        if self.difference:
            # d = x - x': both sides in x', of which the companion is 0.
            units = common_units([ours, theirs])
            left = builder.column(theirs) * units[1] - builder.column(ours) * units[0]
            builder.require(ours.source, there * builder.null(ours))
        family.left(ours.source, left + row_tag(builder, ours.source, before), there)
        family.right(theirs.source, other + row_tag(builder, theirs.source, after), taken)
        # Elsewhere it is null, and its cells 0.
        builder.require(ours.source, builder.negated(there) * (value - powers[-1]))

    def wrong(self, theirs: SourceColumn, ours: SourceColumn) -> Mask:
        rows, far = theirs.source.extent.rows, self.periods
        here = slice(far, None) if far > 0 else slice(None, rows + far)
        there = slice(None, rows - far) if far > 0 else slice(-far, None)
        wrong: Mask = np.ones(rows, np.bool_)
        if self.difference:
            left, right = common_units([ours, theirs])
            x, d = _numbers(theirs, right, 2), _numbers(ours, left)
            wrong[here] = (x[here] - x[there] != d[here]) | ~present_of(ours)[here]
        else:
            before, after = hash_rows([[theirs], [ours]])
            wrong[here] = before[there] != after[here]
        gap = np.ones(rows, np.bool_)
        gap[here] = False
        wrong[gap] = present_of(ours)[gap]
        return wrong


@register
class RunningSum(OfOtherRows):
    """The sum of the row's own value and those of rows before.

    Attributes:
        window: of that many rows; None is of all from the first on.
        whole: rows with fewer before them are null, as by default in pandas; else they have the sum of what there is.
    """

    kind: ClassVar[str] = "running-sum"

    window: Annotated[int, Field(ge=1, le=MAX_PERIODS)] | None
    whole: bool

    @model_validator(mode="after")
    def _of_a_window(self) -> Self:
        if self.window is None and self.whole:
            raise StatementError("Only sums of a window can lack rows.")
        return self

    def rule(self, names: Mapping[str, str]) -> str:
        column = quoted(self.column)
        if self.window is None:
            return f"the sum of {column} of all rows up to this one"
        last = f"the sum of {column} of the last {count_of(self.window, 'row')}"
        return f"{last}, null where there are fewer" if self.whole else f"{last}, or of as many as there are"

    def sides(self, source: Source, output: Source) -> tuple[SourceColumn, SourceColumn]:
        theirs, ours = source.column(self.column), output.column(self.into)
        _whole(theirs)
        _whole(ours, nulls=True)
        if self.whole and not ours.nullable:
            raise StatementError(
                f"Column {ours.name!r} has no nulls, where there are too few rows for a sum."
            )
        common_units([ours, theirs], source.extent.rows)
        if self.window is not None and self.window > source.extent.rows:
            raise StatementError(
                f"`{source.record.name}` has {count_of(source.extent.rows, 'row')}, fewer than the window."
            )
        return theirs, ours

    def follow(self, builder: Builder, theirs: SourceColumn, ours: SourceColumn) -> None:
        source, rows = theirs.source, theirs.source.extent.rows
        left, right = common_units([ours, theirs])
        x, total = builder.column(theirs) * right, builder.column(ours) * left
        running = total
        if self.window is not None:
            running = builder.aux(source, "running", lambda: _cells(np.cumsum(_numbers(theirs, right, rows))))
        builder.require(source, builder.first(source, 1) * (running - x))
        if rows > 1:
            self._meet(builder, source, running, running - x, 1)
        if self.window is None:
            self._never_null(builder, ours)
            return
        window, gap = self.window, self.window - 1 if self.whole else 0
        if window < rows:
            self._meet(builder, source, running, running - total, window)
        missing = builder.first(source, gap)
        builder.require(source, (builder.first(source, window) - missing) * (total - running))
        if gap:
            builder.require(source, builder.column(ours, "null") - missing)
            builder.require(source, missing * total)
        else:
            self._never_null(builder, ours)

    @staticmethod
    def _meet(builder: Builder, source: Source, before: Expr, after: Expr, far: int) -> None:
        """`after` of each row is `before` of the row that far before it."""
        family = builder.family()
        rows = source.extent.rows
        family.left(source, before + row_tag(builder, source, far), builder.first(source, rows - far))
        family.right(source, after + row_tag(builder, source, 0), builder.negated(builder.first(source, far)))

    @staticmethod
    def _never_null(builder: Builder, ours: SourceColumn) -> None:
        if ours.nullable:
            builder.require(ours.source, builder.column(ours, "null"))

    def wrong(self, theirs: SourceColumn, ours: SourceColumn) -> Mask:
        left, right = common_units([ours, theirs])
        sums = np.cumsum(_numbers(theirs, right, theirs.source.extent.rows))
        if self.window is not None and self.window < len(sums):
            sums = np.concatenate((sums[: self.window], sums[self.window :] - sums[: -self.window]))
        gap = self.window - 1 if self.whole and self.window else 0
        present = np.arange(len(sums)) >= gap
        differs = (sums != _numbers(ours, left)).astype(np.bool_)
        wrong: Mask = (present & differs) | (present != present_of(ours))
        return wrong


def _whole(column: SourceColumn, *, nulls: bool = False) -> None:
    """Refuses a column that has no sums, or nulls."""
    check_numeric(column)
    if column.type.kind == "bool":
        raise StatementError(f"Column {column.name!r} is bool.", todo="Make it a number first.")
    if column.nullable and not nulls:
        raise StatementError(
            f"Column {column.name!r} has nulls, or can have them.",
            todo="Fill them in a step before, or declare the column without nulls.",
        )


def _numbers(column: SourceColumn, factor: int, terms: int = 1) -> npt.NDArray[Any]:
    """Cells times a factor, of which sums of that many terms are exact."""
    cells = cells_of(column)
    largest = max(-int(cells.min(initial=0)), int(cells.max(initial=0)))
    small = cells.ndim == 1 and (largest * factor * terms).bit_length() < 63
    return (cells.astype(np.int64) if small else np.array(to_ints(cells), object)) * factor


def _cells(numbers: npt.NDArray[Any]) -> Cells:
    return wide_from_ints(numbers.tolist()) if numbers.dtype == object else numbers


def checked(statement: OfOtherRows, parent: Subject, child: Subject) -> OfOtherRows:
    """The statement, if it holds.

    Raises:
        StatementFalse: it does not.
        StatementError: it does not fit the tables.
    """
    statement.programs({each.dataset_id: each.record for each in (parent, child)})
    source, output = source_of(parent), source_of(child)
    check_follows(parent, child, {statement.into: statement.wrong(*statement.sides(source, output))})
    return statement


def state_shift(
    parent: Subject, child: Subject, column: str, into: str, periods: int, *, difference: bool
) -> OfOtherRows:
    """States that a column of the child is a shifted one of the parent, or the difference to it.

    Raises as `checked`.
    """
    if type(periods) is not int or abs(periods) > MAX_PERIODS:
        raise StatementError("A column is shifted by a whole number of rows.")
    statement = Shift(
        inputs=(parent.dataset_id,),
        outputs=(child.dataset_id,),
        column=column,
        into=into,
        periods=periods,
        difference=difference,
    )
    return checked(statement, parent, child)


def state_running_sum(
    parent: Subject, child: Subject, column: str, into: str, window: int | None, *, whole: bool
) -> OfOtherRows:
    """States that a column of the child adds up one of the parent. Raises as `checked`."""
    if window is not None and (type(window) is not int or not 1 <= window <= MAX_PERIODS):
        raise StatementError("A window is a whole number of rows, one at least.")
    statement = RunningSum(
        inputs=(parent.dataset_id,),
        outputs=(child.dataset_id,),
        column=column,
        into=into,
        window=window,
        whole=whole and window is not None and window > 1,
    )
    return checked(statement, parent, child)
