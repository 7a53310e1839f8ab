"""Program of the tests that forks; apart from the tests' own process, whose threads must not be forked.

    forks.py inherit FOLDER    children go on with the parent's ledger
    forks.py create FOLDER     children make one ledger at the same moment, in twenty rounds

Ends with status 0 where every child could write and the ledger is complete.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from appender import entry

from zkp_nb.ledger import Ledger

CHILDREN = 6
ENTRIES = 4


def fill(ledger: Ledger, who: str) -> None:
    for number in range(ENTRIES):
        ledger.append(entry(f"{who} {number}"), verifier=lambda entry, records: None)


def in_children(work: Callable[[str], None]) -> None:
    """Run `work` in all children at once; all are let go by closing one pipe."""
    gate, opener = os.pipe()
    children = []
    for number in range(CHILDREN):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.close(opener)
                os.read(gate, 1)
                work(f"child {number}")
                status = 0
            except BaseException:  # noqa: BLE001  the parent must hear of anything
                traceback.print_exc()
            finally:
                os._exit(status)
        children.append(child)
    os.close(gate)
    os.close(opener)
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)


def inherit(folder: Path) -> None:
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        fill(ledger, "parent before")

        def work(who: str) -> None:
            fill(ledger, who)
            ledger.close()

        in_children(work)
        fill(ledger, "parent after")
        assert ledger.check().size == ENTRIES * (CHILDREN + 2)


def create(folder: Path) -> None:
    for number in range(20):
        path = folder / str(number) / "ledger.sqlite"
        in_children(lambda who, path=path: fill(Ledger.open(path), who))  # type: ignore[misc]
        with Ledger.open(path) as ledger:
            assert ledger.check().size == ENTRIES * CHILDREN
        assert len(list(path.parent.glob("ledger.*.key"))) == 1


def main() -> None:
    {"inherit": inherit, "create": create}[sys.argv[1]](Path(sys.argv[2]))


if __name__ == "__main__":
    main()
