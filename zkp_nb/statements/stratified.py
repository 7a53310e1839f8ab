"""Stratified splits: parts in which each class has about the share that it has in the whole.

The classes are counted in a table that is committed for the proof alone: each label once, with its rows in each part.
What everybody learns is the tolerance, and how many classes there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import hash_rows
from zkp_nb.statements.facts import Name, shown
from zkp_nb.statements.keys import compile_distinct
from zkp_nb.statements.matching import different, occurrences
from zkp_nb.statements.packing import Task
from zkp_nb.statements.partition import MAX_PARTS, column_names, commit_rests, partition, rests
from zkp_nb.statements.quantiles import SHARE, share_text
from zkp_nb.statements.rows import RowsStatement, source_of, split_columns
from zkp_nb.statements.sources import SourceColumn
from zkp_nb.statements.statement import listed, name_of, quoted, register
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import cells_of, data_of, present_of
from zkp_nb.statements.witness import Words
from zkp_nb.table import Column, ColumnType, Table

Counts = npt.NDArray[np.int64]


@register
class Stratified(RowsStatement):
    """Each row of the input is in exactly one of the outputs, and classes have about the same shares in all of them.

    Attributes:
        label: the column of classes, without nulls.
        tolerance: how far the share of a class in a part may be from that in the whole, as decimal text.
        witnesses: rows that are left, of more than eight parts; then the table of classes.
    """

    kind: ClassVar[str] = "stratified-split"
    strength: ClassVar[int] = 28
    shape: ClassVar[tuple[int, int, int] | None] = (1, 2, MAX_PARTS)

    label: Name
    tolerance: Annotated[str, Field(pattern=SHARE)]

    def sentence(self, names: Mapping[str, str]) -> str:
        parts, source = listed(name_of(names, each) for each in self.outputs), name_of(names, self.inputs[0])
        return (
            f"Each row of {source}{self.of_columns()} is in exactly one of {parts}, and they have no other rows; in "
            f"each of them the share of every {quoted(self.label)} differs from that in {source} by at most "
            f"{self.tolerance}."
        )

    def tasks(self, builder: Builder) -> Sequence[Task]:
        left = rests(len(self.outputs))
        if len(self.witnesses) != left + 1:
            raise StatementError("A stratified split names one table of classes.")
        (parent,) = self.inputs
        names = column_names(builder, parent, self.outputs, self.columns)
        if self.label not in names:
            raise StatementError("The parts of a stratified split hold the column of classes.")
        rows = [builder.table(each).extent.rows for each in self.outputs]
        if sum(rows) != builder.table(parent).extent.rows:
            raise StatementError("The parts of the split do not have as many rows as its table.")
        tasks = partition(parent, self.outputs, self.witnesses[:left], names)
        tasks.append(self._distinct)
        tasks += [partial(self._counted, at) for at in range(len(rows))]
        tasks += [partial(self._close, at, rows) for at in range(len(rows))]
        return tasks

    def _classes(self, builder: Builder) -> tuple[SourceColumn, tuple[SourceColumn, ...]]:
        """Labels of the table of classes, and the numbers of rows in each part.

        Raises:
            StatementError: it has other columns.
        """
        label, *counts = builder.table(self.witnesses[-1]).columns
        if (
            len(counts) != len(self.outputs)
            or any(each.nullable for each in (label, *counts))
            or any(each.type.kind != "int" for each in counts)
        ):
            raise StatementError("The table of classes does not have the columns that its statement needs.")
        return label, tuple(counts)

    def _distinct(self, builder: Builder) -> None:
        label, _ = self._classes(builder)
        compile_distinct(builder, label.source, [label])

    def _counted(self, at: int, builder: Builder) -> None:
        """The part has so many rows of each class, and none of another or of no class."""
        part = builder.table(self.outputs[at])
        label, counts = self._classes(builder)
        family = builder.family()
        ours, theirs = builder.fingerprints([[part.column(self.label)], [label]], family.alpha)
        family.left(part, ours)
        family.tally(label.source, theirs, builder.column(counts[at]), left=False)

    def _close(self, at: int, rows: Sequence[int], builder: Builder) -> None:
        """n c_k and n_k times all rows of the class are at most the tolerance apart."""
        label, counts = self._classes(builder)
        most = limit(self.tolerance, rows, at)
        weights = _weights(rows, at)
        terms = [(weight, column.cell()) for weight, column in zip(weights, counts, strict=True)]
        difference = builder.operand("difference", terms)
        width = (2 * most).bit_length()
        for sign, value in ((1, most + difference), (-1, most - difference)):
            builder.nonnegative(
                label.source, value, width, cells=partial(_distances, counts, weights, most, sign)
            )


def limit(tolerance: str, rows: Sequence[int], at: int) -> int:
    """The greatest |n c_k - n_k c| within the tolerance, of part k of n_k rows."""
    bound = Fraction(tolerance) * sum(rows) * rows[at]
    return bound.numerator // bound.denominator


def _weights(rows: Sequence[int], at: int) -> list[int]:
    """What the numbers of rows in the parts are multiplied by in n c_k - n_k c."""
    return [sum(rows) * (part == at) - rows[at] for part in range(len(rows))]


def _distances(counts: Sequence[SourceColumn], weights: Sequence[int], most: int, sign: int) -> Words:
    """most + sign * difference of each class, modulo 2^64."""
    columns = [cells_of(column).astype(np.int64) for column in counts]
    total: Counts = sum((w * c for w, c in zip(weights, columns, strict=True)), np.zeros_like(columns[0]))
    return (most + sign * total).view(np.uint64)


def state_stratified(parent: Subject, parts: Sequence[Subject], label: str, tolerance: object) -> Stratified:
    """States that the parts are a stratified split of the parent.

    Raises:
        StatementFalse: they are no split, or a share is farther off.
        StatementError: the tables cannot be compared, labels are null, or nothing can commit the table of classes.
    """
    text = share_text(tolerance)
    if not 2 <= len(parts) <= MAX_PARTS:
        raise StatementError(f"A stratified split has 2 to {MAX_PARTS} parts.")
    columns = split_columns(parent, parts)
    classes, table = _class_table(parent, parts, label)
    rows = [part.table.n_rows for part in parts]
    _check_shares(classes, rows, text, label)
    commit = parts[0].commit
    if commit is None:
        raise StatementError("This claim needs a table of classes, and there is nothing that commits it.")
    held = [*commit_rests(parent, parts, commit), commit(table, f"{parent.name}: classes")]
    statement = Stratified(
        inputs=(parent.dataset_id,),
        outputs=tuple(part.dataset_id for part in parts),
        witnesses=tuple(each.dataset_id for each in held),
        columns=columns,
        label=label,
        tolerance=text,
    )
    statement.programs({each.dataset_id: each.record for each in (parent, *parts, *held)})
    return statement


def _check_shares(classes: Sequence[Counts], rows: Sequence[int], tolerance: str, label: str) -> None:
    total, most = sum(rows), Fraction(0)
    whole = sum(classes, np.zeros_like(classes[0])).tolist()
    for part, counts in zip(rows, classes, strict=True):
        for count, all_of_it in zip(counts.tolist(), whole, strict=True):
            most = max(most, abs(Fraction(count, part) - Fraction(all_of_it, total)))
    if most > Fraction(tolerance):
        raise StatementFalse(
            f"The share of a {label} in a part differs by {shown(most)} from that in the whole.",
            why=f"The tolerance is {tolerance}.",
        )


def _class_table(parent: Subject, parts: Sequence[Subject], label: str) -> tuple[list[Counts], Table]:
    """The rows of each class in each part, and the table of classes."""
    column = source_of(parent).column(label)
    others = [source_of(part).column(label) for part in parts]
    if not present_of(column).all():
        raise StatementError(
            f"Column {label!r} of `{parent.name}` holds nulls, and a row without a label is of no class.",
            todo="Fill them in a step before, with a label of their own.",
        )
    whole, *hashes = hash_rows([[column], *([each] for each in others)])
    rows = different([column], present_of(column))
    counts = [occurrences(whole[rows], each).astype(np.int64) for each in hashes]
    labels = tuple(np.ascontiguousarray(vector[rows]) for vector in data_of(column).data)
    columns = [Column.of("label", column.type, labels, None)]
    columns += [Column.of(f"part{at}", ColumnType.integer(), (each,), None) for at, each in enumerate(counts)]
    return counts, Table(len(rows), tuple(columns))
