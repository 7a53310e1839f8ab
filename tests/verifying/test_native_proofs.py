"""Proofs of the native prover before both verifiers."""

from __future__ import annotations

import json
import secrets
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from toy.programs import Builder, column_sum, shuffle
from toy.worlds import RealWorld

from zkp_nb.errors import ProofRejected
from zkp_nb.verifying import has_native, verify
from zkp_nb.verifying.reference.field import ORDER
from zkp_nb.verifying.reference.program import read

pytestmark = pytest.mark.skipif(not has_native(), reason="the compiled module is not built")

WORLD = RealWorld()
VALUES = [3, 1, 4, 1, 5, 9, 2, 6]


@pytest.fixture(scope="module")
def srs(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from zkp_nb import _core

    return _core.Srs.dev(str(tmp_path_factory.mktemp("srs")), 8)


class Table:
    """Committed columns of one depth with what opens them."""

    def __init__(self, srs: Any, depth: int, *columns: list[int]) -> None:
        from zkp_nb import _core

        self.columns = [_core.Column(np.array(c, dtype=np.int64)) for c in columns]
        self.labels = [k.to_bytes(4, "big") + b"value" for k in range(len(columns))]
        self.seed = secrets.token_bytes(32)
        self.commitments = _core.commit(srs, depth, self.columns, self.labels, self.seed)


def prove(srs: Any, program: dict[str, Any], *tables: Table, aux: tuple[list[int], ...] = ()) -> bytes:
    from zkp_nb import _core

    proof: bytes = _core.prove(
        srs,
        json.dumps(program).encode(),
        b"a ledger",
        b"a statement",
        0,
        [c for t in tables for c in t.columns],
        [label for t in tables for label in t.labels],
        [t.seed for t in tables for _ in t.columns],
        [_core.Column(np.array(a, dtype=np.int64)) for a in aux],
    )
    return proof


def check(srs: Any, program: dict[str, Any], proof: bytes, *tables: Table) -> None:
    commitments = [c for t in tables for c in t.commitments]
    key = srs.verification_key
    verify(key, program, b"a ledger", b"a statement", 0, commitments, proof, verifier="both")
    with pytest.raises(ProofRejected):
        verify(key, program, b"a ledger", b"another statement", 0, commitments, proof, verifier="native")


def lookup() -> dict[str, Any]:
    """A range, an aux column, and an index."""
    b = Builder(WORLD, 8)
    f, multiplicity = b.table("t", 8, 8), b.aux(8, 10)
    rows, cut, index = b.mask(8, 8), b.mask(8, 10), b.public("index", 8, 10)
    h = b.family(b.challenge("gamma"), (rows, f), (b.negative(b.times(cut, multiplicity)), index))
    b.zero(b.times(rows, b.minus(f, f)))
    b.sum(b.sel(), h, b.constant(0))
    return b.build()


def test_sum(srs: Any) -> None:
    table = Table(srs, 4, VALUES)
    program = column_sum(WORLD, 4, 8, sum(VALUES))
    check(srs, program, prove(srs, program, table), table)


def test_small_table_on_a_larger_grid(srs: Any) -> None:
    left, right = Table(srs, 4, VALUES), Table(srs, 8, sorted(VALUES))
    program = shuffle(WORLD, 8, (8, 8), tables=(4, 8))
    check(srs, program, prove(srs, program, left, right), left, right)


def test_lookup(srs: Any) -> None:
    table = Table(srs, 8, VALUES)
    counts = [VALUES.count(i) for i in range(10)]
    check(srs, lookup(), prove(srs, lookup(), table, aux=(counts,)), table)


numbers = st.lists(st.integers(-(10**77), 10**77), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5),
    st.lists(st.integers(), min_size=3, max_size=3),
)
def test_both_verifiers_add_up_the_same_public_fractions(
    srs: Any, entries: list[tuple[list[int], list[int]]], scalars: list[int]
) -> None:
    gamma, alpha, delta = scalars
    below = [gamma + sum(v * alpha**k for k, v in enumerate(value)) for _, value in entries]
    above = [sum(n * delta**i for i, n in enumerate(amount)) for amount, _ in entries]
    assume(all(each % ORDER for each in below))
    total = sum(a * pow(b, -1, ORDER) for a, b in zip(above, below, strict=True))
    b = Builder(WORLD, 4)
    f = b.table("t", 4, 8)
    listed = [[list(map(str, side)) for side in entry] for entry in entries]
    nodes = [b.constant(each % ORDER) for each in scalars]
    b.sum(
        b.mask(4, 8),
        f,
        b.plus(b.constant((sum(VALUES) - total) % ORDER), b.node("fractions", *nodes, listed)),
    )
    program = b.build()
    read_back = read(program, lanes=WORLD.lanes, max_depth=4)
    columns = {"op": [0], "aux": [], "h": [], "pub": [0]}
    assert read_back.evaluate([], columns)[program["sums"][0]["value"]] == sum(VALUES) % ORDER
    # The native prover finds no sum that is wrong, the native verifier a proof that is right.
    table = Table(srs, 4, VALUES)
    proof = prove(srs, program, table)
    verify(
        srs.verification_key,
        program,
        b"a ledger",
        b"a statement",
        0,
        table.commitments,
        proof,
        verifier="native",
    )


def test_reused_blinding(srs: Any) -> None:
    """Two proofs of one statement share no element, nor do two commitments to one table."""
    tables = [Table(srs, 4, VALUES) for _ in range(2)]
    assert tables[0].commitments != tables[1].commitments
    program = column_sum(WORLD, 4, 8, sum(VALUES))
    proofs = [prove(srs, program, tables[0]) for _ in range(2)]
    elements = [{proof[i : i + 32] for i in range(0, len(proof), 32)} for proof in proofs]
    assert [len(found) for found in elements] == [14, 14]
    assert not elements[0] & elements[1]
