"""Two worlds for one prover: a group of discrete logarithms, and BN254 with a set-up whose trapdoor is known.

The prover works with polynomials and never uses `tau` but to publish `[f(tau)]1`. In the small world an
element is `f(tau)` itself and the pairing is a product, so that an attack takes milliseconds; the checks
are those of the reference verifier either way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128.optimized_curve import (
    G1,
    G2,
    Z1,
    add,
    double,
    field_modulus,
    is_inf,
    multiply,
    normalize,
)

from zkp_nb.verifying import has_native, native, reference
from zkp_nb.verifying.reference.encodings import LANES, VerificationKey, decode_key, u32
from zkp_nb.verifying.reference.field import ORDER, depth_points
from zkp_nb.verifying.reference.group import Bn254, G1Point, G2Point, Group
from zkp_nb.verifying.reference.verify import Verification


class Logarithms:
    """The group whose elements are their own discrete logarithms."""

    generator = 1
    generator2 = 1

    def decode(self, data: bytes) -> int | None:
        value = int.from_bytes(data, "big")
        return value if value < ORDER else None

    def combine(self, terms: Iterable[tuple[int, int]]) -> int:
        return sum(k * e for k, e in terms) % ORDER

    def product_is_one(self, pairs: Sequence[tuple[int, int]]) -> bool:
        return sum(a * b for a, b in pairs) % ORDER == 0


def z_data(depth: int, z: int) -> int:
    """`Z_data(z)` for a depth."""
    result = 1
    for a in depth_points(depth)[: depth - 3]:
        result = result * (z - a) % ORDER
    return result


@dataclass(frozen=True)
class SmallWorld:
    """Discrete logarithms, few lanes."""

    lanes: int = 4
    tau: int = 0x5EED_0F_7A_0B5E55ED
    max_depth: int = 64

    @cached_property
    def key(self) -> VerificationKey[int]:
        high = pow(self.tau, self.lanes, ORDER)
        depths = [1 << k for k in range(2, self.max_depth.bit_length())]
        name = f"{self.lanes} {self.max_depth} {self.tau}"
        return VerificationKey(
            lanes=self.lanes,
            max_depth=self.max_depth,
            srs_id=hashlib.sha256(name.encode()).digest(),
            tau=self.tau,
            tau_lanes=high,
            data={depth: z_data(depth, high) for depth in depths},
        )

    @property
    def group(self) -> Group[int, int]:
        return Logarithms()

    def publish(self, value: int) -> bytes:
        return (value % ORDER).to_bytes(32, "big")

    def verification(self) -> Verification[int, int]:
        return Verification(self.group, self.key)


def encode_g1(point: G1Point) -> bytes:
    """Encodings.md, "Scalars and points"."""
    if is_inf(point):
        return bytes([0b0100_0000]) + bytes(31)
    x, y = normalize(point)
    encoded = bytearray(int(x).to_bytes(32, "big"))
    encoded[0] |= 0b1100_0000 if int(y) > field_modulus // 2 else 0b1000_0000
    return bytes(encoded)


def encode_g2(scalar: int) -> bytes:
    """The encoding of `[scalar]2`."""
    x, y = normalize(multiply(G2, scalar % ORDER))
    parts: list[FQ2] = [x, y]
    return b"".join(int(c).to_bytes(32, "big") for part in parts for c in (part.coeffs[1], part.coeffs[0]))


def encode_key(lanes: int, max_depth: int, tau: int) -> bytes:
    """The verification key of a set-up whose `tau` is known."""
    high = pow(tau, lanes, ORDER)
    depths = [1 << k for k in range(2, max_depth.bit_length())]
    scalars = [tau, high, *(z_data(depth, high) for depth in depths)]
    return b"zkp-grid-vk/1\0" + u32(lanes) + u32(max_depth) + b"".join(map(encode_g2, scalars))


@lru_cache(maxsize=1)
def _table() -> list[list[G1Point]]:
    """Multiples of the generator, 8 bits a row, for quick publishing."""
    rows, base = [], G1
    for _ in range(32):
        row = [Z1]
        for _ in range(255):
            row.append(add(row[-1], base))
        rows.append(row)
        for _ in range(8):
            base = double(base)
    return rows


@dataclass(frozen=True)
class RealWorld:
    """BN254, 1024 lanes: what both verifiers take."""

    tau: int = 0x7E57_5E7_0F_7A_0B5E55ED
    max_depth: int = 8
    lanes: int = LANES

    @cached_property
    def key_bytes(self) -> bytes:
        return encode_key(self.lanes, self.max_depth, self.tau)

    @property
    def key(self) -> VerificationKey[G2Point]:
        return decode_key(self.key_bytes)

    @property
    def group(self) -> Bn254:
        return Bn254()

    def publish(self, value: int) -> bytes:
        total = Z1
        for row, byte in zip(_table(), (value % ORDER).to_bytes(32, "little"), strict=True):
            if byte:
                total = add(total, row[byte])
        return encode_g1(total)

    @property
    def verifiers(self) -> dict[str, Callable[..., None]]:
        """Those installed; the native one is never left out where it can be imported."""
        found: dict[str, Callable[..., None]] = {"reference": reference.verify}
        if has_native():
            found["native"] = native.verify
        return found


World = SmallWorld | RealWorld
