"""Statements that a malicious maker of tables and proofs would write: refused before any proof is looked at.

Whoever forges chooses every byte of statements and records, and what the committed cells are. What is tested
here is that a document has one meaning, that its sentence says what is proven, and that reading it ends.
"""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
import pytest

from zkp_nb.errors import StatementError, TableError, ZkpError
from zkp_nb.ledger.records import DatasetRecord
from zkp_nb.statements import Claim, claims, col, parse
from zkp_nb.statements.statement import kinds
from zkp_nb.table import ColumnType

from ..statements.frames import Case, committed

HOSTILE = "`, and forged"
"""Goes into names and texts: no sentence may hold it as words of its own."""

OTHER = pd.DataFrame({"x": [1, 3, 4], "cost": [10, 30, 40], "price": [99, 98, 97]})


def frame(ending: str = "") -> pd.DataFrame:
    columns = {
        "x": [3, 1, 4, 1],
        "y": [2, 7, 1, 8],
        "k": [f"a{ending}", "b", f"a{ending}", "c"],
        "n": pd.array([5, None, 2, 5], "Int64"),
        "id": [10, 11, 12, 13],
    }
    return pd.DataFrame({name + ending: cells for name, cells in columns.items()})


def joined() -> Case:
    other = committed(OTHER, "other")
    result = frame().merge(OTHER, on="x")
    return Case(claims.inner_join(other, "x"), committed(result, "out", [committed(frame())]), other)


def cases(ending: str = "") -> Iterator[Case]:
    """One of most kinds, with names and texts that end as given."""
    base = frame(ending)
    x, y, k, n, number = base.columns
    source = committed(base)

    def of(claim: Claim, result: pd.DataFrame | None = None) -> Case:
        return Case(claim, source if result is None else committed(result, "out", [source]))

    yield of(claims.sum(x, y))
    yield of(claims.mean(x))
    yield of(claims.std(x))
    yield of(claims.nulls(n, x))
    yield of(claims.between(x, 0, 9))
    yield of(claims.minimum(x))
    yield of(claims.maximum(x, y))
    yield of(claims.min_max(x, n))
    yield of(claims.quantile(x, 0.5, 0.25))
    yield of(claims.value_counts(k, base[k].unique()))
    yield of(claims.histogram(x, [0, 2, 5]))
    yield of(claims.share((col(x) > 1) & (col(k) == f"a{ending}")))
    yield of(claims.covariance(x, y))
    yield of(claims.correlation(x, y))
    yield of(claims.skewness(x))
    yield of(claims.kurtosis(y))
    yield of(claims.weighted_mean(y, x, n))
    yield of(claims.unique(number))
    yield of(claims.not_null(x))
    yield of(claims.conforms({x: (0, 9), k: [f"a{ending}", "b", "c"]}))
    yield of(claims.sorted_by(number))
    yield of(claims.group_by(k, y, known={k: base[k].unique()}))
    yield of(claims.contains({x: 3, k: f"a{ending}"}, {x: 1, k: "b"}))
    yield of(claims.lacks({k: f"z{ending}", x: 9}))
    yield of(claims.opening([0, 2], x, n))
    yield of(claims.determines(number, [x, k]))
    yield Case(claims.determines(number, [x, k]), committed(pd.concat([base, base])))
    yield of(claims.group_extremes(k, [y, n], known={k: base[k].unique()}))
    yield of(claims.group_rates(k, col(x) > 1, known={k: base[k].unique()}))
    yield of(claims.class_balance(k, values=base[k].unique()))
    yield of(claims.same_rows(), base.iloc[::-1])
    yield of(claims.rows_of(), base[[x, k]].iloc[:2])
    yield of(claims.filter((col(x) > 1) | col(n).is_null()), base[(base[x] > 1) | base[n].isna()])
    yield of(claims.derive(f"z{ending}", col(x) * 2 + 1), base.assign(**{f"z{ending}": base[x] * 2 + 1}))
    yield of(claims.drop_nulls(n), base.dropna(subset=[n]))
    yield of(claims.fill_nulls({n: 0}), base.assign(**{n: base[n].fillna(0)}))
    yield of(claims.drop_duplicates(number), base)
    yield of(claims.clip(x, 2, 3), base.assign(**{x: base[x].clip(2, 3)}))
    yield of(claims.replace(x, {3: 5}), base.assign(**{x: base[x].replace(3, 5)}))
    yield of(claims.append(), pd.concat([base, base]))
    first, second = (committed(base.iloc[at : at + 2], f"part{at}", [source]) for at in (0, 2))
    yield Case(claims.folds(second, key=number), first, second)
    yield Case(claims.stratified_split(k, second, tolerance=0.5), first, second)
    yield Case(claims.rows_without(second), first, second)


