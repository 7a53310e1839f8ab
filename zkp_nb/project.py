"""A project: one folder with a vault and a ledger, and the frames of this session that it knows.

Everything a user does goes through here, in one order: frame, table, commitment, statement, proof,
entry, receipt. What must not be lost is written first: the opening before the record that it opens,
the proof before anybody is told of it.
"""

from __future__ import annotations

import base64
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from zkp_nb.errors import LedgerError, StatementError, VaultError
from zkp_nb.ledger import Ledger
from zkp_nb.ledger.known import KnownLogs
from zkp_nb.ledger.log import AnyEntry
from zkp_nb.ledger.receipt import ReceiptFile
from zkp_nb.ledger.records import (
    AssertedEntry,
    ColumnRecord,
    DatasetEntry,
    DatasetRecord,
    ProofEntry,
    utc_now,
)
from zkp_nb.progress import Progress
from zkp_nb.proving import CommittedTable, LocalProver, Prover, Task
from zkp_nb.receipt import Dataset, Receipt, Timings
from zkp_nb.srs import srs_id_of, table_depth
from zkp_nb.statements import Claim, Statement, Subject, conjunction, parse, path
from zkp_nb.statements.claims import conforms
from zkp_nb.table import ColumnType, Table, from_frame
from zkp_nb.vault import Vault
from zkp_nb.verdict import Status, asserted_sentence, committed_sentence, verify_entry

if TYPE_CHECKING:
    from zkp_nb.ledger.remote import RemoteLedger

PROVER: Final = f"zkp-nb/{version('zkp-nb')}"

HELD_BYTES: Final = 2 * 1024**3
"""Cells of known tables that a session keeps at hand to find parents among; the oldest go first."""


@dataclass(frozen=True)
class LogLine:
    """One entry of the ledger, for people."""

    index: int
    when: str
    status: Status
    sentence: str


def project_folder(folder: str | Path | None = None) -> Path:
    """The folder itself, else `$ZKP_NB_PROJECT`, else `.zkp` of the working directory."""
    return Path(folder or os.environ.get("ZKP_NB_PROJECT") or ".zkp").absolute()


