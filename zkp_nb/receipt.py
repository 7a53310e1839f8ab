"""What a user holds: a committed dataset, and a receipt for it or for a statement."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from zkp_nb import srs
from zkp_nb.errors import ReceiptError
from zkp_nb.ledger.receipt import SUFFIX, ReceiptFile
from zkp_nb.ledger.records import AssertedEntry, DatasetEntry, DatasetRecord, ProofEntry
from zkp_nb.verdict import Status, Verdict, Verifier, asserted_sentence, committed_sentence, verify


@dataclass(frozen=True)
class Timings:
    """Seconds spent; None where nothing of the kind was done this time."""

    commit: float | None = None
    prove: float | None = None
    verify: float | None = None


@dataclass(frozen=True)
class Receipt:
    """An entry of a ledger with all that an offline verifier needs.

    Attributes:
        file: the document that is saved.
        sentence: what is claimed, in plain English.
        status: "proven", "asserted" (said, not proven) or "committed".
        timings: of the run that made it; empty for a receipt read back.
    """

    file: ReceiptFile = field(repr=False)
    sentence: str
    status: Status
    timings: Timings = field(default=Timings(), repr=False, compare=False)

    @classmethod
    def of(cls, file: ReceiptFile, sentence: str = "", timings: Timings = Timings()) -> Receipt:
        """The receipt in a file that was checked already; `sentence` is needed for a proof alone."""
        entry = file.entry
        if isinstance(entry, DatasetEntry):
            return cls(file, committed_sentence(entry.record), "committed", timings)
        if isinstance(entry, AssertedEntry):
            return cls(file, asserted_sentence(entry, file.records()), "asserted", timings)
        return cls(file, sentence, "proven", timings)

    def __str__(self) -> str:
        return f"{self.sentence} [{self.status}]"

    @property
    def proofs(self) -> tuple[bytes, ...]:
        """One proof for each program of the statement, at most 1,024 bytes each; empty where nothing is proven."""
        return self.file.entry.proof_bytes() if isinstance(self.file.entry, ProofEntry) else ()

    @property
    def proof(self) -> bytes:
        """All proofs, concatenated."""
        return b"".join(self.proofs)

    @property
    def index(self) -> int:
        """Index of the entry in its ledger."""
        return self.file.inclusion.index

    @property
    def ledger_id(self) -> str:
        """Name of the ledger."""
        return self.file.ledger_id

    @property
    def datasets(self) -> tuple[DatasetRecord, ...]:
        """Records of the datasets that the entry names."""
        return tuple(self.file.records().values())

    @property
    def origin(self) -> srs.Origin:
        """How far the set-up is trusted; "dev" means that its maker could forge."""
        return srs.origin(self.datasets[0].srs_id) if self.datasets else "dev"

    def to_bytes(self) -> bytes:
        """The bytes of the `.zkp` file."""
        return self.file.to_bytes()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the receipt; `.zkp` is added to a name without a suffix.

        Raises:
            ReceiptError: the file cannot be written.
        """
        target = Path(path)
        if not target.suffix:
            target = target.with_suffix(SUFFIX)
        partial = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            partial.write_bytes(self.to_bytes())
            partial.replace(target)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise ReceiptError(
                f"The receipt cannot be written to {target}.",
                why=f"{error.strerror}.",
                todo="Choose another place.",
            ) from error
        return target

    def verify(self, *, verifier: Verifier = "auto", ledger_keys: Collection[str] = ()) -> Verdict:
        """Checks everything again, as somebody else would; see `zkp_nb.verify`."""
        return verify(self.file, verifier=verifier, ledger_keys=ledger_keys)


@dataclass(frozen=True)
class Dataset:
    """A committed frame.

    Attributes:
        record: what everybody may see of it.
        receipt: that its commitment is in the ledger.
    """

    record: DatasetRecord = field(repr=False)
    receipt: Receipt = field(repr=False)

    @property
    def id(self) -> str:
        """SHA-256 of the record's canonical JSON, in hex."""
        return self.record.id

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def n_rows(self) -> int:
        return self.record.n_rows

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.record.columns)

    @property
    def index(self) -> int:
        """Index of its entry in the ledger."""
        return self.receipt.index

    def __str__(self) -> str:
        return str(self.receipt)
