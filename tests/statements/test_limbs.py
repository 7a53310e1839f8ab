"""Ranges of tables too small for a table of 65,536 values: limbs of fewer bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.statements.forging import proves
from tests.statements.frames import Case, committed, edited
from zkp_nb.statements import claims
from zkp_nb.statements.ranges import limb_widths, range_depth

FRAME = pd.DataFrame({"age": [17, 31, 65, 40], "wide": [1, 2**62, -(2**63), 2**63 - 1]})


@pytest.mark.parametrize(
    ("depth", "widths"),
    [
        (4, [16, 13]),
        (16, [16, 13]),
        (32, [16, 14]),
        (64, [16, 15]),
        (128, [16]),
        (4096, [16]),
        (8192, [16, 22]),
        (16384, [16, 22]),
    ],
)
def test_limbs_have_the_bits_that_the_tables_grid_holds(depth: int, widths: list[int]) -> None:
    assert limb_widths([depth]) == widths
    for bits in widths:
        assert 1 << bits <= (range_depth(bits) - 3) * 1024


@pytest.mark.parametrize(
    ("rows", "depth", "entries"),
    [
        (4, 16, 1 << 13),
        (13_312, 16, 1 << 13),
        (13_313, 32, 1 << 14),
        (62_464, 64, 1 << 15),
        (62_465, 128, 1 << 16),
    ],
)
def test_a_grid_is_no_larger_than_its_tables(rows: int, depth: int, entries: int) -> None:
    subject = committed(pd.DataFrame({"x": np.arange(rows)}))
    (program,) = Case(claims.between("x", 0, 2**40), subject).programs
    assert program.depth == depth
    assert program.aux[-1].extent == (depth, entries)


def test_limbs_of_16_bits_where_more_would_not_fit() -> None:
    """Nine columns with limbs of 16 bits, eleven with 13: bounds of bins 2^48 wide, on either side of each value."""
    edges = [0, 2**48, 2**48 + 1]
    case = Case(claims.histogram("wide", edges), committed(FRAME.head(1)))
    assert [program.depth for program in case.programs] == [128]
    assert case.holds()


@pytest.mark.parametrize("value", [-1, 121, 1 << 13, 1 << 16, 1 << 20, -(1 << 40)])
def test_a_value_out_of_range_is_refused(value: int) -> None:
    subject = committed(FRAME)
    case = Case(claims.between("age", 0, 120), subject)
    honest, forged = case.witness(), {subject.dataset_id: edited(subject, "age", "value", 1, value)}
    assert case.violations(honest, forged) == ["sum 0"]
    # The best that a prover could do: count what it looks up.
    for cell in (value, 120 - value, value << 6, (120 - value) << 6):
        if 0 <= cell < 1 << 13:
            honest[0][-1][cell] += 1
    assert case.violations(honest, forged) == ["sum 0"]


def test_a_limb_beyond_its_table_is_refused() -> None:
    case = Case(claims.minimum("wide"), committed(FRAME))
    assert [each.extent[1] for each in case.programs[0].aux][-1] == 1 << 13
    assert case.holds()

    def cheat(aux: dict[str, list[int]]) -> None:
        # The same value, of a limb that is 2^13 too large and one above it that is 1 too small.
        limbs = [aux[f"range/0/limb/{at}"] for at in (1, 2)]
        row = next(row for row in range(4) if limbs[1][row])
        limbs[0][row] += 1 << 13
        limbs[1][row] -= 1

    assert [each for each in case.cheated(cheat) if each.startswith("sum")]


@pytest.mark.parametrize(
    "claim", [claims.between("age", 0, 120), claims.unique("wide"), claims.median("age")]
)
def test_proofs_with_narrow_limbs(claim: Any) -> None:
    case = Case(claim, committed(FRAME))
    assert case.programs[0].depth == 16
    assert proves(case)
