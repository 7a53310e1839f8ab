"""The columns of one proof: operands, aux and helpers with their blinding, and expressions in them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from toy import polynomial as po
from toy.grid import SYSTEM, Claim, cell, interpolate
from toy.polynomial import Poly
from zkp_nb.verifying.reference.field import ORDER, depth_points, inverse, lagrange
from zkp_nb.verifying.reference.program import Program, PublicColumn, read
from zkp_nb.verifying.reference.verify import powers


class Columns:
    """The columns of a proof, blinded, and what the program's expressions are on them (section 4)."""

    def __init__(
        self, claim: Claim, *, rng: random.Random = SYSTEM, frozen: Mapping[str, int] | None = None
    ) -> None:
        self.claim = claim
        self.world = claim.world
        self.rng = rng
        self.frozen = dict(frozen or {})
        self.program: Program = read(claim.program, lanes=self.world.lanes, max_depth=self.world.max_depth)
        self.A, self.B = self.program.depth, self.world.lanes
        self.D = self.A - 3
        self.depth_points = depth_points(self.A)
        self.ch: dict[str, int] = dict(self.frozen)
        self.sent: dict[str, list[bytes]] = {}
        self.p: dict[str, Poly] = {}
        self.E_k: list[Poly] = []
        self.f: list[Poly] = []
        self._lane_values: dict[int, Poly] = {}

    def random(self) -> int:
        return self.rng.randrange(ORDER)

    def random_poly(self, length: int) -> Poly:
        return [self.random() for _ in range(length)]

    def blinded(self, cells: list[list[int]]) -> Poly:
        """A column of this proof: uniformly random values in all blinding cells."""
        for i in range(self.D, self.A):
            cells[i] = [self.random() for _ in range(self.B)]
        return interpolate(cells, self.A, self.B)

    def aux_cells(self, k: int) -> list[list[int]]:
        depth = self.claim.program["aux"][k]["depth"]
        cells = [[0] * self.B for _ in range(self.A)]
        for m, value in enumerate(self.claim.aux[k]):
            i, j = cell(depth, m)
            cells[i][j] = value % ORDER
        return cells

    def aux(self) -> list[Poly]:
        return [self.blinded(self.aux_cells(k)) for k in range(self.program.aux)]

    def helper_cells(self, k: int) -> list[list[int]]:
        cells = [[0] * self.B for _ in range(self.A)]
        for i in range(self.D):
            nodes = self.nodes_on_lanes(self.depth_points[i])
            for numerator, denominator in self.claim.program["helpers"][k]["fractions"]:
                for j in range(self.B):
                    below = nodes[denominator][j]
                    if below:
                        cells[i][j] += nodes[numerator][j] * inverse(below)
        return [[v % ORDER for v in row] for row in cells]

    def helpers(self) -> list[Poly]:
        return [self.blinded(self.helper_cells(k)) for k in range(self.program.helpers)]

    def operands(self) -> list[Poly]:
        """The combinations of committed columns, as they stand."""
        values = self.scalars()
        result = []
        for terms in self.program.operands:
            parts = [po.scale(values[node], self.claim.columns[number]) for node, number in terms]
            result.append(po.add([0] * (self.A * self.B), *parts))
        return result

    def blinds(self) -> list[Poly]:
        """The `e_k`, of degree below `3B`."""
        return [self.random_poly(3 * self.B) for _ in self.program.operands]

    def mask(self) -> Poly:
        r, z0 = self.random_poly(self.A - 1), self.random()
        return po.add(po.shift(r, 1), po.scale(z0, self.vanishing(self.A)))

    # -- values of the columns -----------------------------------------------------------------

    def vanishing(self, n: int) -> Poly:
        return [-1, *[0] * (n - 1), 1]

    def step1(self) -> list[int]:
        return [self.ch[f"step 1, {i}"] for i in range(len(self.program.challenges))]

    def scalars(self) -> list[int]:
        """Node values with columns taken as zero: right for the scalar nodes."""
        zeros = {kind: [0] * 32 for kind in ("op", "aux", "h", "pub")}
        return self.program.evaluate(self.step1(), zeros)

    def public_on_lanes(self, public: PublicColumn, z: int) -> list[int]:
        """A public column at `Z = z` in every lane, from its definition cell by cell."""
        data = public.depth - 3
        over = dict(enumerate(self.depth_lagrange(z)))
        result = [0] * self.B
        for m in range(public.rows):
            i, j = m % data, m // data
            result[j] += over[i] * (1 if public.kind == "mask" else m)
        return [v % ORDER for v in result]

    def depth_lagrange(self, z: int) -> list[int]:
        if z in self.depth_points:
            return [int(z == a) for a in self.depth_points]
        return lagrange(self.depth_points, self.A, z)

    def evaluate(self, columns: Mapping[str, Sequence[Sequence[int]]], n: int) -> list[list[int]]:
        """Every node at `n` points at once."""
        values: list[list[int]] = []
        scalars = self.scalars()
        for number, node in enumerate(self.program.nodes):
            if node.scalar:
                values.append([scalars[number]] * n)
            elif node.kind in columns:
                values.append(list(columns[node.kind][node.a]))
            else:
                a, b = values[node.a], values[node.b]
                match node.kind:
                    case "+":
                        values.append([(x + y) % ORDER for x, y in zip(a, b, strict=True)])
                    case "-":
                        values.append([(x - y) % ORDER for x, y in zip(a, b, strict=True)])
                    case _:
                        values.append([x * y % ORDER for x, y in zip(a, b, strict=True)])
        return values

    def by_kind(self, columns: Sequence[Any], public: Sequence[Any]) -> dict[str, Sequence[Any]]:
        first_aux = len(self.program.operands)
        first_helper = first_aux + self.program.aux
        return {
            "op": columns[:first_aux],
            "aux": columns[first_aux:first_helper],
            "h": columns[first_helper:],
            "pub": public,
        }

    def lane_values(self, k: int) -> Poly:
        """Column `k`: each coefficient in `Z`, a polynomial in `X`, by its values in the lanes."""
        if k not in self._lane_values:
            f, B = self.f[k], self.B
            rows = (f[start : start + B] for start in range(0, len(f), B))
            self._lane_values[k] = [v for row in rows for v in po.evaluate_on_group(row, B)]
        return self._lane_values[k]

    def nodes_on_lanes(self, z: int) -> list[list[int]]:
        """Every node at `Z = z` in every lane."""
        rows = [po.fold(self.lane_values(k), self.B, z) for k in range(len(self.f))]
        rows += [[0] * self.B] * (self.program.columns - len(rows))
        public = [self.public_on_lanes(column, z) for column in self.program.public]
        self.public_rows = public
        return self.evaluate(self.by_kind(rows, public), self.B)

    def combined(
        self, nodes: Sequence[Sequence[int]], public: Sequence[Sequence[int]]
    ) -> tuple[list[int], list[int]]:
        """`T` and `sum_m theta^m C_m` at the points where the nodes were evaluated."""
        n = len(nodes[0])
        T, C = [0] * n, [0] * n
        for k, s in zip(powers(self.ch["chi"], len(self.program.sums)), self.program.sums, strict=True):
            T = [(t + k * m * v) % ORDER for t, m, v in zip(T, public[s.mask], nodes[s.expr], strict=True)]
        for k, c in zip(
            powers(self.ch["theta"], len(self.program.constraints)), self.program.constraints, strict=True
        ):
            C = [(t + k * v) % ORDER for t, v in zip(C, nodes[c], strict=True)]
        return T, C
