"""A program's meaning, by itself: every constraint on every cell that could matter, and every sum.

Plain integers, no proof: the test oracle for what an honest witness satisfies and a wrong one does not.
Challenges are random, helpers are what their fractions say. Cells that no mask covers hold garbage, as
the blinding cells of a smaller table do on a larger grid.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zkp_nb.statements import Program
from zkp_nb.table import Table, to_ints

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
LANES = 1024
TABLE_ROWS = 1 << 13
"""Of the smallest range table."""

Place = tuple[int, int]


def check(
    program: Program, tables: Mapping[str, Table], aux: Sequence[Any], seed: int = 0, vacant: bool = False
) -> list[str]:
    """What the program refuses; nothing where it holds.

    Args:
        aux: the aux columns, vectors of cells or lists of integers.
        vacant: cells of a table's own grid beyond its rows are 0 and not garbage.
    """
    return _Model(program.document(), tables, aux, random.Random(seed), vacant).violations()


class _Model:
    def __init__(
        self,
        program: dict[str, Any],
        tables: Mapping[str, Table],
        aux: Sequence[Any],
        rng: random.Random,
        vacant: bool,
    ) -> None:
        self.program = program
        self.depth = program["depth"]
        self.challenges = [rng.randrange(R) for _ in program["challenges"]]
        assert len(aux) == len(program["aux"])
        self.committed = [
            self._placed(c, _column(tables[c["dataset"]], c["column"], c["part"]))
            for c in program["commitments"]
        ]
        self.aux = [
            self._placed(extent, cells if isinstance(cells, list) else _ints(cells))
            for extent, cells in zip(program["aux"], aux, strict=True)
        ]
        self.places = sorted(self._places())
        outside = {self._some_place(rng) for _ in range(20)}
        for extent, cells in [
            *zip(program["commitments"], self.committed, strict=True),
            *zip(program["aux"], self.aux, strict=True),
        ]:
            for place in outside - set(cells):
                if _row(extent, place) is None and not (vacant and place[0] < extent["depth"] - 3):
                    cells[place] = rng.randrange(R)
        self.places += sorted(outside - set(self.places))

    def _placed(self, extent: Mapping[str, int], cells: list[int]) -> dict[Place, int]:
        assert len(cells) == extent["rows"]
        data = extent["depth"] - 3
        return {(row % data, row // data): cell % R for row, cell in enumerate(cells)}

    def _places(self) -> set[Place]:
        places: set[Place] = set()
        for extent, cells in zip(self.program["aux"], self.aux, strict=True):
            large = extent["rows"] >= TABLE_ROWS
            # Entries of the range table that nobody looks up add nothing.
            places.update(place for place, cell in cells.items() if cell or not large)
        for cells in self.committed:
            places.update(cells)
        return places

    def _some_place(self, rng: random.Random) -> Place:
        return rng.randrange(self.depth - 3), rng.choice((0, 1, LANES - 1, rng.randrange(LANES)))

    def violations(self) -> list[str]:
        found = []
        totals = [0] * len(self.program["sums"])
        for place in self.places:
            values = self._cell(place)
            if isinstance(values, str):
                found.append(values)
                continue
            found += [
                f"constraint {number} at {place}"
                for number, node in enumerate(self.program["constraints"])
                if values[node]
            ]
            for number, each in enumerate(self.program["sums"]):
                totals[number] += self._public(each["mask"], place) * values[each["expr"]]
        scalars = self._cell(None)
        assert not isinstance(scalars, str)
        found += [
            f"sum {number}"
            for number, (each, total) in enumerate(zip(self.program["sums"], totals, strict=True))
            if (total - scalars[each["value"]]) % R
        ]
        return found

    def _public(self, number: int, place: Place) -> int:
        public = self.program["public"][number]
        row = _row(public, place)
        if row is None:
            return 0
        return 1 if public["kind"] == "mask" else row

    def _cell(self, place: Place | None) -> list[int] | str:
        """The value of every node at a place; without a place, of the scalar ones (the rest is 0)."""
        values: list[int] = []
        helpers: dict[int, int] = {}
        operands: dict[int, int] = {}
        for number, node in enumerate(self.program["nodes"]):
            kind, *args = node
            if kind == "c":
                value = int(args[0])
            elif kind == "ch":
                value = self.challenges[args[0]]
            elif kind == "inv":
                value = pow(values[args[0]], -1, R)
            elif kind == "fractions":
                gamma, alpha, delta = (values[arg] for arg in args[:3])
                value = sum(
                    _at(top, delta) * pow(gamma + _at(bottom, alpha), -1, R) for top, bottom in args[3]
                )
            elif kind in "+-*":
                a, b = (values[arg] for arg in args)
                value = a + b if kind == "+" else a - b if kind == "-" else a * b
            elif place is None:
                value = 0
            elif kind == "op":
                if args[0] not in operands:
                    operands[args[0]] = sum(
                        values[scalar] * self.committed[at].get(place, 0)
                        for scalar, at in self.program["operands"][args[0]]["terms"]
                    )
                value = operands[args[0]]
            elif kind == "aux":
                value = self.aux[args[0]].get(place, 0)
            elif kind == "pub":
                value = self._public(args[0], place)
            else:
                if args[0] not in helpers:
                    total = 0
                    for top, bottom in self.program["helpers"][args[0]]["fractions"]:
                        assert top < number
                        assert bottom < number
                        if values[bottom] == 0:
                            if values[top]:
                                return f"no helper {args[0]} at {place}"
                            continue
                        total += values[top] * pow(values[bottom], -1, R)
                    helpers[args[0]] = total
                value = helpers[args[0]]
            values.append(value % R)
        return values


def _at(coefficients: Sequence[str], base: int) -> int:
    return sum(int(each) * pow(base, k, R) for k, each in enumerate(coefficients))


def _row(extent: Mapping[str, int], place: Place) -> int | None:
    """The row of a table at a place, None where it has none."""
    position, lane = place
    data = extent["depth"] - 3
    row = lane * data + position
    return row if position < data and row < extent["rows"] else None


def _column(table: Table, number: int, part: str) -> list[int]:
    return _ints(next(each.cells for each in table.columns[number].parts if each.label == part))


def _ints(cells: np.ndarray[Any, Any]) -> list[int]:
    return to_ints(cells)
