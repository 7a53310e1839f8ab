"""Claims that a frame is its parent, row by row, with values changed or added by a public rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zkp_nb.errors import StatementError
from zkp_nb.statements import binning, missing, onehot, rewriting, scaling, shifting
from zkp_nb.statements.claim import Claim, call, of_a_parent

__all__ = [
    "cast",
    "clip",
    "cut",
    "difference",
    "fill_nulls",
    "lag",
    "one_hot",
    "remainder",
    "replace",
    "rolling_sum",
    "rounded",
    "running_sum",
    "scaled",
]


def fill_nulls(values: Mapping[str, object] | None = None, /, **named: object) -> Claim:
    """The frame is its parent, row by row, with constants in place of the nulls of some columns.

    Args:
        values, named: the constant of each column.
    """
    given = {**(values or {}), **named}
    if not given:
        raise StatementError("Nulls are filled with constants.", todo="Write fill_nulls(age=0).")
    state = of_a_parent(lambda parent, child: missing.state_fill_nulls(parent, child, given))
    return Claim(call("fill_nulls", given), state, changes=tuple(given))


def clip(column: str, low: object = None, high: object = None) -> Claim:
    """The frame is its parent, row by row, with values of the column below or above a bound set to the bound."""
    state = of_a_parent(lambda parent, child: rewriting.state_clip(parent, child, {column: (low, high)}))
    return Claim(call("clip", column, low, high), state, changes=(column,))


def replace(column: str, values: Mapping[Any, object], *, others: str = "keep") -> Claim:
    """The frame is its parent, row by row, with values of the column replaced by a public dictionary.

    Args:
        values: 1 to 12 pairs of old and new value; the new one may be None.
        others: what becomes of values that are not in it: "keep" as in pandas' `replace`, "null" as in its `map`.
    """
    if others not in ("keep", "null"):
        raise StatementError(
            "Other values are kept or become null.", todo='Write others="keep" or others="null".'
        )
    given = dict(values)
    state = of_a_parent(
        lambda parent, child: rewriting.state_replace(parent, child, column, given, others == "keep")
    )
    return Claim(call("replace", column, given, others=others), state, changes=(column,))


def cast(*columns: str) -> Claim:
    """The frame is its parent, row by row, with the same values in other types; all columns whose type differs."""
    state = of_a_parent(lambda parent, child: rewriting.state_cast(parent, child, columns))
    return Claim(call("cast", *columns), state)


def rounded(*columns: str, digits: int = 0, rule: scaling.Rule = "nearest") -> Claim:
    """The frame is its parent, row by row, with numbers rounded.

    Args:
        columns: what is rounded; all decimal columns with more digits where none is named.
        digits: after the point; -2 rounds to hundreds.
        rule: "nearest" (ties either way), "down" or "up".
    """
    state = of_a_parent(lambda parent, child: scaling.state_rounded(parent, child, columns, digits, rule))
    return Claim(call("rounded", *columns, digits=digits, rule=rule), state, changes=columns)


def scaled(
    column: str,
    *,
    multiply: object = 1,
    add: object = 0,
    divide: object = 1,
    digits: int = 0,
    rule: scaling.Rule = "nearest",
    into: str | None = None,
) -> Claim:
    """A column of the frame is `(column * multiply + add) / divide` of its parent's, rounded.

    `x // 10` of pandas is `scaled("x", divide=10, rule="down")`; scaling to [0, 1], or by mean and standard deviation,
    is a subtraction and a division by constants, which everybody sees.

    Args:
        multiply, add, divide: exact numbers, the last above 0.
        digits, rule: how it is rounded, as in `rounded`.
        into: the frame's column; by default that of the same name. All other columns are the parent's.
    """
    part = scaling.scaled_column(column, into, multiply, add, divide, digits=digits, rule=rule)
    state = of_a_parent(lambda parent, child: scaling.state_scaled(parent, child, [part]))
    words = {"multiply": multiply, "add": add, "divide": divide, "digits": digits, "rule": rule}
    return Claim(call("scaled", column, **words, into=into or column), state, changes=(into or column,))


def remainder(column: str, divide: object, *, into: str | None = None) -> Claim:
    """A column of the frame is what division of its parent's leaves, `x % 10`: at least 0, less than the divisor.

    Args:
        divide: above 0.
        into: the frame's column; by default that of the same name. All other columns are the parent's.
    """
    part = scaling.scaled_column(column, into, divide=divide, rule="remainder")
    state = of_a_parent(lambda parent, child: scaling.state_scaled(parent, child, [part]))
    return Claim(call("remainder", column, divide, into=into or column), state, changes=(into or column,))


def lag(column: str, periods: int = 1, *, into: str | None = None) -> Claim:
    """A column of the frame is its parent's of some rows before, null where there is none: `shift`.

    Args:
        periods: how many rows; of rows after, where negative.
        into: the frame's column; by default that of the same name. All other columns are the parent's.
    """
    return _shift("lag", column, periods, into, difference=False)


def difference(column: str, periods: int = 1, *, into: str | None = None) -> Claim:
    """A column of the frame is its parent's minus that of some rows before: `diff`. Arguments as of `lag`."""
    return _shift("difference", column, periods, into, difference=True)


