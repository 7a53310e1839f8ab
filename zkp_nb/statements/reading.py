"""Predicates and formulas from text, in the words of Python: `18 <= age < 65 and state in ["CA", "NY"]`.

Names are columns, odd ones in backticks; `x is null` and `x is not null` ask for nulls; the methods
`isin`, `between`, `isna` and `notna` of pandas are understood. Nothing is ever run.
"""

from __future__ import annotations

import ast
import re
from typing import Any, Final

from zkp_nb.errors import StatementError
from zkp_nb.statements.formula import (
    MIRRORED,
    And,
    Arithmetic,
    Col,
    Compare,
    Comparison,
    Constant,
    IsIn,
    IsNull,
    Not,
    Or,
    Predicate,
    Reference,
)

MAX_TEXT: Final = 10_000

_COMPARE: Final[dict[type[ast.cmpop], Comparison]] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_NULLS: Final = ("null", "None", "NA", "nan")


def read_predicate(text: str) -> Predicate:
    """The predicate that a text means.

    Raises:
        StatementError: it is none; says what is not understood.
    """
    return _Reader(text).predicate()


def read_formula(text: str) -> Reference | Constant | Arithmetic:
    """The arithmetic that a text means: columns and numbers with `+`, `-`, `*`.

    Raises:
        StatementError: it is none; says what is not understood.
    """
    return _Reader(text).formula()


class _Reader:
    def __init__(self, text: str) -> None:
        self._odd: dict[str, str] = {}
        self._text = text
        try:
            if len(text) > MAX_TEXT:
                raise ValueError
            plain = re.sub(r"`([^`]+)`", self._stand_in, text)
            self._root = ast.parse(f"({plain})", mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise StatementError(
                f"The expression {text[:80]!r} cannot be read.",
                todo="Write it as in \"age >= 18 and state == 'CA'\", names with blanks in backticks.",
            ) from None

    def _stand_in(self, match: re.Match[str]) -> str:
        name = f"column_in_backticks_{len(self._odd)}"
        self._odd[name] = match[1]
        return name

    def predicate(self) -> Predicate:
        try:
            return self._logic(self._root)
        except RecursionError:
            raise StatementError("The predicate is nested too deeply.") from None

    def formula(self) -> Reference | Constant | Arithmetic:
        try:
            return self._formula(self._root)
        except RecursionError:
            raise StatementError("The formula is nested too deeply.") from None

    def _logic(self, node: ast.expr) -> Predicate:
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                return _joined([self._logic(value) for value in values], "and")
            case ast.BoolOp(values=values):
                return _joined([self._logic(value) for value in values], "or")
            case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
                return self._logic(left) & self._logic(right)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return self._logic(left) | self._logic(right)
            case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
                return ~self._logic(operand)
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                sides = [left, *comparators]
                return _joined(
                    [self._comparison(sides[at], op, sides[at + 1]) for at, op in enumerate(ops)], "and"
                )
            case ast.Call(func=ast.Attribute(value=subject, attr=method), args=arguments, keywords=[]):
                return self._method(node, self._column(subject), method, arguments)
            case ast.Name():
                return Compare(op="==", column=self._column(node), value=True)
        raise self._unknown(node)

    def _comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Predicate:
        if isinstance(op, (ast.Is, ast.IsNot)):
            name = right.id if isinstance(right, ast.Name) else str(getattr(right, "value", ""))
            if name not in _NULLS:
                raise self._unknown(right)
            null = IsNull(op="null", column=self._column(left))
            return null if isinstance(op, ast.Is) else ~null
        if isinstance(op, (ast.In, ast.NotIn)):
            member = IsIn(op="in", column=self._column(left), values=self._members(right))
            return member if isinstance(op, ast.In) else self._absent(member)
        if isinstance(left, ast.Name):
            return Compare(op=_COMPARE[type(op)], column=self._column(left), value=self._constant(right))
        return Compare(
            op=MIRRORED[_COMPARE[type(op)]], column=self._column(right), value=self._constant(left)
        )

    def _method(self, node: ast.expr, column: str, method: str, arguments: list[ast.expr]) -> Predicate:
        if method in ("isin", "is_in") and len(arguments) == 1:
            return IsIn(op="in", column=column, values=self._members(arguments[0]))
        if method in ("between", "is_between") and len(arguments) == 2:
            low, high = map(self._constant, arguments)
            return Compare(op=">=", column=column, value=low) & Compare(op="<=", column=column, value=high)
        if method in ("isna", "isnull", "is_null") and not arguments:
            return IsNull(op="null", column=column)
        if method in ("notna", "notnull", "is_not_null") and not arguments:
            return ~IsNull(op="null", column=column)
        raise self._unknown(node)

    @staticmethod
    def _absent(member: IsIn) -> Predicate:
        """`x not in ...` is a comparison, and a null satisfies none."""
        return Not(op="not", term=member) & Not(op="not", term=IsNull(op="null", column=member.column))

    def _members(self, node: ast.expr) -> tuple[Any, ...]:
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)) and node.elts:
            return tuple(self._constant(each) for each in node.elts)
        raise self._unknown(node)

    def _column(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name) and node.id not in _NULLS:
            return self._odd.get(node.id, node.id)
        raise self._unknown(node)

    def _constant(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=bool() | int() | float() | str() | bytes() as value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return -value
        raise self._unknown(node)

    def _formula(self, node: ast.expr) -> Reference | Constant | Arithmetic:
        match node:
            case ast.Name():
                return Reference(op="column", name=self._column(node))
            case ast.UnaryOp(op=ast.USub(), operand=operand) if not isinstance(operand, ast.Constant):
                return (-Col(self._formula(operand))).formula
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() as op, right=right):
                symbol = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}[type(op)]
                return Arithmetic(op=symbol, left=self._formula(left), right=self._formula(right))  # type: ignore[arg-type]
            case ast.Constant(value=int() | float()) | ast.UnaryOp() if not _is_bool(node):
                return Constant(op="constant", value=self._constant(node))
        raise self._unknown(node)

    def _unknown(self, node: ast.expr) -> StatementError:
        part = ast.unparse(node)
        for stand_in, name in self._odd.items():
            part = part.replace(stand_in, f"`{name}`")
        return StatementError(
            f"{part[:80]!r} is not understood here.",
            why="A predicate compares columns with constants and joins that with and, or, not; a formula "
            "adds, subtracts and multiplies columns and numbers.",
            todo="Commit anything more as a column of its own first.",
        )


def _is_bool(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _joined(terms: list[Predicate], op: str) -> Predicate:
    if len(terms) == 1:
        return terms[0]
    flat = tuple(part for term in terms for part in (term.terms if term.op == op else (term,)))  # type: ignore[union-attr]
    return And(op="and", terms=flat) if op == "and" else Or(op="or", terms=flat)
