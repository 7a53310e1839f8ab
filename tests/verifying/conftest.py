"""The toy prover of the soundness tests, and a few good proofs on the curve."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "soundness"))

if TYPE_CHECKING:
    from toy.grid import Attempt, Claim
    from toy.worlds import RealWorld, SmallWorld


@pytest.fixture(scope="session")
def real_world() -> RealWorld:
    """BN254 and 1,024 lanes."""
    from toy.worlds import RealWorld

    return RealWorld()


@pytest.fixture(scope="session")
def small_world() -> SmallWorld:
    """Discrete logarithms and 4 lanes."""
    from toy.worlds import SmallWorld

    return SmallWorld()


@pytest.fixture(scope="session")
def good(real_world: RealWorld) -> list[tuple[Claim, Attempt]]:
    """Honest proofs on the curve: a sum, a shuffle, a small table on a larger grid."""
    from toy.grid import Claim, column
    from toy.programs import column_sum, shuffle
    from toy.prover import Prover

    w, values = real_world, [3, 1, 4, 1, 5, 9]
    claims = [
        Claim(w, column_sum(w, 4, 6, 23), [column(w, 4, values)], context=b"", statement=b"{}", part=7),
        Claim(w, shuffle(w, 4, (6, 6)), [column(w, 4, values), column(w, 4, sorted(values))]),
        Claim(w, column_sum(w, 8, 6, 23, table_depth=4), [column(w, 4, values)]),
    ]
    return [(claim, Prover(claim).run()) for claim in claims]