class Project:
    """Vault, ledger and the session's known tables, in one folder.

    Args:
        folder: made on first use, readable by its owner alone.
        prover: where proofs are made; by default in this process.
        ledger: where they are logged; by default in the folder.

    Raises:
        VaultError, LedgerError: the folder's files cannot be opened or are damaged.
        LedgerInconsistent: the ledger is not the one that was seen here before.
    """

    def __init__(
        self, folder: Path, prover: Prover | None = None, ledger: Ledger | RemoteLedger | None = None
    ) -> None:
        self.folder = folder
        self._vault = Vault.open(folder / "vault.sqlite")
        self._ledger = ledger or Ledger.open(folder / "ledger.sqlite")
        self._logs = KnownLogs.open()
        self._logs.observe(self._ledger)
        self._prover: Prover = prover or LocalProver()
        self._held: OrderedDict[str, CommittedTable] = OrderedDict()

    @classmethod
    def open(cls, folder: str | Path | None = None) -> Project:
        """The project in `folder`, in `$ZKP_NB_PROJECT`, or in `.zkp` of the working directory.

        Where `$ZKP_NB_SERVER` names a server, the project is on its ledger, with the token `$ZKP_NB_TOKEN` and
        the prover `$ZKP_NB_PROVER`; see `connect`.
        """
        server = os.environ.get("ZKP_NB_SERVER")
        if not server:
            return cls(project_folder(folder))
        chosen: Any = os.environ.get("ZKP_NB_PROVER") or "local"
        return cls.connect(server, os.environ.get("ZKP_NB_TOKEN") or None, prover=chosen, folder=folder)

    @classmethod
    def connect(
        cls,
        url: str,
        token: str | None = None,
        *,
        prover: Literal["local", "remote"] = "local",
        folder: str | Path | None = None,
        tell: Callable[[str], object] = print,
    ) -> Project:
        """A project on the ledger of a server; openings stay in the local folder's vault.

        Args:
            url: of the server, "https://ledger.example.org".
            token: a JWT or an API key; None where the server lets everybody read.
            prover: "local", or "remote" to prove on the server, which then sees the rows.
            folder: as for `open`.
            tell: is given one sentence before the first rows are uploaded.

        Raises:
            LedgerError: the server cannot be reached or refuses, or there is no such prover.
            LedgerInconsistent: it shows another log than before, or one that shrank or forked.
        """
        if prover not in ("local", "remote"):
            raise LedgerError(f"There is no prover {prover!r}.", todo='Choose "local" or "remote".')
        from zkp_nb.ledger.remote import RemoteLedger
        from zkp_nb.proving.remote import RemoteProver

        chosen: Prover = RemoteProver(url, token, tell=tell) if prover == "remote" else LocalProver()
        ledger = RemoteLedger(url, token, verification_key=chosen.verification_key)
        return cls(project_folder(folder), chosen, ledger)

    def __repr__(self) -> str:
        return f"Project({str(self.folder)!r})"

    @property
    def ledger(self) -> Ledger | RemoteLedger:
        """The project's ledger."""
        return self._ledger

    @property
    def ledger_id(self) -> str:
        """Name of the ledger; every proof made here is bound to it."""
        return self._ledger.id

    def close(self) -> None:
        """Releases the files."""
        for part in (self._prover, self._ledger, self._vault, self._logs):
            part.close()

    # -- committing ---------------------------------------------------------------------------

    def commit(
        self,
        frame: object,
        name: str | None = None,
        *,
        scales: Mapping[str, int] | None = None,
        widths: Mapping[str, int | str] | None = None,
        progress: Progress | None = None,
    ) -> Dataset:
        """Commits a frame and logs its record. Content that is known already is not committed twice.

        Args:
            frame: pandas or polars DataFrame, or an Arrow table.
            name: what the record calls it; by default "data".
            scales: decimal places of float columns that are to be exact decimals.
            widths: bits of columns of numbers (8, 16, 32, or a name such as "uint16"); everybody may see them,
                and narrower columns have smaller and faster proofs.
            progress: see `zkp_nb.progress`.

        Raises:
            TableError: a column cannot be committed; the sentence names it.
            SetupError, VaultError, LedgerError: see there. Nothing is lost: run it again.
        """
        self._make_room()
        return self._commit_table(self._table(frame, scales, widths), name, progress)

    def dataset(self, frame: object) -> Dataset | None:
        """The newest committed dataset with this frame's content, None where there is none."""
        known = self._known(from_frame(frame))
        return None if known is None else self._dataset(known)

    def _table(
        self,
        frame: object,
        scales: Mapping[str, int] | None = None,
        widths: Mapping[str, int | str] | None = None,
        sources: Sequence[str] = (),
    ) -> Table:
        """The frame's cells, in the types of the tables that it may have come from.

        Which types a frame shows depends on its rows: the prices that a filter leaves may all be whole numbers.
        """
        types: dict[str, ColumnType] = {}
        for name in [*sources, *reversed(self._held)]:
            for column, type_ in self._held[name].table.types().items():
                types.setdefault(column, type_)
        for column in [*(scales or ()), *(widths or ())]:
            types.pop(column, None)
        return from_frame(frame, scales=scales, widths=widths).aligned(types)

    def _commit_table(self, table: Table, name: str | None, progress: Progress | None) -> Dataset:
        known = self._known(table, types=True)
        if known is not None and name in (None, known.name):
            return self._dataset(known)
        started = time.perf_counter()
        seed = secrets.token_bytes(32)
        depth = table_depth(table.n_rows)
        commitments = self._prover.commit(table, depth, seed, progress)
        record = DatasetRecord(
            name=name or "data",
            n_rows=table.n_rows,
            depth=depth,
            srs_id=self._srs_id(),
            columns=tuple(
                ColumnRecord(
                    name=column.name,
                    type=column.type.to_json(),
                    nullable=column.nullable,
                    commitments={part: point.hex() for part, point in points.items()},
                )
                for column, points in zip(table.columns, commitments, strict=True)
            ),
            created=utc_now(),
        )
        self._vault.put_opening(record.id, seed, table.digest, record.name)
        self._append(DatasetEntry(record=record))
        self._hold(CommittedTable(record, table, seed))
        return self._dataset(record, Timings(commit=time.perf_counter() - started))

    def _known(self, table: Table, *, types: bool = False) -> DatasetRecord | None:
        """The newest dataset with this content, and these types where asked for, that can be opened and is logged."""
        for dataset_id in reversed(self._vault.datasets_of(table.digest)):
            seed = self._vault.opening(dataset_id)
            if seed is None or not self._ledger.find(dataset_id, ("dataset",)):
                continue
            record = self._ledger.dataset(dataset_id)
            same = _schema(record) == [(c["type"], c["nullable"]) for c in table.schema_json()]
            if record.srs_id != self._srs_id() or (types and not same):
                continue
            if same:
                self._hold(CommittedTable(record, table, seed))
            return record
        return None

    def _srs_id(self) -> str:
        return srs_id_of(self._prover.verification_key())

    def _hold(self, known: CommittedTable) -> None:
        self._held.pop(known.record.id, None)
        self._held[known.record.id] = known

    def _make_room(self) -> None:
        """Lets go of the oldest tables. Only between the user's verbs: within one, every table may be needed."""
        sizes = {
            name: sum(p.cells.nbytes for c in held.table.columns for p in c.parts)
            for name, held in self._held.items()
        }
        total = sum(sizes.values())
        while total > HELD_BYTES and len(self._held) > 1:
            total -= sizes[self._held.popitem(last=False)[0]]

    def _dataset(self, record: DatasetRecord, timings: Timings | None = None) -> Dataset:
        index = self._ledger.index_of(DatasetEntry(record=record))
        assert index is not None
        return Dataset(record, self._receipt(index, "", timings or Timings()))

    # -- proving ------------------------------------------------------------------------------

    def prove(
        self,
        frame: object,
        claims: Sequence[Claim] = (),
        *,
        name: str | None = None,
        parents: Sequence[object] = (),
        hints: Sequence[Claim] = (),
        code: str = "",
        progress: Progress | None = None,
    ) -> Receipt:
        """Proves claims about a frame, or how it came to be.

        Args:
            frame: the frame; committed first where it is not known.
            claims: what is claimed; empty to find the strongest statement that holds between the frame and
                one of its parents, or several from step to step. Where none holds, the change is logged as
                asserted. Of a frame without parents it is proven that it conforms to its schema.
            name: for the frame's record, where it is committed now.
            parents: frames or datasets to look for the origin among; by default all that this session knows.
            hints: statements to try when the origin is looked for; each is checked against the data.
            code: the code that made the frame, kept with an asserted change.
            progress: see `zkp_nb.progress`.

        Raises:
            StatementFalse: a claim does not hold.
            StatementError: a claim cannot be made about this frame.
            TableError, SetupError, LedgerError: see there.
        """
        self._make_room()
        sources = [self._resolve(parent) for parent in parents]
        dataset = self._commit_table(self._table(frame, sources=sources), name, progress)
        subject = self._subject(dataset.id, sources, frame)
        if claims:
            return self._prove(conjunction([claim.state(subject) for claim in claims]), progress)
        if not subject.parents:
            return self._prove(conforms().state(subject), progress)
        receipt = None
        for statement in path(subject, hints):
            receipt = self._prove(statement, progress)
        if receipt is not None:
            return receipt
        given = [parent.dataset_id for parent in subject.parents] if parents else []
        return self._assert(dataset, given, code, "No statement of the catalogue holds between the frames.")

    def _subject(self, dataset_id: str, sources: Sequence[str], frame: object) -> Subject:
        held = self._held[dataset_id]
        ids = sources or [name for name in reversed(self._held) if name != dataset_id]
        return Subject(
            dataset_id,
            held.record,
            held.table,
            parents=tuple(self._subject_alone(name) for name in ids),
            resolve=lambda frame: self._subject_alone(self._resolve(frame)),
            commit=lambda table, name: self._subject_alone(self._commit_table(table, name, None).id),
            frame=frame,
        )

    def _subject_alone(self, dataset_id: str) -> Subject:
        held = self._held[dataset_id]
        return Subject(dataset_id, held.record, held.table)

    def _resolve(self, frame: object) -> str:
        if isinstance(frame, Dataset):
            if frame.id not in self._held:
                raise VaultError(
                    f"The data of `{frame.name}` are not at hand.", todo="Load the frame and commit it again."
                )
            return frame.id
        return self._commit_table(self._table(frame), None, None).id

    def _prove(self, statement: Statement, progress: Progress | None) -> Receipt:
        document = statement.document()
        outputs = document["outputs"] or document["inputs"]
        for logged in self._ledger.find(outputs[0]):
            if isinstance(logged.entry, ProofEntry) and logged.entry.statement == document:
                return self._receipt(logged.index, self._sentence(statement), Timings())
        return self._prove_anew(statement, progress)

    def _prove_anew(self, statement: Statement, progress: Progress | None) -> Receipt:
        document = statement.document()
        tables = {
            name: self._held[name] for role in ("inputs", "outputs", "witnesses") for name in document[role]
        }
        started = time.perf_counter()
        proofs = self._prover.prove(Task(statement, self.ledger_id, tables), progress)
        proven = time.perf_counter()
        entry = ProofEntry(
            statement=document,
            proofs=tuple(base64.b64encode(proof).decode() for proof in proofs),
            prover=PROVER,
        )
        index = self._append(entry)
        timings = Timings(prove=proven - started, verify=time.perf_counter() - proven)
        return self._receipt(index, self._sentence(statement), timings)

    def _assert(self, dataset: Dataset, parents: Sequence[str], code: str, reason: str) -> Receipt:
        statement: dict[str, Any] = {
            "version": 1,
            "kind": "asserted",
            "inputs": list(parents),
            "outputs": [dataset.id],
            "witnesses": [],
            "parameters": {},
            "results": {},
        }
        entry = AssertedEntry(statement=statement, code=code, reason=reason)
        return self._receipt(self._append(entry), "", Timings())

    def _sentence(self, statement: Statement) -> str:
        document = statement.document()
        ids = [name for role in ("inputs", "outputs", "witnesses") for name in document[role]]
        return statement.sentence({name: self._ledger.dataset(name).name for name in ids})

    def _append(self, entry: AnyEntry) -> int:
        index = self._ledger.append(entry, verifier=self._verify)
        self._logs.observe(self._ledger)
        return index

    def _verify(self, entry: ProofEntry, records: Mapping[str, DatasetRecord]) -> None:
        verify_entry(entry, records, self._prover.verification_key(), self.ledger_id)

    # -- looking back -------------------------------------------------------------------------

    def history(self, frame: object) -> list[Receipt]:
        """Every receipt that names this frame's content, oldest first.

        Raises:
            StatementError: the frame was never committed here.
        """
        dataset = frame if isinstance(frame, Dataset) else self.dataset(frame)
        if dataset is None:
            raise StatementError(
                "This frame is not committed, so it has no history.", todo="Commit it first."
            )
        return [self._logged_receipt(logged.index) for logged in self._ledger.find(dataset.id)]

    def log(self, limit: int = 50) -> list[LogLine]:
        """The newest entries of the ledger, newest first."""
        size = self._ledger.size
        lines = []
        for logged in reversed(self._ledger.entries(max(0, size - limit), limit)):
            entry = logged.entry
            if isinstance(entry, DatasetEntry):
                line = LogLine(logged.index, logged.logged_at, "committed", committed_sentence(entry.record))
            elif isinstance(entry, ProofEntry):
                sentence = self._sentence(parse(dict(entry.statement)))
                line = LogLine(logged.index, logged.logged_at, "proven", sentence)
            else:
                names = {each for ids in entry.named().values() for each in ids}
                records = {each: self._ledger.dataset(each) for each in names}
                line = LogLine(logged.index, logged.logged_at, "asserted", asserted_sentence(entry, records))
            lines.append(line)
        return lines

    def receipt(self, index: int) -> Receipt:
        """The receipt of an entry of the ledger.

        Raises:
            LedgerError: there is no such entry.
        """
        return self._logged_receipt(index)

    def _logged_receipt(self, index: int) -> Receipt:
        entry = self._ledger.entry(index).entry
        sentence = self._sentence(parse(dict(entry.statement))) if isinstance(entry, ProofEntry) else ""
        return self._receipt(index, sentence, Timings())

    def _receipt(self, index: int, sentence: str, timings: Timings) -> Receipt:
        data = self._ledger.receipt(index, verification_key=self._prover.verification_key())
        return Receipt.of(ReceiptFile.parse(data), sentence, timings)


def _schema(record: DatasetRecord) -> list[tuple[dict[str, Any], bool]]:
    return [(column.type, column.nullable) for column in record.columns]
