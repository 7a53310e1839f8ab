"""What `zkp bench` measures: one case for each kind of statement, on made-up data from a fixed seed.

A new statement adds one entry to `CASES`, under the name of its claim; a test counts the kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from zkp_nb.statements import claims as zkp
from zkp_nb.statements.sampling import sample_rows

if TYPE_CHECKING:
    from zkp_nb.statements import Claim

SEED: Final = 20130704


@dataclass(frozen=True)
class Case:
    """A statement to measure.

    Attributes:
        child: what the claims are about.
        claims: proven together.
        others: further frames that they name.
        parent: where the child comes from; None for `numbers`.
    """

    child: pd.DataFrame
    claims: Sequence[Claim]
    others: Sequence[pd.DataFrame] = ()
    parent: pd.DataFrame | None = None


def numbers(rows: int) -> pd.DataFrame:
    """Three columns: an amount, an age, and a key."""
    draw = np.random.default_rng(SEED)
    return pd.DataFrame(
        {
            "amount": draw.integers(-(2**31), 2**31, rows),
            "age": draw.integers(0, 100, rows),
            "key": draw.permutation(rows),
        }
    )


def mixed(rows: int) -> pd.DataFrame:
    """Ten columns of ten kinds."""
    draw = np.random.default_rng(SEED)
    when = pd.Timestamp("2013-01-01") + pd.to_timedelta(draw.integers(0, 31_536_000, rows), unit="s")
    return pd.DataFrame(
        {
            "int64": draw.integers(-(2**62), 2**62, rows),
            "int32": draw.integers(0, 2**31, rows).astype(np.int32),
            "int8": draw.integers(-128, 128, rows).astype(np.int8),
            "bool": draw.random(rows) < 0.5,
            "price": draw.integers(0, 10**6, rows) / 100,
            "float": draw.normal(size=rows),
            "time": when,
            "text": draw.integers(0, rows, rows).astype(str),
            "category": pd.Categorical(draw.choice(list("abcde"), rows)),
            "nulls": np.where(draw.random(rows) < 0.1, np.nan, draw.integers(0, 1000, rows)),
        }
    )


CASES: Final[dict[str, Callable[[pd.DataFrame], Case]]] = {
    # facts
    "sum": lambda frame: Case(frame, [zkp.sum("amount")]),
    "mean": lambda frame: Case(frame, [zkp.mean("amount")]),
    "variance": lambda frame: Case(frame, [zkp.variance("age")]),
    "weighted_mean": lambda frame: Case(frame, [zkp.weighted_mean("age", "amount")]),
    "skewness": lambda frame: Case(frame, [zkp.skewness("age")]),
    "kurtosis": lambda frame: Case(frame, [zkp.kurtosis("amount")]),
    "covariance": lambda frame: Case(frame, [zkp.covariance("amount", "age")]),
    "correlation": lambda frame: Case(frame, [zkp.correlation("amount", "age")]),
    "sum_between": lambda frame: Case(frame, [zkp.sum_between("age", 0, 100 * len(frame))]),
    "nulls": lambda frame: Case(frame, [zkp.nulls("age")]),
    "not_null": lambda frame: _alone(_gaps(frame), zkp.not_null("key")),
    "between": lambda frame: Case(frame, [zkp.between("age", 0, 120)]),
    "conforms": lambda frame: Case(frame, [zkp.conforms({"age": (0, 120)})]),
    "minimum": lambda frame: Case(frame, [zkp.minimum("age")]),
    "maximum": lambda frame: Case(frame, [zkp.maximum("age")]),
    "min_max": lambda frame: Case(frame, [zkp.min_max("age")]),
    "median": lambda frame: Case(frame, [zkp.median("age")]),
    "value_counts": lambda frame: Case(frame, [zkp.value_counts("age")]),
    "histogram": lambda frame: Case(frame, [zkp.histogram("age", range(0, 101, 10))]),
    "share": lambda frame: Case(frame, [zkp.share("age >= 18")]),
    "group_by": lambda frame: Case(frame, [zkp.group_by("age", "amount")]),
    "group_extremes": lambda frame: Case(frame, [zkp.group_extremes("age", "amount")]),
    "group_rates": lambda frame: Case(frame, [zkp.group_rates("age", "amount >= 0")]),
    "unique": lambda frame: Case(frame, [zkp.unique("key")]),
    "determines": lambda frame: _alone(_twice(frame), zkp.determines("key", "amount")),
    "sorted_by": lambda frame: _alone(frame.sort_values("age"), zkp.sorted_by("age")),
    "contains": lambda frame: Case(frame, [zkp.contains(key=0)]),
    "lacks": lambda frame: Case(frame, [zkp.lacks(key=-1)]),
    "opening": lambda frame: Case(frame, [zkp.opening([0, len(frame) - 1])]),
    "profile": lambda frame: Case(frame, [zkp.profile("age")]),
    "in_key": lambda frame: Case(_parts(frame)[0], [zkp.in_key("key", frame)]),
    "disjoint_keys": lambda frame: _by_entity(frame, lambda test: zkp.disjoint_keys(test, "entity")),
    "class_balance": lambda frame: _of_parts(frame, lambda test: zkp.class_balance("age", test)),
    # rows of one table
    "same_rows": lambda frame: Case(frame.sample(frac=1, random_state=SEED), [zkp.same_rows()]),
    "filter": lambda frame: Case(frame[frame.age >= 18], [zkp.filter("age >= 18")]),
    "rows_of": lambda frame: Case(_parts(frame)[0], [zkp.rows_of()]),
    "sample": lambda frame: Case(
        frame.iloc[sample_rows(len(frame), min(len(frame), 100), "beacon 7")], [zkp.sample("beacon 7")]
    ),
    "drop_nulls": lambda frame: Case(_gaps(frame).dropna(), [zkp.drop_nulls()], parent=_gaps(frame)),
    "drop_duplicates": lambda frame: Case(
        _twice(frame).drop_duplicates("key"), [zkp.drop_duplicates("key")], parent=_twice(frame)
    ),
    "split": lambda frame: _of_parts(frame, lambda test: zkp.split(test)),
    "folds": lambda frame: _by_entity(frame, lambda test: zkp.folds(test, key="entity")),
    "stratified_split": lambda frame: _of_parts(
        frame, lambda test: zkp.stratified_split("age", test, tolerance=1)
    ),
    "rows_without": lambda frame: _of_parts(frame, lambda test: zkp.rows_without(test)),
    # columns
    "select": lambda frame: Case(frame[["key", "age"]], [zkp.select()]),
    "derive": lambda frame: Case(
        frame.assign(total=frame.amount + frame.age), [zkp.derive("total", "amount + age")]
    ),
    "fill_nulls": lambda frame: Case(
        _gaps(frame).fillna({"age": 0}), [zkp.fill_nulls(age=0)], parent=_gaps(frame)
    ),
    "replace": lambda frame: Case(
        frame.assign(age=frame.age.replace({17: 18, 99: 98})), [zkp.replace("age", {17: 18, 99: 98})]
    ),
    "clip": lambda frame: Case(frame.assign(age=frame.age.clip(18, 65)), [zkp.clip("age", 18, 65)]),
    "cast": lambda frame: Case(
        frame.assign(adult=(frame.age >= 18).astype(int)),
        [zkp.cast("adult")],
        parent=frame.assign(adult=frame.age >= 18),
    ),
    "cut": lambda frame: Case(
        frame.assign(decade=frame.age // 10),
        [zkp.cut("age", range(0, 101, 10), range(10), into="decade", right=False)],
    ),
    "scaled": lambda frame: Case(
        frame.assign(decade=frame.age // 10), [zkp.scaled("age", divide=10, rule="down", into="decade")]
    ),
    "one_hot": lambda frame: Case(
        pd.get_dummies(_quarters(frame), columns=["quarter"]),
        [zkp.one_hot("quarter")],
        parent=_quarters(frame),
    ),
    "lag": lambda frame: Case(frame.assign(last=frame.age.shift(1)), [zkp.lag("age", into="last")]),
    "running_sum": lambda frame: Case(
        frame.assign(so_far=frame.age.cumsum()), [zkp.running_sum("age", into="so_far")]
    ),
    "rolling_sum": lambda frame: Case(
        frame.assign(week=frame.age.rolling(7).sum()), [zkp.rolling_sum("age", 7, into="week")]
    ),
    # several tables
    "concat": lambda frame: Case(
        pd.concat(_parts(frame)), [zkp.concat(*_parts(frame))], _parts(frame), _parts(frame)[0]
    ),
    "append": lambda frame: Case(frame, [zkp.append()], parent=frame.head(len(frame) * 4 // 5)),
    "grouped": lambda frame: Case(
        frame.groupby("age").agg(total=("amount", "sum"), people=("key", "size")).reset_index(),
        [zkp.grouped("age", total=("amount", "sum"), people="size")],
    ),
    "pivot": lambda frame: Case(
        _pivoted(frame), [zkp.pivot("age", "quarter", "key")], parent=_quarters(frame)
    ),
    "left_join": lambda frame: Case(
        frame.merge(_groups(), on="age", how="left"), [zkp.left_join(_groups(), "age")], [_groups()]
    ),
    "inner_join": lambda frame: Case(
        frame.merge(_groups(), on="age"), [zkp.inner_join(_groups(), "age")], [_groups()]
    ),
    "semi_join": lambda frame: Case(
        frame[frame.age.isin(_groups().age)], [zkp.semi_join(_groups(), "age")], [_groups()]
    ),
}
"""By the name of the claim. The data are `numbers` or made from them; every kind of statement occurs."""


def _alone(frame: pd.DataFrame, claim: Claim) -> Case:
    """A claim about a frame that comes from nowhere."""
    return Case(frame, [claim], parent=frame)


def _of_parts(frame: pd.DataFrame, claim: Callable[[pd.DataFrame], Claim]) -> Case:
    train, test = _parts(frame)
    return Case(train, [claim(test)], [test])


def _parts(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Four fifths and one fifth of the rows, drawn at random."""
    keep = np.random.default_rng(SEED + 1).random(len(frame)) < 0.8
    return frame[keep], frame[~keep]


