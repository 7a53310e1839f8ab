"""`zkp` on the command line.

Exit codes: 0 all is well; 1 something was refused or cannot be done, with a sentence on stderr; 2 the command
was called wrongly; 130 it was stopped. A traceback is a bug.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from zkp_nb.cli.commands import commands
from zkp_nb.errors import ProvingInterrupted, ZkpError
from zkp_nb.server.command import commands as server_commands

STOPPED = 130
"""Exit code after Ctrl-C: 128 and the number of SIGINT."""


@click.group(commands={command.name or "": command for command in (*commands, *server_commands)})
@click.version_option(package_name="zkp-nb", message="zkp %(version)s")
def cli() -> None:
    """Zero-knowledge proofs about tables: commit, prove, and verify receipts offline."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command and ends the process with its exit code."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code; whatever goes wrong has become a sentence on stderr."""
    try:
        result = cli.main(args=arguments, prog_name="zkp", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt, ProvingInterrupted):
        click.echo("Stopped. What was finished is kept; run the command again to go on.", err=True)
        return STOPPED
    except ZkpError as error:
        click.echo(f"Error: {error}", err=True)
        return 1
    except BrokenPipeError:
        # The reader of a pipe has gone (`zkp log | head`); Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except MemoryError:
        click.echo("Error: There is not enough memory. Commit the table in parts.", err=True)
        return 1
    except ImportError as error:
        click.echo(f"Error: {error.name or 'A module'} is not installed here, and this needs it.", err=True)
        return 1
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        click.echo(f"Error: The system refused{where}: {error.strerror}.", err=True)
        return 1
    return result if isinstance(result, int) else 0
