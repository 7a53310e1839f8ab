"""How a table came from several others, or by a change that leaves no row as it was, found out from the data.

Only what the data alone decide is tried, and nothing whose statement would tell a value that nobody wrote
down: constants, bounds and dictionaries come from hints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import combinations

from zkp_nb.errors import StatementError, TableError
from zkp_nb.statements.claim import Claim
from zkp_nb.statements.compare import hash_rows
from zkp_nb.statements.concat import Concat, state_append, state_concat
from zkp_nb.statements.derive import Derive
from zkp_nb.statements.duplicates import state_drop_duplicates
from zkp_nb.statements.grouptables import Function, holds_total, state_group_table
from zkp_nb.statements.inference import infer, tried
from zkp_nb.statements.joins import SUFFIXES, InnerJoin, LeftJoin, state_join
from zkp_nb.statements.matching import active
from zkp_nb.statements.missing import state_drop_nulls
from zkp_nb.statements.onehot import state_one_hot
from zkp_nb.statements.pivoting import Function as PivotFunction
from zkp_nb.statements.pivoting import state_pivot
from zkp_nb.statements.resolved import MAX_MEMBERS
from zkp_nb.statements.rewriting import state_cast
from zkp_nb.statements.rows import SameRows, source_of
from zkp_nb.statements.semijoins import state_semi_join
from zkp_nb.statements.statement import Statement
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.without import state_without
from zkp_nb.table.vectors import once_each

MAX_CONCATENATED = 4
MAX_LOOKED_AT = 8
"""Parents that are tried together, the likeliest ones."""

_FUNCTIONS: tuple[Function, ...] = ("sum", "count", "mean", "min", "max")


def strongest(subject: Subject, hints: Sequence[Claim] = ()) -> Statement | None:
    """The strongest statement about where a table came from; None where none of the catalogue holds.

    Args:
        subject: the table, with the tables it may have come from.
        hints: claims to try; each is checked against the data.
    """
    best: Statement | None = None
    for parent in subject.parents:
        best = _best([best, infer(parent, subject, hints)])
        if best is not None and best.strength <= Derive.strength:
            return best
    best = _best([best, *(_hinted(subject, hint) for hint in hints)])
    for parent in subject.parents:
        # The weakest of what is looked for here says as much as the rows of the parent in any order.
        if best is None or best.strength > SameRows.strength:
            best = _best([best, _changed(parent, subject)])
    if best is None or best.strength > LeftJoin.strength:
        best = _best([best, *_joined(subject, best)])
    if best is None or best.strength > Concat.strength:
        best = _best([best, _concatenated(subject)])
    return best


def _best(found: Sequence[Statement | None]) -> Statement | None:
    return min((each for each in found if each is not None), key=lambda each: each.strength, default=None)


def _hinted(subject: Subject, hint: Claim) -> Statement | None:
    """A hint that says how the table came to be, and not what is in it."""
    statement = tried(lambda: hint.state(subject))
    return statement if statement is not None and subject.dataset_id in statement.outputs else None


def _changed(parent: Subject, child: Subject) -> Statement | None:
    """A change of one parent that needs no constant."""
    before, after = parent.table.n_rows, child.table.n_rows
    whole = set(child.table.names) <= set(parent.table.names)
    if after > before:
        return tried(lambda: state_append(parent, child)) if whole else None
    if after == before:
        return tried(lambda: state_cast(parent, child, ())) if whole else _flagged(parent, child)
    if not whole:
        return _grouped(parent, child) or _pivoted(parent, child)
    if set(child.table.names) == set(parent.table.names):
        unique = tried(lambda: state_drop_duplicates(parent, child, ()))
        if unique is not None:
            return unique
    return _without_nulls(parent, child) or _grouped(parent, child)


def _flagged(parent: Subject, child: Subject) -> Statement | None:
    """A column as flags whose names say of which values they are; the names are public anyway."""
    added = [name for name in child.table.names if name not in parent.table.names]
    for column in parent.table.names:
        if all(name.startswith(f"{column}_") for name in added):
            statement = tried(partial(state_one_hot, parent, child, column, None, ()))
            if statement is not None:
                return statement
    return None


def _pivoted(parent: Subject, child: Subject) -> Statement | None:
    """A pivot table whose columns are named as the values of a column."""
    by = [name for name in child.table.names if name in parent.table.names]
    others = [name for name in parent.table.names if name not in by]
    if not by or len(others) > MAX_LOOKED_AT or len(child.table.names) - len(by) > MAX_MEMBERS:
        return None
    for across in others:
        for values in (*(name for name in others if name != across), None):
            function: PivotFunction = "size" if values is None else "sum"
            statement = tried(partial(state_pivot, parent, child, by, across, function, values, None))
            if statement is not None:
                return statement
    return None


def _without_nulls(parent: Subject, child: Subject) -> Statement | None:
    """Rows dropped for nulls in any column, or in those that have none left."""
    nullable = [each.name for each in parent.table.columns if each.null is not None and each.null.any()]
    if not nullable:
        return None
    filled = [name for name in nullable if name in child.table.names and not _nulls(child, name)]
    for names in (nullable, filled, *([name] for name in filled)):
        if names:
            statement = tried(partial(state_drop_nulls, parent, child, names))
            if statement is not None:
                return statement
    return None


def _nulls(subject: Subject, name: str) -> bool:
    null = subject.table.column(name).null
    return null is not None and bool(null.any())


def _grouped(parent: Subject, child: Subject) -> Statement | None:
    """Totals by the first columns of the child."""
    names = child.table.names
    for size in range(1, min(5, len(names))):
        by = names[:size]
        if not set(by) <= set(parent.table.names):
            return None
        if not _same_keys(parent, child, by):
            continue
        totals = [_total(parent, child, by, name) for name in names[size:]]
        known = [total for total in totals if total is not None]
        if len(known) == len(totals):
            return tried(partial(state_group_table, parent, child, by, known))
    return None


def _same_keys(parent: Subject, child: Subject, by: Sequence[str]) -> bool:
    """Whether the child has every key of the parent once."""
    try:
        theirs, ours = ([source_of(each).column(name) for name in by] for each in (parent, child))
        before, after = hash_rows([theirs, ours])
    except (StatementError, TableError):
        return False
    return once_each(after, before[active(theirs)])


def _total(
    parent: Subject, child: Subject, by: Sequence[str], name: str
) -> tuple[str, Function, str | None] | None:
    """What a column of the child adds up."""
    for aggregate in _possible(parent, by, name):
        try:
            if holds_total(parent, child, by, aggregate):
                return aggregate
        except (StatementError, TableError):
            continue
    return None


def _possible(parent: Subject, by: Sequence[str], name: str) -> Iterator[tuple[str, Function, str | None]]:
    """The parent's column of that name first, then sizes, then the others."""
    columns = [each for each in parent.table.names if each not in by]
    for column in sorted(columns, key=lambda each: (each != name, not name.startswith(each))):
        if column != name:
            yield name, "size", None
        for function in _FUNCTIONS:
            yield name, function, column


