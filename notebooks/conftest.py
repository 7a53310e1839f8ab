"""Notebooks as tests, by nbval: a project of their own, no bars, and only what is not salted is compared."""

from __future__ import annotations

import os
import shutil
import tempfile
from typing import Any

_made: list[str] = []


def pytest_configure() -> None:
    """Each run begins with an empty project and no known logs, unless the caller named them."""
    os.environ.setdefault("ZKP_NB_QUIET", "1")
    for name in ("ZKP_NB_PROJECT", "ZKP_NB_DATA"):
        if name not in os.environ:
            _made.append(tempfile.mkdtemp(prefix="zkp-notebooks-"))
            os.environ[name] = _made[-1]


def pytest_unconfigure() -> None:
    """Removes them again."""
    for folder in _made:
        shutil.rmtree(folder, ignore_errors=True)


def pytest_collectstart(collector: Any) -> None:
    """Cards and receipts carry commitments and times; their text does not, and is compared."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html", "image/svg+xml", "application/vnd.zkp.receipt+json")
        if os.environ.get("ZKP_NB_PROVER") == "remote":
            collector.skip_compare += ("stdout",)  # says once that the server will see the rows
