"""The scalar field F of BN254 and its roots of unity (argument.md, section 1)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

ORDER: Final = 21888242871839275222246405745257275088548364400416034343698204186575808495617
"""The prime `r`: the order of F's additive group and of the pairing groups."""


def inverse(value: int) -> int:
    """`1/value` in F; `value` must not be zero modulo `r`."""
    return pow(value, -1, ORDER)


def inverses(values: Sequence[int]) -> list[int]:
    """The inverses of many non-zero values for one inversion (Montgomery's trick)."""
    prefix = [1]
    for value in values:
        prefix.append(prefix[-1] * value % ORDER)
    running = inverse(prefix[-1])
    result = [0] * len(values)
    for i in range(len(values) - 1, -1, -1):
        result[i] = running * prefix[i] % ORDER
        running = running * values[i] % ORDER
    return result


def root_of_unity(n: int) -> int:
    """`w_n = 5^((r-1)/n)`, of order `n`, a power of two."""
    return pow(5, (ORDER - 1) // n, ORDER)


@lru_cache(maxsize=32)
def lane_points(lanes: int) -> tuple[int, ...]:
    """`w_B^j` for the lanes `j < B`."""
    return _powers(root_of_unity(lanes), lanes)


@lru_cache(maxsize=32)
def depth_points(depth: int) -> tuple[int, ...]:
    """`a_i = w_A^bitrev(i)` for the depth positions `i < A`."""
    powers = _powers(root_of_unity(depth), depth)
    order = [0]
    while len(order) < depth:
        order = [2 * i for i in order] + [2 * i + 1 for i in order]
    return tuple(powers[i] for i in order)


def _powers(base: int, count: int) -> tuple[int, ...]:
    result = [1]
    for _ in range(count - 1):
        result.append(result[-1] * base % ORDER)
    return tuple(result)


def lagrange(points: Sequence[int], order: int, at: int) -> list[int]:
    """Values at `at` of the Lagrange polynomials, over the group of that order, of the given points.

    `L_a(X) = (X^n - 1) a / (n (X - a))`. `at` must lie outside the group.
    """
    scale = (pow(at, order, ORDER) - 1) * inverse(order) % ORDER
    return [
        scale * a % ORDER * d % ORDER for a, d in zip(points, inverses([at - a for a in points]), strict=True)
    ]
