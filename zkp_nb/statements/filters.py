"""Filters: the output is exactly the rows of the input that satisfy a predicate.

One program where it fits. Where not, the answers to the predicate's questions are committed as a table
of bits, a witness of the statement; some programs prove the bits, the last one the selection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

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
from zkp_nb.statements.statement import Records, Tables, count_of, listed, name_of, register
from zkp_nb.statements.subject import Subject
from zkp_nb.table import Column, ColumnType, Table


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
        reduced = "" if self.columns is None else f", reduced to {listed(self.columns)}"
        return f"{output} is exactly the rows of {source} with {predicate_text(self.predicate)}{reduced}, in any order."

    def _compiled(self, records: Records, tables: Tables | None) -> Iterable[Builder]:
        if not self.witnesses:
            builder = Builder(records, tables)
            tree = resolve(self.predicate, builder.table(self.inputs[0]))
            self._select(builder, Bits(builder, builder.table(self.inputs[0]), tree), tree)
            return [builder]
        return self._in_steps(records, tables)

    def _in_steps(self, records: Records, tables: Tables | None) -> list[Builder]:
        """Programs that prove bits, as many in each as fit, and the one that proves the selection."""

        def start() -> tuple[Builder, Source, Tree, Source]:
            builder = Builder(records, tables)
            source = builder.table(self.inputs[0])
            (witness,) = (builder.table(each) for each in self.witnesses)
            return builder, source, split_intervals(resolve(self.predicate, source)), witness

        def proving(first: int, last: int) -> Builder:
            builder, source, tree, witness = start()
            asked = questions(tree)
            bits = Bits(builder, source, tree)
            for at in range(first, last):
                bits.prove(asked[at], builder.committed_bit(witness.columns[at]))
            return builder

        builder, source, tree, witness = start()
        asked = questions(tree)
        if witness.extent != source.extent or [(c.type, c.nullable) for c in witness.columns] != [
            (ColumnType("bool"), False)
        ] * len(asked):
            raise StatementError("The table of bits of a filter does not fit its predicate.")
        given = {
            atom: builder.certified(builder.column(column))
            for atom, column in zip(asked, witness.columns, strict=True)
        }
        self._select(builder, Bits(builder, source, tree, given), tree)
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

    def _select(self, builder: Builder, bits: Bits, tree: Tree) -> None:
        columns, (output,) = self.rows(builder)
        family = builder.family()
        left, right = builder.fingerprints([columns, output], family.alpha)
        family.left(columns[0].source, left, bits.of(tree))
        family.right(output[0].source, right)


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
    records = {each.dataset_id: each.record for each in (parent, child)}
    try:
        statement.programs(records)
    except ProgramTooLarge as error:
        if child.commit is None:
            raise StatementError(
                "The predicate is too large for one proof of 1,024 bytes.",
                why=error.what,
                todo="Filter in two steps, each with a part of the predicate, and prove both.",
            ) from None
    else:
        return statement
    asked = questions(split_intervals(tree))
    bits = child.commit(_bit_table(asked, source.extent.rows), f"{child.name}: bits")
    statement = statement.model_copy(update={"witnesses": (bits.dataset_id,)})
    statement.programs(records | {bits.dataset_id: bits.record})
    return statement


def _bit_table(asked: list[Atom], rows: int) -> Table:
    columns = []
    for number, atom in enumerate(asked):
        cells = np.ascontiguousarray(holds(atom, rows))
        columns.append(Column.of(f"bit{number}", ColumnType("bool"), (cells,), None))
    return Table(rows, tuple(columns))
