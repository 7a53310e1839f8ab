"""Claims of those who look into a table or over the parts of one: groups, rates, keys, single rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from zkp_nb.statements import dependency, groupextremes, presence, rates, reading, stratified, within, without
from zkp_nb.statements import folds as crossed
from zkp_nb.statements import formula as trees
from zkp_nb.statements import opening as openings
from zkp_nb.statements.claim import Claim, call, first_that_holds, resolved
from zkp_nb.statements.formula import Predicate
from zkp_nb.statements.statement import Statement
from zkp_nb.statements.subject import Subject

__all__ = [
    "contains",
    "determines",
    "folds",
    "group_extremes",
    "group_rates",
    "lacks",
    "mean_between",
    "opening",
    "rows_without",
    "stratified_split",
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


def rows_without(other: object) -> Claim:
    """The frame is the rows of its parent that are not rows of another frame, each as often as in the parent.

    Rows are compared whole, and a null equals a null. What is kept of equal rows is all of them, as an anti join on
    all columns does; SQL's EXCEPT keeps one: `drop_duplicates` is a step of its own.
    """

    def state(subject: Subject) -> Statement:
        right = resolved(subject, other)
        parents = [each for each in subject.parent() if each.dataset_id != right.dataset_id]
        return first_that_holds(
            parents, subject, lambda left, child: without.state_without(left, right, child)
        )

    return Claim("rows_without(<frame>)", state)


def stratified_split(label: str, *others: object, tolerance: object) -> Claim:
    """Each row of the parent is in exactly one of the parts, and each class has about the share that it has there.

    Args:
        label: the column of classes.
        others: the other parts, 1 to 19 frames or datasets.
        tolerance: the most by which the share of a class in a part differs from that in the parent, such as 0.01.
    """
    return Claim(
        f"stratified_split({label!r}, <{len(others)} other frames>, tolerance={tolerance!r})",
        _of_parts(others, lambda parent, parts: stratified.state_stratified(parent, parts, label, tolerance)),
    )


def folds(*others: object, rests: Sequence[object] = (), key: Keys | None = None) -> Claim:
    """Each row of the parent is in exactly one fold: this frame or one of the others.

    Args:
        others: the other folds, 1 to 19 frames or datasets.
        rests: for each fold, this one first, the rows outside of it, on which a model is trained.
        key: columns whose values are in one fold only, such as the patient, as in scikit-learn's `GroupKFold`.
    """
    names, outside = None if key is None else _names(key), tuple(rests)

    def state(parent: Subject, parts: Sequence[Subject]) -> Statement:
        trained = [resolved(parts[0], rest) for rest in outside]
        return crossed.state_folds(parent, parts, trained, names)

    text = f"folds(<{len(others)} other frames>, rests=<{len(outside)} frames>, key={key!r})"
    return Claim(text, _of_parts((*others,), state, outside))


def _of_parts(
    others: Sequence[object],
    state: Callable[[Subject, Sequence[Subject]], Statement],
    besides: Sequence[object] = (),
) -> Callable[[Subject], Statement]:
    """States something about a parent and its parts, of which the subject is the first."""

    def stated(subject: Subject) -> Statement:
        parts = [subject, *(resolved(subject, other) for other in others)]
        names = {part.dataset_id for part in parts} | {resolved(subject, each).dataset_id for each in besides}
        parents = [parent for parent in subject.parent() if parent.dataset_id not in names]
        return first_that_holds(parents, subject, lambda parent, _: state(parent, parts))

    return stated


def _names(given: Keys) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _known(given: Mapping[str, Iterable[object]] | None) -> dict[str, list[object]]:
    return {name: list(values) for name, values in (given or {}).items()}
