"""The verifier of the argument (argument.md, section 6), step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic

from zkp_nb.errors import ProofRejected
from zkp_nb.verifying.reference.encodings import (
    Proof,
    VerificationKey,
    decode_key,
    decode_point,
    decode_proof,
    u32,
)
from zkp_nb.verifying.reference.field import ORDER, depth_points, inverse
from zkp_nb.verifying.reference.group import Bn254, Group, Left, Right
from zkp_nb.verifying.reference.program import Program, read
from zkp_nb.verifying.reference.public import PublicColumns
from zkp_nb.verifying.reference.transcript import Transcript


def verify(
    verification_key: bytes,
    program: object,
    context: bytes,
    statement: bytes,
    part: int,
    commitments: Sequence[bytes],
    proof: bytes,
) -> None:
    """Check one proof in plain Python (about a second).

    Args:
        verification_key: its encoding; `srs_id` is taken from it.
        program: a `zkp_nb.statements` program, its JSON, or the JSON's dictionary.
        context: the ledger id in UTF-8.
        statement: the statement's canonical JSON. It must fix the commitments (it names its tables by
            the hash of their records): they are not absorbed by themselves.
        part: the number of the program in the statement, from 0.
        commitments: 32 bytes each, in the order of the program's `commitments`.
        proof: the bytes of section 7.

    Raises:
        ProofRejected: it does not verify; `what` names the check.
    """
    key = decode_key(bytes(verification_key))
    Verification(Bn254(), key).run(program, context, statement, part, commitments, proof)


class Verification(Generic[Left, Right]):
    """The checks over any pairing group; the tests replace single methods by wrong ones."""

    def __init__(self, group: Group[Left, Right], key: VerificationKey[Right]) -> None:
        self.group = group
        self.key = key

    def run(
        self,
        program: object,
        context: bytes,
        statement: bytes,
        part: int,
        commitments: Sequence[bytes],
        proof: bytes,
    ) -> None:
        """See `verify`."""
        read_program = read(program, lanes=self.key.lanes, max_depth=self.key.max_depth)
        if not 0 <= part < 2**32:
            raise ProofRejected("The part is not a number of 32 bits.")
        if len(commitments) != read_program.commitments:
            raise ProofRejected(
                "The number of commitments is not that of the program.",
                why=f"{len(commitments)} were given, {read_program.commitments} are needed.",
            )
        columns = [decode_point(self.group, c, "a commitment") for c in commitments]
        sent = decode_proof(
            self.group,
            proof,
            operands=len(read_program.operands),
            aux=read_program.aux,
            helpers=read_program.helpers,
        )
        challenges = self.replay(read_program, context, statement, part, sent)
        self.reject_points(read_program, challenges)
        self.check(read_program, columns, sent, challenges)

    def transcript(self) -> Transcript:
        """A fresh transcript."""
        return Transcript()

    def replay(
        self, program: Program, context: bytes, statement: bytes, part: int, sent: Proof[Left]
    ) -> dict[str, int]:
        """Steps 0 to 10 as the transcript saw them; the challenges of step 1 by ("step 1", number)."""
        transcript = self.transcript()
        drawn: dict[str, int] = {}

        def absorb(*names: str) -> None:
            for name in names:
                for item in sent.sent[name]:
                    transcript.absorb(name, item)

        def draw(*names: str) -> None:
            for name in names:
                drawn[name] = transcript.challenge(name)

        transcript.absorb("protocol", b"zkp-grid/1")  # step 0
        transcript.absorb("curve", b"bn254")
        transcript.absorb("lanes", u32(self.key.lanes))
        transcript.absorb("depth", u32(program.depth))
        transcript.absorb("srs", self.key.srs_id)
        transcript.absorb("context", context)
        transcript.absorb("statement", statement)
        transcript.absorb("part", u32(part))
        absorb("aux")  # step 1
        for i, label in enumerate(program.challenges):
            drawn[f"step 1, {i}"] = transcript.challenge(label)
        absorb("helper", "blind", "mask")  # step 2
        draw("chi", "sigma", "theta")
        absorb("R")  # step 3
        draw("lambda")
        absorb("Q")  # step 4
        draw("beta")
        absorb("c", "R'", "Q'")  # step 5
        draw("beta'")
        absorb("y")  # step 6
        draw("rho")
        absorb("F", "q")  # step 7
        draw("mu")
        absorb("P~")  # step 8
        draw("zeta")
        absorb("p")  # step 9
        draw("nu")
        absorb("W")  # step 10
        draw("z")
        absorb("W'")
        draw("xi")
        return drawn

    def reject_points(self, program: Program, ch: dict[str, int]) -> None:
        """The challenges for which the checks would not be defined (section 6, "The verifier rejects")."""
        size = max(program.depth, self.key.lanes)
        for name in ("beta", "beta'", "zeta"):
            if pow(ch[name], size, ORDER) == 1:
                raise ProofRejected(f"The challenge {name} lies on the grid.")
        if ch["zeta"] == 0:
            raise ProofRejected("The challenge zeta is zero.")
        if ch["beta'"] == ch["sigma"]:
            raise ProofRejected("The challenges beta' and sigma are equal.")
        points = [ch["beta"], ch["beta'"], ch["zeta"], inverse(ch["zeta"])]
        if len(set(points)) != 4:
            raise ProofRejected("Two of the opening points are equal.")
        if ch["z"] in points:
            raise ProofRejected("The challenge z is an opening point.")

    def mask_weight(self, program: Program, chi: int) -> int:
        """`x = chi^L`: the first power that no sum uses."""
        return pow(chi, len(program.sums), ORDER)

    def public_values(self, program: Program, ch: dict[str, int]) -> list[int]:
        """The public columns at `(beta, beta')`."""
        columns = PublicColumns(program.depth, self.key.lanes, ch["beta"], ch["beta'"])
        return [columns.value(column) for column in program.public]

    def check(
        self, program: Program, commitments: Sequence[Left], sent: Proof[Left], ch: dict[str, int]
    ) -> None:
        """The openings of step 10 and the pairing equation."""
        A, B = program.depth, self.key.lanes
        d = max(A, B)
        beta, beta_, lam, zeta = ch["beta"], ch["beta'"], ch["lambda"], ch["zeta"]
        mu, nu, rho, z, xi = ch["mu"], ch["nu"], ch["rho"], ch["z"], ch["xi"]

        first_aux = len(program.operands)
        first_helper = first_aux + program.aux
        public = self.public_values(program, ch)
        values = program.evaluate(
            [ch[f"step 1, {i}"] for i in range(len(program.challenges))],
            {
                "op": sent.y[:first_aux],
                "aux": sent.y[first_aux:first_helper],
                "h": sent.y[first_helper:],
                "pub": public,
            },
        )
        chi_powers = powers(ch["chi"], len(program.sums))
        S = sum(k * values[s.value] for k, s in zip(chi_powers, program.sums, strict=True))
        T = sum(k * public[s.mask] * values[s.expr] for k, s in zip(chi_powers, program.sums, strict=True))
        x = self.mask_weight(program, ch["chi"])
        thetas = powers(ch["theta"], len(program.constraints))
        constraint = sum(k * values[node] for k, node in zip(thetas, program.constraints, strict=True))

        # Step 5: E(beta'), from the y_k.
        Z_A, Z_B = pow(beta, A, ORDER) - 1, pow(beta_, B, ORDER) - 1
        Z_blind = 1
        for a in depth_points(A)[A - 3 :]:
            Z_blind = Z_blind * (beta - a) % ORDER
        Z_data = Z_A * inverse(Z_blind)
        sigma = ch["sigma"]
        u = (pow(beta_, B, ORDER) - pow(sigma, B, ORDER)) * inverse(beta_ - sigma)
        E = T + lam * Z_blind % ORDER * u % ORDER * constraint

        # Step 10: the openings O_t as (terms over the proof's points, point, value).
        rhos = powers(rho, len(sent.y))
        point = sent.points
        high = pow(zeta, d - B, ORDER)
        openings: list[tuple[list[tuple[int, Left]], int, int]] = [
            ([(beta, point["R"]), (Z_A, point["Q"]), (-x, point["mask"])], beta, sent.c - S * inverse(A)),
            ([(beta_, point["R'"]), (Z_B, point["Q'"])], beta_, E - sent.c * inverse(B)),
            ([(1, point["F"])], beta_, sum(k * y for k, y in zip(rhos, sent.y, strict=True))),
            (
                [
                    (high, point["F"]),
                    (mu * high * zeta, point["R'"]),
                    (mu * mu * pow(zeta, d - A + 1, ORDER), point["R"]),
                ],
                zeta,
                sent.p,
            ),
            ([(1, point["P~"])], inverse(zeta), sent.p * inverse(pow(zeta, d - 1, ORDER))),
        ]
        weights = self.opening_weights(nu, [at for _, at, _ in openings], z)
        Z_S = product([z - s for s in (beta, beta_, zeta, inverse(zeta))])

        # C*, E* and O* + z W', each as terms over points.
        C: list[tuple[int, Left]] = [
            (k * values[coefficient], commitments[number])
            for k, terms in zip(rhos, program.operands, strict=False)
            for coefficient, number in terms
        ]
        C += zip(rhos[first_aux:], sent.aux + sent.helpers, strict=True)
        E_star = list(zip(rhos[:first_aux], sent.blinds, strict=True))
        O_star: list[tuple[int, Left]] = [(-Z_S, point["W"]), (z, point["W'"])]
        for weight, (terms, _, value) in zip(weights, openings, strict=True):
            O_star += [(weight * k, element) for k, element in terms]
            O_star.append((-weight * value, self.group.generator))
        combine = self.group.combine
        holds = self.group.product_is_one(
            [
                (
                    combine([*C, (beta, point["q"]), *((xi * k % ORDER, e) for k, e in O_star)]),
                    self.group.generator2,
                ),
                (combine([*E_star, (-inverse(Z_data), point["F"])]), self.key.data[A]),
                (combine([(-1, point["q"])]), self.key.tau_lanes),
                (combine([(-xi, point["W'"])]), self.key.tau),
            ]
        )
        if not holds:
            raise ProofRejected("The pairing equation does not hold.")

    def opening_weights(self, nu: int, points: Sequence[int], z: int) -> list[int]:
        """`nu^t Z_{S\\t}(z)` for the five openings."""
        distinct = set(points)
        return [
            k * product([z - s for s in distinct if s != at]) % ORDER
            for k, at in zip(powers(nu, len(points)), points, strict=True)
        ]


def powers(base: int, count: int) -> list[int]:
    """`base^0 .. base^(count-1)`."""
    result = [1] * count
    for i in range(1, count):
        result[i] = result[i - 1] * base % ORDER
    return result


def product(factors: Sequence[int]) -> int:
    """Their product in F."""
    result = 1
    for factor in factors:
        result = result * factor % ORDER
    return result
