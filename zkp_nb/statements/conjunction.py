"""Several claims in one statement: all of them hold, and one receipt says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field, JsonValue

from zkp_nb.errors import StatementError
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.packing import Task
from zkp_nb.statements.statement import ROLES, Statement, parse, register

MAX_CLAIMS: Final = 32
"""Claims in one statement."""


@register
class Conjunction(Statement):
    """Every one of the claims holds.

    Its datasets are those of its claims, each once, in order of first mention. Its tasks are those of its
    claims, in order, and are packed into programs as if one claim had them; each proof's transcript absorbs the
    whole statement, so a proof cannot be taken out of it and shown as another.

    Attributes:
        claims: the documents of two or more statements, none of which is a conjunction.
    """

    kind: ClassVar[str] = "all"
    shape: ClassVar[tuple[int, int, int] | None] = None

    claims: Annotated[tuple[dict[str, JsonValue], ...], Field(min_length=2, max_length=MAX_CLAIMS)]

    @cached_property
    def parts(self) -> tuple[Statement, ...]:
        """The claims.

        Raises:
            StatementError: one cannot be read, or the datasets named are not those of the claims.
        """
        parts = tuple(parse(document) for document in self.claims)
        if any(isinstance(part, Conjunction) for part in parts):
            raise StatementError("A statement of several claims cannot hold another one.")
        if _roles(parts) != {role: getattr(self, role) for role in ROLES}:
            raise StatementError("A statement of several claims does not name the datasets of its claims.")
        return parts

    def sentence(self, names: Mapping[str, str]) -> str:
        return " ".join(part.sentence(names) for part in self.parts)

    def tasks(self, builder: Builder) -> Sequence[Task]:
        return list(chain.from_iterable(part.tasks(builder) for part in self.parts))


def conjunction(statements: Sequence[Statement]) -> Statement:
    """All of them in one statement; a single one stays as it is, and one of several claims counts as these.

    Raises:
        StatementError: there is none, or more than 32.
    """
    flat = chain.from_iterable(
        each.parts if isinstance(each, Conjunction) else (each,) for each in statements
    )
    distinct = list({statement.canonical(): statement for statement in flat}.values())
    if not distinct:
        raise StatementError("There is nothing to claim.")
    if len(distinct) == 1:
        return distinct[0]
    if len(distinct) > MAX_CLAIMS:
        raise StatementError(
            f"{len(distinct)} claims are too many for one receipt.",
            todo=f"Prove at most {MAX_CLAIMS} at a time.",
        )
    documents: list[dict[str, Any]] = [statement.document() for statement in distinct]
    return Conjunction(**_roles(distinct), claims=tuple(documents))


def _roles(statements: Sequence[Statement]) -> dict[str, tuple[str, ...]]:
    return {
        role: tuple(dict.fromkeys(chain.from_iterable(getattr(each, role) for each in statements)))
        for role in ROLES
    }
