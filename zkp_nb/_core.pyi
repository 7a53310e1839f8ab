"""The native proof engine: programs and cells in, bytes out.

Programs are the JSON of docs/specification/programs.md; points and proofs are encoded as
docs/specification/encodings.md says. Nothing here knows of tables, statements or ledgers, and no
``repr`` shows a cell or a seed. The GIL is released during all work.
"""

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any, TypeAlias, final

import numpy as np
import numpy.typing as npt

Progress: TypeAlias = Callable[[int, int], None]
"""``progress(done, total)``: rising, at most ten times a second, and once at the end. An exception
raised in it stops the work within about a second; :class:`Interrupted` is raised from it."""

class Rejected(Exception):
    """A proof does not verify; the text names the check that refused it."""

class Interrupted(Exception):
    """The progress callback or Ctrl-C stopped the work; ``__cause__`` is what it raised."""

class CoreError(Exception):
    """A bad argument, a damaged set-up file, or cells that do not satisfy the program."""

@final
class Srs:
    """The prover's part of a set-up. Shared by all threads; bases of further depths are loaded or
    made when they are first needed."""

    @property
    def srs_id(self) -> bytes:
        """SHA-256 of the verification key, 32 bytes."""

    @property
    def depth(self) -> int:
        """The depth that was asked for."""

    @property
    def verification_key(self) -> bytes:
        """What a verifier needs, 1,942 bytes."""

    @staticmethod
    def dev(folder: str | PathLike[str], depth: int, progress: Progress | None = None) -> Srs:
        """The development set-up in ``folder/dev-srs``, made there on first use.

        ``depth`` is a power of two from 4 to 16384; the points for it are made where they are
        missing or damaged and kept in files (64 MB for 1024). Whoever reads the folder can forge
        proofs under this set-up.

        Raises :class:`CoreError` for another depth, a folder that cannot be written, a damaged
        trapdoor; :class:`Interrupted`.
        """

@final
class Column:
    """Cells of one column, copied and held natively."""

    def __init__(self, cells: npt.NDArray[Any]) -> None:
        """``cells``: int64, uint64, uint16 or bool of shape (n,), or uint8 of shape (n, 32): field
        elements, little-endian, below the field's order. Raises :class:`CoreError` for others."""

    @property
    def rows(self) -> int:
        """Number of cells."""

def commit(
    srs: Srs,
    depth: int,
    columns: Sequence[Column],
    labels: Sequence[bytes],
    seed: bytes,
    progress: Progress | None = None,
) -> list[bytes]:
    """Commits to the columns of a table of depth ``depth``: 32 bytes each.

    ``labels`` are those of docs/specification/encodings.md, "Blinding", all different; ``seed`` is
    32 bytes, fresh for every version of a table. Raises :class:`CoreError`, :class:`Interrupted`.
    """

def prove(
    srs: Srs,
    program: bytes,
    context: bytes,
    statement: bytes,
    part: int,
    columns: Sequence[Column],
    labels: Sequence[bytes],
    seeds: Sequence[bytes],
    aux: Sequence[Column],
    progress: Progress | None = None,
) -> bytes:
    """Proves that the columns satisfy a program: ``32 (2K + 12)`` bytes.

    ``columns``, ``labels`` and ``seeds`` (32 bytes each) belong to ``program["commitments"]``, one
    each and in its order; ``aux`` to ``program["aux"]``. ``context`` (the ledger id), ``statement``
    (canonical JSON) and ``part`` are what the proof is bound to.

    Raises :class:`CoreError` where the cells do not satisfy the program ("the statement is false
    for these cells: ..."), where they do not fit it or it is malformed; :class:`Interrupted`.
    """

def verify(
    verification_key: bytes,
    context: bytes,
    statement: bytes,
    claims: Sequence[tuple[int, bytes, Sequence[bytes], bytes]],
) -> None:
    """Verifies proofs of one statement, all of them in one product of pairings.

    ``claims``: part, program, commitments and proof of each; the commitments (32 bytes each) belong
    to ``program["commitments"]``. What is wrong is said of the first wrong proof.

    Keys are checked once and remembered. Raises :class:`Rejected` where a proof does not verify,
    :class:`CoreError` where a program or the key is malformed or commitments are missing.
    """

def kernels() -> str:
    """The path of the kernels in use, ``ifma``, ``avx2`` or ``portable``; chosen by the environment variable
    ``ZKP_NB_KERNELS``, else the fastest that this processor has."""

# -- long vectors (zkp_nb/table/vectors.py says what they do). Keys are uint64 of shape (n,); cells int64, uint64
# or bool of shape (n,), or uint8 of shape (n, 32). Contiguous, else TypeError or CoreError.

def hash_values(
    tag: bytes,
    data: npt.NDArray[np.uint8],
    offsets: npt.NDArray[Any],
    null: npt.NDArray[np.bool_] | None = None,
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8]]:
    """Two parts of SHA-256 of each value. Raises :class:`CoreError` where offsets do not lie in order within the
    data."""

def hash_rows(
    key: int, rows: int, columns: Sequence[tuple[npt.NDArray[Any] | None, int]]
) -> npt.NDArray[np.uint64]:
    """A keyed hash of each row. Raises :class:`CoreError` where a column has another number of rows."""

def argsort(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Rows in ascending order of their keys; stable."""

def surplus(left: npt.NDArray[np.uint64], right: npt.NDArray[np.uint64]) -> tuple[int, int]:
    """How many keys of each side the other lacks."""

def chosen(parent: npt.NDArray[np.uint64], child: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_] | None:
    """Which keys of the parent make up the child."""

def occurrences(keys: npt.NDArray[np.uint64], looked_up: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """How often each key is looked up."""

def known(keys: npt.NDArray[np.uint64], looked_up: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Which of those looked up are among the keys."""

def groups(
    keys: npt.NDArray[np.uint64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First rows, the group of each row, sizes."""

def group_sums(of: npt.NDArray[np.int64], groups: int, cells: npt.NDArray[Any]) -> list[int]:
    """Exact sums of each group. Raises :class:`CoreError` for cells of 32 bytes."""

def dot(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> tuple[int, int]:
    """The inner product as ``low + high 2^32``. Raises :class:`CoreError` for cells of 32 bytes."""

def scaled(cells: npt.NDArray[Any], factor: bytes) -> npt.NDArray[np.uint8]:
    """Field elements of shape (n, 32): each cell times the factor, little-endian."""

def inverses(cells: npt.NDArray[np.uint64], signed: bool, roots: Sequence[int]) -> npt.NDArray[np.uint8]:
    """Field inverses of shape (n, 32) of ``prod (x - root)``, 0 at a root."""
