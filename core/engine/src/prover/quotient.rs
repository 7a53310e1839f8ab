//! `Q` from cosets of the depth axis (step 4).

use super::empty::{Graded, Points};
use super::evaluation::{present, store, zeros, Evaluation, Lane, Publics, Workspace};
use super::grid::{GridColumn, LaneReader};
use super::pass::{Class, Pass, Roots};
use super::sums::GridSums;
use super::Prover;
use crate::domain::{
    add_scaled, from_roots, horner, interpolate_few, permute, Cosets, BLINDING, LANES,
};
use crate::error::Result;
use crate::eval::Output;
use crate::lanes::for_lanes;
use ark_ff::Field;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use zkp_kernels::{batch_invert, FieldPath, Fr};

/// What batches sums and constraints, and what is subtracted in step 4.
pub struct Batching<'a> {
    pub chis: &'a [Fr],
    pub thetas: &'a [Fr],
    pub sigma: Fr,
    pub lambda: Fr,
    pub sums: &'a GridSums,
    /// `S/A`
    pub constant: Fr,
    pub r: &'a [Fr],
    pub mask: &'a [Fr],
}

struct State<P: FieldPath> {
    reader: LaneReader<P>,
    workspace: Workspace<P>,
    coefficients: Vec<Lane<P>>,
    values: Vec<Lane<P>>,
    /// By pass, then by class.
    sums: Vec<Vec<Lane<P>>>,
}

