"""Folds of cross-validation: each row in exactly one of them, what is trained on beside each, and no entity in two.

What `KFold` and `GroupKFold` of scikit-learn promise. That class shares are alike (`StratifiedKFold`) is a statement of
its own, of the same parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, ClassVar, Final

import numpy as np
from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import hash_rows
from zkp_nb.statements.facts import Name, distinct
from zkp_nb.statements.keys import compile_distinct
from zkp_nb.statements.matching import active, different, found_among
from zkp_nb.statements.packing import Task
from zkp_nb.statements.partition import MAX_PARTS, column_names, commit_rests, partition, rests
from zkp_nb.statements.rows import RowsStatement, compile_same, source_of, split_columns
from zkp_nb.statements.sources import SourceColumn
from zkp_nb.statements.statement import (
    count_of,
    listed,
    name_of,
    quoted,
    register,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import data_of
from zkp_nb.table import Column, ColumnType, Table, vectors

_ROOM: Final = 7
"""Operands for the keys of folds in one proof."""


@register
class Folds(RowsStatement):
    """Each row of the input is in exactly one fold.

    Attributes:
        outputs: the folds; then, where they are named, for each fold the rows of the input outside of it.
        count: how many folds.
        key: columns whose values occur in one fold only, nulls aside.
        witnesses: the rows left after the first seven folds, and so on; then the table of keys with their folds.
    """

    kind: ClassVar[str] = "folds"
    strength: ClassVar[int] = 30
    shape: ClassVar[tuple[int, int, int] | None] = (1, 2, 2 * MAX_PARTS)

    count: Annotated[int, Field(ge=2, le=MAX_PARTS)]
    key: Annotated[tuple[Name, ...], Field(min_length=1, max_length=4)] | None = None

    @property
    def folds(self) -> tuple[str, ...]:
        """The folds."""
        return self.outputs[: self.count]

    @property
    def rest(self) -> tuple[str, ...]:
        """What lies outside of each; empty where that is not named."""
        return self.outputs[self.count :]

    def sentence(self, names: Mapping[str, str]) -> str:
        source, folds = name_of(names, self.inputs[0]), [name_of(names, each) for each in self.folds]
        parts = [
            f"Each row of {source}{self.of_columns()} is in exactly one of the folds {listed(folds)}, and they have no "
            "other rows"
        ]
        if self.key is not None:
            parts.append(f"no {listed(map(quoted, self.key))} is in two of them, nulls aside")
        if self.rest:
            pairs = (
                f"{name_of(names, rest)} without {fold}" for rest, fold in zip(self.rest, folds, strict=True)
            )
            parts.append(f"the rows outside of each are {listed(pairs)}")
        return f"{'; '.join(parts)}."

    def tasks(self, builder: Builder) -> Sequence[Task]:
        left, keyed = rests(self.count), self.key is not None
        if len(self.outputs) not in (self.count, 2 * self.count) or len(self.witnesses) != left + keyed:
            raise StatementError("A statement about folds does not name the tables that it needs.")
        (parent,) = self.inputs
        names = column_names(builder, parent, self.outputs, self.columns)
        tasks = partition(parent, self.folds, self.witnesses[:left], names)
        for fold, rest in zip(self.folds, self.rest, strict=False):
            tasks.append(partial(self._outside, names, fold, rest))
        if self.key is not None:
            width = 1 + max(sum(each.nullable for each in self._key(builder, fold)) for fold in self.folds)
            step = max(1, _ROOM // width)
            tasks.append(self._distinct)
            tasks += [partial(self._placed, at, at + step) for at in range(0, self.count, step)]
        return tasks

    def _outside(self, names: Sequence[str], fold: str, rest: str, builder: Builder) -> None:
        """The rows of the fold and those outside of it are the whole table."""
        rows = [[builder.table(each).column(name) for name in names] for each in (self.inputs[0], rest, fold)]
        compile_same(builder, rows[0], rows[1:])

    def _key(self, builder: Builder, dataset: str) -> list[SourceColumn]:
        assert self.key is not None
        return distinct(builder.table(dataset), self.key)

    def _keys(self, builder: Builder) -> tuple[list[SourceColumn], SourceColumn]:
        """Keys of the table of keys, and the number of each one's fold."""
        assert self.key is not None
        *keys, number = builder.table(self.witnesses[-1]).columns
        if len(keys) != len(self.key) or any(each.nullable for each in (*keys, number)):
            raise StatementError("The table of keys does not have the columns that its statement needs.")
        if number.type.kind != "int":
            raise StatementError("The fold of a key is a whole number.")
        return keys, number

    def _distinct(self, builder: Builder) -> None:
        keys, number = self._keys(builder)
        compile_distinct(builder, number.source, keys)

    def _placed(self, first: int, last: int, builder: Builder) -> None:
        """Keys of these folds stand in the table of keys, with the number of their fold."""
        keys, number = self._keys(builder)
        placed = [(self._key(builder, fold), at) for at, fold in enumerate(self.folds)][first:last]
        found_among(builder, placed, keys, number)


