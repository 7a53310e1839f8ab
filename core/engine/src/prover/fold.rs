//! The fold of the depth axis at `beta` (steps 5 and 7).

use super::columns::GridValues;
use super::vectors::load;
use super::{Polynomial, Prover};
use crate::domain::{permute, Cosets, LANES};
use crate::error::Result;
use crate::eval::{Registers, Tape};
use crate::lanes::for_lanes;
use ark_ff::{AdditiveGroup, Field};
use rayon::prelude::*;
use zkp_kernels::{batch_invert, FieldPath, Fr, G1Projective, Portable};

/// What batches sums and constraints in `E(X)`.
pub struct Weights<'a> {
    pub chis: &'a [Fr],
    pub thetas: &'a [Fr],
    pub sigma: Fr,
    /// `lambda Z_blind(beta)`
    pub constraints: Fr,
}

/// What step 5 computes.
pub struct AlongLanes {
    /// `f'_k(beta, X)` by coefficients.
    pub columns: Vec<Polynomial>,
    pub c: Fr,
    /// `R'`
    pub r: Polynomial,
    /// `Q'`
    pub q: Polynomial,
}

impl<P: FieldPath> Prover<'_, P> {
    /// `f'_k(beta, w_B^j)` by column and lane, from the Lagrange polynomials at `beta`.
    pub fn fold(&self, grids: &[GridValues], lagrange: &[Fr]) -> Result<Vec<Vec<Fr>>> {
        let (path, depth) = (self.path, self.program.depth);
        let weights = load(path, lagrange);
        let new = || (Vec::new(), weights.clone());
        let states = for_lanes(new, |(found, buffer), j| {
            for (k, grid) in grids.iter().enumerate() {
                path.load(buffer, &grid[j * depth..(j + 1) * depth]);
                found.push((k, j, path.dot(buffer, &weights)));
            }
            self.task.step(depth as u64)
        })?;
        let mut out = vec![vec![Fr::ZERO; LANES]; grids.len()];
        for (k, j, value) in states.into_iter().flat_map(|s| s.0) {
            out[k][j] = value;
        }
        Ok(out)
    }

    /// `E(X) = c/B + X R' + Z_B Q'`.
    pub fn along_lanes(
        &self,
        folded: &[Vec<Fr>],
        scalars: &[Option<Fr>],
        lagrange: &[Fr],
        weights: &Weights,
    ) -> Result<AlongLanes> {
        let (program, lanes) = (self.program, &self.domains.lanes);
        let to_coefficients = |values: &[Fr]| lanes.interpolate(permute(values));
        let columns: Vec<Polynomial> = folded.iter().map(|f| to_coefficients(f)).collect();
        let publics: Vec<Polynomial> = (program.publics.iter())
            .map(|p| {
                let at_beta = |cells: Vec<Fr>| Portable.dot(&cells, lagrange);
                to_coefficients(&p.along_depth(program.depth, at_beta).lanes())
            })
            .collect();
        let degree = |nodes: &mut dyn Iterator<Item = usize>| {
            nodes.map(|n| program.degrees[n] as usize).max().unwrap_or(0)
        };
        let constraints = degree(&mut program.constraints.iter().copied());
        let sums = degree(&mut program.sums.iter().map(|s| s.term));
        let cosets = Cosets::new(LANES, constraints.max(sums.saturating_sub(1)));

        let mut roots: Vec<usize> = program.sums.iter().map(|s| s.term).collect();
        roots.extend(&program.constraints);
        let tape = Tape::new(program, scalars, &roots);
        let e_on = |shift: Fr, kappa: Fr| {
            let on = |f: &Vec<Polynomial>| -> Vec<Vec<Fr>> {
                f.iter().map(|f| lanes.evaluate(f, shift)).collect()
            };
            let (columns, publics) = (on(&columns), on(&publics));
            let columns: Vec<&[Fr]> = columns.iter().map(Vec::as_slice).collect();
            let publics: Vec<&[Fr]> = publics.iter().map(Vec::as_slice).collect();
            let (mut sum, mut zero) = (vec![Fr::ZERO; LANES], vec![Fr::ZERO; LANES]);
            let mut registers = Registers::<Portable>::default();
            tape.run(Portable, &mut registers, LANES, &columns, &publics, |root, v| {
                match root.checked_sub(program.sums.len()) {
                    None => Portable.add_scaled(&mut sum, v, weights.chis[root]),
                    Some(m) => Portable.add_scaled(&mut zero, v, weights.thetas[m]),
                }
            });
            // u(x, sigma) = (x^B - sigma^B) / (x - sigma)
            let mut u: Vec<Fr> = lanes.points.iter().map(|w| shift * w - weights.sigma).collect();
            batch_invert(&mut u);
            let power = weights.sigma.pow([LANES as u64]);
            Portable.scale(&mut u, weights.constraints * (kappa - power));
            Portable.add_mul(&mut sum, &u, &zero);
            sum
        };
        let low = lanes.interpolate(e_on(Fr::ONE, Fr::ONE));
        let quotients = cosets.shifts.par_iter().zip(&cosets.kappas).map(|(shift, kappa)| {
            let mut e = e_on(*shift, *kappa);
            Portable.sub_assign(&mut e, &lanes.evaluate(&low, *shift));
            Portable.scale(&mut e, (*kappa - Fr::ONE).inverse().unwrap_or_default());
            e
        });
        let q = cosets.interpolate(lanes, quotients.collect());
        self.task.step(0)?;
        Ok(AlongLanes { columns, c: low[0] * Fr::from(LANES as u64), r: low[1..].to_vec(), q })
    }

    /// `[q]1`, the commitment to `(f* - g f*(beta, X)) / (Z - beta)`.
    pub fn fold_quotient(
        &self,
        grids: &[GridValues],
        folded: &[Vec<Fr>],
        rhos: &[Fr],
        beta: Fr,
    ) -> Result<G1Projective> {
        let (path, domain) = (self.path, &self.domains.depth);
        let (depth, data) = (domain.size, domain.data());
        let mut inverses: Vec<Fr> = domain.points.iter().map(|a| *a - beta).collect();
        batch_invert(&mut inverses);
        let weights = load(path, &inverses);
        let at_beta = domain.data_vanishing(beta).and_then(|z| z.inverse()).unwrap_or_default();
        let g = domain.data_vanishing_at_blinding().map(|z| z * at_beta);
        let mut values = vec![Fr::ZERO; depth * LANES];
        values.par_chunks_exact_mut(depth).enumerate().with_min_len(8).try_for_each_init(
            || (weights.clone(), weights.clone()),
            |(sum, buffer), (j, lane)| {
                path.fill(sum, Fr::ZERO);
                for (grid, rho) in grids.iter().zip(rhos) {
                    path.load(buffer, &grid[j * depth..(j + 1) * depth]);
                    path.add_scaled(sum, buffer, *rho);
                }
                path.mul_assign(sum, &weights);
                path.store(lane, sum);
                let f: Fr = folded.iter().zip(rhos).map(|(f, rho)| f[j] * rho).sum();
                for (i, g) in g.iter().enumerate() {
                    lane[data + i] -= *g * f * inverses[data + i];
                }
                self.task.step(depth as u64)
            },
        )?;
        self.task.phase("commit q");
        self.commit_grid(&values)
    }
}
