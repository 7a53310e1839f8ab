"""The notebook's side: magics, the `df.zkp` accessors, cards.

Knows the project and nothing of cryptography. `%load_ext zkp_nb` comes here.
"""

from __future__ import annotations

from typing import Any

from zkp_nb.notebook.accessors import register_accessors

__all__ = ["load_ipython_extension", "register_accessors"]


def load_ipython_extension(shell: Any) -> None:
    """Registers magics, accessors and cards with an IPython shell: what `%load_ext zkp_nb` does."""
    from zkp_nb.notebook.cards import register_formatters
    from zkp_nb.notebook.graphcomm import open_comm
    from zkp_nb.notebook.magics import ZkpMagics
    from zkp_nb.notebook.session import watch_cells

    register_accessors()
    register_formatters(shell)
    watch_cells(shell)
    shell.register_magics(ZkpMagics)
    open_comm(shell)
