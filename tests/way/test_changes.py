"""Changes of frames with the real engine: receipts that both verifiers accept."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from zkp_nb.errors import StatementFalse
from zkp_nb.project import Project
from zkp_nb.receipt import Receipt
from zkp_nb.statements import Claim, claims
from zkp_nb.statements.sampling import sample_rows

RNG = np.random.default_rng(11)
LOANS = pd.DataFrame(
    {
        "id": np.arange(300),
        "user": RNG.integers(0, 60, 300),
        "state": RNG.choice(["CA", "NY", "TX"], 300),
        "amount": RNG.integers(100, 9_999, 300) / 100,
    }
)
LOANS.loc[::9, "amount"] = np.nan
USERS = pd.DataFrame(
    {"user": np.arange(5, 60), "age": RNG.integers(18, 90, 55), "city": [f"c{at}" for at in range(55)]}
)
STATES = {"CA": "California", "NY": "New York"}


def assert_proven(receipt: Receipt, proofs: int) -> None:
    assert receipt.status == "proven"
    verdict = receipt.verify(verifier="both")
    assert verdict.ok, str(verdict)
    assert len(receipt.proofs) == proofs
    assert all(len(proof) <= 1024 for proof in receipt.proofs)


GROUPED = LOANS.groupby("user").agg(total=("amount", "sum"), loans=("id", "size")).round(2).reset_index()
ENDS = LOANS.groupby("user").agg(first=("id", "min"), last=("id", "max")).reset_index()
BINS = LOANS.assign(
    size=pd.cut(LOANS.amount, [0, 20, 50, 100], labels=["small", "mid", "large"]).astype(object)
)

PIVOTED = LOANS.pivot_table(
    index="user", columns="state", values="id", aggfunc="sum", fill_value=0
).reset_index()
PIVOTED.columns.name = None

OF_ONE: list[tuple[str, pd.DataFrame, Callable[[], Claim], int]] = [
    ("append", pd.concat([LOANS, LOANS.head(9)]), claims.append, 1),
    ("drop nulls", LOANS.dropna(), claims.drop_nulls, 1),
    ("fill nulls", LOANS.fillna({"amount": 0.5}), lambda: claims.fill_nulls(amount=0.5), 1),
    ("drop duplicates", LOANS.drop_duplicates("user"), lambda: claims.drop_duplicates("user"), 2),
    ("clip", LOANS.assign(amount=LOANS.amount.clip(5, 80)), lambda: claims.clip("amount", 5, 80), 1),
    (
        "replace",
        LOANS.assign(state=LOANS.state.replace(STATES)),
        lambda: claims.replace("state", STATES),
        1,
    ),
    (
        "cut",
        BINS,
        lambda: claims.cut("amount", [0, 20, 50, 100], ["small", "mid", "large"], into="size"),
        1,
    ),
    ("round", LOANS.round(1), lambda: claims.rounded(digits=1), 1),
    (
        "scale",
        LOANS.assign(decade=LOANS.user // 10),
        lambda: claims.scaled("user", divide=10, rule="down", into="decade"),
        1,
    ),
    (
        "remainder",
        LOANS.assign(fold=LOANS.id % 5),
        lambda: claims.remainder("id", 5, into="fold"),
        1,
    ),
    ("one-hot", pd.get_dummies(LOANS, columns=["state"]), lambda: claims.one_hot("state"), 1),
    ("lag", LOANS.assign(last=LOANS.user.shift(1)), lambda: claims.lag("user", into="last"), 1),
    (
        "rolling sum",
        LOANS.assign(sum=LOANS.user.rolling(7).sum()),
        lambda: claims.rolling_sum("user", 7, into="sum"),
        1,
    ),
    ("pivot", PIVOTED, lambda: claims.pivot("user", "state", "id"), 2),
    (
        "ends",
        ENDS,
        lambda: claims.grouped("user", first=("id", "min"), last=("id", "max")),
        5,
    ),
    (
        "grouped",
        GROUPED,
        lambda: claims.grouped("user", total=("amount", "sum"), loans="size"),
        2,
    ),
]


@pytest.mark.parametrize(("name", "frame", "claim", "proofs"), OF_ONE)
def test_changes_of_one_frame(
    project: Project, name: str, frame: pd.DataFrame, claim: Callable[[], Claim], proofs: int
) -> None:
    project.commit(LOANS, "loans")
    assert_proven(project.prove(frame, [claim()], name=name, parents=[LOANS]), proofs)
    with pytest.raises(StatementFalse):
        project.prove(frame.assign(id=-frame.iloc[:, 0]) if "id" in frame else frame.head(3), [claim()])


@pytest.mark.parametrize(
    ("how", "claim", "proofs"),
    [("left", claims.left_join, 2), ("inner", claims.inner_join, 3)],
)
def test_joins(project: Project, how: str, claim: Callable[..., Claim], proofs: int) -> None:
    loans, users = project.commit(LOANS, "loans"), project.commit(USERS, "users")
    frame = LOANS.merge(USERS, on="user", how=how)  # type: ignore[call-overload]
    receipt = project.prove(frame, [claim(users, "user")], name="joined", parents=[loans])
    assert_proven(receipt, proofs)
    assert receipt.sentence.startswith(
        f"`joined` is the {how} join of `loans` with `users` on user, a key of `users`"
    )


@pytest.mark.parametrize("anti", [False, True])
def test_semi_joins(project: Project, anti: bool) -> None:
    loans, users = project.commit(LOANS, "loans"), project.commit(USERS, "users")
    frame = LOANS[LOANS.user.isin(USERS.user) != anti]
    claim = (claims.anti_join if anti else claims.semi_join)(users, "user")
    assert_proven(project.prove(frame, [claim], name="some", parents=[loans]), 3)


def test_concat_groups_balance_and_keys_apart(project: Project) -> None:
    train, test = LOANS[LOANS.user < 40], LOANS[LOANS.user >= 40]
    parts = [project.commit(train, "train"), project.commit(test, "test")]
    assert_proven(project.prove(pd.concat([train, test]), [claims.concat(*parts)], name="all"), 1)
    assert_proven(project.prove(train, [claims.disjoint_keys(test, "user")]), 2)
    states = ["CA", "NY", "TX"]
    assert_proven(project.prove(train, [claims.class_balance("state", test, values=states)]), 1)
    assert_proven(project.prove(train, [claims.group_by("state", "amount", known={"state": states})]), 1)
    with pytest.raises(StatementFalse):
        project.prove(train, [claims.disjoint_keys(test, "state")])


def test_a_sample_and_hidden_totals(project: Project) -> None:
    project.commit(LOANS, "loans")
    frame = LOANS.iloc[sample_rows(len(LOANS), 40, "beacon 7")]
    assert_proven(project.prove(frame, [claims.sample("beacon 7")], name="drawn", parents=[LOANS]), 1)
    receipt = project.prove(LOANS, [claims.mean_between("user", 20, 40)])
    assert_proven(receipt, 1)
    assert receipt.sentence == "The mean of user in `loans` is between 20 and 40."


def test_folds_of_entities_and_what_is_trained_on(project: Project) -> None:
    folds = [LOANS[LOANS.user % 3 == at] for at in range(3)]
    rests = [LOANS[LOANS.user % 3 != at] for at in range(3)]
    project.commit(LOANS, "loans")
    claim = claims.folds(*folds[1:], rests=rests, key="user")
    receipt = project.prove(folds[0], [claim], name="fold", parents=[LOANS])
    assert_proven(receipt, 4)
    assert "no user is in two of them" in receipt.sentence
    with pytest.raises(StatementFalse):
        project.prove(folds[0], [claims.folds(*folds[1:], key="state")], parents=[LOANS])


def test_ten_folds_take_a_table_of_the_rows_that_are_left(project: Project) -> None:
    first, *others = (LOANS[LOANS.id % 10 == at] for at in range(10))
    assert_proven(project.prove(first, [claims.folds(*others)], name="fold", parents=[LOANS]), 2)


def test_a_stratified_split(project: Project) -> None:
    order = LOANS.sort_values("state")
    train, test = (order[(np.arange(300) % 7 == 0) == part] for part in (False, True))
    claim = claims.stratified_split("state", test, tolerance=0.02)
    receipt = project.prove(train, [claim], name="train", parents=[LOANS])
    assert_proven(receipt, 3)
    with pytest.raises(StatementFalse):
        project.prove(train, [claims.stratified_split("state", test, tolerance=0)], parents=[LOANS])


def test_rows_without_others_are_claimed_or_found(project: Project) -> None:
    part = LOANS.sample(frac=0.3, random_state=1)
    loans, known = project.commit(LOANS, "loans"), project.commit(part, "part")
    rest = LOANS.drop(part.index)
    claimed = project.prove(rest, [claims.rows_without(known)], name="rest", parents=[loans])
    assert_proven(claimed, 2)
    assert claimed.sentence.startswith("`rest` is exactly the rows of `loans` that are not rows of `part`")
    assert project.prove(rest, parents=[loans, known]).sentence == claimed.sentence
    with pytest.raises(StatementFalse):
        project.prove(rest.head(9), [claims.rows_without(known)], parents=[loans])
