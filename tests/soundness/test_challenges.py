"""Each challenge is needed: a prover that knows a single one beforehand forges, and one that does not cannot.

The small world alone, with a verifier whose challenge is frozen.
"""

# ruff: noqa: N802

from __future__ import annotations

from collections.abc import Sequence

import pytest
from test_rules import two_sums
from test_steps import FalseC, FalseSum, sums_to
from toy import polynomial as po
from toy.checking import arguments
from toy.grid import Claim, FrozenTranscript, column
from toy.programs import Builder
from toy.prover import Prover
from toy.worlds import SmallWorld, World

from zkp_nb.errors import ProofRejected
from zkp_nb.verifying.reference.field import ORDER, depth_points, inverse, lane_points
from zkp_nb.verifying.reference.transcript import Transcript
from zkp_nb.verifying.reference.verify import Verification

KNOWN = 0xF0_0D
A = 8
VALUES = [3, 1, 4, 1]


class Frozen(Verification[int, int]):
    """A verifier one of whose challenges everybody knows."""

    challenges: dict[str, int]

    def transcript(self) -> Transcript:
        return FrozenTranscript(self.challenges)


def frozen(world: SmallWorld, **challenges: int) -> Frozen:
    verifier = Frozen(world.group, world.key)
    verifier.challenges = challenges
    return verifier


def forge(claim: Claim, cheat: type[Prover], label: str) -> None:
    """The cheat passes where the challenge is known, and fails where it is drawn."""
    assert isinstance(claim.world, SmallWorld)
    attempt = cheat(claim, frozen={label: KNOWN}).run()
    frozen(claim.world, **{label: KNOWN}).run(*arguments(claim, attempt))
    with pytest.raises(ProofRejected):
        claim.world.verification().run(*arguments(claim, attempt))


def two_equalities(world: World, gaps: Sequence[int]) -> Claim:
    """Two constraints, `f = g` and `f = h`, violated in the first row by the gaps."""
    b = Builder(world, A)
    f, g, h = b.table("f", A, 4), b.table("g", A, 4), b.table("h", A, 4)
    rows = b.mask(A, 4)
    b.zero(b.times(rows, b.minus(f, g)))
    b.zero(b.times(rows, b.minus(f, h)))
    columns = [VALUES, *([VALUES[0] - gap, *VALUES[1:]] for gap in gaps)]
    return Claim(world, b.build(), [column(world, A, c) for c in columns])


def unequal(world: World, gaps: dict[tuple[int, int], int]) -> Claim:
    """One constraint, `f = g`, with gaps at the given cells."""
    rows = (A - 3) * world.lanes
    b = Builder(world, A)
    f, g = b.table("f", A, rows), b.table("g", A, rows)
    b.zero(b.times(b.mask(A, rows), b.minus(f, g)))
    return Claim(world, b.build(), [column(world, A, []), column(world, A, [], extra=gaps)])


def test_gamma(small_world: SmallWorld) -> None:
    """An aux column chosen after its challenge: one multiplicity that makes up for a value out of range."""
    world, values, size = small_world, [3, 1, 2, 9], 4
    b = Builder(world, A)
    f, multiplicity = b.table("t", A, 4), b.aux(A, size)
    rows, cut, index = b.mask(A, 4), b.mask(A, size), b.public("index", A, size)
    h = b.family(b.challenge("gamma"), (rows, f), (b.negative(b.times(cut, multiplicity)), index))
    b.sum(b.sel(), h, b.constant(0))
    missing = inverse(KNOWN + 9) * (KNOWN + 0) % ORDER
    claim = Claim(world, b.build(), [column(world, A, values)], [[missing, 1, 1, 1]])
    forge(claim, Prover, "gamma")


def test_chi(small_world: SmallWorld) -> None:
    """Two false sums that cancel."""
    world = small_world
    forge(two_sums(world, [9 + KNOWN, 18 - 1]), Prover, "chi")


def test_sigma(small_world: SmallWorld) -> None:
    """Two violated cells of one depth position that cancel."""
    lanes = lane_points(small_world.lanes)
    weights = [inverse(w - KNOWN) for w in lanes]
    gaps = {(0, 0): weights[1], (0, 1): -weights[0]}
    forge(unequal(small_world, gaps), Prover, "sigma")


