"""What a claim is stated about: a committed table, and the tables it may have come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from zkp_nb.errors import StatementError
from zkp_nb.ledger.records import DatasetRecord
from zkp_nb.table import Table


@dataclass(frozen=True, eq=False)
class Subject:
    """A committed table with its data.

    Attributes:
        dataset_id: id of its record.
        record: the record.
        table: the data, in the cells that are committed.
        parents: tables it may have come from, the likeliest first.
        resolve: gives the subject of another frame that a claim names, such as the other part of a split.
        commit: commits a table for a proof's own use, under a name, and gives its subject; a claim too large
            for one proof needs it.
        frame: what the user gave, where it is at hand: it holds the texts of which the table has hashes.
    """

    dataset_id: str
    record: DatasetRecord
    table: Table = field(repr=False)
    parents: tuple[Subject, ...] = field(default=(), repr=False)
    resolve: Callable[[object], Subject] | None = field(default=None, repr=False)
    commit: Callable[[Table, str], Subject] | None = field(default=None, repr=False)
    frame: object = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """What its record calls it."""
        return self.record.name

    def parent(self) -> tuple[Subject, ...]:
        """The parents.

        Raises:
            StatementError: there is none, and the claim needs one.
        """
        if not self.parents:
            raise StatementError(
                f"`{self.name}` has no parent to compare it with.",
                todo="Name the committed frame that it came from.",
            )
        return self.parents
