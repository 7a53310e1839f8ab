"""How a table came from another one, found out from the data and from hints.

Strongest first: the same rows in the same order, with columns selected, renamed or calculated; the same
rows in any order; a filter by a hinted predicate; a selection. A threshold is never guessed from the
data: it would tell everybody a value of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from zkp_nb.errors import StatementError, TableError
from zkp_nb.statements.claim import Claim
from zkp_nb.statements.derive import differing, state_derive
from zkp_nb.statements.filters import state_filter
from zkp_nb.statements.formula import And, Compare, Formula, IsNull, Not, Or, Predicate, Reference
from zkp_nb.statements.polynomials import constants_as_literals
from zkp_nb.statements.rows import source_of, state_rows_of, state_same_rows
from zkp_nb.statements.statement import Statement
from zkp_nb.statements.subject import Subject


def infer(parent: Subject, child: Subject, hints: Sequence[Claim] = ()) -> Statement | None:
    """The strongest statement that holds between two tables; None where none of the catalogue does.

    Args:
        hints: claims to try; their predicates and formulas are checked against the data.
    """
    if child.table.n_rows > parent.table.n_rows:
        return None
    if child.table.n_rows == parent.table.n_rows:
        formulas = _formulas(parent, child, hints)
        if formulas is not None:
            statement = tried(lambda: state_derive(parent, child, formulas))
            if statement is not None:
                return statement
        return tried(lambda: state_same_rows(parent, child))
    if not set(child.table.names) <= set(parent.table.names):
        return None
    selection = tried(lambda: state_rows_of(parent, child))
    if selection is None:
        return None
    for hint in hints:
        for predicate in spellings(hint.predicate):
            statement = tried(partial(state_filter, parent, child, predicate))
            if statement is not None:
                return statement
    return selection


def _formulas(parent: Subject, child: Subject, hints: Sequence[Claim]) -> Mapping[str, Formula] | None:
    """A formula for each column of the child: a column of the parent with its values, or a hinted one."""
    digests = dict(zip(parent.table.names, parent.table.column_digests, strict=True))
    source, output = source_of(parent), source_of(child)
    formulas: dict[str, Formula] = {}
    for name, digest in zip(child.table.names, child.table.column_digests, strict=True):
        same = [each for each, theirs in digests.items() if theirs == digest]
        if same:
            formulas[name] = Reference(op="column", name=name if name in same else same[0])
            continue
        for hint in hints:
            if name in hint.formulas:
                formula = constants_as_literals(hint.formulas[name])
                if _holds(partial(differing, source, output.column(name), formula)):
                    formulas[name] = formula
                    break
        else:
            return None
    return formulas


def spellings(predicate: Predicate | None) -> list[Predicate]:
    """The predicate, and as pandas would understand it: its `!=` holds for a missing value."""
    if predicate is None:
        return []
    other = _with_missing(predicate)
    return [predicate] if other == predicate else [predicate, other]


def _with_missing(predicate: Predicate) -> Predicate:
    match predicate:
        case Compare(op="!=", column=column):
            return predicate | IsNull(op="null", column=column)
        case And(terms=terms) | Or(terms=terms):
            return predicate.model_copy(update={"terms": tuple(map(_with_missing, terms))})
        case Not(term=term):
            return predicate.model_copy(update={"term": _with_missing(term)})
    return predicate


def _holds(count: Callable[[], int]) -> bool:
    try:
        return count() == 0
    except (StatementError, TableError):
        return False


def tried(state: Callable[[], Statement]) -> Statement | None:
    """The statement, None where it does not hold or cannot be made."""
    try:
        return state()
    except (StatementError, TableError):
        return None
