//! The operands and aux columns (steps 1 and 2).

use super::evaluation::load;
use super::grid::{GridColumn, Source, Term};
use super::{Prover, Witness, MIN_FAST_DEPTH};
use crate::commit::commit_cells;
use crate::domain::{permute, Domain, BLINDING, LANES};
use crate::error::Result;
use crate::program::Extent;
use crate::transcript::commitment_blinding;
use ark_ff::{AdditiveGroup, Field};
use rayon::prelude::*;
use std::collections::BTreeSet;
use zeroize::Zeroizing;
use zkp_kernels::{FieldPath, Fr, Portable};

impl<'a, P: FieldPath> Prover<'a, P> {
    /// Blinds, commits to and sends the aux columns.
    pub fn aux<'w>(&mut self, witness: &Witness<'w>) -> Result<Vec<GridColumn<'w>>> {
        let columns = witness.aux.par_iter().zip(&self.program.aux).enumerate();
        let made = columns.map(|(k, (column, extent))| {
            let blinding = self.secrets.blinding("aux", k);
            let (data, random) = rayon::join(
                || commit_cells(self.task, &self.grid, extent.depth, &column.cells),
                || self.grid.commit_blinding(&blinding),
            );
            let terms = vec![Term {
                coefficient: Fr::ONE,
                cells: Source::Witness(&column.cells),
                extent: *extent,
            }];
            Ok((data? + random, GridColumn { terms, blinding }))
        });
        let made: Result<Vec<_>> = made.collect();
        let sent = made?.into_iter().map(|(point, column)| {
            self.send_point("aux", point);
            column
        });
        Ok(sent.collect())
    }

    /// The blinded operands `f'_k` and the coefficients of their `e_k`.
    #[allow(clippy::type_complexity)]
    pub fn operands<'w>(
        &self,
        witness: &Witness<'w>,
        scalars: &[Option<Fr>],
    ) -> Result<(Vec<GridColumn<'w>>, Vec<Zeroizing<Vec<Fr>>>)> {
        let data = self.grid.data();
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
        let operands = self.program.operands.par_iter().enumerate();
        let made = operands.map(|(k, operand)| {
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
            let mut column = self.combine(witness, &terms, &own);
            let rows = column.blinding.chunks_exact_mut(LANES);
            for ((row, b), vanishing) in rows.zip(blinding_points).zip(vanishing) {
                for (j, cell) in row.iter_mut().enumerate() {
                    *cell += vanishing * (parts[0][j] + *b * (parts[1][j] + *b * parts[2][j]));
                }
            }
            self.task.step(0)?;
            Ok((column, e))
        });
        let made: Result<Vec<_>> = made.collect();
        Ok(made?.into_iter().unzip())
    }

    /// A linear combination of commitments. Columns of a smaller depth are polynomials of a
    /// smaller degree, which their own positions determine on all of the program's; these values
    /// are computed here.
    fn combine<'w>(
        &self,
        witness: &Witness<'w>,
        terms: &[(Fr, usize)],
        own: &[Fr],
    ) -> GridColumn<'w> {
        let (depth, data) = (self.program.depth, self.grid.data());
        let mut out = GridColumn {
            terms: Vec::new(),
            blinding: Zeroizing::new(vec![Fr::ZERO; BLINDING * LANES]),
        };
        let (whole, small): (Vec<_>, Vec<_>) =
            (terms.iter()).partition(|(_, c)| self.program.commitments[*c].depth == depth);
        for (coefficient, c) in whole {
            out.blinding[0] += coefficient * own[c];
            out.terms.push(Term {
                coefficient,
                cells: Source::Witness(&witness.columns[c].cells),
                extent: self.program.commitments[c],
            });
        }
        if small.is_empty() {
            return out;
        }
        let mut values = Zeroizing::new(vec![Fr::ZERO; self.cells_in_use()]);
        let lanes = values.par_chunks_exact_mut(data).enumerate();
        let blinding = lanes.map(|(j, cells)| {
            let lane = Zeroizing::new(self.combine_lane(witness, &small, own, j));
            let (data, blinding) = lane.split_at(data);
            cells.copy_from_slice(data);
            std::array::from_fn(|i| blinding[i])
        });
        let blinding: Zeroizing<Vec<[Fr; BLINDING]>> = Zeroizing::new(blinding.collect());
        let rows = out.blinding.chunks_exact_mut(LANES).enumerate();
        rows.for_each(|(i, row)| {
            let pairs = row.iter_mut().zip(&*blinding);
            pairs.for_each(|(cell, of_lane)| *cell += of_lane[i]);
        });
        out.terms.push(self.computed(values));
        out
    }

    fn combine_lane(
        &self,
        witness: &Witness,
        terms: &[(Fr, usize)],
        own: &[Fr],
        j: usize,
    ) -> Vec<Fr> {
        let depth = self.program.depth;
        let mut lane = vec![Fr::ZERO; depth];
        let depths: BTreeSet<usize> = (terms.iter())
            .map(|(_, c)| self.program.commitments[*c].depth)
            .collect();
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
            if small.iter().any(|x| *x != Fr::ZERO) {
                let axis = Domain::of(of);
                let mut values = match of < MIN_FAST_DEPTH {
                    true => {
                        small = axis.interpolate(small);
                        small.resize(depth, Fr::ZERO);
                        load(self.path, &small)
                    }
                    false => {
                        let mut values = load(self.path, &small);
                        self.path.ifft(&mut values, &axis.twiddles);
                        values.resize(depth / P::WIDTH, P::Pack::default());
                        values
                    }
                };
                self.path.fft(&mut values, &self.domains.depth.twiddles);
                small.resize(depth, Fr::ZERO);
                self.path.store(&mut small, &values);
                Portable.add_assign(&mut lane, &small);
            }
        }
        lane
    }

    /// Values of all data cells of the lanes that hold rows.
    pub fn computed<'w>(&self, values: Zeroizing<Vec<Fr>>) -> Term<'w> {
        Term {
            coefficient: Fr::ONE,
            extent: Extent {
                depth: self.program.depth,
                rows: values.len(),
            },
            cells: Source::Computed(values),
        }
    }
}
