"""Where a table came from, found out from the data alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import pytest

from zkp_nb.statements import Claim, Statement, Subject, claims, strongest

from .frames import committed

A = pd.DataFrame(
    {
        "k": [1, 2, 3, 4, 4],
        "v": [1.5, None, 2.5, 3.0, 3.0],
        "s": ["a", "b", "c", None, None],
        "f": [True, False, True, True, True],
    }
)
R = pd.DataFrame({"k": [1, 2, 3, 9], "w": [10, 20, 30, 90]})


def origin(
    frame: pd.DataFrame, *parents: pd.DataFrame, hints: Sequence[Claim] = ()
) -> tuple[Statement | None, list[Subject]]:
    subjects = [committed(parent, f"p{at}") for at, parent in enumerate(parents)]
    child = committed(frame, "child", subjects)
    made: list[Subject] = []

    def commit(table: object, name: str) -> Subject:
        made.append(committed(table, name))
        return made[-1]

    return strongest(replace(child, commit=commit), hints), [child, *subjects, *made]


def kind(frame: pd.DataFrame, *parents: pd.DataFrame, hints: Sequence[Claim] = ()) -> str | None:
    statement, subjects = origin(frame, *parents, hints=hints)
    if statement is None:
        return None
    records = {each.dataset_id: each.record for each in subjects}
    assert statement.programs(records)
    return statement.kind


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (A[["k", "v"]], "derive"),
        (A.iloc[[1, 0, 2, 3, 4]], "same-rows"),
        (A.head(2), "rows-of"),
        (A.dropna(), "drop-nulls"),
        (A.dropna(subset=["v"]), "drop-nulls"),
        (A.drop_duplicates(), "drop-duplicates"),
        (pd.concat([A, A.head(1)]), "append"),
        (A.assign(f=A.f.astype(int)), "cast"),
        (A.groupby("k").agg(v=("v", "sum"), n=("v", "count")).reset_index(), "group-table"),
        (A.fillna({"v": 0}).groupby("k").agg(hi=("v", "max"), n=("v", "size")).reset_index(), None),
        (A.groupby(["k", "f"]).size().reset_index(name="size"), "group-table"),
        (A.assign(v=7), None),
    ],
)
def test_of_one_parent(frame: pd.DataFrame, expected: str | None) -> None:
    assert kind(frame, A) == expected


def test_constants_are_never_guessed() -> None:
    full = A.fillna({"v": 0.25, "s": "none"})
    assert kind(full, A) is None
    assert kind(full, A, hints=[claims.fill_nulls(v=0.25, s="none")]) == "fill-nulls"
    assert kind(full, A, hints=[claims.fill_nulls(v=0.75, s="none")]) is None
    clipped = A.assign(v=A.v.clip(2, 3))
    assert kind(clipped, A) is None
    assert kind(clipped, A, hints=[claims.clip("v", 2, 3)]) == "clip"


def test_facts_among_the_hints_are_no_origin() -> None:
    assert kind(A.assign(v=7), A, hints=[claims.nulls("k")]) is None


def test_joins() -> None:
    assert kind(A.merge(R, on="k", how="left"), A, R) == "left-join"
    assert kind(A.merge(R, on="k"), A, R) == "inner-join"
    rows = A.assign(s="x", k=[1, 2, 3, 4, 5])
    assert kind(rows[rows.k.isin(R.k)], rows, R) == "semi-join"
    assert kind(rows[~rows.k.isin(R.k)].head(1), rows, R) == "rows-of"
    statement, _ = origin(rows[~rows.k.isin(R.k)], rows, R)
    assert statement is not None
    assert statement.document()["parameters"]["anti"] is True


def test_tables_put_together() -> None:
    rows = A[["k", "f"]]
    first, second, third = rows.head(2), rows.iloc[2:4], rows.tail(1)
    statement, _ = origin(pd.concat([first, second, third]), third, second, first)
    assert statement is not None
    assert statement.kind == "concat"
    assert statement.document()["parameters"]["ordered"] is True
    assert kind(pd.concat([second, third, first]), third, second, first) == "concat"


def test_what_an_earlier_part_leaves() -> None:
    """`df.drop(part.index)` says more than that some rows are there."""
    frame = A.assign(i=range(5))
    part = frame.iloc[[0, 3]]
    assert kind(frame.drop(part.index), frame, part) == "rows-without"
    assert kind(frame.iloc[[1, 2]], frame, part) == "rows-of"
    # No columns tell these rows apart, and no table shows that some are not there.
    same = pd.DataFrame({"a": [1, 2] * 4, "b": [1, 1, 2, 2] * 2, "c": [0] * 4 + [1] * 4})
    assert kind(same.drop([7]), same, same.tail(1)) == "rows-of"


def test_extremes_of_groups() -> None:
    frame = A.assign(v=[5.5, 1, 2, 7, 3])
    ends = frame.groupby("k").agg(lo=("v", "min"), hi=("v", "max"), n=("v", "size")).reset_index()
    statement, _ = origin(ends, frame)
    assert statement is not None
    assert [each.function for each in statement.aggregates] == ["min", "max", "size"]  # type: ignore[attr-defined]


def test_flags_and_pivot_tables_by_the_names_of_their_columns() -> None:
    frame = pd.DataFrame({"k": [1, 1, 2, 2], "m": ["x", "y", "x", "x"], "v": [3, 4, 5, 6]})
    assert kind(pd.get_dummies(frame, columns=["m"]), frame) == "one-hot"
    table = frame.pivot_table(index="k", columns="m", values="v", aggfunc="sum", fill_value=0).reset_index()
    assert kind(table, frame) == "pivot"
    counts = frame.pivot_table(
        index="k", columns="m", values="v", aggfunc="count", fill_value=0
    ).reset_index()
    statement, _ = origin(counts, frame)
    assert statement is not None
    assert statement.document()["parameters"]["function"] == "size"
    assert kind(table.assign(x=[4, 11]), frame) is None
