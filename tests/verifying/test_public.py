"""Public columns against their definition, cell by cell."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zkp_nb.verifying.reference.field import ORDER, depth_points, lagrange, lane_points, root_of_unity
from zkp_nb.verifying.reference.program import PublicColumn
from zkp_nb.verifying.reference.public import PublicColumns

LANES = 4


@st.composite
def columns(draw: st.DrawFn) -> tuple[int, PublicColumn]:
    own = draw(st.sampled_from([4, 8, 16]))
    depth = draw(st.sampled_from([d for d in (4, 8, 16, 32) if d >= own]))
    rows = draw(st.integers(0, (own - 3) * LANES))
    return depth, PublicColumn(draw(st.sampled_from(["mask", "index"])), own, rows)


@given(columns(), st.integers(2, ORDER - 1), st.integers(2, ORDER - 1))
def test_masks_and_indices(given_column: tuple[int, PublicColumn], beta: int, beta_lane: int) -> None:
    depth, column = given_column
    if pow(beta, depth, ORDER) == 1 or pow(beta_lane, LANES, ORDER) == 1:
        return
    over_depth = lagrange(depth_points(depth), depth, beta)
    over_lanes = lagrange(lane_points(LANES), LANES, beta_lane)
    data = column.depth - 3
    expected = sum(
        (1 if column.kind == "mask" else m) * over_depth[m % data] * over_lanes[m // data]
        for m in range(column.rows)
    )
    assert PublicColumns(depth, LANES, beta, beta_lane).value(column) == expected % ORDER


def test_grids_are_nested() -> None:
    """Bit-reversed positions: the points of a small grid are the first of a larger one."""
    assert depth_points(64)[:8] == depth_points(8)
    assert len(set(depth_points(64))) == 64
    assert depth_points(8)[1] == ORDER - 1
    assert pow(root_of_unity(1024), 512, ORDER) == ORDER - 1
