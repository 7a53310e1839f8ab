"""The Fiat-Shamir transcript: SHAKE-256 over framed messages (encodings.md, "Transcript")."""

from __future__ import annotations

import hashlib

from zkp_nb.verifying.reference.field import ORDER


class Transcript:
    """What the prover said so far, and the challenges that follow from it."""

    def __init__(self) -> None:
        self._state = hashlib.shake_256()

    def absorb(self, label: str, data: bytes) -> None:
        """Append one message; `label` is ASCII."""
        name = label.encode("ascii")
        self._state.update(len(name).to_bytes(4, "big") + name + len(data).to_bytes(8, "big") + data)

    def challenge(self, label: str) -> int:
        """Draw one uniformly random element of F and append what it was drawn from."""
        squeezed = self._state.digest(64)
        self.absorb(label, squeezed)
        return int.from_bytes(squeezed, "big") % ORDER
