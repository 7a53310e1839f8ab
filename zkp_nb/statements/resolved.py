"""Predicates on the columns of a record: comparisons become atoms over integer cells.

What the types alone decide (`x >= 300` of an 8-bit x) is decided here. What is left is a tree of atoms,
each a question with a width known to everybody, joined by `All`, `Opposite` and `Complement`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from zkp_nb.errors import StatementError, TableError
from zkp_nb.statements.compare import Mask
from zkp_nb.statements.formula import And, Compare, IsIn, IsNull, Not, Or, Predicate
from zkp_nb.statements.literals import literal, value_of
from zkp_nb.statements.sources import Source, SourceColumn
from zkp_nb.table.cells import Cells, wide_from_ints

MAX_MEMBERS: Final = 12
"""Constants in one membership: the degree of its constraint allows no more."""

MAX_TERMS: Final = 200

Member: TypeAlias = int | tuple[int, int]


@dataclass(frozen=True)
class AtLeast:
    """Not null, and the cell is `threshold` or more; low < threshold <= high of the type's interval."""

    column: SourceColumn
    threshold: int


@dataclass(frozen=True)
class Within:
    """Not null, and first <= cell < last."""

    column: SourceColumn
    first: int
    last: int


@dataclass(frozen=True)
class OneOf:
    """Not null, and the cell, or (head, tail), is one of the members."""

    column: SourceColumn
    members: tuple[Member, ...]


@dataclass(frozen=True)
class IsTrue:
    """A bool, and true."""

    column: SourceColumn


@dataclass(frozen=True)
class Missing:
    """Null."""

    column: SourceColumn


Atom: TypeAlias = AtLeast | Within | OneOf | IsTrue | Missing


@dataclass(frozen=True)
class Complement:
    """Not null, and not so."""

    atom: AtLeast | OneOf | IsTrue


@dataclass(frozen=True)
class Opposite:
    """Not so."""

    term: Tree


@dataclass(frozen=True)
class All:
    """All of these, in order; nothing at all is true."""

    terms: tuple[Tree, ...]


Tree: TypeAlias = Atom | Complement | Opposite | All

TRUE: Final = All(())
FALSE: Final = Opposite(TRUE)


def resolve(predicate: Predicate, source: Source) -> Tree:
    """The tree of a predicate whose constants are literals.

    Raises:
        StatementError: a column does not exist, or its type has no such comparison.
    """
    match predicate:
        case And(terms=terms):
            return _all([resolve(term, source) for term in terms])
        case Or(terms=terms):
            return _opposite(_all([_opposite(resolve(term, source)) for term in terms]))
        case Not(term=term):
            return _opposite(resolve(term, source))
        case IsNull(column=name):
            column = source.column(name)
            return Missing(column) if column.nullable else FALSE
        case IsIn(column=name, values=values):
            return _one_of(source.column(name), values)
        case Compare(op=op, column=name, value=value):
            return _compare(source.column(name), op, value)


def literals(predicate: Predicate, source: Source) -> Predicate:
    """The predicate with each constant in the form of its column's type.

    Raises:
        StatementError: a column does not exist, a constant is of another kind, or there is too much of it.
    """
    count = 0

    def convert(term: Predicate) -> Predicate:
        nonlocal count
        count += 1
        if count > MAX_TERMS:
            raise StatementError(
                f"A predicate has at most {MAX_TERMS} terms.", todo="Filter in several steps."
            )
        match term:
            case And(terms=terms) | Or(terms=terms):
                return term.model_copy(update={"terms": tuple(map(convert, terms))})
            case Not(term=inner):
                return term.model_copy(update={"term": convert(inner)})
            case IsNull(column=name):
                source.column(name)
                return term
            case IsIn(column=name, values=values):
                type_ = source.column(name).type
                return term.model_copy(update={"values": tuple(literal(each, type_) for each in values)})
            case Compare(column=name, value=value):
                return term.model_copy(update={"value": literal(value, source.column(name).type)})

    try:
        return convert(predicate)
    except TableError as error:
        raise StatementError(error.what, why=error.why, todo=error.todo) from None


def atoms(tree: Tree) -> Iterator[Atom]:
    """The atoms of a tree from left to right, repeated as they occur."""
    match tree:
        case All(terms=terms):
            for term in terms:
                yield from atoms(term)
        case Opposite(term=term):
            yield from atoms(term)
        case Complement(atom=atom):
            yield atom
        case _:
            yield tree


def split_intervals(tree: Tree) -> Tree:
    """The same tree without `Within`."""
    match tree:
        case All(terms=terms):
            return All(tuple(split_intervals(term) for term in terms))
        case Opposite(term=term):
            return Opposite(split_intervals(term))
        case Within(column=column, first=first, last=last):
            return All((AtLeast(column, first), Complement(AtLeast(column, last))))
    return tree


def holds(tree: Tree, rows: int) -> Mask:
    """Which rows satisfy it; needs the data."""
    match tree:
        case All(terms=terms):
            result = np.ones(rows, np.bool_)
            for term in terms:
                result &= holds(term, rows)
            return result
        case Opposite(term=term):
            return ~holds(term, rows)
        case Complement(atom=atom):
            return ~holds(atom, rows) & ~_null(atom.column, rows)
        case AtLeast(column=column, threshold=threshold):
            return (_cells(column) >= threshold) & ~_null(column, rows)
        case Within(column=column, first=first, last=last):
            return (_cells(column) >= first) & (_cells(column) < last) & ~_null(column, rows)
        case IsTrue(column=column):
            return _cells(column) & ~_null(column, rows)
        case Missing(column=column):
            return _null(column, rows).copy()
        case OneOf(column=column, members=members):
            return _among(column, members) & ~_null(column, rows)


