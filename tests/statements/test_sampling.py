"""Samples that a public seed draws; totals within bounds."""

from __future__ import annotations

from hashlib import shake_256

import numpy as np
import pandas as pd
import pytest

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import claims
from zkp_nb.statements.sampling import sample_rows

from .forging import claimed, forged, witness_of
from .frames import Case, committed
from .model import R

FRAME = pd.DataFrame({"id": np.arange(50), "v": np.arange(50) * 7 % 13})
PARENT = committed(FRAME, "in")
DRAWN = sample_rows(50, 8, "beacon 41")


def sampled(rows: list[int] = DRAWN) -> Case:
    child = FRAME.iloc[rows].sample(frac=1, random_state=1)
    return Case(claims.sample("beacon 41"), committed(child, "out", [PARENT]))


def test_a_sample() -> None:
    case = sampled()
    assert case.sizes == [640]
    assert case.sentence == "`out` is exactly the 8 rows of `in` that the seed 'beacon 41' draws at random."
    assert case.holds()
    narrow = committed(FRAME.iloc[DRAWN][["v"]], "out", [PARENT])
    assert Case(claims.sample("beacon 41"), narrow).holds()


def test_the_rows_of_a_seed_are_those_of_the_specification() -> None:
    stream = shake_256(b"zkp-nb/sample/1\x00beacon 41\x0050").digest(4096)
    found: list[int] = []
    for at in range(0, 4096, 8):
        number = int.from_bytes(stream[at : at + 8], "big")
        if number < 2**64 // 50 * 50 and number % 50 not in found and len(found) < 8:
            found.append(number % 50)
    assert sorted(found) == DRAWN
    assert sample_rows(7, 7, "x") == list(range(7))
    assert sample_rows(50, 8, "beacon 42") != DRAWN


def test_each_row_is_drawn_as_often() -> None:
    counts = np.bincount([row for seed in range(600) for row in sample_rows(20, 5, str(seed))], minlength=20)
    # 150 expected, deviation about 10.6.
    assert counts.min() > 100
    assert counts.max() < 200


def test_other_rows_are_refused() -> None:
    case = sampled()
    other = next(row for row in range(50) if row not in DRAWN)
    assert case.cheated(
        lambda aux: [aux["drawn"].__setitem__(at, bit) for at, bit in ((DRAWN[0], 0), (other, 1))]
    )
    (output,) = (case.subjects[each] for each in case.statement.outputs)
    assert forged(case, (output, "v", "value", 0, 99))
    assert claimed(case, seed="beacon 40")
    with pytest.raises(StatementError, match="another number of rows"):
        claimed(case, size=7)
    with pytest.raises(StatementFalse, match="1 row that the seed draws"):
        sampled([other, *DRAWN[1:]])


def test_what_cannot_be_drawn() -> None:
    for rows, size, seed in ((5, 6, "x"), (5, 0, "x"), (5, 1, ""), (5, 1, "x" * 201), (5, 1, "a\x00b")):
        with pytest.raises(StatementError):
            sample_rows(rows, size, seed)
    many = committed(pd.DataFrame({"a": range(1001)}), "in")
    with pytest.raises(StatementError, match="too large"):
        claims.sample("x").state(committed(pd.DataFrame({"a": range(1001)}), "out", [many]))


def bounded(measure: str = "mean", low: object = 5, high: object = 6.5, column: str = "v") -> Case:
    claim = {"mean": claims.mean_between, "sum": claims.sum_between}[measure]
    return Case(claim(column, low, high), PARENT)


def test_a_mean_within_bounds() -> None:
    case = bounded()
    assert FRAME.v.mean() == pytest.approx(5.88)
    assert case.sentence == "The mean of v in `in` is between 5 and 6.5."
    assert case.sizes == [640]
    assert case.holds()
    assert bounded(low=5.88, high=5.88).holds()
    assert bounded("sum", 0, 2**60).holds()
    assert bounded("sum", 294, 294).holds()


def test_a_total_of_many_large_values() -> None:
    frame = pd.DataFrame({"x": [2**62, 2**62 + 5, -3, 2**62], "p": [0.25, None, 1.5, 2]})
    table = committed(frame, "in")
    low = 3 * 2**62
    assert Case(claims.sum_between("x", low, low + 9), table).holds()
    assert Case(claims.sum_between("p", 3.7, 3.8), table).holds()
    with pytest.raises(StatementError, match="can have nulls"):
        Case(claims.mean_between("p", 0, 9), table)


def test_another_total_is_refused() -> None:
    case = bounded("sum", 280, 295)
    hidden = witness_of(case)
    for value in (290, 0, 296, -1, R - 1):
        assert forged(case, (hidden, "total", "value", 0, value))
    assert forged(case, (PARENT, "v", "value", 3, 40))
    assert claimed(case, low=295, high=300)
    assert claimed(case, high=293)
    assert claimed(case, measure="mean", low=0, high=5)


def test_bounds_that_do_not_hold() -> None:
    with pytest.raises(StatementFalse, match="mean of 'v' in `in` is not between 6 and 7"):
        bounded(low=6, high=7)
    with pytest.raises(StatementError, match="wrong order"):
        claimed(bounded(), low=7)
    with pytest.raises(StatementError, match="too far apart"):
        bounded("sum", -(2**70), 2**70)
