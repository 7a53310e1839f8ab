"""Encodings: what is canonical is read, everything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from py_ecc.optimized_bn128.optimized_curve import curve_order, field_modulus, is_inf, normalize
from toy.worlds import RealWorld, encode_g1, encode_g2

from zkp_nb.errors import ProofRejected
from zkp_nb.verifying import has_native, native
from zkp_nb.verifying.reference.encodings import decode_key, decode_point, decode_scalar
from zkp_nb.verifying.reference.group import Bn254

GROUP = Bn254()
IDENTITY = bytes([0x40]) + bytes(31)
GENERATOR = bytes([0x80]) + bytes(30) + b"\1"


def test_the_generator_and_its_negative() -> None:
    """y = 2 is the smaller of 2 and p-2."""
    for first, y in ((0x80, 2), (0xC0, field_modulus - 2)):
        point = decode_point(GROUP, bytes([first]) + GENERATOR[1:], "a point")
        assert tuple(map(int, normalize(point))) == (1, y)


def test_the_identity() -> None:
    assert is_inf(decode_point(GROUP, IDENTITY, "a point"))


@given(st.integers(1, curve_order - 1))
def test_points_there_and_back(scalar: int) -> None:
    encoded = RealWorld().publish(scalar)
    assert encode_g1(decode_point(GROUP, encoded, "a point")) == encoded


NO_POINT = next(x for x in range(1, 99) if pow(x**3 + 3, (field_modulus - 1) // 2, field_modulus) != 1)


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(bytes(32), id="top bits 00"),
        pytest.param(bytes(31) + b"\1", id="uncompressed flag with an x of the curve"),
        pytest.param(IDENTITY[:-1] + b"\1", id="identity with another bit"),
        pytest.param(b"\x60" + bytes(31), id="identity with bit 5"),
        pytest.param(b"\xc0" + bytes(31), id="x = 0"),
        pytest.param((0x80 << 248 | field_modulus).to_bytes(32, "big"), id="x = p"),
        pytest.param((0x80 << 248 | field_modulus + 1).to_bytes(32, "big"), id="x = p + 1"),
        pytest.param((0x80 << 248 | NO_POINT).to_bytes(32, "big"), id="no point of the curve"),
        pytest.param(GENERATOR[:-1], id="31 bytes"),
        pytest.param(GENERATOR + b"\0", id="33 bytes"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_point(encoded: bytes) -> None:
    with pytest.raises(ProofRejected, match="canonical"):
        decode_point(GROUP, encoded, "a point")


def test_scalars() -> None:
    assert decode_scalar((curve_order - 1).to_bytes(32, "big"), "y") == curve_order - 1
    for value in (curve_order, curve_order + 1, 2**256 - 1):
        with pytest.raises(ProofRejected, match="not canonical"):
            decode_scalar(value.to_bytes(32, "big"), "y")


def off_curve(key: bytes, start: int) -> bytes:
    changed = bytearray(key)
    changed[start + 127] ^= 1
    return bytes(changed)


def of_wrong_order() -> bytes:
    """A point of the twist outside the subgroup: the twist has a cofactor, so almost any point is one."""
    from py_ecc.fields import optimized_bn128_FQ2 as FQ2
    from py_ecc.optimized_bn128.optimized_curve import b2, is_on_curve, multiply

    p = field_modulus
    for c0 in range(1, 200):
        x = FQ2([c0, 0])
        square = x * x * x + b2
        # The square root in F_p2 for p = 3 mod 4 (Adj, Rodriguez-Henriquez, ePrint 2012/685, algorithm 9).
        a1 = square ** ((p - 3) // 4)
        alpha, x0 = a1 * a1 * square, a1 * square
        root = FQ2([0, 1]) * x0 if alpha == FQ2([p - 1, 0]) else (FQ2.one() + alpha) ** ((p - 1) // 2) * x0
        point = (x, root, FQ2.one())
        if is_on_curve(point, b2) and not is_inf(multiply(point, curve_order)):
            parts = [c for e in (x, root) for c in (e.coeffs[1], e.coeffs[0])]
            return b"".join(int(c).to_bytes(32, "big") for c in parts)
    raise AssertionError("no such point among the first")


def spoilt_keys(key: bytes) -> dict[str, bytes]:
    first, second = key[22:150], key[150:278]
    return {
        "empty": b"",
        "another name": b"x" + key[1:],
        "another version": key[:12] + b"2" + key[13:],
        "too short": key[:-1],
        "too long": key + b"\0",
        "other lanes": key[:14] + (512).to_bytes(4, "big") + key[18:],
        "a depth that is not a power of two": key[:18] + (6).to_bytes(4, "big") + key[22:],
        "a largest depth of 2": key[:18] + (2).to_bytes(4, "big") + key[22 : 150 + 128],
        "another largest depth": key[:18] + (16).to_bytes(4, "big") + key[22:],
        "a depth beyond the largest": key[:18] + (32768).to_bytes(4, "big") + key[22:],
        "tau = tau^B": key[:22] + first + first + key[278:],
        "off the curve": off_curve(key, 22),
        "off the curve at the end": off_curve(key, len(key) - 128),
        "of wrong order": key[:150] + of_wrong_order() + key[278:],
        "the identity": key[:22] + bytes(128) + second + key[278:],
        "a coordinate that is not canonical": key[:22] + field_modulus.to_bytes(32, "big") + key[54:],
    }


def test_verification_keys(real_world: RealWorld) -> None:
    key = decode_key(real_world.key_bytes)
    assert (key.lanes, key.max_depth, sorted(key.data)) == (1024, 8, [4, 8])
    for name, spoilt in spoilt_keys(real_world.key_bytes).items():
        with pytest.raises(ProofRejected, match="verification key"):
            pytest.fail(f"accepted: {name}, {decode_key(spoilt)}")


@pytest.mark.skipif(not has_native(), reason="the compiled module is not built")
def test_verification_keys_before_the_native_verifier(real_world: RealWorld) -> None:
    """Whatever the rest, the key is refused first: with a good key this would be a wrong length."""
    empty = {
        "version": 1, "depth": 4, "commitments": [], "public": [], "challenges": [], "nodes": [],
        "operands": [], "aux": [{"label": "a", "depth": 4, "rows": 0}], "helpers": [], "constraints": [],
        "sums": [],
    }  # fmt: skip
    with pytest.raises(ProofRejected, match="length"):
        native.verify(real_world.key_bytes, empty, b"", b"", 0, [], b"")
    for spoilt in spoilt_keys(real_world.key_bytes).values():
        with pytest.raises(ProofRejected) as refusal:
            native.verify(spoilt, empty, b"", b"", 0, [], b"")
        assert "length: 0 bytes" not in str(refusal.value)


def test_encoding_of_g2() -> None:
    """The order of coordinates: x.c1, x.c0, y.c1, y.c0 of the standard generator (EIP-197)."""
    assert encode_g2(1).hex() == (
        "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
        "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
        "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
        "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
    )
    assert GROUP.decode2(encode_g2(1)) is not None
