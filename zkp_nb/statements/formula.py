"""Predicates and arithmetic over the columns of a row, as statements carry them.

Both are small trees with one JSON form. People write them as text (`"age >= 18 and state == 'CA'"`,
read by `reading`) or in Python (`col("age") >= 18`).

A null satisfies no comparison, not even `!=`; a comparison is true or false, so that `not x >= 5` does
hold for a null. This is what pandas does with missing numbers, `!=` excepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final
from typing import Literal as OneOf

from pydantic import Field

from zkp_nb.errors import StatementError
from zkp_nb.statements.statement import Part, quoted

Comparison = OneOf["<", "<=", ">", ">=", "==", "!="]

MIRRORED: Final[dict[Comparison, Comparison]] = {
    "<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!=",
}  # fmt: skip


class _Predicate(Part):
    """Base of predicates: `&`, `|` and `~` combine them."""

    def __and__(self, other: Predicate) -> And:
        return And(op="and", terms=(*self._terms(And), *other._terms(And)))

    def __or__(self, other: Predicate) -> Or:
        return Or(op="or", terms=(*self._terms(Or), *other._terms(Or)))

    def __invert__(self) -> Not:
        return Not(op="not", term=self)  # type: ignore[arg-type]

    def _terms(self, kind: type[And] | type[Or]) -> tuple[Predicate, ...]:
        """Its terms, where it is of that kind already."""
        return self.terms if isinstance(self, kind) else (self,)  # type: ignore[return-value]

    def __bool__(self) -> bool:
        raise StatementError(
            "A predicate is neither true nor false by itself.",
            todo="Combine predicates with &, | and ~, each in parentheses, and not with and, or, not.",
        )


class Compare(_Predicate):
    """A column compared with a constant."""

    op: Comparison
    column: str
    value: Any


class IsIn(_Predicate):
    """A column is one of some constants."""

    op: OneOf["in"]
    column: str
    values: Annotated[tuple[Any, ...], Field(min_length=1)]


class IsNull(_Predicate):
    """A column is null."""

    op: OneOf["null"]
    column: str


class And(_Predicate):
    """All terms hold."""

    op: OneOf["and"]
    terms: Annotated[tuple[Predicate, ...], Field(min_length=2)]


class Or(_Predicate):
    """At least one term holds."""

    op: OneOf["or"]
    terms: Annotated[tuple[Predicate, ...], Field(min_length=2)]


class Not(_Predicate):
    """The term does not hold."""

    op: OneOf["not"]
    term: Predicate


Predicate = Annotated[Compare | IsIn | IsNull | And | Or | Not, Field(discriminator="op")]


class Reference(Part):
    """A column in a formula."""

    op: OneOf["column"]
    name: str


class Constant(Part):
    """A number in a formula: a JSON number or decimal text."""

    op: OneOf["constant"]
    value: Any


class Arithmetic(Part):
    """Sum, difference or product of two formulas."""

    op: OneOf["+", "-", "*"]
    left: Formula
    right: Formula


Formula = Annotated[Reference | Constant | Arithmetic, Field(discriminator="op")]

for _model in (And, Or, Not, Arithmetic):
    _model.model_rebuild()


class Col:
    """A column or arithmetic of columns, in Python: compare it with a constant, add, subtract, multiply."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, formula: Reference | Constant | Arithmetic) -> None:
        self.formula = formula

    def __repr__(self) -> str:
        return formula_text(self.formula)

    def __lt__(self, value: object) -> Compare:
        return self._compare("<", value)

    def __le__(self, value: object) -> Compare:
        return self._compare("<=", value)

    def __gt__(self, value: object) -> Compare:
        return self._compare(">", value)

    def __ge__(self, value: object) -> Compare:
        return self._compare(">=", value)

    def __eq__(self, value: object) -> Compare:  # type: ignore[override]
        return self._compare("==", value)

    def __ne__(self, value: object) -> Compare:  # type: ignore[override]
        return self._compare("!=", value)

    def isin(self, values: Iterable[object]) -> IsIn:
        """The column is one of the constants."""
        given = tuple(values)
        if not given:
            raise StatementError("Membership needs at least one constant.")
        return IsIn(op="in", column=self._name(), values=given)

    def between(self, low: object, high: object) -> And:
        """low <= column <= high."""
        return (self >= low) & (self <= high)

    def is_null(self) -> IsNull:
        """The column is null."""
        return IsNull(op="null", column=self._name())

    def not_null(self) -> Not:
        """The column is not null."""
        return ~self.is_null()

    def __add__(self, other: object) -> Col:
        return self._combine("+", self, other)

    def __radd__(self, other: object) -> Col:
        return self._combine("+", other, self)

    def __sub__(self, other: object) -> Col:
        return self._combine("-", self, other)

    def __rsub__(self, other: object) -> Col:
        return self._combine("-", other, self)

    def __mul__(self, other: object) -> Col:
        return self._combine("*", self, other)

    def __rmul__(self, other: object) -> Col:
        return self._combine("*", other, self)

    def __neg__(self) -> Col:
        return self._combine("-", 0, self)

    @staticmethod
    def _combine(op: OneOf["+", "-", "*"], left: object, right: object) -> Col:
        sides = [
            side.formula if isinstance(side, Col) else Constant(op="constant", value=side)
            for side in (left, right)
        ]
        return Col(Arithmetic(op=op, left=sides[0], right=sides[1]))

    def _compare(self, op: Comparison, value: object) -> Compare:
        if isinstance(value, Col):
            raise StatementError(
                "Two columns are compared.",
                why="A predicate compares a column with a constant.",
                todo="Commit their difference as a column, and compare that with 0.",
            )
        return Compare(op=op, column=self._name(), value=value)

    def _name(self) -> str:
        if not isinstance(self.formula, Reference):
            raise StatementError(
                f"`{formula_text(self.formula)}` is compared with a constant.",
                why="A predicate compares a column with a constant.",
                todo="Commit the result as a column first.",
            )
        return self.formula.name


