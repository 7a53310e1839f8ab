"""Provers that have other cells than they should, and make the best witness they can of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from zkp_nb.statements import Statement, Subject

from .frames import Case, edited
from .model import check


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


def proves(case: Case) -> bool:
    """Whether the witness that the statement makes of its tables satisfies its programs.

    What needs no helper is looked at first, as that is fast: the table of 16-bit values is left aside.
    """
    witness = [list(aux) for aux in case.statement.witness(case.records, case.tables)]
    for program, aux in zip(case.programs, witness, strict=True):
        plain = [each for each in program.constraints if all(leaf.kind != "h" for leaf in each.leaves)]
        ranged = program.aux[-1].label == "range/multiplicity"
        small = replace(
            program,
            aux=program.aux[:-1] if ranged else program.aux,
            helpers=(),
            constraints=tuple(plain),
            sums=program.sums[:-1] if program.helpers else program.sums,
        )
        if check(small, case.tables, aux[:-1] if ranged else aux):
            return False
    return case.violations(witness) == []
