"""A log's name and key.

An embedded log is named after its own key: "zkp-nb.local/" and the first 8 bytes of the key's
SHA-256 in hexadecimal. Nobody else can sign under that name, and a proof that is bound to the name
is bound to the log. Logs of a service carry the name that their operator chose.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from zkp_nb.errors import LedgerError
from zkp_nb.ledger.note import NoteError, Signer, VerifierKey

LOCAL_PREFIX: Final = "zkp-nb.local/"
"""Beginning of the name of every embedded log."""


def local_name(public: bytes) -> str:
    """Name of the embedded log with this Ed25519 public key (32 bytes)."""
    return LOCAL_PREFIX + hashlib.sha256(public).digest()[:8].hex()


def check_local_name(key: VerifierKey) -> None:
    """Refuse a key that goes under the name of another key's embedded log.

    Raises:
        NoteError: the name begins like an embedded log's and is not this key's.
    """
    if key.name.startswith(LOCAL_PREFIX) and key.name != local_name(key.public):
        raise NoteError(f"The log name {key.name} does not belong to the key that is given with it.")


def create_signer(ledger: Path) -> Signer:
    """Make a key from the system's randomness and write it beside the ledger file, for the owner alone.

    Raises:
        OSError: it cannot be written.
    """
    private = Ed25519PrivateKey.generate()
    signer = Signer(local_name(private.public_key().public_bytes_raw()), private)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = _key_path(ledger, signer.name)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    if os.name == "posix":  # the name in the folder must outlive a power cut as well
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return signer


def load_signer(ledger: Path, key: VerifierKey) -> Signer:
    """The private key of the ledger file whose public key is `key`.

    Raises:
        LedgerError: the key file is missing, unreadable or another log's.
    """
    path = _key_path(ledger, key.name)
    todo = "The log can still be read. To write to it again, put its key file back."
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        why = f"The system says: {error.strerror}."
        raise LedgerError(f"The signing key {path} cannot be read.", why=why, todo=todo) from None
    except (ValueError, TypeError):
        raise LedgerError(f"The signing key {path} is damaged.", todo=todo) from None
    if not isinstance(private, Ed25519PrivateKey) or Signer(key.name, private).key != key:
        raise LedgerError(f"The signing key {path} is not the key of this log.", todo=todo)
    return Signer(key.name, private)


def _key_path(ledger: Path, name: str) -> Path:
    return ledger.with_suffix(f".{name.rpartition('/')[2]}.key")
