"""Openings of commitments, and which frames are known, in one SQLite file of the project folder.

A commitment hides a table because its blinding is drawn from a 32-byte seed. The seed and the table
together open it; the seed is kept here and nowhere else. Whoever has a seed can test guesses
about the table against its public commitments, so the file is readable by its owner alone and git is
told to leave it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from zkp_nb._sqlite import BUSY_TIMEOUT, Database, Schema
from zkp_nb.errors import VaultError

SEED_SIZE: Final = 32
"""Bytes of the seed of a commitment's randomness."""

_SCHEMA: Final = Schema(
    label="vault",
    application_id=0x7A6B7076,  # "zkpv"
    version=1,
    script="""
        CREATE TABLE openings (
            dataset TEXT PRIMARY KEY,
            seed BLOB NOT NULL,
            digest BLOB NOT NULL,
            name TEXT NOT NULL,
            path TEXT,
            added TEXT NOT NULL
        );
        CREATE INDEX openings_by_digest ON openings (digest);
        CREATE TABLE parents (dataset TEXT NOT NULL, place INTEGER NOT NULL, parent TEXT NOT NULL,
                              PRIMARY KEY (dataset, place));
    """,
    error=VaultError,
)


class Vault:
    """The owner's secrets of one project. Safe to use from several threads and processes at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, path: str | Path, *, busy_timeout: float = BUSY_TIMEOUT) -> Vault:
        """Open the vault in this file, or make a new one for the owner alone.

        Args:
            path: the file, `.zkp/vault.sqlite` in a project.
            busy_timeout: seconds to wait for other processes.

        Raises:
            VaultError: the file cannot be made or opened, is damaged, or is something else.
        """
        database = Database(Path(path), _SCHEMA, busy_timeout)
        database.connect()
        return cls(database)

    def __repr__(self) -> str:
        return f"Vault({str(self._database.path)!r})"

    def close(self) -> None:
        """Release the file."""
        self._database.close()

    def put_opening(
        self,
        dataset_id: str,
        seed: bytes,
        digest: bytes,
        name: str,
        *,
        path: str | None = None,
        parents: Iterable[str] = (),
    ) -> None:
        """Keep how a dataset was committed, durably before this returns.

        Args:
            dataset_id: id of its record.
            seed: seed of the commitment's randomness, 32 bytes.
            digest: content digest of the frame, by which it is found again.
            name: what the owner calls it.
            path: where the data lies, if it is a file.
            parents: ids of the datasets that it was made from.

        Raises:
            VaultError: the seed has a wrong length, another seed is kept for this dataset already, or the
                file cannot be written.
        """
        if len(seed) != SEED_SIZE:
            raise VaultError(f"The seed of an opening has {SEED_SIZE} bytes; this one has {len(seed)}.")
        with self._database.writing() as connection:
            row = connection.execute("SELECT seed FROM openings WHERE dataset = ?", (dataset_id,)).fetchone()
            if row is not None and row[0] != seed:
                raise VaultError(
                    f"The vault keeps another opening of dataset {dataset_id[:12]} already.",
                    why="One record can have only one; to replace it would lose the commitment.",
                )
            added = datetime.now(UTC).isoformat(timespec="seconds")
            connection.execute(
                "INSERT INTO openings VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (dataset) DO UPDATE"
                " SET digest = excluded.digest, name = excluded.name, path = coalesce(excluded.path, path)",
                (dataset_id, seed, digest, name, path, added),
            )
            for place, parent in enumerate(parents):
                row = (dataset_id, place, parent)
                connection.execute("INSERT OR REPLACE INTO parents VALUES (?, ?, ?)", row)

    def opening(self, dataset_id: str) -> bytes | None:
        """The seed of a dataset's commitment, 32 bytes; None where the vault does not have it."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT seed FROM openings WHERE dataset = ?", (dataset_id,)).fetchone()
        if row is None:
            return None
        (seed,) = row
        if not isinstance(seed, bytes) or len(seed) != SEED_SIZE:
            raise VaultError(f"The vault's opening of dataset {dataset_id[:12]} is damaged.")
        return seed

    def datasets_of(self, digest: bytes) -> list[str]:
        """Ids of the datasets committed from a frame with this content, in the order they came."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT dataset FROM openings WHERE digest = ? ORDER BY rowid", (digest,)
            ).fetchall()
        return [dataset for (dataset,) in rows]

    def location(self, dataset_id: str) -> str | None:
        """Where the data of a dataset lies; None where that was not said."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT path FROM openings WHERE dataset = ?", (dataset_id,)).fetchone()
        return None if row is None else row[0]

    def parents(self, dataset_id: str) -> list[str]:
        """Ids of the datasets that this one was made from, in the order given."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT parent FROM parents WHERE dataset = ? ORDER BY place", (dataset_id,)
            ).fetchall()
        return [parent for (parent,) in rows]

    def forget(self, dataset_id: str) -> None:
        """Erase what is kept of a dataset, its seed also from the disk blocks of the file.

        Nothing can be proven about its commitment afterwards. Forgetting what is not there does nothing.

        Raises:
            VaultError: the file cannot be written.
        """
        with self._database.writing() as connection:
            connection.execute("DELETE FROM openings WHERE dataset = ?", (dataset_id,))
            connection.execute("DELETE FROM parents WHERE dataset = ?", (dataset_id,))
        self._database.erase_log()
