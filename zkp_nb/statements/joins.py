"""Joins: each row of the left table with the row of the right one that has its key.

Right keys are proven distinct, so that a left row has one match at most. Where every left row has one, that and two
comparisons of rows are all. Where not, a table committed for the proof holds every key once, those of the right
table and those that it lacks, each with a mark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import Mask, hash_rows, surplus
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.facts import Name, Names, distinct
from zkp_nb.statements.keys import compile_distinct
from zkp_nb.statements.matching import (
    Places,
    active,
    different,
    found_among,
    key_table,
    known_in,
    marked_keys,
    occurrences,
    present,
)
from zkp_nb.statements.packing import Task
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import Source, SourceColumn
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
from zkp_nb.statements.values import data_of
from zkp_nb.table import Column, Table, vectors
from zkp_nb.table.cells import Cells

SUFFIXES = ("_x", "_y", "_right")
"""What pandas and polars put behind names that both tables have."""


class Taken(Part):
    """A column of the output, and that of an input whose values it holds."""

    name: Name
    column: Name

    def __str__(self) -> str:
        name, column = quoted(self.name), quoted(self.column)
        return name if name == column else f"{name} = {column}"


class _Tables:
    """The columns of a join, by their part in it."""

    def __init__(self, join: Join, builder: Builder) -> None:
        left, right = (builder.table(each) for each in join.inputs)
        self.output = builder.table(join.outputs[0])
        taken = [*join.left, *join.right]
        if sorted(each.name for each in taken) != sorted(self.output.names):
            raise StatementError("The statement does not say of each column of its output where it is from.")
        from_left = {each.column: each.name for each in join.left}
        if len(join.on) != len(join.right_on) or not set(join.on) <= set(from_left):
            raise StatementError("The output of a join holds the key columns of its left table.")
        self.left_key, self.right_key = distinct(left, join.on), distinct(right, join.right_on)
        self.output_key = [self.output.column(from_left[name]) for name in join.on]
        self.left = [left.column(each.column) for each in join.left]
        self.output_left = [self.output.column(each.name) for each in join.left]
        self.right = [right.column(each.column) for each in join.right]
        self.output_right = [self.output.column(each.name) for each in join.right]


class Join(Statement):
    """What left and inner joins have in common.

    Attributes:
        on: key columns of the left table.
        right_on: those of the right one, in the same order.
        left: the columns that the output has from the left table, the key among them.
        right: those that it has from the right one.
    """

    shape: ClassVar[tuple[int, int, int] | None] = (2, 1, 1)

    on: Names
    right_on: Names
    left: Annotated[tuple[Taken, ...], Field(min_length=1)]
    right: Annotated[tuple[Taken, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_witness(self) -> Self:
        if len(self.witnesses) > 1:
            raise StatementError("A join has one table of keys at most.")
        return self

    def _taken(self) -> str:
        """For sentences: the columns from the right table."""
        return listed(map(str, self.right))

    def _renamed(self) -> str:
        """For sentences: the columns from the left table that have other names there."""
        renamed = [str(each) for each in self.left if each.name != each.column]
        return f" ({listed(renamed)})" if renamed else ""

    def _key(self) -> str:
        return listed(str(Taken(name=a, column=b)) for a, b in zip(self.on, self.right_on, strict=True))

    def _matched(self, builder: Builder) -> None:
        """Every left row has a match: the output is the left table, and its rows are among those of the right one."""
        tables = _Tables(self, builder)
        _same(builder, tables.left, tables.output_left, 1)
        for column in tables.output_key:
            builder.require(tables.output, builder.null(column))
        _among_right(builder, tables)

    def _right_distinct(self, builder: Builder) -> None:
        compile_distinct(builder, builder.table(self.inputs[1]), _Tables(self, builder).right_key)


def _same(
    builder: Builder, rows: Sequence[SourceColumn], output: Sequence[SourceColumn], weight: Expr | int
) -> None:
    """The rows of weight 1 are those of the output."""
    family = builder.family()
    left, right = builder.fingerprints([rows, output], family.alpha)
    family.left(rows[0].source, left, weight)
    family.right(output[0].source, right)


def _among_right(builder: Builder, tables: _Tables) -> None:
    """Key and right part of every row of the output are a row of the right table."""
    ours = [*tables.output_key, *tables.output_right]
    theirs = [*tables.right_key, *tables.right]
    family = builder.family()
    left, right = builder.fingerprints([ours, theirs], family.alpha)
    family.left(tables.output, left)
    family.among(
        theirs[0].source, right, "matches", lambda: occurrences(*reversed(hash_rows([ours, theirs])))
    )


def _absent(builder: Builder, columns: Sequence[SourceColumn], where: Expr) -> None:
    """All of the columns are null on the rows that the bit marks."""
    slots = sum(len(column.parts) + 1 for column in columns)
    powers = iter(builder.powers(builder.challenge("join/nulls"), slots))
    terms, missing = [], builder.constant(0)
    for column in columns:
        terms += [(next(powers), column.cell(part)) for part in column.parts]
        power = next(powers)
        missing = missing + power
        if column.null is not None:
            terms.append((0 - power, column.null))
    builder.require(columns[0].source, where * (builder.operand("nulls", terms) + missing))


@register
class LeftJoin(Join):
    """Every row of the left table, with the columns of the right row that has its key, or nulls.

    Attributes:
        witnesses: none where every left row has a match; else the right table with the keys that it lacks.
    """

    kind: ClassVar[str] = "left-join"
    strength: ClassVar[int] = 14

    def sentence(self, names: Mapping[str, str]) -> str:
        left, right = (name_of(names, each) for each in self.inputs)
        output, columns = name_of(names, self.outputs[0]), self._taken()
        rest = "nulls where there is none" if self.witnesses else "which each of them has"
        return (
            f"{output} is the left join of {left} with {right} on {self._key()}, a key of {right}: each row of "
            f"{left}{self._renamed()} once, in any order, with {columns} of the row that has its key, {rest}."
        )

    def tasks(self, builder: Builder) -> Sequence[Task]:
        if not self.witnesses:
            return [self._right_distinct, self._matched]
        return [self._keys_distinct, self._extended, self._joined]

    def _keys(self, builder: Builder) -> tuple[_Tables, list[SourceColumn], list[SourceColumn], SourceColumn]:
        tables = _Tables(self, builder)
        return tables, *marked_keys(builder, self.witnesses[0], tables.right_key, len(tables.right))

    def _keys_distinct(self, builder: Builder) -> None:
        _, keys, _, side = self._keys(builder)
        compile_distinct(builder, side.source, keys)

    def _extended(self, builder: Builder) -> None:
        """The marked rows are those of the right table; the others hold nothing but a key."""
        tables, keys, rest, side = self._keys(builder)
        mark = builder.committed_bit(side)
        family = builder.family()
        ours, theirs = builder.fingerprints(
            [[*keys, *rest], [*tables.right_key, *tables.right]], family.alpha
        )
        family.left(side.source, ours, mark)
        family.right(tables.right_key[0].source, theirs, present(builder, tables.right_key))
        _absent(builder, rest, builder.negated(mark))

    def _joined(self, builder: Builder) -> None:
        tables, keys, rest, side = self._keys(builder)
        _same(builder, tables.left, tables.output_left, 1)
        ours, theirs = [*tables.output_key, *tables.output_right], [*keys, *rest]
        family = builder.family()
        left, right = builder.fingerprints([ours, theirs], family.alpha)
        there = present(builder, tables.output_key)
        family.left(tables.output, left, there)
        family.among(side.source, right, "matches", lambda: _present_matches(tables, ours, theirs))
        if there.kind != "c":
            _absent(builder, tables.output_right, builder.negated(there))


def _present_matches(tables: _Tables, ours: Sequence[SourceColumn], theirs: Sequence[SourceColumn]) -> Cells:
    looked_up, known = hash_rows([ours, theirs])
    return occurrences(known, looked_up[active(tables.output_key)])


@register
class InnerJoin(Join):
    """The rows of the left table whose key the right one has, with the columns of the row that has it.

    Attributes:
        witnesses: none where every left row has a match; else the right table's keys and those that it lacks.
    """

    kind: ClassVar[str] = "inner-join"
    strength: ClassVar[int] = 14

    def sentence(self, names: Mapping[str, str]) -> str:
        left, right = (name_of(names, each) for each in self.inputs)
        output, columns = name_of(names, self.outputs[0]), self._taken()
        rest = "and no other rows" if self.witnesses else "which each of them has"
        return (
            f"{output} is the inner join of {left} with {right} on {self._key()}, a key of {right}: each row of "
            f"{left}{self._renamed()} whose key occurs there, in any order, with {columns} of the row that "
            f"has its key, {rest}."
        )

    def tasks(self, builder: Builder) -> Sequence[Task]:
        if not self.witnesses:
            return [self._right_distinct, self._matched]
        return [self._keys_distinct, self._marked, self._chosen, self._completed]

    def _keys_distinct(self, builder: Builder) -> None:
        keys, _, side = marked_keys(builder, self.witnesses[0], _Tables(self, builder).right_key)
        compile_distinct(builder, side.source, keys)

    def _marked(self, builder: Builder) -> None:
        """The marked keys are those of the right table, which are distinct therefore."""
        right_key = _Tables(self, builder).right_key
        keys, _, side = marked_keys(builder, self.witnesses[0], right_key)
        family = builder.family()
        ours, theirs = builder.fingerprints([keys, right_key], family.alpha)
        family.left(side.source, ours, builder.committed_bit(side))
        family.right(right_key[0].source, theirs, present(builder, right_key))

    def _chosen(self, builder: Builder) -> None:
        tables = _Tables(self, builder)
        found = has_match(builder, self.witnesses[0], tables.left_key, tables.right_key)
        _same(builder, tables.left, tables.output_left, found)

    def _completed(self, builder: Builder) -> None:
        _among_right(builder, _Tables(self, builder))


def has_match(
    builder: Builder, witness: str, left_key: Sequence[SourceColumn], right_key: Sequence[SourceColumn]
) -> Expr:
    """The bit of the left rows whose key is marked in the table of keys."""
    keys, _, side = marked_keys(builder, witness, left_key)
    source = left_key[0].source
    found = builder.bit(source, "found", lambda: known_in(left_key, right_key))
    there = present(builder, left_key)
    if there.kind != "c":
        builder.require(source, found * builder.negated(there))
    found_among(builder, [(left_key, found)], keys, side)
    return found


# -- from the data ----------------------------------------------------------------------------------


def state_join(
    cls: type[LeftJoin] | type[InnerJoin],
    left: Subject,
    right: Subject,
    child: Subject,
    on: Sequence[str],
    right_on: Sequence[str],
) -> Join:
    """States that the child is a left or inner join of two tables.

    Raises:
        StatementFalse: it is not; or a key of the right table occurs twice.
        StatementError: the tables cannot be joined so, or nothing can commit the table of keys.
    """
    from_left, from_right = origins(source_of(left), source_of(right), source_of(child), on)
    statement = cls(
        inputs=(left.dataset_id, right.dataset_id),
        outputs=(child.dataset_id,),
        on=tuple(on),
        right_on=tuple(right_on),
        left=from_left,
        right=from_right,
    )
    subjects = [left, right, child]
    builder = Builder(
        {each.dataset_id: each.record for each in subjects},
        {each.dataset_id: each.table for each in subjects},
    )
    tables = _Tables(statement, builder)
    _check_distinct(tables.right_key, right.name, right_on)
    matched = known_in(tables.left_key, tables.right_key)
    _check_left(tables, np.ones_like(matched) if cls is LeftJoin else matched, child.name, left.name)
    _check_right(tables, child.name, right.name)
    if not matched.all():
        witness = _witness(cls, tables, ~matched)
        if child.commit is None:
            raise StatementError("This join needs a table of keys, and there is nothing that commits it.")
        held = child.commit(witness, f"{child.name}: keys")
        statement = statement.model_copy(update={"witnesses": (held.dataset_id,)})
        subjects.append(held)
    statement.programs({each.dataset_id: each.record for each in subjects})
    return statement


def origins(
    left: Source, right: Source, output: Source, on: Sequence[str]
) -> tuple[tuple[Taken, ...], tuple[Taken, ...]]:
    """Where the columns of the output are from, by their names.

    Raises:
        StatementError: a column is in neither table, or none is from the right one.
    """
    from_left: list[Taken] = []
    from_right: list[Taken] = []
    shared = set(left.names) & set(right.names)
    for name in output.names:
        base, suffix = next(
            ((name.removesuffix(each), each) for each in SUFFIXES if name.endswith(each)), (name, "")
        )
        if suffix and base in shared and name not in {*left.names, *right.names}:
            (from_left if suffix == SUFFIXES[0] else from_right).append(Taken(name=name, column=base))
        elif name in left.names:
            from_left.append(Taken(name=name, column=name))
        else:
            right.column(name)
            from_right.append(Taken(name=name, column=name))
    if not from_right:
        raise StatementError(
            f"`{output.record.name}` has no column from `{right.record.name}`.",
            todo="Claim a semi join, which keeps the rows that have a match.",
        )
    if not {each.column for each in from_left} >= set(on):
        raise StatementError(
            f"`{output.record.name}` lacks the key column {listed(on)} of `{left.record.name}`.",
            todo="Keep it in the join, and drop it in a step of its own.",
        )
    return tuple(from_left), tuple(from_right)


def _check_distinct(key: Sequence[SourceColumn], name: str, names: Sequence[str]) -> None:
    (hashes,) = hash_rows([key])
    keys = hashes[active(key)]
    repeated = vectors.repeated(keys)
    if repeated:
        raise StatementFalse(
            f"{count_of(repeated, 'row')} of `{name}` {'repeats' if repeated == 1 else 'repeat'} the "
            f"{listed(names)} of another row.",
            why="A join is proven where each row has one match at most.",
            todo="Join the tables the other way round, or drop the repeated keys first.",
        )


def _check_left(tables: _Tables, wanted: Mask, child: str, parent: str) -> None:
    ours, theirs = hash_rows([tables.left, tables.output_left])
    missing, other = surplus(ours[wanted], theirs)
    if missing or other:
        raise StatementFalse(
            f"`{child}` does not have the rows of `{parent}` that this join keeps.",
            why=f"It lacks {count_of(missing, 'row')} of them and has {count_of(other, 'row')} too many.",
        )


def _check_right(tables: _Tables, child: str, parent: str) -> None:
    matched = known_in(tables.output_key, tables.right_key)
    ours, theirs = hash_rows([[*tables.output_key, *tables.output_right], [*tables.right_key, *tables.right]])
    wrong = matched & ~vectors.known(theirs, ours)
    for column in tables.output_right:
        null = data_of(column).null
        wrong |= ~matched & (True if null is None else ~null)
    count = int(np.count_nonzero(wrong))
    if count:
        raise StatementFalse(
            f"{count_of(count, 'row')} of `{child}` {'does' if count == 1 else 'do'} not hold what `{parent}` has "
            "for its key.",
            why="Without a match, all columns from the right table are null.",
        )


def _witness(cls: type[Join], tables: _Tables, unmatched: Mask) -> Table:
    """The table of keys, with the right table's columns where the output has rows without a match."""
    missing = different(tables.left_key, unmatched & active(tables.left_key))
    there = np.flatnonzero(active(tables.right_key)).astype(np.int64)
    extra = [_below(column, len(missing), there) for column in tables.right] if cls is LeftJoin else []
    return key_table([tables.left_key, tables.right_key], [missing, there], extra)


def _below(column: SourceColumn, nulls: int, rows: Places) -> Column:
    """So many nulls, then the column's rows."""
    data = data_of(column)
    vectors = []
    for vector in data.data:
        empty = np.zeros((nulls, *vector.shape[1:]), vector.dtype)
        vectors.append(np.ascontiguousarray(np.concatenate([empty, vector[rows]])))
    null = np.zeros(len(rows), np.bool_) if data.null is None else data.null[rows]
    return Column.of(
        f"right {column.name}", column.type, vectors, np.concatenate([np.ones(nulls, np.bool_), null])
    )
