"""Checking: an entry before it is logged, a receipt when somebody hands it over.

The same function checks both. What it needs is in the receipt, except how far the set-up is trusted
(`zkp_nb.srs.origin`) and which log keys the reader knows.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from zkp_nb import srs
from zkp_nb.errors import LedgerError, ProofRejected, ReceiptError, SetupError, StatementError, ZkpError
from zkp_nb.ledger.known import KnownLogs
from zkp_nb.ledger.note import Checkpoint
from zkp_nb.ledger.receipt import ReceiptFile
from zkp_nb.ledger.records import AssertedEntry, DatasetEntry, DatasetRecord, ProofEntry
from zkp_nb.statements.statement import name_of, read
from zkp_nb.verifying import Claim, verify_all

Verifier = Literal["auto", "native", "reference", "both"]
Status = Literal["proven", "asserted", "committed"]


class HoldsReceipt(Protocol):
    """An object that was made from a receipt file, such as `zkp_nb.Receipt`."""

    @property
    def file(self) -> ReceiptFile: ...


# A receipt is written by a stranger: what no check foresaw is a refusal too.
_UNFORESEEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: its name, whether it holds, and a sentence about it."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Verdict:
    """What a verifier says about a receipt.

    Attributes:
        ok: every check holds. For status "asserted" or "committed" this says that the entry is in the log, no more.
        status: "proven", "asserted" or "committed"; "" where the receipt cannot be read.
        sentence: what is claimed, in plain English; "" where it cannot be told.
        checks: in the order in which they were made; the last is the one that failed, where one did.
        origin: how far the set-up is trusted: "dev", "ceremony" or "ptau"; "" where unknown.
        log_known: whether the key that signed the checkpoint is one that the caller named.
    """

    ok: bool
    status: Status | Literal[""]
    sentence: str
    checks: tuple[Check, ...] = field(repr=False)
    origin: srs.Origin | Literal[""] = ""
    log_known: bool = False

    def __bool__(self) -> bool:
        return self.ok

    @property
    def failure(self) -> str:
        """Why the receipt is refused, one sentence; "" where it is not."""
        return next((check.detail for check in self.checks if not check.ok), "")

    def __str__(self) -> str:
        if not self.ok:
            return f"REFUSED: {self.failure}"
        notes = []
        if self.status == "proven" and self.origin == "dev":
            notes.append("dev set-up: its maker could forge")
        if not self.log_known:
            notes.append("log key not known to you")
        return f"{self.sentence} [{self.status}{'; ' if notes else ''}{'; '.join(notes)}]"


def verify_entry(
    entry: ProofEntry,
    records: Mapping[str, DatasetRecord],
    verification_key: bytes,
    context: str,
    verifier: Verifier = "auto",
) -> str:
    """Checks every proof of an entry against the statement it is for.

    Args:
        entry: statement and proofs.
        records: every dataset that the statement names, by id; the ids are recomputed.
        verification_key: encoding of the set-up's key; must hash to the records' `srs_id`.
        context: id of the ledger that the proofs are bound to.

    Returns:
        The statement's sentence.

    Raises:
        ProofRejected: a proof, or the number of them, is wrong.
        StatementError: the statement is malformed or does not fit its tables.
        SetupError: the verification key is not the one that the records name.
    """
    if any(record.id != name for name, record in records.items()):
        raise StatementError("A dataset record does not hash to the id under which the statement names it.")
    return _verify_entry(entry, records, verification_key, context, verifier)


def _verify_entry(
    entry: ProofEntry,
    records: Mapping[str, DatasetRecord],
    verification_key: bytes,
    context: str,
    verifier: Verifier,
) -> str:
    """As `verify_entry`, for records whose ids were computed from them."""
    statement, canonical = read(entry.statement)
    srs_id = srs.srs_id_of(verification_key)
    if any(record.srs_id != srs_id for record in records.values()):
        raise SetupError("A dataset was committed under another set-up than the verification key at hand.")
    programs = statement.programs(records)
    used = {commitment.dataset for program in programs for commitment in program.commitments}
    if not used.issuperset(statement.witnesses):
        raise StatementError("The statement names a witness table that no proof of it is about.")
    proofs = entry.proof_bytes()
    if len(proofs) != len(programs):
        raise ProofRejected(f"The statement takes {len(programs)} proofs; the entry holds {len(proofs)}.")
    claims = []
    for program, proof in zip(programs, proofs, strict=True):
        commitments = [
            bytes.fromhex(records[name].columns[number].commitments[label])
            for name, number, label in program.commitments
        ]
        claims.append(Claim(program, commitments, proof))
    verify_all(verification_key, context.encode(), canonical, claims, verifier=verifier)
    return statement.sentence({name: record.name for name, record in records.items()})


def verify(
    receipt: str | Path | bytes | ReceiptFile | HoldsReceipt,
    *,
    verifier: Verifier = "auto",
    ledger_keys: Collection[str] = (),
) -> Verdict:
    """Checks a receipt, offline and without the data.

    Args:
        receipt: a path to a `.zkp` file, its bytes, or a receipt object.
        verifier: "native", "reference" (plain Python), "both", or "auto": native where it is installed.
        ledger_keys: verifier keys (C2SP vkey lines) that the caller knows, beside those on the user's own list.

    Returns:
        The verdict. A receipt that is missing, damaged or forged is a verdict that is not ok, never an exception.
    """
    checks: list[Check] = []
    status: Status | Literal[""] = ""
    sentence = ""
    origin: srs.Origin | Literal[""] = ""
    known = False
    step = "file"
    try:
        document = _load(receipt)
        checks.append(Check("file", True, "The receipt is well formed."))

        step = "log"
        checkpoint, records = document.verify_inclusion()
        known = document.ledger_key in ledger_keys or _is_known(document, checkpoint)
        checks.append(Check("log", True, _log_words(document, known)))

        entry = document.entry
        if isinstance(entry, ProofEntry):
            step = "set-up"
            key = _verification_key(document)
            origin = srs.origin(srs.srs_id_of(key))
            checks.append(Check("set-up", True, _origin_words(origin)))
            step = "proof"
            sentence = _verify_entry(entry, records, key, document.ledger_id, verifier)
            status = "proven"
            size = sum(map(len, entry.proof_bytes()))
            count = "1 proof" if len(entry.proofs) == 1 else f"{len(entry.proofs)} proofs"
            checks.append(Check("proof", True, f"{count} verified, {size:,} bytes."))
        elif isinstance(entry, AssertedEntry):
            status, sentence = "asserted", asserted_sentence(entry, records)
        elif isinstance(entry, DatasetEntry):
            status, sentence = "committed", committed_sentence(entry.record)
            origin = srs.origin(entry.record.srs_id)
    except ZkpError as error:
        detail = str(error)
        if isinstance(error, ProofRejected):
            detail = f"The proof does not prove this statement about these tables: {detail}"
        checks.append(Check(step, False, detail))
        return Verdict(False, status, sentence, tuple(checks), origin, known)
    except _UNFORESEEN:
        checks.append(Check(step, False, "It is malformed in a way that no check has words for."))
        return Verdict(False, "", "", tuple(checks), origin, known)
    return Verdict(True, status, sentence, tuple(checks), origin, known)


def committed_sentence(record: DatasetRecord) -> str:
    """What a commitment says."""
    name = name_of({record.id: record.name}, record.id)
    return f"{name} is committed: {record.n_rows:,} rows, {len(record.columns)} columns."


def asserted_sentence(entry: AssertedEntry, records: Mapping[str, DatasetRecord]) -> str:
    """What an asserted change says, and that it is no more than said."""
    names = {each: record.name for each, record in records.items()}
    roles = entry.named()
    made = ", ".join(name_of(names, each) for each in roles["outputs"])
    source = ", ".join(name_of(names, each) for each in roles["inputs"])
    origin = f"from {source}" if source else "from outside"
    return f"{made} is said to come {origin}; nothing about it is proven."


def _load(receipt: str | Path | bytes | ReceiptFile | HoldsReceipt) -> ReceiptFile:
    if isinstance(receipt, ReceiptFile):
        return receipt
    if isinstance(receipt, bytes):
        return ReceiptFile.parse(receipt)
    if isinstance(receipt, (str, Path)):
        try:
            data = Path(receipt).read_bytes()
        except OSError as error:
            raise ReceiptError(
                f"The receipt {receipt} cannot be opened.", why=f"{error.strerror}.", todo="Check the path."
            ) from error
        return ReceiptFile.parse(data)
    return receipt.file


def _is_known(document: ReceiptFile, checkpoint: Checkpoint) -> bool:
    """Whether the log is on the user's list; then its checkpoint must not contradict what was seen of it before."""
    try:
        logs = KnownLogs.open()
    except LedgerError:
        return False  # A reader without a home folder knows no logs; that is a fact about them, not about the receipt.
    try:
        return logs.compare(document.checkpoint.encode(), vkey=document.ledger_key, opened=checkpoint)
    finally:
        logs.close()


def _verification_key(document: ReceiptFile) -> bytes:
    if document.verification_key is None:
        raise ReceiptError(
            "The receipt does not carry the verification key of its set-up.",
            todo="Ask its maker for one that does.",
        )
    return base64.b64decode(document.verification_key)


def _log_words(document: ReceiptFile, known: bool) -> str:
    who = "a log you know" if known else "a log whose key is not known to you"
    return f"Entry {document.inclusion.index:,} of {document.ledger_id}, {who}."


def _origin_words(origin: srs.Origin) -> str:
    if origin == "dev":
        return "Development set-up: whoever made it could forge this proof."
    return f"Set-up from a {origin} that this version knows."
