"""Provers that have other cells than they should, and make the best witness they can of them."""

from __future__ import annotations

from typing import Any

from zkp_nb.statements import Statement, Subject

from .frames import Case, edited


def forged(case: Case, *edits: tuple[Subject, str, str, int, Any]) -> list[str]:
    """What is refused where cells are edited behind everybody's back and the witness is made of them.

    Args:
        edits: subject, column, part, row, value.
    """
    tables = dict(case.tables)
    for subject, *edit in edits:
        held = Subject(subject.dataset_id, subject.record, tables[subject.dataset_id])
        tables[subject.dataset_id] = edited(held, *edit)
    return _violations(case, tables)


def claimed(case: Case, **changes: Any) -> list[str]:
    """What is refused where the statement says something else and the witness is made for that."""
    honest = case.statement
    case.statement = type(honest).model_validate(dict(honest) | changes)
    try:
        return _violations(case, case.tables)
    finally:
        case.statement = honest


def _violations(case: Case, tables: dict[str, Any]) -> list[str]:
    statement: Statement = case.statement
    witness = [list(aux) for aux in statement.witness(case.records, tables)]
    return case.violations(witness, tables)


def witness_of(case: Case) -> Subject:
    """The table that was committed for the proof alone."""
    (dataset,) = case.statement.witnesses
    return case.subjects[dataset]
