"""Makes the toy prover importable as `toy`, and gives each attack its two worlds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

if TYPE_CHECKING:
    from toy.worlds import RealWorld, SmallWorld, World


@pytest.fixture(scope="session")
def real_world() -> RealWorld:
    """BN254 and 1,024 lanes: both verifiers."""
    from toy.worlds import RealWorld

    return RealWorld()


@pytest.fixture(scope="session")
def small_world() -> SmallWorld:
    """Discrete logarithms and 4 lanes: the reference verifier's checks."""
    from toy.worlds import SmallWorld

    return SmallWorld()


@pytest.fixture(params=["small", "real"])
def world(request: pytest.FixtureRequest, small_world: SmallWorld, real_world: RealWorld) -> World:
    """Both worlds, one after the other."""
    return small_world if request.param == "small" else real_world
