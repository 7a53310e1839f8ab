"""Groups of rows as a committed table: one row for each key, with sums, counts, means and extremes.

Two things are proven: that no key is there twice, and that the totals of each key agree. Extremes are a matter of
their own (`groupbounds`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, ClassVar, Final
from typing import Literal as OneOf

from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import hash_rows
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.facts import Name, check_numeric, distinct
from zkp_nb.statements.groupbounds import attained, bounded, check_extreme, wrong_extremes
from zkp_nb.statements.groups import Partition
from zkp_nb.statements.keys import compile_distinct
from zkp_nb.statements.matching import active, occurrences, present
from zkp_nb.statements.packing import Task
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import Cell, SourceColumn, common_units
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
from zkp_nb.statements.values import data_of, present_of
from zkp_nb.statements.witness import inverses, words
from zkp_nb.table import vectors
from zkp_nb.table.cells import Cells, to_ints

Function = OneOf["sum", "count", "mean", "size", "min", "max"]

_EXTREMES: Final = ("min", "max")


class Aggregate(Part):
    """A column of the output.

    Attributes:
        name: its name.
        function: `sum`, `count` (values that are not null), `mean` (exact, of a column without nulls), `size`
            (rows), `min`, `max`.
        column: of the input; None for `size`.
    """

    name: Name
    function: Function
    column: Name | None

    def __str__(self) -> str:
        what = "the number of rows" if self.column is None else f"{self.function} of {quoted(self.column)}"
        return f"{quoted(self.name)} = {what}"


class _Totals:
    """What the rows of a group add up to, on both sides."""

    def __init__(self, statement: GroupTable, builder: Builder) -> None:
        self.source = builder.table(statement.inputs[0])
        self.output = builder.table(statement.outputs[0])
        names = [*statement.by, *(each.name for each in statement.aggregates)]
        if sorted(names) != sorted(self.output.names):
            raise StatementError("The statement does not say of each column of its output what it holds.")
        self.by = distinct(self.source, statement.by)
        self.keys = distinct(self.output, statement.by)
        self.aggregates = [
            (
                each.function,
                None if each.column is None else self.source.column(each.column),
                self.output.column(each.name),
            )
            for each in statement.aggregates
        ]
        for function, column, total in self.aggregates:
            _check(function, column, total)
        self.sums = [each for each in self.aggregates if each[0] not in _EXTREMES]


def _check(function: Function, column: SourceColumn | None, total: SourceColumn) -> None:
    if (column is None) != (function == "size"):
        raise StatementError("A sum, count, mean or extreme is one of a column.")
    if column is not None and function in _EXTREMES:
        check_extreme(column, total)
        return
    if total.nullable or total.type.kind not in ("int", "decimal", "duration"):
        raise StatementError(
            f"Column {total.name!r} of the output is {total.type.describe()}{' with nulls' if total.nullable else ''}, "
            "which no exact total is.",
            why="" if function in ("count", "size") else "Floats that were added up or divided are rounded.",
            todo=f"Round the sums to the digits of the column: g[{total.name!r}].round({column.type.scale or 0})."
            if function == "sum" and column is not None
            else "Keep sum and count in the grouped frame; everybody can divide them.",
        )
    if function in ("sum", "mean") and column is not None:
        check_numeric(column)
        if column.type.kind != "bool":
            common_units([column, total], column.source.extent.rows)
        if function == "mean" and column.nullable:
            raise StatementError(
                f"Column {column.name!r} has nulls, so that its mean is claimed by sum and count."
            )
    if function in ("count", "size") and total.unit != 1:
        raise StatementError(f"Column {total.name!r} counts something, and is no whole number.")


@register
class GroupTable(Statement):
    """The output has one row for each key of the input, with totals over the rows that have it.

    Attributes:
        by: key columns, of the same names in both tables; rows with a null in one of them are left out.
        aggregates: the other columns of the output.
    """

    kind: ClassVar[str] = "group-table"
    strength: ClassVar[int] = 24
    shape: ClassVar[tuple[int, int, int] | None] = (1, 1, 1)

    by: Annotated[tuple[Name, ...], Field(min_length=1, max_length=4)]
    aggregates: Annotated[tuple[Aggregate, ...], Field(min_length=1)]

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        return (
            f"{output} has one row for each {listed(map(quoted, self.by))} of {source} that is not null, with "
            f"{listed(map(str, self.aggregates))}."
        )

    def tasks(self, builder: Builder) -> Sequence[Task]:
        tasks: list[Task] = [self._distinct, self._totals]
        for at, each in enumerate(self.aggregates):
            if each.function in _EXTREMES:
                tasks += [partial(self._bounded, at), partial(self._attained, at)]
        return tasks

    def _bounded(self, at: int, builder: Builder) -> None:
        totals = _Totals(self, builder)
        function, column, total = totals.aggregates[at]
        assert column is not None
        bounded(builder, totals.by, totals.keys, column, total, lower=function == "min")

    def _attained(self, at: int, builder: Builder) -> None:
        totals = _Totals(self, builder)
        _, column, total = totals.aggregates[at]
        assert column is not None
        attained(builder, totals.by, totals.keys, column, total)

    def _distinct(self, builder: Builder) -> None:
        keys = _Totals(self, builder).keys
        compile_distinct(builder, keys[0].source, keys)
        for column in keys:
            builder.require(column.source, builder.null(column))

    def _totals(self, builder: Builder) -> None:
        totals = _Totals(self, builder)
        family = builder.family()
        theirs, ours = builder.fingerprints([totals.by, totals.keys], family.alpha)
        rows = self._rows(builder, totals)
        inverse = builder.aux(
            totals.output, "inverse/rows", lambda: inverses(words(_sizes(totals)), True, [0])
        )
        builder.require(totals.output, rows * inverse - 1)
        there = present(builder, totals.by)
        left, right = self._amounts(builder, totals, rows)
        family.tally(totals.source, theirs, there * left, left=True)
        family.tally(totals.output, ours, right, left=False)

    @staticmethod
    def _rows(builder: Builder, totals: _Totals) -> Expr:
        """How many rows each group has: a column of the output, or the prover's own."""
        for function, column, total in totals.aggregates:
            if function == "size" or (function == "count" and column is not None and not column.nullable):
                return builder.column(total)
        return builder.aux(totals.output, "rows", lambda: _sizes(totals))

    @staticmethod
    def _amounts(builder: Builder, totals: _Totals, rows: Expr) -> tuple[Expr, Expr]:
        """1 plus powers of delta times the values, and the same of the totals."""
        powers = builder.powers(builder.challenge("group/delta"), 1 + len(totals.sums))
        left, right = builder.constant(1), rows
        theirs: list[tuple[Expr, Cell]] = []
        ours: list[tuple[Expr, Cell]] = []
        products = builder.constant(0)
        for power, (function, column, total) in zip(powers[1:], totals.sums, strict=True):
            if column is None or function == "count":
                left = left + power
                if column is not None and column.null is not None:
                    theirs.append((0 - power, column.null))
                ours.append((power, total.cell()))
                continue
            units = _units(column, total)
            theirs.append((power * units[0], column.cell()))
            if function == "sum":
                ours.append((power * units[1], total.cell()))
            else:
                products = products + power * units[1] * (builder.column(total) * rows)
        if theirs:
            left = left + builder.operand("amounts", theirs)
        if ours:
            right = right + builder.operand("totals", ours)
        return left, right + products