def _shift(name: str, column: str, periods: int, into: str | None, *, difference: bool) -> Claim:
    target = into or column
    state = of_a_parent(
        lambda parent, child: shifting.state_shift(
            parent, child, column, target, periods, difference=difference
        )
    )
    return Claim(call(name, column, periods, into=target), state, changes=(target,))


def running_sum(column: str, *, into: str | None = None) -> Claim:
    """A column of the frame is the sum of its parent's over all rows up to each: `cumsum`.

    Args:
        into: the frame's column; by default that of the same name. All other columns are the parent's.
    """
    target = into or column
    state = of_a_parent(
        lambda parent, child: shifting.state_running_sum(parent, child, column, target, None, whole=False)
    )
    return Claim(call("running_sum", column, into=target), state, changes=(target,))


def rolling_sum(column: str, window: int, *, partial: bool = False, into: str | None = None) -> Claim:
    """A column of the frame is the sum of its parent's over the last rows: `rolling(window).sum()`.

    Args:
        window: how many rows, the row itself among them.
        partial: rows with fewer before them have the sum of what there is (`min_periods=1`); else they are null.
        into: the frame's column; by default that of the same name. All other columns are the parent's.
    """
    target = into or column
    state = of_a_parent(
        lambda parent, child: shifting.state_running_sum(
            parent, child, column, target, window, whole=not partial
        )
    )
    return Claim(call("rolling_sum", column, window, partial=partial, into=target), state, changes=(target,))


def one_hot(column: str, flags: Mapping[Any, str] | None = None, *, others: Sequence[object] = ()) -> Claim:
    """The frame has a flag for each value of its parent's column: `pd.get_dummies`, `to_dummies`.

    Args:
        flags: the frame's column for each value; by default those named `<column>_<value>`.
        others: values that have no flag, as with `drop_first=True`; there are none besides these and those with flags.
    """
    known = None if flags is None else dict(flags)
    without = tuple(others)
    state = of_a_parent(lambda parent, child: onehot.state_one_hot(parent, child, column, known, without))
    return Claim(call("one_hot", column, *([] if known is None else [known]), others=list(without)), state)


def cut(
    column: str,
    edges: Sequence[object],
    labels: Sequence[object],
    *,
    into: str | None = None,
    right: bool = True,
) -> Claim:
    """A column of the frame holds the bin of each value of its parent's column; the rest is the parent's.

    Args:
        edges: ascending; every value lies within.
        labels: one for each bin.
        into: the column of labels; by default that of the same name.
        right: bins hold their upper edge and not their lower one, as in pandas.
    """
    bins, words = tuple(edges), tuple(labels)
    state = of_a_parent(
        lambda parent, child: binning.state_cut(
            parent, child, column, into or column, bins, words, right=right
        )
    )
    text = call("cut", column, list(bins), list(words), into=into or column, right=right)
    return Claim(text, state, changes=(into or column,))
