"""Where a proof is made. One protocol, `Prover`; the local one runs in this process."""

from zkp_nb.proving.local import LocalProver
from zkp_nb.proving.protocol import CommittedTable, Prover, Task

__all__ = ["CommittedTable", "LocalProver", "Prover", "Task"]
