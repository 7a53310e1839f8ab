//! The verifier (specification: argument, section 6).

use crate::domain::{permute, powers};
use crate::encoding::{g1_from_bytes, scalar_from_bytes};
use crate::error::{argument, rejected, Error, Result};
use crate::eval;
use crate::key::{G2Prepared, VerificationKey};
use crate::openings::{reversed_value, shifts, Domains, OpeningPoints};
use crate::program::Program;
use crate::transcript::{Instance, Transcript};
use ark_bn254::Bn254;
use ark_ec::pairing::{MillerLoopOutput, Pairing};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field, One, Zero};
use rayon::prelude::*;
use zkp_kernels::{msm, Fr, G1Affine, Scalars};

type TargetField = <Bn254 as Pairing>::TargetField;

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

/// A proof, and what it is said to prove; `commitments` are those of the program, in its order.
#[derive(Clone, Copy)]
pub struct Claim<'a> {
    pub program: &'a Program,
    pub instance: Instance<'a>,
    pub commitments: &'a [[u8; 32]],
    pub proof: &'a [u8],
}

/// Verifies a proof; the arguments are those of a [`Claim`].
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
    let claim = Claim {
        program,
        instance: *instance,
        commitments,
        proof,
    };
    claim.verify(key)
}

/// Verifies several proofs in one product of pairings: each but the first to the power of a number
/// of 128 bits that nobody could foresee. One wrong proof makes the product wrong but with
/// probability 2^-128; then they are checked one by one, to say what is wrong.
///
/// # Errors
/// As [`verify`], of the first that is refused; [`Error::Setup`] where the system gives no random
/// numbers.
pub fn verify_all(key: &VerificationKey, claims: &[Claim]) -> Result<()> {
    if let [claim] = claims {
        return claim.verify(key);
    }
    let sides = claims.par_iter().map(|claim| claim.sides(key));
    if let Ok(sides) = sides.collect::<Result<Vec<_>>>() {
        if holds(key, &weighted(sides)?).is_ok() {
            return Ok(());
        }
    }
    claims.iter().try_for_each(|claim| claim.verify(key))
}

/// A random weight for each but the first.
fn weighted(sides: Vec<Sides>) -> Result<Vec<(Fr, Sides)>> {
    let weights = std::iter::once(Ok(Fr::ONE)).chain(std::iter::repeat_with(random_weight));
    let pairs = weights.zip(sides);
    pairs.map(|(weight, sides)| Ok((weight?, sides))).collect()
}

fn random_weight() -> Result<Fr> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|e| Error::Setup(format!("the system gives no random numbers: {e}")))?;
    Ok(Fr::from(u128::from_be_bytes(bytes)))
}

/// The sums of points of G1 that are paired with `[1]2, V_A, [tau^B]2, [tau]2`.
struct Sides {
    depth: usize,
    terms: [Vec<(Fr, G1Affine)>; 4],
}

impl Claim<'_> {
    fn verify(&self, key: &VerificationKey) -> Result<()> {
        holds(key, &[(Fr::ONE, self.sides(key)?)])
    }

    /// Everything but the product of pairings.
    fn sides(&self, key: &VerificationKey) -> Result<Sides> {
        let (program, proof) = (self.program, self.proof);
        if self.commitments.len() != program.commitments.len() {
            return argument(format!(
                "{} commitments for a program that names {}",
                self.commitments.len(),
                program.commitments.len()
            ));
        }
        if key.data_vanishing(program.depth).is_none() {
            return rejected("the set-up has no grid of the program's depth");
        }
        if proof.len() != program.proof_bytes() {
            return rejected(format!(
                "the proof has a wrong length: {} bytes and not {}",
                proof.len(),
                program.proof_bytes()
            ));
        }
        let commitments = self.commitments.iter().map(g1_from_bytes);
        let commitments = commitments.collect::<Option<Vec<_>>>().ok_or_else(|| {
            Error::Rejected("a commitment is not the encoding of a point of the curve".into())
        })?;
        let mut reader = Reader {
            rest: proof,
            transcript: self.instance.transcript(key.srs_id(), program.depth),
        };
        let terms = combine(program, &commitments, &mut reader)?;
        Ok(Sides {
            depth: program.depth,
            terms,
        })
    }
}

