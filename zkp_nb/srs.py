"""Set-ups: where they are kept and how far each is trusted.

The origin of a set-up is decided here, by a list that ships with the verifier and is keyed by
`srs_id`; a proof, a record or a receipt cannot assert it (specification, section 2).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import platformdirs

from zkp_nb.errors import ProvingInterrupted, SetupError

if TYPE_CHECKING:
    from zkp_nb._core import Srs

LANES: Final = 1024
"""Lanes of a grid, `B`: a constant of the protocol version."""

BLINDING: Final = 3
"""Blinding positions of a lane."""

MIN_DEPTH: Final = 4
"""Smallest depth `A` of a grid."""

MAX_DEPTH: Final = 16_384
"""Largest depth `A` of a grid."""

MAX_ROWS: Final = (MAX_DEPTH - BLINDING) * LANES
"""Most rows of a table: 16,774,144."""

Origin = Literal["dev", "ceremony", "ptau"]

KNOWN_ORIGINS: Final[dict[str, Origin]] = {}
"""Set-ups whose making this version's authors have checked, by `srs_id` in hex. None exists yet."""


def origin(srs_id: str) -> Origin:
    """How far a set-up is to be trusted; one that is not on the list is `dev`: its maker could forge."""
    return KNOWN_ORIGINS.get(srs_id, "dev")


def table_depth(n_rows: int) -> int:
    """The depth of a new table of `n_rows` rows: the smallest power of two that holds them.

    Raises:
        SetupError: the table has more than `MAX_ROWS` rows.
    """
    depth = MIN_DEPTH
    while (depth - BLINDING) * LANES < n_rows:
        depth *= 2
    if depth > MAX_DEPTH:
        raise SetupError(
            f"A table of {n_rows:,} rows is larger than the largest grid.",
            why=f"A set-up of this version holds {MAX_ROWS:,} rows.",
            todo="Commit it in parts.",
        )
    return depth


def srs_id_of(verification_key: bytes) -> str:
    """`srs_id` in hex: the SHA-256 of a verification key's encoding."""
    return hashlib.sha256(verification_key).hexdigest()


def cache_folder() -> Path:
    """Where set-ups are kept: `$ZKP_NB_CACHE`, else the user's cache folder."""
    chosen = os.environ.get("ZKP_NB_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("zkp-nb"))


def development_srs(depth: int, progress: Callable[[int, int], None] | None = None) -> Srs:
    """The user's own development set-up, made or extended to `depth` where need be.

    Raises:
        SetupError: it cannot be made, read or written.
        ProvingInterrupted: it was stopped; what was finished is kept.
    """
    from zkp_nb import _core

    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _core.Srs.dev(str(folder), depth, progress)
    except _core.Interrupted as error:
        raise ProvingInterrupted("Making the set-up was stopped.", todo="Run it again to go on.") from error
    except (_core.CoreError, OSError) as error:
        raise SetupError(
            "The development set-up cannot be used.",
            why=str(error),
            todo=f"See that {folder} can be written and has room, or name another folder in ZKP_NB_CACHE.",
        ) from error
