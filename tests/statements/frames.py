"""Committed tables for tests, with commitments that nobody opens: programs look at none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from zkp_nb.ledger.records import ColumnRecord, DatasetRecord
from zkp_nb.statements import Claim, Program, Statement, Subject, parse
from zkp_nb.table import Column, Table, from_frame, to_ints
from zkp_nb.table.cells import wide_from_ints

from . import model


def committed(
    frame: Any, name: str = "table", parents: Sequence[Subject] = (), aligned: bool = True, **declared: Any
) -> Subject:
    """A subject of a frame; its columns take the types of its first parent where they can."""
    table = frame if isinstance(frame, Table) else from_frame(frame, **declared)
    if parents and aligned:
        table = table.aligned(parents[0].table.types())
    depth = 4
    while (depth - 3) * 1024 < table.n_rows:
        depth *= 2
    record = DatasetRecord(
        name=name,
        n_rows=table.n_rows,
        depth=depth,
        srs_id="00" * 32,
        columns=tuple(
            ColumnRecord(
                name=column.name,
                type=column.type.to_json(),
                nullable=column.nullable,
                commitments={
                    part.label: hashlib.sha256(part.cells.tobytes() + name.encode()).hexdigest()
                    for part in column.parts
                },
            )
            for column in table.columns
        ),
        created="2026-01-01T00:00:00Z",
    )
    return Subject(record.id, record, table, parents=tuple(parents))


class Case:
    """A statement with everything that is needed to check it.

    Attributes:
        vacant: tables hold nothing beyond their rows, as honest ones do.
    """

    vacant = False

    def __init__(self, claim: Claim, subject: Subject, *others: Subject) -> None:
        self.subjects = {each.dataset_id: each for each in (subject, *subject.parents, *others)}
        by_table = {id(each): each for each in others}

        def commit(table: Table, name: str) -> Subject:
            made = committed(table, name)
            self.subjects[made.dataset_id] = made
            return made

        self.statement: Statement = claim.state(
            replace(subject, commit=commit, resolve=lambda frame: by_table[id(frame)])
        )
        self.records = {name: each.record for name, each in self.subjects.items()}
        self.tables = {name: each.table for name, each in self.subjects.items()}
        assert parse(self.statement.document()) == self.statement

    @property
    def programs(self) -> tuple[Program, ...]:
        return self.statement.programs(self.records)

    @property
    def sizes(self) -> list[int]:
        return [program.proof_bytes for program in self.programs]

    @property
    def sentence(self) -> str:
        return self.statement.sentence({name: each.name for name, each in self.subjects.items()})

    def witness(self) -> list[list[Any]]:
        return [list(aux) for aux in self.statement.witness(self.records, self.tables)]

    def holds(self) -> bool:
        """Whether the honest witness satisfies every program."""
        return self.violations(self.witness()) == []

    def violations(
        self, witness: Sequence[Sequence[Any]], tables: dict[str, Table] | None = None
    ) -> list[str]:
        found = []
        for program, aux in zip(self.programs, witness, strict=True):
            found += model.check(program, {**self.tables, **(tables or {})}, aux, vacant=self.vacant)
        return found

    def cheated(self, change: Callable[[dict[str, list[int]]], None], part: int = 0) -> list[str]:
        """What a program refuses when the prover has changed its aux columns, given by label."""
        program, aux = self.programs[part], self.witness()[part]
        columns = {
            each.label: model._ints(np.asarray(cells)) for each, cells in zip(program.aux, aux, strict=True)
        }
        change(columns)
        return model.check(
            program, self.tables, [columns[each.label] for each in program.aux], vacant=self.vacant
        )


def edited(subject: Subject, column: str, part: str, row: int, value: Any) -> Table:
    """The table with one cell changed behind the back of everything that checks tables."""
    columns = []
    for each in subject.table.columns:
        parts = []
        for old in each.parts:
            cells = old.cells.copy()
            if each.name == column and old.label == part:
                if isinstance(value, int) and not isinstance(value, bool) and cells.dtype == np.bool_:
                    cells = cells.astype(np.int64)
                if isinstance(value, int) and (cells.ndim == 2 or abs(value) >= 2**63):
                    cells, value = wide_from_ints(to_ints(cells)), wide_from_ints([value])[0]
                cells[row] = value
            parts.append(type(old)(old.label, cells))
        columns.append(Column(each.name, each.type, each.nullable, tuple(parts)))
    return Table(subject.table.n_rows, tuple(columns))
