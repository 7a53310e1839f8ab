//! The columns of a proof as values on the whole grid, lane by lane (steps 1 and 2).

use super::evaluation::{load, zeros, Evaluation, Publics};
use super::{Prover, Witness};
use crate::commit::commit_cells;
use crate::domain::{permute, Domain, BLINDING, LANES};
use crate::error::Result;
use crate::eval::Root;
use crate::transcript::commitment_blinding;
use ark_ff::{AdditiveGroup, Field};
use rayon::prelude::*;
use std::ops::Range;
use zeroize::Zeroizing;
use zkp_kernels::{FieldPath, Fr, Portable};

/// Values on the grid: lane after lane, a lane's positions in bit-reversed order.
pub type GridValues = Zeroizing<Vec<Fr>>;

impl<P: FieldPath> Prover<'_, P> {
    /// Blinds, commits to and sends the aux columns.
    pub fn aux(&mut self, witness: &Witness) -> Result<Vec<GridValues>> {
        let mut out = Vec::new();
        for (k, (column, extent)) in witness.aux.iter().zip(&self.program.aux).enumerate() {
            let blinding = self.secrets.blinding("aux", k);
            let data = commit_cells(self.task, &self.grid, extent.depth, &column.cells)?;
            self.send_point("aux", data + self.grid.commit_blinding(&blinding));
            let mut values = Zeroizing::new(vec![Fr::ZERO; self.program.depth * LANES]);
            values
                .par_chunks_exact_mut(self.program.depth)
                .enumerate()
                .for_each(|(j, lane)| {
                    column
                        .cells
                        .add_scaled(extent.rows_of_lane(j), Fr::ONE, lane);
                    self.blind_lane(lane, j, &blinding);
                });
            out.push(values);
        }
        Ok(out)
    }

    /// Writes a column's random values, position by position, to the blinding cells of a lane.
    fn blind_lane(&self, lane: &mut [Fr], j: usize, blinding: &[Fr]) {
        let cells = lane[self.grid.data()..].iter_mut();
        cells
            .zip(blinding[j..].iter().step_by(LANES))
            .for_each(|(cell, b)| *cell = *b);
    }

    /// The blinded operands `f'_k` and the coefficients of their `e_k`.
    #[allow(clippy::type_complexity)]
    pub fn operands(
        &self,
        witness: &Witness,
        scalars: &[Option<Fr>],
    ) -> Result<(Vec<GridValues>, Vec<Zeroizing<Vec<Fr>>>)> {
        let (depth, data) = (self.program.depth, self.grid.data());
        let own: Zeroizing<Vec<Fr>> = Zeroizing::new(
            (0..witness.columns.len())
                .map(|c| {
                    let own = self.program.commitments[c].depth;
                    commitment_blinding(&witness.seeds[c], &self.srs_id, own, witness.labels[c])
                })
                .collect(),
        );
        let vanishing = self.domains.depth.data_vanishing_at_blinding();
        let blinding_points = &self.domains.depth.points[data..];
        let mut grids = Vec::new();
        let mut blinds = Vec::new();
        for (k, operand) in self.program.operands.iter().enumerate() {
            let e = self.secrets.blinding("operand", k);
            // e_k(Z, w_B^j) = sum_l Z^l e_l(w_B^j)
            let parts: Vec<Zeroizing<Vec<Fr>>> = e
                .chunks_exact(LANES)
                .map(|part| Zeroizing::new(permute(&self.domains.lanes.evaluate(part, Fr::ONE))))
                .collect();
            let terms: Vec<(Fr, usize)> = operand
                .iter()
                .map(|(node, c)| (scalars[*node].unwrap_or(Fr::ZERO), *c))
                .collect();
            let mut values = Zeroizing::new(vec![Fr::ZERO; depth * LANES]);
            values
                .par_chunks_exact_mut(depth)
                .enumerate()
                .for_each(|(j, lane)| {
                    self.combine_lane(witness, &terms, &own, j, lane);
                    for (i, b) in blinding_points.iter().enumerate() {
                        let e = parts[0][j] + *b * (parts[1][j] + *b * parts[2][j]);
                        lane[data + i] += vanishing[i] * e;
                    }
                });
            grids.push(values);
            blinds.push(e);
            self.task.step(0)?;
        }
        Ok((grids, blinds))
    }

    /// A lane of a linear combination of commitments. Columns of a smaller depth are polynomials
    /// of a smaller degree, which their own positions determine on all of the program's.
    fn combine_lane(
        &self,
        witness: &Witness,
        terms: &[(Fr, usize)],
        own: &[Fr],
        j: usize,
        lane: &mut [Fr],
    ) {
        let depth = self.program.depth;
        let mut depths: Vec<usize> = terms
            .iter()
            .map(|(_, c)| self.program.commitments[*c].depth)
            .collect();
        depths.sort_unstable();
        depths.dedup();
        for of in depths {
            let mut small = vec![Fr::ZERO; of];
            for (coefficient, c) in terms {
                let extent = self.program.commitments[*c];
                if extent.depth != of {
                    continue;
                }
                witness.columns[*c].cells.add_scaled(
                    extent.rows_of_lane(j),
                    *coefficient,
                    &mut small,
                );
                if j == 0 {
                    small[of - BLINDING] += *coefficient * own[*c];
                }
            }
            if of < depth && small.iter().any(|x| *x != Fr::ZERO) {
                small = Domain::of(of).interpolate(small);
                small.resize(depth, Fr::ZERO);
                let mut values = load(self.path, &small);
                self.path.fft(&mut values, &self.domains.depth.twiddles);
                self.path.store(&mut small, &values);
            }
            Portable.add_assign(&mut lane[..small.len()], &small);
        }
    }

    /// Computes, blinds, commits to and sends the helpers; appends them to `grids`.
    pub fn helpers(&mut self, grids: &mut Vec<GridValues>, scalars: &[Option<Fr>]) -> Result<()> {
        if self.program.helpers.is_empty() {
            return Ok(());
        }
        self.task.phase("helper values");
        let depth = self.program.depth;
        let blindings: Vec<_> = (0..self.program.helpers.len())
            .map(|k| self.secrets.blinding("helper", k))
            .collect();
        let zeros = || Zeroizing::new(vec![Fr::ZERO; depth * LANES]);
        let mut helpers: Vec<_> = self.program.helpers.iter().map(|_| zeros()).collect();
        self.helper_values(grids, scalars, &mut helpers)?;
        self.task.phase("commit helpers");
        for (values, blinding) in helpers.iter_mut().zip(&blindings) {
            let lanes = values.par_chunks_exact_mut(depth).enumerate();
            lanes.for_each(|(j, lane)| self.blind_lane(lane, j, blinding));
            let point = self.commit_grid(values)?;
            self.send_point("helper", point);
        }
        grids.append(&mut helpers);
        Ok(())
    }

    /// The sums of fractions on all cells. Where a numerator is zero its fraction is, whatever
    /// the denominator.
    fn helper_values(
        &self,
        grids: &[GridValues],
        scalars: &[Option<Fr>],
        helpers: &mut [GridValues],
    ) -> Result<()> {
        let (path, depth) = (self.path, self.program.depth);
        let packs = depth / P::WIDTH;
        let fractions = self.program.helpers.iter().flatten();
        let count = fractions.clone().count();
        let roots: Vec<usize> = fractions
            .clone()
            .map(|f| f.0)
            .chain(fractions.map(|f| f.1))
            .collect();
        let wanted = |degrees: &[Option<usize>]| {
            let numerators = (0..count).filter(|f| degrees[*f].is_some());
            numerators.flat_map(|f| [f, count + f]).collect()
        };
        let publics = Publics::new(path, self.program);
        let terms = Evaluation::new(path, self.program, scalars, &roots, publics, wanted);
        let mut lanes: Vec<Vec<&mut [Fr]>> = (0..LANES).map(|_| Vec::new()).collect();
        for helper in helpers {
            let chunks = helper.chunks_exact_mut(depth);
            lanes
                .iter_mut()
                .zip(chunks)
                .for_each(|(l, chunk)| l.push(chunk));
        }
        let state = || {
            let columns = vec![zeros::<P>(packs); grids.len()];
            let numerators = vec![zeros::<P>(packs); count];
            let denominators = zeros::<P>(packs * count);
            let sum = zeros::<P>(packs);
            (terms.workspace(), columns, numerators, denominators, sum)
        };
        lanes
            .into_par_iter()
            .enumerate()
            .with_min_len(8)
            .try_for_each_init(
                state,
                |(workspace, columns, numerators, denominators, sum), (j, mut outputs)| {
                    for k in terms.columns(j) {
                        path.load(&mut columns[*k], &grids[*k][j * depth..(j + 1) * depth]);
                    }
                    // All denominators of a lane lie together and share their inversions.
                    let mut places = Vec::new();
                    let mut end = 0;
                    for segment in terms.segments(j) {
                        let packs = &segment.packs;
                        let of_segment = places.len();
                        for f in segment
                            .roots()
                            .iter()
                            .map(|r| r.number)
                            .filter(|f| *f < count)
                        {
                            places.push((f, packs.clone(), end));
                            end += packs.len();
                        }
                        let places = &places[of_segment..];
                        let keep = |root: &Root, block: Range<usize>, v: &[P::Pack]| {
                            let Some(f) = root.number.checked_sub(count) else {
                                return numerators[root.number][block].copy_from_slice(v);
                            };
                            if let Some((_, _, start)) = places.iter().find(|p| p.0 == f) {
                                let start = start + block.start - packs.start;
                                denominators[start..start + v.len()].copy_from_slice(v);
                            }
                        };
                        terms.run_segment(workspace, j, segment, packs, columns, keep);
                    }
                    path.invert(&mut denominators[..end]);
                    let mut first = 0;
                    for (helper, output) in self.program.helpers.iter().zip(&mut outputs) {
                        let own = first..first + helper.len();
                        first = own.end;
                        path.fill(sum, Fr::ZERO);
                        for (f, packs, start) in places.iter().filter(|p| own.contains(&p.0)) {
                            let inverses = &denominators[*start..start + packs.len()];
                            let numerator = &numerators[*f][packs.clone()];
                            path.add_mul(&mut sum[packs.clone()], numerator, inverses);
                        }
                        path.store(output, sum);
                    }
                    self.task.step(depth as u64)
                },
            )
    }
}