def state_folds(
    parent: Subject, folds: Sequence[Subject], outside: Sequence[Subject], key: Sequence[str] | None
) -> Folds:
    """States that the parts are folds of the parent.

    Args:
        folds: the first of them is what is claimed about.
        outside: none, or for each fold the rows outside of it.
        key: what is in one fold only.

    Raises:
        StatementFalse: they are not.
        StatementError: the tables cannot be compared, there are not 2 to 20, or nothing can commit a table.
    """
    if not 2 <= len(folds) <= MAX_PARTS or len(outside) not in (0, len(folds)):
        raise StatementError(
            f"There are 2 to {MAX_PARTS} folds, and as many sets of rows outside of them, or none."
        )
    if [each.dataset_id for each in outside] == [each.dataset_id for each in folds[::-1]]:
        outside = ()  # Of two folds, each is what lies outside of the other.
    columns = split_columns(parent, folds)
    for fold, rest in zip(folds, outside, strict=False):
        if split_columns(parent, [rest, fold]) != columns:
            raise StatementError(f"`{rest.name}` has other columns than the folds.")
    keys = [] if key is None else [_key_table(parent, folds, key)]
    commit = folds[0].commit
    if keys and commit is None:
        raise StatementError("This claim needs a table of keys, and there is nothing that commits it.")
    held = commit_rests(parent, folds, commit)
    held += [commit(table, f"{parent.name}: keys") for table in keys if commit is not None]
    statement = Folds(
        inputs=(parent.dataset_id,),
        outputs=tuple(each.dataset_id for each in (*folds, *outside)),
        witnesses=tuple(each.dataset_id for each in held),
        columns=columns,
        count=len(folds),
        key=None if key is None else tuple(key),
    )
    statement.programs({each.dataset_id: each.record for each in (parent, *folds, *outside, *held)})
    return statement


def _key_table(parent: Subject, folds: Sequence[Subject], key: Sequence[str]) -> Table:
    """Each key of the parent with the number of its fold.

    Raises:
        StatementFalse: a key is in two folds, or all are null.
    """
    columns = distinct(source_of(parent), key)
    there = [distinct(source_of(fold), key) for fold in folds]
    whole, *hashes = hash_rows([columns, *there])
    seen = [vectors.distinct(each[active(keys)]) for each, keys in zip(hashes, there, strict=True)]
    if vectors.repeated(np.concatenate(seen)):
        shared = int(np.count_nonzero(np.unique(np.concatenate(seen), return_counts=True)[1] > 1))
        raise StatementFalse(
            f"{count_of(shared, 'value')} of {listed(key)} {'is' if shared == 1 else 'are'} in two folds or more.",
            why="Each was to be in one fold only.",
        )
    rows = different(columns, active(columns))
    if not len(rows):
        raise StatementFalse(f"Each row of `{parent.name}` has a null in {listed(key)}.")
    number = np.zeros(len(rows), np.int64)
    for at, each in enumerate(seen):
        number[vectors.known(each, whole[rows])] = at
    made = [
        Column.of(
            f"key{at}",
            column.type,
            tuple(np.ascontiguousarray(vector[rows]) for vector in data_of(column).data),
            None,
        )
        for at, column in enumerate(columns)
    ]
    return Table(len(rows), (*made, Column.of("fold", ColumnType.integer(), (number,), None)))