def _among(column: SourceColumn, members: tuple[Member, ...]) -> Mask:
    if not column.type.is_hashed:
        cells = _cells(column)
        return np.isin(cells, np.array(members, cells.dtype))
    heads = np.array([member[0] for member in members if isinstance(member, tuple)], np.uint64)
    found: Mask = np.isin(_cells(column), heads)
    at = np.flatnonzero(found)
    allowed = {(head, wide_from_ints([tail]).tobytes()) for head, tail in members}  # type: ignore[misc]
    tails = _cells(column, "tail")[at]
    pairs = zip(_cells(column)[at].tolist(), tails, strict=True)
    if len(at):
        found[at] = [(head, tail.tobytes()) in allowed for head, tail in pairs]
    return found


def _cells(column: SourceColumn, part: str | None = None) -> Cells:
    assert column.source.table is not None
    wanted = part or column.parts[0]
    parts = column.source.table.columns[column.number].parts
    return next(each.cells for each in parts if each.label == wanted)


def _null(column: SourceColumn, rows: int) -> Mask:
    return _cells(column, "null") if column.nullable else np.zeros(rows, np.bool_)


def _compare(column: SourceColumn, op: str, document: object) -> Tree:
    value = value_of(document, column.type)
    if op in ("==", "!="):
        return (
            _one_of(column, (document,)) if op == "==" else _complement(column, _one_of(column, (document,)))
        )
    try:
        floor, exact = column.type.floor_scalar(value)
    except TableError as error:
        raise StatementError(
            f"Column {column.name!r}: {error.what}", why=error.why, todo=error.todo
        ) from None
    if op in (">=", "<"):
        least = _at_least(column, floor if exact else floor + 1)
    else:
        least = _at_least(column, floor + 1)
    return least if op in (">=", ">") else _complement(column, least)


def _at_least(column: SourceColumn, threshold: int) -> Tree:
    low, high = interval(column)
    if threshold <= low:
        return present(column)
    if threshold > high:
        return FALSE
    return IsTrue(column) if column.type.kind == "bool" else AtLeast(column, threshold)


def _one_of(column: SourceColumn, documents: tuple[object, ...]) -> Tree:
    members: dict[Member, None] = {}
    for document in documents:
        value = value_of(document, column.type)
        if column.type.is_hashed:
            members[column.type.encode_scalar(value)] = None
            continue
        low, high = interval(column)
        cell, exact = column.type.floor_scalar(value)
        if exact and low <= cell <= high:
            members[cell] = None
    distinct = list(members)
    if column.type.kind == "bool":
        # At most two: false, true.
        tests = [IsTrue(column) if member else Complement(IsTrue(column)) for member in distinct]
        return present(column) if len(tests) == 2 else tests[0] if tests else FALSE
    groups = [distinct[at : at + MAX_MEMBERS] for at in range(0, len(distinct), MAX_MEMBERS)]
    return _opposite(_all([_opposite(OneOf(column, tuple(group))) for group in groups]))


def interval(column: SourceColumn) -> tuple[int, int]:
    """Bounds of a cell by the column's type.

    Raises:
        StatementError: the type has none of at most 64 bits.
    """
    bounds = column.type.interval()
    if bounds is None or column.type.wide:
        raise StatementError(
            f"Column {column.name!r} is {column.type.describe()}, whose cells are too wide to compare.",
            todo="Convert it to a number of at most 64 bits.",
        )
    return bounds


def present(column: SourceColumn) -> Tree:
    """Not null."""
    return Opposite(Missing(column)) if column.nullable else TRUE


def _complement(column: SourceColumn, tree: Tree) -> Tree:
    if isinstance(tree, (AtLeast, OneOf, IsTrue)):
        return Complement(tree)
    if isinstance(tree, Complement):
        return tree.atom
    return _all([present(column), _opposite(tree)])


def _opposite(tree: Tree) -> Tree:
    return tree.term if isinstance(tree, Opposite) else Opposite(tree)


def _all(terms: list[Tree]) -> Tree:
    """The conjunction: flat, without repetition, two thresholds of one column as an interval."""
    flat: dict[Tree, None] = {}
    for term in terms:
        for part in term.terms if isinstance(term, All) else (term,):
            flat[part] = None
    if FALSE in flat:
        return FALSE
    merged: list[Tree] = []
    uppers = [term for term in flat if isinstance(term, Complement) and isinstance(term.atom, AtLeast)]
    lowers = [term for term in flat if isinstance(term, AtLeast)]
    pairs: dict[AtLeast, Complement] = {}
    for lower in lowers:
        for upper in uppers:
            free = lower not in pairs and upper not in pairs.values()
            if free and _bound(upper, lower):
                pairs[lower] = upper
    for term in flat:
        if isinstance(term, AtLeast) and term in pairs:
            top = pairs[term].atom
            assert isinstance(top, AtLeast)
            merged.append(Within(term.column, term.threshold, top.threshold))
        elif term not in pairs.values():
            merged.append(term)
    return merged[0] if len(merged) == 1 else All(tuple(merged))


def _bound(upper: Complement, lower: AtLeast) -> bool:
    """Whether the two enclose an interval of one column."""
    top = upper.atom
    return isinstance(top, AtLeast) and top.column is lower.column and lower.threshold < top.threshold
