"""What a notebook's code says about how a frame was made.

`adults = loans[loans.age >= 18]` says that `adults` is a filter of `loans`, and by which predicate. Such
a reading is a guess: it is handed to the project as a hint and counts only where the data agree. So
this module may misread code, but it never runs any: it walks the syntax tree, and of the user's
variables it looks at plain constants and at which names are frames.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from zkp_nb.notebook.changehints import Changes, Hint
from zkp_nb.notebook.spelling import UnclearError, Writer, literal, plain

MAX_STEPS: Final = 6
"""How many assignments are followed backwards from a frame."""


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
        if found.kind != "filter":
            hints.append(found)
            continue
        predicates.insert(0, found.text)
        text = found.text if len(predicates) == 1 else " and ".join(f"({each})" for each in predicates)
        hints.append(Hint("filter", text))
    return list(dict.fromkeys(hints))


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
            edit = _edit_in_place(statement, name)
            if edit is not None:
                changes += self._chain(edit)
            if not isinstance(statement, ast.Assign):
                continue
            for target in statement.targets:
                column = _column_target(target, name)
                if column is not None:
                    changes += self._set(column, statement.value, set())
                for mask, column in _rows_target(target, name):
                    changes += self._changes(set()).of_rows(mask, column, statement.value)
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
                    yield from self._set(word.arg, word.value, set())
            for argument in call.args if method == "with_columns" else []:
                for each in argument.elts if isinstance(argument, ast.List) else [argument]:
                    name = _output_name(each)
                    if name is not None:
                        yield from self._set(name, each, set())
        else:
            yield from self._changes(set()).of_frame(call)

    def _query(self, argument: ast.expr) -> Iterator[Hint]:
        text = literal(argument)
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
            yield Hint("filter", Writer(self, names=odd, constants=at, free=True).logic(tree))
        except (SyntaxError, UnclearError):
            return

    def _filter(self, masks: Sequence[ast.expr], equal: Sequence[ast.expr] = ()) -> Iterator[Hint]:
        try:
            parts = [Writer(self).logic(mask) for mask in masks]
            parts += [Writer(self, free=True).logic(each) for each in equal]
        except UnclearError:
            return
        if parts:
            yield Hint("filter", parts[0] if len(parts) == 1 else " and ".join(f"({part})" for part in parts))

    def _set(self, column: str, value: ast.expr, parameters: set[str]) -> Iterator[Hint]:
        """What is said about a column that gets a value."""
        if isinstance(value, ast.Lambda):
            parameters = {argument.arg for argument in value.args.args}
            value = value.body
        if (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Attribute)
            and value.func.attr == "alias"
        ):
            value = value.func.value
        try:
            yield Hint("derive", Writer(self, frames=parameters).formula(value), column)
        except UnclearError:
            yield from self._changes(parameters).of_value(column, value)

    def _changes(self, parameters: set[str]) -> Changes:
        def constant(name: str) -> Any:
            return plain(self.constant(name))

        return Changes(Writer(self, frames=parameters).column_named, constant)

    def mask_called(self, name: str) -> ast.expr | None:
        """The expression last assigned to a variable that holds a mask."""
        return self._last_assignment(name, len(self._statements))[1]

    def constant(self, name: str) -> Any:
        """A plain constant among the user's variables, or `UnclearError`."""
        if name not in self._variables:
            raise UnclearError
        return self._variables[name]

    def is_frame(self, name: str) -> bool:
        """Whether a variable holds a frame; one that is gone by now may have been one."""
        return name not in self._variables or hasattr(self._variables[name], "columns")


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


def _rows_target(target: ast.expr, name: str) -> Iterator[tuple[ast.expr, str]]:
    """Mask and column of `name.loc[mask, "column"] = ...`."""
    match target:
        case ast.Subscript(
            value=ast.Attribute(value=ast.Name(id=frame), attr="loc"),
            slice=ast.Tuple(elts=[mask, ast.Constant(value=str(column))]),
        ) if frame == name and not isinstance(mask, ast.Slice):
            yield mask, column


def _edit_in_place(statement: ast.stmt, name: str) -> ast.expr | None:
    """The call of `name.method(..., inplace=True)`."""
    match statement:
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=ast.Name(id=frame)), keywords=words) as call
        ) if frame == name and any(word.arg == "inplace" for word in words):
            return call
    return None


def _output_name(expression: ast.expr) -> str | None:
    """The column that an expression of polars gives: by `alias`, else the first one it names."""
    name: str | None = None
    while isinstance(expression, ast.Call) and isinstance(expression.func, ast.Attribute):
        if expression.func.attr in ("alias", "col") and len(expression.args) == 1:
            name = literal(expression.args[0])
            break
        expression = expression.func.value
    else:
        if isinstance(expression, ast.Call) and expression.args:  # col("x"), imported by itself
            name = literal(expression.args[0])
    return name if isinstance(name, str) else None
