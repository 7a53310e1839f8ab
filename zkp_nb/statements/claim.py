"""What a claim is, and how it finds what it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from zkp_nb.errors import StatementError, StatementFalse
from zkp_nb.statements.formula import Formula, Predicate
from zkp_nb.statements.statement import Statement
from zkp_nb.statements.subject import Subject

State = Callable[[Subject], Statement]


@dataclass(frozen=True)
class Claim:
    """Something that a user claims about a frame, or about how it came from its parents.

    Attributes:
        text: the claim as one would write it.
        predicate: of a filter, for those who look for the origin of a frame.
        formulas: of calculated columns, by name, for the same.
        changes: columns that a change sets, which leaves all others as they were; for the same.
    """

    text: str
    _state: State
    predicate: Predicate | None = None
    formulas: Mapping[str, Formula] = field(default_factory=dict)
    changes: tuple[str, ...] = ()

    def state(self, subject: Subject) -> Statement:
        """The statement, with its results computed from the data.

        Raises:
            StatementFalse: the claim does not hold.
            StatementError: it cannot be made about this subject.
        """
        return self._state(subject)

    def __repr__(self) -> str:
        return self.text


def of_a_parent(state: Callable[[Subject, Subject], Statement]) -> State:
    """States something about a parent and the subject."""
    return lambda subject: first_that_holds(subject.parent(), subject, state)


def first_that_holds(
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


def call(name: str, /, *values: object, **words: object) -> str:
    """A claim as one would write it."""
    given = [repr(value) for value in values] + [f"{word}={value!r}" for word, value in words.items()]
    return f"{name}({', '.join(given)})"


def resolved(subject: Subject, frame: object) -> Subject:
    """The subject of another frame that a claim names.

    Raises:
        StatementError: nothing here knows other frames.
    """
    if subject.resolve is None:
        raise StatementError("The other frame of this claim is not known here.", todo="Commit it first.")
    return subject.resolve(frame)
