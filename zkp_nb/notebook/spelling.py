"""One spelling for the predicates and formulas of pandas and polars code.

A mask, a query string, a polars expression: each is written back in the predicate language of
`zkp_nb.statements`: column names, constants, comparisons, `and`, `or`, `not`, `in`, `is null`. Code is
walked as a syntax tree and never run.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from keyword import kwlist
from typing import Any, Final, Protocol

MAX_MASKS: Final = 6
"""How many masks in variables are followed within one predicate."""

_COMPARE: Final[dict[type[ast.cmpop], str]] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_COMPARE_METHODS: Final = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
_ARITHMETIC: Final[dict[type[ast.operator], str]] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}
_ARITHMETIC_METHODS: Final = {"add": "+", "sub": "-", "mul": "*"}
_LOGIC: Final[dict[type[ast.operator], str]] = {ast.BitAnd: "and", ast.BitOr: "or"}


class UnclearError(Exception):
    """A piece of code says nothing that a statement could say."""


class Surroundings(Protocol):
    """What a piece of code may refer to."""

    def mask_called(self, name: str) -> ast.expr | None:
        """The expression last assigned to a variable that holds a mask."""

    def constant(self, name: str) -> Any:
        """A plain constant among the user's variables, or `UnclearError`."""

    def is_frame(self, name: str) -> bool:
        """Whether a variable holds a frame."""


def column_text(name: str) -> str:
    """A column's name as the predicate language writes it: plain where it can be, else in backticks."""
    return name if name.isidentifier() and name not in _RESERVED else f"`{name}`"


_RESERVED: Final = {*kwlist, "null", "NA", "nan"}


