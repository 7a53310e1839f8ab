"""Public columns, evaluated by the verifier itself (argument.md, section 5)."""

from __future__ import annotations

from itertools import accumulate

from zkp_nb.verifying.reference.field import ORDER, depth_points, lagrange, lane_points
from zkp_nb.verifying.reference.program import PublicColumn


class PublicColumns:
    """Values at `Z = beta`, `X = beta'` of masks and indices on a program's grid."""

    def __init__(self, depth: int, lanes: int, beta: int, beta_lane: int) -> None:
        over_depth = lagrange(depth_points(depth), depth, beta)
        over_lanes = lagrange(lane_points(lanes), lanes, beta_lane)
        self._depth = over_depth
        self._lane = over_lanes
        # Sums over the first k positions or lanes, plain and weighted by their number.
        self._depth_sums = _sums(over_depth)
        self._depth_weighted = _sums([i * value for i, value in enumerate(over_depth)])
        self._lane_sums = _sums(over_lanes)
        self._lane_weighted = _sums([j * value for j, value in enumerate(over_lanes)])

    def value(self, column: PublicColumn) -> int:
        """`mask(A', n)` or `index(A', n)` at the point."""
        data = column.depth - 3
        full, rest = divmod(column.rows, data)
        last = self._lane[full] if rest else 0
        if column.kind == "mask":
            return (self._lane_sums[full] * self._depth_sums[data] + last * self._depth_sums[rest]) % ORDER
        return (
            data * self._lane_weighted[full] * self._depth_sums[data]
            + self._lane_sums[full] * self._depth_weighted[data]
            + last * (data * full * self._depth_sums[rest] + self._depth_weighted[rest])
        ) % ORDER


def _sums(values: list[int]) -> list[int]:
    return list(accumulate(values, lambda a, b: (a + b) % ORDER, initial=0))
