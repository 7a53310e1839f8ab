"""What the argument asks of a pairing group, and BN254 on py_ecc.

The verifier is written over this small interface. The tests put a second group under the same
checks, whose elements are discrete logarithms, so that an attack runs in milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeAlias, TypeVar

from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.fields import optimized_bn128_FQ12 as FQ12
from py_ecc.optimized_bn128.optimized_curve import (
    G1,
    G2,
    Z1,
    add,
    b2,
    curve_order,
    double,
    field_modulus,
    is_inf,
    is_on_curve,
    multiply,
)
from py_ecc.optimized_bn128.optimized_pairing import final_exponentiate, pairing

from zkp_nb.verifying.reference.field import ORDER

Left = TypeVar("Left")
Right = TypeVar("Right")


class Group(Protocol[Left, Right]):
    """G1 (`Left`), G2 (`Right`) and the pairing between them."""

    generator: Left
    generator2: Right

    def decode(self, data: bytes) -> Left | None:
        """The element with this canonical 32-byte encoding; None where it encodes none."""

    def combine(self, terms: Iterable[tuple[int, Left]]) -> Left:
        """The sum of `scalar * element`."""

    def product_is_one(self, pairs: Sequence[tuple[Left, Right]]) -> bool:
        """Whether the product of the pairings is 1."""


G1Point: TypeAlias = tuple[FQ, FQ, FQ]
G2Point: TypeAlias = tuple[FQ2, FQ2, FQ2]


class Bn254:
    """BN254, in the projective coordinates of py_ecc."""

    generator: G1Point = G1
    generator2: G2Point = G2

    def decode(self, data: bytes) -> G1Point | None:
        """Encodings.md, "Scalars and points": x, with the choice of y in the two top bits."""
        flags, x = data[0] >> 6, int.from_bytes(bytes([data[0] & 0x3F]) + data[1:], "big")
        if flags == 0b01:
            return Z1 if x == 0 else None
        if flags == 0b00 or x >= field_modulus:
            return None
        square = (x * x * x + 3) % field_modulus
        y = pow(square, (field_modulus + 1) // 4, field_modulus)
        if y * y % field_modulus != square:
            return None
        larger = max(y, field_modulus - y)
        return FQ(x), FQ(larger if flags == 0b11 else field_modulus - larger), FQ(1)

    def decode2(self, data: bytes) -> G2Point | None:
        """A G2 point from 128 bytes, on the curve, of order `r`, not the identity; None otherwise."""
        parts = [int.from_bytes(data[i : i + 32], "big") for i in range(0, 128, 32)]
        if max(parts) >= field_modulus:
            return None
        point = FQ2([parts[1], parts[0]]), FQ2([parts[3], parts[2]]), FQ2.one()
        return point if is_on_curve(point, b2) and is_inf(multiply(point, curve_order)) else None

    def combine(self, terms: Iterable[tuple[int, G1Point]]) -> G1Point:
        """Straus: all terms share the doublings."""
        rest = [(scalar % ORDER, point) for scalar, point in terms]
        total = Z1
        for bit in range(max((scalar.bit_length() for scalar, _ in rest), default=0) - 1, -1, -1):
            total = double(total)
            for scalar, point in rest:
                if scalar >> bit & 1:
                    total = add(total, point)
        return total

    def product_is_one(self, pairs: Sequence[tuple[G1Point, G2Point]]) -> bool:
        """One final exponentiation for all Miller loops."""
        product = FQ12.one()
        for left, right in pairs:
            product *= pairing(right, left, final_exponentiate=False)
        return bool(final_exponentiate(product) == FQ12.one())