def test_theta(small_world: SmallWorld) -> None:
    """Two violated constraints that cancel."""
    forge(two_equalities(small_world, [KNOWN, -1]), Prover, "theta")


class LambdaKnown(Prover):
    """An `R` that takes the violated constraint for a part of the sum."""

    def R(self) -> po.Poly:
        extra = po.scale(KNOWN, po.multiply(self.Z_blind(), self.G_0))
        return po.divide(po.add(self.total(), extra), self.A, 1)[1][1:]


def test_lambda(small_world: SmallWorld) -> None:
    """Two violated cells of a lane, weighted so that `Z_blind G_0` has sum zero."""
    points = depth_points(A)
    blind = [po.at(po.from_roots(points[A - 3 :]), a) for a in points[:2]]
    gaps = {(0, 0): blind[1], (1, 0): -blind[0]}
    forge(unequal(small_world, gaps), LambdaKnown, "lambda")


class BetaKnown(FalseSum):
    def Q(self) -> po.Poly:
        return po.add(super().Q(), [self.error() * inverse(pow(KNOWN, self.A, ORDER) - 1)])


def test_beta(small_world: SmallWorld) -> None:
    """A `Q` that is right at one point."""
    forge(sums_to(small_world, 10), BetaKnown, "beta")


class BetaPrimeKnown(FalseC):
    def inner(self) -> tuple[po.Poly, po.Poly]:
        Q, rest = po.divide(po.add(self.E_poly, [-self.c_sent * inverse(self.B)]), self.B, 1)
        return rest[1:], po.add(Q, [rest[0] * inverse(pow(KNOWN, self.B, ORDER) - 1)])


def test_beta_prime(small_world: SmallWorld) -> None:
    """A `Q'` that is right at one point, for a false `c`."""
    forge(sums_to(small_world, 10), BetaPrimeKnown, "beta'")


class RhoKnown(FalseC):
    """Two wrong `y` whose combination is right: `E(beta')` is `mask (y_0 + chi y_1)` here."""

    def y(self) -> list[int]:
        first, second = super().y()
        mask = po.at(self.public_rows_beta[0], self.ch["beta'"])
        # d_0 + rho d_1 = 0 and mask (d_0 + chi d_1) = -error/B
        d_1 = -self.error() * inverse(self.B * mask * (self.ch["chi"] - KNOWN))
        return [(first - KNOWN * d_1) % ORDER, (second + d_1) % ORDER]


def test_rho(small_world: SmallWorld) -> None:
    forge(two_sums(small_world, [9, 19]), RhoKnown, "rho")


class MuKnown(FalseSum):
    """`R` and `R'` both of too high degree, so that their highest terms cancel in `P*`."""

    def shares(self) -> tuple[int, int]:
        """`s` and `r`, the highest coefficients of `R` and `R'`: `r + mu s = 0` and `r B + s = error`."""
        s = self.error() * inverse(1 - KNOWN * self.B)
        return s % ORDER, -s * KNOWN % ORDER

    def R(self) -> po.Poly:
        return [*super().R(), self.shares()[0]]

    def c(self) -> int:
        return (super().c() - self.shares()[1] * self.B) % ORDER

    def inner(self) -> tuple[po.Poly, po.Poly]:
        Q, rest = po.divide(po.add(self.E_poly, [-self.c_sent * inverse(self.B)]), self.B, 1)
        return [*rest[1:], rest[0]], po.add(Q, [-rest[0]])


def test_mu(small_world: SmallWorld) -> None:
    forge(sums_to(small_world, 10), MuKnown, "mu")


class ZetaKnown(FalseSum):
    """An `R` of too high degree and a `P~` that is right at one point."""

    def R(self) -> po.Poly:
        rest = po.divide(self.total(), self.A, 1)[1]
        return [*rest[1:], rest[0]]

    def reversed(self) -> po.Poly:
        honest = super().reversed()
        wanted = po.at(self.P(), KNOWN) * inverse(pow(KNOWN, self.d - 1, ORDER))
        return po.add(honest, [wanted - po.at(honest, inverse(KNOWN))])


