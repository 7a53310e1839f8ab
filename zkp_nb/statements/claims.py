"""What a user writes: claims, by the names of everyday work.

    df.zkp.prove(zkp.mean("income"))
    adults.zkp.prove(zkp.filter("age >= 18"))

A claim looks at data only when it is stated about a subject: `claim.state(subject)` computes results,
checks that the claim holds, and gives the statement that can be proven.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from zkp_nb.errors import StatementError
from zkp_nb.statements import (
    association,
    bounds,
    distribution,
    extremes,
    facts,
    filters,
    keys,
    moments,
    order,
    quantiles,
    reading,
    rows,
    schema,
    weighted,
)
from zkp_nb.statements import derive as derived
from zkp_nb.statements import formula as trees
from zkp_nb.statements import profile as profiles
from zkp_nb.statements.auditing import (
    contains,
    determines,
    folds,
    group_extremes,
    group_rates,
    lacks,
    mean_between,
    opening,
    rows_without,
    stratified_split,
    sum_between,
)
from zkp_nb.statements.changes import (
    anti_join,
    append,
    class_balance,
    concat,
    disjoint_keys,
    drop_duplicates,
    drop_nulls,
    group_by,
    grouped,
    inner_join,
    left_join,
    pivot,
    sample,
    semi_join,
)
from zkp_nb.statements.claim import Claim as Claim
from zkp_nb.statements.claim import call, first_that_holds, of_a_parent
from zkp_nb.statements.formula import Col, Formula, Predicate
from zkp_nb.statements.rewrites import (
    cast,
    clip,
    cut,
    difference,
    fill_nulls,
    lag,
    one_hot,
    remainder,
    replace,
    rolling_sum,
    rounded,
    running_sum,
    scaled,
)
from zkp_nb.statements.statement import Statement
from zkp_nb.statements.subject import Subject

__all__ = [
    "anti_join",
    "append",
    "between",
    "cast",
    "class_balance",
    "clip",
    "concat",
    "conforms",
    "contains",
    "correlation",
    "covariance",
    "cut",
    "derive",
    "determines",
    "difference",
    "disjoint_keys",
    "drop_duplicates",
    "drop_nulls",
    "fill_nulls",
    "filter",
    "folds",
    "group_by",
    "group_extremes",
    "group_rates",
    "grouped",
    "histogram",
    "in_key",
    "inner_join",
    "kurtosis",
    "lacks",
    "lag",
    "left_join",
    "maximum",
    "mean",
    "mean_between",
    "median",
    "min_max",
    "minimum",
    "not_null",
    "nulls",
    "one_hot",
    "opening",
    "pivot",
    "profile",
    "quantile",
    "remainder",
    "replace",
    "rolling_sum",
    "rounded",
    "rows_of",
    "rows_without",
    "running_sum",
    "same_rows",
    "sample",
    "scaled",
    "select",
    "semi_join",
    "share",
    "skewness",
    "sorted_by",
    "split",
    "std",
    "stratified_split",
    "sum",
    "sum_between",
    "unique",
    "value_counts",
    "variance",
    "weighted_mean",
]
"""What the package offers as `zkp_nb.<name>`: every claim."""


def sum(*columns: str) -> Claim:
    """The sums of columns of numbers, exactly; nulls count as nothing."""
    return Claim(call("sum", *columns), lambda subject: facts.state_sums(subject, columns))


def mean(*columns: str) -> Claim:
    """The means of columns of numbers over the values that are not null, as exact sums and counts."""
    return Claim(call("mean", *columns), lambda subject: facts.state_means(subject, columns))


def variance(*columns: str, ddof: int = 1) -> Claim:
    """The variances of columns of numbers: of a sample with ddof=1, of a population with ddof=0."""
    text = call("variance", *columns, ddof=ddof)
    return Claim(text, lambda subject: facts.state_variances(subject, columns, ddof, "variance"))


def std(*columns: str, ddof: int = 1) -> Claim:
    """The standard deviations of columns of numbers; what is proven is exact, the root is for people."""
    text = call("std", *columns, ddof=ddof)
    return Claim(text, lambda subject: facts.state_variances(subject, columns, ddof, "standard deviation"))


def weighted_mean(weight: str, *columns: str) -> Claim:
    """The means of columns of numbers, weighted by another column, over the rows in which both have values."""
    return Claim(
        call("weighted_mean", weight, *columns),
        lambda subject: weighted.state_weighted(subject, weight, columns),
    )


def skewness(*columns: str, bias: bool = False) -> Claim:
    """The skewness of columns of numbers, as exact sums of powers.

    Args:
        bias: of the values as they are (scipy's default); else corrected for being a sample, as in pandas.
    """
    text = call("skewness", *columns, bias=bias)
    return Claim(text, lambda subject: moments.state_shape(moments.Skewness, subject, columns, bias))


def kurtosis(*columns: str, bias: bool = False) -> Claim:
    """The excess kurtosis of columns of numbers, 0 for a normal distribution; see `skewness`."""
    text = call("kurtosis", *columns, bias=bias)
    return Claim(text, lambda subject: moments.state_shape(moments.Kurtosis, subject, columns, bias))


def nulls(*columns: str) -> Claim:
    """How many nulls the columns hold; of every column where none is named."""
    return Claim(call("nulls", *columns), lambda subject: facts.state_nulls(subject, columns))


def between(column: str, low: object = None, high: object = None) -> Claim:
    """Every value of the column that is not null lies between two constants, both included."""
    return Claim(
        call("between", column, low, high), lambda subject: bounds.state_between(subject, column, low, high)
    )


def minimum(*columns: str) -> Claim:
    """The least values of columns that are not null."""
    return Claim(
        call("minimum", *columns),
        lambda subject: extremes.state_extremes(subject, columns, extremes.Minimum),
    )


def maximum(*columns: str) -> Claim:
    """The greatest values of columns that are not null."""
    return Claim(
        call("maximum", *columns),
        lambda subject: extremes.state_extremes(subject, columns, extremes.Maximum),
    )


def min_max(*columns: str) -> Claim:
    """The least and greatest values of columns that are not null, several columns in one proof."""
    return Claim(call("min_max", *columns), lambda subject: extremes.state_min_max(subject, columns))


def quantile(column: str, *shares: object, method: quantiles.Method = "linear") -> Claim:
    """Quantiles of a column among its values that are not null.

    Args:
        shares: numbers between 0 and 1.
        method: "linear" goes between two values in proportion, as pandas does; "nearest-rank" is the least
            value that a share of at least p of all values does not exceed.
    """
    text = call("quantile", column, *shares, method=method)
    return Claim(text, lambda subject: quantiles.state_quantiles(subject, column, shares, method))


def median(column: str) -> Claim:
    """The median of a column among its values that are not null; of an even number of them, between two."""
    return Claim(
        call("median", column), lambda subject: quantiles.state_quantiles(subject, column, (0.5,), "linear")
    )


def value_counts(column: str, values: Iterable[object] | None = None) -> Claim:
    """Every value of a column with the number of rows that hold it, nulls included.

    Args:
        values: all values that may occur; needed for text and bytes where the frame is not at hand, such as
            for a dataset, as a committed table holds hashes of them alone.
    """
    given = None if values is None else tuple(values)
    text = (
        call("value_counts", column) if given is None else f"value_counts({column!r}, <{len(given)} values>)"
    )
    return Claim(text, lambda subject: distribution.state_value_counts(subject, column, given))


def histogram(column: str, edges: Sequence[object]) -> Claim:
    """How many values of a column lie in each bin; a bin holds its lower edge, the last one both."""
    given = tuple(edges)
    return Claim(
        call("histogram", column, list(given)),
        lambda subject: distribution.state_histogram(subject, column, given),
    )


def share(predicate: str | Predicate) -> Claim:
    """How many rows satisfy a predicate, and of how many; written as for `filter`."""
    read = reading.read_predicate(predicate) if isinstance(predicate, str) else predicate
    text = predicate if isinstance(predicate, str) else trees.predicate_text(predicate)
    return Claim(call("share", text), lambda subject: distribution.state_share(subject, read))


def covariance(*columns: str, ddof: int = 1) -> Claim:
    """The covariance of every pair of columns, over the rows in which both have values."""
    text = call("covariance", *columns, ddof=ddof)
    return Claim(text, lambda subject: association.state_covariances(subject, columns, ddof))


def correlation(*columns: str) -> Claim:
    """Pearson's correlation of every pair of columns; what is proven is exact, the quotient is for people."""
    return Claim(
        call("correlation", *columns), lambda subject: association.state_correlations(subject, columns)
    )


def unique(*columns: str) -> Claim:
    """No two rows have the same values in the columns; rows with a null in one of them are left out."""
    return Claim(call("unique", *columns), lambda subject: keys.state_unique(subject, columns))


def in_key(column: str | Sequence[str], other: object, key: str | Sequence[str] | None = None) -> Claim:
    """Every value of the column that is not null occurs in a column of another frame, as a foreign key does.

    Args:
        column: one column, or several that are looked up together.
        other: the frame or dataset that holds the key.
        key: its columns; by default those of the same names.
    """
    names = (column,) if isinstance(column, str) else tuple(column)
    named = names if key is None else (key,) if isinstance(key, str) else tuple(key)

    def state(subject: Subject) -> Statement:
        if subject.resolve is None:
            raise StatementError("The frame that holds the key is not known here.", todo="Commit it first.")
        return keys.state_in_key(subject, names, subject.resolve(other), named)

    return Claim(f"in_key({column!r}, <frame>, {key!r})", state)


def not_null(*columns: str) -> Claim:
    """The columns have no nulls; all columns where none is named."""
    return Claim(call("not_null", *columns), lambda subject: schema.state_not_null(subject, columns))


def conforms(rules: Mapping[str, object] | None = None) -> Claim:
    """Columns hold what their types and the rules allow, and the table holds nothing beyond its last row.

    Args:
        rules: by column, a pair of bounds, a list or set of allowed values, None for what the type allows, or
            a mapping with some of `low`, `high`, `allowed`, `nullable`. By default every column by its type.
    """
    given = None if rules is None else dict(rules)
    text = call("conforms") if given is None else call("conforms", given)
    return Claim(text, lambda subject: schema.state_conforms(subject, given))


def sorted_by(column: str, *, descending: bool = False) -> Claim:
    """The rows are in the order of the column, nulls last."""
    text = call("sorted_by", column, descending=descending)
    return Claim(text, lambda subject: order.state_sorted(subject, column, descending=descending))


def profile(*columns: str) -> Claim:
    """Nulls, least and greatest values, means, standard deviations and distinctness, wherever they exist."""
    return Claim(call("profile", *columns), lambda subject: profiles.state_profile(subject, columns))


def same_rows() -> Claim:
    """The frame has exactly the rows of its parent, in any order."""
    return Claim("same_rows()", of_a_parent(rows.state_same_rows))


def rows_of() -> Claim:
    """Every row of the frame is a row of its parent, used at most once; nothing is said about which."""
    return Claim("rows_of()", of_a_parent(rows.state_rows_of))


def filter(predicate: str | Predicate) -> Claim:
    """The frame is exactly the rows of its parent that satisfy the predicate, in any order.

    Args:
        predicate: text such as `"18 <= age < 65 and state in ['CA', 'NY']"`, or built with `col`.
    """
    read = reading.read_predicate(predicate) if isinstance(predicate, str) else predicate
    text = predicate if isinstance(predicate, str) else trees.predicate_text(predicate)
    state = of_a_parent(lambda parent, child: filters.state_filter(parent, child, read))
    return Claim(call("filter", text), state, predicate=read)


def derive(column: str | None = None, formula: str | Col | None = None, /, **formulas: str | Col) -> Claim:
    """The frame has the rows of its parent in the same order, with columns calculated, renamed or left out.

    Args:
        column, formula: one column and its formula; for names that are no Python names.
        formulas: by column, text such as `"price * quantity - 2.5"` or built with `col`; a column's name
            alone renames. Columns that are not mentioned are the parent's of the same name.
    """
    if (column is None) != (formula is None):
        raise StatementError(
            "A calculated column needs a name and a formula.", todo='Write derive(total="a + b").'
        )
    given = {} if column is None or formula is None else {column: formula}
    read = {name: _formula(each) for name, each in (given | formulas).items()}
    texts = {name: trees.formula_text(each) for name, each in read.items()}
    text = call("derive", **texts) if all(map(str.isidentifier, texts)) else f"derive(**{texts!r})"
    return Claim(
        text, of_a_parent(lambda parent, child: derived.state_derive(parent, child, read)), formulas=read
    )


def select() -> Claim:
    """The frame has the rows of its parent in the same order, and some of its columns."""
    return Claim("select()", of_a_parent(lambda parent, child: derived.state_derive(parent, child, {})))


def split(*others: object) -> Claim:
    """Each row of the parent is in exactly one of this frame and the others.

    Args:
        others: the other parts, 1 to 5 frames or datasets.
    """

    def state(subject: Subject) -> Statement:
        if subject.resolve is None:
            raise StatementError(
                "The other parts of the split are not known here.", todo="Commit them first."
            )
        parts = [subject, *map(subject.resolve, others)]
        names = {part.dataset_id for part in parts}
        parents = [parent for parent in subject.parent() if parent.dataset_id not in names]
        return first_that_holds(parents, subject, lambda parent, _: rows.state_split(parent, parts))

    return Claim(f"split(<{len(others)} other frames>)", state)


def _formula(given: str | Col) -> Formula:
    return given.formula if isinstance(given, Col) else reading.read_formula(given)
