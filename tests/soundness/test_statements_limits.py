"""What statements do not prove by themselves, and what closes the gap: both sides of "What rests on the committer"."""

from __future__ import annotations

import pandas as pd

from zkp_nb.statements import claims
from zkp_nb.statements.rewriting import Cast
from zkp_nb.table import Column, Part, Table
from zkp_nb.table.cells import wide_from_ints

from ..statements.frames import Case, committed
from ..statements.model import R, check


def with_cells(table: Table, part: str, cells: list[int]) -> Table:
    """The table of one column with other cells, which its type need not hold."""
    (column,) = table.columns
    parts = tuple(
        Part(each.label, wide_from_ints(cells)) if each.label == part else each for each in column.parts
    )
    return Table(table.n_rows, (Column(column.name, column.type, column.nullable, parts),))


def test_a_cast_of_a_fraction_to_a_whole_number_and_conforms() -> None:
    """2.5 as int64 is the cell 25/10 modulo r."""
    source = committed(pd.DataFrame({"d": [1.0, 2.5]}), "source", scales={"d": 1})
    output = committed(pd.DataFrame({"d": [1, 2]}), "output")
    statement = Cast(
        inputs=(source.dataset_id,),
        outputs=(output.dataset_id,),
        columns=("d",),
        types=(("decimal(1)", output.table.columns[0].type.describe()),),
    )
    forged = with_cells(output.table, "value", [1, 25 * pow(10, -1, R)])
    (program,) = statement.programs({each.dataset_id: each.record for each in (source, output)})
    assert check(program, {source.dataset_id: source.table, output.dataset_id: forged}, []) == []
    assert check(program, {source.dataset_id: source.table, output.dataset_id: output.table}, []) != []

    form = Case(claims.conforms(), output)
    assert form.violations(form.witness(), {output.dataset_id: forged}) != []


def test_null_flags_that_shift_a_count_and_conforms() -> None:
    """Companions of 5 and -3 add up to the 2 nulls that the sentence counts."""
    subject = committed(pd.DataFrame({"n": pd.array([None, None, 7], "Int64")}))
    forged = with_cells(subject.table, "null", [5, -3, 0])
    counted, form = Case(claims.nulls("n"), subject), Case(claims.conforms(), subject)
    assert counted.violations(counted.witness(), {subject.dataset_id: forged}) == []
    assert form.violations(form.witness(), {subject.dataset_id: forged}) != []


def test_values_behind_nulls_that_a_sum_adds_up_and_conforms() -> None:
    subject = committed(pd.DataFrame({"n": pd.array([None, 3, 4], "Int64")}))
    forged = with_cells(subject.table, "value", [100, 3, -96])
    summed, form = Case(claims.sum("n"), subject), Case(claims.conforms(), subject)
    assert summed.violations(summed.witness(), {subject.dataset_id: forged}) == []
    assert form.violations(form.witness(), {subject.dataset_id: forged}) != []