def test_zeta(small_world: SmallWorld) -> None:
    forge(sums_to(small_world, 10), ZetaKnown, "zeta")


class NuKnown(FalseC):
    """`O_1` and `O_2`, both at `beta'`, off by amounts that cancel."""

    def y(self) -> list[int]:
        values = super().y()
        mask = po.at(self.public_rows_beta[0], self.ch["beta'"])
        values[0] = (values[0] - self.error() * inverse(self.B * (mask + KNOWN))) % ORDER
        return values


def test_nu(small_world: SmallWorld) -> None:
    forge(sums_to(small_world, 10), NuKnown, "nu")


class ZKnown(FalseSum):
    """A `W` that is right at one point."""

    def W(self) -> po.Poly:
        self.p["W"] = super().W()
        points = {point for _, point, _ in self.openings()}
        off = po.at(self.linear(), KNOWN) * inverse(po.at(po.from_roots(list(points)), KNOWN))
        return po.add(self.p["W"], [off])


def test_z(small_world: SmallWorld) -> None:
    forge(sums_to(small_world, 10), ZKnown, "z")


class XiKnown(Prover):
    """Leaves the fold off by a polynomial and asks `W` and `W'` to make up for it."""

    def F(self) -> po.Poly:
        return po.add(super().F(), [1])

    def gap(self) -> po.Poly:
        return po.scale(inverse(KNOWN), self.fold_error())

    def W(self) -> po.Poly:
        quotient = self.gap()
        for point in {point for _, point, _ in self.openings()}:
            quotient = po.divide(quotient, 1, point)[0]
        return po.add(super().W(), quotient)

    def W_prime(self) -> po.Poly:
        return po.divide(po.add(self.linear(), self.gap()), 1, self.ch["z"])[0]


def test_xi_alone_is_not_enough_to_forge(small_world: SmallWorld) -> None:
    """The error of the fold is fixed before `zeta` and `nu`: what would cancel it in the openings is not."""
    claim = sums_to(small_world, 9)
    attempt = XiKnown(claim, frozen={"xi": KNOWN}).run()
    assert "fold" in attempt.refused_by
    with pytest.raises(ProofRejected, match="pairing equation"):
        frozen(small_world, xi=KNOWN).run(*arguments(claim, attempt))


ROOT = lane_points(4)[1]


@pytest.mark.parametrize(
    ("challenges", "what"),
    [
        ({"beta": 1}, "beta lies on the grid"),
        ({"beta'": ROOT}, "beta' lies on the grid"),
        ({"zeta": ORDER - 1}, "zeta lies on the grid"),
        ({"zeta": 0}, "zeta is zero"),
        ({"beta'": 7, "sigma": 7}, "beta' and sigma are equal"),
        ({"beta": 7, "beta'": 7}, "opening points are equal"),
        ({"beta": 7, "zeta": 7}, "opening points are equal"),
        ({"beta'": 7, "zeta": inverse(7)}, "opening points are equal"),
        ({"beta": 7, "z": 7}, "z is an opening point"),
        ({"beta'": 7, "z": 7}, "z is an opening point"),
        ({"zeta": 7, "z": 7}, "z is an opening point"),
        ({"zeta": 7, "z": inverse(7)}, "z is an opening point"),
    ],
)
def test_challenges_for_which_the_checks_are_not_defined(
    small_world: SmallWorld, challenges: dict[str, int], what: str
) -> None:
    claim = sums_to(small_world, 9)
    attempt = Prover(claim).run()
    with pytest.raises(ProofRejected, match=what):
        frozen(small_world, **challenges).run(*arguments(claim, attempt))


def test_a_frozen_verifier_accepts_an_honest_proof(small_world: SmallWorld) -> None:
    claim = sums_to(small_world, 9)
    attempt = Prover(claim, frozen={"beta": KNOWN}).run()
    frozen(small_world, beta=KNOWN).run(*arguments(claim, attempt))
    refused_elsewhere = small_world.verification()
    with pytest.raises(ProofRejected):
        refused_elsewhere.run(*arguments(claim, attempt))
