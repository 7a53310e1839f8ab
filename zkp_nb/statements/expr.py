"""Expressions of a program: immutable, interned, with their degree.

Equal expressions are one object, so that a program does not depend on how often its author wrote
something down. Constants are exact signed integers below r, reduced modulo r by whoever evaluates: of larger ones a
proof would say what is true of their remainder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from zkp_nb.errors import StatementError
from zkp_nb.table.cells import FIELD_MODULUS

Kind = Literal["c", "ch", "op", "aux", "h", "pub", "+", "-", "*", "inv", "fractions"]

Entry: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]
"""A public fraction: integers n_i and v_k that stand for (sum delta^i n_i) / (gamma + sum alpha^k v_k)."""

COLUMN_KINDS: Final = frozenset({"op", "aux", "h", "pub"})
_NONE: Final[frozenset[Expr]] = frozenset()
_TOO_LARGE: Final = "A number of the statement is too large for a proof."


@dataclass(slots=True, eq=False, repr=False)
class Expr:
    """A node of an expression graph. Made by a `Graph` only, and not changed then; operators stay within the graph.

    Attributes:
        kind: as in docs/specification/programs.md.
        args: the operands of `+`, `-`, `*`, `inv`; gamma, alpha and delta of `fractions`.
        value: the constant of `c`, or the number of a challenge or column.
        degree: 0 for scalars, 1 for columns.
        entries: the list of `fractions`.
    """

    graph: Graph
    kind: Kind
    args: tuple[Expr, ...] = ()
    value: int = 0
    degree: int = 0
    below: frozenset[Expr] = frozenset()
    entries: tuple[Entry, ...] = ()

    @property
    def leaves(self) -> frozenset[Expr]:
        """The columns that it is made of."""
        return frozenset({self}) if self.kind in COLUMN_KINDS else self.below

    @property
    def scalar(self) -> bool:
        """No column is below it."""
        return self.degree == 0

    def __add__(self, other: Expr | int) -> Expr:
        return self.graph.add(self, self.graph.lift(other))

    def __radd__(self, other: int) -> Expr:
        return self.graph.add(self.graph.lift(other), self)

    def __sub__(self, other: Expr | int) -> Expr:
        return self.graph.sub(self, self.graph.lift(other))

    def __rsub__(self, other: int) -> Expr:
        return self.graph.sub(self.graph.lift(other), self)

    def __mul__(self, other: Expr | int) -> Expr:
        return self.graph.mul(self, self.graph.lift(other))

    def __rmul__(self, other: int) -> Expr:
        return self.graph.mul(self.graph.lift(other), self)

    def __repr__(self) -> str:
        if self.args:
            return f"({self.kind} {' '.join(map(repr, self.args))})"
        return f"{self.value}" if self.kind == "c" else f"{self.kind}{self.value}"


class Graph:
    """Interns expressions; folds constants, and 0 and 1 where they do nothing."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[Kind, tuple[Expr, ...], object], Expr] = {}
        self._constants: dict[int, Expr] = {}
        self._powers: dict[Expr, list[Expr]] = {}

    def leaf(self, kind: Kind, value: int) -> Expr:
        """A constant (`c`), challenge (`ch`) or column (`op`, `aux`, `h`, `pub`) by its number."""
        return self.lift(value) if kind == "c" else self._intern(kind, (), value)

    def lift(self, value: Expr | int) -> Expr:
        """An integer as a constant; an expression as it is."""
        if isinstance(value, Expr):
            return value
        known = self._constants.get(value)
        if known is None:
            if abs(value) >= FIELD_MODULUS:
                raise StatementError(_TOO_LARGE)
            known = self._constants[value] = Expr(self, "c", (), value)
        return known

    def add(self, a: Expr, b: Expr) -> Expr:
        if a.kind == b.kind == "c":
            return self.leaf("c", a.value + b.value)
        if self._is(a, 0):
            return b
        return a if self._is(b, 0) else self._intern("+", (a, b))

    def sub(self, a: Expr, b: Expr) -> Expr:
        if a.kind == b.kind == "c":
            return self.leaf("c", a.value - b.value)
        if a is b:
            return self.leaf("c", 0)
        return a if self._is(b, 0) else self._intern("-", (a, b))

    def mul(self, a: Expr, b: Expr) -> Expr:
        if a.kind == b.kind == "c":
            return self.leaf("c", a.value * b.value)
        if self._is(a, 0) or self._is(b, 0):
            return self.leaf("c", 0)
        if self._is(a, 1):
            return b
        return a if self._is(b, 1) else self._intern("*", (a, b))

    def inv(self, a: Expr) -> Expr:
        """The inverse of a scalar."""
        assert a.scalar
        return self._intern("inv", (a,))

    def fractions(self, gamma: Expr, alpha: Expr, delta: Expr, entries: Sequence[Entry]) -> Expr:
        """The sum of public fractions, of one at least.

        Raises:
            StatementError: an integer of theirs is too large.
        """
        listed, args = tuple(entries), (gamma, alpha, delta)
        assert listed
        assert all(arg.scalar for arg in args)
        if any(abs(number) >= FIELD_MODULUS for entry in listed for side in entry for number in side):
            raise StatementError(_TOO_LARGE)
        key: tuple[Kind, tuple[Expr, ...], object] = ("fractions", args, listed)
        if key not in self._nodes:
            self._nodes[key] = Expr(self, "fractions", args, entries=listed)
        return self._nodes[key]

    def powers(self, base: Expr, count: int) -> list[Expr]:
        """base^0 to base^(count-1)."""
        powers = self._powers.setdefault(base, [self.leaf("c", 1)])
        while len(powers) < count:
            powers.append(powers[-1] * base)
        return powers[:count]

    def product(self, factors: list[Expr]) -> Expr:
        """The product from left to right; 1 of nothing."""
        result = self.leaf("c", 1)
        for factor in factors:
            result = result * factor
        return result

    @staticmethod
    def _is(a: Expr, value: int) -> bool:
        return a.kind == "c" and a.value == value

    def _intern(self, kind: Kind, args: tuple[Expr, ...], value: int = 0) -> Expr:
        key = (kind, args, value)  # expressions are equal where they are the same
        known = self._nodes.get(key)
        if known is not None:
            return known
        if not args:
            degree, below = int(kind in COLUMN_KINDS), _NONE
        elif len(args) == 1:
            degree, below = args[0].degree, args[0].leaves
        else:
            a, b = args
            degree = a.degree + b.degree if kind == "*" else max(a.degree, b.degree)
            below = a.leaves | b.leaves if degree else _NONE
        node = Expr(self, kind, args, value, degree, below)
        self._nodes[key] = node
        return node
