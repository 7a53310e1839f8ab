"""A real node with the tests' verifier: `program.py SETTINGS_FILE`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.server.conftest import check_proof
from zkp_nb.errors import ZkpError
from zkp_nb.server import Settings, serve

if __name__ == "__main__":
    try:
        serve(Settings.load(Path(sys.argv[1])), verify=check_proof)
    except ZkpError as error:
        sys.exit(str(error))
