"""Receipts, datasets, verdicts and the log as cards: one MIME bundle each.

A card has a status, a sentence and rows of numbers. It ships as text (the sentence and the status,
nothing salted, so that a notebook run again compares equal), as HTML and, for what has a receipt, as
`application/vnd.zkp.receipt+json`, the receipt itself for whoever can check it.

The HTML has no script and no SVG, which untrusted notebooks drop; where they also drop the style sheet a
plain table stays. Colours come from the notebook's theme, else from the reader's own light or dark
preference. A status is told by its word and shape as well as by colour.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from zkp_nb.ledger.records import AssertedEntry, DatasetRecord
from zkp_nb.notebook.words import SHAPES, origin_words, seconds, type_words
from zkp_nb.receipt import Dataset, Receipt, Timings
from zkp_nb.verdict import Verdict

if TYPE_CHECKING:
    from zkp_nb.project import LogLine

RECEIPT_TYPE: Final = "application/vnd.zkp.receipt+json"
"""MIME type of a receipt document."""

MAX_COLUMNS: Final = 40
"""A card lists this many columns of a dataset, and says how many more there are."""

Bundle = dict[str, Any]


@cache
def _style() -> str:
    return " ".join((files(__package__) / "card.css").read_text("utf-8").split())


@dataclass(frozen=True)
class LogView:
    """The last entries of the log, to be shown."""

    lines: Sequence[LogLine]

    def __str__(self) -> str:
        if not self.lines:
            return "The log is empty."
        width = len(f"{max(line.index for line in self.lines):,}")
        return "\n".join(
            f"{line.index:>{width},}  {SHAPES[line.status]} {line.sentence} [{line.status}]"
            for line in self.lines
        )


def receipt_bundle(receipt: Receipt) -> Bundle:
    """A receipt's card."""
    html = card(_head(receipt.status, receipt.sentence), _facts("Receipt", receipt_facts(receipt)))
    return {"text/plain": str(receipt), "text/html": html, RECEIPT_TYPE: json.loads(receipt.to_bytes())}


def receipt_facts(receipt: Receipt) -> list[tuple[str, str]]:
    """What a card says about a receipt: a label and a value in each row."""
    rows = [(record.name, _shape(record)) for record in receipt.datasets]
    if receipt.proofs:
        number = len(receipt.proofs)
        rows.append(
            ("Proof", f"{len(receipt.proof):,} bytes" + (f" in {number} proofs" if number > 1 else ""))
        )
    if isinstance(entry := receipt.file.entry, AssertedEntry):
        rows.append(("Why no proof", entry.reason))
    rows += _timing_rows(receipt.timings) + _log_rows(receipt)
    if receipt.status != "asserted":
        rows.append(("Set-up", origin_words(receipt.origin)))
    return rows


def dataset_bundle(dataset: Dataset) -> Bundle:
    """The card of a committed frame: its receipt's, with the columns."""
    record, receipt = dataset.record, dataset.receipt
    rows = [
        ("Rows", f"{record.n_rows:,}"),
        ("Columns", f"{len(record.columns):,}"),
        *_timing_rows(receipt.timings),
        *_log_rows(receipt),
        ("Set-up", origin_words(receipt.origin)),
        ("Dataset id", f"{record.id[:16]}…"),
    ]
    shown = record.columns[:MAX_COLUMNS]
    columns = [(column.name, type_words(column.type, column.nullable)) for column in shown]
    more = len(record.columns) - len(shown)
    if more:
        columns.append(("…", f"and {more:,} more"))
    html = card(
        _head(receipt.status, receipt.sentence),
        _facts("Commitment", rows),
        grid("Columns, as everybody may see them", ("Column", "Type"), columns),
    )
    return {"text/plain": str(dataset), "text/html": html, RECEIPT_TYPE: json.loads(receipt.to_bytes())}


def verdict_bundle(verdict: Verdict) -> Bundle:
    """What a verifier says, check by check."""
    status = verdict.status if verdict.ok and verdict.status else "refused"
    sentence = verdict.sentence if verdict.ok else verdict.failure
    checks = [(check.name, "✓ holds" if check.ok else "✗ fails", check.detail) for check in verdict.checks]
    html = card(_head(status, sentence), grid("Checks", ("Check", "Result", "What was seen"), checks))
    return {"text/plain": str(verdict), "text/html": html}


def log_bundle(view: LogView) -> Bundle:
    """The log as a table."""
    rows = [
        (f"{line.index:,}", line.when, f"{SHAPES[line.status]} {line.status}", line.sentence)
        for line in view.lines
    ]
    html = card(grid("Log, newest entries", ("Entry", "When", "Status", "What it says"), rows))
    return {"text/plain": str(view), "text/html": html}


def register_formatters(shell: Any) -> None:
    """Makes an IPython shell show these types as cards."""
    formatter = shell.display_formatter.mimebundle_formatter
    for shown, bundle in _CARDS:
        formatter.for_type(shown, bundle)


_CARDS: Final[tuple[tuple[type, Callable[[Any], Bundle]], ...]] = (
    (Receipt, receipt_bundle),
    (Dataset, dataset_bundle),
    (Verdict, verdict_bundle),
    (LogView, log_bundle),
)


def _shape(record: DatasetRecord) -> str:
    return f"{record.n_rows:,} rows, {len(record.columns):,} columns"


def _timing_rows(timings: Timings) -> list[tuple[str, str]]:
    named = (("Committed in", timings.commit), ("Proven in", timings.prove), ("Verified in", timings.verify))
    return [(label, seconds(value)) for label, value in named if value is not None]


def _log_rows(receipt: Receipt) -> list[tuple[str, str]]:
    return [
        ("Log entry", f"{receipt.index:,} of {receipt.ledger_id}"),
        ("Checkpoint", f"signed, size {_checkpoint_size(receipt)}"),
        ("Receipt", f"{len(receipt.to_bytes()):,} bytes"),
    ]


def _checkpoint_size(receipt: Receipt) -> str:
    # The second line of a checkpoint is the size of its tree (c2sp.org/tlog-checkpoint).
    return f"{int(receipt.file.checkpoint.split(chr(10))[1]):,}"


def card(*parts: str) -> str:
    """The frame of a card with its style sheet; `parts` are HTML."""
    return f'<div class="zkp-card"><style>{_style()}</style>{"".join(parts)}</div>'


def _head(status: str, sentence: str) -> str:
    shape = f'<span aria-hidden="true">{SHAPES[status]}</span>'
    return (
        f'<p><span class="zkp-badge zkp-{status}">{shape} {status}</span><span>{escape(sentence)}</span></p>'
    )


def _facts(caption: str, rows: Sequence[tuple[str, str]]) -> str:
    body = "".join(
        f'<tr><th scope="row">{escape(label)}</th><td>{escape(value)}</td></tr>' for label, value in rows
    )
    return _table(caption, f"<tbody>{body}</tbody>")


def grid(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column names its rows; everything is escaped."""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    body = ""
    for first, *others in rows:
        cells = "".join(f"<td>{escape(each)}</td>" for each in others)
        body += f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'
    return _table(caption, f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>")


def _table(caption: str, body: str) -> str:
    return f"<table><caption>{escape(caption)}</caption>{body}</table>"
