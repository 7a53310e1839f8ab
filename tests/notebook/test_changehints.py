"""What code says about changes with constants."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from zkp_nb.notebook.hints import Hint, read_history

D = pd.DataFrame({"x": [1, 2], "s": ["a", "b"], "my col": [1, 2]})
VARIABLES = {"d": D, "limit": np.int64(9), "words": {"a": "b"}, "pl": pl, "np": np}
OPEN = (None, 5, None)


def fill(column: str, value: object) -> Hint:
    return Hint("fill", "", column, (value,))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("d['x'] = d['x'].fillna(0)", [fill("x", 0)]),
        ("d['x'] = d.x.fillna(0).astype('int64')", [fill("x", 0)]),
        ("d['x'] = d.x.fillna(limit)", [fill("x", 9)]),
        ("d = d.fillna({'x': 0, 's': '-'})", [fill("x", 0), fill("s", "-")]),
        ("d = d.fillna(0)", [fill("", 0)]),
        ("d.fillna({'x': 1}, inplace=True)", [fill("x", 1)]),
        ("d = d.with_columns(pl.col('x').fill_null(0))", [fill("x", 0)]),
        ("d = d.with_columns(pl.col('my col').fill_null(0).alias('my col'))", [fill("my col", 0)]),
        ("d.loc[d.x.isna(), 'x'] = 7", [fill("x", 7)]),
        ("d.loc[d.x > 7, 'x'] = 7", [Hint("clip", "", "x", (None, 7))]),
        ("d.loc[d['x'] <= 7, 'x'] = 7", [Hint("clip", "", "x", (7, None))]),
        ("d['x'] = d.x.clip(0, 9)", [Hint("clip", "", "x", (0, 9))]),
        ("d['x'] = d.x.clip(upper=limit)", [Hint("clip", "", "x", (None, 9))]),
        ("d = d.assign(x=lambda t: t.x.clip(lower=-1))", [Hint("clip", "", "x", (-1, None))]),
        ("d['s'] = d.s.map(words)", [Hint("replace", "null", "s", (("a", "b"),))]),
        ("d['s'] = d.s.replace({'a': 'z'})", [Hint("replace", "keep", "s", (("a", "z"),))]),
        ("d['s'] = d.s.replace('a', 'z')", [Hint("replace", "keep", "s", (("a", "z"),))]),
        ("d = d.replace({'s': {'a': 'z'}})", [Hint("replace", "keep", "s", (("a", "z"),))]),
        ("d['f'] = d.x > 5", [Hint("cut", "x", "f", (OPEN, (False, True), True))]),
        ("d['f'] = 5 >= d.x", [Hint("cut", "x", "f", (OPEN, (True, False), True))]),
        ("d['f'] = np.where(d.x >= 5, 'y', 'n')", [Hint("cut", "x", "f", (OPEN, ("n", "y"), False))]),
        (
            "d = d.with_columns(pl.when(pl.col('x') < 5).then(1).otherwise(0).alias('f'))",
            [Hint("cut", "x", "f", (OPEN, (1, 0), False))],
        ),
        (
            "d['f'] = pd.cut(d.x, [-np.inf, 5, np.inf], labels=['a', 'b'], right=False)",
            [Hint("cut", "x", "f", (OPEN, ("a", "b"), False))],
        ),
        ("d = d.drop_duplicates(['x', 's'])", [Hint("unique", "", "", ("x", "s"))]),
        ("d = d.unique(subset='x')", [Hint("unique", "", "", ("x",))]),
        ("d['x'] = d.x.round(2)", [Hint("round", "", "x", (2,))]),
        ("d = d.round({'x': 1})", [Hint("round", "", "x", (1,))]),
        ("d['f'] = d.x // 10", [Hint("floor", "x", "f", (10,))]),
        ("d['f'] = d.x % 10", [Hint("rest", "x", "f", (10,))]),
        ("d['f'] = d.x.shift(1)", [Hint("order", "x", "f", ("lag", 1))]),
        ("d['f'] = d.x.diff()", [Hint("order", "x", "f", ("difference",))]),
        ("d['f'] = d.x.cumsum()", [Hint("order", "x", "f", ("running_sum",))]),
        ("d['f'] = d.x.rolling(3).sum()", [Hint("order", "x", "f", ("rolling_sum", 3))]),
        ("d = d.with_columns(pl.col('x').cum_sum().alias('f'))", [Hint("order", "x", "f", ("running_sum",))]),
        ("d['f'] = d.x.rolling(3).mean()", []),
        ("d['f'] = d.x.shift(d.x)", []),
        ("d['x'] = d.x.fillna(d.x.mean())", []),
        ("d['x'] = d.s.fillna(0)", []),
        ("d.loc[d.x > 7, 'x'] = 8", []),
        ("d.loc[d.x > 7, 's'] = 7", []),
        ("d['f'] = np.where(d.x > d.s, 1, 0)", []),
        ("d['f'] = pd.cut(d.x, 3, labels=['a', 'b', 'c'])", []),
        ("d['s'] = d.s.map(str)", []),
        ("d['x'] = d.x.clip(d.s)", []),
    ],
)
def test_a_change_is_read_from_every_spelling(code: str, expected: list[Hint]) -> None:
    assert read_history("d", [code], VARIABLES) == expected
