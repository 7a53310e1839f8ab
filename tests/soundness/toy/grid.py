"""Tables on grids, and what is claimed and sent about them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toy import polynomial as po
from toy.polynomial import Poly
from toy.worlds import World
from zkp_nb.verifying.reference.field import ORDER, depth_points, inverse
from zkp_nb.verifying.reference.transcript import Transcript

SYSTEM = random.SystemRandom()


class FrozenTranscript(Transcript):
    """A transcript some of whose challenges are known beforehand."""

    def __init__(self, frozen: Mapping[str, int]) -> None:
        super().__init__()
        self._frozen = frozen

    def challenge(self, label: str) -> int:
        drawn = super().challenge(label)
        return self._frozen.get(label, drawn)


def cell(depth: int, row: int) -> tuple[int, int]:
    """Depth position and lane of a row of a table of this depth."""
    return row % (depth - 3), row // (depth - 3)


def interpolate(cells: Sequence[Sequence[int]], depth: int, lanes: int) -> Poly:
    """The column polynomial with value `cells[i][j]` at depth position `i`, lane `j`."""
    rows = [po.interpolate_on_group(row) for row in cells]
    result: Poly = []
    scale = inverse(depth)
    for z in range(depth):
        weights = [scale * inverse(pow(a, z, ORDER)) % ORDER for a in depth_points(depth)]
        result += [
            sum(w * row[x] for w, row in zip(weights, rows, strict=True)) % ORDER for x in range(lanes)
        ]
    return result


def column(
    world: World,
    depth: int,
    values: Sequence[int],
    *,
    rng: random.Random = SYSTEM,
    extra: Mapping[tuple[int, int], int] | None = None,
) -> Poly:
    """A committed column: its rows, one random blinding cell, and `extra` cells for those who cheat."""
    cells = [[0] * world.lanes for _ in range(depth)]
    for m, value in enumerate(values):
        i, j = cell(depth, m)
        cells[i][j] = value % ORDER
    cells[depth - 3][0] = rng.randrange(ORDER)
    for (i, j), value in (extra or {}).items():
        cells[i][j] = value % ORDER
    return interpolate(cells, depth, world.lanes)


@dataclass
class Claim:
    """What is claimed, and what a prover has.

    Attributes:
        columns: the committed polynomials, in the order of the program's `commitments`.
        aux: the rows of each aux column.
    """

    world: World
    program: dict[str, Any]
    columns: Sequence[Poly]
    aux: Sequence[Sequence[int]] = ()
    context: bytes = b"a ledger"
    statement: bytes = b"a statement"
    part: int = 0

    def commitments(self) -> list[bytes]:
        return [self.world.publish(po.at(f, self.world.tau)) for f in self.columns]


@dataclass
class Attempt:
    """A proof, honest or not, with all it was made from.

    Attributes:
        refused_by: the equations that do not hold as polynomials: "fold" and openings "O_0" to "O_4".
    """

    proof: bytes
    commitments: list[bytes]
    elements: dict[str, list[bytes]] = field(repr=False)
    refused_by: set[str]
