from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from zkp_nb.notebook import session


class Notebook:
    """A real IPython shell with the extension loaded."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell

    def run(self, code: str) -> Any:
        """The value of a cell; what it raises is raised."""
        return self._run(code).result

    def shown(self, code: str) -> list[dict[str, Any]]:
        """The MIME bundles that a cell displays."""
        with capture_output() as captured:
            self._run(code)
        return [output.data for output in captured.outputs]

    def set(self, **variables: object) -> None:
        self.shell.user_ns.update(variables)

    def _run(self, code: str) -> Any:
        result = self.shell.run_cell(code, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            raise error
        return result


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    monkeypatch.setenv("ZKP_NB_PROJECT", str(tmp_path / "project"))
    monkeypatch.chdir(tmp_path)
    InteractiveShell.clear_instance()
    quiet = Config()
    quiet.HistoryManager.enabled = False
    made = Notebook(InteractiveShell.instance(config=quiet))
    made.run("%load_ext zkp_nb")
    yield made
    session.close()
    InteractiveShell.clear_instance()


@pytest.fixture
def loans() -> pd.DataFrame:
    """Forty loans, ten of them to minors."""
    return pd.DataFrame(
        {
            "age": list(range(8, 48)),
            "income": [1000 + 37 * number for number in range(40)],
            "grade": [("a", "b", "c")[number % 3] for number in range(40)],
        }
    )
