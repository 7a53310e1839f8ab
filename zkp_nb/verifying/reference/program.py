"""Programs: strict reading, and their expressions evaluated (programs.md)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from zkp_nb.errors import ProofRejected
from zkp_nb.verifying.reference.field import ORDER, inverse

MAX_COLUMNS: Final = 10
MAX_DEGREE: Final = 15
MAX_SUM_DEGREE: Final = 16
_MAX_NESTING: Final = 16
_MAX_LIST: Final = 1 << 16
_MAX_JSON: Final = 1 << 24
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,99}")
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


@dataclass(frozen=True)
class PublicColumn:
    """`kind` is "mask" or "index"; a table's own depth and its rows."""

    kind: str
    depth: int
    rows: int


@dataclass(frozen=True)
class Node:
    """One expression: `a` and `b` are nodes, a column's number, a challenge's number or a constant.

    `fractions`: gamma, alpha and delta are the nodes `a`, `b` and `c`; `entries` are numerators and values.
    """

    kind: str
    a: int
    b: int
    degree: int
    scalar: bool
    c: int = 0
    entries: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = ()


@dataclass(frozen=True)
class Sum:
    """`sum over the grid of mask * expr = value`."""

    mask: int
    expr: int
    value: int


@dataclass(frozen=True)
class Program:
    """A program that passed every check of `read`."""

    depth: int
    commitments: int
    public: tuple[PublicColumn, ...]
    challenges: tuple[str, ...]
    nodes: tuple[Node, ...]
    operands: tuple[tuple[tuple[int, int], ...], ...]
    aux: int
    helpers: int
    constraints: tuple[int, ...]
    sums: tuple[Sum, ...]

    @property
    def columns(self) -> int:
        """`K`: operands, aux and helpers."""
        return len(self.operands) + self.aux + self.helpers

    def evaluate(self, challenges: Sequence[int], columns: Mapping[str, Sequence[int]]) -> list[int]:
        """The value of every node, given the challenges and the columns at one point.

        Args:
            challenges: those of step 1.
            columns: by "op", "aux", "h", "pub", the values of the columns of that kind.

        Raises:
            ProofRejected: `inv` meets a zero, or a public fraction has a zero denominator.
        """
        values: list[int] = []
        for node in self.nodes:
            match node.kind:
                case "c":
                    value = node.a
                case "ch":
                    value = challenges[node.a]
                case "+":
                    value = values[node.a] + values[node.b]
                case "-":
                    value = values[node.a] - values[node.b]
                case "*":
                    value = values[node.a] * values[node.b]
                case "inv":
                    if values[node.a] == 0:
                        raise ProofRejected("The program takes the inverse of zero.")
                    value = inverse(values[node.a])
                case "fractions":
                    value = _fractions(node, values[node.a], values[node.b], values[node.c])
                case _:
                    value = columns[node.kind][node.a]
            values.append(value % ORDER)
        return values


def _fractions(node: Node, gamma: int, alpha: int, delta: int) -> int:
    total = 0
    for numerators, value in node.entries:
        below = (gamma + sum(v * pow(alpha, k, ORDER) for k, v in enumerate(value))) % ORDER
        if below == 0:
            raise ProofRejected("The program divides by zero.")
        total += sum(n * pow(delta, i, ORDER) for i, n in enumerate(numerators)) * inverse(below)
    return total


def read(source: object, *, lanes: int, max_depth: int) -> Program:
    """Read and check a program.

    Args:
        source: the JSON document as bytes or as a dictionary, or an object whose `document()` is one.
        lanes: `B`.
        max_depth: `A_max` of the verification key.

    Raises:
        ProofRejected: it is not a program of this version.
    """
    document = source
    if callable(method := getattr(source, "document", None)):
        document = method()
    if isinstance(document, bytes | bytearray):
        document = _load(bytes(document))
    return _Reader(lanes, max_depth).program(document)


def _refuse(why: str) -> NoReturn:
    raise ProofRejected("The program is not valid.", why=why)


