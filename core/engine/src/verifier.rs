//! The verifier (specification: argument, section 6).

use crate::domain::{permute, powers};
use crate::encoding::{g1_from_bytes, scalar_from_bytes};
use crate::error::{argument, rejected, Error, Result};
use crate::eval;
use crate::key::VerificationKey;
use crate::openings::{reversed_value, shifts, Domains, OpeningPoints};
use crate::program::Program;
use crate::transcript::{Instance, Transcript};
use ark_bn254::Bn254;
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field, Zero};
use zkp_kernels::{msm, Fr, G1Affine, Scalars};

/// Reads the elements of a proof and absorbs each.
struct Reader<'a> {
    rest: &'a [u8],
    transcript: Transcript,
}

impl Reader<'_> {
    fn take(&mut self) -> Result<&[u8; 32]> {
        let (first, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| Error::Rejected("the proof has a wrong length".into()))?;
        self.rest = rest;
        Ok(first)
    }

    fn point(&mut self, label: &str) -> Result<G1Affine> {
        let point = g1_from_bytes(self.take()?);
        let point = point.ok_or_else(|| {
            Error::Rejected(format!(
                "element {label} is not the encoding of a point of the curve"
            ))
        })?;
        self.transcript.absorb_point(label, &point);
        Ok(point)
    }

    fn points(&mut self, label: &str, n: usize) -> Result<Vec<G1Affine>> {
        (0..n).map(|_| self.point(label)).collect()
    }

    fn scalar(&mut self, label: &str) -> Result<Fr> {
        let scalar = scalar_from_bytes(self.take()?);
        let scalar = scalar
            .ok_or_else(|| Error::Rejected(format!("element {label} is not a canonical scalar")))?;
        self.transcript.absorb_scalar(label, &scalar);
        Ok(scalar)
    }

    fn challenge(&mut self, label: &str) -> Fr {
        self.transcript.challenge(label)
    }
}

/// Verifies a proof; `commitments` are those of the program, in its order.
///
/// # Errors
/// [`Error::Rejected`] naming the check that refused it; [`Error::Argument`] where the number of
/// commitments is not that of the program.
pub fn verify(
    key: &VerificationKey,
    program: &Program,
    instance: &Instance,
    commitments: &[[u8; 32]],
    proof: &[u8],
) -> Result<()> {
    if commitments.len() != program.commitments.len() {
        return argument(format!(
            "{} commitments for a program that names {}",
            commitments.len(),
            program.commitments.len()
        ));
    }
    let Some(v) = key.data_vanishing(program.depth) else {
        return rejected("the set-up has no grid of the program's depth");
    };
    if proof.len() != program.proof_bytes() {
        return rejected(format!(
            "the proof has a wrong length: {} bytes and not {}",
            proof.len(),
            program.proof_bytes()
        ));
    }
    let commitments = commitments
        .iter()
        .map(g1_from_bytes)
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| {
            Error::Rejected("a commitment is not the encoding of a point of the curve".into())
        })?;
    let transcript = instance.transcript(key.srs_id(), program.depth);
    let mut reader = Reader {
        rest: proof,
        transcript,
    };
    let [left, right, q, w] = combine(program, &commitments, &mut reader)?;
    let product = Bn254::multi_pairing(
        [left, right, q, w],
        [
            key.one.clone(),
            v.clone(),
            key.tau_b.clone(),
            key.tau.clone(),
        ],
    );
    if product.is_zero() {
        Ok(())
    } else {
        rejected("the pairing check fails")
    }
}

