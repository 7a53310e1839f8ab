"""The ledger: what was committed and proven, in a log that can only grow.

`Ledger` is the log, `KnownLogs` what a reader remembers of logs, `ReceiptFile` one entry with all that an
offline verifier needs. The ledger knows nothing of how a proof is made; it is given a function that
verifies one. Nothing here needs the compiled core.
"""

from __future__ import annotations

from zkp_nb.ledger.fsck import CheckReport
from zkp_nb.ledger.known import KnownLogs, LogView
from zkp_nb.ledger.log import Ledger, LoggedEntry, Verifier
from zkp_nb.ledger.merkle import MerkleProofError
from zkp_nb.ledger.note import Checkpoint, NoteError, VerifierKey
from zkp_nb.ledger.receipt import ReceiptFile
from zkp_nb.ledger.records import (
    AssertedEntry,
    ColumnRecord,
    DatasetEntry,
    DatasetRecord,
    Entry,
    ProofEntry,
    canonical_json,
    named_datasets,
)
from zkp_nb.ledger.store import LogReader, LogStore, LogWriter

__all__ = [
    "AssertedEntry",
    "CheckReport",
    "Checkpoint",
    "ColumnRecord",
    "DatasetEntry",
    "DatasetRecord",
    "Entry",
    "KnownLogs",
    "Ledger",
    "LogReader",
    "LogStore",
    "LogView",
    "LogWriter",
    "LoggedEntry",
    "MerkleProofError",
    "NoteError",
    "ProofEntry",
    "ReceiptFile",
    "Verifier",
    "VerifierKey",
    "canonical_json",
    "named_datasets",
]
