"""An honest prover in plain Python, a method for each thing a cheat may do differently.

Names are those of the specification.
"""

# ruff: noqa: N802

from __future__ import annotations

from collections.abc import Sequence

from toy import polynomial as po
from toy.columns import Columns
from toy.grid import Attempt, FrozenTranscript
from toy.polynomial import Poly
from zkp_nb.verifying.reference.encodings import u32
from zkp_nb.verifying.reference.field import ORDER, inverse, lane_points
from zkp_nb.verifying.reference.verify import powers

ORDER_OF_PROOF = (
    "aux",
    "helper",
    "blind",
    "mask",
    "R",
    "Q",
    "c",
    "R'",
    "Q'",
    "y",
    "F",
    "q",
    "P~",
    "p",
    "W",
    "W'",
)


class Prover(Columns):
    """Section 6 of argument.md. Methods return what is sent; `run` keeps the order."""

    # -- step 3 and 4 --------------------------------------------------------------------------

    def folded(self) -> tuple[Poly, Poly]:
        """`G_T` and `G_0`."""
        sigma = self.ch["sigma"]
        weights = [(1 - pow(sigma, self.B, ORDER)) * inverse(w - sigma) % ORDER for w in lane_points(self.B)]
        degree = max(
            [self.program.nodes[s.expr].degree + 1 for s in self.program.sums]
            + [self.program.nodes[c].degree for c in self.program.constraints]
            + [1]
        )
        high = max([len(f) // self.B for f in self.f] + [self.A])
        n = po.power_of_two_above(degree * high)
        G_T, G_0 = [], []
        for z in (pow(po._twiddles(n, False)[1], i, ORDER) for i in range(n)):
            nodes = self.nodes_on_lanes(z)
            T, C = self.combined(nodes, self.public_rows)
            G_T.append(sum(T) % ORDER)
            G_0.append(sum(w * c for w, c in zip(weights, C, strict=True)) % ORDER)
        return po.interpolate_on_group(G_T), po.interpolate_on_group(G_0)

    def S(self) -> int:
        """`sum_l chi^l S_l`."""
        values, sums = self.scalars(), self.program.sums
        chis = powers(self.ch["chi"], len(sums))
        return sum(k * values[s.value] for k, s in zip(chis, sums, strict=True)) % ORDER

    def x(self) -> int:
        return pow(self.ch["chi"], len(self.program.sums), ORDER)

    def total(self) -> Poly:
        """`G_T + x m - S/A`."""
        return po.add(self.G_T, po.scale(self.x(), self.p["mask"]), [-self.S() * inverse(self.A)])

    def R(self) -> Poly:
        """The remainder of `total` by `Z_A`, divided by `Z`. A false sum leaves a constant, dropped here."""
        return po.divide(self.total(), self.A, 1)[1][1:]

    def Z_blind(self) -> Poly:
        return po.from_roots(self.depth_points[self.D :])

    def Q(self) -> Poly:
        number = po.add(
            self.total(),
            po.scale(-1, po.shift(self.p["R"], 1)),
            po.scale(self.ch["lambda"], po.multiply(self.Z_blind(), self.G_0)),
        )
        return po.divide(number, self.A, 1)[0]

    # -- step 5 to 7 ---------------------------------------------------------------------------

    def c(self) -> int:
        beta = self.ch["beta"]
        return (
            po.at(self.G_T, beta) + self.ch["lambda"] * po.at(self.Z_blind(), beta) * po.at(self.G_0, beta)
        ) % ORDER

    def E(self) -> Poly:
        """`E(X)`, interpolated over a group large enough for its degree."""
        beta, sigma = self.ch["beta"], self.ch["sigma"]
        self.public_rows_beta = [
            po.interpolate_on_group(self.public_on_lanes(column, beta)) for column in self.program.public
        ]
        rows = [po.fold(f, self.B, beta) for f in self.f]
        degree = max(
            [self.program.nodes[s.expr].degree + 1 for s in self.program.sums]
            + [self.program.nodes[c].degree + 1 for c in self.program.constraints]
            + [1]
        )
        n = po.power_of_two_above(degree * self.B - 1)
        public = [po.evaluate_on_group(row, n) for row in self.public_rows_beta]
        nodes = self.evaluate(self.by_kind([po.evaluate_on_group(row, n) for row in rows], public), n)
        u = po.evaluate_on_group([pow(sigma, self.B - 1 - k, ORDER) for k in range(self.B)], n)
        T, C = self.combined(nodes, public)
        weight = self.ch["lambda"] * po.at(self.Z_blind(), beta) % ORDER
        return po.interpolate_on_group(
            [(t + weight * v % ORDER * c) % ORDER for t, v, c in zip(T, u, C, strict=True)]
        )

    def inner(self) -> tuple[Poly, Poly]:
        """`R'` and `Q'`; a false `c` leaves a constant, dropped here."""
        Q, rest = po.divide(po.add(self.E_poly, [-self.c_sent * inverse(self.B)]), self.B, 1)
        return rest[1:], Q

    def y(self) -> list[int]:
        return [po.at(po.fold(f, self.B, self.ch["beta"]), self.ch["beta'"]) for f in self.f]

    def f_star(self) -> Poly:
        return po.add(
            *(po.scale(k, f) for k, f in zip(powers(self.ch["rho"], len(self.f)), self.f, strict=True))
        )

    def F(self) -> Poly:
        return po.fold(self.f_star(), self.B, self.ch["beta"])

    def Z_data(self) -> Poly:
        return po.from_roots(self.depth_points[: self.D])

    def q(self) -> Poly:
        """The quotient by `Z - beta`; whatever remains is dropped."""
        beta = self.ch["beta"]
        g = po.scale(inverse(po.at(self.Z_data(), beta)), po.stretch(self.Z_data(), self.B))
        return po.divide(po.add(self.f_star(), po.scale(-1, po.multiply(g, self.p["F"]))), self.B, beta)[0]

    # -- step 8 to 10 --------------------------------------------------------------------------

    @property
    def d(self) -> int:
        return max(self.A, self.B)

    def P(self) -> Poly:
        mu = self.ch["mu"]
        return po.add(
            po.shift(self.p["F"], self.d - self.B),
            po.shift(po.scale(mu, self.p["R'"]), self.d - self.B + 1),
            po.shift(po.scale(mu * mu, self.p["R"]), self.d - self.A + 1),
        )

    def reversed(self) -> Poly:
        """`P~`; coefficients from `X^d` on have no place in it."""
        low = [*self.P(), *[0] * self.d][: self.d]
        return low[::-1]

    def p_value(self) -> int:
        return po.at(self.P(), self.ch["zeta"])

    def E_from_y(self) -> int:
        """`E(beta')` as a verifier computes it."""
        beta_, sigma = self.ch["beta'"], self.ch["sigma"]
        public = [po.at(row, beta_) for row in self.public_rows_beta]
        nodes = self.program.evaluate(self.step1(), self.by_kind(self.y_sent, public))
        T, C = self.combined([[v] for v in nodes], [[v] for v in public])
        u = (pow(beta_, self.B, ORDER) - pow(sigma, self.B, ORDER)) * inverse(beta_ - sigma)
        return (T[0] + self.ch["lambda"] * po.at(self.Z_blind(), self.ch["beta"]) * u * C[0]) % ORDER

    def openings(self) -> list[tuple[Poly, int, int]]:
        """`(f_t, point, value)`."""
        beta, beta_, zeta = self.ch["beta"], self.ch["beta'"], self.ch["zeta"]
        mu, d, c, p = self.ch["mu"], self.d, self.c_sent, self.p_sent
        Z_A, Z_B = pow(beta, self.A, ORDER) - 1, pow(beta_, self.B, ORDER) - 1
        part, high = self.p, pow(zeta, d - self.B, ORDER)
        rhos = powers(self.ch["rho"], len(self.y_sent))
        return [
            (
                po.add(
                    po.scale(beta, part["R"]), po.scale(Z_A, part["Q"]), po.scale(-self.x(), part["mask"])
                ),
                beta,
                c - self.S() * inverse(self.A),
            ),
            (
                po.add(po.scale(beta_, part["R'"]), po.scale(Z_B, part["Q'"])),
                beta_,
                self.E_from_y() - c * inverse(self.B),
            ),
            (part["F"], beta_, sum(k * y for k, y in zip(rhos, self.y_sent, strict=True))),
            (
                po.add(
                    po.scale(high, part["F"]),
                    po.scale(mu * high * zeta, part["R'"]),
                    po.scale(mu * mu * pow(zeta, d - self.A + 1, ORDER), part["R"]),
                ),
                zeta,
                p,
            ),
            (part["P~"], inverse(zeta), p * inverse(pow(zeta, d - 1, ORDER))),
        ]

    def W(self) -> Poly:
        return po.add(
            *(
                po.scale(k, po.divide(po.add(f, [-v]), 1, point)[0])
                for k, (f, point, v) in zip(powers(self.ch["nu"], 5), self.openings(), strict=True)
            )
        )

    def linear(self) -> Poly:
        """`sum_t nu^t Z_{S\\t}(z) (f_t - v_t) - Z_S(z) W`: the polynomial that must vanish at `z`."""
        z = self.ch["z"]
        opened = self.openings()
        points = list(dict.fromkeys(point for _, point, _ in opened))
        Z_S = po.at(po.from_roots(points), z)
        terms = [po.scale(-Z_S, self.p["W"])]
        for k, (f, point, v) in zip(powers(self.ch["nu"], 5), opened, strict=True):
            terms.append(po.scale(k * Z_S * inverse(z - point), po.add(f, [-v])))
        return po.add(*terms)

    def W_prime(self) -> Poly:
        return po.divide(self.linear(), 1, self.ch["z"])[0]

    # -- the order of things -------------------------------------------------------------------

    def send(self, label: str, *polys: Poly) -> None:
        self.send_bytes(label, [self.world.publish(po.at(f, self.world.tau)) for f in polys])

    def send_scalars(self, label: str, values: Sequence[int]) -> None:
        self.send_bytes(label, [(v % ORDER).to_bytes(32, "big") for v in values])

    def send_bytes(self, label: str, items: list[bytes]) -> None:
        self.sent[label] = items
        for item in items:
            self.transcript.absorb(label, item)

    def draw(self, *labels: str) -> None:
        for label in labels:
            self.ch[label] = self.transcript.challenge(label)

    def start(self) -> None:
        self.transcript = FrozenTranscript(self.frozen)
        for label, data in (
            ("protocol", b"zkp-grid/1"),
            ("curve", b"bn254"),
            ("lanes", u32(self.B)),
            ("depth", u32(self.A)),
            ("srs", self.world.key.srs_id),
            ("context", self.claim.context),
            ("statement", self.claim.statement),
            ("part", u32(self.claim.part)),
        ):
            self.transcript.absorb(label, data)

    def commit_columns(self) -> None:
        """Steps 1 and 2."""
        aux = self.aux()
        self.send("aux", *aux)
        for i, label in enumerate(self.program.challenges):
            self.ch[f"step 1, {i}"] = self.transcript.challenge(label)
        self.bare = self.operands()
        self.E_k = self.blinds()
        z_data = po.stretch(self.Z_data(), self.B)
        self.f = [po.add(f, po.multiply(z_data, e)) for f, e in zip(self.bare, self.E_k, strict=True)]
        self.f += aux
        helpers = self.helpers()
        self.f += helpers
        self.send("helper", *helpers)
        self.send("blind", *self.E_k)
        self.p["mask"] = self.mask()
        self.send("mask", self.p["mask"])
        self.draw("chi", "sigma", "theta")

    def run(self) -> Attempt:
        self.start()
        self.commit_columns()
        self.G_T, self.G_0 = self.folded()
        self.p["R"] = self.R()
        self.send("R", self.p["R"])
        self.draw("lambda")
        self.p["Q"] = self.Q()
        self.send("Q", self.p["Q"])
        self.draw("beta")
        self.E_poly = self.E()
        self.c_sent = self.c()
        self.send_scalars("c", [self.c_sent])
        self.p["R'"], self.p["Q'"] = self.inner()
        self.send("R'", self.p["R'"])
        self.send("Q'", self.p["Q'"])
        self.draw("beta'")
        self.y_sent = self.y()
        self.send_scalars("y", self.y_sent)
        self.draw("rho")
        self.p["F"] = self.F()
        self.send("F", self.p["F"])
        self.p["q"] = self.q()
        self.send("q", self.p["q"])
        self.draw("mu")
        self.p["P~"] = self.reversed()
        self.send("P~", self.p["P~"])
        self.draw("zeta")
        self.p_sent = self.p_value()
        self.send_scalars("p", [self.p_sent])
        self.draw("nu")
        self.p["W"] = self.W()
        self.send("W", self.p["W"])
        self.draw("z")
        self.p["W'"] = self.W_prime()
        self.send("W'", self.p["W'"])
        self.draw("xi")
        return self.attempt()

    def attempt(self) -> Attempt:
        return Attempt(
            proof=b"".join(item for label in ORDER_OF_PROOF for item in self.sent[label]),
            commitments=self.claim.commitments(),
            elements=self.sent,
            refused_by=self.refused_by(),
        )

    def refused_by(self) -> set[str]:
        failed = {
            f"O_{t}" for t, (f, point, v) in enumerate(self.openings()) if (po.at(f, point) - v) % ORDER
        }
        if not po.is_zero(self.fold_error()):
            failed.add("fold")
        return failed

    def fold_error(self) -> Poly:
        """`C* + Z_data (E* - F / Z_data(beta)) - (X^B - beta) q`, zero in an honest proof."""
        beta, rhos = self.ch["beta"], powers(self.ch["rho"], len(self.f))
        z_data = self.Z_data()
        bare = [*self.bare, *self.f[len(self.bare) :]]
        C = po.add(*(po.scale(k, f) for k, f in zip(rhos, bare, strict=True)))
        E = po.add([0], *(po.scale(k, e) for k, e in zip(rhos, self.E_k, strict=False)))
        inside = po.add(E, po.scale(-inverse(po.at(z_data, beta)), self.p["F"]))
        product = po.add(po.shift(self.p["q"], self.B), po.scale(-beta, self.p["q"]))
        return po.add(C, po.multiply(po.stretch(z_data, self.B), inside), po.scale(-1, product))