def col(name: str) -> Col:
    """The column of that name, to be used in a predicate or formula."""
    return Col(Reference(op="column", name=name))


def columns_of(predicate: Predicate) -> Iterator[str]:
    """Names of the columns in a predicate, repeated as they occur."""
    if isinstance(predicate, (And, Or)):
        for term in predicate.terms:
            yield from columns_of(term)
    elif isinstance(predicate, Not):
        yield from columns_of(predicate.term)
    else:
        yield predicate.column


# -- as text --------------------------------------------------------------------------------------


def predicate_text(predicate: Predicate) -> str:
    """The predicate as one would write it."""
    match predicate:
        case Compare(op=op, column=column, value=value):
            return f"{quoted(column)} {op} {value!r}"
        case IsIn(column=column, values=values):
            return f"{quoted(column)} in [{', '.join(map(repr, values))}]"
        case IsNull(column=column):
            return f"{quoted(column)} is null"
        case Not(term=IsNull(column=column)):
            return f"{quoted(column)} is not null"
        case Not(term=term):
            return f"not ({predicate_text(term)})"
        case And(terms=terms) | Or(terms=terms):
            parts = (
                f"({predicate_text(term)})" if isinstance(term, (And, Or)) else predicate_text(term)
                for term in terms
            )
            return f" {predicate.op} ".join(parts)


def formula_text(formula: Reference | Constant | Arithmetic) -> str:
    """The formula as one would write it."""
    match formula:
        case Reference(name=name):
            return quoted(name)
        case Constant(value=value):
            return str(value)
        case Arithmetic(op=op, left=left, right=right):
            sides = [formula_text(left), formula_text(right)]
            if isinstance(left, Arithmetic) and op == "*" and left.op != "*":
                sides[0] = f"({sides[0]})"
            if isinstance(right, Arithmetic) and (op == "*" or right.op != "*"):
                sides[1] = f"({sides[1]})"
            return f" {op} ".join(sides)
