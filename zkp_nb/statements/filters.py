"""Filters: the output is exactly the rows of the input that satisfy a predicate.

One program where it fits. Where not, the answers to the predicate's questions are committed as a table
of bits, a witness of the statement; some programs prove the bits, the last one the selection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Final, TypeVar

import numpy as np

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.bits import Bits
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import hash_rows, surplus
from zkp_nb.statements.formula import Predicate, predicate_text
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
from zkp_nb.statements.sources import Source
from zkp_nb.statements.statement import (
    Records,
    Statement,
    Tables,
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

    def _compiled(self, records: Records, tables: Tables | None) -> Iterable[Builder]:
        return answered(records, tables, self, self.predicate, self._select)

    def _select(self, builder: Builder, bits: Bits, tree: Tree) -> None:
        columns, (output,) = self.rows(builder)
        family = builder.family()
        left, right = builder.fingerprints([columns, output], family.alpha)
        family.left(columns[0].source, left, bits.of(tree))
        family.right(output[0].source, right)


def answered(
    records: Records,
    tables: Tables | None,
    statement: Statement,
    predicate: Predicate,
    conclude: Callable[[Builder, Bits, Tree], None],
) -> list[Builder]:
    """The program of what follows from a predicate's bits, after those that prove the bits.

    Without witness there is one program. With one, a table of bits, some programs prove these, as many in
    each as fit, and the last one takes them as they are.

    Args:
        statement: its first input is what the predicate is asked of; its witnesses are none or the bits.
        conclude: says what follows.

    Raises:
        StatementError: the witness has not a bit for each question.
    """

    def start() -> tuple[Builder, Source, Tree]:
        builder = Builder(records, tables)
        source = builder.table(statement.inputs[0])
        return builder, source, resolve(predicate, source)

    builder, source, tree = start()
    if not statement.witnesses:
        conclude(builder, Bits(builder, source, tree), tree)
        return [builder]

    def proving(first: int, last: int) -> Builder:
        builder, source, tree = start()
        tree = split_intervals(tree)
        bits, asked = Bits(builder, source, tree), questions(tree)
        witness = builder.table(statement.witnesses[0])
        for at in range(first, last):
            bits.prove(asked[at], builder.committed_bit(witness.columns[at]))
        return builder

    tree = split_intervals(tree)
    asked, witness = questions(tree), builder.table(statement.witnesses[0])
    if len(asked) > MAX_QUESTIONS:
        raise StatementError(
            f"A predicate asks at most {MAX_QUESTIONS} questions.", todo="Filter in several steps."
        )
    if witness.extent != source.extent or [(c.type, c.nullable) for c in witness.columns] != [
        (ColumnType("bool"), False)
    ] * len(asked):
        raise StatementError("The table of bits does not fit the predicate.")
    given = {
        atom: builder.certified(builder.column(column))
        for atom, column in zip(asked, witness.columns, strict=True)
    }
    conclude(builder, Bits(builder, source, tree, given), tree)
    steps, first = [], 0
    while first < len(asked):
        last = first + 1
        best = proving(first, last)
        while last < len(asked):
            try:
                wider = proving(first, last + 1)
                wider.build()
            except ProgramTooLarge:
                break
            best, last = wider, last + 1
        steps.append(best)
        first = last
    return [*steps, builder]


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
