"""Cutting a column into bins: each value becomes the label of its bin.

The label gives away the bounds of its bin, by a product over all bins; that the value is at least the one and at most
the other are two ranges, in a program each where they do not fit into one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Final, NamedTuple

import numpy as np
from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse, TableError
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import Mask, hash_rows
from zkp_nb.statements.equations import Equations
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.facts import Name
from zkp_nb.statements.literals import value_of
from zkp_nb.statements.packing import Task
from zkp_nb.statements.resolved import Member, interval
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import Source, SourceColumn
from zkp_nb.statements.statement import (
    Statement,
    count_of,
    listed,
    name_of,
    quoted,
    register,
    value_text,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import (
    cells_of,
    data_of,
    document_of,
    equal_to,
    member_of,
    present_of,
)
from zkp_nb.table.cells import Cells

MAX_BINS: Final = 12
"""Bins of one statement: the degree of the product over them."""


class Bin(NamedTuple):
    """First and last cell, and the cells of the label."""

    first: int
    last: int
    label: Member


@register
class Cut(Statement):
    """A column of the output holds the label of the bin in which the input's value lies; other columns are carried.

    Every value lies within the outermost edges. A null stays null.

    Attributes:
        column: of the input, of numbers or times.
        into: the column of the output that holds the labels; all others are the input's, the cut one where it is kept.
        edges: literals, ascending.
        labels: one for each bin, all different.
        right: a bin holds its upper edge and not its lower one, as by default in pandas; else the other way round. The
            outermost edges belong to their bins in both cases.
    """

    kind: ClassVar[str] = "cut"
    strength: ClassVar[int] = 12
    shape: ClassVar[tuple[int, int, int] | None] = (1, 1, 1)

    column: Name
    into: Name
    edges: Annotated[tuple[Any, ...], Field(min_length=2, max_length=MAX_BINS + 1)]
    labels: Annotated[tuple[Any, ...], Field(min_length=1, max_length=MAX_BINS)]
    right: bool

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        last = len(self.labels) - 1
        bins = []
        for at, (label, (low, high)) in enumerate(zip(self.labels, pairwise(self.edges), strict=True)):
            opened = "(" if self.right and at else "["
            closed = "]" if self.right or at == last else ")"
            bins.append(f"{value_text(label)} for {opened}{_edge_text(low)}, {_edge_text(high)}{closed}")
        return (
            f"{output} has the rows of {source} in the same order, with {quoted(self.into)} the bin of "
            f"{quoted(self.column)}: {listed(bins)}; no value lies outside."
        )

    def tasks(self, builder: Builder) -> Sequence[Task]:
        return [self._carried, *(partial(self._bounded, lower=lower) for lower in (True, False))]

    def _carried(self, builder: Builder) -> None:
        """All other columns; and that labels are null where values are."""
        source, output = (builder.table(each) for each in (*self.inputs, *self.outputs))
        equations = Equations(builder, source, output)
        equations.carried({self.into})
        equations.same_nulls(output.column(self.into), source.column(self.column))
        equations.close()

    def bins(self, source: Source, output: Source) -> tuple[SourceColumn, SourceColumn, list[Bin]]:
        """The column, its labels, and the bins, each of one cell at least.

        Raises:
            StatementError: edges do not ascend, a label is there twice, or a bin can hold no value.
        """
        theirs, ours = source.column(self.column), output.column(self.into)
        labels = [member_of(each, ours) for each in self.labels]
        if len(set(labels)) != len(labels) or len(labels) != len(self.edges) - 1:
            raise StatementError("Bins have different labels, one more than there are inner edges.")
        least, greatest = interval(theirs)
        bins = []
        for at, (low, high) in enumerate(pairwise(self.edges)):
            (floor, exact), (ceiling, whole) = _floor(theirs, low), _floor(theirs, high)
            inner = self.right and at > 0
            first = floor if exact and not inner else floor + 1
            last = ceiling if self.right or at == len(labels) - 1 or not whole else ceiling - 1
            first, last = max(first, least), min(last, greatest)
            if first > last:
                raise StatementError(f"The bin from {low} to {high} cannot hold a value.")
            bins.append(Bin(first, last, labels[at]))
        if any(one.last >= two.first for one, two in pairwise(bins)):
            raise StatementError("The edges of bins ascend.")
        return theirs, ours, bins

    def _bounded(self, builder: Builder, *, lower: bool) -> None:
        source, output = (builder.table(each) for each in (*self.inputs, *self.outputs))
        theirs, ours, bins = self.bins(source, output)
        x, null = builder.value(theirs)
        present = builder.negated(null)
        side = "first" if lower else "last"
        bound = builder.aux(source, f"bin/{side}", lambda: _bounds(theirs, bins, lower))
        delta = builder.challenge("cut/delta")
        label = _label(builder, ours, delta)
        tie = builder.challenge("cut/epsilon")
        product = present
        for each in bins:
            wanted = each.first if lower else each.last
            product = product * (bound - wanted + tie * (label - _number(each.label, delta)))
        builder.require(source, product)
        width = max((each.last - each.first).bit_length() for each in bins)
        builder.nonnegative(source, x - bound if lower else bound - x, width, present)


def _edge_text(edge: object) -> str:
    """An edge; the ends of what 64 bits hold as powers, which people recognise."""
    return {str(-(2**63)): "-2^63", str(2**63 - 1): "2^63 - 1"}.get(str(edge), str(edge))


def _label(builder: Builder, column: SourceColumn, delta: Expr) -> Expr:
    powers = builder.powers(delta, len(column.parts))
    cells = [column.cell(part) for part in column.parts]
    return builder.operand(f"{column.source.dataset[:8]}/label", list(zip(powers, cells, strict=True)))


def _number(member: Member, delta: Expr) -> Expr:
    if isinstance(member, tuple):
        return member[0] + delta * member[1]
    return delta.graph.lift(member)


def _floor(column: SourceColumn, edge: object) -> tuple[int, bool]:
    try:
        return column.type.floor_scalar(value_of(edge, column.type))
    except TableError as error:
        raise StatementError(error.what, why=error.why, todo=error.todo) from None


def _places(column: SourceColumn, bins: Sequence[Bin]) -> Cells:
    """The number of each value's bin; any number where it lies in none."""
    cells = cells_of(column)
    kind = np.int64 if cells.dtype == np.int64 else np.uint64
    firsts = np.array([each.first for each in bins], kind)
    places: Cells = np.searchsorted(firsts, cells.astype(kind, copy=False), "right") - 1
    return np.clip(places, 0, None)


