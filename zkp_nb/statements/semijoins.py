"""Rows chosen by whether another table has their key, and tables that have no key in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import hash_rows, surplus
from zkp_nb.statements.expr import Expr
from zkp_nb.statements.facts import Names, distinct
from zkp_nb.statements.joins import has_match
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
from zkp_nb.statements.rows import compared, source_of
from zkp_nb.statements.sources import SourceColumn
from zkp_nb.statements.statement import (
    Statement,
    count_of,
    listed,
    name_of,
    quoted,
    register,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.witness import inverses, words
from zkp_nb.table.cells import Cells


class _Keyed(Statement):
    """A statement about the keys of two tables.

    Attributes:
        on: key columns of the first.
        other_on: those of the second, in the same order.
        witnesses: the table of keys.
    """

    on: Names
    other_on: Names

    def key_columns(self, builder: Builder) -> tuple[list[SourceColumn], list[SourceColumn]]:
        """The key columns of both tables.

        Raises:
            StatementError: they are not as many, or there is no table of keys.
        """
        if len(self.on) != len(self.other_on) or len(self.witnesses) != 1:
            raise StatementError(
                "A statement about two keys names as many columns of both, and one table of keys."
            )
        first, second = (builder.table(each) for each in self.inputs)
        return distinct(first, self.on), distinct(second, self.other_on)

    def key_text(self) -> str:
        """For sentences."""
        return listed(
            quoted(a) if a == b else f"{quoted(a)} = {quoted(b)}"
            for a, b in zip(self.on, self.other_on, strict=True)
        )

    def distinct_keys(self, builder: Builder) -> None:
        """No key is twice in the table of keys."""
        keys, _, side = marked_keys(builder, self.witnesses[0], self.key_columns(builder)[0])
        compile_distinct(builder, side.source, keys)


@register
class SemiJoin(_Keyed):
    """The rows of the first input whose key the second has; or, of an anti join, has not.

    Attributes:
        anti: rows without a match, those with a null in their key among them.
        columns: the output's, where it has not all of the first input's.
    """

    kind: ClassVar[str] = "semi-join"
    strength: ClassVar[int] = 29
    shape: ClassVar[tuple[int, int, int] | None] = (2, 1, 1)

    anti: bool
    columns: Annotated[tuple[str, ...], Field(min_length=1)] | None = None

    def sentence(self, names: Mapping[str, str]) -> str:
        left, right = (name_of(names, each) for each in self.inputs)
        output = name_of(names, self.outputs[0])
        reduced = "" if self.columns is None else f", reduced to {listed(map(quoted, self.columns))}"
        how = "does not occur" if self.anti else "occurs"
        which = f"whose {self.key_text()} {how} in {right}{reduced}"
        return f"{output} is exactly the rows of {left} {which}, in any order."

    def tasks(self, builder: Builder) -> Sequence[Task]:
        return [self.distinct_keys, self._marked, self._chosen]

    def _marked(self, builder: Builder) -> None:
        """A key is marked where it occurs in the second input, however often."""
        _, key = self.key_columns(builder)
        keys, _, side = marked_keys(builder, self.witnesses[0], key)
        table = side.source
        family = builder.family()
        theirs, ours = builder.fingerprints([key, keys], family.alpha)
        number = marked_number(builder, side, lambda: _numbers(key, keys))
        family.left(key[0].source, theirs, present(builder, key))
        family.tally(table, ours, number, left=False)

    def _chosen(self, builder: Builder) -> None:
        left_key, right_key = self.key_columns(builder)
        source, output = builder.table(self.inputs[0]), builder.table(self.outputs[0])
        if self.columns != compared(source, [output]):
            raise StatementError("The statement names other columns than its tables have.")
        found = has_match(builder, self.witnesses[0], left_key, right_key)
        family = builder.family()
        rows = [[each.column(name) for name in output.names] for each in (source, output)]
        left, right = builder.fingerprints(rows, family.alpha)
        family.left(source, left, builder.negated(found) if self.anti else found)
        family.right(output, right)


def marked_number(builder: Builder, side: SourceColumn, numbers: Callable[[], Cells]) -> Expr:
    """How often each row of a table of keys occurs elsewhere: any number but 0 where it is marked, else 0."""
    table = side.source
    number = builder.aux(table, "number", numbers)
    inverse = builder.aux(table, "inverse/number", lambda: inverses(words(numbers()), True, [0]))
    mark = builder.column(side)
    builder.require(table, number * (1 - mark))
    builder.require(table, number * inverse - mark)
    return number


def _numbers(key: Sequence[SourceColumn], keys: Sequence[SourceColumn]) -> Cells:
    looked_up, known = hash_rows([key, keys])
    return occurrences(known, looked_up[active(key)])


@register
class DisjointKeys(_Keyed):
    """No key of the first input occurs in the second; nulls are no keys."""

    kind: ClassVar[str] = "disjoint-keys"
    shape: ClassVar[tuple[int, int, int] | None] = (2, 0, 0)

    def sentence(self, names: Mapping[str, str]) -> str:
        first, second = (name_of(names, each) for each in self.inputs)
        return f"No {self.key_text()} of {first} occurs in {second}, nulls aside."

    def tasks(self, builder: Builder) -> Sequence[Task]:
        return [self.distinct_keys, self._apart]

    def _apart(self, builder: Builder) -> None:
        """The keys of the first input stand there without mark, those of the second with one."""
        first, second = self.key_columns(builder)
        keys, _, side = marked_keys(builder, self.witnesses[0], first)
        found_among(builder, [(first, 0), (second, 1)], keys, side)


def state_semi_join(
    left: Subject, right: Subject, child: Subject, on: Sequence[str], other_on: Sequence[str], anti: bool
) -> SemiJoin:
    """States that the child is the rows of the left table with (without) a match in the right one.

    Raises:
        StatementFalse: it is not.
        StatementError: the tables cannot be compared, or nothing can commit the table of keys.
    """
    source, output = source_of(left), source_of(child)
    columns = compared(source, [output])
    left_key, right_key = distinct(source, on), distinct(source_of(right), other_on)
    found = known_in(left_key, right_key)
    whole, hashes = hash_rows([[each.column(name) for name in output.names] for each in (source, output)])
    missing, other = surplus(whole[~found if anti else found], hashes)
    if missing or other:
        raise StatementFalse(
            f"`{child.name}` is not the rows of `{left.name}` whose {listed(on)} "
            f"{'does not occur' if anti else 'occurs'} in `{right.name}`.",
            why=f"It lacks {count_of(missing, 'row')} of them and has {count_of(other, 'row')} too many.",
        )
    rows = [
        different(left_key, ~found & active(left_key)),
        different(right_key, active(right_key)),
    ]
    held = _committed(child, [left_key, right_key], rows)
    statement = SemiJoin(
        inputs=(left.dataset_id, right.dataset_id),
        outputs=(child.dataset_id,),
        witnesses=(held.dataset_id,),
        on=tuple(on),
        other_on=tuple(other_on),
        anti=anti,
        columns=columns,
    )
    statement.programs({each.dataset_id: each.record for each in (left, right, child, held)})
    return statement


def state_disjoint_keys(
    subject: Subject, other: Subject, on: Sequence[str], other_on: Sequence[str]
) -> DisjointKeys:
    """States that two tables have no key in common.

    Raises:
        StatementFalse: they have.
        StatementError: the keys cannot be compared, or nothing can commit the table of keys.
    """
    first, second = distinct(source_of(subject), on), distinct(source_of(other), other_on)
    shared = int(np.count_nonzero(known_in(first, second)))
    if shared:
        raise StatementFalse(
            f"{count_of(shared, 'row')} of `{subject.name}` {'has' if shared == 1 else 'have'} a {listed(on)} that "
            f"occurs in `{other.name}`.",
            why="The tables were to have no key in common.",
        )
    held = _committed(subject, [first, second], [different(each, active(each)) for each in (first, second)])
    statement = DisjointKeys(
        inputs=(subject.dataset_id, other.dataset_id),
        witnesses=(held.dataset_id,),
        on=tuple(on),
        other_on=tuple(other_on),
    )
    statement.programs({each.dataset_id: each.record for each in (subject, other, held)})
    return statement


def _committed(subject: Subject, sides: Sequence[Sequence[SourceColumn]], rows: Sequence[Places]) -> Subject:
    if not sum(map(len, rows)):
        raise StatementError("Every key of both tables is null.")
    if subject.commit is None:
        raise StatementError("This claim needs a table of keys, and there is nothing that commits it.")
    return subject.commit(key_table(sides, rows), f"{subject.name}: keys")
