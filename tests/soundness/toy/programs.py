"""Programs written by hand, in the JSON form of programs.md."""

from __future__ import annotations

from typing import Any

from toy.worlds import World

FIELDS = (
    "commitments",
    "public",
    "challenges",
    "nodes",
    "operands",
    "aux",
    "helpers",
    "constraints",
    "sums",
)


class Builder:
    """Collects the fields of a program; expressions are the numbers of their nodes."""

    def __init__(self, world: World, depth: int) -> None:
        self.lanes = world.lanes
        self.depth = depth
        self.fields: dict[str, list[Any]] = {name: [] for name in FIELDS}

    def _add(self, name: str, item: Any) -> int:
        self.fields[name].append(item)
        return len(self.fields[name]) - 1

    def node(self, *parts: Any) -> int:
        return self._add("nodes", list(parts))

    def constant(self, value: int) -> int:
        return self.node("c", str(value))

    def challenge(self, label: str) -> int:
        return self.node("ch", self._add("challenges", label))

    def commitment(self, dataset: str, column: int, depth: int, rows: int, part: str = "value") -> int:
        entry = {"dataset": dataset, "column": column, "part": part, "depth": depth, "rows": rows}
        return self._add("commitments", entry)

    def operand(self, *terms: tuple[int, int]) -> int:
        return self.node("op", self._add("operands", {"label": "operand", "terms": [list(t) for t in terms]}))

    def table(self, dataset: str, depth: int, rows: int) -> int:
        """An operand that is one committed column."""
        return self.operand((self.constant(1), self.commitment(dataset, 0, depth, rows)))

    def aux(self, depth: int, rows: int) -> int:
        return self.node("aux", self._add("aux", {"label": "aux", "depth": depth, "rows": rows}))

    def helper(self, *fractions: tuple[int, int]) -> int:
        entry = {"label": "helper", "fractions": [list(f) for f in fractions]}
        return self.node("h", self._add("helpers", entry))

    def public(self, kind: str, depth: int, rows: int) -> int:
        return self.node("pub", self._add("public", {"kind": kind, "depth": depth, "rows": rows}))

    def plus(self, a: int, b: int) -> int:
        return self.node("+", a, b)

    def minus(self, a: int, b: int) -> int:
        return self.node("-", a, b)

    def times(self, a: int, *rest: int) -> int:
        for b in rest:
            a = self.node("*", a, b)
        return a

    def zero(self, expr: int) -> None:
        self.fields["constraints"].append(expr)

    def sum(self, mask: int, expr: int, value: int) -> None:
        """`mask` is the node of a public column."""
        number = self.fields["nodes"][mask][1]
        self.fields["sums"].append({"mask": number, "expr": expr, "value": value})

    def mask(self, depth: int, rows: int) -> int:
        return self.public("mask", depth, rows)

    def sel(self) -> int:
        """The mask of all data cells."""
        return self.mask(self.depth, (self.depth - 3) * self.lanes)

    def family(self, gamma: int, *sides: tuple[int, int]) -> int:
        """A helper for the fractions `numerator / (gamma + value)`, and its constraint."""
        return self.fractions(*((numerator, self.plus(gamma, value)) for numerator, value in sides))

    def fractions(self, *pairs: tuple[int, int]) -> int:
        """A helper for the fractions `numerator / denominator`, and its constraint."""
        h = self.helper(*pairs)
        right = self.constant(0)
        for i, (numerator, _) in enumerate(pairs):
            others = [below for k, (_, below) in enumerate(pairs) if k != i]
            right = self.plus(right, self.times(numerator, *others))
        self.zero(self.minus(self.times(h, *(below for _, below in pairs)), right))
        return h

    def negative(self, a: int) -> int:
        return self.minus(self.constant(0), a)

    def build(self) -> dict[str, Any]:
        return {"version": 1, "depth": self.depth, **self.fields}


def column_sum(
    world: World, depth: int, rows: int, total: int, *, table_depth: int | None = None
) -> dict[str, Any]:
    """The sum of one column."""
    b = Builder(world, depth)
    own = table_depth or depth
    values = b.table("t", own, rows)
    b.sum(b.mask(own, rows), values, b.constant(total))
    return b.build()


def equal_columns(world: World, depth: int, rows: int) -> dict[str, Any]:
    """Two committed columns are the same, cell by cell."""
    b = Builder(world, depth)
    left, right = b.table("s", depth, rows), b.table("t", depth, rows)
    b.zero(b.times(b.mask(depth, rows), b.minus(left, right)))
    return b.build()


def shuffle(
    world: World, depth: int, rows: tuple[int, int], *, tables: tuple[int, int] | None = None
) -> dict[str, Any]:
    """Two committed columns hold the same multiset, the tables perhaps of different depth."""
    b = Builder(world, depth)
    depths = tables or (depth, depth)
    left, right = b.table("s", depths[0], rows[0]), b.table("t", depths[1], rows[1])
    gamma = b.challenge("gamma")
    left_mask, right_mask = b.mask(depths[0], rows[0]), b.mask(depths[1], rows[1])
    h = b.family(gamma, (left_mask, left), (b.negative(right_mask), right))
    b.sum(b.sel(), h, b.constant(0))
    return b.build()
