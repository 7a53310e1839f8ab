"""The vault: what only the owner of data has. See `Vault`."""

from __future__ import annotations

from zkp_nb.vault.vault import Vault

__all__ = ["Vault"]
