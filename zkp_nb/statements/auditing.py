"""Claims of those who look into a table or over the parts of one: groups, rates, keys, single rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from zkp_nb.statements import dependency, groupextremes, presence, rates, reading, within
from zkp_nb.statements import formula as trees
from zkp_nb.statements import opening as openings
from zkp_nb.statements.claim import Claim, call
from zkp_nb.statements.formula import Predicate

__all__ = [
    "contains",
    "determines",
    "group_extremes",
    "group_rates",
    "lacks",
    "mean_between",
    "opening",
    "sum_between",
]

Keys = str | Sequence[str]


def group_extremes(by: Keys, values: Keys, *, known: Mapping[str, Iterable[object]] | None = None) -> Claim:
    """The least and greatest values of columns in every group of the frame's rows with the same key.

    Args:
        by: key columns.
        values: columns with an order: numbers, dates, times.
        known: the values of key columns of text, where the frame is not at hand.
    """
    keys, columns, named = _names(by), _names(values), _known(known)
    return Claim(
        call("group_extremes", by, values),
        lambda subject: groupextremes.state_group_extremes(subject, keys, columns, named),
    )


def group_rates(
    by: Keys, outcome: str | Predicate, *, known: Mapping[str, Iterable[object]] | None = None
) -> Claim:
    """How many rows of every group have an outcome: the rates that measures of group fairness compare.

    Args:
        by: key columns, such as the protected attribute.
        outcome: a predicate, written as for `filter`.
        known: the values of key columns of text, where the frame is not at hand.
    """
    read = reading.read_predicate(outcome) if isinstance(outcome, str) else outcome
    text = outcome if isinstance(outcome, str) else trees.predicate_text(outcome)
    keys, named = _names(by), _known(known)
    return Claim(
        call("group_rates", by, text), lambda subject: rates.state_group_rates(subject, keys, read, named)
    )


def sum_between(column: str, low: object, high: object) -> Claim:
    """The sum of a column lies between two bounds, both included; the sum itself is not shown.

    Args:
        low, high: exact numbers.
    """
    return Claim(
        call("sum_between", column, low, high),
        lambda subject: within.state_within(subject, "sum", column, low, high),
    )


def mean_between(column: str, low: object, high: object) -> Claim:
    """The mean of a column without nulls lies between two bounds, both included; the mean itself is not shown."""
    return Claim(
        call("mean_between", column, low, high),
        lambda subject: within.state_within(subject, "mean", column, low, high),
    )


def determines(columns: Keys, dependents: Keys) -> Claim:
    """Rows with the same values in some columns have the same in others, as a zip code has one city.

    Args:
        columns: the key; rows with a null in it are left out.
        dependents: the columns that it determines.
    """
    key, others = _names(columns), _names(dependents)
    return Claim(
        call("determines", columns, dependents),
        lambda subject: dependency.state_dependency(subject, key, others),
    )


def contains(*rows: Mapping[str, object], **values: object) -> Claim:
    """The frame has a row with these values; everybody sees them, and nobody where it is.

    Args:
        rows: the values of a row by column, several rows of the same columns.
        values: one row.
    """
    given = (*rows, values) if values else rows
    return Claim(
        call("contains", *rows, **values),
        lambda subject: presence.state_rows(presence.Contains, subject, given),
    )


def lacks(*rows: Mapping[str, object], **values: object) -> Claim:
    """The frame has no row with these values; see `contains`."""
    given = (*rows, values) if values else rows
    return Claim(
        call("lacks", *rows, **values), lambda subject: presence.state_rows(presence.Lacks, subject, given)
    )


def opening(rows: int | Sequence[int], *columns: str) -> Claim:
    """Values of the frame, shown to everybody, are those committed in these places.

    Args:
        rows: numbers of rows, from 0.
        columns: by default all.
    """
    numbers = (rows,) if isinstance(rows, int) else tuple(rows)
    return Claim(
        call("opening", rows, *columns), lambda subject: openings.state_opening(subject, numbers, columns)
    )


def _names(given: Keys) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _known(given: Mapping[str, Iterable[object]] | None) -> dict[str, list[object]]:
    return {name: list(values) for name, values in (given or {}).items()}
