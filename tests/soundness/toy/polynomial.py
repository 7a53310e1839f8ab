"""Polynomials over F as lists of coefficients, lowest first; enough for a prover that is read, not timed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from zkp_nb.verifying.reference.field import ORDER, inverse, root_of_unity

Poly = list[int]


@lru_cache(maxsize=64)
def _twiddles(n: int, invert: bool) -> tuple[int, ...]:
    root = root_of_unity(n)
    root = inverse(root) if invert else root
    result = [1]
    for _ in range(n // 2 - 1):
        result.append(result[-1] * root % ORDER)
    return tuple(result)


def _transform(values: Sequence[int], invert: bool) -> Poly:
    n = len(values)
    if n == 1:
        return [values[0] % ORDER]
    if n == 2:
        return [(values[0] + values[1]) % ORDER, (values[0] - values[1]) % ORDER]
    even, odd = _transform(values[::2], invert), _transform(values[1::2], invert)
    turned = [w * v % ORDER for w, v in zip(_twiddles(n, invert), odd, strict=True)]
    return [(a + b) % ORDER for a, b in zip(even, turned, strict=True)] + [
        (a - b) % ORDER for a, b in zip(even, turned, strict=True)
    ]


def evaluate_on_group(coefficients: Sequence[int], n: int) -> list[int]:
    """Values at `w_n^0 .. w_n^(n-1)`; the degree is below `n`."""
    return _transform([*coefficients, *[0] * (n - len(coefficients))], False)


def interpolate_on_group(values: Sequence[int]) -> Poly:
    """The polynomial of degree below `n` with these values at `w_n^0 .. w_n^(n-1)`."""
    scale = inverse(len(values))
    return [scale * c % ORDER for c in _transform(values, True)]


def power_of_two_above(n: int) -> int:
    """The smallest power of two larger than `n`."""
    return 1 << n.bit_length()


def add(*terms: Sequence[int]) -> Poly:
    """Their sum."""
    result = [0] * max(map(len, terms))
    for term in terms:
        for i, c in enumerate(term):
            result[i] += c
    return [c % ORDER for c in result]


def scale(k: int, a: Sequence[int]) -> Poly:
    """`k a`."""
    return [k * c % ORDER for c in a]


def shift(a: Sequence[int], places: int) -> Poly:
    """`X^places a`."""
    return [0] * places + list(a)


def multiply(a: Sequence[int], b: Sequence[int]) -> Poly:
    """`a b`."""
    few, many = sorted((a, b), key=lambda c: sum(map(bool, c)))
    if sum(map(bool, few)) <= 16:
        result = [0] * (len(a) + len(b) - 1)
        for i, x in enumerate(few):
            if x:
                for j, y in enumerate(many, start=i):
                    result[j] += x * y
        return [c % ORDER for c in result]
    n = power_of_two_above(len(a) + len(b))
    return interpolate_on_group(
        [x * y % ORDER for x, y in zip(evaluate_on_group(a, n), evaluate_on_group(b, n), strict=True)]
    )


def at(a: Sequence[int], x: int) -> int:
    """`a(x)`."""
    result = 0
    for c in reversed(a):
        result = (result * x + c) % ORDER
    return result


def divide(a: Sequence[int], n: int, value: int) -> tuple[Poly, Poly]:
    """Quotient and remainder of `a` by `X^n - value`."""
    rest = [c % ORDER for c in a]
    quotient = [0] * max(len(rest) - n, 1)
    for i in range(len(rest) - 1, n - 1, -1):
        quotient[i - n] = rest[i]
        rest[i - n] = (rest[i - n] + value * rest[i]) % ORDER
    return quotient, rest[:n]


def from_roots(roots: Sequence[int]) -> Poly:
    """`prod (X - root)`."""
    result = [1]
    for root in roots:
        result = multiply(result, [-root, 1])
    return result


def stretch(a: Sequence[int], n: int) -> Poly:
    """`a(X^n)`."""
    result = [0] * ((len(a) - 1) * n + 1)
    result[::n] = a
    return result


def is_zero(a: Sequence[int]) -> bool:
    """Whether every coefficient is zero in F."""
    return not any(c % ORDER for c in a)


def fold(a: Sequence[int], n: int, z: int) -> Poly:
    """`a(Z, X)` at `Z = z`, where `Z` stands for `X^n`: a polynomial in `X` of degree below `n`."""
    result = [0] * n
    power = 1
    for start in range(0, len(a), n):
        for i, c in enumerate(a[start : start + n]):
            result[i] += power * c
        power = power * z % ORDER
    return [c % ORDER for c in result]
