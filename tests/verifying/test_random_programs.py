"""Random programs: what is true is accepted, what is off by one is refused; by all provers and verifiers."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from toy.checking import accepted, refused
from toy.grid import Claim, column
from toy.programs import Builder
from toy.prover import Prover
from toy.worlds import SmallWorld

from zkp_nb.verifying.reference.field import ORDER

WORLD = SmallWorld()
MAX_DEGREE = 6


class Tables:
    """Random tables with expressions in their columns, and what these are on every row."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.depth: int = draw(st.sampled_from([4, 8]))
        self.own: int = draw(st.sampled_from([d for d in (4, 8) if d <= self.depth]))
        self.rows: int = draw(st.integers(0, (self.own - 3) * WORLD.lanes))
        self.builder = Builder(WORLD, self.depth)
        self.columns: list[list[int]] = []
        self.aux: list[list[int]] = []
        self.expressions: list[tuple[int, list[int], int]] = []
        b = self.builder
        self.mask = b.mask(self.own, self.rows)
        for _ in range(draw(st.integers(1, 3))):
            self.columns.append(self._values())
            self.expressions.append((b.table("t", self.own, self.rows), self.columns[-1], 1))
        for _ in range(draw(st.integers(0, 2))):
            self.aux.append(self._values())
            self.expressions.append((b.aux(self.own, self.rows), self.aux[-1], 1))
        index = b.public("index", self.own, self.rows)
        self.expressions.append((index, list(range(self.rows)), 1))
        self.expressions.append((b.constant(7), [7] * self.rows, 0))

    def _values(self) -> list[int]:
        cells = st.integers(-(2**63), 2**64 - 1)
        return list(self.draw(st.lists(cells, min_size=self.rows, max_size=self.rows)))

    def grow(self) -> None:
        """One more expression from two."""
        (a, x, d), (b, y, e) = (self.draw(st.sampled_from(self.expressions)) for _ in range(2))
        kind = self.draw(st.sampled_from("+-*" if d + e <= MAX_DEGREE else "+-"))
        values = [{"+": u + v, "-": u - v, "*": u * v}[kind] for u, v in zip(x, y, strict=True)]
        node = self.builder.node(kind, a, b)
        self.expressions.append((node, values, d + e if kind == "*" else max(d, e)))

    def claim(self) -> Claim:
        columns = [column(WORLD, self.own, values) for values in self.columns]
        return Claim(WORLD, self.builder.build(), columns, self.aux)


@st.composite
def tables(draw: st.DrawFn) -> Tables:
    made = Tables(draw)
    for _ in range(draw(st.integers(0, 5))):
        made.grow()
    return made


slow = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@slow
@given(tables(), st.integers(1, 3))
def test_sums_of_random_expressions(made: Tables, count: int) -> None:
    b = made.builder
    for node, values, _ in made.expressions[-count:]:
        b.sum(made.mask, node, b.constant(sum(values) % ORDER))
    claim = made.claim()
    accepted(claim, Prover(claim).run())
    off = b.fields["sums"][-1]
    b.fields["sums"][-1] = {**off, "value": b.plus(off["value"], b.constant(1))}
    claim = made.claim()
    refused(claim, Prover(claim).run(), "O_0")


@slow
@given(tables())
def test_constraints_on_random_expressions(made: Tables) -> None:
    """The last expression is equal to a committed column of its values, and not to one that is off in a row."""
    b, (node, values, _) = made.builder, made.expressions[-1]
    made.columns.append(list(values))
    copy = b.table("copy", made.own, made.rows)
    b.zero(b.times(made.mask, b.minus(node, copy)))
    claim = made.claim()
    accepted(claim, Prover(claim).run())
    if made.rows:
        made.columns[-1] = [*values[:-1], values[-1] + 1]
        claim = made.claim()
        refused(claim, Prover(claim).run(), "O_0")
