"""A profile of a table: what one looks at first, as several claims in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from zkp_nb.errors import StatementError
from zkp_nb.statements.conjunction import MAX_CLAIMS, conjunction
from zkp_nb.statements.extremes import state_min_max
from zkp_nb.statements.facts import check_squares, distinct, state_nulls, state_variances
from zkp_nb.statements.keys import state_unique
from zkp_nb.statements.rows import source_of
from zkp_nb.statements.sources import SourceColumn
from zkp_nb.statements.statement import Statement
from zkp_nb.statements.subject import Subject
from zkp_nb.statements.values import present_of


def state_profile(subject: Subject, names: Sequence[str]) -> Statement:
    """States what is known of columns: nulls; least and greatest values; means and deviations; distinctness.

    Each where it exists or holds; distinctness of as many columns as one receipt has room for.

    Args:
        names: the columns; all where none is named.

    Raises:
        StatementError: a column does not exist.
    """
    source = source_of(subject)
    columns = distinct(source, names or source.names)
    statements: list[Statement] = [state_nulls(subject, [column.name for column in columns])]
    ordered = [column.name for column in columns if _has_ends(subject, column.name)]
    if ordered:
        statements.append(state_min_max(subject, ordered))
    numbers = [column.name for column in columns if _has_spread(column)]
    if numbers:
        statements.append(state_variances(subject, numbers, 1, "standard deviation"))
    for column in columns:
        if len(statements) < MAX_CLAIMS:
            with suppress(StatementError):
                statements.append(state_unique(subject, [column.name]))
    return conjunction(statements)


def _has_ends(subject: Subject, name: str) -> bool:
    try:
        state_min_max(subject, [name])
    except StatementError:
        return False
    return True


def _has_spread(column: SourceColumn) -> bool:
    """Whether the column is of numbers whose squares add up, at least two of them."""
    try:
        check_squares(column)
    except StatementError:
        return False
    return column.type.kind != "bool" and int(present_of(column).sum()) >= 2
