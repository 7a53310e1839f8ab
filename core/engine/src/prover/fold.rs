//! The fold of the depth axis at `beta` (steps 5 and 7).

use super::evaluation::{cut, load, present, store, zeros, Lane, BLOCK};
use super::grid::GridColumn;
use super::{Polynomial, Prover, Witness};
use crate::column::Column;
use crate::commit::{depth_sums, piece, units};
use crate::domain::{permute, Cosets, BLINDING, LANES};
use crate::error::Result;
use crate::eval::{Registers, Root, Tape};
use crate::lanes::for_lanes;
use ark_ff::{AdditiveGroup, Field};
use rayon::prelude::*;
use zeroize::Zeroizing;
use zkp_kernels::{
    batch_invert, detect, msm, msm_bases, FieldPath, Fr, G1Projective, Path, Portable, Scalars,
};

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
    pub fn fold(&self, grid: &[GridColumn], lagrange: &[Fr]) -> Result<Vec<Vec<Fr>>> {
        let (path, depth) = (self.path, self.program.depth);
        let weights = load(path, lagrange);
        let new = || (Vec::new(), self.lane_reader(), weights.clone());
        let states = for_lanes(0..self.lanes, new, |(found, reader, lane), j| {
            for (k, column) in grid.iter().enumerate() {
                reader.read(column, j, lane);
                found.push((k, j, path.dot(lane, &weights)));
            }
            self.task.step(depth as u64)
        })?;
        let mut out = vec![vec![Fr::ZERO; LANES]; grid.len()];
        for (k, j, value) in states.into_iter().flat_map(|s| s.0) {
            out[k][j] = value;
        }
        // Beyond, only blinding cells are not zero.
        let lagrange = &lagrange[self.grid.data()..];
        for (column, out) in grid.iter().zip(&mut out) {
            for (row, l) in column.blinding.chunks_exact(LANES).zip(lagrange) {
                let cells = row[self.lanes..].iter();
                out[self.lanes..]
                    .iter_mut()
                    .zip(cells)
                    .for_each(|(o, c)| *o += *l * c);
            }
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
        // There are lanes enough for any path, whatever the depth.
        match detect() {
            Path::Portable(path) => self.along_lanes_on(path, folded, scalars, lagrange, weights),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2(path) => self.along_lanes_on(path, folded, scalars, lagrange, weights),
            #[cfg(target_arch = "x86_64")]
            Path::Ifma(path) => self.along_lanes_on(path, folded, scalars, lagrange, weights),
        }
    }

    fn along_lanes_on<L: FieldPath>(
        &self,
        path: L,
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
            nodes
                .map(|n| program.degrees[n] as usize)
                .max()
                .unwrap_or(0)
        };
        let constraints = degree(&mut program.constraints.iter().copied());
        let sums = degree(&mut program.sums.iter().map(|s| s.term));
        let cosets = Cosets::new(LANES, constraints.max(sums.saturating_sub(1)));

        let mut roots: Vec<usize> = program.sums.iter().map(|s| s.term).collect();
        roots.extend(&program.constraints);
        let tape = Tape::new(
            program,
            scalars,
            &vec![false; program.publics.len()],
            &roots,
            present,
        );
        let loaded =
            |f: &Vec<Polynomial>| -> Vec<Lane<L>> { f.iter().map(|f| load(path, f)).collect() };
        let (packed, packed_publics) = (loaded(&columns), loaded(&publics));
        let e_on = |shift: Fr, kappa: Fr| {
            let coset = lanes.twiddles.coset(shift);
            let on = |f: &Vec<Lane<L>>| -> Vec<Lane<L>> {
                let mut values = f.clone();
                values.iter_mut().for_each(|v| path.coset_fft(v, &coset));
                values
            };
            let (columns, publics) = (on(&packed), on(&packed_publics));
            let mut sum = zeros::<L>(LANES / L::WIDTH);
            let mut zero = sum.clone();
            let mut registers = Registers::<L>::default();
            let step = BLOCK / L::WIDTH;
            for start in (0..sum.len()).step_by(step) {
                let block = start..(start + step).min(sum.len());
                let (columns, publics) = (cut(&columns, &block), cut(&publics, &block));
                let emit = |root: &Root, v: &[L::Pack]| match root
                    .number
                    .checked_sub(program.sums.len())
                {
                    None => path.add_scaled(&mut sum[block.clone()], v, weights.chis[root.number]),
                    Some(m) => path.add_scaled(&mut zero[block.clone()], v, weights.thetas[m]),
                };
                tape.run(path, &mut registers, block.len(), &columns, &publics, emit);
            }
            // u(x, sigma) = (x^B - sigma^B) / (x - sigma)
            let mut u = load(path, &lanes.points);
            path.scale(&mut u, shift);
            path.add_scalar(&mut u, -weights.sigma);
            path.invert(&mut u);
            let power = weights.sigma.pow([LANES as u64]);
            path.scale(&mut u, weights.constraints * (kappa - power));
            path.add_mul(&mut sum, &u, &zero);
            store(path, &sum)
        };
        let low = lanes.interpolate(e_on(Fr::ONE, Fr::ONE));
        let quotients = cosets
            .shifts
            .par_iter()
            .zip(&cosets.kappas)
            .map(|(shift, kappa)| {
                let mut e = e_on(*shift, *kappa);
                Portable.sub_assign(&mut e, &lanes.evaluate(&low, *shift));
                Portable.scale(&mut e, (*kappa - Fr::ONE).inverse().unwrap_or_default());
                e
            });
        let q = cosets.interpolate(lanes, quotients.collect());
        self.task.step(0)?;
        Ok(AlongLanes {
            columns,
            c: low[0] * Fr::from(LANES as u64),
            r: low[1..].to_vec(),
            q,
        })
    }

    /// `[q]1`, the commitment to `(f* - g f*(beta, X)) / (Z - beta)`.
    pub fn fold_quotient(
        &self,
        witness: &Witness,
        scalars: &[Option<Fr>],
        grid: &[GridColumn],
        folded: &[Vec<Fr>],
        rhos: &[Fr],
        beta: Fr,
    ) -> Result<G1Projective> {
        let domain = &self.domains.depth;
        let mut inverses: Vec<Fr> = domain.points.iter().map(|a| *a - beta).collect();
        batch_invert(&mut inverses);
        let at_beta = domain
            .data_vanishing(beta)
            .and_then(|z| z.inverse())
            .unwrap_or_default();
        let g = domain
            .data_vanishing_at_blinding()
            .into_iter()
            .map(|z| z * at_beta);
        let combine = |cell: &dyn Fn(usize) -> Fr| -> Fr {
            rhos.iter().enumerate().map(|(k, rho)| *rho * cell(k)).sum()
        };
        let mut blinding = Vec::with_capacity(BLINDING * LANES);
        for (row, g) in g.enumerate() {
            let inverse = inverses[domain.data() + row];
            blinding.extend((0..LANES).map(|j| {
                let f = combine(&|k| grid[k].blinding[row * LANES + j] - g * folded[k][j]);
                f * inverse
            }));
        }
        // On data cells g is zero.
        let data = || match self.uses_depth_sums(witness) {
            true => self.data_from_depth_sums(witness, scalars, rhos, &inverses),
            false => self.data_from_cells(grid, rhos, &inverses),
        };
        let (data, blinding) = rayon::join(data, || self.grid.commit_blinding(&blinding));
        Ok(data? + blinding)
    }

    /// `sum f*_ij / (a_i - beta) G_ij` over the data cells that hold rows, some lanes at a time.
    fn data_from_cells(
        &self,
        grid: &[GridColumn],
        rhos: &[Fr],
        inverses: &[Fr],
    ) -> Result<G1Projective> {
        self.task.phase("commit q");
        let (path, depth, data) = (self.path, self.program.depth, self.grid.data());
        let weights = load(path, inverses);
        let together = (piece() / data).clamp(1, self.lanes);
        let mut cells = Zeroizing::new(vec![Fr::ZERO; together * data]);
        let mut total = G1Projective::ZERO;
        for start in (0..self.lanes).step_by(together) {
            let lanes = together.min(self.lanes - start);
            let cells = &mut cells[..lanes * data];
            cells
                .par_chunks_exact_mut(data)
                .enumerate()
                .with_min_len(8)
                .try_for_each_init(
                    || {
                        let lane = Zeroizing::new(vec![Fr::ZERO; depth]);
                        (self.lane_reader(), weights.clone(), weights.clone(), lane)
                    },
                    |(reader, sum, buffer, lane), (j, cells)| {
                        path.fill(sum, Fr::ZERO);
                        for (column, rho) in grid.iter().zip(rhos) {
                            reader.read(column, start + j, buffer);
                            path.add_scaled(sum, buffer, *rho);
                        }
                        path.mul_assign(sum, &weights);
                        path.store(lane, sum);
                        cells.copy_from_slice(&lane[..data]);
                        self.task.step(depth as u64)
                    },
                )?;
            let (first, scalars) = (start * data, Scalars::Field(cells));
            total += msm_bases(&self.grid.bases, first..first + scalars.len(), scalars);
            self.task.step(scalars.len() as u64 * units(&scalars))?;
        }
        Ok(total)
    }

    /// The same from the depth sums of the committed columns, `A` terms to each.
    fn data_from_depth_sums(
        &self,
        witness: &Witness,
        scalars: &[Option<Fr>],
        rhos: &[Fr],
        inverses: &[Fr],
    ) -> Result<G1Projective> {
        let mut coefficients = vec![Fr::ZERO; witness.columns.len()];
        for (operand, rho) in self.program.operands.iter().zip(rhos) {
            for (node, c) in operand {
                coefficients[*c] += *rho * scalars[*node].unwrap_or(Fr::ZERO);
            }
        }
        let (mut points, mut terms) = (Vec::new(), Vec::new());
        for (c, coefficient) in coefficients
            .iter()
            .enumerate()
            .filter(|(_, x)| **x != Fr::ZERO)
        {
            points.extend_from_slice(&depth_sums(
                self.task,
                &self.srs_id,
                &self.grid,
                witness.columns[c],
            )?);
            terms.extend(
                inverses[..self.grid.data()]
                    .iter()
                    .map(|i| *i * coefficient),
            );
        }
        self.task.step((self.program.depth * self.lanes) as u64)?;
        Ok(msm(&points, Scalars::Field(&terms)))
    }

    /// Whether step 7 is faster with depth sums: they have to exist for every column, and those
    /// that are not known yet have to cost less than the multi-scalar multiplication they spare.
    pub fn uses_depth_sums(&self, witness: &Witness) -> bool {
        let program = self.program;
        let own_depth = program.commitments.iter().all(|c| c.depth == program.depth);
        own_depth
            && program.columns() == program.operands.len()
            && self.missing_depth_sums(witness)
                <= self.cells_in_use() as u64 * units(&Scalars::Field(&[]))
    }

    /// The work to compute the depth sums that are not known.
    pub fn missing_depth_sums(&self, witness: &Witness) -> u64 {
        let missing = witness.columns.iter().filter(|c| {
            c.known_depth_sums(&self.srs_id, self.program.depth)
                .is_none()
        });
        let rows = |c: &Column| c.rows().next_multiple_of(self.grid.data()) as u64;
        missing
            .map(|c| 2 * rows(c) * units(&c.cells.scalars()))
            .sum()
    }
}
