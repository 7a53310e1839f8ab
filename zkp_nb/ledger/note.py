"""Signed notes and checkpoints, as C2SP specifies them.

A *signed note* (c2sp.org/signed-note) is a text, a blank line, and lines "— name base64(key id ||
signature)". A *checkpoint* (c2sp.org/tlog-checkpoint) is a note whose text is a tree head: origin,
number of leaves, root. The key of a log is written as a *vkey*: "name+hex key id+base64(type ||
public key)". Signatures by keys one does not know (witnesses, rotated keys) are skipped, as the
specification demands.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from zkp_nb.errors import LedgerError
from zkp_nb.ledger.merkle import HASH_SIZE

ED25519: Final = b"\x01"
"""Signature type of plain Ed25519, c2sp.org/signed-note "Signature types"."""

MAX_NOTE_BYTES: Final = 65_536
"""A note longer than this is refused before it is looked at."""

_SIGNATURE_START: Final = "\u2014 "
_MAX_SIZE_DIGITS: Final = 18


class NoteError(LedgerError):
    """A signed note, a checkpoint or a key is malformed, or its signature does not verify."""


@dataclass(frozen=True)
class VerifierKey:
    """A log's public key together with its name.

    Attributes:
        name: key name; for our logs the origin line of their checkpoints.
        public: Ed25519 public key, 32 bytes (RFC 8032).
    """

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not self.name.isprintable() or not self.name or any(c.isspace() or c == "+" for c in self.name):
            raise NoteError(
                "The name of a log key is empty, or holds a space, a plus or an unprintable sign."
            )
        if len(self.public) != 32:
            raise NoteError("An Ed25519 public key is 32 bytes long; this one is not.")

    @property
    def key_id(self) -> bytes:
        """The four bytes that name the key in a signature line."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, vkey: str) -> VerifierKey:
        """Read "name+id+base64".

        Raises:
            NoteError: it is malformed, of another signature type, or its key id is not that of the key.
        """
        parts = vkey.split("+", 2)
        if len(parts) != 3:
            raise NoteError("A log key is written as name+id+base64; this text is not.")
        name, key_id, encoded = parts
        material = decode_base64(encoded, "the log key")
        if material[:1] != ED25519:
            raise NoteError("The log key is of a type other than Ed25519.")
        key = cls(name, material[1:])
        if key.key_id.hex() != key_id:
            raise NoteError("The log key does not match the key id written beside it.")
        return key

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` (64 bytes) is this key's over `message`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Signer:
    """A log's private key. It is never shown."""

    name: str
    private: Ed25519PrivateKey

    def __repr__(self) -> str:
        return f"Signer({self.name!r})"

    @property
    def key(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self.private.public_key().public_bytes_raw())

    def sign(self, text: str) -> bytes:
        """The signed note over `text`, which must end in a newline."""
        signature = base64.b64encode(self.key.key_id + self.private.sign(text.encode())).decode()
        return f"{text}\n{_SIGNATURE_START}{self.name} {signature}\n".encode()


def open_note(note: bytes, key: VerifierKey) -> str:
    """The text of a signed note, after its signature by `key` was verified.

    Raises:
        NoteError: the note is malformed, not signed by `key`, or signed wrongly.
    """
    if len(note) > MAX_NOTE_BYTES:
        raise NoteError(f"The signed note is longer than {MAX_NOTE_BYTES} bytes.")
    try:
        content = note.decode()
    except UnicodeDecodeError:
        raise NoteError("The signed note is not valid UTF-8.") from None
    if any(c < " " and c != "\n" for c in content):
        raise NoteError("The signed note holds control characters.")
    text, blank, signatures = content.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise NoteError("The signed note has no signature lines.")
    text += "\n"
    verified = False
    for line in signatures[:-1].split("\n"):
        name, key_id, signature = _signature_line(line)
        if name == key.name and key_id == key.key_id:
            if not key.verify(text.encode(), signature):
                raise NoteError(f"The signature of {key.name} under the note is wrong.")
            verified = True
    if not verified:
        raise NoteError(f"The note is not signed by the key of {key.name}.")
    return text


def _signature_line(line: str) -> tuple[str, bytes, bytes]:
    fields = line.removeprefix(_SIGNATURE_START).split(" ")
    if not line.startswith(_SIGNATURE_START) or len(fields) != 2 or not fields[0]:
        raise NoteError("A signature line of the note is malformed.")
    payload = decode_base64(fields[1], "a signature line")
    if len(payload) <= 4:
        raise NoteError("A signature line of the note is too short.")
    return fields[0], payload[:4], payload[4:]


@dataclass(frozen=True)
class Checkpoint:
    """A tree head: the log `origin` has `size` entries under `root` (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note text, three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a note text; extension lines are refused, as no monitor could audit them.

        Raises:
            NoteError: the text is not a checkpoint.
        """
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise NoteError("A checkpoint has three lines: origin, size, root. This text has not.")
        origin, size, encoded = lines[:3]
        canonical = size == "0" or not size.startswith("0")
        if not (size.isascii() and size.isdigit() and canonical and len(size) <= _MAX_SIZE_DIGITS):
            raise NoteError("The size in the checkpoint is not a plain decimal number.")
        root = decode_base64(encoded, "the root hash of the checkpoint")
        if len(root) != HASH_SIZE:
            raise NoteError(f"The root hash in the checkpoint is not {HASH_SIZE} bytes long.")
        return cls(origin, int(size), root)

    @classmethod
    def open(cls, note: bytes, key: VerifierKey) -> Checkpoint:
        """Read a signed checkpoint of the log whose key this is.

        Raises:
            NoteError: malformed, wrongly signed, or of another log than the key's.
        """
        checkpoint = cls.parse(open_note(note, key))
        if checkpoint.origin != key.name:
            raise NoteError("The checkpoint is of another log than the key that signed it.")
        return checkpoint


def decode_base64(text: str, what: str) -> bytes:
    """Standard base64 (RFC 4648 section 4) in its one canonical form.

    Raises:
        NoteError: it is not; `what` names the field in the sentence.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = None
    if data is None or base64.b64encode(data).decode() != text:
        raise NoteError(f"The base64 text of {what} is damaged.")
    return data
