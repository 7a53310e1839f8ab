"""What a notebook's code says about how a frame was made.

`adults = loans[loans.age >= 18]` says that `adults` is a filter of `loans`, and by which predicate. Such
a reading is a guess: it is handed to the project as a hint and counts only where the data agree. So
this module may misread code, but it never runs any: it walks the syntax tree, and of the user's
variables it looks at plain constants and at which names are frames.

Problem: one predicate has many spellings (a mask, `.query`, `.loc`, a polars expression, a mask in a
variable of its own). Solution: every spelling is written back as one, the predicate language of
`zkp_nb.statements`: column names, constants, comparisons, `and`, `or`, `not`, `in`.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from keyword import kwlist
from typing import Any, Final, Literal

MAX_STEPS: Final = 6
"""How many assignments are followed backwards from a frame."""

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


@dataclass(frozen=True)
class Hint:
    """One guess: `text` is a predicate (filter), or the formula of `column` (derive)."""

    kind: Literal["filter", "derive"]
    text: str
    column: str = ""


class _UnclearError(Exception):
    """A piece of code says nothing that a statement could say."""


def read_history(name: str, cells: Sequence[str], variables: Mapping[str, Any]) -> list[Hint]:
    """Hints about the frame called `name`, from the code that assigned it; the likeliest first.

    Args:
        name: the variable that holds the frame.
        cells: source of the executed cells, oldest first.
        variables: the user's variables; only constants are read from them.
    """
    reader = _Reader(cells, variables)
    hints: list[Hint] = []
    predicates: list[str] = []
    for found in reader.steps(name):
        if found.kind == "derive":
            hints.append(found)
            continue
        predicates.insert(0, found.text)
        text = found.text if len(predicates) == 1 else " and ".join(f"({each})" for each in predicates)
        hints.append(Hint("filter", text))
    return list(dict.fromkeys(hints))


def column_text(name: str) -> str:
    """A column's name as the predicate language writes it: plain where it can be, else in backticks."""
    return name if name.isidentifier() and name not in _RESERVED else f"`{name}`"


_RESERVED: Final = {*kwlist, "null", "NA", "nan"}


