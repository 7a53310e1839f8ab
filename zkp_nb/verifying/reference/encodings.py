"""Scalars, the verification key and the reader of a proof (encodings.md; argument.md, section 7)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Generic

from zkp_nb.errors import ProofRejected
from zkp_nb.verifying.reference.field import ORDER
from zkp_nb.verifying.reference.group import Bn254, G2Point, Group, Left, Right

LANES: Final = 1024
MAX_DEPTH: Final = 16_384
_KEY_HEADER: Final = b"zkp-grid-vk/1\0"


def u32(number: int) -> bytes:
    """4 bytes, big-endian."""
    return number.to_bytes(4, "big")


@dataclass(frozen=True)
class VerificationKey(Generic[Right]):
    """The verifier's part of a set-up.

    Attributes:
        lanes: `B`.
        max_depth: `A_max`.
        srs_id: 32 bytes.
        tau: `[tau]2`.
        tau_lanes: `[tau^B]2`.
        data: `V_A = [Z_data,A(tau^B)]2` by depth `A`.
    """

    lanes: int
    max_depth: int
    srs_id: bytes
    tau: Right
    tau_lanes: Right
    data: Mapping[int, Right]


@lru_cache(maxsize=16)
def decode_key(encoded: bytes) -> VerificationKey[G2Point]:
    """Read a verification key; the checks of its points (a second of work) are made once a key.

    Raises:
        ProofRejected: the bytes are not the encoding of a verification key of this version.
    """

    def refuse(why: str) -> ProofRejected:
        return ProofRejected("The verification key is not valid.", why=why)

    if len(encoded) < 22 or encoded[:14] != _KEY_HEADER:
        raise refuse("It does not begin as a key of this version does.")
    lanes, max_depth = int.from_bytes(encoded[14:18], "big"), int.from_bytes(encoded[18:22], "big")
    if lanes != LANES:
        raise refuse("It is for another number of lanes.")
    if not 4 <= max_depth <= MAX_DEPTH or max_depth & (max_depth - 1):
        raise refuse("Its largest depth is not a power of two from 4 to 16384.")
    depths = [1 << k for k in range(2, max_depth.bit_length())]
    if len(encoded) != 22 + 128 * (2 + len(depths)):
        raise refuse("It has the wrong length.")
    points = []
    for start in range(22, len(encoded), 128):
        point = Bn254().decode2(encoded[start : start + 128])
        if point is None:
            raise refuse(f"The G2 point at byte {start} is not valid.")
        points.append(point)
    if encoded[22:150] == encoded[150:278]:
        raise refuse("tau and tau^B are the same.")
    return VerificationKey(
        lanes=lanes,
        max_depth=max_depth,
        srs_id=hashlib.sha256(encoded).digest(),
        tau=points[0],
        tau_lanes=points[1],
        data=dict(zip(depths, points[2:], strict=True)),
    )


def decode_scalar(data: bytes, name: str) -> int:
    """Read a canonical scalar.

    Raises:
        ProofRejected: the 32 bytes are `r` or more.
    """
    value = int.from_bytes(data, "big")
    if value >= ORDER:
        raise ProofRejected("The proof holds a scalar that is not canonical.", why=f"It is {name}.")
    return value


def decode_point(group: Group[Left, Right], data: bytes, name: str) -> Left:
    """Read a point of G1.

    Raises:
        ProofRejected: the bytes are not the canonical encoding of a point of the curve.
    """
    point = group.decode(data) if len(data) == 32 else None
    if point is None:
        raise ProofRejected(
            "A point is not the canonical encoding of one of the curve.", why=f"It is {name}."
        )
    return point


@dataclass(frozen=True)
class Proof(Generic[Left]):
    """The elements of a proof by the names of section 6, each with the bytes that were sent."""

    aux: tuple[Left, ...]
    helpers: tuple[Left, ...]
    blinds: tuple[Left, ...]
    points: Mapping[str, Left]
    y: tuple[int, ...]
    c: int
    p: int
    sent: Mapping[str, tuple[bytes, ...]]


def decode_proof(
    group: Group[Left, Right], data: bytes, *, operands: int, aux: int, helpers: int
) -> Proof[Left]:
    """Cut a proof into its elements (argument.md, section 7).

    Raises:
        ProofRejected: a wrong length, or an element that is not canonical.
    """
    columns = operands + aux + helpers
    if len(data) != 32 * (2 * columns + 12):
        raise ProofRejected(
            "The proof has the wrong length.",
            why=f"It has {len(data)} bytes; a program of {columns} columns takes {32 * (2 * columns + 12)}.",
        )
    order = [("aux", aux), ("helper", helpers), ("blind", operands)]
    order += [(name, 1) for name in ("mask", "R", "Q", "c", "R'", "Q'")]
    order += [("y", columns)] + [(name, 1) for name in ("F", "q", "P~", "p", "W", "W'")]
    sent: dict[str, tuple[bytes, ...]] = {}
    start = 0
    for name, count in order:
        sent[name] = tuple(data[start + 32 * i : start + 32 * (i + 1)] for i in range(count))
        start += 32 * count

    def scalars(name: str) -> tuple[int, ...]:
        return tuple(decode_scalar(item, name) for item in sent[name])

    def points(name: str) -> tuple[Left, ...]:
        return tuple(decode_point(group, item, name) for item in sent[name])

    single = ("mask", "R", "Q", "R'", "Q'", "F", "q", "P~", "W", "W'")
    return Proof(
        aux=points("aux"),
        helpers=points("helper"),
        blinds=points("blind"),
        points={name: points(name)[0] for name in single},
        y=scalars("y"),
        c=scalars("c")[0],
        p=scalars("p")[0],
        sent=sent,
    )
