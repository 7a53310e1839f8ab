"""Thirty steps of everyday notebooks, each with what must be said about where its frame came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from zkp_nb.notebook import session
from zkp_nb.notebook.lineage import read_cell
from zkp_nb.notebook.tracking import Tracker, Version, current

if TYPE_CHECKING:
    from tests.notebook.conftest import Notebook


class Step(NamedTuple):
    """A cell, the variable it makes, the only parents that are right, and how the edge must stand."""

    cell: str
    name: str
    parents: tuple[str, ...]
    status: str


SOURCES = """
import pandas as pd, polars as pl
orders = pd.DataFrame({
    "id": range(60), "shop": [n % 4 for n in range(60)], "price": [10 + 7 * n % 90 for n in range(60)],
    "count": [1 + n % 5 for n in range(60)], "country": ["UA", "PL", "DE"] * 20})
shops = pd.DataFrame({"shop": [0, 1, 2, 3], "city": ["Lviv", "Kyiv", "Odesa", "Dnipro"]})
lazy = pl.DataFrame({"k": [n % 3 for n in range(30)], "v": [n * n for n in range(30)]})
"""

STEPS = [
    Step("dear = orders[orders.price > 50]", "dear", ("orders",), "proven"),
    Step("cheap = orders.query('price <= 50')", "cheap", ("orders",), "proven"),
    Step("home = orders.loc[orders['country'] == 'UA']", "home", ("orders",), "proven"),
    Step("total = orders.assign(total=lambda d: d.price * d['count'])", "total", ("orders",), "proven"),
    Step("ranked = orders.sort_values('price', ascending=False)", "ranked", ("orders",), "proven"),
    Step("some = orders.sample(20, random_state=1)", "some", ("orders",), "proven"),
    Step("narrow = orders[['id', 'price']]", "narrow", ("orders",), "proven"),
    Step("named = orders.rename(columns={'price': 'amount'})", "named", ("orders",), "proven"),
    Step("top = orders.head(7)", "top", ("orders",), "proven"),
    Step("joined = orders.merge(shops, on='shop')", "joined", ("orders", "shops"), "proven"),
    Step("g = orders.groupby('shop')", "", (), ""),
    Step("sums = g[['price']].sum().reset_index()", "sums", ("orders",), "proven"),
    Step("mask = (orders.price > 20) & (orders['count'] < 4)", "", (), ""),
    Step("masked = orders[mask]", "masked", ("orders",), "proven"),
    Step(
        "chain = orders.query('price > 20').sort_values('id', ascending=False).head(9)",
        "chain",
        ("orders",),
        "proven",
    ),
    Step("work = orders.copy()\nwork['double'] = work.price * 2", "work", ("orders",), "proven"),
    Step("work.loc[work.price > 80, 'price'] = 80", "work", ("work",), "proven"),
    Step("work.drop(columns='double', inplace=True)", "work", ("work",), "proven"),
    Step("work.sort_values('count', inplace=True)", "work", ("work",), "proven"),
    Step("odd = orders.apply(lambda c: c.astype(str).str.len())", "odd", ("orders",), "asserted"),
    Step("def clean(d):\n    d = d[d.price > 15]\n    return d.reset_index(drop=True)", "", (), ""),
    Step("cleaned = clean(orders)", "cleaned", ("orders",), "proven"),
    Step("def from_global():\n    return orders.tail(5)", "", (), ""),
    Step("tail = from_global()", "tail", ("orders",), "proven"),
    Step("def spoil(d):\n    d['price'] = (d.price.astype(float) ** 1.5).round(2)", "", (), ""),
    Step("spoiled = orders.head(30)", "spoiled", ("orders",), "proven"),
    Step("spoil(spoiled)", "spoiled", ("spoiled",), "asserted"),
    Step(
        "parts = []\nfor n in range(3):\n    part = orders[orders['shop'] == n]\n    parts.append(part)",
        "part",
        ("orders",),
        "proven",
    ),
    Step("both = pd.concat([dear, cheap])", "both", ("dear", "cheap"), "proven"),
    Step("a, b = orders.iloc[:31], orders.iloc[31:]", "a", ("orders",), "proven"),
    Step("big = lazy.filter(pl.col('v') > 100)", "big", ("lazy",), "proven"),
    Step("wide = big.with_columns((pl.col('v') * 2).alias('w'))", "wide", ("big",), "proven"),
    Step("per = lazy.group_by('k').agg(pl.col('v').sum())", "per", ("lazy",), "proven"),
    Step("lz = lazy.lazy().filter(pl.col('k') == 1).collect()", "lz", ("lazy",), "proven"),
    Step("dear = orders[orders.price > 70]", "dear", ("orders",), "proven"),
]


@pytest.fixture
def tracked(notebook: Notebook) -> tuple[Notebook, Tracker]:
    notebook.run("%zkp_track on")
    found = current()
    assert found is not None
    return notebook, found


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # pandas still has it, and people use it
def test_thirty_steps_have_no_wrong_edge(tracked: tuple[Notebook, Tracker]) -> None:
    notebook, tracker = tracked
    notebook.run(SOURCES)
    wrong, states = [], []
    for step in STEPS:
        before = len(tracker.versions())
        latest = {each.name: each for each in tracker.versions()}
        notebook.run(step.cell)
        notebook.run("%zkp_track wait")
        made = [each for each in tracker.versions()[before:] if each.name == step.name]
        if not step.name:
            assert len(tracker.versions()) == before, step.cell
            continue
        assert len(made) == 1, step.cell
        (version,) = made
        states.append(version.state)
        assert version.receipt is not None, (step.cell, version.trouble)
        named = version.receipt.file.entry.named()
        right = {latest[name].dataset.id for name in step.parents}
        if set(named["inputs"]) != right or version.state != step.status:
            wrong.append((step.cell, version.state, version.receipt.sentence))
    assert not wrong
    # The share that docs/tracking.md states.
    assert (states.count("proven"), len(states)) == (28, 30)


def _edges(tracker: Tracker) -> list[tuple[str, tuple[str, ...], str]]:
    tracker.wait()
    return [
        (each.name, tuple(parent.name for parent in each.parents), each.state) for each in tracker.versions()
    ]


def _newest(tracker: Tracker, name: str) -> Version:
    tracker.wait()
    return [each for each in tracker.versions() if each.name == name][-1]


SMALL = "import pandas as pd\nbase = pd.DataFrame({'x': range(30), 'y': range(30, 60)})"


def test_running_cells_again_adds_nothing(tracked: tuple[Notebook, Tracker]) -> None:
    notebook, tracker = tracked
    for _ in range(3):
        notebook.run(SMALL)
        notebook.run("small = base[base.x < 9]")
    assert _edges(tracker) == [("base", (), "committed"), ("small", ("base",), "proven")]


def test_cells_out_of_order_name_the_content_that_was_read(tracked: tuple[Notebook, Tracker]) -> None:
    notebook, tracker = tracked
    notebook.run(SMALL)
    notebook.run("base['x'] = base.x + base.y")
    notebook.run("late = base[base.y > 40]")
    edited = _newest(tracker, "base")
    assert _newest(tracker, "late").parents == (edited,)
    notebook.run(SMALL)
    notebook.run("early = base[base.y > 50]")
    (parent,) = _newest(tracker, "early").parents
    assert parent is not edited
    assert parent.parents == ()


def test_a_silent_cell_is_noticed_and_nothing_is_guessed(tracked: tuple[Notebook, Tracker]) -> None:
    notebook, tracker = tracked
    notebook.run(SMALL)
    notebook.shell.run_cell("base = pd.DataFrame({'x': range(100, 130), 'y': range(30)})", silent=True)
    notebook.run("some = base[base.x > 110]")
    first, second = (each for each in tracker.versions() if each.name == "base")
    assert second.parents == ()
    assert _newest(tracker, "some").parents == (second,)
    assert first is not second


def test_a_variable_set_behind_the_code_has_no_origin(tracked: tuple[Notebook, Tracker]) -> None:
    notebook, tracker = tracked
    notebook.run(SMALL)
    notebook.run("globals()['base'] = pd.DataFrame({'x': [5, 6, 7]})")
    assert _newest(tracker, "base").parents == ()


def test_a_cell_that_raises_counts_as_far_as_it_ran(tracked: tuple[Notebook, Tracker]) -> None:
    notebook, tracker = tracked
    notebook.run(SMALL + "\nother = pd.DataFrame({'x': range(7)})")
    with pytest.raises(ZeroDivisionError):
        notebook.run("made = base[base.x > 3]\n1 / 0\nmade = other.copy()")
    assert [each.name for each in _newest(tracker, "made").parents] == ["base"]
    assert _newest(tracker, "made").state == "proven"


def test_an_odd_frame_is_a_line_in_the_status(tracked: tuple[Notebook, Tracker]) -> None:
    notebook, tracker = tracked
    notebook.run(SMALL)
    notebook.run("odd = base.assign(z=[{'secret': n} for n in range(30)])")
    notebook.run("empty = base[base.x > 1000]")
    tracker.wait()
    status = repr(tracker.status())
    assert "odd: not tracked" in status
    assert "secret" not in status
    notebook.run("plain = odd[odd.x < 5][['x']]")
    assert [each.name for each in _newest(tracker, "plain").parents] == ["base"]


def test_off_follows_nothing(tracked: tuple[Notebook, Tracker]) -> None:
    notebook, tracker = tracked
    notebook.run("%zkp_track off")
    notebook.run(SMALL)
    assert tracker.versions() == []
    assert "off" in repr(tracker.status())


def test_switching_off_drops_what_waits(tracked: tuple[Notebook, Tracker]) -> None:
    notebook, tracker = tracked
    with session.lock:
        worker_waits = "\n".join(f"t{n} = pd.DataFrame({{'x': range({n}, 50)}})" for n in range(5))
        notebook.run("import pandas as pd\n" + worker_waits)
        states = {each.state for each in tracker.versions()}
    assert states == {"pending"}
    notebook.run("%zkp_track off")
    assert "pending" not in {each.state for each in tracker.versions()}


def test_a_restart_keeps_what_is_logged_and_asserts_nothing_anew(tracked: tuple[Notebook, Tracker]) -> None:
    notebook, tracker = tracked
    notebook.run(SMALL)
    notebook.run("small = base[base.x < 9]")
    tracker.wait()
    size = session.project().ledger.size
    notebook.run("%zkp_track off")
    session.close()
    again = Tracker(notebook.shell)
    notebook.shell.user_ns.pop("small")
    again.start()
    notebook.run("small = base[base.x < 9]")
    again.wait()
    again.stop()
    assert [each.state for each in again.versions()] == ["committed", "proven"]
    assert session.project().ledger.size == size


def test_what_a_cell_was_made_from() -> None:
    loop = "out = a.head(0)\nfor d in [1, 2]:\n    tmp = a[a.k == d]\n    out = pd.concat([out, tmp])"
    assert read_cell("a['x'] = 1; b = a[a.x > 0]")["b"].sources == {("a", "after")}
    assert read_cell("t = a.head(); t = t.query('x > 0')")["t"].sources == {("a", "before")}
    assert ("tmp", "before") not in read_cell(loop)["out"].sources
    assert read_cell("x, y = a, b")["y"].sources == {("b", "before")}
    assert read_cell("fix(a)", touched=["a"])["a"].sources == {("a", "before")}
    assert read_cell("b = [a for a in parts]")["b"].sources == {("parts", "before")}
    assert ("d", "before") not in read_cell("b = a.assign(z=lambda d: d.x)")["b"].sources
    assert read_cell("print(b := a.head())")["b"].sources == {("a", "before"), ("print", "before")}
    assert read_cell("not python at all") == {}
