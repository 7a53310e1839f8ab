//! Sums on the grid (step 3), and what is wrong where a program does not hold.

use super::empty::Points;
use super::evaluation::{
    add_weighted, present, store, zeros, Evaluation, Lane, Publics, Workspace,
};
use super::grid::{GridColumn, LaneReader};
use super::Prover;
use crate::domain::{Cosets, LANES};
use crate::error::Result;
use crate::eval::Root;
use crate::lanes::for_lanes;
use ark_ff::{AdditiveGroup, Field};
use std::collections::{BTreeMap, BTreeSet};
use zkp_kernels::{FieldPath, Fr, Portable};

/// Lanes inside a mask, where the mask is the same polynomial on each and can be multiplied in
/// after they are summed: the sum has one degree less, and its polynomial needs one coset less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Inside {
    /// Number of the mask.
    pub mask: usize,
    /// Degree of the expressions without it.
    pub degree: usize,
}

struct State<P: FieldPath> {
    workspace: Workspace<P>,
    reader: LaneReader<P>,
    columns: Vec<Lane<P>>,
    sums: Vec<Lane<P>>,
}

/// What the sums come to at each position of the depth axis.
pub struct GridSums {
    /// `G_T`, where masks hide the blinding cells.
    pub values: Vec<Fr>,
    /// The share of the lanes inside masks, without these.
    pub inside: BTreeMap<Inside, Vec<Fr>>,
}

