"""What the guides say is complete: each command, magic and option is in them."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from zkp_nb.cli.commands import commands
from zkp_nb.notebook.magics import ZkpMagics
from zkp_nb.server.command import commands as server_commands

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("command", [*commands, *server_commands], ids=lambda command: command.name)
def test_each_command_and_option_is_documented(command: click.Command) -> None:
    text = (DOCS / "command-line.md").read_text("utf-8")
    section = text.partition(f"## zkp {command.name}\n")[2].partition("\n## ")[0]
    assert section
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert any(name in section for name in parameter.opts), parameter.name


@pytest.mark.parametrize("magic", ["zkp_commit", "zkp_prove", "zkp_verify", "zkp_log"])
def test_each_magic_and_option_is_documented(magic: str) -> None:
    text = (DOCS / "notebook.md").read_text("utf-8")
    section = text.partition(f"### %{magic}\n")[2].partition("\n##")[0]
    assert section
    for action in getattr(ZkpMagics, magic).parser._actions:
        for name in action.option_strings:
            assert name in ("-h", "--help") or name in section
