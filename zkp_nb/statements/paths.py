"""How a table came from another one in several steps that one cell took at once.

`loans[loans.age >= 18].assign(total=...)` is a filter and then a calculation; no statement says both. The
table between them is made again from the two that are known, committed, and each step is proven.
Only steps that hints suggest are tried, and each is checked against the data like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from zkp_nb.errors import StatementError, TableError
from zkp_nb.ledger.records import ColumnRecord, DatasetRecord, utc_now
from zkp_nb.srs import table_depth
from zkp_nb.statements.claim import Claim
from zkp_nb.statements.filters import state_filter
from zkp_nb.statements.formula import Predicate
from zkp_nb.statements.inference import infer, spellings, tried
from zkp_nb.statements.origin import strongest
from zkp_nb.statements.resolved import holds, literals, resolve
from zkp_nb.statements.rewriting import state_cast
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.statement import Statement
from zkp_nb.statements.subject import Subject
from zkp_nb.table import Table

MAX_PARENTS: Final = 4
"""Parents that are tried, the likeliest ones."""

State = Callable[[Subject, Subject], Statement | None]


@dataclass(frozen=True)
class _Step:
    """The table after it, and what states it about the table before and the table after."""

    after: Table
    state: State


def path(subject: Subject, hints: Sequence[Claim] = ()) -> tuple[Statement, ...]:
    """The strongest statement about where a table came from, or several, one after the other.

    Tables in between are committed by `subject.commit`, under the subject's name and "step 1" and so on.
    Empty where the catalogue holds nothing.
    """
    statement = strongest(subject, hints)
    if statement is not None:
        return (statement,)
    if subject.commit is not None:
        for parent in subject.parents[:MAX_PARENTS]:
            for steps in (
                *_by_columns(parent, subject, hints),
                *_selected(parent, subject, hints),
                *_filtered(parent, subject, hints),
            ):
                found = _committed(parent, subject, steps)
                if found:
                    return found
    return ()


def _committed(parent: Subject, child: Subject, steps: Sequence[_Step]) -> tuple[Statement, ...]:
    """The steps between tables that are committed; nothing where one does not hold after all."""
    assert child.commit is not None
    before, statements = parent, []
    for number, step in enumerate(steps, 1):
        last = number == len(steps)
        after = child if last else child.commit(step.after, f"{child.name}, step {number}")
        statement = step.state(before, replace(after, commit=child.commit))
        if statement is None:
            return ()
        statements.append(statement)
        before = after
    return tuple(statements)


def _by_columns(parent: Subject, child: Subject, hints: Sequence[Claim]) -> Iterator[list[_Step]]:
    """The same rows in the same order, each hint changing columns of its own."""
    if parent.table.n_rows != child.table.n_rows:
        return
    steps: list[_Step] = []
    table = parent.table
    for hint in [*hints, None]:
        changed = _differing(table, child.table) if hint is None else hint.changes
        if not changed or not set(changed) <= set(child.table.names):
            continue
        after = _with_columns(table, child.table, changed)
        # Without a hint the types may have changed: nothing else needs no constant.
        if not _differing(table, after) and after.names == table.names:
            continue
        state: State = _hinted(hint) if hint is not None else _cast
        if state(_tried(table, child), _tried(after, child)) is not None:
            steps.append(_Step(after, state))
            table = after
    if steps and [*zip(table.names, table.column_digests, strict=True)] == [
        *zip(child.table.names, child.table.column_digests, strict=True)
    ]:
        yield steps
    elif steps:
        last = _Step(child.table, lambda before, after: infer(before, after, hints))
        if last.state(_tried(table, child), child) is not None:
            yield [*steps, last]


def _selected(parent: Subject, child: Subject, hints: Sequence[Claim]) -> Iterator[list[_Step]]:
    """Rows of the parent, and then columns calculated from those that are left."""
    made = {name for hint in hints for name in hint.formulas}
    kept = [name for name in child.table.names if name in parent.table.names and name not in made]
    if not made or not kept or len(kept) == len(child.table.names):
        return
    between = child.table.select(kept)
    first = _Step(between, lambda before, after: strongest(replace(after, parents=(before,)), hints))
    if first.state(parent, _tried(between, child)) is not None:
        last = _Step(child.table, lambda before, after: infer(before, after, hints))
        if last.state(_tried(between, child), child) is not None:
            yield [first, last]


def _filtered(parent: Subject, child: Subject, hints: Sequence[Claim]) -> Iterator[list[_Step]]:
    """Exactly the rows with a hinted predicate, and then anything."""
    others = [each for each in child.parents if each is not parent]

    def rest(before: Subject, after: Subject) -> Statement | None:
        return strongest(replace(after, parents=(before, *others)), hints)

    for predicate in (each for hint in hints for each in spellings(hint.predicate)):
        between = _rows(parent, predicate)
        if between is None:
            continue
        first = _Step(between, _filter(predicate))
        if first.state(parent, _tried(between, child)) is None:
            continue
        start = _tried(between, child)
        if rest(start, child) is not None:
            yield [first, _Step(child.table, rest)]
        for steps in _by_columns(start, child, hints):
            yield [first, *steps]


def _hinted(hint: Claim) -> State:
    return lambda before, after: tried(partial(hint.state, replace(after, parents=(before,))))


def _cast(before: Subject, after: Subject) -> Statement | None:
    return tried(lambda: state_cast(before, after, ()))


def _filter(predicate: Predicate) -> State:
    return lambda before, after: tried(lambda: state_filter(before, after, predicate))


def _rows(parent: Subject, predicate: Predicate) -> Table | None:
    """The rows that satisfy a predicate, where it can be asked and some do, but not all."""
    try:
        source = source_of(parent)
        keep = holds(resolve(literals(predicate, source), source), parent.table.n_rows)
    except (StatementError, TableError):
        return None
    return parent.table.take(keep) if 0 < int(np.count_nonzero(keep)) < len(keep) else None


def _differing(before: Table, after: Table) -> list[str]:
    """Columns of both with other values."""
    theirs = dict(zip(before.names, before.column_digests, strict=True))
    return [
        name
        for name, digest in zip(after.names, after.column_digests, strict=True)
        if theirs.get(name, digest) != digest
    ]


def _with_columns(before: Table, after: Table, names: Sequence[str]) -> Table:
    """The table before with these columns of the table after, new ones last."""
    columns = tuple(after.column(each.name) if each.name in names else each for each in before.columns)
    new = tuple(after.column(name) for name in names if name not in before.names)
    return Table(before.n_rows, columns + new)


def _tried(table: Table, child: Subject) -> Subject:
    """A subject to try statements about, which no proof can be made of: nothing is committed."""
    record = DatasetRecord(
        name=f"{child.name} {id(table):x}",  # tables that differ in their rows alone are different subjects
        n_rows=table.n_rows,
        depth=table_depth(table.n_rows),
        srs_id=child.record.srs_id,
        columns=tuple(
            ColumnRecord(
                name=column.name,
                type=column.type.to_json(),
                nullable=column.nullable,
                commitments={part.label: "00" * 32 for part in column.parts},
            )
            for column in table.columns
        ),
        created=utc_now(),
    )
    return Subject(record.id, record, table)
