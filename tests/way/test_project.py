"""The whole way, with the real engine: from a frame to a receipt that both verifiers accept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from zkp_nb.errors import LedgerInconsistent, ProvingInterrupted, StatementError, StatementFalse, TableError
from zkp_nb.ledger.records import ProofEntry
from zkp_nb.project import Project
from zkp_nb.receipt import Receipt
from zkp_nb.statements import Claim, claims


@pytest.fixture
def people() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "age": rng.integers(0, 100, 500),
            "state": rng.choice(["CA", "NY", "TX"], 500),
            "price": rng.integers(100, 99_999, 500) / 100,
        }
    )
    frame.loc[::9, "price"] = np.nan
    return frame


def assert_proven(receipt: Receipt, sentence: str) -> None:
    assert receipt.status == "proven"
    assert receipt.sentence == sentence
    verdict = receipt.verify(verifier="both")
    assert verdict.ok, str(verdict)
    assert verdict.sentence == sentence
    assert all(len(proof) <= 1024 for proof in receipt.proofs)


FACTS: list[tuple[Callable[[], Claim], str]] = [
    (lambda: claims.sum("age"), "The sum of age in `people` is"),
    (lambda: claims.mean("price", "age"), "The means of columns of `people` are: price about 501.27"),
    (lambda: claims.variance("age"), "The sample variance of age in `people` is about"),
    (lambda: claims.std("price", ddof=0), "The population standard deviation of price in `people` is about"),
    (lambda: claims.nulls("price"), "In `people` price has 56 nulls."),
    (lambda: claims.between("age", 0, 99), "Every value of age in `people`"),
    (
        lambda: claims.between("price", 1, 1000),
        "Every value of price in `people` that is not null lies between",
    ),
]


@pytest.mark.parametrize(("claim", "sentence"), FACTS)
def test_facts(project: Project, people: pd.DataFrame, claim: Callable[[], Claim], sentence: str) -> None:
    project.commit(people, "people")
    receipt = project.prove(people, [claim()])
    assert receipt.sentence.startswith(sentence)
    assert_proven(receipt, receipt.sentence)


def test_several_claims_in_one_receipt(project: Project, people: pd.DataFrame) -> None:
    receipt = project.prove(people, [claims.sum("age"), claims.nulls("state")], name="people")
    assert (
        receipt.sentence
        == f"The sum of age in `people` is {people.age.sum():,}. In `people` state has 0 nulls."
    )
    assert len(receipt.proofs) == 1
    assert_proven(receipt, receipt.sentence)


def test_origins_are_found(project: Project, people: pd.DataFrame) -> None:
    project.commit(people, "people")
    shuffled = people.sample(frac=1, random_state=1)
    assert_proven(
        project.prove(shuffled, name="shuffled"), "`shuffled` has exactly the rows of `people` in any order."
    )
    adults = people[people.age >= 18]
    assert_proven(
        project.prove(adults, name="adults", parents=[people], hints=[claims.filter("age >= 18")]),
        "`adults` is exactly the rows of `people` with age >= 18, in any order.",
    )
    assert_proven(
        project.prove(adults.head(20), name="head", parents=[adults]),
        "Every row of `head` is a row of `adults` used at most once.",
    )


def test_a_frame_without_parents_conforms_to_its_schema(project: Project, people: pd.DataFrame) -> None:
    receipt = project.prove(people, name="people")
    assert receipt.sentence.startswith("`people` holds what its columns' types allow and nothing beyond")
    assert_proven(receipt, receipt.sentence)


def test_polars_and_pandas_share_a_history(project: Project, people: pd.DataFrame) -> None:
    committed = project.commit(people, "people")
    same = pl.from_pandas(people)
    assert project.commit(same).id == committed.id
    texans = same.filter(pl.col("state") == "TX")
    receipt = project.prove(texans, [claims.filter("state == 'TX'")], name="texans", parents=[same])
    assert_proven(receipt, "`texans` is exactly the rows of `people` with state == 'TX', in any order.")
    assert [each.status for each in project.history(people)] == ["committed", "proven"]


def test_a_split(project: Project, people: pd.DataFrame) -> None:
    project.commit(people, "people")
    train, test = people.iloc[:400], people.iloc[400:]
    project.commit(test, "test")
    receipt = project.prove(train, [claims.split(test)], name="train", parents=[people])
    assert_proven(
        receipt, "Each row of `people` is in exactly one of `train` and `test`, and they have no other rows."
    )


def test_a_child_of_prices_that_are_whole_numbers(project: Project) -> None:
    """The types of a child follow its parent, whatever its own rows look like."""
    prices = pd.DataFrame({"price": [1.25, 2.0, 3.0, 4.5]})
    project.commit(prices, "prices")
    whole = prices[prices.price.isin([2.0, 3.0])]
    receipt = project.prove(whole, name="whole", parents=[prices])
    assert receipt.status == "proven"
    assert receipt.verify().ok


def test_what_no_statement_covers_is_asserted(project: Project, people: pd.DataFrame) -> None:
    project.commit(people, "people")
    strange = pd.DataFrame({"x": [1, 2, 3]})
    receipt = project.prove(strange, name="strange", parents=[people], code="strange = f(people)")
    assert receipt.status == "asserted"
    assert receipt.proofs == ()
    assert str(receipt) == "`strange` is said to come from `people`; nothing about it is proven. [asserted]"
    assert receipt.verify().status == "asserted"


def test_the_same_again_is_not_proven_again(project: Project, people: pd.DataFrame) -> None:
    first = project.prove(people, [claims.sum("age")], name="people")
    again = project.prove(people, [claims.sum("age")])
    assert again.index == first.index
    assert again.proof == first.proof
    assert again.timings.prove is None


def test_a_new_session_knows_the_frame_again(tmp_path: Path, people: pd.DataFrame) -> None:
    with_opening = Project(tmp_path / "p")
    committed = with_opening.commit(people, "people")
    with_opening.close()
    later = Project(tmp_path / "p")
    assert later.commit(people).id == committed.id
    assert later.prove(people, [claims.sum("age")]).verify().ok
    later.close()


def test_two_proofs_of_one_statement_share_no_element(tmp_path: Path, people: pd.DataFrame) -> None:
    """In the same ledger, with the same commitments: only the prover's randomness differs."""
    project = Project(tmp_path / "p")
    project.commit(people, "people")
    subject = project._subject(project.commit(people).id, (), people)
    statement = claims.between("age", 0, 99).state(subject)
    elements = []
    for _ in range(2):
        proof = project._prove_anew(statement, None)
        entry = proof.file.entry
        assert isinstance(entry, ProofEntry)
        data = entry.proof_bytes()[0]
        elements.append({data[at : at + 32] for at in range(0, len(data), 32)})
    assert elements[0].isdisjoint(elements[1])
    project.close()


