"""Sorted: each value is at most the one in the next row, or at least.

What stands in the next row is committed anew and compared, under the rows' numbers, with the column itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from zkp_nb.errors import StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.facts import Fact, Name
from zkp_nb.statements.resolved import interval
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import SourceColumn
from zkp_nb.statements.statement import count_of, name_of, quoted, register
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import cells_of, data_of, present_of
from zkp_nb.table.cells import Cells


@register
class Sorted(Fact):
    """The rows are in the order of a column; nulls come last.

    Attributes:
        descending: from the greatest value to the least.
    """

    kind: ClassVar[str] = "sorted"
    result_fields: ClassVar[frozenset[str]] = frozenset()

    column: Name
    descending: bool

    def sentence(self, names: Mapping[str, str]) -> str:
        way = "descending" if self.descending else "ascending"
        return f"The rows of {name_of(names, self.inputs[0])} are in {way} order of {quoted(self.column)}, nulls last."

    def compile(self, builder: Builder) -> None:
        source = builder.table(self.inputs[0])
        column = source.column(self.column)
        low, high = interval(column)
        x, null = builder.value(column)
        rows = source.extent.rows
        # All rows but the last, and but the first.
        before, after = builder.first(source, rows - 1), builder.negated(builder.first(source, 1))
        following = builder.aux(source, "next", lambda: _next(cells_of(column)))
        absent = builder.constant(0)
        if column.nullable:
            absent = builder.aux(source, "next/null", lambda: _next(~present_of(column)))
        family = builder.family()
        index, alpha = builder.index(source), family.alpha
        family.left(source, index + 1 + alpha * following + alpha * alpha * absent, before)
        family.right(source, index + alpha * x + alpha * alpha * null, after)
        builder.require(source, before * (null * (1 - absent)))
        # In the rows of `before`, `absent` is the companion of the next row.
        weight = builder.both(before, builder.certified(1 - absent))
        difference = x - following if self.descending else following - x
        builder.nonnegative(source, difference, (high - low).bit_length(), weight)


def _next(cells: Cells) -> Cells:
    following = np.zeros_like(cells)
    following[:-1] = cells[1:]
    return following


def state_sorted(subject: Subject, name: str, *, descending: bool) -> Sorted:
    """States that the rows are in the order of a column.

    Raises:
        StatementFalse: they are not.
        StatementError: the column has no order.
    """
    column = source_of(subject).column(name)
    interval(column)
    wrong = _inversions(column, descending)
    if wrong:
        raise StatementFalse(
            f"`{subject.name}` is out of the order of {name!r} in {count_of(wrong, 'place')}.",
            why="Nulls come last.",
            todo="Sort the frame first.",
        )
    return Sorted(inputs=(subject.dataset_id,), column=name, descending=descending)


def _inversions(column: SourceColumn, descending: bool) -> int:
    cells, null = data_of(column).data[0], ~present_of(column)
    steps = cells[1:] > cells[:-1] if descending else cells[1:] < cells[:-1]
    return int(np.count_nonzero((steps & ~null[1:]) | (null[:-1] & ~null[1:])))