def read(document: Mapping[str, Any], records: Mapping[str, DatasetRecord]) -> str:
    """All that a verifier does with a statement but for the proofs."""
    statement = parse(document)
    statement.programs(records)
    return statement.sentence({name: record.name for name, record in records.items()})


def leaves(document: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """The ways to every value of a document, lists and objects among them."""
    if path:
        yield path
    for key, value in (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    ):
        yield from leaves(value, *path, key)


def with_value(document: dict[str, Any], path: tuple[Any, ...], value: object) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    at: Any = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return changed


WILD: tuple[Any, ...] = (
    None, True, -1, 2**53 - 1, 1e300, float("nan"), "", "-1", "NaN", "1e999999999", "inf", "5 s", "9" * 5000,
    "2024-13-45", "\n", [], ["x", "x"], {}, {"op": "not", "term": 1},
)  # fmt: skip


@pytest.mark.parametrize("case", [*cases(), joined()], ids=lambda case: case.statement.kind)
def test_no_value_makes_reading_a_statement_fail_otherwise_than_by_a_refusal(case: Case) -> None:
    document = case.statement.document()
    assert read(document, case.records) == case.sentence
    for path in leaves(document):
        for value in WILD:
            try:
                read(with_value(document, path, value), case.records)
            except ZkpError:
                continue


def spoken(sentence: str) -> str:
    """A sentence without what stands in backticks or quotes."""
    return re.sub(r"`[^`]*`|(?<!\w)'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", "", sentence)


NAMELESS = ("same-rows", "append", "rows-without")
NAMING = [each for each in cases(HOSTILE) if each.statement.kind not in NAMELESS]


@pytest.mark.parametrize("case", NAMING, ids=lambda case: case.statement.kind)
def test_names_and_texts_are_no_words_of_a_sentence(case: Case) -> None:
    assert "forged" in case.sentence
    assert "forged" not in spoken(case.sentence)


def test_control_characters_and_backticks_of_a_name_are_written_out() -> None:
    column = "a\n\u202e` b"
    case = Case(claims.sum(column), committed(pd.DataFrame({column: [1]}), "my ` table"))
    assert case.sentence == r"The sum of `a\n\u202e\x60 b` in `my \x60 table` is 1."


def test_a_zone_is_no_sentence() -> None:
    with pytest.raises(TableError):
        ColumnType.timestamp("us", "UTC, and forged")


def test_a_join_says_which_column_it_takes() -> None:
    """`price` of the output is the right table's `cost`: its own `price` is another column."""
    case = joined()
    document = case.statement.document()
    for taken in document["parameters"]["right"]:
        taken["column"] = "cost"
    assert "with cost and price = cost of the row" in read(document, case.records)
    for taken in document["parameters"]["left"]:
        taken["column"] = {"y": "id", "id": "y"}.get(taken["column"], taken["column"])
    assert "(y = id and id = y)" in read(document, case.records)


def test_a_document_has_one_form() -> None:
    case = next(cases())
    document = case.statement.document()
    changes: tuple[dict[str, Any], ...] = (
        {"version": True},
        {"parameters": {"inputs": document["inputs"]}},
        {"parameters": {"columns": document["results"]["columns"]}},
        {"results": {}},
        {"more": 1},
        {"outputs": document["inputs"]},
        {"inputs": []},
        {"inputs": document["inputs"] * 2},
    )
    for change in changes:
        with pytest.raises(StatementError):
            read(document | change, case.records)


def test_a_part_of_a_split_is_named_once() -> None:
    """The rows of a table twice, split into that table and that table."""
    part = committed(frame(), "part")
    case = Case(
        claims.split(other := committed(frame().iloc[::-1], "other")),
        committed(frame(), "part", [committed(pd.concat([frame(), frame()]))]),
        other,
    )
    document = case.statement.document()
    assert part.dataset_id in document["outputs"]
    with pytest.raises(StatementError, match="twice"):
        read(document | {"outputs": [part.dataset_id] * 2}, case.records)


def test_a_class_is_named_once() -> None:
    """`3` would be there once with its rows, and once without."""
    first, second = committed(frame(), "first"), committed(frame(), "second")
    case = Case(claims.class_balance("x", second), first, second)
    document = case.statement.document()
    (three, *others) = sorted(document["results"]["classes"], key=lambda each: bool(each["value"] != 3))
    split = [three | {"counts": [three["counts"][0], 0]}, three | {"counts": [0, three["counts"][1]]}]
    with pytest.raises(StatementError, match="twice"):
        read(document | {"results": {"classes": [*split, *others]}}, case.records)


@pytest.mark.parametrize(
    ("claim", "path"),
    [
        pytest.param(claims.variance("x"), ("columns", 0, "squares"), id="variance"),
        pytest.param(claims.skewness("x"), ("columns", 0, "sums", 1), id="skewness"),
        pytest.param(claims.kurtosis("x"), ("columns", 0, "sums", 3), id="kurtosis"),
        pytest.param(claims.covariance("x", "y"), ("pairs", 0, "sum_xx"), id="covariance"),
        pytest.param(claims.correlation("x", "y"), ("pairs", 0, "sum_yy"), id="correlation"),
    ],
)
def test_moments_that_no_numbers_have(claim: Claim, path: tuple[Any, ...]) -> None:
    """A cell that is a root of -1 modulo r has a square of -1, and the sums would be proven."""
    case = Case(claim, committed(frame()))
    with pytest.raises(StatementError, match="No numbers have"):
        read(with_value(case.statement.document(), ("results", *path), "-1"), case.records)


def test_a_correlation_beyond_one() -> None:
    case = Case(claims.correlation("x", "y"), committed(frame()))
    with pytest.raises(StatementError, match="No numbers have"):
        read(with_value(case.statement.document(), ("results", "pairs", 0, "sum_xy"), "1000"), case.records)


def test_a_predicate_asks_a_bounded_number_of_questions() -> None:
    """Compiling thousands of them, some in each proof, would take minutes."""
    bits = committed(pd.DataFrame({f"b{at}": [True] * 4 for at in range(834)}), "bits")
    case = Case(claims.share("x > 1"), committed(frame()))
    document = case.statement.document() | {"witnesses": [bits.dataset_id]}
    members = {"op": "in", "column": "x", "values": list(range(10_000))}
    with pytest.raises(StatementError, match="at most 100 questions"):
        read(
            with_value(document, ("parameters", "predicate"), members),
            case.records | {bits.dataset_id: bits.record},
        )


def test_the_datasets_of_a_conjunction_are_those_of_its_claims() -> None:
    source = committed(frame())
    document: dict[str, Any] = {
        "version": 1,
        "kind": "all",
        "inputs": [source.dataset_id],
        "outputs": [],
        "witnesses": [],
        "parameters": {
            "claims": [claim.state(source).document() for claim in (claims.sum("x"), claims.sum("y"))]
        },
        "results": {},
    }
    records = {source.dataset_id: source.record}
    assert read(document, records).count("The sum of") == 2
    other = committed(OTHER)
    changes: tuple[dict[str, Any], ...] = (
        {"inputs": [other.dataset_id]},
        {"inputs": [source.dataset_id] * 2},
        {"outputs": [source.dataset_id]},
        {"parameters": {"claims": []}},
        {"parameters": {"claims": document["parameters"]["claims"][:1]}},
        {"parameters": {"claims": [document, document]}},
    )
    for change in changes:
        with pytest.raises(StatementError):
            read(document | change, records | {other.dataset_id: other.record})


def test_every_kind_is_known_in_a_fresh_process() -> None:
    code = (
        "from zkp_nb.statements import parse; from zkp_nb.statements.statement import kinds; print(*kinds())"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert set(found.split()) == set(kinds())
    assert {case.statement.kind for case in cases()} <= set(kinds())
