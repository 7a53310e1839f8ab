"""Programs as data, and the traps that the builder refuses."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from zkp_nb.errors import StatementError
from zkp_nb.statements import Program, ProgramTooLarge, claims
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.sources import Source

from .frames import Case, committed

FRAME = pd.DataFrame(
    {"x": [1, 2, 3], "t": ["a", "b", "c"], "f": [0.1, 1 / 3, 2.5], "n": pd.array([1, None, 2], "Int64")}
)


def _builder() -> tuple[Builder, Source]:
    subject = committed(FRAME)
    builder = Builder({subject.dataset_id: subject.record})
    return builder, builder.table(subject.dataset_id)


def test_a_program_depends_on_records_alone() -> None:
    parent = committed(FRAME)
    case = Case(claims.filter("x >= 2 and n is not null"), committed(FRAME.iloc[[2]], "child", [parent]))
    (program,) = case.programs
    case.witness()
    assert program.to_json() == case.programs[0].to_json()
    assert program == case.programs[0]
    document = json.loads(program.to_json())
    assert document == program.document()
    assert set(document) == {
        "version", "depth", "commitments", "public", "challenges", "nodes",
        "operands", "aux", "helpers", "constraints", "sums",
    }  # fmt: skip


@pytest.mark.usefixtures("wide_limbs")
def test_a_program_is_the_same_in_every_process() -> None:
    program, text = _filtered()
    assert program.challenges == ("family/0/alpha", "range/gamma", "family/0/gamma")
    assert [aux.label for aux in program.aux] == [
        "bit/0", "range/0/limb/1", "range/0/limb/2", "range/0/limb/3", "range/multiplicity",
    ]  # fmt: skip
    assert [len(each.terms) for each in program.operands] == [2, 2, 1]
    assert (program.columns, program.proof_bytes, program.degree, program.sum_degree) == (9, 960, 9, 2)
    assert hashlib.sha256(text.encode()).hexdigest() == EXPECTED


def test_a_program_of_few_rows_is_the_same_in_every_process() -> None:
    program, text = _filtered()
    assert [aux.label for aux in program.aux] == [
        "bit/0", *(f"range/0/limb/{at}" for at in range(1, 5)), "range/multiplicity",
    ]  # fmt: skip
    assert (program.depth, program.columns, program.proof_bytes) == (16, 10, 1024)
    assert hashlib.sha256(text.encode()).hexdigest() == EXPECTED_OF_FEW_ROWS


def _filtered() -> tuple[Program, str]:
    """What a second implementation must agree with, to the bit."""
    frame = pd.DataFrame({"id": [1, 2, 3], "v": [5, 6, 7]})
    parent = committed(frame, "parent")
    (program,) = Case(claims.filter("v >= 6"), committed(frame.iloc[1:], "child", [parent])).programs
    text = program.to_json().decode()
    for subject, name in ((parent.dataset_id, "P"), (program.commitments[2].dataset, "C")):
        text = text.replace(subject, name * 64).replace(subject[:8], name * 8)
    return program, text


EXPECTED_OF_FEW_ROWS = "88fdcc11cdb395fb178cfafa47d59ae6984bc586098982258ad3e1626ab6b0ab"
EXPECTED = "623362622cb4cd2ee7a0b2b96fe76013d2267481bc8fe80ffd99f8c5739c7cd2"


def test_nodes_refer_to_nodes_before_them() -> None:
    parent = committed(FRAME)
    (program,) = Case(claims.filter("1 <= n < 3 "), committed(FRAME.iloc[[0, 2]], "child", [parent])).programs
    nodes = program.document()["nodes"]
    for number, (kind, *args) in enumerate(nodes):
        if kind in ("+", "-", "*", "inv"):
            assert all(arg < number for arg in args)
    assert len({json.dumps(node) for node in nodes}) == len(nodes)


def test_more_than_ten_columns_are_refused() -> None:
    builder, table = _builder()
    for number in range(11):
        builder.aux(table, f"a{number}", lambda: np.zeros(3, np.int64))
    with pytest.raises(ProgramTooLarge, match="needs 11 columns; a proof of 1,024 bytes has room for 10"):
        builder.build()


def test_a_degree_beyond_the_argument_is_refused() -> None:
    builder, table = _builder()
    x = builder.column(table.column("x"))
    power = x
    for _ in range(14):
        power = power * x
    builder.require(table, power)
    with pytest.raises(ProgramTooLarge, match="more conditions"):
        builder.build()


def test_every_constraint_and_sum_carries_its_mask() -> None:
    builder, table = _builder()
    x = builder.column(table.column("x"))
    builder.require(table, x - 5)
    builder.sum(table, x, builder.constant(6))
    program = builder.build()
    (constraint,) = program.constraints
    assert constraint.kind == "*"
    assert constraint.args[0].kind == "pub"
    assert program.public[constraint.args[0].value].kind == "mask"
    assert program.public[program.sums[0].mask].extent == (4, 3)


def test_weights_that_are_not_proven_boolean_are_refused() -> None:
    builder, table = _builder()
    free = builder.aux(table, "free", lambda: np.zeros(3, np.int64))
    with pytest.raises(StatementError, match="must be proven to be 0 or 1"):
        builder.family().left(table, free, free)
    with pytest.raises(StatementError, match="must be proven to be 0 or 1"):
        builder.range(table, free, 8, free)


def test_sums_of_codes_and_hashes_are_refused() -> None:
    for name, part in (("f", "value"), ("t", "head"), ("t", "tail")):
        builder, table = _builder()
        column = builder.column(table.column(name), part)
        with pytest.raises(StatementError, match="has no sum"):
            builder.sum(table, column, builder.constant(0))


def test_cells_of_tables_of_different_size_are_not_compared_by_position() -> None:
    one, two = committed(FRAME, "one"), committed(FRAME.head(2), "two")
    builder = Builder({each.dataset_id: each.record for each in (one, two)})
    left, right = builder.table(one.dataset_id), builder.table(two.dataset_id)
    x, y = builder.column(left.column("x")), builder.column(right.column("x"))
    for refused in (
        lambda: builder.require(left, x - y),
        lambda: builder.require(left, y),
        lambda: builder.sum(left, y, builder.constant(0)),
        lambda: builder.family().left(left, y),
        lambda: builder.range(left, y, 8),
    ):
        with pytest.raises(StatementError, match="different size"):
            refused()
    with pytest.raises(StatementError, match="different size"):
        builder.operand("both", [(1, left.column("x").cell()), (1, right.column("x").cell())])


def test_each_family_has_its_own_challenges() -> None:
    builder, table = _builder()
    x = builder.column(table.column("x"))
    for _ in range(2):
        family = builder.family()
        family.left(table, x * 1)
        family.right(table, x)
    assert builder.build().challenges == ("family/0/gamma", "family/1/gamma")


@pytest.mark.parametrize(
    ("fractions", "others", "helpers"),
    [
        (5, 0, [5]),
        # Two helpers cost less than the degree of one; with no room for two, one has to do.
        (14, 0, [7, 7]),
        (14, 8, [14]),
        (20, 0, [10, 10]),
        (30, 0, [10, 10, 10]),
        (20, 7, [10, 10]),
    ],
)
def test_fractions_fill_helpers_where_it_costs_least(fractions: int, others: int, helpers: list[int]) -> None:
    builder, table = _builder()
    x = builder.column(table.column("x"))
    family = builder.family()
    for number in range(fractions):
        family.left(table, x + number)
    for number in range(others):
        builder.aux(table, f"a{number}", lambda: np.zeros(3, np.int64))
    program = builder.build()
    assert [len(helper.fractions) for helper in program.helpers] == helpers
    assert program.degree == 1 + max(helpers)
    assert len(program.sums) == 1


def test_a_program_uses_the_depth_that_its_range_table_needs() -> None:
    builder, table = _builder()
    builder.range(table, builder.column(table.column("x")), 8)
    program = builder.build()
    assert program.depth == 128
    assert program.aux[-1].extent == (128, 65_536)


def test_tables_of_different_set_ups_do_not_meet() -> None:
    one, two = committed(FRAME, "one"), committed(FRAME, "two")
    other = two.record.model_copy(update={"srs_id": "11" * 32})
    builder = Builder({one.dataset_id: one.record, other.id: other})
    builder.table(one.dataset_id)
    with pytest.raises(StatementError, match="different set-ups"):
        builder.table(other.id)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"depth": 8, "n_rows": 6000}, "a depth that is not that of its rows"),
        ({"depth": 32768}, "a depth that is not that of its rows"),
        ({"depth": 8}, "a depth that is not that of its rows"),
        ({"n_rows": 0}, "a depth that is not that of its rows"),
    ],
)
def test_records_that_describe_no_table_are_refused(change: dict[str, int], words: str) -> None:
    subject = committed(FRAME)
    record = subject.record.model_copy(update=change)
    with pytest.raises(StatementError, match=words):
        claims.sum("x").state(replace(subject, record=record))


def test_records_whose_commitments_are_not_those_of_their_types_are_refused() -> None:
    subject = committed(FRAME)
    first, *rest = subject.record.columns
    for changed, words in (
        (first.model_copy(update={"nullable": True}), "not committed in the parts its type has"),
        (first.model_copy(update={"name": "t"}), "names a column twice"),
    ):
        record = subject.record.model_copy(update={"columns": (changed, *rest)})
        with pytest.raises(StatementError, match=words):
            Builder({"00": record}).table("00")
