"""`zkp serve` and `zkp keys`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zkp_nb.errors import LedgerError

if TYPE_CHECKING:
    from zkp_nb.server.state import SqliteState

_ROLES = ("reader", "submitter", "prover", "auditor", "admin")

_config = click.option(
    "--config", type=click.Path(path_type=Path), envvar="ZKP_CONFIG", help="Settings file (TOML)."
)


@click.command()
@_config
def serve(config: Path | None) -> None:
    """Run a ledger node until it is told to stop (SIGTERM or Ctrl-C)."""
    from zkp_nb import server

    server.serve(server.Settings.load(config))


@click.group()
def keys() -> None:
    """API keys of a ledger node."""


@keys.command()
@click.argument("label")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(_ROLES), help="May be repeated."
)
@click.option("--expires", metavar="TIME", help="Like 2027-01-31T00:00:00Z; by default never.")
@_config
def create(label: str, roles: Sequence[Any], expires: str | None, config: Path | None) -> None:
    """Make a key and print it, once."""
    from zkp_nb.ledger.records import check_time
    from zkp_nb.server.auth import new_api_key

    state, namespace = _state(config)
    until = None if expires is None else check_time(expires)
    record, text = new_api_key(label, tuple(dict.fromkeys(roles)), namespace, until)
    state.add_key(record)
    state.audit("key created", "command line", key=record.id, roles=" ".join(record.roles))
    state.close()
    click.echo(f"key {record.id} ({', '.join(record.roles)}); its text is shown this once:", err=True)
    click.echo(text)


@keys.command()
@click.argument("key_id")
@_config
def revoke(key_id: str, config: Path | None) -> None:
    """Revoke a key, at once and for good."""
    state, _ = _state(config)
    done = state.revoke_key(key_id)
    if done:
        state.audit("key revoked", "command line", key=key_id)
    state.close()
    if not done:
        raise LedgerError(f"There is no key {key_id} that is not revoked.", todo="See `zkp keys list`.")
    click.echo(f"key {key_id} is revoked")


@keys.command("list")
@_config
def list_(config: Path | None) -> None:
    """List all keys, revoked ones included."""
    state, _ = _state(config)
    for key in state.api_keys():
        until = f"revoked {key.revoked}" if key.revoked else f"until {key.expires or 'revoked'}"
        click.echo(f"{key.id}  {key.namespace}  {','.join(key.roles)}  {until}  {key.label}")
    state.close()


commands: tuple[click.Command, ...] = (serve, keys)
"""What the command line adds to `zkp`."""


def _state(config: Path | None) -> tuple[SqliteState, str]:
    from zkp_nb import server

    settings = server.Settings.load(config)
    from zkp_nb.server.node import open_state

    return open_state(settings), settings.server.namespace