impl<P: FieldPath> Prover<'_, P> {
    /// Nodes of all sums, with their masks and then without.
    pub fn sum_roots(&self) -> Vec<usize> {
        let sums = self.program.sums.iter();
        let terms = sums.clone().map(|s| s.term);
        terms.chain(sums.map(|s| s.expr)).collect()
    }

    /// Which of [`Prover::sum_roots`], whose degrees are given, are summed over the lane.
    pub fn roots_of_lane(&self, lane: usize, degrees: &[Option<usize>]) -> Vec<usize> {
        let sums = &self.program.sums;
        let root = |l: usize| match lane < self.program.publics[sums[l].mask].full_lanes() {
            true => sums.len() + l,
            false => l,
        };
        let roots = (0..sums.len()).map(root);
        roots.filter(|root| degrees[*root].is_some()).collect()
    }

    /// What a root of [`Prover::sum_roots`] is summed with, if its mask is left out.
    pub fn inside(&self, root: &Root) -> Option<Inside> {
        let sum = root.number.checked_sub(self.program.sums.len())?;
        Some(Inside {
            mask: self.program.sums[sum].mask,
            degree: root.degree.max(1),
        })
    }

    /// The values of a mask on the lanes inside it.
    fn inside_mask(&self, mask: usize) -> Vec<Fr> {
        let ones = self.program.publics[mask].extent.data();
        let cells = (0..self.program.depth).map(|i| Fr::from(i < ones));
        cells.collect()
    }

    /// Adds, to values on some cosets, those of a mask on the lanes inside it times a polynomial,
    /// which is given by its values on the axis and on as many cosets as its degree takes.
    pub fn add_inside(
        &self,
        cosets: &Cosets,
        mask: usize,
        values: Vec<&[Fr]>,
        on_cosets: &mut [Vec<Fr>],
    ) {
        let domain = &self.domains.depth;
        let with_axis = |of: &[Fr]| [&[Fr::ONE], of].concat();
        let polynomial = Cosets {
            shifts: with_axis(&cosets.shifts),
            kappas: with_axis(&cosets.kappas),
        };
        let values = values.into_iter().map(<[Fr]>::to_vec).collect();
        let polynomial = polynomial.interpolate(domain, values);
        let mask = domain.interpolate(self.inside_mask(mask));
        for (out, (shift, kappa)) in on_cosets
            .iter_mut()
            .zip(cosets.shifts.iter().zip(&cosets.kappas))
        {
            // Modulo Z^A - kappa.
            let mut low = vec![Fr::ZERO; domain.size];
            for part in polynomial.chunks_exact(domain.size).rev() {
                Portable.scale(&mut low, *kappa);
                Portable.add_assign(&mut low, part);
            }
            let low = domain.evaluate(&low, *shift);
            let mask = domain.evaluate(&mask, *shift);
            Portable.add_mul(out, &low, &mask);
        }
    }

    /// `G_T` on the depth axis.
    pub fn sum_on_grid(
        &self,
        grid: &[GridColumn],
        scalars: &[Option<Fr>],
        chis: &[Fr],
    ) -> Result<GridSums> {
        let (path, depth) = (self.path, self.program.depth);
        let packs = depth / P::WIDTH;
        let mut out = GridSums {
            values: vec![Fr::ZERO; depth],
            inside: BTreeMap::new(),
        };
        if self.program.sums.is_empty() {
            return Ok(out);
        }
        let roots = self.sum_roots();
        let evaluation = |publics| {
            let wanted = |lane: usize, degrees: &[Option<usize>]| self.roots_of_lane(lane, degrees);
            Evaluation::new(path, self.program, scalars, &roots, publics, wanted)
        };
        let terms = evaluation(Publics::new(path, self.program).by_lanes());
        let found = terms.all_segments().flat_map(|s| s.roots());
        let places: BTreeSet<Option<Inside>> = found.map(|r| self.inside(r)).collect();
        let places: Vec<Option<Inside>> = places.into_iter().collect();
        let of_lane = |of: &Evaluation<P>, state: &mut State<P>, j: usize, packs: usize| {
            let State {
                workspace,
                columns,
                sums,
                ..
            } = state;
            of.run(workspace, j, 0..packs, columns, |root, block, values| {
                if let Ok(place) = places.binary_search(&self.inside(root)) {
                    let chi = chis[root.number % self.program.sums.len()];
                    add_weighted(path, &mut sums[place][block], values, chi);
                }
            });
        };
        let state = |packs: usize| State::<P> {
            workspace: terms.workspace(),
            reader: self.lane_reader(),
            columns: vec![zeros::<P>(packs); grid.len()],
            sums: vec![zeros::<P>(packs); places.len()],
        };
        let states = for_lanes(
            0..self.lanes,
            || state(packs),
            |state, j| {
                for k in terms.columns(j) {
                    state.reader.read(&grid[*k], j, &mut state.columns[*k]);
                }
                of_lane(&terms, state, j, packs);
                self.task.step(depth as u64)
            },
        )?;
        // Beyond, all data cells are alike.
        let points = Points::on_axis(path, &self.domains.depth);
        let few = evaluation(points.publics(self.program));
        let mut empty = state(points.packs().len());
        for j in self.lanes..LANES {
            for k in few.columns(j) {
                points.read(&grid[*k], j, &mut empty.columns[*k]);
            }
            of_lane(&few, &mut empty, j, points.packs().len());
        }
        for (i, place) in places.iter().enumerate() {
            let mut total = zeros::<P>(packs);
            for state in &states {
                path.add_assign(&mut total, &state.sums[i]);
            }
            let mut total = store(path, &total);
            let empty = store(path, &empty.sums[i]);
            let (data, blinding) = total.split_at_mut(self.grid.data());
            data.iter_mut().for_each(|cell| *cell += empty[0]);
            blinding
                .iter_mut()
                .zip(&empty[1..])
                .for_each(|(cell, e)| *cell += e);
            if let Some(inside) = place {
                out.inside.insert(*inside, total.clone());
                Portable.mul_assign(&mut total, &self.inside_mask(inside.mask));
            }
            Portable.add_assign(&mut out.values, &total);
        }
        Ok(out)
    }

    /// Says which sum is not what the program says.
    pub fn wrong_sum(&self, grid: &[GridColumn], scalars: &[Option<Fr>]) -> Result<String> {
        for (l, sum) in self.program.sums.iter().enumerate() {
            let only: Vec<Fr> = (0..self.program.sums.len())
                .map(|i| Fr::from(i == l))
                .collect();
            let found: Fr = self.sum_on_grid(grid, scalars, &only)?.values.iter().sum();
            if Some(found) != scalars[sum.value] {
                return Ok(format!("sum {l} has another value"));
            }
        }
        Ok("a sum has another value".into())
    }

    /// Says which constraint does not hold, and where.
    pub fn violation(&self, grid: &[GridColumn], scalars: &[Option<Fr>]) -> Result<String> {
        let (path, depth, data) = (self.path, self.program.depth, self.grid.data());
        let packs = depth / P::WIDTH;
        let roots = &self.program.constraints;
        let publics = Publics::new(path, self.program);
        let constraints = Evaluation::new(path, self.program, scalars, roots, publics, |_, d| {
            present(d)
        });
        let mut workspace = constraints.workspace();
        let mut reader = self.lane_reader();
        let mut columns = vec![zeros::<P>(packs); grid.len()];
        for j in 0..LANES {
            for (column, lane) in grid.iter().zip(&mut columns) {
                reader.read(column, j, lane);
            }
            let mut values = vec![zeros::<P>(packs); roots.len()];
            constraints.run(&mut workspace, j, 0..packs, &columns, |root, block, v| {
                values[root.number][block].copy_from_slice(v);
            });
            for (m, values) in values.iter().enumerate() {
                let mut cells = store(path, values).into_iter().take(data);
                if let Some(i) = cells.position(|x| x != Fr::ZERO) {
                    return Ok(format!(
                        "constraint {m} does not hold at lane {j}, position {i}"
                    ));
                }
            }
        }
        Ok("no proof could be made that verifies".into())
    }
}