def _by_entity(frame: pd.DataFrame, claim: Callable[[pd.DataFrame], Claim]) -> Case:
    """Four fifths and one fifth of entities of five rows each."""
    whole = frame.assign(entity=frame.key // 5)
    test = np.random.default_rng(SEED + 1).random(len(frame)) < 0.2
    inside = pd.Series(test[whole.entity], whole.index)
    parts = whole[~inside], whole[inside]
    return Case(parts[0], [claim(parts[1])], [parts[1]], whole)


def _gaps(frame: pd.DataFrame) -> pd.DataFrame:
    """With every tenth age missing."""
    return frame.assign(age=frame.age.where(frame.key % 10 != 0))


def _twice(frame: pd.DataFrame) -> pd.DataFrame:
    """The first half of the rows, twice."""
    half = frame.head(len(frame) // 2)
    return pd.concat([half, half])


def _quarters(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(quarter=frame.key % 4 + 1)


def _pivoted(frame: pd.DataFrame) -> pd.DataFrame:
    table = _quarters(frame).pivot_table(
        index="age", columns="quarter", values="key", aggfunc="sum", fill_value=0
    )
    pivoted = table.reset_index()
    pivoted.columns.name = None
    return pivoted.rename(columns=str)


def _groups() -> pd.DataFrame:
    """A small table with a row for each age below 90."""
    return pd.DataFrame({"age": range(90), "level": [age // 7 for age in range(90)]})
