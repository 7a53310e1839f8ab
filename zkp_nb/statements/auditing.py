"""Claims of those who look into a table or over the parts of one: groups, rates, keys, single rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from zkp_nb.statements import formula as trees
from zkp_nb.statements import groupextremes, rates, reading
from zkp_nb.statements.claim import Claim, call
from zkp_nb.statements.formula import Predicate

__all__ = [
    "group_extremes",
    "group_rates",
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


def _names(given: Keys) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _known(given: Mapping[str, Iterable[object]] | None) -> dict[str, list[object]]:
    return {name: list(values) for name, values in (given or {}).items()}