def _units(column: SourceColumn, total: SourceColumn) -> tuple[int, ...]:
    """Factors that bring a value and a total to one unit; a bool counts as 0 or 1."""
    return (total.unit, 1) if column.type.kind == "bool" else common_units([column, total])


def _sizes(totals: _Totals) -> Cells:
    looked_up, known = hash_rows([totals.by, totals.keys])
    return occurrences(known, looked_up[active(totals.by)])


def state_group_table(
    parent: Subject, child: Subject, by: Sequence[str], aggregates: Sequence[tuple[str, Function, str | None]]
) -> GroupTable:
    """States that the child is the parent, grouped.

    Args:
        aggregates: name in the child, function, and column of the parent.

    Raises:
        StatementFalse: it is not.
        StatementError: a total is not exact, or the key is too wide for one proof.
    """
    statement = GroupTable(
        inputs=(parent.dataset_id,),
        outputs=(child.dataset_id,),
        by=tuple(by),
        aggregates=tuple(
            Aggregate(name=name, function=function, column=column) for name, function, column in aggregates
        ),
    )
    subjects = (parent, child)
    records = {each.dataset_id: each.record for each in subjects}
    statement.programs(records)
    totals = _Totals(statement, Builder(records, {each.dataset_id: each.table for each in subjects}))
    _check_keys(totals, parent.name, child.name)
    for aggregate, (function, column, total) in zip(statement.aggregates, totals.aggregates, strict=True):
        wrong = _wrong(totals.by, totals.keys, function, column, total)
        if wrong:
            raise StatementFalse(
                f"{count_of(wrong, 'value')} of {total.name!r} in `{child.name}` {'is' if wrong == 1 else 'are'} not "
                f"the {str(aggregate).split(' = ')[1].removeprefix('the ')} of `{parent.name}`.",
                why="Totals are compared exactly.",
            )
    return statement


def _check_keys(totals: _Totals, parent: str, child: str) -> None:
    theirs, ours = hash_rows([totals.by, totals.keys])
    if not vectors.once_each(ours, theirs[active(totals.by)]):
        raise StatementFalse(
            f"The keys of `{child}` are not those of `{parent}`, each once.",
            why="Keys with a null are left out." if not active(totals.by).all() else "",
        )


def holds_total(
    parent: Subject, child: Subject, by: Sequence[str], aggregate: tuple[str, Function, str | None]
) -> bool:
    """Whether a column of the child is that total of the parent's rows with the same key.

    Raises:
        StatementError: there is no such total.
    """
    source, output = source_of(parent), source_of(child)
    name, function, named = aggregate
    column, total = None if named is None else source.column(named), output.column(name)
    _check(function, column, total)
    theirs, ours = ([each.column(key) for key in by] for each in (source, output))
    return not _wrong(theirs, ours, function, column, total)


def _wrong(
    by: Sequence[SourceColumn],
    keys: Sequence[SourceColumn],
    function: Function,
    column: SourceColumn | None,
    total: SourceColumn,
) -> int:
    """How many totals are other ones."""
    if column is not None and function in _EXTREMES:
        return wrong_extremes(by, keys, column, total, lower=function == "min")
    rows = active(by)
    theirs, ours = hash_rows([by, keys])
    partition = Partition(theirs[rows])
    hashes = theirs[rows][partition.first]
    sizes = partition.sizes()
    factors = (1, 1) if column is None or function == "count" else _units(column, total)
    if column is None:
        wanted = sizes
    else:
        cells = present_of(column) if function == "count" else data_of(column).data[0]
        wanted = [each * factors[0] for each in partition.sums(cells[rows])]
    found = dict(zip(ours.tolist(), to_ints(data_of(total).data[0]), strict=True))
    wrong = 0
    for key, exact, size in zip(hashes.tolist(), wanted, sizes, strict=True):
        wrong += key not in found or exact != found[key] * factors[1] * (size if function == "mean" else 1)
    return wrong
