"""Filters: the output is exactly the rows of the input that satisfy a predicate.

One program where it fits. Where not, the answers to the predicate's questions are committed as a table
of bits, a witness of the statement; some programs prove the bits, the last one the selection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar, Final, TypeVar

import numpy as np

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.bits import Bits
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import hash_rows, surplus
from zkp_nb.statements.formula import Predicate, predicate_text
from zkp_nb.statements.packing import Task
from zkp_nb.statements.program import ProgramTooLarge
from zkp_nb.statements.resolved import (
    Atom,
    IsTrue,
    Missing,
    Tree,
    atoms,
    holds,
    literals,
    resolve,
    split_intervals,
)
from zkp_nb.statements.rows import RowsStatement, compared, source_of
from zkp_nb.statements.sources import Source, SourceColumn
from zkp_nb.statements.statement import (
    Statement,
    count_of,
    listed,
    name_of,
    quoted,
    register,
)
from zkp_nb.statements.subject import Subject
from zkp_nb.table import Column, ColumnType, Table

S = TypeVar("S", bound=Statement)

MAX_QUESTIONS: Final = 100
"""Columns of a table of bits: their proofs have to fit into one entry of a log, and compiling them takes time."""


@register
class Filter(RowsStatement):
    """The output is the rows of the input that satisfy the predicate, each as often, in any order.

    Attributes:
        predicate: its constants in the form of their columns' types.
        witnesses: none, or one table of bits: a column for each question of the predicate that needs one.
    """

    kind: ClassVar[str] = "filter"
    strength: ClassVar[int] = 30
    shape: ClassVar[tuple[int, int, int] | None] = (1, 1, 1)

    predicate: Predicate

    def sentence(self, names: Mapping[str, str]) -> str:
        output, source = name_of(names, self.outputs[0]), name_of(names, self.inputs[0])
        reduced = "" if self.columns is None else f", reduced to {listed(map(quoted, self.columns))}"
        condition = predicate_text(self.predicate)
        return f"{output} is exactly the rows of {source} with {condition}{reduced}, in any order."

    def tasks(self, builder: Builder) -> Sequence[Task]:
        return answered(builder, self, self.predicate, self._select)

    def _select(self, builder: Builder, bits: Bits, tree: Tree) -> None:
        columns, (output,) = self.rows(builder)
        family = builder.family()
        left, right = builder.fingerprints([columns, output], family.alpha)
        family.left(columns[0].source, left, bits.of(tree))
        family.right(output[0].source, right)


def answered(
    builder: Builder,
    statement: Statement,
    predicate: Predicate,
    conclude: Callable[[Builder, Bits, Tree], None],
) -> list[Task]:
    """What follows from a predicate's bits, as a task, after those that prove the bits.

    Without witness there is one task. With one, a table of bits, there is one for each question, and the last
    one takes the bits as they are.

    Args:
        builder: to look at the tables with.
        statement: its first input is what the predicate is asked of; its witnesses are none or the bits.
        conclude: says what follows.

    Raises:
        StatementError: the witness has not a bit for each question.
    """

    def at_once(builder: Builder) -> None:
        source = builder.table(statement.inputs[0])
        tree = resolve(predicate, source)
        conclude(builder, Bits(builder, source, tree), tree)

    if not statement.witnesses:
        return [at_once]

    def apart(builder: Builder) -> tuple[Source, Tree, list[tuple[Atom, SourceColumn]]]:
        """The table, the predicate without intervals, and its questions with the columns of their bits."""
        source, witness = (builder.table(each) for each in (statement.inputs[0], statement.witnesses[0]))
        tree = split_intervals(resolve(predicate, source))
        asked = questions(tree)
        if len(asked) > MAX_QUESTIONS:
            raise StatementError(
                f"A predicate asks at most {MAX_QUESTIONS} questions.", todo="Filter in several steps."
            )
        if witness.extent != source.extent or [(c.type, c.nullable) for c in witness.columns] != [
            (ColumnType("bool"), False)
        ] * len(asked):
            raise StatementError("The table of bits does not fit the predicate.")
        return source, tree, list(zip(asked, witness.columns, strict=True))

    def answer(at: int, builder: Builder) -> None:
        source, tree, asked = apart(builder)
        atom, column = asked[at]
        Bits(builder, source, tree).prove(atom, builder.committed_bit(column))

    def follow(builder: Builder) -> None:
        source, tree, asked = apart(builder)
        given = {atom: builder.certified(builder.column(column)) for atom, column in asked}
        conclude(builder, Bits(builder, source, tree, given), tree)

    _, _, asked = apart(builder)
    return [*(partial(answer, at) for at in range(len(asked))), follow]


def questions(tree: Tree) -> list[Atom]:
    """The atoms that take a bit of their own, once each, in order."""
    return [atom for atom in dict.fromkeys(atoms(tree)) if not isinstance(atom, (IsTrue, Missing))]


def state_filter(parent: Subject, child: Subject, predicate: Predicate) -> Filter:
    """States that the child is the rows of the parent that satisfy the predicate.

    Raises:
        StatementFalse: it is not.
        StatementError: the tables cannot be compared, or the predicate cannot be asked of the parent.
    """
    source, output = source_of(parent), source_of(child)
    columns = compared(source, [output])
    predicate = literals(predicate, source)
    tree = resolve(predicate, source)
    keep = holds(tree, source.extent.rows)
    whole, hashes = hash_rows([[each.column(name) for name in output.names] for each in (source, output)])
    missing, other = surplus(whole[keep], hashes)
    if missing or other:
        raise StatementFalse(
            f"`{child.name}` is not the rows of `{parent.name}` with {predicate_text(predicate)}.",
            why=f"It lacks {count_of(missing, 'row')} of them and has {count_of(other, 'row')} that "
            f"{'is' if other == 1 else 'are'} not among them.",
        )
    statement = Filter(
        inputs=(parent.dataset_id,), outputs=(child.dataset_id,), columns=columns, predicate=predicate
    )
    return with_bits(statement, statement.predicate, parent, child)


def with_bits(statement: S, predicate: Predicate, asked: Subject, subject: Subject) -> S:
    """The statement, with a table of bits as its witness where it does not fit into one proof.

    Args:
        asked: what the predicate is asked of.
        subject: what the claim is about; commits the bits.

    Raises:
        StatementError: it does not fit, and there is nothing that commits the bits.
    """
    records = {each.dataset_id: each.record for each in (asked, subject)}
    try:
        statement.programs(records)
    except ProgramTooLarge as error:
        if subject.commit is None:
            raise StatementError(
                "The predicate is too large for one proof of 1,024 bytes.",
                why=error.what,
                todo="Filter in two steps, each with a part of the predicate, and prove both.",
            ) from None
    else:
        return statement
    source = source_of(asked)
    atoms_asked = questions(split_intervals(resolve(predicate, source)))
    bits = subject.commit(_bit_table(atoms_asked, source.extent.rows), f"{subject.name}: bits")
    statement = statement.model_copy(update={"witnesses": (bits.dataset_id,)})
    statement.programs(records | {bits.dataset_id: bits.record})
    return statement


def _bit_table(asked: list[Atom], rows: int) -> Table:
    columns = []
    for number, atom in enumerate(asked):
        cells = np.ascontiguousarray(holds(atom, rows))
        columns.append(Column.of(f"bit{number}", ColumnType("bool"), (cells,), None))
    return Table(rows, tuple(columns))
