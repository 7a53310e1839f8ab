"""Origins in several steps: the tables in between, and that nothing is made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest

from zkp_nb.project import Project
from zkp_nb.statements import Claim, Subject, claims, path
from zkp_nb.table import Table
from zkp_nb.verdict import verify

from .frames import committed

A = pd.DataFrame(
    {
        "k": [1, 2, 3, 4, 4, 2],
        "v": [1.5, None, 2.5, 3.0, 3.0, 9.0],
        "n": [10, 20, 30, 40, 50, 60],
        "s": ["a", "b", "c", None, None, "a"],
    }
)
R = pd.DataFrame({"k": [1, 2, 3, 9], "w": [10, 20, 30, 90]})
BIG = claims.filter("n > 20")
TWICE = claims.derive("t", "n * 2")


def kinds(frame: pd.DataFrame, *parents: pd.DataFrame, hints: Sequence[Claim] = ()) -> list[str]:
    subjects = [committed(parent, f"p{at}") for at, parent in enumerate(parents)]
    made: list[Subject] = []

    def commit(table: Table, name: str) -> Subject:
        made.append(committed(table, name))
        return made[-1]

    child = replace(committed(frame, "child", subjects), commit=commit)
    statements = path(child, hints)
    records = {each.dataset_id: each.record for each in (child, *subjects, *made)}
    for before, after in pairwise(statements):
        assert before.outputs[0] in after.inputs
    if statements:
        assert statements[-1].outputs == (child.dataset_id,)
    assert all(statement.programs(records) for statement in statements)
    return [statement.kind for statement in statements]


@pytest.mark.parametrize(
    ("frame", "hints", "expected"),
    [
        (A[A.n > 20], [BIG], ["filter"]),
        (A[A.n > 20].assign(t=lambda d: d.n * 2), [TWICE, BIG], ["filter", "derive"]),
        (A[A.n > 20].assign(t=lambda d: d.n * 2).sort_values("t"), [TWICE, BIG], ["filter", "derive"]),
        (A.sample(3, random_state=1).assign(t=lambda d: d.n * 2), [TWICE], ["rows-of", "derive"]),
        (A.assign(t=A.n * 2).sort_values("n", ascending=False), [TWICE], ["same-rows", "derive"]),
        (A[A.n > 20].groupby("k").n.sum().reset_index(), [BIG], ["filter", "group-table"]),
        (
            A.assign(v=A.v.fillna(0), n=A.n.clip(20, 40)),
            [claims.fill_nulls(v=0), claims.clip("n", 20, 40)],
            ["fill-nulls", "clip"],
        ),
        (
            A.assign(v=A.v.fillna(0), t=A.n * 2)[["t", "v", "k"]],
            [claims.fill_nulls(v=0), TWICE],
            ["fill-nulls", "derive"],
        ),
        (A[A.n > 20].assign(n=lambda d: d.n.clip(0, 45)), [BIG, claims.clip("n", 0, 45)], ["filter", "clip"]),
        (A.assign(t=A.n // 7), [claims.scaled("n", divide=7, rule="down", into="t")], ["scaled"]),
        (A.assign(t=A.n % 7)[["t", "k"]], [claims.remainder("n", 7, into="t")], ["scaled", "derive"]),
        (A.assign(t=A.n.cumsum()), [claims.running_sum("n", into="t")], ["running-sum"]),
        (A.assign(t=A.n * 3), [TWICE], []),
        (A[A.n > 30].assign(t=lambda d: d.n * 3), [TWICE, BIG], []),
        (
            A.assign(v=A.v.fillna(1), n=A.n.clip(20, 40)),
            [claims.fill_nulls(v=0), claims.clip("n", 20, 40)],
            [],
        ),
        (A[A.n > 20].groupby("k").n.sum().reset_index(), [claims.filter("n > 30")], []),
    ],
)
def test_of_one_parent(frame: pd.DataFrame, hints: list[Claim], expected: list[str]) -> None:
    assert kinds(frame, A, hints=hints) == expected


def test_a_filter_before_a_join() -> None:
    assert kinds(A[A.n > 20].merge(R, on="k", how="left"), R, A, hints=[BIG]) == ["filter", "left-join"]


def test_the_steps_are_entries_of_the_log(project: Project) -> None:
    base = project.commit(A, "base")
    frame = A[A.n > 20].assign(t=lambda d: d.n * 2)
    receipt = project.prove(frame, name="dear", parents=[base], hints=[TWICE, BIG])
    assert receipt.status == "proven"
    first, second = (line for line in reversed(project.log()) if line.status == "proven")
    assert first.sentence.startswith("`dear, step 1` is exactly the rows of `base` with n > 20")
    assert second.sentence.startswith("`dear` has the rows of `dear, step 1` in the same order")
    assert all(verify(project.receipt(line.index)) for line in (first, second))
    size = project.ledger.size
    assert project.prove(frame, parents=[base], hints=[TWICE, BIG]).index == receipt.index
    assert project.ledger.size == size


def test_what_only_one_of_two_steps_explains_is_asserted(project: Project) -> None:
    base = project.commit(A, "base")
    frame = A[A.n > 20].assign(t=lambda d: d.n * 2 + d.index)
    size = project.ledger.size
    assert project.prove(frame, parents=[base], hints=[TWICE, BIG]).status == "asserted"
    assert project.ledger.size == size + 2, "no table in between is committed for nothing"