class _Reader:
    """Walks assignments backwards through the cells."""

    def __init__(self, cells: Sequence[str], variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._statements: list[ast.stmt] = []
        for cell in cells:
            try:
                self._statements += ast.parse(cell).body
            except (SyntaxError, ValueError):
                continue

    def steps(self, name: str) -> Iterator[Hint]:
        """What made `name`, newest step first."""
        end = len(self._statements)
        for _ in range(MAX_STEPS):
            changes, value, end = self._last_assignment(name, end)
            yield from changes
            if value is None:
                return
            yield from self._chain(value)
            base = _base_name(value)
            if base is None:
                return
            name = base

    def _last_assignment(self, name: str, end: int) -> tuple[list[Hint], ast.expr | None, int]:
        """Columns set on `name` before statement `end`, its last assigned value, and where that was."""
        changes: list[Hint] = []
        for position in range(end - 1, -1, -1):
            statement = self._statements[position]
            if not isinstance(statement, ast.Assign):
                continue
            for target in statement.targets:
                column = _column_target(target, name)
                if column is not None:
                    changes += self._derived(column, statement.value, set())
                value = _value_for(target, statement.value, name)
                if value is not None:
                    return changes, value, position
        return changes, None, 0

    def _chain(self, value: ast.expr) -> Iterator[Hint]:
        """The steps of a chain of indexing and calls, outermost first."""
        while True:
            if isinstance(value, ast.Subscript):
                inner, mask = value.value, value.slice
                if isinstance(inner, ast.Attribute) and inner.attr == "loc":
                    inner = inner.value
                    if isinstance(mask, ast.Tuple) and mask.elts:
                        mask = mask.elts[0]
                yield from self._filter([mask])
                value = inner
            elif isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
                yield from self._call(value.func.attr, value)
                value = value.func.value
            elif isinstance(value, ast.Attribute):
                value = value.value
            else:
                return

    def _call(self, method: str, call: ast.Call) -> Iterator[Hint]:
        if method == "query" and call.args:
            yield from self._query(call.args[0])
        elif method == "filter":
            equal: list[ast.expr] = [
                ast.Compare(ast.Name(word.arg), [ast.Eq()], [word.value])
                for word in call.keywords
                if word.arg
            ]
            yield from self._filter(call.args, equal)
        elif method in ("assign", "with_columns"):
            for word in call.keywords:
                if word.arg:
                    yield from self._derived(word.arg, word.value, set())
            for argument in call.args if method == "with_columns" else []:
                for each in argument.elts if isinstance(argument, ast.List) else [argument]:
                    if (
                        isinstance(each, ast.Call)
                        and isinstance(each.func, ast.Attribute)
                        and each.func.attr == "alias"
                        and len(each.args) == 1
                        and isinstance(name := _literal(each.args[0]), str)
                    ):
                        yield from self._derived(name, each.func.value, set())

    def _query(self, argument: ast.expr) -> Iterator[Hint]:
        text = _literal(argument)
        if not isinstance(text, str):
            return
        # pandas writes a variable as @name and an odd column name in backticks: both become plain names here.
        odd: dict[str, str] = {}

        def plain(match: re.Match[str]) -> str:
            odd[key := f"column_in_backticks_{len(odd)}"] = match.group(1)
            return key

        at = {f"variable_{name}": name for name in re.findall(r"@(\w+)", text)}
        source = re.sub(r"@(\w+)", r"variable_\1", re.sub(r"`([^`]+)`", plain, text))
        try:
            tree = ast.parse(" ".join(source.split()), mode="eval").body
            yield Hint("filter", _Writer(self, names=odd, constants=at, free=True).logic(tree))
        except (SyntaxError, _UnclearError):
            return

    def _filter(self, masks: Sequence[ast.expr], equal: Sequence[ast.expr] = ()) -> Iterator[Hint]:
        try:
            parts = [_Writer(self).logic(mask) for mask in masks]
            parts += [_Writer(self, free=True).logic(each) for each in equal]
        except _UnclearError:
            return
        if parts:
            yield Hint("filter", parts[0] if len(parts) == 1 else " and ".join(f"({part})" for part in parts))

    def _derived(self, column: str, value: ast.expr, parameters: set[str]) -> Iterator[Hint]:
        if isinstance(value, ast.Lambda):
            parameters = {argument.arg for argument in value.args.args}
            value = value.body
        try:
            yield Hint("derive", _Writer(self, frames=parameters).formula(value), column)
        except _UnclearError:
            return

    def mask_called(self, name: str) -> ast.expr | None:
        """The expression last assigned to a variable that holds a mask."""
        return self._last_assignment(name, len(self._statements))[1]

    def constant(self, name: str) -> Any:
        """A plain constant among the user's variables, or `_UnclearError`."""
        if name not in self._variables:
            raise _UnclearError
        return self._variables[name]

    def is_frame(self, name: str) -> bool:
        """Whether a variable holds a frame; one that is gone by now may have been one."""
        return name not in self._variables or hasattr(self._variables[name], "columns")


class _Writer:
    """Writes an expression of pandas or polars in the predicate language, or raises `_UnclearError`."""

    def __init__(
        self,
        reader: _Reader,
        *,
        names: Mapping[str, str] | None = None,
        constants: Mapping[str, str] | None = None,
        frames: set[str] | None = None,
        free: bool = False,
    ) -> None:
        """`names`, `constants` rename; `frames` are known to be frames; `free`: a plain name is a column."""
        self._reader = reader
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
            case ast.Name(id=name) if not self._is_column(node) and self._depth < MAX_STEPS:
                mask = self._reader.mask_called(name)
                if mask is None:
                    raise _UnclearError
                self._depth += 1
                return self.logic(mask)
            case _:
                return self._column(node)

    def formula(self, node: ast.expr) -> str:
        """Column arithmetic that names at least one column."""
        if not any(self._is_column(each) for each in ast.walk(node) if isinstance(each, ast.expr)):
            raise _UnclearError
        return self._value(node)

    def _comparison(self, sides: Sequence[ast.expr], ops: Sequence[ast.cmpop]) -> str:
        if len(ops) == 1 and isinstance(ops[0], (ast.In, ast.NotIn)):
            word = "in" if isinstance(ops[0], ast.In) else "not in"
            return f"{self._column(sides[0])} {word} {self._members(sides[1])}"
        parts = []
        for left, op, right in zip(sides, ops, sides[1:], strict=False):
            if type(op) not in _COMPARE:
                raise _UnclearError
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
        raise _UnclearError

    def _between(self, column: str, arguments: list[ast.expr], words: list[ast.keyword]) -> str:
        given = {word.arg: word.value for word in words if word.arg}
        low, high = (
            arguments[position] if len(arguments) > position else given.get(names[0], given.get(names[1]))
            for position, names in enumerate((("left", "lower_bound"), ("right", "upper_bound")))
        )
        inclusive = given.get("inclusive", given.get("closed", arguments[2] if len(arguments) > 2 else None))
        closed = "both" if inclusive is None else _literal(inclusive)
        if low is None or high is None or closed not in ("both", "neither", "left", "right", "none"):
            raise _UnclearError
        lower = ">=" if closed in ("both", "left") else ">"
        upper = "<=" if closed in ("both", "right") else "<"
        return f"({column} {lower} {self._value(low)}) and ({column} {upper} {self._value(high)})"

    def _members(self, node: ast.expr) -> str:
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return "[" + ", ".join(self._value(each) for each in node.elts) + "]"
        if isinstance(node, ast.Name):
            members = self._reader.constant(self._constants.get(node.id, node.id))
            if isinstance(members, (list, tuple, set, frozenset)) and len(members) <= 1000:
                return "[" + ", ".join(_constant_text(each) for each in members) + "]"
        raise _UnclearError

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
                return _constant_text(self._reader.constant(self._constants.get(name, name)))
            case _:
                raise _UnclearError

    def _factor(self, node: ast.expr) -> str:
        text = self._value(node)
        return f"({text})" if isinstance(node, ast.BinOp) or text.startswith("0 - ") else text

    def _is_column(self, node: ast.expr) -> bool:
        try:
            self._column(node)
        except _UnclearError:
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
                raise _UnclearError

    def _is_frame(self, name: str) -> bool:
        return name in self._frames or self._reader.is_frame(name)


def _base_name(value: ast.expr) -> str | None:
    while not isinstance(value, ast.Name):
        if isinstance(value, (ast.Subscript, ast.Attribute)):
            value = value.value
        elif isinstance(value, ast.Call):
            value = value.func
        else:
            return None
    return value.id


def _value_for(target: ast.expr, value: ast.expr, name: str) -> ast.expr | None:
    """What `name` receives in `target = value`."""
    if isinstance(target, ast.Name):
        return value if target.id == name else None
    if isinstance(target, (ast.Tuple, ast.List)):
        for position, each in enumerate(target.elts):
            if isinstance(each, ast.Name) and each.id == name:
                if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
                    return value.elts[position]
                return value
    return None


def _column_target(target: ast.expr, name: str) -> str | None:
    """The column set by `name["column"] = ...` or `name.loc[:, "column"] = ...`."""
    match target:
        case ast.Subscript(value=ast.Name(id=frame), slice=ast.Constant(value=str(column))) if frame == name:
            return column
        case ast.Subscript(
            value=ast.Attribute(value=ast.Name(id=frame), attr="loc"),
            slice=ast.Tuple(elts=[ast.Slice(lower=None, upper=None), ast.Constant(value=str(column))]),
        ) if frame == name:
            return column
    return None


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


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
    raise _UnclearError


def _constant_text(value: object) -> str:
    if not isinstance(value, (str, bytes)) and hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
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
    raise _UnclearError
