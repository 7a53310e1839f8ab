"""Several claims in one proof: what is shared, what is never shared, and that each claim still stands for itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.errors import StatementError
from zkp_nb.statements import Claim, Statement, Subject, claims, parse
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.conjunction import Conjunction, conjunction
from zkp_nb.statements.facts import Sums, Total
from zkp_nb.statements.families import Family
from zkp_nb.statements.packing import packed

from .frames import Case, committed, edited
from .model import check

FRAME = pd.DataFrame(
    {
        "id": [4, 1, 3, 2],
        "age": [31, 17, 65, 31],
        "rank": [17, 31, 31, 9],
        "score": pd.array([5, None, 2, 5], "Int64"),
        "member": [True, False, True, True],
    }
)
NARROW = {"id": 16, "age": 8, "rank": 8, "score": 16}

TRUE: dict[str, Claim] = {
    "sum": claims.sum("id"),
    "mean": claims.mean("score"),
    "nulls": claims.nulls("score"),
    "variance": claims.variance("age"),
    "between": claims.between("age", 0, 100),
    "share": claims.share("member"),
    "value-counts": claims.value_counts("rank"),
    "unique": claims.unique("id"),
    "minimum": claims.minimum("age"),
    "sorted": claims.sorted_by("member", descending=True),
}
SORTED = FRAME.sort_values("member", ascending=False, ignore_index=True)

FALSE: dict[str, tuple[str, str, int, Any]] = {
    "sum": ("id", "value", 0, 9),
    "mean": ("score", "value", 0, 6),
    "nulls": ("score", "null", 0, True),
    "variance": ("age", "value", 1, 18),
    "between": ("age", "value", 1, 101),
    "share": ("member", "value", 0, False),
    "value-counts": ("rank", "value", 0, 18),
    "unique": ("id", "value", 1, 4),
    "minimum": ("age", "value", 3, 16),
    "sorted": ("member", "value", 0, False),
}
"""By claim, an edit of a cell that makes it false."""


def stated(*given: Claim, subject: Subject | None = None) -> Case:
    subject = subject or committed(SORTED, "people", widths=NARROW)
    case = Case(given[0], subject)
    case.statement = conjunction([claim.state(subject) for claim in given])
    return case


def refused(case: Case, edit: tuple[str, str, int, Any]) -> list[str]:
    """What is refused of a table with an edited cell and the best witness for it."""
    (subject,) = case.subjects.values()
    tables = {subject.dataset_id: edited(subject, *edit)}
    witness = [list(aux) for aux in case.statement.witness(case.records, tables)]
    return case.violations(witness, tables)


def test_claims_share_operands_ranges_and_a_proof() -> None:
    case = stated(claims.mean("age"), claims.between("age", 0, 120), claims.unique("id"))
    (program,) = case.programs
    labels = [aux.label for aux in program.aux]
    assert labels.count("range/multiplicity") == 1
    assert [label for label in program.challenges if label == "range/gamma"] == ["range/gamma"]
    # `age` is an operand once, though two claims are about it.
    assert [len(operand.terms) for operand in program.operands] == [1, 1]
    assert case.holds()
    assert program.proof_bytes <= 1024


def test_what_does_not_fit_is_counted_with_the_limbs_that_take_fewest_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Values below 2^13: one lookup each with limbs of 13 bits, two with limbs of 16, and then a second helper."""
    names = [f"c{at}" for at in range(8)]
    case = stated(
        *(claims.between(name, 0, 2**13 - 1) for name in names),
        subject=committed(pd.DataFrame({name: [0, 1, 2**13 - 1] for name in names})),
    )
    (program,) = case.programs
    assert (program.depth, program.columns) == (16, 10)
    assert case.holds()
    # The shortcut leaves out what would not have fitted, and nothing else.
    monkeypatch.setattr(Builder, "least_columns_with", lambda *_: 0)
    assert case.programs == (program,)