/// The product of the pairings of all claims, each to the power of its weight, is one.
fn holds(key: &VerificationKey, claims: &[(Fr, Sides)]) -> Result<()> {
    let mut sums: Vec<(&G2Prepared, Vec<(Fr, G1Affine)>)> = Vec::new();
    for (weight, sides) in claims {
        let v = key.data_vanishing(sides.depth);
        let v = v.ok_or_else(|| Error::Rejected("the set-up lacks a depth".into()))?;
        for (g2, terms) in [&key.one, v, &key.tau_b, &key.tau]
            .into_iter()
            .zip(&sides.terms)
        {
            let weighted = terms.iter().map(|(x, point)| (*weight * x, *point));
            match sums.iter_mut().find(|(of, _)| std::ptr::eq(*of, g2)) {
                Some((_, sum)) => sum.extend(weighted),
                None => sums.push((g2, weighted.collect())),
            }
        }
    }
    let points: Vec<_> = sums
        .par_iter()
        .map(|(_, terms)| combination(terms))
        .collect();
    let points = CurveGroup::normalize_batch(&points);
    let pairs: Vec<_> = points
        .into_iter()
        .zip(sums.iter().map(|(g2, _)| *g2))
        .collect();
    // Two pairs share their squarings, and the other processor takes two others.
    let product = pairs
        .par_chunks(2)
        .map(|pairs| {
            let (g1, g2): (Vec<_>, Vec<_>) = pairs.iter().map(|(p, q)| (*p, (*q).clone())).unzip();
            Bn254::multi_miller_loop(g1, g2).0
        })
        .reduce(TargetField::one, |a, b| a * b);
    match Bn254::final_exponentiation(MillerLoopOutput(product)) {
        Some(product) if product.is_zero() => Ok(()),
        _ => rejected("the pairing check fails"),
    }
}

/// Steps 1 to 10: the sums of points that are paired with `[1]2, V_A, [tau^B]2, [tau]2`.
fn combine(
    program: &Program,
    commitments: &[G1Affine],
    reader: &mut Reader,
) -> Result<[Vec<(Fr, G1Affine)>; 4]> {
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
    Ok([terms, right, vec![(-Fr::ONE, q)], vec![(-xi, w_last)]])
}

fn combination(terms: &[(Fr, G1Affine)]) -> ark_bn254::G1Projective {
    match terms {
        [(x, point)] if *x == -Fr::ONE => -point.into_group(),
        [(x, point)] => *point * x,
        _ => {
            let (scalars, bases): (Vec<Fr>, Vec<G1Affine>) = terms.iter().copied().unzip();
            msm(&bases, Scalars::Field(&scalars))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_bn254::G2Affine;

    #[test]
    fn errors_of_two_proofs_do_not_cancel() {
        let g = G2Affine::generator();
        let points: Vec<G2Affine> = (2..=5u64)
            .map(|k| (g * Fr::from(k)).into_affine())
            .collect();
        let key = VerificationKey::parse(&VerificationKey::encode(&points)).unwrap();
        for side in 0..4 {
            let wrong = || {
                [Fr::ONE, -Fr::ONE].map(|x| {
                    let mut terms: [Vec<(Fr, G1Affine)>; 4] = Default::default();
                    terms[side].push((x, G1Affine::generator()));
                    Sides { depth: 4, terms }
                })
            };
            let alike = wrong().map(|sides| (Fr::ONE, sides));
            assert!(holds(&key, &alike).is_ok());
            let weighted = weighted(wrong().into()).unwrap();
            assert!(holds(&key, &weighted).is_err(), "side {side}");
        }
    }
}
