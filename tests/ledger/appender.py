"""Child process of the tests: appends records to a ledger until stopped, and says what was acknowledged.

    appender.py LEDGER WHO FIRST [MAX_FILE_BYTES]

Writes "index name" to standard output after each append that returned. Where the size of files is limited,
it ends with the sentence of the error on standard error and status 3.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

from zkp_nb.errors import LedgerError
from zkp_nb.ledger import ColumnRecord, DatasetEntry, DatasetRecord, Ledger


def entry(name: str) -> DatasetEntry:
    column = ColumnRecord(name="x", type={"kind": "int"}, nullable=False, commitments={"value": "cd" * 32})
    return DatasetEntry(
        record=DatasetRecord(
            name=name, n_rows=1, depth=4, srs_id="0f" * 32, columns=(column,), created="2026-11-23T20:00:00Z"
        )
    )


def main() -> None:
    path, who, first, *limit = sys.argv[1:]
    ledger = Ledger.open(Path(path))
    if limit:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit[0]), int(limit[0])))
    for number in itertools.count(int(first)):
        name = f"{who} {number}"
        try:
            index = ledger.append(entry(name), verifier=lambda entry, records: None)
        except LedgerError as error:
            print(error, file=sys.stderr)
            sys.exit(3)
        print(index, name, flush=True)


if __name__ == "__main__":
    main()
