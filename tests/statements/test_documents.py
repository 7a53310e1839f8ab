"""Documents of statements, and how a frame's origin is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from zkp_nb.errors import StatementError
from zkp_nb.statements import Claim, claims, conjunction, infer, parse
from zkp_nb.statements.statement import kinds

from .frames import Case, committed

FRAME = pd.DataFrame(
    {
        "id": [1, 2, 3, 4],
        "age": [17, 18, 65, 40],
        "price": [1.25, 2.5, None, 9.99],
        "big": [2**60, 1, 2, 3],
    }
)
PARENT = committed(FRAME, "loans")


def _document() -> dict[str, Any]:
    child = committed(FRAME[FRAME.age >= 18], "adults", [PARENT])
    return claims.filter("age >= 18").state(child).document()


def test_a_document() -> None:
    document = _document()
    assert list(document) == ["version", "kind", "inputs", "outputs", "witnesses", "parameters", "results"]
    assert document["parameters"] == {
        "columns": None,
        "predicate": {"op": ">=", "column": "age", "value": 18},
    }
    assert parse(json.loads(parse(document).canonical())).document() == document


def test_integers_beyond_what_json_readers_keep_are_text() -> None:
    case = Case(claims.filter("big >= 1152921504606846976"), committed(FRAME.head(1), "child", [PARENT]))
    assert case.statement.document()["parameters"]["predicate"]["value"] == "1152921504606846976"
    assert case.holds()
    bounds = Case(claims.between("big", 0, 2**63 - 1), PARENT)
    assert bounds.statement.document()["parameters"]["high"] == "9223372036854775807"


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"kind": "everything"},
        {"kind": None},
        {"inputs": []},
        {"inputs": ["x"]},
        {"outputs": []},
        {"parameters": None},
        {"results": {"extra": 1}},
        {"extra": 1},
        {"witnesses": None},
        {"parameters": {"columns": None, "predicate": {"op": ">=", "column": "age", "value": 18, "more": 1}}},
        {"parameters": {"columns": None, "predicate": {"op": "~", "column": "age", "value": 18}}},
        {"parameters": {"columns": [], "predicate": {"op": ">=", "column": "age", "value": 18}}},
        {"parameters": {"columns": None}},
    ],
)
def test_malformed_documents_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(StatementError):
        parse({**_document(), **change})


@pytest.mark.parametrize("value", ["18", "1e999999999", 18.5e400, None, [18], True, "x", {"a": 1}])
def test_constants_not_written_as_their_type_is_are_refused(value: object) -> None:
    document = _document()
    document["parameters"]["predicate"]["value"] = value
    child = committed(FRAME[FRAME.age >= 18], "adults", [PARENT])
    with pytest.raises(StatementError):
        parse(document).programs({each.dataset_id: each.record for each in (PARENT, child)})


def test_deeply_nested_predicates_are_refused() -> None:
    document = _document()
    for _ in range(3000):
        document["parameters"]["predicate"] = {"op": "not", "term": document["parameters"]["predicate"]}
    with pytest.raises(StatementError):
        parse(document)


@pytest.mark.parametrize("text", ["1e999999999", "0x10", " 10", "10.", "1/3", "nan", "010", "-0", "9" * 5000])
def test_results_not_written_as_numbers_are_are_refused(text: str) -> None:
    document = claims.sum("id").state(PARENT).document()
    document["results"]["columns"][0]["sum"] = text
    with pytest.raises(StatementError):
        parse(document).programs({PARENT.dataset_id: PARENT.record})


def test_a_missing_record_is_named() -> None:
    statement = parse(_document())
    with pytest.raises(StatementError, match=f"The record of dataset {PARENT.dataset_id[:12]} is missing"):
        statement.programs({})


def test_several_claims_in_one_statement() -> None:
    statement = conjunction(
        [claim.state(PARENT) for claim in (claims.sum("id"), claims.between("age", 0, 120))]
    )
    assert statement.sentence({PARENT.dataset_id: "loans"}) == (
        "The sum of id in `loans` is 10. "
        "Every value of age in `loans` that is not null lies between 0 and 120, both included."
    )
    assert [p.proof_bytes for p in statement.programs({PARENT.dataset_id: PARENT.record})] == [640]
    assert parse(statement.document()) == statement


ORIGINS: list[tuple[Any, list[Claim], str | None]] = [
    (FRAME[["id", "age"]], [], "derive"),
    (FRAME.rename(columns={"id": "key"}), [], "derive"),
    (FRAME.assign(next=FRAME.age + 1), [claims.derive("next", "age + 1")], "derive"),
    (FRAME.assign(next=FRAME.age + 1), [claims.derive("next", "age + 2")], None),
    (FRAME.assign(next=FRAME.age + 1), [], None),
    (FRAME.iloc[::-1], [claims.filter("age >= 0")], "same-rows"),
    (FRAME.iloc[::-1][["id"]], [], "same-rows"),
    (FRAME[FRAME.age >= 18], [claims.filter("age >= 18")], "filter"),
    (FRAME[FRAME.age >= 18], [claims.filter("age >= 19"), claims.filter("age >= 18")], "filter"),
    (FRAME[FRAME.age >= 18], [], "rows-of"),
    (FRAME[FRAME.age >= 18], [claims.filter("missing >= 18"), claims.filter("age >= 'x'")], "rows-of"),
    (FRAME[FRAME.price != 2.5], [claims.filter("price != 2.5")], "filter"),
    (FRAME.head(2), [], "rows-of"),
    (pd.concat([FRAME, FRAME]), [], None),
    (FRAME.head(2).assign(id=9), [], None),
    (FRAME.astype({"id": str}), [], None),
]


@pytest.mark.parametrize(("frame", "hints", "kind"), ORIGINS)
def test_the_origin_of_a_frame(frame: pd.DataFrame, hints: list[Claim], kind: str | None) -> None:
    statement = infer(PARENT, committed(frame, "child", [PARENT]), hints)
    assert (None if statement is None else statement.kind) == kind


def test_stronger_statements_are_preferred() -> None:
    strengths = {name: cls.strength for name, cls in kinds().items()}
    assert sorted(["derive", "same-rows", "filter", "rows-of"], key=strengths.__getitem__) == [
        "derive", "same-rows", "filter", "rows-of",
    ]  # fmt: skip


def test_every_kind_of_statement_is_in_the_catalogue() -> None:
    text = (Path(__file__).parents[2] / "docs" / "catalogue.md").read_text()
    assert [kind for kind in kinds() if text.count(f"| `{kind}` |") != 1] == []


@pytest.mark.parametrize("number", [2**53, -(10**5000)], ids=["54 bits", "5001 digits"])
def test_integers_that_json_does_not_carry(number: int) -> None:
    """Python itself refuses to write integers of more than 4,300 digits."""
    for section in ("parameters", "results"):
        with pytest.raises(StatementError, match="cannot be read"):
            parse(_document() | {section: {"columns": number}})
    with pytest.raises(StatementError):
        parse(_document() | {"version": number})


def test_classes_of_a_table_without_rows() -> None:
    document = claims.class_balance("age").state(PARENT).document()
    for each in document["results"]["classes"]:
        each["counts"] = [0, 1]
    document["inputs"] *= 2
    with pytest.raises(StatementError, match="counted has rows"):
        parse(document)


def test_documents_with_fewer_values_than_columns_or_bins() -> None:
    document = claims.contains({"age": 17, "id": 1}).state(PARENT).document()
    document["parameters"]["rows"][0]["values"].pop()
    with pytest.raises(StatementError, match="another key than its columns"):
        parse(document)
    document = claims.histogram("age", [0, 20, 70]).state(PARENT).document()
    document["results"]["counts"].pop()
    with pytest.raises(StatementError, match="a count for each"):
        parse(document)
