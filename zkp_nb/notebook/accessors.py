"""`df.zkp` for pandas and polars frames.

Registered with whichever of the two is loaded by then, and looked for again at each `%load_ext` and at
each verb: nothing the user did not import is imported. pandas 3 makes an accessor anew at each
access, so an accessor keeps nothing but its frame.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from zkp_nb.notebook.graphview import GraphView
    from zkp_nb.receipt import Dataset, Receipt
    from zkp_nb.statements import Claim

NAMESPACE: Final = "zkp"


class ZkpAccessor:
    """What a frame can do with its project: `df.zkp`."""

    def __init__(self, frame: object) -> None:
        self._frame = frame

    def __repr__(self) -> str:
        return "df.zkp: commit(name), prove(*claims), history(), graph()"

    def commit(
        self,
        name: str | None = None,
        *,
        scales: Mapping[str, int] | None = None,
        widths: Mapping[str, int | str] | None = None,
        quiet: bool = False,
    ) -> Dataset:
        """Commits this frame and logs its record.

        Args:
            name: what the record calls it; by default the variable that holds it, where there is a notebook.
            scales: decimal places of float columns that are to be exact decimals, `{"price": 2}`.
            widths: bits of columns of numbers, `{"age": 8}`; narrower ones have smaller and faster proofs.
            quiet: no progress bar.

        Raises:
            ZkpError: a column cannot be committed, or a file cannot be written; the sentence says which.
        """
        from zkp_nb.notebook import session

        return session.commit(
            self._frame,
            name or session.variable_of(self._frame),
            scales=scales,
            widths=widths,
            quiet=quiet,
        )

    def prove(
        self, *claims: Claim, parents: Sequence[object] = (), name: str | None = None, quiet: bool = False
    ) -> Receipt:
        """Proves claims about this frame, or, without any, how it came to be.

        Args:
            claims: such as `zkp.mean("income")`; none to find out how the frame was made.
            parents: frames to look for its origin among; by default all that this session has committed.
            name: what its record calls it, where it is committed now.
            quiet: no progress bar.

        Raises:
            StatementFalse: a claim does not hold for the data.
            ZkpError: see there.
        """
        from zkp_nb.notebook import session

        variable = session.variable_of(self._frame)
        return session.prove(
            self._frame, claims, parents=parents, name=name or variable, variable=variable, quiet=quiet
        )

    def history(self) -> list[Receipt]:
        """Every receipt that names this frame's content, oldest first.

        Raises:
            StatementError: the frame was never committed here.
        """
        from zkp_nb.notebook import session

        with session.lock:
            return session.project().history(self._frame)

    def graph(self) -> GraphView:
        """What this frame came from and what came from it, as a graph that can be shown.

        Raises:
            StatementError: the frame was never committed here.
        """
        from zkp_nb.notebook import session

        return session.graph(self._frame)


def register_accessors() -> None:
    """Gives `df.zkp` to pandas and polars, where they are loaded; doing it again changes nothing."""
    pandas: Any = sys.modules.get("pandas")
    # A module still being imported has no `api` yet; the next call finds it.
    if pandas is not None and hasattr(pandas, "api") and not _has(pandas.DataFrame):
        pandas.api.extensions.register_dataframe_accessor(NAMESPACE)(ZkpAccessor)
    polars: Any = sys.modules.get("polars")
    if polars is not None and hasattr(polars, "api") and not _has(polars.DataFrame):
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            polars.api.register_dataframe_namespace(NAMESPACE)(ZkpAccessor)


def _has(frame_type: type) -> bool:
    return hasattr(frame_type, NAMESPACE)