def _load(data: bytes) -> object:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        fields = dict(pairs)
        if len(fields) != len(pairs):
            _refuse("A field occurs twice.")
        return fields

    def number(text: str) -> int:
        return int(text) if text.isdigit() and len(text) <= 20 else _refuse("A number is not in its range.")

    def no_number(text: str) -> NoReturn:
        _refuse(f"{text[:20]} is not an integer.")

    if len(data) > _MAX_JSON:
        _refuse(f"It is longer than {_MAX_JSON} bytes.")
    # The parser is recursive, and the recursion limit is not ours to choose: another library raises it.
    nesting = 0
    for byte in _STRING.sub(b"", data):
        nesting += (byte in b"[{") - (byte in b"]}")
        if nesting > _MAX_NESTING:
            _refuse("It is nested too deeply.")
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=unique,
            parse_int=number,
            parse_float=no_number,
            parse_constant=no_number,
        )
    except ValueError:
        _refuse("It is not JSON.")


class _Reader:
    """Each method reads one kind of thing and refuses whatever the specification does not name."""

    def __init__(self, lanes: int, max_depth: int) -> None:
        self._lanes = lanes
        self._depth = max_depth

    def program(self, document: object) -> Program:
        names = "version depth commitments public challenges nodes operands aux helpers constraints sums"
        fields = self._fields(document, names, "the program")
        if self._integer(fields["version"], "version", 2**32) != 1:
            _refuse("Its version is unknown.")
        # The program's depth bounds every other depth in it.
        self._depth = self._power(fields["depth"], "depth")
        commitments = self._list(fields["commitments"], "commitments")
        for item in commitments:
            self._commitment(item)
        public = tuple(self._public(item) for item in self._list(fields["public"], "public"))
        challenges = tuple(self._label(item) for item in self._list(fields["challenges"], "challenges"))
        operands = [
            self._fields(o, "label terms", "an operand") for o in self._list(fields["operands"], "operands")
        ]
        aux = self._list(fields["aux"], "aux")
        for item in aux:
            self._aux(item)
        helpers = [
            self._fields(h, "label fractions", "a helper") for h in self._list(fields["helpers"], "helpers")
        ]
        counts = {"op": len(operands), "aux": len(aux), "h": len(helpers), "pub": len(public)}
        counts["ch"] = len(challenges)
        if not 1 <= counts["op"] + counts["aux"] + counts["h"] <= MAX_COLUMNS:
            _refuse(f"It does not have 1 to {MAX_COLUMNS} columns.")
        nodes: list[Node] = []
        for item in self._list(fields["nodes"], "nodes"):
            nodes.append(self._node(item, nodes, counts))

        def node(value: object, name: str) -> int:
            return self._integer(value, name, len(nodes))

        def scalar(value: object, name: str) -> int:
            number = node(value, name)
            return number if nodes[number].scalar else _refuse(f"{name} is not a scalar.")

        def term(item: object) -> tuple[int, int]:
            coefficient, commitment = self._pair(item, "a term")
            return scalar(coefficient, "a coefficient"), self._integer(commitment, "term", len(commitments))

        for item in (*operands, *helpers):
            self._text(item["label"], "a label")
        for helper in helpers:
            for item in self._list(helper["fractions"], "fractions"):
                for part in self._pair(item, "a fraction"):
                    node(part, "a fraction")
        constraints = tuple(
            node(item, "a constraint") for item in self._list(fields["constraints"], "constraints")
        )
        if any(nodes[number].degree > MAX_DEGREE for number in constraints):
            _refuse("The degree of a constraint is too high.")
        sums = []
        for item in self._list(fields["sums"], "sums"):
            given = self._fields(item, "mask expr value", "a sum")
            mask = self._integer(given["mask"], "a sum's mask", len(public))
            if public[mask].kind != "mask":
                _refuse("A sum's mask is not a mask.")
            read = Sum(mask, node(given["expr"], "a sum's expr"), scalar(given["value"], "a sum's value"))
            if nodes[read.expr].degree + 1 > MAX_SUM_DEGREE:
                _refuse("The degree of a sum is too high.")
            sums.append(read)
        return Program(
            depth=self._depth,
            commitments=len(commitments),
            public=public,
            challenges=challenges,
            nodes=tuple(nodes),
            operands=tuple(tuple(map(term, self._list(o["terms"], "terms"))) for o in operands),
            aux=len(aux),
            helpers=len(helpers),
            constraints=constraints,
            sums=tuple(sums),
        )

    def _node(self, item: object, before: Sequence[Node], counts: Mapping[str, int]) -> Node:
        parts = self._list(item, "a node")
        kind = parts[0] if parts and isinstance(parts[0], str) else _refuse("A node has no kind.")
        arity = 4 if kind == "fractions" else 2 if kind in ("+", "-", "*") else 1
        if len(parts) != arity + 1:
            _refuse("A node has the wrong number of parts.")
        if kind == "c":
            return Node(kind, self._constant(parts[1]), 0, 0, True)
        if kind in counts:
            number = self._integer(parts[1], "a node", counts[kind])
            return Node(kind, number, 0, int(kind != "ch"), kind == "ch")
        nodes = parts[1:4] if kind == "fractions" else parts[1:]
        numbers = [self._integer(part, "a node", len(before)) for part in nodes]
        below = [before[number] for number in numbers]
        scalar = all(node.scalar for node in below)
        match kind:
            case "inv":
                return Node(kind, numbers[0], 0, 0, True) if scalar else _refuse("inv is for scalars.")
            case "fractions":
                if not scalar:
                    _refuse("fractions are made of scalars.")
                entries = tuple(self._entry(each) for each in self._some(parts[4]))
                return Node(kind, numbers[0], numbers[1], 0, True, numbers[2], entries)
            case "*":
                return Node(kind, numbers[0], numbers[1], min(sum(n.degree for n in below), 2**32), scalar)
            case "+" | "-":
                return Node(kind, numbers[0], numbers[1], max(node.degree for node in below), scalar)
            case _:
                _refuse("The kind of a node is unknown.")

    def _entry(self, item: object) -> tuple[tuple[int, ...], tuple[int, ...]]:
        numerators, value = self._pair(item, "a public fraction")
        return tuple(map(self._constant, self._some(numerators))), tuple(
            map(self._constant, self._some(value))
        )

    def _some(self, value: object) -> Sequence[Any]:
        some = self._list(value, "a part of public fractions")
        return some if some else _refuse("A list of public fractions is empty.")

    def _constant(self, value: object) -> int:
        if not isinstance(value, str) or not _INTEGER.fullmatch(value):
            _refuse("A constant is not a decimal integer.")
        return int(value) % ORDER

    def _commitment(self, item: object) -> None:
        fields = self._fields(item, "dataset column part depth rows", "a commitment")
        self._text(fields["dataset"], "dataset")
        self._integer(fields["column"], "column", 2**32)
        self._text(fields["part"], "part")
        self._table(fields)

    def _public(self, item: object) -> PublicColumn:
        fields = self._fields(item, "kind depth rows", "a public column")
        if fields["kind"] not in ("mask", "index"):
            _refuse("The kind of a public column is unknown.")
        return PublicColumn(fields["kind"], *self._table(fields))

    def _aux(self, item: object) -> None:
        fields = self._fields(item, "label depth rows", "an aux column")
        self._text(fields["label"], "a label")
        self._table(fields)

    def _table(self, fields: Mapping[str, Any]) -> tuple[int, int]:
        depth = self._power(fields["depth"], "a table's depth")
        return depth, self._integer(fields["rows"], "a table's rows", (depth - 3) * self._lanes + 1)

    def _power(self, value: object, name: str) -> int:
        number = self._integer(value, name, self._depth + 1)
        return number if number >= 4 and number & (number - 1) == 0 else _refuse(f"{name} is not a depth.")

    def _integer(self, value: object, name: str, bound: int) -> int:
        if type(value) is not int or not 0 <= value < bound:
            _refuse(f"{name} is not an integer from 0 to {bound - 1}.")
        return value

    def _text(self, value: object, name: str) -> str:
        if not isinstance(value, str) or any("\ud800" <= c <= "\udfff" for c in value):
            _refuse(f"{name} is not text.")
        return value

    def _label(self, value: object) -> str:
        label = self._text(value, "a challenge")
        return label if label.isascii() else _refuse("A challenge is not ASCII.")

    def _list(self, value: object, name: str) -> Sequence[Any]:
        if not isinstance(value, list | tuple):
            _refuse(f"{name} is not a list.")
        return value if len(value) <= _MAX_LIST else _refuse(f"{name} has more than {_MAX_LIST} elements.")

    def _pair(self, value: object, name: str) -> Sequence[Any]:
        pair = self._list(value, name)
        return pair if len(pair) == 2 else _refuse(f"{name} is not a pair.")

    def _fields(self, value: object, names: str, name: str) -> Mapping[str, Any]:
        if not isinstance(value, dict) or set(value) != set(names.split()):
            _refuse(f"The fields of {name} are not {', '.join(names.split())}.")
        return value
