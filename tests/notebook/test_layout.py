from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkp_nb.notebook.layout import Layout, laid_out

SIZE = (172, 62)

graphs = st.integers(1, 25).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.lists(
            st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda pair: pair[0] != pair[1]),
            unique=True,
            max_size=2 * n,
        ).map(tuple),
    )
)


def _check(layout: Layout) -> None:
    width, height = SIZE
    for x, y in layout.corners:
        assert 0 <= x <= layout.width - width
        assert 0 <= y <= layout.height - height
    for (x, y), (u, v) in combinations(layout.corners, 2):
        assert abs(x - u) >= width or abs(y - v) >= height
    for x, y in (point for route in layout.routes for point in route):
        # The edge is level across the whole layer, and passes beside each node of it.
        assert not any(abs(u + width // 2 - x) < width and v < y < v + height for u, v in layout.corners)


@settings(deadline=None, max_examples=60)
@given(graphs)
def test_nothing_overlaps_and_no_edge_runs_behind_a_node(
    graph: tuple[int, tuple[tuple[int, int], ...]],
) -> None:
    number, edges = graph
    layout = laid_out(number, edges, SIZE)
    assert (len(layout.corners), len(layout.routes)) == (number, len(edges))
    _check(layout)


@pytest.mark.parametrize("number", [30, 200])
def test_a_notebooks_graph_goes_from_left_to_right_the_same_each_time(number: int) -> None:
    draw = random.Random(number)
    edges = {(draw.randrange(max(0, child - 6), child), child) for child in range(1, number)}
    edges |= {(draw.randrange(child), child) for child in range(1, number, 5)}
    given_edges = tuple(sorted(edges))
    layout = laid_out(number, given_edges, SIZE)
    _check(layout)
    assert all(layout.corners[parent][0] < layout.corners[child][0] for parent, child in given_edges)
    laid_out.cache_clear()
    assert laid_out(number, given_edges, SIZE) == layout
