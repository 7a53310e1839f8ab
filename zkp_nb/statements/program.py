"""Programs: what prover and verifier agree on, as plain data (docs/specification/programs.md).

A program is derived from a statement and the records of the datasets it names, by everybody for
themselves; it is never sent. It can be printed, compared and counted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

from zkp_nb.errors import StatementError
from zkp_nb.statements.expr import Expr

MAX_COLUMNS: Final = 10
"""Columns of a program of 1,024 bytes, the largest proof there may be."""

MAX_DEGREE: Final = 15
"""Largest degree of a constraint."""

MAX_SUM_DEGREE: Final = 16


class ProgramTooLarge(StatementError):
    """A statement does not fit into one proof of 1,024 bytes."""


class Commitment(NamedTuple):
    """A committed column: dataset id, number of the column in its record, label of the part."""

    dataset: str
    column: int
    part: str


class Extent(NamedTuple):
    """Where a table lies on a grid: its own depth and its number of rows."""

    depth: int
    rows: int


@dataclass(frozen=True)
class Public:
    """A public column: `mask` or `index` of an extent."""

    kind: str
    extent: Extent


@dataclass(frozen=True)
class Operand:
    """A linear combination of committed columns: (scalar, number of the commitment)."""

    label: str
    terms: tuple[tuple[Expr, int], ...]


@dataclass(frozen=True)
class Aux:
    """A column that the prover commits before any challenge is drawn."""

    label: str
    extent: Extent


@dataclass(frozen=True)
class Helper:
    """A column that the prover commits after the challenges: a sum of fractions (numerator, denominator)."""

    label: str
    fractions: tuple[tuple[Expr, Expr], ...]


@dataclass(frozen=True)
class Sum:
    """The sum of mask times expression over the grid is a public scalar."""

    mask: int
    expr: Expr
    value: Expr


@dataclass(frozen=True, eq=False)
class Program:
    """A program, see docs/specification/programs.md. Two programs are equal where their JSON is.

    Raises:
        ProgramTooLarge: more than 10 columns, or a degree beyond what the argument allows.
    """

    depth: int
    extents: tuple[Extent, ...]
    """Where the committed columns lie, one for each of `commitments`."""
    commitments: tuple[Commitment, ...]
    public: tuple[Public, ...]
    challenges: tuple[str, ...]
    operands: tuple[Operand, ...]
    aux: tuple[Aux, ...]
    helpers: tuple[Helper, ...]
    constraints: tuple[Expr, ...]
    sums: tuple[Sum, ...]

    def __post_init__(self) -> None:
        if self.columns > MAX_COLUMNS:
            raise ProgramTooLarge(
                f"This statement needs {self.columns} columns; a proof of 1,024 bytes has room for "
                f"{MAX_COLUMNS}.",
                todo="Claim it in two steps, or about fewer columns.",
            )
        if self.degree > MAX_DEGREE or self.sum_degree > MAX_SUM_DEGREE:
            raise ProgramTooLarge(
                "This statement multiplies more conditions than one proof can.", todo="Claim it in two steps."
            )

    @property
    def columns(self) -> int:
        """K, the number of operands, aux and helpers."""
        return len(self.operands) + len(self.aux) + len(self.helpers)

    @property
    def proof_bytes(self) -> int:
        """Length of every proof of this program."""
        return 32 * (2 * self.columns + 12)

    @property
    def degree(self) -> int:
        """g, the largest degree of a constraint."""
        return max((each.degree for each in self.constraints), default=0)

    @property
    def sum_degree(self) -> int:
        """t, the largest degree of a sum, its mask counted."""
        return max((1 + each.expr.degree for each in self.sums), default=0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.to_json())

    def document(self) -> dict[str, Any]:
        """The JSON form of docs/specification/programs.md.

        Nodes are numbered in order of first need, operands before what uses them: the terms of the
        operands, then fractions, constraints and sums, each depth first and left to right.
        """
        nodes = _Nodes()
        operands = [
            {"label": op.label, "terms": [[nodes.number(scalar), at] for scalar, at in op.terms]}
            for op in self.operands
        ]
        helpers = [
            {"label": h.label, "fractions": [[nodes.number(a), nodes.number(b)] for a, b in h.fractions]}
            for h in self.helpers
        ]
        constraints = [nodes.number(each) for each in self.constraints]
        sums = [
            {"mask": each.mask, "expr": nodes.number(each.expr), "value": nodes.number(each.value)}
            for each in self.sums
        ]
        return {
            "version": 1,
            "depth": self.depth,
            "commitments": [
                {"dataset": c.dataset, "column": c.column, "part": c.part, "depth": at.depth, "rows": at.rows}
                for c, at in zip(self.commitments, self.extents, strict=True)
            ],
            "public": [{"kind": p.kind, "depth": p.extent.depth, "rows": p.extent.rows} for p in self.public],
            "challenges": list(self.challenges),
            "nodes": nodes.documents,
            "operands": operands,
            "aux": [{"label": a.label, "depth": a.extent.depth, "rows": a.extent.rows} for a in self.aux],
            "helpers": helpers,
            "constraints": constraints,
            "sums": sums,
        }

    def to_json(self) -> bytes:
        """`document` as JSON: sorted keys, no blanks, ASCII."""
        return self._json

    @cached_property
    def _json(self) -> bytes:
        return json.dumps(self.document(), sort_keys=True, separators=(",", ":")).encode()


class _Nodes:
    """Numbers expressions in order of first need."""

    def __init__(self) -> None:
        self.documents: list[list[Any]] = []
        self._numbers: dict[Expr, int] = {}

    def number(self, root: Expr) -> int:
        numbers, stack = self._numbers, [root]
        while stack:
            node = stack[-1]
            if node not in numbers:
                waiting = [arg for arg in reversed(node.args) if arg not in numbers]
                if waiting:
                    stack += waiting
                    continue
                numbers[node] = len(self.documents)
                self.documents.append(self._document(node))
            stack.pop()
        return numbers[root]

    def _document(self, node: Expr) -> list[Any]:
        match node.args:
            case (gamma, alpha, delta):
                numbers = [self._numbers[each] for each in (gamma, alpha, delta)]
                entries = [[list(map(str, side)) for side in entry] for entry in node.entries]
                return [node.kind, *numbers, entries]
            case (a, b):
                return [node.kind, self._numbers[a], self._numbers[b]]
            case (a,):
                return [node.kind, self._numbers[a]]
        return ["c", str(node.value)] if node.kind == "c" else [node.kind, node.value]
