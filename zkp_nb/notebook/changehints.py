"""What code says about a column that is set from itself or by another one, with constants.

Filling nulls, clipping, dictionaries, bins, flags, and the same by `.loc`. Guesses, like all hints: see
hints.py. Which column a piece of code names is decided by `spelling.Writer`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from zkp_nb.notebook.spelling import UnclearError, literal

Kind = Literal[
    "filter", "derive", "fill", "clip", "replace", "cut", "unique", "round", "floor", "rest", "order"
]

MAX_VALUES: Final = 12
"""Pairs of a dictionary, or bins, that a statement can hold."""

_FREE: Final = ("astype", "cast", "copy", "alias", "rename")
"""Methods that leave values alone, or are checked against the data anyway."""

_ORDER: Final = {"shift": "lag", "diff": "difference", "cumsum": "running_sum", "cum_sum": "running_sum"}

_MIRRORED: Final = {">": "<", "<": ">", ">=": "<=", "<=": ">="}


@dataclass(frozen=True)
class Hint:
    """One guess.

    Attributes:
        kind: of the statement.
        text: the predicate (filter), the formula (derive), the column that is cut, divided or looked at in
            order, "keep" or "null" for values that are in no dictionary (replace).
        column: the column that is set; empty for a filter, and for a fill of every column.
        values: the constant (fill), both bounds (clip), pairs (replace), columns that tell duplicates apart
            (unique), digits (round), the divisor (floor, rest), claim and argument (order), or edges, labels and
            whether bins hold their upper edge (cut); an edge None is the end of what the column's type can hold.
    """

    kind: Kind
    text: str
    column: str = ""
    values: tuple[Any, ...] = ()


class Changes:
    """Reads changes; `column` names the column that an expression is, or raises `UnclearError`."""

    def __init__(self, column: Callable[[ast.expr], str], constant: Callable[[str], Any]) -> None:
        self._column = column
        self._constant = constant

    def of_value(self, name: str, value: ast.expr) -> Iterator[Hint]:
        """What `frame[name] = value` says."""
        try:
            yield from self._value(name, value)
        except UnclearError:
            return

    def of_frame(self, call: ast.Call) -> Iterator[Hint]:
        """What `frame.method(...)` says."""
        assert isinstance(call.func, ast.Attribute)
        try:
            match call.func.attr, call.args:
                case (("fillna" | "fill_null"), [given]):
                    values = self._plain(given)
                    if isinstance(values, dict):
                        yield from (Hint("fill", "", str(name), (value,)) for name, value in values.items())
                    elif values is not None:
                        yield Hint("fill", "", "", (values,))
                case "replace", [given]:
                    values = self._plain(given)
                    if isinstance(values, dict):
                        for name, pairs in values.items():
                            if isinstance(pairs, dict):
                                yield _replace(str(name), pairs, "keep")
                case "round", [given]:
                    digits = self._plain(given)
                    if isinstance(digits, dict):
                        yield from (Hint("round", "", str(name), (each,)) for name, each in digits.items())
                case (("drop_duplicates" | "unique"), given):
                    words = _keywords(call)
                    named = given[0] if given else words.get("subset")
                    names = [] if named is None else self._plain(named)
                    yield Hint("unique", "", "", tuple([names] if isinstance(names, str) else names or ()))
        except UnclearError:
            return

    def of_rows(self, mask: ast.expr, name: str, value: ast.expr) -> Iterator[Hint]:
        """What `frame.loc[mask, name] = value` says: nulls filled, or values cut off at a bound."""
        try:
            constant = self._plain(value)
            match mask:
                case ast.Call(func=ast.Attribute(value=subject, attr="isna" | "isnull")):
                    if self._column(subject) == name:
                        yield Hint("fill", "", name, (constant,))
                case _:
                    column, op, bound = self._comparison(mask)
                    if column == name and bound == constant:
                        yield Hint("clip", "", name, (None, bound) if op in (">", ">=") else (bound, None))
        except UnclearError:
            return

    def _value(self, name: str, value: ast.expr) -> Iterator[Hint]:
        match value:
            case ast.BinOp(left=left, op=ast.FloorDiv(), right=right):
                yield Hint("floor", self._column(left), name, (self._plain(right),))
            case ast.BinOp(left=left, op=ast.Mod(), right=right):
                yield Hint("rest", self._column(left), name, (self._plain(right),))
            case ast.Call(func=ast.Attribute(value=inner, attr=method)) if method in _FREE:
                yield from self._value(name, inner)
            case ast.Call(func=ast.Attribute(attr="cut") | ast.Name(id="cut"), args=[subject, edges, *_]):
                yield self._cut(name, subject, self._plain(edges), _keywords(value))
            case ast.Call(func=ast.Attribute(attr="where"), args=[test, yes, no]):
                yield self._flag(name, test, self._plain(yes), self._plain(no))
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Call(
                        func=ast.Attribute(
                            value=ast.Call(func=ast.Attribute(attr="when"), args=[test]), attr="then"
                        ),
                        args=[yes],
                    ),
                    attr="otherwise",
                ),
                args=[no],
            ):
                yield self._flag(name, test, self._plain(yes), self._plain(no))
            case (
                ast.Call(
                    func=ast.Attribute(
                        value=ast.Call(func=ast.Attribute(value=subject, attr="rolling"), args=[window]),
                        attr="sum",
                    ),
                    args=[],
                )
                | ast.Call(func=ast.Attribute(value=subject, attr="rolling_sum"), args=[window])
            ):
                yield Hint("order", self._column(subject), name, ("rolling_sum", self._plain(window)))
            case ast.Call(func=ast.Attribute(value=subject, attr=method), args=arguments) if method in _ORDER:
                # The rows above: pandas and polars agree on these names, but for cumsum and cum_sum.
                given = tuple(self._plain(each) for each in arguments[:1])
                yield Hint("order", self._column(subject), name, (_ORDER[method], *given))
            case ast.Call(func=ast.Attribute(value=subject, attr=method), args=arguments):
                if self._column(subject) == name:
                    yield from self._same_column(name, method, arguments, _keywords(value))
            case ast.Compare():
                yield self._flag(name, value, True, False)

    def _same_column(
        self, name: str, method: str, arguments: Sequence[ast.expr], words: dict[str, ast.expr]
    ) -> Iterator[Hint]:
        given = [self._plain(each) for each in arguments]
        match method, given:
            case (("fillna" | "fill_null"), [constant]) if constant is not None:
                yield Hint("fill", "", name, (constant,))
            case "clip", _:
                ends = [*given, None, None][:2]
                for at, keys in enumerate((("lower", "lower_bound"), ("upper", "upper_bound"))):
                    ends[at] = next((self._plain(words[key]) for key in keys if key in words), ends[at])
                yield Hint("clip", "", name, tuple(ends))
            case (("map" | "replace_strict"), [dict() as pairs, *_]):
                yield _replace(name, pairs, "null")
            case "replace", [dict() as pairs]:
                yield _replace(name, pairs, "keep")
            case "round", _:
                digits = given[0] if given else self._plain(words["decimals"]) if "decimals" in words else 0
                yield Hint("round", "", name, (digits,))
            case "replace", [old, new]:
                yield _replace(name, {old: new}, "keep")

    def _cut(self, name: str, subject: ast.expr, edges: Any, words: dict[str, ast.expr]) -> Hint:
        labels = self._plain(words["labels"]) if "labels" in words else None
        right = self._plain(words["right"]) if "right" in words else True
        if not isinstance(edges, (list, tuple)) or not isinstance(labels, (list, tuple)):
            raise UnclearError
        # An infinite edge is the end of what the column can hold.
        ends = tuple(
            None if isinstance(each, float) and abs(each) == float("inf") else each for each in edges
        )
        return Hint("cut", self._column(subject), name, (ends, tuple(labels), bool(right)))

    def _flag(self, name: str, test: ast.expr, yes: object, no: object) -> Hint:
        """One value where a comparison holds, another one where it does not: two bins."""
        column, op, bound = self._comparison(test)
        labels = (no, yes) if op in (">", ">=") else (yes, no)
        return Hint("cut", column, name, ((None, bound, None), labels, op in (">", "<=")))

    def _comparison(self, test: ast.expr) -> tuple[str, str, Any]:
        """The column, the order and the constant of a comparison."""
        match test:
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _ORDERS:
                order = _ORDERS[type(op)]
                try:
                    return self._column(left), order, self._plain(right)
                except UnclearError:
                    return self._column(right), _MIRRORED[order], self._plain(left)
        raise UnclearError

    def _plain(self, node: ast.expr) -> Any:
        """A constant, a list or a dictionary of constants, also one in a variable."""
        match node:
            case ast.Name(id=name):
                found = self._constant(name)
            case ast.Attribute(attr="inf"):
                return float("inf")
            case ast.UnaryOp(op=ast.USub(), operand=ast.Attribute(attr="inf")):
                return -float("inf")
            case ast.Call(func=ast.Attribute(attr="lit"), args=[inner]):
                return self._plain(inner)
            case ast.List(elts=members) | ast.Tuple(elts=members):
                return [self._plain(each) for each in members]
            case ast.Constant(value=None):
                return None
            case _:
                found = literal(node)
                if found is None:
                    raise UnclearError
        if not isinstance(found, (bool, int, float, str, date, list, tuple, dict)):
            raise UnclearError
        return found


_ORDERS: Final[dict[type[ast.cmpop], str]] = {ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<="}


def _keywords(call: ast.expr) -> dict[str, ast.expr]:
    assert isinstance(call, ast.Call)
    return {word.arg: word.value for word in call.keywords if word.arg}


def _replace(name: str, pairs: dict[Any, Any], others: str) -> Hint:
    if not 1 <= len(pairs) <= MAX_VALUES:
        raise UnclearError
    return Hint("replace", others, name, tuple(pairs.items()))
