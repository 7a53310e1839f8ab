"""Three notebooks as people write them (steps.py): what the graph says of every new frame, and the share proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.notebook.steps import CODE, FLIGHTS, PANDAS, POLARS, Step
from zkp_nb.notebook import session
from zkp_nb.notebook.tracking import Tracker, current

if TYPE_CHECKING:
    from tests.notebook.conftest import Notebook


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.parametrize(
    ("sources", "steps", "share"),
    [(FLIGHTS, PANDAS, (24, 30)), ("import pandas as pd", CODE, (13, 15)), ("", POLARS, (13, 13))],
    ids=["pandas", "code", "polars"],
)
def test_no_edge_is_wrong(
    notebook: Notebook, sources: str, steps: list[Step], share: tuple[int, int]
) -> None:
    pytest.importorskip("sklearn")
    notebook.run("%zkp_track on")
    tracker = current()
    assert tracker is not None
    notebook.run(sources)
    tracker.wait()
    wrong, states = [], []
    for step in steps:
        # Parents are contents, as they are before the cell runs.
        right = {_dataset(notebook, each) for each in step.parents if each in notebook.shell.user_ns}
        before = len(tracker.versions())
        notebook.run(step.cell)
        tracker.wait()
        made = tracker.versions()[before:]
        if not step.name:
            assert made == [], step.cell
            continue
        assert step.name in [each.name for each in made], step.cell
        for version in made:
            assert version.receipt is not None, (step.cell, version.trouble)
            inputs = (
                set()
                if version.state == "committed"
                else _origins(version.receipt.file.entry.named()["inputs"])
            )
            # A proof may rest on fewer frames than the code read; what is only said names them all.
            fits = inputs == right or (version.state == "proven" and inputs and inputs < right)
            if not fits or version.state != step.state:
                wrong.append((step.cell, version.name, version.state, version.receipt.sentence))
            states.append(version.state)
    assert wrong == []
    _again(notebook, tracker, steps)
    moved = [state for state in states if state != "committed"]
    # The shares that docs/tracking.md states.
    assert (moved.count("proven"), len(moved)) == share


def _again(notebook: Notebook, tracker: Tracker, steps: list[Step]) -> None:
    """The last cell again, and a name bound to what is there: nothing new."""
    before = tracker.versions()
    notebook.run(steps[-1].cell)
    notebook.run(f"alias = {next(step.name for step in steps if step.name)}")
    tracker.wait()
    assert tracker.versions() == before


def _dataset(notebook: Notebook, name: str) -> str:
    found = session.project().dataset(notebook.shell.user_ns[name])
    assert found is not None, name
    return found.id


def _origins(ids: tuple[str, ...]) -> set[str]:
    """The frames behind the steps that were proven between them."""
    ledger = session.project().ledger
    found: set[str] = set()
    for each in ids:
        if ", step " in ledger.dataset(each).name:
            made = [logged.entry.named() for logged in ledger.find(each)]
            (before,) = {tuple(named["inputs"]) for named in made if each in named["outputs"]}
            found |= _origins(before)
        else:
            found.add(each)
    return found
