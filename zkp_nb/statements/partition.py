"""Parts that are disjoint and complete, any number of them: what folds and stratified splits have in common.

One proof has room for eight parts. Of more, the rows of those that are left are committed for the proof alone: the
table is seven parts and these rows, which are seven further parts and what is left then, and so on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import numpy as np

from zkp_nb.errors import StatementError
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import chosen, hash_rows
from zkp_nb.statements.packing import Task
from zkp_nb.statements.rows import compared, compile_same, source_of
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import data_of
from zkp_nb.table import Column, Table

MAX_PARTS: Final = 20

_LAST: Final = 8
_STEP: Final = 7


def rests(parts: int) -> int:
    """How many tables of rows that are left a partition into so many parts needs."""
    return max(0, -(-(parts - _LAST) // _STEP))


def column_names(
    builder: Builder, parent: str, parts: Sequence[str], columns: Sequence[str] | None
) -> tuple[str, ...]:
    """The columns of which rows are made.

    Raises:
        StatementError: the tables have other columns than `columns` says.
    """
    source, outputs = builder.table(parent), [builder.table(each) for each in parts]
    if compared(source, outputs) != columns:
        raise StatementError("The statement names other columns than its tables have.")
    return outputs[0].names


def partition(parent: str, parts: Sequence[str], left: Sequence[str], names: Sequence[str]) -> list[Task]:
    """Each row of the parent is in exactly one of the parts.

    Args:
        left: the tables of rows that are left, see `rests`.
        names: the columns of which rows are made.
    """
    assert len(left) == rests(len(parts))
    tasks: list[Task] = []
    for at, source in enumerate((parent, *left)):
        first = at * _STEP
        outputs = [*parts[first : first + _STEP], left[at]] if at < len(left) else parts[first:]
        tasks.append(partial(_whole, source, outputs, names))
    return tasks


def _whole(source: str, outputs: Sequence[str], names: Sequence[str], builder: Builder) -> None:
    rows = [[builder.table(each).column(name) for name in names] for each in (source, *outputs)]
    compile_same(builder, rows[0], rows[1:])


def commit_rests(
    parent: Subject, parts: Sequence[Subject], commit: Callable[[Table, str], Subject] | None
) -> list[Subject]:
    """The tables of rows that are left.

    Raises:
        StatementError: there are some, and nothing commits them.
    """
    names = parts[0].table.names
    source = source_of(parent)
    columns = [source.column(name) for name in names]
    made = []
    for at in range(rests(len(parts))):
        if commit is None:
            raise StatementError(
                f"More than {_LAST} parts need tables of their own, and there is nothing that commits them."
            )
        later = [[source_of(part).column(name) for name in names] for part in parts[(at + 1) * _STEP :]]
        whole, *hashes = hash_rows([columns, *later])
        keep = chosen(whole, np.concatenate(hashes))
        assert keep is not None
        held = []
        for column in columns:
            data = data_of(column)
            cells = tuple(np.ascontiguousarray(vector[keep]) for vector in data.data)
            held.append(
                Column.of(column.name, column.type, cells, None if data.null is None else data.null[keep])
            )
        made.append(commit(Table(int(np.count_nonzero(keep)), tuple(held)), f"{parent.name}: rest {at + 1}"))
    return made
