"""One node of a ledger: `create_app` is the application, `serve` runs it, `Settings` configures it."""

from __future__ import annotations

from zkp_nb.server.app import create_app
from zkp_nb.server.run import serve
from zkp_nb.server.settings import Settings, SettingsError

__all__ = ["Settings", "SettingsError", "create_app", "serve"]
