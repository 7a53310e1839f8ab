//! Degree bounds and openings of polynomials in one variable (steps 8 to 10).

use super::{unlucky, Polynomial, Prover};
use crate::domain::{add_scaled, divide_by_linear, horner};
use crate::error::Result;
use crate::openings::{reversed_value, shifts, OpeningPoints};
use ark_ff::{AdditiveGroup, Field};
use zeroize::Zeroizing;
use zkp_kernels::{FieldPath, Fr};

/// The polynomials sent so far.
pub struct Polynomials {
    pub mask: Zeroizing<Polynomial>,
    pub r: Polynomial,
    pub quotient: Polynomial,
    pub r_lanes: Polynomial,
    pub q_lanes: Polynomial,
    pub f: Polynomial,
}

/// The scalars that openings are made of.
pub struct Values {
    /// `S/A`
    pub constant: Fr,
    pub c: Fr,
    pub x: Fr,
    pub beta: Fr,
    pub beta_lanes: Fr,
    pub mu: Fr,
}

impl<P: FieldPath> Prover<'_, P> {
    /// Sends steps 8 to 10. False where an identity of the proof does not hold at its challenge,
    /// that is, where the cells do not satisfy the program.
    pub fn open(&mut self, f: &Polynomials, v: &Values) -> Result<bool> {
        let d = self.domains.largest();
        let (a, b) = (self.domains.depth.size, self.domains.lanes.size);

        // Step 8
        let mut bounded = vec![Fr::ZERO; d];
        let mut place = |f: &[Fr], shift: usize, c: Fr| {
            bounded[shift..]
                .iter_mut()
                .zip(f)
                .for_each(|(p, x)| *p += c * x);
        };
        place(&f.f, d - b, Fr::ONE);
        place(&f.r_lanes, d - b + 1, v.mu);
        place(&f.r, d - a + 1, v.mu.square());
        bounded.reverse();
        let reversed = bounded;
        self.send_polynomial("P~", &reversed)?;
        let zeta = self.transcript.challenge("zeta");

        // Step 9
        let inverse = zeta.inverse().ok_or_else(unlucky)?;
        let p = horner(&reversed, inverse) * zeta.pow([d as u64 - 1]);
        self.send_scalar("p", p);
        let nu = self.transcript.challenge("nu");

        // Step 10
        let points = OpeningPoints::new(v.beta, v.beta_lanes, zeta).ok_or_else(unlucky)?;
        let [shift_f, shift_r_lanes, shift_r] = shifts(&self.domains, zeta);
        let combine = |terms: &[(&[Fr], Fr)]| {
            let mut out = Vec::new();
            terms.iter().for_each(|(f, c)| add_scaled(&mut out, f, *c));
            out
        };
        let opened: [Polynomial; 5] = [
            combine(&[
                (&f.r, v.beta),
                (&f.quotient, self.domains.depth.vanishing(v.beta)),
                (&f.mask, -v.x),
            ]),
            combine(&[
                (&f.r_lanes, v.beta_lanes),
                (&f.q_lanes, self.domains.lane_vanishing(v.beta_lanes)),
            ]),
            f.f.clone(),
            combine(&[
                (&f.f, shift_f),
                (&f.r_lanes, v.mu * shift_r_lanes),
                (&f.r, v.mu.square() * shift_r),
            ]),
            reversed,
        ];
        let values: Vec<Fr> = (0..5).map(|t| horner(&opened[t], points.of(t))).collect();
        let sound = values[0] == v.c - v.constant
            && values[3] == p
            && values[4] == reversed_value(&self.domains, zeta, p);

        let mut w = Vec::new();
        let mut power = Fr::ONE;
        for (t, f) in opened.iter().enumerate() {
            add_scaled(&mut w, &divide_by_linear(f, points.of(t)), power);
            power *= nu;
        }
        self.send_polynomial("W", &w)?;
        let z = self.transcript.challenge("z");
        let mut last = Vec::new();
        for (f, weight) in opened.iter().zip(points.weights(nu, z)) {
            add_scaled(&mut last, f, weight);
        }
        add_scaled(&mut last, &w, -points.vanishing(z));
        // Dividing by X - z drops the value at z, which is that of the constants subtracted.
        let last = divide_by_linear(&last, z);
        self.send_polynomial("W'", &last)?;
        Ok(sound)
    }
}