def test_a_declared_width_makes_smaller_proofs(project: Project, people: pd.DataFrame) -> None:
    sizes = []
    for widths in ({}, {"age": 8}):
        project.commit(people, "people", widths=widths)
        old = people[people.age >= 65]
        receipt = project.prove(old, [claims.filter("age >= 65")], name="old", parents=[people])
        assert receipt.verify().ok
        sizes.append(len(receipt.proof))
    assert sizes[1] < sizes[0]


def test_tables_that_one_proof_needs_stay_at_hand(
    project: Project, people: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However little the session keeps between the user's verbs."""
    monkeypatch.setattr("zkp_nb.project.HELD_BYTES", 1)
    old = people[people.age >= 65]
    receipt = project.prove(old, [claims.filter("age >= 65")], name="old", parents=[people])
    assert receipt.verify().ok


def test_false_claims_are_refused_without_a_trace(project: Project, people: pd.DataFrame) -> None:
    project.commit(people, "people")
    size = project.ledger.size
    with pytest.raises(StatementFalse):
        project.prove(people, [claims.between("age", 0, 50)])
    with pytest.raises(StatementFalse):
        project.prove(people, [claims.same_rows()], parents=[people.iloc[1:]])
    assert all(line.status == "committed" for line in project.log(project.ledger.size - size))


def test_interrupted_proving_writes_nothing(project: Project, people: pd.DataFrame) -> None:
    project.commit(people, "people")
    size = project.ledger.size

    def stop(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises((ProvingInterrupted, KeyboardInterrupt)):
        project.prove(people, [claims.between("age", 0, 99)], progress=stop)
    assert project.ledger.size == size
    assert project.prove(people, [claims.between("age", 0, 99)]).verify().ok


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(),
        pd.DataFrame({"x": []}),
        pd.DataFrame([[1, 2]], columns=["x", "x"]),
        pd.DataFrame({1: [1]}),
        pd.DataFrame({"x": [1, "a"]}),
        pd.DataFrame({"x": [[1], [2]]}),
        pl.LazyFrame({"x": [1]}),
        42,
    ],
)
def test_bad_frames_get_a_sentence(project: Project, frame: object) -> None:
    with pytest.raises(TableError) as caught:
        project.commit(frame)
    assert str(caught.value).count(".") >= 1


@pytest.mark.parametrize(
    "claim",
    [
        lambda: claims.sum("state"),
        lambda: claims.mean("nowhere"),
        lambda: claims.filter("age >"),
        lambda: claims.between("age", "a", "b"),
        lambda: claims.filter("__import__('os').getcwd()"),
    ],
)
def test_bad_claims_get_a_sentence(
    project: Project, people: pd.DataFrame, claim: Callable[[], Claim]
) -> None:
    with pytest.raises((StatementError, TableError)):
        project.prove(people, [claim()], parents=[people.head(400)])


def test_an_unknown_frame_has_no_history(project: Project, people: pd.DataFrame) -> None:
    with pytest.raises(StatementError, match="not committed"):
        project.history(people)


def test_a_ledger_that_lost_entries_is_not_opened(tmp_path: Path, people: pd.DataFrame) -> None:
    folder = tmp_path / "p"
    project = Project(folder)
    project.commit(people, "people")
    project.close()
    files = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    project = Project(folder)
    project.commit(people.head(10), "more")
    project.close()
    for path in folder.iterdir():
        path.unlink()
    for path, content in files.items():
        path.write_bytes(content)
    with pytest.raises(LedgerInconsistent):
        Project(folder)
