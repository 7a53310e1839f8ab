"""Claims about how a frame came to be, where that takes more than one parent or a rule for its values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, get_args

from zkp_nb.errors import StatementError
from zkp_nb.statements import (
    balance,
    duplicates,
    groups,
    grouptables,
    joins,
    missing,
    pivoting,
    sampling,
    semijoins,
)
from zkp_nb.statements import concat as together
from zkp_nb.statements.claim import Claim, call, first_that_holds, of_a_parent, resolved
from zkp_nb.statements.statement import Statement
from zkp_nb.statements.subject import Subject

__all__ = [
    "anti_join",
    "append",
    "class_balance",
    "concat",
    "disjoint_keys",
    "drop_duplicates",
    "drop_nulls",
    "group_by",
    "grouped",
    "inner_join",
    "left_join",
    "pivot",
    "sample",
    "semi_join",
]

Keys = str | Sequence[str]


def concat(*frames: object) -> Claim:
    """The frame has the rows of all the frames, in their order where it has.

    Args:
        frames: 2 to 8 frames or datasets.
    """

    def state(subject: Subject) -> Statement:
        return together.state_concat([resolved(subject, frame) for frame in frames], subject)

    return Claim(f"concat(<{len(frames)} frames>)", state)


def append() -> Claim:
    """The frame begins with the rows of its parent, in their order; rows were only appended."""
    return Claim("append()", of_a_parent(together.state_append))


def sample(seed: str) -> Claim:
    """The frame is the rows of its parent, 1,000 at most, that a public seed draws.

    To draw them: `df.iloc[zkp.sample_rows(len(df), 100, seed)]`.

    Args:
        seed: a text that nobody could choose to their liking; see `sample_rows`.
    """
    state = of_a_parent(lambda parent, child: sampling.state_sample(parent, child, seed))
    return Claim(call("sample", seed), state)


def drop_nulls(*columns: str) -> Claim:
    """The frame is the rows of its parent without nulls in the columns; in any where none is named."""
    state = of_a_parent(lambda parent, child: missing.state_drop_nulls(parent, child, columns))
    return Claim(call("drop_nulls", *columns), state)


def drop_duplicates(*subset: str) -> Claim:
    """The frame is its parent without duplicates.

    Args:
        subset: rows that agree in these columns are duplicates, and one of them is kept; by default whole rows.
    """
    state = of_a_parent(lambda parent, child: duplicates.state_drop_duplicates(parent, child, subset))
    return Claim(call("drop_duplicates", *subset), state)


def class_balance(label: str, *others: object, values: Iterable[object] | None = None) -> Claim:
    """How many rows have each value of the label, in this frame and in others, such as the parts of a split.

    Args:
        others: frames or datasets.
        values: the labels, where they are text.
    """
    known = None if values is None else list(values)

    def state(subject: Subject) -> Statement:
        parts = [subject, *(resolved(subject, other) for other in others)]
        return balance.state_balance(parts, label, known)

    return Claim(f"class_balance({label!r}, <{len(others)} other frames>)", state)


def grouped(by: Keys, **totals: str | tuple[str, str]) -> Claim:
    """The frame is its parent, grouped: one row for each key, with totals.

    Args:
        by: key columns, of the same names in both frames.
        totals: by column of the frame, `(column, function)` as in pandas, the function `"sum"`, `"count"`,
            `"mean"`, `"min"` or `"max"`; or `"size"`.
    """
    keys = _names(by)
    aggregates = [(name, *_aggregate(name, each)) for name, each in totals.items()]
    state = of_a_parent(lambda parent, child: grouptables.state_group_table(parent, child, keys, aggregates))
    return Claim(call("grouped", by, **totals), state)


def _aggregate(name: str, given: str | tuple[str, str]) -> tuple[grouptables.Function, str | None]:
    if given == "size":
        return "size", None
    for function in get_args(grouptables.Function):
        if not isinstance(given, str) and len(given) == 2 and given[1] == function != "size":
            return function, given[0]
    raise StatementError(
        f"{name!r} is none of the totals that can be proven.",
        todo=f'Write {name}=("column", "sum"), with "sum", "count", "mean", "min" or "max"; or {name}="size".',
    )


def pivot(
    by: Keys,
    across: str,
    values: str | None = None,
    *,
    function: pivoting.Function | None = None,
    columns: Mapping[Any, str] | None = None,
) -> Claim:
    """The frame is its parent as a pivot table: `pivot_table(index=by, columns=across, values=values, fill_value=0)`.

    Args:
        by: key columns, of the same names in both frames.
        across: the column whose values became columns, 12 at most.
        values: what is added up or counted; the rows where it is not given.
        function: "sum", "count" or "size"; by default the sum of the values, or the number of rows.
        columns: the frame's column for each value; by default they are named as the values are.
    """
    keys, named = _names(by), None if columns is None else dict(columns)
    chosen: pivoting.Function = function or ("size" if values is None else "sum")
    if (chosen == "size") != (values is None):
        raise StatementError("A sum or count is one of a column, the number of rows is of none.")
    state = of_a_parent(
        lambda parent, child: pivoting.state_pivot(parent, child, keys, across, chosen, values, named)
    )
    return Claim(call("pivot", by, across, values, function=chosen, columns=named), state)


def group_by(by: Keys, values: Keys = (), *, known: Mapping[str, Iterable[object]] | None = None) -> Claim:
    """The groups of the frame's rows with the same key: their sizes, and the sums and means of columns.

    Args:
        by: key columns.
        values: columns of numbers.
        known: the values of key columns of text, of which a committed table holds hashes.
    """
    keys, added, named = _names(by), _names(values), {k: list(v) for k, v in (known or {}).items()}
    return Claim(
        call("group_by", by, values), lambda subject: groups.state_grouped(subject, keys, added, named)
    )


def left_join(right: object, on: Keys, right_on: Keys | None = None) -> Claim:
    """The frame is its parent with the columns of the row of `right` that has its key, or nulls.

    Args:
        right: the other frame or dataset, in which no key occurs twice.
        on: key columns of the parent.
        right_on: those of `right`; by default those of the same names.
    """
    return _join("left_join", joins.LeftJoin, right, on, right_on)


def inner_join(right: object, on: Keys, right_on: Keys | None = None) -> Claim:
    """The frame is the rows of its parent whose key is in `right`, with the columns of that row; see `left_join`."""
    return _join("inner_join", joins.InnerJoin, right, on, right_on)


def semi_join(right: object, on: Keys, right_on: Keys | None = None) -> Claim:
    """The frame is the rows of its parent whose key occurs in `right`."""
    return _semi_join("semi_join", right, on, right_on, anti=False)


def anti_join(right: object, on: Keys, right_on: Keys | None = None) -> Claim:
    """The frame is the rows of its parent whose key does not occur in `right`."""
    return _semi_join("anti_join", right, on, right_on, anti=True)


def disjoint_keys(other: object, on: Keys, other_on: Keys | None = None) -> Claim:
    """No key of the frame occurs in another frame: no person in both the training and the test data.

    Args:
        other: frame or dataset.
        on: key columns of this frame.
        other_on: those of the other; by default those of the same names.
    """
    ours, theirs = _keys(on, other_on)

    def state(subject: Subject) -> Statement:
        return semijoins.state_disjoint_keys(subject, resolved(subject, other), ours, theirs)

    return Claim(f"disjoint_keys(<frame>, {on!r})", state)


def _join(
    name: str,
    cls: type[joins.LeftJoin] | type[joins.InnerJoin],
    right: object,
    on: Keys,
    right_on: Keys | None,
) -> Claim:
    ours, theirs = _keys(on, right_on)
    return _with_parent(
        f"{name}(<frame>, {on!r})",
        right,
        lambda left, other, child: joins.state_join(cls, left, other, child, ours, theirs),
    )


def _semi_join(name: str, right: object, on: Keys, right_on: Keys | None, *, anti: bool) -> Claim:
    ours, theirs = _keys(on, right_on)
    return _with_parent(
        f"{name}(<frame>, {on!r})",
        right,
        lambda left, other, child: semijoins.state_semi_join(left, other, child, ours, theirs, anti),
    )


def _with_parent(text: str, right: object, state: Callable[[Subject, Subject, Subject], Statement]) -> Claim:
    """A claim about the subject, its first fitting parent and another frame."""

    def stated(subject: Subject) -> Statement:
        other = resolved(subject, right)
        parents = [each for each in subject.parent() if each.dataset_id != other.dataset_id]
        return first_that_holds(parents, subject, lambda left, child: state(left, other, child))

    return Claim(text, stated)


def _names(given: Keys) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _keys(ours: Keys, theirs: Keys | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names = _names(ours)
    others = names if theirs is None else _names(theirs)
    if not names or len(names) != len(others):
        raise StatementError("A key has as many columns in both tables, one at least.")
    return names, others