def test_the_same_range_is_proven_once() -> None:
    one = stated(claims.between("age", 0, 100))
    two = stated(claims.between("age", 0, 100), claims.between("age", None, 100))
    assert len(two.programs) == 1
    assert len(two.programs[0].helpers[0].fractions) > len(one.programs[0].helpers[0].fractions)
    same = stated(claims.between("age", 0, 100), claims.conforms({"age": (0, 100)}))
    assert same.holds()
    assert [h.fractions for h in same.programs[0].helpers] != []
    assert same.programs[0].columns == one.programs[0].columns + 1


def test_programs_are_the_same_however_often_they_are_derived() -> None:
    case = stated(*TRUE.values())
    again = parse(case.statement.document()).programs(case.records)
    assert [each.to_json() for each in again] == [each.to_json() for each in case.programs]
    assert len(case.programs) < len(TRUE) / 2
    assert all(size <= 1024 for size in case.sizes)


def test_true_claims_hold_together() -> None:
    assert stated(*TRUE.values()).holds()


@pytest.mark.parametrize("name", FALSE)
@pytest.mark.parametrize("place", ["first", "in the middle", "last"])
def test_a_false_claim_among_true_ones_is_refused(name: str, place: str) -> None:
    """Wherever it stands: what the others prove hides nothing of it."""
    (column, *_), others = FALSE[name], [each for each in TRUE if each != name]
    # Claims about other columns stay true, so that nothing but the false one is refused.
    others = [each for each in others if column not in repr(TRUE[each])]
    assert stated(*(TRUE[each] for each in others)).statement.programs
    at = {"first": 0, "in the middle": len(others) // 2, "last": len(others)}[place]
    order = [*others[:at], name, *others[at:]]
    case = stated(*(TRUE[each] for each in order))
    assert case.holds()
    assert not refused(stated(*(TRUE[each] for each in others)), FALSE[name])
    assert refused(case, FALSE[name])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(sorted(TRUE)), min_size=2, max_size=6, unique=True), st.data())
def test_any_claims_in_any_order(names: list[str], data: st.DataObject) -> None:
    case = stated(*(TRUE[name] for name in names))
    assert case.holds()
    assert all(size <= 1024 for size in case.sizes)
    name = data.draw(st.sampled_from(names))
    assert refused(case, FALSE[name])


def counts(case: Case, **changed: dict[Any, int]) -> Case:
    """The case with other counts of values, by column."""
    assert isinstance(case.statement, Conjunction)
    parts: list[Statement] = []
    for part in case.statement.parts:
        fields: dict[str, Any] = dict(part)
        new = changed[fields["column"]]
        values = tuple({"value": value, "count": count} for value, count in new.items())
        parts.append(type(part).model_validate({**fields, "values": values}))
    case.statement = conjunction(parts)
    return case


def test_errors_of_two_families_do_not_cancel_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """17 is once in either column; the statement says twice in one and never in the other."""
    frame = pd.DataFrame({"a": [17, 31, 31], "b": [17, 31, 65]})
    two = (claims.value_counts("a"), claims.value_counts("b"))
    false = {"a": {17: 2, 31: 1}, "b": {31: 2, 65: 1}}

    def forged() -> Case:
        return counts(stated(*two, subject=committed(frame)), **false)

    assert stated(*two, subject=committed(frame)).holds()
    assert len(forged().programs) == 1
    assert not forged().holds()

    def shared(self: Family) -> Any:
        return self._builder.challenge("family/gamma")

    monkeypatch.setattr(Family, "_gamma", property(shared))
    assert forged().holds()


def test_errors_of_two_sums_do_not_cancel_out() -> None:
    subject = committed(FRAME)
    parts = [
        Sums(inputs=(subject.dataset_id,), columns=(Total(column=name, sum=str(total)),))
        for name, total in (("id", 11), ("age", 143))
    ]
    case = stated(claims.sum("id"), claims.sum("age"), subject=subject)
    assert case.holds()
    case.statement = conjunction(parts)
    assert len(case.programs) == 1
    assert case.violations(case.witness()) == ["sum 0", "sum 1"]


