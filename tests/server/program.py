"""A real node: `program.py SETTINGS_FILE [GATE]`.

With GATE, proofs are real, and each job waits until that file exists; without, the tests' verifier takes what
says that it is a proof.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.server.conftest import check_proof
from tests.server.gate import Gated
from zkp_nb.errors import ZkpError
from zkp_nb.server import Settings, serve

if __name__ == "__main__":
    try:
        settings = Settings.load(Path(sys.argv[1]))
        if len(sys.argv) > 2:
            serve(settings, prover=lambda: Gated(Path(sys.argv[2]).exists))
        else:
            serve(settings, verify=check_proof)
    except ZkpError as error:
        sys.exit(str(error))
