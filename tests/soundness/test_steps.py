"""Statements forged, or true, with one message that is not what the protocol asks for."""

# ruff: noqa: N802

from __future__ import annotations

import pytest
from toy import polynomial as po
from toy.checking import refused
from toy.grid import Claim, column
from toy.programs import column_sum
from toy.prover import Prover
from toy.worlds import World

from zkp_nb.verifying.reference.field import ORDER, inverse

A = 4
VALUES = [3, 1, 4, 1]


def sums_to(world: World, total: int) -> Claim:
    return Claim(world, column_sum(world, A, 4, total), [column(world, A, VALUES)])


class FalseSum(Prover):
    """Knows by how much the identity of step 4 is off."""

    def error(self) -> int:
        """The constant that `total` leaves modulo `Z_A`: what is missing in the sum, over `A`."""
        return po.divide(self.total(), self.A, 1)[1][0]


class HighR(FalseSum):
    """An `R` of degree `A-1`: `Z R(Z)` then has a sum of its own."""

    def R(self) -> po.Poly:
        rest = po.divide(self.total(), self.A, 1)[1]
        return [*rest[1:], rest[0]]


class FalseC(FalseSum):
    """Moves the false sum from step 4 into a false `c`."""

    def c(self) -> int:
        return (super().c() - self.error()) % ORDER


class HighRPrime(FalseC):
    """An `R'` of degree `B-1`: `X R'(X)` then has a sum of its own."""

    def inner(self) -> tuple[po.Poly, po.Poly]:
        Q, rest = po.divide(po.add(self.E_poly, [-self.c_sent * inverse(self.B)]), self.B, 1)
        return [*rest[1:], rest[0]], po.add(Q, [-rest[0]])


class FalseY(FalseC):
    """Fits the first `y` to the false `c`: `E(beta')` is `mask * y_0` in these programs."""

    def y(self) -> list[int]:
        values = super().y()
        mask = po.at(self.public_rows_beta[0], self.ch["beta'"])
        values[0] = (values[0] - self.error() * inverse(self.B * mask)) % ORDER
        return values


class HighF(FalseY):
    """`F = f*(beta, X) + k (X^B - beta)`: the same residue for the fold, another value at `beta'`."""

    def F(self) -> po.Poly:
        honest = super().F()
        beta, beta_ = self.ch["beta"], self.ch["beta'"]
        missing = (self.y_sent[0] - po.at(honest, beta_)) * inverse(pow(beta_, self.B, ORDER) - beta)
        return po.add(honest, po.scale(missing, [-beta, *[0] * (self.B - 1), 1]))


class LowF(FalseY):
    """Shifts `F` itself to the value that the false `y` asks for."""

    def F(self) -> po.Poly:
        honest = super().F()
        return po.add(honest, [self.y_sent[0] - po.at(honest, self.ch["beta'"])])


@pytest.mark.parametrize(
    ("cheat", "by"),
    [
        pytest.param(HighR, "O_4", id="R of too high degree"),
        pytest.param(HighRPrime, "O_4", id="R' of too high degree"),
        pytest.param(HighF, "O_4", id="F of too high degree, f* + k(X^B - beta), which O_4 alone refuses"),
        pytest.param(FalseC, "O_1", id="wrong c that fits a wrong sum"),
        pytest.param(FalseY, "O_2", id="wrong y that fits a wrong c"),
        pytest.param(LowF, "fold", id="wrong F that fits a wrong y"),
    ],
)
def test_forged_sum_is_refused_by_one_check(world: World, cheat: type[Prover], by: str) -> None:
    """A false sum, carried through the steps until one equation is left to refuse it."""
    claim = sums_to(world, 10)
    refused(claim, cheat(claim).run(), by)


class WrongY(Prover):
    def y(self) -> list[int]:
        values = super().y()
        return [values[0] + 1, *values[1:]]


class WrongC(Prover):
    def c(self) -> int:
        return super().c() + 1


class WrongP(Prover):
    def p_value(self) -> int:
        return super().p_value() + 1


class WrongR(Prover):
    def R(self) -> po.Poly:
        return po.add(super().R(), [1])


class WrongQ(Prover):
    def Q(self) -> po.Poly:
        return po.add(super().Q(), [1])


class WrongFoldQuotient(Prover):
    def q(self) -> po.Poly:
        return po.add(super().q(), [1])


class WrongReversed(Prover):
    def reversed(self) -> po.Poly:
        return po.add(super().reversed(), [1])


class WrongW(Prover):
    def W(self) -> po.Poly:
        return po.add(super().W(), [1])


class WrongWPrime(Prover):
    def W_prime(self) -> po.Poly:
        return po.add(super().W_prime(), [1])


@pytest.mark.parametrize(
    ("cheat", "by"),
    [
        (WrongY, {"O_1", "O_2"}),
        (WrongC, {"O_0", "O_1"}),
        (WrongP, {"O_3", "O_4"}),
        (WrongR, {"O_0"}),
        (WrongQ, {"O_0"}),
        (WrongFoldQuotient, {"fold"}),
        (WrongReversed, {"O_4"}),
        (WrongW, set()),
        (WrongWPrime, set()),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_wrong_element_in_a_proof_of_a_true_statement(
    world: World, cheat: type[Prover], by: set[str]
) -> None:
    claim = sums_to(world, 9)
    refused(claim, cheat(claim).run(), *by)
