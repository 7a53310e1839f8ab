"""A profile is a statement of several claims."""

from __future__ import annotations

import pandas as pd

from zkp_nb.statements import claims, conjunction
from zkp_nb.statements.conjunction import Conjunction

from .frames import Case, committed

FRAME = pd.DataFrame({"id": [3, 1, 2], "x": [0.5, None, 0.5], "name": ["a", "b", "a"], "none": [None] * 3})


def test_a_profile_says_what_there_is_to_say() -> None:
    case = Case(claims.profile(), committed(FRAME, "t"))
    assert isinstance(case.statement, Conjunction)
    assert [part.kind for part in case.statement.parts] == [
        "null-count",
        "min-max",
        "variance",
        "unique",
        "unique",
    ]
    assert "The values of `t` go, for id from 1 to 3 and x from 0.5 to 0.5." in case.sentence
    assert "No value of id occurs twice in `t`, nulls aside." in case.sentence
    assert "none has 3 nulls" in case.sentence
    assert case.holds()


def test_a_profile_of_some_columns() -> None:
    case = Case(claims.profile("name"), committed(FRAME, "t"))
    assert case.sentence == "In `t` name has 0 nulls."


def test_a_profile_beside_other_claims_is_one_statement_of_all() -> None:
    subject = committed(FRAME)
    together = conjunction([claims.profile().state(subject), claims.sum("id").state(subject)])
    assert isinstance(together, Conjunction)
    assert len(together.parts) == 6


def test_a_wide_table_has_a_profile_of_at_most_32_claims() -> None:
    frame = pd.DataFrame({f"c{number}": [number, number + 1] for number in range(40)})
    case = Case(claims.profile(), committed(frame))
    assert isinstance(case.statement, Conjunction)
    assert len(case.statement.parts) == 32
