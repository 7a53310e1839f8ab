"""Which of the things that a statement says go into one program.

A statement is a list of tasks. A task joins the first program in which it fits and pays, so that they share
operands, the table of 16-bit values, helpers, and all that a proof costs by itself. Tasks of one program are
proven together and say no less than apart: each family has challenges of its own, and every other challenge
is drawn after all columns are fixed. The rule looks at public data alone (specification, statements: packing).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from zkp_nb.errors import StatementError
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.program import MAX_COLUMNS

Task: TypeAlias = Callable[[Builder], None]
"""Says one thing to a builder."""

MAX_PROGRAMS: Final = 100
"""Programs of one statement: as many proofs as an entry of a log has room for, more or less."""


class _Pack:
    """The tasks of one program, and what they make of a builder."""

    def __init__(self, builder: Builder, tasks: list[Task], cost: int | None) -> None:
        self.builder = builder
        self.tasks = tasks
        self.cost = cost

    def take(self, task: Task, alone: Builder, cost: int) -> bool:
        """Takes the task in, if it fits and costs no more here than in a program of its own."""
        if self.cost is None or self.builder.least_columns + alone.own_columns > MAX_COLUMNS:
            return False
        joined = self.builder.copy()
        task(joined)
        found = joined.cost()
        if found is None or found > self.cost + cost:
            return False
        self.builder, self.cost = joined, found
        self.tasks.append(task)
        return True


def packed(empty: Builder, tasks: Sequence[Task]) -> list[tuple[Builder, list[Task]]]:
    """Builders of the programs of some tasks, each with the tasks it was told.

    Raises:
        StatementError: there are too many for one statement.
    """
    packs: list[_Pack] = []
    for task in tasks:
        alone = empty.other()
        task(alone)
        cost = alone.cost()
        if cost is not None and any(pack.take(task, alone, cost) for pack in packs):
            continue
        if len(packs) == MAX_PROGRAMS:
            raise StatementError(
                f"This takes more than {MAX_PROGRAMS} proofs, which one receipt does not hold.",
                todo="Claim it in several steps.",
            )
        packs.append(_Pack(alone, [task], cost))
    return [(pack.builder, pack.tasks) for pack in packs]
