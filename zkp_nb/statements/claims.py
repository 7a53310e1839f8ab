"""What a user writes: claims, by the names of everyday work.

    df.zkp.prove(zkp.mean("income"))
    adults.zkp.prove(zkp.filter("age >= 18"))

A claim looks at data only when it is stated about a subject: `claim.state(subject)` computes results,
checks that the claim holds, and gives the statement that can be proven.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements import bounds, facts, filters, reading, rows
from zkp_nb.statements import derive as derived
from zkp_nb.statements import formula as trees
from zkp_nb.statements.formula import Col, Formula, Predicate
from zkp_nb.statements.statement import Statement
from zkp_nb.statements.subject import Subject

State = Callable[[Subject], Statement]

__all__ = [
    "between",
    "derive",
    "filter",
    "mean",
    "nulls",
    "rows_of",
    "same_rows",
    "select",
    "split",
    "std",
    "sum",
    "variance",
]
"""What the package offers as `zkp_nb.<name>`: every claim."""


@dataclass(frozen=True)
class Claim:
    """Something that a user claims about a frame, or about how it came from its parents.

    Attributes:
        text: the claim as one would write it.
        predicate: of a filter, for those who look for the origin of a frame.
        formulas: of calculated columns, by name, for the same.
    """

    text: str
    _state: State
    predicate: Predicate | None = None
    formulas: Mapping[str, Formula] = field(default_factory=dict)

    def state(self, subject: Subject) -> Statement:
        """The statement, with its results computed from the data.

        Raises:
            StatementFalse: the claim does not hold.
            StatementError: it cannot be made about this subject.
        """
        return self._state(subject)

    def __repr__(self) -> str:
        return self.text


def sum(*columns: str) -> Claim:
    """The sums of columns of numbers, exactly; nulls count as nothing."""
    return Claim(_call("sum", *columns), lambda subject: facts.state_sums(subject, columns))


def mean(*columns: str) -> Claim:
    """The means of columns of numbers over the values that are not null, as exact sums and counts."""
    return Claim(_call("mean", *columns), lambda subject: facts.state_means(subject, columns))


def variance(*columns: str, ddof: int = 1) -> Claim:
    """The variances of columns of numbers: of a sample with ddof=1, of a population with ddof=0."""
    text = _call("variance", *columns, ddof=ddof)
    return Claim(text, lambda subject: facts.state_variances(subject, columns, ddof, "variance"))


def std(*columns: str, ddof: int = 1) -> Claim:
    """The standard deviations of columns of numbers; what is proven is exact, the root is for people."""
    text = _call("std", *columns, ddof=ddof)
    return Claim(text, lambda subject: facts.state_variances(subject, columns, ddof, "standard deviation"))


def nulls(*columns: str) -> Claim:
    """How many nulls the columns hold; of every column where none is named."""
    return Claim(_call("nulls", *columns), lambda subject: facts.state_nulls(subject, columns))


def between(column: str, low: object = None, high: object = None) -> Claim:
    """Every value of the column that is not null lies between two constants, both included."""
    return Claim(
        _call("between", column, low, high), lambda subject: bounds.state_between(subject, column, low, high)
    )


def same_rows() -> Claim:
    """The frame has exactly the rows of its parent, in any order."""
    return Claim("same_rows()", _of_a_parent(rows.state_same_rows))


def rows_of() -> Claim:
    """Every row of the frame is a row of its parent, used at most once; nothing is said about which."""
    return Claim("rows_of()", _of_a_parent(rows.state_rows_of))


def filter(predicate: str | Predicate) -> Claim:
    """The frame is exactly the rows of its parent that satisfy the predicate, in any order.

    Args:
        predicate: text such as `"18 <= age < 65 and state in ['CA', 'NY']"`, or built with `col`.
    """
    read = reading.read_predicate(predicate) if isinstance(predicate, str) else predicate
    text = predicate if isinstance(predicate, str) else trees.predicate_text(predicate)
    state = _of_a_parent(lambda parent, child: filters.state_filter(parent, child, read))
    return Claim(_call("filter", text), state, predicate=read)


def derive(column: str | None = None, formula: str | Col | None = None, /, **formulas: str | Col) -> Claim:
    """The frame has the rows of its parent in the same order, with columns calculated, renamed or left out.

    Args:
        column, formula: one column and its formula; for names that are no Python names.
        formulas: by column, text such as `"price * quantity - 2.5"` or built with `col`; a column's name
            alone renames. Columns that are not mentioned are the parent's of the same name.
    """
    if (column is None) != (formula is None):
        raise StatementError(
            "A calculated column needs a name and a formula.", todo='Write derive(total="a + b").'
        )
    given = {} if column is None or formula is None else {column: formula}
    read = {name: _formula(each) for name, each in (given | formulas).items()}
    texts = {name: trees.formula_text(each) for name, each in read.items()}
    text = _call("derive", **texts) if all(map(str.isidentifier, texts)) else f"derive(**{texts!r})"
    return Claim(
        text, _of_a_parent(lambda parent, child: derived.state_derive(parent, child, read)), formulas=read
    )


def select() -> Claim:
    """The frame has the rows of its parent in the same order, and some of its columns."""
    return Claim("select()", _of_a_parent(lambda parent, child: derived.state_derive(parent, child, {})))


def split(*others: object) -> Claim:
    """Each row of the parent is in exactly one of this frame and the others.

    Args:
        others: the other parts, 1 to 5 frames or datasets.
    """

    def state(subject: Subject) -> Statement:
        if subject.resolve is None:
            raise StatementError(
                "The other parts of the split are not known here.", todo="Commit them first."
            )
        parts = [subject, *map(subject.resolve, others)]
        names = {part.dataset_id for part in parts}
        parents = [parent for parent in subject.parent() if parent.dataset_id not in names]
        return _first(parents, subject, lambda parent, _: rows.state_split(parent, parts))

    return Claim(f"split(<{len(others)} other frames>)", state)


def _formula(given: str | Col) -> Formula:
    return given.formula if isinstance(given, Col) else reading.read_formula(given)


def _of_a_parent(state: Callable[[Subject, Subject], Statement]) -> State:
    return lambda subject: _first(subject.parent(), subject, state)


def _first(
    parents: Sequence[Subject], subject: Subject, state: Callable[[Subject, Subject], Statement]
) -> Statement:
    """The statement about the first parent of which it holds; the first complaint where there is none."""
    complaint: StatementError | None = None
    for parent in parents:
        try:
            return state(parent, subject)
        except StatementError as error:
            if complaint is None or (
                isinstance(error, StatementFalse) and not isinstance(complaint, StatementFalse)
            ):
                complaint = error
    raise complaint or StatementError(
        f"`{subject.name}` has no parent to compare it with.",
        todo="Name the committed frame that it came from.",
    )


def _call(name: str, *values: object, **words: object) -> str:
    given = [repr(value) for value in values] + [f"{word}={value!r}" for word, value in words.items()]
    return f"{name}({', '.join(given)})"