class Writer:
    """Writes an expression of pandas or polars in the predicate language, or raises `UnclearError`."""

    def __init__(
        self,
        around: Surroundings,
        *,
        names: Mapping[str, str] | None = None,
        constants: Mapping[str, str] | None = None,
        frames: set[str] | None = None,
        free: bool = False,
    ) -> None:
        """`names`, `constants` rename; `frames` are known to be frames; `free`: a plain name is a column."""
        self._around = around
        self._names = names or {}
        self._constants = constants or {}
        self._frames = frames or set()
        self._free = free
        self._depth = 0

    def logic(self, node: ast.expr) -> str:
        """A predicate."""
        match node:
            case ast.Lambda(args=arguments, body=body):
                self._frames = {argument.arg for argument in arguments.args}
                return self.logic(body)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _LOGIC:
                return f"({self.logic(left)}) {_LOGIC[type(op)]} ({self.logic(right)})"
            case ast.BoolOp(op=op, values=values):
                word = " and " if isinstance(op, ast.And) else " or "
                return word.join(f"({self.logic(value)})" for value in values)
            case ast.UnaryOp(op=ast.Invert() | ast.Not(), operand=operand):
                return f"not ({self.logic(operand)})"
            case ast.Compare(left=left, ops=ops, comparators=right):
                return self._comparison([left, *right], ops)
            case ast.Call(func=ast.Attribute(value=subject, attr=method), args=arguments, keywords=words):
                return self._test(node, subject, method, arguments, words)
            case ast.Name(id=name) if not self._is_column(node) and self._depth < MAX_MASKS:
                mask = self._around.mask_called(name)
                if mask is None:
                    raise UnclearError
                self._depth += 1
                return self.logic(mask)
            case _:
                return self._column(node)

    def formula(self, node: ast.expr) -> str:
        """Column arithmetic that names at least one column."""
        if not any(self._is_column(each) for each in ast.walk(node) if isinstance(each, ast.expr)):
            raise UnclearError
        return self._value(node)

    def column_named(self, node: ast.expr) -> str:
        """The name of the column that an expression is."""
        text = self._column(node)
        return text[1:-1] if text.startswith("`") else text

    def _comparison(self, sides: Sequence[ast.expr], ops: Sequence[ast.cmpop]) -> str:
        if len(ops) == 1 and isinstance(ops[0], (ast.In, ast.NotIn)):
            word = "in" if isinstance(ops[0], ast.In) else "not in"
            return f"{self._column(sides[0])} {word} {self._members(sides[1])}"
        parts = []
        for left, op, right in zip(sides, ops, sides[1:], strict=False):
            if type(op) not in _COMPARE:
                raise UnclearError
            parts.append(f"{self._value(left)} {_COMPARE[type(op)]} {self._value(right)}")
        return parts[0] if len(parts) == 1 else " and ".join(f"({part})" for part in parts)

    def _test(
        self,
        node: ast.expr,
        subject: ast.expr,
        method: str,
        arguments: list[ast.expr],
        words: list[ast.keyword],
    ) -> str:
        if self._is_column(node):
            return self._column(node)
        column = self._value(subject)
        if method in _COMPARE_METHODS and len(arguments) == 1:
            return f"{column} {_COMPARE_METHODS[method]} {self._value(arguments[0])}"
        if method in ("between", "is_between"):
            return self._between(column, arguments, words)
        if method in ("isin", "is_in") and len(arguments) == 1:
            return f"{column} in {self._members(arguments[0])}"
        if method in ("isna", "isnull", "is_null"):
            return f"{column} is null"
        if method in ("notna", "notnull", "is_not_null"):
            return f"{column} is not null"
        raise UnclearError

    def _between(self, column: str, arguments: list[ast.expr], words: list[ast.keyword]) -> str:
        given = {word.arg: word.value for word in words if word.arg}
        low, high = (
            arguments[position] if len(arguments) > position else given.get(names[0], given.get(names[1]))
            for position, names in enumerate((("left", "lower_bound"), ("right", "upper_bound")))
        )
        inclusive = given.get("inclusive", given.get("closed", arguments[2] if len(arguments) > 2 else None))
        closed = "both" if inclusive is None else literal(inclusive)
        if low is None or high is None or closed not in ("both", "neither", "left", "right", "none"):
            raise UnclearError
        lower = ">=" if closed in ("both", "left") else ">"
        upper = "<=" if closed in ("both", "right") else "<"
        return f"({column} {lower} {self._value(low)}) and ({column} {upper} {self._value(high)})"

    def _members(self, node: ast.expr) -> str:
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return "[" + ", ".join(self._value(each) for each in node.elts) + "]"
        if isinstance(node, ast.Name):
            members = self._around.constant(self._constants.get(node.id, node.id))
            if isinstance(members, (list, tuple, set, frozenset)) and len(members) <= 1000:
                return "[" + ", ".join(_constant_text(each) for each in members) + "]"
        raise UnclearError

    def _value(self, node: ast.expr) -> str:
        if self._is_column(node):
            return self._column(node)
        match node:
            case ast.Constant(value=value):
                return _constant_text(value)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return (
                    f"-{self._value(operand)}"
                    if isinstance(operand, ast.Constant)
                    else f"0 - {self._factor(operand)}"
                )
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return f"{self._factor(left)} {_ARITHMETIC[type(op)]} {self._factor(right)}"
            case ast.Call(func=ast.Attribute(value=subject, attr=method), args=[other]) if (
                method in _ARITHMETIC_METHODS
            ):
                return f"{self._factor(subject)} {_ARITHMETIC_METHODS[method]} {self._factor(other)}"
            case ast.Call(func=ast.Attribute(attr="lit"), args=[literal]):
                return self._value(literal)
            case ast.Call(args=arguments) if arguments and all(
                isinstance(each, ast.Constant) for each in arguments
            ):
                return _constant_text(_date_of(node))
            case ast.Name(id=name):
                return _constant_text(self._around.constant(self._constants.get(name, name)))
            case _:
                raise UnclearError

    def _factor(self, node: ast.expr) -> str:
        text = self._value(node)
        return f"({text})" if isinstance(node, ast.BinOp) or text.startswith("0 - ") else text

    def _is_column(self, node: ast.expr) -> bool:
        try:
            self._column(node)
        except UnclearError:
            return False
        return True

    def _column(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name) if self._free and name not in self._constants:
                return column_text(self._names.get(name, name))
            case ast.Call(
                func=ast.Name(id="col") | ast.Attribute(attr="col"), args=[ast.Constant(value=str(name))]
            ):
                return column_text(name)
            case ast.Attribute(value=ast.Name(id="col") | ast.Attribute(attr="col"), attr=name):
                return column_text(name)
            case ast.Attribute(value=ast.Name(id=frame), attr=name) if not self._free and self._is_frame(
                frame
            ):
                return column_text(name)
            case ast.Subscript(value=ast.Name(id=frame), slice=ast.Constant(value=str(name))) if (
                self._is_frame(frame)
            ):
                return column_text(name)
            case _:
                raise UnclearError

    def _is_frame(self, name: str) -> bool:
        return name in self._frames or self._around.is_frame(name)


def literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def plain(value: object) -> object:
    """A constant of numpy or pandas as a plain one; lists and dictionaries too."""
    if isinstance(value, dict):
        return {plain(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if not isinstance(value, (str, bytes)) and hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return value.item()
    return value


def _date_of(call: ast.Call) -> date | datetime:
    """A date or time written out: `date(2013, 7, 4)`, `datetime(...)`, `Timestamp("2013-07-04")`."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    values = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    try:
        if name in ("Timestamp", "to_datetime") and len(values) == 1 and isinstance(values[0], str):
            return datetime.fromisoformat(values[0])
        if name == "date":
            return date(*values)  # type: ignore[arg-type]
        if name == "datetime":
            return datetime(*values)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        pass
    raise UnclearError


def _constant_text(value: object) -> str:
    value = plain(value)
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    if isinstance(value, (bool, int, str, bytes)) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    if isinstance(value, datetime):
        return repr(
            value.isoformat(sep=" ") if value.time().isoformat() != "00:00:00" else value.date().isoformat()
        )
    if isinstance(value, date):
        return repr(value.isoformat())
    raise UnclearError
