"""A receipt file as the Jupyter extension shows it: checked first, then told in words.

Whatever is shown comes from here, so that the card in a notebook and the page of a `.zkp` file say the same
as `zkp verify`. Of a receipt that is refused nothing is told but why.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any, Final

from zkp_nb.ledger.receipt import ReceiptFile
from zkp_nb.ledger.records import DatasetRecord, ProofEntry
from zkp_nb.notebook.cards import MAX_COLUMNS, receipt_facts
from zkp_nb.notebook.words import SHAPES, seconds, type_words
from zkp_nb.receipt import Receipt
from zkp_nb.verdict import verify
from zkp_nb.verifying import has_native

MAX_RESULTS: Final = 200
"""Results that are listed; a histogram may have more."""

View = dict[str, Any]


def receipt_view(data: bytes, where: str) -> View:
    """Checks a receipt and tells what it says.

    Args:
        data: the bytes of a `.zkp` file, from anybody.
        where: the place of the check, for the words of who checked.

    Returns:
        JSON: `ok`; `status`, one of "proven", "asserted", "committed", "refused"; its `shape`; `sentence`, or why
        it is refused; `checked_by`; `checks` as rows of name, result, detail; `trust`, sentences; and, unless it is
        refused, `facts` and `results` as rows, and `datasets` with name, rows, id, columns, and how many `more`
        columns there are.
    """
    began = time.perf_counter()
    verdict = verify(data)
    spent = time.perf_counter() - began
    status = verdict.status if verdict.ok and verdict.status else "refused"
    verifier = "compiled verifier" if has_native() else "verifier in plain Python"
    view: View = {
        "ok": verdict.ok,
        "status": status,
        "shape": SHAPES[status],
        "sentence": verdict.sentence if verdict.ok else verdict.failure,
        "checked_by": f"zkp-nb {version('zkp-nb')} {where}, {verifier}, offline, in {seconds(spent)}",
        "checks": [[each.name, "✓ holds" if each.ok else "✗ fails", each.detail] for each in verdict.checks],
        "trust": [],
    }
    if not verdict.ok:
        return view
    file = ReceiptFile.parse(data)
    receipt = Receipt.of(file, verdict.sentence)
    view["trust"] = _trust(status, verdict.origin, verdict.log_known)
    view["facts"] = [list(row) for row in receipt_facts(receipt)]
    view["results"] = _results(file)
    view["datasets"] = [_dataset(record) for record in receipt.datasets]
    return view


def _trust(status: str, origin: str, log_known: bool) -> list[str]:
    said = {
        "asserted": "Asserted: somebody says so. Nothing about it is proven.",
        "committed": "Committed: the table is fixed. Nothing is said about its content or its origin.",
    }
    words = [said[status]] if status in said else []
    if origin == "dev":
        words.append(
            "Development set-up (dev): whoever made it could forge this, so it convinces nobody but its maker."
        )
    if log_known:
        words.append("The log is one that you know.")
    else:
        words.append("The key of the log is not known to you: ask its owner whether it is theirs.")
    return words


def _results(file: ReceiptFile) -> list[list[str]]:
    if not isinstance(file.entry, ProofEntry):
        return []
    rows = [list(row) for row in _result_rows(file.entry.statement)]
    more = len(rows) - MAX_RESULTS
    return rows if more <= 0 else [*rows[:MAX_RESULTS], ["…", f"and {more:,} more"]]


def _result_rows(statement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A row for each value that a statement proves, and each of those that it joins."""
    kind = str(statement.get("kind", ""))
    for name, value in statement.get("results", {}).items():
        for each in value if isinstance(value, list) else [value]:
            yield kind, f"{name}: {_words(each)}" if not isinstance(each, Mapping) else _words(each)
    for claim in statement.get("parameters", {}).get("claims", ()):
        if isinstance(claim, Mapping):
            yield from _result_rows(claim)


def _words(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_words(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _dataset(record: DatasetRecord) -> dict[str, Any]:
    shown = record.columns[:MAX_COLUMNS]
    return {
        "name": record.name,
        "rows": f"{record.n_rows:,}",
        "id": record.id,
        "columns": [[column.name, type_words(column.type, column.nullable)] for column in shown],
        "more": len(record.columns) - len(shown),
    }