impl<P: FieldPath> Prover<'_, P> {
    fn sum_degree(&self) -> usize {
        let terms = self.program.sums.iter().map(|s| s.term);
        self.largest_degree(terms)
    }

    fn largest_degree(&self, nodes: impl Iterator<Item = usize>) -> usize {
        let degrees = nodes.map(|n| self.program.degrees[n] as usize);
        degrees.max().unwrap_or(0)
    }

    /// Number of cosets on which step 4 works on many lanes.
    pub fn coset_passes(&self) -> usize {
        let inside = self.program.sums.iter().map(|s| s.expr);
        let constraints = self.program.constraints.iter().copied();
        self.largest_degree(constraints.chain(inside))
            .saturating_sub(1)
    }

    /// `u(w_B^j, sigma)` for all lanes.
    fn lane_weights(&self, sigma: Fr) -> Vec<Fr> {
        let mut weights: Vec<Fr> = permute(&self.domains.lanes.points)
            .iter()
            .map(|w| *w - sigma)
            .collect();
        batch_invert(&mut weights);
        let factor = -self.domains.lanes.vanishing(sigma);
        weights.iter_mut().for_each(|w| *w *= factor);
        weights
    }

    /// `Q`.
    pub fn quotient(
        &self,
        grid: &[GridColumn],
        scalars: &[Option<Fr>],
        batching: &Batching,
    ) -> Result<Vec<Fr>> {
        let domain = &self.domains.depth;
        let depth = domain.size;
        let sum_cosets = self.sum_degree().saturating_sub(1);
        let cosets = Cosets::new(depth, self.coset_passes().max(sum_cosets));
        let points = Points::new(self.path, domain, &Graded::points(self.coset_passes() + 1));
        let passes = self.passes(&cosets, scalars, batching, &points);
        let sums = self.evaluate(grid, &passes, &points, &self.lane_weights(batching.sigma))?;
        let sum_of = |pass: usize, class: Class| {
            let number = passes[pass].classes.binary_search(&class);
            number.map_or(&[][..], |number| &sums[pass][number][..])
        };

        // Q_0, class by class: G_0 / Z_data = G_0 Z_blind / Z_A.
        let blinding = &domain.points[domain.data()..];
        let vanishing = domain.data_vanishing_at_blinding();
        let mut quotient = Vec::new();
        let all: BTreeSet<Class> = passes.iter().flat_map(|p| &p.classes).copied().collect();
        for class in all {
            let Class::Constraints(degree) = class else {
                continue;
            };
            let count = degree - 1;
            let values = (0..count).map(|c| {
                let (shift, kappa) = (cosets.shifts[c], cosets.kappas[c]);
                let inverse = (kappa - Fr::ONE).inverse().unwrap_or_default();
                let points = domain.points.iter().map(|a| shift * a);
                let values = sum_of(c, class).iter();
                values
                    .zip(points)
                    .map(|(g, x)| *g * inverse * domain.blinding_vanishing(x))
                    .collect()
            });
            let mut part = cosets.interpolate(domain, values.collect());
            if degree <= BLINDING {
                let cells = sum_of(cosets.shifts.len(), class);
                let cells = &cells[cells.len() - BLINDING..];
                // Z^A = 1 on the depth axis.
                let z = horner(&from_roots(&cosets.kappas[..count]), Fr::ONE);
                let low: Vec<Fr> = (0..BLINDING)
                    .map(|i| {
                        let value = cells[i] * vanishing[i].inverse().unwrap_or_default();
                        (value - horner(&part, blinding[i])) * z.inverse().unwrap_or_default()
                    })
                    .collect();
                let low = interpolate_few(blinding, &low);
                cosets.add_vanishing_multiple(depth, count, &low, &mut part);
            }
            add_scaled(&mut quotient, &part, batching.lambda);
        }

        // Q_T: all but z0 Z_A of the mask has degree below A.
        let x = batching.chis[self.program.sums.len()];
        let mut low: Vec<Fr> = vec![-batching.constant];
        low.extend(
            batching.mask[1..depth]
                .iter()
                .zip(batching.r)
                .map(|(m, r)| x * m - r),
        );
        let mut on_cosets: Vec<Vec<Fr>> = (cosets.shifts[..sum_cosets].iter())
            .map(|shift| domain.evaluate(&low, *shift))
            .collect();
        for (inside, on_axis) in &batching.sums.inside {
            let others = (1..inside.degree).map(|c| sum_of(c - 1, Class::Inside(*inside)));
            let values = [&on_axis[..]].into_iter().chain(others).collect();
            self.add_inside(&cosets, inside.mask, values, &mut on_cosets);
        }
        let values = on_cosets.into_iter().enumerate().map(|(c, mut values)| {
            let inverse = (cosets.kappas[c] - Fr::ONE).inverse().unwrap_or_default();
            let sums = values.iter_mut().zip(sum_of(c, Class::Sums));
            sums.for_each(|(v, g)| *v += g);
            values.iter_mut().for_each(|v| *v *= inverse);
            values
        });
        let part = cosets.interpolate(domain, values.collect());
        add_scaled(&mut quotient, &part, Fr::ONE);
        add_scaled(&mut quotient, &batching.mask[depth..], x);
        Ok(quotient)
    }

    /// One pass to a coset, one for the blinding cells, and one at `points` for lanes without rows.
    fn passes(
        &self,
        cosets: &Cosets,
        scalars: &[Option<Fr>],
        batching: &Batching,
        points: &Points<P>,
    ) -> Vec<Pass<P>> {
        let (path, program, domain) = (self.path, self.program, &self.domains.depth);
        let constraints = program.constraints.len();
        let nodes = [program.constraints.clone(), self.sum_roots()].concat();
        let chis = &batching.chis[..program.sums.len()];
        let factors = [batching.thetas, chis, chis].concat();
        let roots = Roots {
            constraints,
            masks: program.sums.iter().map(|s| s.mask).collect(),
        };
        let pass = |publics, coset, wanted: &dyn Fn(Class) -> bool| {
            let some = |lane: usize, degrees: &[Option<usize>]| {
                let (of_constraints, of_sums) = degrees.split_at(constraints);
                let sums = self.roots_of_lane(lane, of_sums).into_iter();
                let all = present(of_constraints)
                    .into_iter()
                    .chain(sums.map(|s| constraints + s));
                // What belongs to a class is added up before it is weighed.
                let mut sums: BTreeMap<Class, Vec<(usize, Fr)>> = BTreeMap::new();
                for number in all {
                    let class = roots.class(number, degrees[number].unwrap_or(0));
                    if wanted(class) {
                        sums.entry(class)
                            .or_default()
                            .push((number, factors[number]));
                    }
                }
                sums.into_values().map(Output::Sum).collect::<Vec<_>>()
            };
            let terms = Evaluation::new(path, program, scalars, &nodes, publics, some);
            let found = terms.all_segments().flat_map(|s| s.roots());
            let classes: BTreeSet<Class> = found.map(|r| roots.class(r.number, r.degree)).collect();
            Pass {
                terms,
                classes: classes.into_iter().collect(),
                roots: roots.clone(),
                coset,
            }
        };
        let on_axis = Publics::new(path, program);
        let coefficients = on_axis.coefficients(path, domain);
        let sums = self.sum_degree();
        let on_coset = |(c, shift): (usize, &Fr)| {
            let coset = domain.twiddles.coset(*shift);
            let publics = coefficients.on_coset(path, &coset);
            pass(publics, Some(coset), &|class| match class {
                Class::Constraints(degree) => degree > c + 1,
                Class::Inside(inside) => inside.degree > c + 1,
                Class::Sums => sums > c + 1,
            })
        };
        let numbered = cosets.shifts.par_iter().enumerate();
        let mut passes: Vec<Pass<P>> = numbered.map(on_coset).collect();
        let cells = Publics::new(path, program).by_lanes();
        let few = |class| matches!(class, Class::Constraints(degree) if degree <= BLINDING);
        passes.push(pass(cells, None, &few));
        let needed = |class| !matches!(class, Class::Inside(inside) if inside.degree == 1);
        passes.push(pass(points.publics(program), None, &needed));
        passes
    }

    /// All passes over all lanes, lanes without rows at `points` alone; values by coset and class,
    /// then those on the packs that hold the blinding cells.
    fn evaluate(
        &self,
        grid: &[GridColumn],
        passes: &[Pass<P>],
        points: &Points<P>,
        weights: &[Fr],
    ) -> Result<Vec<Vec<Vec<Fr>>>> {
        let (path, domain) = (self.path, &self.domains.depth);
        let depth = domain.size;
        let packs = depth / P::WIDTH;
        let [on_cosets @ .., blinding, at_points] = passes else {
            return Ok(Vec::new());
        };
        let tail = packs - BLINDING.div_ceil(P::WIDTH)..packs;
        let reads = |k: usize, j: usize| passes.iter().any(|p| p.terms.columns(j).contains(&k));
        let zero_sums = || {
            let cosets = on_cosets
                .iter()
                .map(|p| vec![zeros::<P>(packs); p.classes.len()]);
            let last = vec![zeros::<P>(tail.len()); blinding.classes.len()];
            cosets.chain([last]).collect()
        };
        let new = || State::<P> {
            reader: self.lane_reader(),
            workspace: blinding.terms.workspace(),
            coefficients: vec![zeros::<P>(packs); grid.len()],
            values: vec![zeros::<P>(packs); grid.len()],
            sums: zero_sums(),
        };
        let states = for_lanes(0..self.lanes, new, |state, j| {
            let State {
                reader,
                workspace,
                coefficients,
                values,
                sums,
            } = state;
            let wanted: Vec<usize> = (0..grid.len()).filter(|k| reads(*k, j)).collect();
            for k in &wanted {
                reader.read(&grid[*k], j, &mut coefficients[*k]);
            }
            blinding.add(
                path,
                workspace,
                j,
                tail.clone(),
                coefficients,
                weights[j],
                &mut sums[on_cosets.len()],
            );
            for k in &wanted {
                path.ifft(&mut coefficients[*k], &domain.twiddles);
            }
            for (c, (pass, sums)) in on_cosets.iter().zip(sums).enumerate() {
                for (k, coset) in pass.terms.columns(j).iter().zip(pass.coset.iter().cycle()) {
                    values[*k].copy_from_slice(&coefficients[*k]);
                    path.coset_fft(&mut values[*k], coset);
                }
                pass.add(path, workspace, j, 0..packs, values, weights[j], sums);
                if c < self.coset_passes() {
                    self.task.step(depth as u64)?;
                }
            }
            self.task.step(0)
        })?;
        let mut totals: Vec<Vec<Lane<P>>> = zero_sums();
        for state in &states {
            let of_state = state.sums.iter().flatten();
            totals
                .iter_mut()
                .flatten()
                .zip(of_state)
                .for_each(|(t, s)| path.add_assign(t, s));
        }
        if self.lanes < LANES {
            let empty = self.evaluate_empty(grid, at_points, points, weights)?;
            let degree = self.coset_passes() + 1;
            let terms = (at_points.classes.par_iter().zip(empty))
                .map(|(class, sum)| (*class, Graded::interpolate(degree, &store(path, &sum))))
                .collect::<Vec<_>>();
            let all = passes.par_iter().zip(&mut totals);
            all.for_each(|(pass, totals)| self.add_empty(pass, &terms, totals));
        }
        let to_fields = |sums: &Vec<Lane<P>>| sums.iter().map(|s| store(path, s)).collect();
        Ok(totals.iter().map(to_fields).collect())
    }
}
