"""What importing the server costs, and what is said where its libraries are missing."""

from __future__ import annotations

import subprocess
import sys

LIBRARIES = ("fastapi", "uvicorn", "joserfc", "limits", "prometheus_client", "pydantic_settings")


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_the_commands_load_no_library_of_the_server() -> None:
    loaded = python("import sys, zkp_nb.server.command; print(*sys.modules)").split()
    assert not set(LIBRARIES) & set(loaded)


def test_missing_libraries_are_named() -> None:
    code = """
import sys
sys.modules["joserfc"] = None
from zkp_nb.errors import ZkpError
from zkp_nb import server
try:
    server.create_app
except ZkpError as error:
    print(error)
"""
    assert "pip install 'zkp-nb[server]'" in python(code)
