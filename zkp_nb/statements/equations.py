"""Equations between the rows of two tables that lie in the same places, combined into one operand.

Each equation takes the next power of one challenge. What is linear in committed columns is part of the
operand; what is not is added behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import Mask, hash_rows
from zkp_nb.statements.derive import aligned
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import Cell, Source, SourceColumn, common_units
from zkp_nb.statements.statement import count_of
from zkp_nb.statements.subject import Subject

_BETA = "rows/beta"


class Equations:
    """What holds between row m of an input and row m of an output, for every m.

    Raises:
        StatementError: the tables do not have the same rows in the same places.
    """

    def __init__(self, builder: Builder, source: Source, output: Source) -> None:
        aligned(source, output)
        self.source = source
        self.output = output
        self._builder = builder
        self._power: Expr | None = None
        self._linear: dict[Cell, Expr] = {}
        self._rest = builder.constant(0)

    def add(self, terms: Sequence[tuple[int, Cell]], rest: Expr | None = None) -> None:
        """The sum of the terms, and of `rest`, is 0."""
        zero = self._builder.constant(0)
        power = self._builder.constant(1)
        if self._power is not None:
            power = self._power * self._builder.challenge(_BETA)
        self._power = power
        for factor, cell in terms:
            self._linear[cell] = self._linear.get(cell, zero) + power * factor
        if rest is not None:
            self._rest = self._rest + power * rest

    def carried(self, changed: Collection[str], dropped: Collection[str] = ()) -> None:
        """Every column of the output that is not among those changed or added is the input's of the same name.

        Raises:
            StatementError: the output has not exactly the input's columns, without those dropped, and those.
        """
        if set(self.output.names) != {*self.source.names, *changed} - set(dropped):
            raise StatementError(
                f"`{self.output.record.name}` does not have the columns of `{self.source.record.name}` and those "
                "that are calculated.",
                todo="Prove selected and renamed columns in a step of their own.",
            )
        for column in self.output.columns:
            if column.name not in changed:
                self.equal(column, self.source.column(column.name))

    def equal(self, ours: SourceColumn, theirs: SourceColumn) -> None:
        """A column of the output is one of the input, nulls included."""
        left, right = common_units([ours, theirs])
        for part in ours.parts:
            self.add([(left, ours.cell(part)), (-right, theirs.cell(part))])
        self.same_nulls(ours, theirs)

    def same_nulls(self, ours: SourceColumn, theirs: SourceColumn) -> None:
        """A column of the output is null where one of the input is."""
        terms = [(sign, cell) for sign, cell in ((1, ours.null), (-1, theirs.null)) if cell]
        if terms:
            self.add(terms)

    def never_null(self, ours: SourceColumn) -> None:
        """A column of the output has no nulls."""
        if ours.null:
            self.add([(1, ours.null)])

    def close(self) -> None:
        """Says all of it to the builder."""
        if self._linear:
            terms = [(coefficient, cell) for cell, coefficient in self._linear.items()]
            self._builder.require(self.output, self._builder.operand("rows", terms) + self._rest)


def check_follows(parent: Subject, child: Subject, wrong: Mapping[str, Mask]) -> None:
    """An honest prover's check of a change row by row; all columns without a mask are carried over.

    Args:
        wrong: by calculated column of the child, in which rows it is another value than its rule says.

    Raises:
        StatementFalse: a column of the child does not follow from the parent.
    """
    source, output = source_of(parent), source_of(child)
    for name in (*wrong, *(each for each in output.names if each not in wrong)):
        mask = wrong.get(name)
        if mask is None:
            before, after = hash_rows([[source.column(name)], [output.column(name)]])
            mask = before != after
        rows = int(np.count_nonzero(mask))
        if rows:
            raise StatementFalse(
                f"{count_of(rows, 'value')} of column {name!r} of `{child.name}` {'does' if rows == 1 else 'do'} "
                f"not follow from `{parent.name}` by this rule.",
                why="Rows are compared in their order, value by value.",
            )