@pytest.mark.parametrize("column", ["age", "rank"])
def test_one_range_table_lets_nothing_out_of_either_range(column: str) -> None:
    case = stated(claims.between("age", 0, 120), claims.between("rank", 0, 120))
    assert len(case.programs) == 1
    for value in (121, 2**16 + 5, -1, 2**40):
        assert refused(case, (column, "value", 0, value))


def test_multiplicities_of_one_range_do_not_serve_another() -> None:
    """Whatever the prover writes into the shared multiplicities, a value that is not in the table keeps its pole."""
    case = stated(claims.between("age", 0, 255), claims.between("rank", 0, 255))
    (subject,) = case.subjects.values()
    table = edited(subject, "age", "value", 0, 300)
    (program,) = case.programs
    (aux,) = (list(each) for each in case.witness())
    for change in (0, 1, -1, 2):
        cells = np.asarray(aux[-1]).astype(np.int64).copy()
        cells[44] += change
        assert check(program, {subject.dataset_id: table}, [*aux[:-1], cells])


def test_a_bit_of_one_claim_is_proven_for_all() -> None:
    """A share reads a bool as a bit; so does a filter-like claim beside it, under the same constraint."""
    case = stated(claims.share("member"), claims.share("member and age >= 18"))
    assert len(case.programs) == 1
    assert refused(case, ("member", "value", 0, 2))


def test_small_tables_do_not_ride_on_large_ones() -> None:
    small, large = committed(FRAME, "small"), committed(FRAME, "large")
    record = large.record.model_copy(update={"n_rows": 1_000_000, "depth": 1024})
    statement = conjunction(
        [
            Sums(inputs=(name,), columns=(Total(column="id", sum="10"),))
            for name in (small.dataset_id, record.id)
        ]
    )
    programs = statement.programs({small.dataset_id: small.record, record.id: record})
    assert [program.depth for program in programs] == [4, 1024]


def test_as_many_proofs_as_a_receipt_holds() -> None:
    subject = committed(FRAME)
    empty = Builder({subject.dataset_id: subject.record})

    def wide(builder: Builder) -> None:
        source = builder.table(subject.dataset_id)
        for number in range(9):
            builder.aux(source, f"a{number}", lambda: np.zeros(4, np.int64))
        builder.require(source, builder.column(source.columns[0]) * 0 + builder.column(source.columns[0]))

    # A proof of 1,024 bytes takes 1,368 in base64, an entry of a log 65,535.
    assert len(packed(empty, [wide] * 47)) == 47
    with pytest.raises(StatementError, match="more proofs than one receipt holds"):
        packed(empty, [wide] * 48)


def test_what_is_known_not_to_fit_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick look at how many columns there are at least changes no program."""
    wide = pd.DataFrame({f"c{number}": pd.array([1, None, 2**40], "Int64") for number in range(5)})
    subject = committed(wide)
    same = [claims.between("c0", 1, 2**40 + 5), claims.conforms({"c0": (1, 2**40 + 5)}), claims.nulls("c0")]
    case = stated(
        *same, claims.min_max(*wide.columns), claims.unique("c1"), claims.std("c2"), subject=subject
    )
    quick = [program.to_json() for program in case.programs]
    monkeypatch.setattr(Builder, "least_columns_with", lambda self, other: 0)
    assert [program.to_json() for program in case.programs] == quick
    # The range that two claims have in common is there once.
    assert sum(aux.label == "range/0/upper" for aux in case.programs[0].aux) == 1


def test_many_claims_about_wide_tables_are_refused_before_they_take_long() -> None:
    wide = pd.DataFrame({f"c{at}": [1, 2, 3] for at in range(380)})
    parent = committed(wide, "wide")
    child = committed(wide, "clipped", [parent])
    said = [claims.clip("c0", low=-at).state(child) for at in range(32)]
    records = {each.dataset_id: each.record for each in (parent, child)}
    assert len(conjunction(said[:8]).programs(records)) == 8
    with pytest.raises(StatementError, match="take a verifier too long"):
        conjunction(said).programs(records)
