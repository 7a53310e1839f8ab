"""The part that runs in the Jupyter server: it checks receipts for the extension in the browser.

Switched on by the wheel's own configuration. `POST zkp/verify` takes the bytes of a receipt and answers with
`zkp_nb.notebook.receiptview`. Who may ask, and the protection against requests forged by another page, are
those of Jupyter's own handlers. Nothing is read but the body, nothing is written, nothing is fetched. The verifier is
loaded with the first question, in a thread of its own.
"""

# Jupyter's and tornado's decorators carry no types.
# mypy: disable-error-code="untyped-decorator,misc"

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web


class VerifyHandler(APIHandler):
    """What a receipt says, and whether it holds."""

    auth_resource = "zkp"

    @web.authenticated
    @authorized("execute")
    async def post(self) -> None:
        """The verdict. A receipt that is refused is an answer, not an error."""
        view = await asyncio.get_running_loop().run_in_executor(None, _view, self.request.body)
        await self.finish(view)


def _view(data: bytes) -> dict[str, Any]:
    from zkp_nb.notebook.receiptview import receipt_view

    return receipt_view(data, "in this Jupyter server")


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    base_url = server.web_app.settings["base_url"]
    server.web_app.add_handlers(".*$", [(url_path_join(base_url, "zkp", "verify"), VerifyHandler)])
