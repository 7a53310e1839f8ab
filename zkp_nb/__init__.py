"""Zero-knowledge proofs about DataFrames, and a ledger that keeps them.

    import zkp_nb as zkp

    loans.zkp.commit("loans")
    receipt = adults.zkp.prove(zkp.filter("age >= 18"))
    receipt.save("adults.zkp")
    zkp.verify("adults.zkp")

Names are loaded when they are first used: whoever only verifies pays for nothing else.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from zkp_nb.notebook.accessors import register_accessors

if TYPE_CHECKING:
    from zkp_nb.errors import ZkpError
    from zkp_nb.notebook import load_ipython_extension
    from zkp_nb.notebook.session import connect
    from zkp_nb.project import Project
    from zkp_nb.receipt import Dataset, Receipt
    from zkp_nb.statements import col
    from zkp_nb.statements.claims import *  # noqa: F403
    from zkp_nb.statements.sampling import sample_rows
    from zkp_nb.verdict import Verdict, verify

_HOMES = {
    "Dataset": "zkp_nb.receipt",
    "Project": "zkp_nb.project",
    "Receipt": "zkp_nb.receipt",
    "Verdict": "zkp_nb.verdict",
    "ZkpError": "zkp_nb.errors",
    "col": "zkp_nb.statements",
    "connect": "zkp_nb.notebook.session",
    "load_ipython_extension": "zkp_nb.notebook",
    "sample_rows": "zkp_nb.statements.sampling",
    "verify": "zkp_nb.verdict",
}

__all__ = [
    "Dataset",
    "Project",
    "Receipt",
    "Verdict",
    "ZkpError",
    "col",
    "connect",
    "load_ipython_extension",
    "sample_rows",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif not name.startswith("_") and name in _claims().__all__:
        value = getattr(_claims(), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_claims().__all__})


def _claims() -> ModuleType:
    return import_module("zkp_nb.statements.claims")


# `df.zkp` is there as soon as the package is, for whichever of pandas and polars is loaded.
register_accessors()
