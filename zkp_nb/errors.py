"""Every error a user can cause: one base class, three sentences.

An error says what happened, why, and what to do next. Library errors are translated at the
boundary where they enter; a traceback from a dependency is a bug of ours. No message may carry
a cell value, a seed or a blinding factor.
"""

from __future__ import annotations


class ZkpError(Exception):
    """Base class of all errors of this package.

    Args:
        what: what happened, one sentence.
        why: the reason, one sentence; may be empty where `what` already says it.
        todo: what the user can do next, one sentence; may be empty where nothing can be done.
    """

    def __init__(self, what: str, *, why: str = "", todo: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.todo = todo

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.todo) if part)

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: a notebook shows the sentences, not our stack."""
        return [f"{type(self).__name__}: {self}"]


class TableError(ZkpError):
    """A frame, or one of its columns, cannot be committed as it is."""


class StatementError(ZkpError):
    """A claim is malformed, or cannot be made about these tables."""


class StatementFalse(StatementError):
    """A well-formed claim does not hold for the data, so no proof of it exists."""


class ProofRejected(ZkpError):
    """A proof does not verify; `what` names the check that refused it."""


class SetupError(ZkpError):
    """A set-up (SRS) is missing, damaged, too small, or another one than the record names."""


class VaultError(ZkpError):
    """The local vault cannot be read or written, or does not hold what is asked for."""


class LedgerError(ZkpError):
    """The ledger cannot be read or written, or refuses an entry."""


class LedgerInconsistent(LedgerError):
    """A log shrank, forked or contradicts itself.

    Attributes:
        evidence: the signed checkpoints (and proofs) that contradict each other, verbatim.
    """

    def __init__(self, what: str, *, evidence: tuple[bytes, ...] = (), why: str = "", todo: str = "") -> None:
        super().__init__(what, why=why, todo=todo)
        self.evidence = evidence


class ReceiptError(ZkpError):
    """A receipt file is damaged, incomplete, or of an unknown version."""


class ProvingInterrupted(ZkpError):
    """Proving was stopped by the user before it finished; nothing was written."""