def _bounds(column: SourceColumn, bins: Sequence[Bin], lower: bool) -> Cells:
    kind = np.int64 if cells_of(column).dtype == np.int64 else np.uint64
    bounds = np.array([each.first if lower else each.last for each in bins], kind)
    found: Cells = np.where(present_of(column), bounds[_places(column, bins)], 0).astype(kind)
    return found


def state_cut(
    parent: Subject,
    child: Subject,
    name: str,
    into: str,
    edges: Sequence[object],
    labels: Sequence[object],
    *,
    right: bool,
) -> Cut:
    """States that a column of the child holds the bins of one of the parent.

    Raises:
        StatementFalse: it does not, or a value lies outside of all bins.
        StatementError: the bins are none, or the statement does not fit into proofs of 1,024 bytes.
    """
    source, output = source_of(parent), source_of(child)
    theirs, ours = source.column(name), output.column(into)
    if not 2 <= len(edges) <= MAX_BINS + 1 or len(labels) != len(edges) - 1:
        raise StatementError(f"There are 1 to {MAX_BINS} bins, each with a label.")
    statement = Cut(
        inputs=(parent.dataset_id,),
        outputs=(child.dataset_id,),
        column=name,
        into=into,
        edges=tuple(document_of(edge, theirs) for edge in edges),
        labels=tuple(document_of(label, ours) for label in labels),
        right=right,
    )
    statement.programs({each.dataset_id: each.record for each in (parent, child)})
    _, _, bins = statement.bins(source, output)
    cells, present, places = cells_of(theirs), present_of(theirs), _places(theirs, bins)
    outside = present & ((cells < _bounds(theirs, bins, True)) | (cells > _bounds(theirs, bins, False)))
    _refuse(outside, f"of column {name!r} of `{parent.name}`", "outside of all bins")
    wrong: Mask = present != present_of(ours)
    for at, each in enumerate(bins):
        for vector, cell in zip(
            data_of(ours).data, each.label if isinstance(each.label, tuple) else (each.label,), strict=True
        ):
            wrong |= present & (places == at) & ~equal_to(vector, cell)
    for column in output.names:
        if column != into:
            before, after = hash_rows([[source.column(column)], [output.column(column)]])
            wrong |= before != after
    _refuse(wrong, f"of `{child.name}`", "not those of these bins")
    return statement


def _refuse(rows: Mask, where: str, how: str) -> None:
    wrong = int(np.count_nonzero(rows))
    if wrong:
        raise StatementFalse(
            f"{count_of(wrong, 'value')} {where} {'is' if wrong == 1 else 'are'} {how}.",
            why="Every value lies in one of the bins, and its label says in which.",
        )
