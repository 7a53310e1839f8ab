"""That a frame which was written to is never taken for what it was; and that one which was not is not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import polars as pl
import pytest

from zkp_nb.notebook import tracking
from zkp_nb.notebook.held import Held, exposed_arrays, writes_past
from zkp_nb.notebook.tracking import current

if TYPE_CHECKING:
    from tests.notebook.conftest import Notebook


def _pandas() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "a": [1, 2, 3],
            "b": [1.0, 2.0, 3.0],
            "s": ["x", "y", "z"],
            "i": pd.array([1, None, 3], dtype="Int64"),
            "t": pd.to_datetime(["2020", "2021", "2022"], utc=True),
            "c": pd.Categorical(["u", "v", "u"]),
        }
    )


def _polars() -> pl.DataFrame:
    long = "a text that does not fit into a view"
    return pl.DataFrame({"a": [1, 2, 3], "s": ["x", None, long], "f": [True, False, None]})


@pytest.mark.parametrize(
    "edit",
    [
        "d.loc[0, 'a'] = 9",
        "d.iloc[1, 1] = 9",
        "d.at[0, 'b'] = 5",
        "d.loc[0, 's'] = 'q'",
        "d.loc[0, 'i'] = 7",
        "d.loc[0, 'c'] = 'v'",
        "d.loc[0, 't'] = pd.Timestamp('2023', tz='UTC')",
        "d['a'] += 1",
        "d.columns = list('uvwxyz')",
        "d.insert(0, 'n', 1)",
        "del d['b']",
        "d.update(pd.DataFrame({'a': [7, 8, 9]}))",
        "d.isetitem(0, [4, 5, 6])",
        "d.pop('s')",
        "d.loc[3] = d.loc[0]",
    ],
)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_pandas_edits_are_noticed(edit: str) -> None:
    frame = _pandas()
    held = Held(frame, b"", "")
    exec(edit, {"d": frame, "pd": pd})  # noqa: S102
    assert not held.same(frame)


@pytest.mark.parametrize(
    "edit",
    [
        "d[0, 'a'] = 9",
        "d.insert_column(0, pl.Series('n', [1, 2, 3]))",
        "d.replace_column(0, pl.Series('a', [1, 2, 4]))",
        "d.drop_in_place('s')",
        "d.extend(d.clone())",
        "d.columns = ['x', 'y', 'z']",
        "d.get_column('a').extend(pl.Series([4]))\nd[1, 's'] = 'q'",
    ],
)
def test_polars_edits_are_noticed(edit: str) -> None:
    frame = _polars()
    held = Held(frame, b"", "")
    exec(edit, {"d": frame, "pl": pl})  # noqa: S102
    assert not held.same(frame)


@pytest.mark.parametrize("make", [_pandas, _polars])
def test_reading_changes_nothing(make: object) -> None:
    frame = make()  # type: ignore[operator]
    held = Held(frame, b"", "")
    repr(frame), frame.head(2), frame["a"].sum(), frame.describe()
    frame.sort_values("a") if isinstance(frame, pd.DataFrame) else frame.sort("a")
    assert held.same(frame)
    assert not held.same(frame.copy() if isinstance(frame, pd.DataFrame) else frame.clone())


def test_what_a_numpy_array_writes_is_looked_for() -> None:
    array = np.arange(6).reshape(3, 2)
    frame = pd.DataFrame(array, columns=["a", "b"], copy=False)
    held = Held(frame, b"", "")
    assert not held.same(frame, exposed_arrays({"array": array}))
    assert not held.same(frame, exposed_arrays({"part": array[1:]}))
    assert held.same(frame, exposed_arrays({"other": np.arange(3)}))


def test_code_that_writes_to_memory_is_looked_for(notebook: Notebook) -> None:
    assert writes_past("d['a'].array[0] = 9")
    assert not writes_past("arrays = d.to_numpy()")
    notebook.run("%zkp_track on")
    tracker = current()
    assert tracker is not None
    notebook.run("import pandas as pd\nd = pd.DataFrame({'a': range(9)})")
    notebook.run("def spoil(x):\n    x['a'].array[0] = 77")
    notebook.run("spoil(d)")
    tracker.wait()
    assert [each.name for each in tracker.versions()] == ["d", "d"]


def test_frames_that_nobody_wrote_to_are_not_read_again(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook.run("%zkp_track on")
    notebook.run("import pandas as pd, polars as pl")
    for number in range(20):
        notebook.run(f"d{number} = pd.DataFrame({{'a': range({number}, 50), 's': 'x'}})")
    notebook.run("p = pl.DataFrame({'a': range(9)})\nq = d0.assign(odd=[{'n': n} for n in range(50)])")
    notebook.run("%zkp_track wait")
    read: list[int] = []
    honest = tracking.from_frame
    monkeypatch.setattr(tracking, "from_frame", lambda frame: read.append(id(frame)) or honest(frame))
    for _ in range(5):
        notebook.run("d0.a.sum()")
    assert read == []
    notebook.run("d3.loc[0, 'a'] = 7")
    assert read == [id(notebook.shell.user_ns["d3"])]
    assert "q: not tracked" in repr(current().status())  # type: ignore[union-attr]