/// Steps 1 to 10: the four points of G1 that are paired with `[1]2, V_A, [tau^B]2, [tau]2`.
fn combine(
    program: &Program,
    commitments: &[G1Affine],
    reader: &mut Reader,
) -> Result<[G1Affine; 4]> {
    let domains = Domains::new(program.depth);
    let (depth, lanes) = (&domains.depth, &domains.lanes);

    let mut sent = reader.points("aux", program.aux.len())?;
    let challenges: Vec<Fr> = program
        .challenges
        .iter()
        .map(|l| reader.challenge(l))
        .collect();
    let scalars = program.scalars(&challenges)?;
    let scalar = |node: usize| scalars[node].unwrap_or(Fr::ZERO);
    sent.extend(reader.points("helper", program.helpers.len())?);
    let blinds = reader.points("blind", program.operands.len())?;
    let mask = reader.point("mask")?;
    let chi = reader.challenge("chi");
    let sigma = reader.challenge("sigma");
    let theta = reader.challenge("theta");
    let r = reader.point("R")?;
    let lambda = reader.challenge("lambda");
    let quotient = reader.point("Q")?;
    let beta = reader.challenge("beta");
    let c = reader.scalar("c")?;
    let r_lanes = reader.point("R'")?;
    let q_lanes = reader.point("Q'")?;
    let beta_lanes = reader.challenge("beta'");
    let y = (0..program.columns())
        .map(|_| reader.scalar("y"))
        .collect::<Result<Vec<_>>>()?;
    let rho = reader.challenge("rho");
    let f = reader.point("F")?;
    let q = reader.point("q")?;
    let mu = reader.challenge("mu");
    let reversed = reader.point("P~")?;
    let zeta = reader.challenge("zeta");
    let p = reader.scalar("p")?;
    let nu = reader.challenge("nu");
    let w = reader.point("W")?;
    let z = reader.challenge("z");
    let w_last = reader.point("W'")?;
    let xi = reader.challenge("xi");

    if [beta, beta_lanes, zeta]
        .into_iter()
        .any(|x| domains.contain(x))
    {
        return rejected("a challenge lies on a subgroup in use");
    }
    let points = OpeningPoints::new(beta, beta_lanes, zeta)
        .ok_or_else(|| Error::Rejected("zeta is zero or two opening points are equal".into()))?;
    if points.vanishing(z) == Fr::ZERO {
        return rejected("z is one of the opening points");
    }
    let weight = domains
        .lane_weight(beta_lanes, sigma)
        .ok_or_else(|| Error::Rejected("beta' equals sigma".into()))?;

    // beta and beta' are outside the domains, so the Lagrange polynomials exist.
    let lz = depth.lagrange(beta).unwrap_or_default();
    let lx = permute(&lanes.lagrange(beta_lanes).unwrap_or_default());
    let publics: Vec<Fr> = program
        .publics
        .iter()
        .map(|p| p.at_point(&lz, &lx))
        .collect();
    let values = eval::at_point(program, &scalars, &y, &publics);
    let powers_of = |x: Fr, n: usize| powers(x, n + 1);
    let chis = powers_of(chi, program.sums.len());
    let sums: Fr = program
        .sums
        .iter()
        .zip(&chis)
        .map(|(s, x)| *x * values[s.term])
        .sum();
    let total: Fr = program
        .sums
        .iter()
        .zip(&chis)
        .map(|(s, x)| *x * scalar(s.value))
        .sum();
    let thetas = powers_of(theta, program.constraints.len());
    let zero: Fr = program
        .constraints
        .iter()
        .zip(&thetas)
        .map(|(c, x)| *x * values[*c])
        .sum();
    let e = sums + lambda * depth.blinding_vanishing(beta) * weight * zero;

    let rhos = powers_of(rho, program.columns());
    let y_star: Fr = y.iter().zip(&rhos).map(|(y, x)| *y * x).sum();
    let opened = [
        c - total * depth.twiddles.len_inv,
        e - c * lanes.twiddles.len_inv,
        y_star,
        p,
        reversed_value(&domains, zeta, p),
    ];
    let n = points.weights(nu, z);
    let [shift_f, shift_r_lanes, shift_r] = shifts(&domains, zeta);
    let value: Fr = n.iter().zip(&opened).map(|(n, v)| *n * v).sum();

    let mut terms = vec![
        (xi * (n[0] * beta + n[3] * mu.square() * shift_r), r),
        (xi * n[0] * depth.vanishing(beta), quotient),
        (-xi * n[0] * chis[program.sums.len()], mask),
        (
            xi * (n[1] * beta_lanes + n[3] * mu * shift_r_lanes),
            r_lanes,
        ),
        (xi * n[1] * lanes.vanishing(beta_lanes), q_lanes),
        (xi * (n[2] + n[3] * shift_f), f),
        (xi * n[4], reversed),
        (-xi * value, G1Affine::generator()),
        (-xi * points.vanishing(z), w),
        (xi * z, w_last),
        (beta, q),
    ];
    let mut coefficients = vec![Fr::ZERO; commitments.len()];
    for (operand, x) in program.operands.iter().zip(&rhos) {
        for (node, commitment) in operand {
            coefficients[*commitment] += *x * scalar(*node);
        }
    }
    terms.extend(coefficients.into_iter().zip(commitments.iter().copied()));
    terms.extend(rhos[program.operands.len()..].iter().copied().zip(sent));
    let mut right: Vec<(Fr, G1Affine)> = rhos.iter().copied().zip(blinds).collect();
    // beta is outside the domain, so Z_data(beta) is not zero.
    let data = depth
        .data_vanishing(beta)
        .and_then(|d| d.inverse())
        .unwrap_or_default();
    right.push((-data, f));
    let points = [
        combination(&terms),
        combination(&right),
        (-q).into(),
        w_last * -xi,
    ];
    let points = CurveGroup::normalize_batch(&points);
    points
        .try_into()
        .map_err(|_| Error::Rejected("the pairing check fails".into()))
}

fn combination(terms: &[(Fr, G1Affine)]) -> ark_bn254::G1Projective {
    let (scalars, bases): (Vec<Fr>, Vec<G1Affine>) = terms.iter().copied().unzip();
    msm(&bases, Scalars::Field(&scalars))
}
