"""One node of a ledger: `create_app` is the application, `serve` runs it, `Settings` configures it.

The names are looked up when they are used: the command line knows the server's commands without its libraries.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from zkp_nb.errors import SetupError

if TYPE_CHECKING:
    from zkp_nb.server.app import create_app
    from zkp_nb.server.run import serve
    from zkp_nb.server.settings import Settings, SettingsError

__all__ = ["Settings", "SettingsError", "create_app", "serve"]

_PLACES = {"Settings": "settings", "SettingsError": "settings", "create_app": "app", "serve": "run"}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("zkp_nb"):
            raise
        raise SetupError(
            "The libraries of the server are not installed.",
            why=f"There is no {error.name}.",
            todo="Run: pip install 'zkp-nb[server]'",
        ) from None
