"""Least and greatest values of groups as columns of a committed table of groups.

Each row with a value is given the bound of its group, a row of the output; no value lies beyond its bound. And each row
of the output, its key with its bound, is a row of the input, its key with its value: so every bound is attained.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zkp_nb.errors import StatementError
from zkp_nb.statements.builder import Builder
from zkp_nb.statements.compare import hash_rows
from zkp_nb.statements.groups import Partition
from zkp_nb.statements.matching import active, occurrences, present
from zkp_nb.statements.resolved import interval
from zkp_nb.statements.sources import SourceColumn, common_units
from zkp_nb.statements.values import cells_of, data_of, present_of
from zkp_nb.table import vectors
from zkp_nb.table.cells import Cells, to_ints

Columns = Sequence[SourceColumn]


def check_extreme(column: SourceColumn, total: SourceColumn) -> None:
    """Raises StatementError where a column of the output cannot hold the extremes of the input's."""
    interval(column)
    interval(total)
    common_units([column, total])
    if total.nullable:
        raise StatementError(
            f"Column {total.name!r} of the output may be null, and an extreme is a value.",
            why="A group whose values are all null has none.",
            todo="Drop the nulls in a step before.",
        )


def bounded(
    builder: Builder, by: Columns, keys: Columns, column: SourceColumn, total: SourceColumn, *, lower: bool
) -> None:
    """No value lies beyond the output's for its key."""
    source, output = column.source, total.source
    units = [common_units(pair) for pair in zip([*by, column], [*keys, total], strict=True)]
    scale, (low, high) = units[-1][0], interval(column)
    bound = builder.aux(source, "group/bound", lambda: _bounds(by, keys, column, total, units[-1][1]))
    there = present(builder, [*by, column])
    value = scale * builder.column(column)
    width = (scale * (high - low)).bit_length()
    builder.nonnegative(source, value - bound if lower else bound - value, width, there)
    family = builder.family()
    (free,) = builder.powers_after(by, family.alpha, 1)
    ours = builder.fingerprint(by, family.alpha, [unit[0] for unit in units[:-1]]) + free * bound
    theirs = builder.fingerprint([*keys, total], family.alpha, [unit[1] for unit in units])
    family.left(source, ours, there)

    def counts() -> Cells:
        looked_up, known = hash_rows([by, keys])
        return occurrences(known, looked_up[active([*by, column])])

    family.among(output, theirs, "bounded", counts)


def attained(builder: Builder, by: Columns, keys: Columns, column: SourceColumn, total: SourceColumn) -> None:
    """Every value of the output is one of the input's, of a row with its key."""
    family = builder.family()
    tables = [[*keys, total], [*by, column]]
    ours, theirs = builder.fingerprints(tables, family.alpha)
    family.left(total.source, ours)
    family.among(column.source, theirs, "attained", lambda: occurrences(*reversed(hash_rows(tables))))


def _bounds(by: Columns, keys: Columns, column: SourceColumn, total: SourceColumn, scale: int) -> Cells:
    """The output's value for each row's key, in the common unit; 0 where it has none."""
    theirs, ours = hash_rows([by, keys])
    kind = np.int64 if cells_of(column).dtype == np.int64 else np.uint64
    values = cells_of(total).astype(kind) * kind(scale)
    order = vectors.argsort(ours)
    partition = Partition(theirs)
    groups = theirs[partition.first]
    at = np.searchsorted(ours[order], groups)
    at[at == len(ours)] = 0
    rows = order[at]
    found = np.where(ours[rows] == groups, values[rows], kind(0))
    cells: Cells = found[partition.of]
    return cells


def wrong_extremes(
    by: Columns, keys: Columns, column: SourceColumn, total: SourceColumn, *, lower: bool
) -> int:
    """How many values of the output are not the extremes of their groups; those without any count."""
    units = common_units([column, total])
    rows = active([*by, column])
    theirs, ours = hash_rows([by, keys])
    partition = Partition(theirs[rows])
    ends = partition.extremes(data_of(column).data[0][rows])[0 if lower else 1]
    hashes = theirs[rows][partition.first].tolist()
    wanted = dict(zip(hashes, (end * units[0] for end in ends), strict=True))
    found = zip(ours.tolist(), to_ints(data_of(total).data[0]), strict=True)
    missing = int(np.count_nonzero(~present_of(total)))
    return missing + sum(1 for key, value in found if wanted.get(key) != value * units[1])
