"""Facts about columns, proven by the engine and checked by both verifiers."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest

import zkp_nb as zkp
from zkp_nb.errors import ProofRejected
from zkp_nb.ledger.records import ProofEntry
from zkp_nb.project import Project
from zkp_nb.statements import Claim
from zkp_nb.verdict import verify_entry

KEYS = pd.DataFrame({"id": [10, 20, 30]})
FRAME = pd.DataFrame(
    {
        "id": [4, 1, 3, 2],
        "age": [31, 17, 65, 31],
        "rank": [1, 2, 2, 9],
        "price": [1.25, 2.5, 100.0, -3.75],
        "state": ["CA", "NY", None, "CA"],
        "ref": [10, 20, None, 20],
    }
)


@pytest.mark.parametrize(
    ("claim", "result"),
    [
        (zkp.minimum("age", "price"), "age 17 and price -3.75"),
        (zkp.maximum("ref"), "is 20"),
        (zkp.min_max("age", "ref"), "age from 17 to 65 and ref from 10 to 20"),
        (zkp.min_max("id", "price"), "id from 1 to 4"),
        (zkp.median("age"), "the median is 31"),
        (zkp.value_counts("state"), "CA (2), NY (1) and null (1)"),
        (zkp.histogram("age", [0, 18, 65]), "1 in [0, 18) and 3 in [18, 65]"),
        (zkp.share("age >= 18 and state == 'CA'"), "2 of the 4 rows"),
        (zkp.correlation("age", "ref"), "is -0.5 (3 rows)"),
        (zkp.skewness("age"), "the sample skewness of age is about"),
        (zkp.kurtosis("age", "price", bias=True), "the population kurtosis of age"),
        (zkp.weighted_mean("rank", "price"), "the mean of price is"),
        (zkp.group_extremes("state", "price"), "CA (price -3.75 and 1.25 of 2 values)"),
        (zkp.group_rates("state", "age >= 18"), "for NY"),
        (zkp.share("age < 1000"), "4 of the 4 rows"),
        (zkp.contains(id=3, state=None), "has a row with id = 3 and state = null"),
        (zkp.lacks({"id": 9, "age": 31}, {"id": 4, "age": 17}), "No row of"),
        (zkp.lacks(id=7), "has id = 7"),
        (zkp.opening([1, 2]), "row 1 has id = 1, age = 17"),
        (zkp.determines("id", ["state", "age"]), "have the same state and age"),
        (zkp.unique("id"), "No value of id occurs twice"),
        (zkp.unique("rank", "id"), "the same rank and id"),
        (zkp.unique("age", "id"), "the same age and id"),
        (zkp.in_key("ref", KEYS, "id"), "occurs in id of"),
        (zkp.not_null("ref", "id"), ""),
        (zkp.conforms({"age": (0, 120), "state": ["CA", "NY"]}), "one of CA or NY"),
        (zkp.sorted_by("rank"), "ascending order of rank"),
        (zkp.profile("price"), "for price from -3.75 to 100"),
    ],
    ids=repr,
)
def test_proofs(project: Project, claim: Claim, result: str) -> None:
    frame = FRAME.dropna() if "not_null" in repr(claim) else FRAME
    project.commit(frame, "people", widths={"age": 8} if "share" in repr(claim) else None)
    receipt = project.prove(frame, [claim])
    assert result in receipt.sentence
    assert all(len(proof) <= 1024 for proof in receipt.proofs)
    verdict = zkp.verify(receipt.to_bytes(), verifier="both")
    assert verdict.ok, verdict.failure


def test_texts_are_taken_from_the_frame(project: Project) -> None:
    receipt = project.prove(pl.from_pandas(FRAME[["state"]]), [zkp.value_counts("state")])
    assert "CA (2), NY (1) and null (1)" in receipt.sentence


@pytest.mark.parametrize("verifier", ["native", "reference"])
def test_a_proof_of_one_list_is_none_of_another(project: Project, verifier: str) -> None:
    project.commit(FRAME, "people")
    receipt = project.prove(FRAME, [zkp.value_counts("age")])
    entry = project.ledger.entry(receipt.index).entry
    assert isinstance(entry, ProofEntry)
    document = dict(entry.statement)
    records = {name: project.ledger.dataset(name) for name in document["inputs"]}
    key = project._prover.verification_key()
    verify_entry(entry, records, key, project.ledger_id, verifier)  # type: ignore[arg-type]
    first, *others = document["results"]["values"]
    moved = [{**first, "count": 1}, {**others[0], "count": 2}, *others[1:]]
    document["results"] = {**document["results"], "values": moved}
    forged = ProofEntry(statement=document, proofs=entry.proofs, prover=entry.prover)
    with pytest.raises(ProofRejected):
        verify_entry(forged, records, key, project.ledger_id, verifier)  # type: ignore[arg-type]