def _joined(child: Subject, best: Statement | None) -> Iterator[Statement | None]:
    """Joins of two parents on the columns that both have."""
    if child.commit is None:
        return
    names = set(child.table.names)
    bases = {_base(name) for name in names}
    for left in child.parents[:MAX_LOOKED_AT]:
        for right in child.parents[:MAX_LOOKED_AT]:
            on = [name for name in left.table.names if name in right.table.names and name in names]
            if left is right or not on or child.table.n_rows > left.table.n_rows:
                continue
            if names <= set(left.table.names):
                # A selection by another table's keys says more than that it is one.
                if best is not None and best.kind == "rows-of" and best.inputs == (left.dataset_id,):
                    without = _without(left, right, child)
                    yield without
                    for anti in (False, True) if without is None else ():
                        yield tried(partial(state_semi_join, left, right, child, on, on, anti))
            elif {*left.table.names} <= bases <= {*left.table.names, *right.table.names}:
                for cls in (LeftJoin, InnerJoin):
                    yield tried(partial(state_join, cls, left, right, child, on, on))


def _without(left: Subject, right: Subject, child: Subject) -> Statement | None:
    """What an earlier table of the same columns leaves of the left one: a test set without the training rows."""
    same = set(left.table.names) == set(right.table.names) == set(child.table.names)
    if not same or right.record.created > child.record.created:
        return None
    return tried(lambda: state_without(left, right, child))


def _base(name: str) -> str:
    return next((name.removesuffix(each) for each in SUFFIXES if name.endswith(each)), name)


def _concatenated(child: Subject) -> Statement | None:
    """Parents whose rows are as many as the child's together."""
    fitting = [
        each for each in child.parents[:MAX_LOOKED_AT] if set(child.table.names) <= set(each.table.names)
    ]
    # Parents come the newest first; tables are put together the oldest first.
    for size in range(2, MAX_CONCATENATED + 1):
        for chosen in combinations(fitting[::-1], size):
            if sum(each.table.n_rows for each in chosen) == child.table.n_rows:
                found = [tried(partial(state_concat, order, child)) for order in (chosen, chosen[::-1])]
                together = [each for each in found if isinstance(each, Concat)]
                if together:
                    return max(together, key=lambda each: each.ordered)
    return None
