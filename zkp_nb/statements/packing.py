"""Which of the things that a statement says go into one program.

A statement is a list of tasks. A task joins the program in which it fits and saves most, so that they share
operands, the table of ranges, helpers, and all that a proof costs by itself. Tasks of one program are
proven together and say no less than apart: each family has challenges of its own, and every other challenge
is drawn after all columns are fixed. The rule looks at public data alone (specification, statements: packing).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from zkp_nb.errors import StatementError
from zkp_nb.ledger.records import MAX_LEAF_BYTES
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.program import MAX_COLUMNS, Program
from zkp_nb.statements.witness import LIMB_BITS

Task: TypeAlias = Callable[[Builder], None]
"""Says one thing to a builder."""

MAX_TRIED: Final = 250_000
"""Terms of operands put together again to see whether tasks fit: a verifier is done in about two seconds."""

_TOO_MANY: Final = "This takes more proofs than one receipt holds."


class Pack:
    """The tasks of one program, and what they make of builders that differ in the bits of limbs, 16 first."""

    def __init__(self, builders: list[Builder], tasks: list[Task]) -> None:
        self.builders = builders
        self.tasks = tasks
        arrangements = [builders[0].arrangement()]
        for builder in builders[1:]:
            arrangements.append(builder.arrangement() if builder.has_ranges else arrangements[0])
        best = min(range(len(builders)), key=lambda at: (not arrangements[at].fits, arrangements[at].cost))
        self.builder, self.arrangement = builders[best], arrangements[best]

    def with_task(self, task: Task, alone: Pack) -> Pack | None:
        """The program with one more task; None where that does not fit, or costs more than both apart."""
        # Limbs of fewer bits take fewer columns where a width is a multiple of theirs, and not of 16.
        pairs = zip(self.builders, alone.builders, strict=True)
        least = min(mine.least_columns_with(its) for mine, its in pairs)
        if least > MAX_COLUMNS or not self.arrangement.fits:
            return None
        joined = Pack(_told([builder.copy() for builder in self.builders], task), [*self.tasks, task])
        return joined if joined.arrangement.fits and self.saved(alone, joined) >= 0 else None

    def program(self) -> Program:
        """Of all the tasks."""
        return self.builder.build(self.arrangement)

    def saved(self, alone: Pack, joined: Pack) -> int:
        return self.arrangement.cost + alone.arrangement.cost - joined.arrangement.cost


def _told(builders: list[Builder], task: Task) -> list[Builder]:
    """The builders, told a task."""
    first, *others = builders
    task(first)
    told = [first]
    for other in others:
        same = first.with_limbs(other.limb_bits)
        if same is None:
            task(other)
        told.append(same or other)
    return told


def packed(empty: Builder, tasks: Sequence[Task], limb_bits: Sequence[int] = (LIMB_BITS,)) -> list[Pack]:
    """The programs of some tasks.

    Args:
        limb_bits: what the limbs of ranges can have, 16 first.

    Raises:
        StatementError: there are too many for one statement.
    """
    packs: list[Pack] = []
    tried = 0
    for task in tasks:
        alone = Pack(_told([empty.other(bits) for bits in limb_bits], task), [task])
        tried += alone.builder.n_terms * len(packs)
        if tried > MAX_TRIED:
            raise StatementError(
                "So many claims about such wide tables take a verifier too long.",
                todo="Claim them in several steps.",
            )
        best: tuple[int, int, Pack] | None = None
        for at, pack in enumerate(packs if alone.arrangement.fits else ()):
            joined = pack.with_task(task, alone)
            if joined is not None and (best is None or pack.saved(alone, joined) > best[0]):
                best = pack.saved(alone, joined), at, joined
        if best is None:
            packs.append(alone)
        else:
            packs[best[1]] = best[2]
        if sum(_encoded(pack.arrangement.proof_bytes) for pack in packs) > MAX_LEAF_BYTES:
            raise StatementError(_TOO_MANY, todo="Claim it in several steps.")
    return packs


def _encoded(length: int) -> int:
    """Characters of so many bytes in base64."""
    return -(-length // 3) * 4
