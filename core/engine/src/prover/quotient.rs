//! `Q` from cosets of the depth axis (step 4).

use super::evaluation::{present, store, zeros, Evaluation, Lane, Publics, Workspace};
use super::grid::{GridColumn, LaneReader};
use super::Prover;
use crate::domain::{add_scaled, from_roots, horner, interpolate_few, permute, Cosets, BLINDING};
use crate::error::Result;
use crate::eval::Root;
use crate::lanes::for_lanes;
use ark_ff::{AdditiveGroup, Field};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::ops::Range;
use zkp_kernels::{batch_invert, Coset, FieldPath, Fr};

/// What batches sums and constraints, and what is subtracted in step 4.
pub struct Batching<'a> {
    pub chis: &'a [Fr],
    pub thetas: &'a [Fr],
    pub sigma: Fr,
    pub lambda: Fr,
    /// `S/A`
    pub constant: Fr,
    pub r: &'a [Fr],
    pub mask: &'a [Fr],
}

/// What is summed over the lanes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// The constraints on those lanes where they have one degree: their share of `G_0 / Z_data` has
    /// degree `(degree - 1) A - degree + 3`, so that `degree - 1` cosets and the blinding cells
    /// determine it.
    Constraints(usize),
    Sums,
}

/// What is evaluated on one coset, or on the blinding cells.
struct Pass<P: FieldPath> {
    terms: Evaluation<P>,
    /// What is accumulated, rising.
    classes: Vec<Class>,
    /// The factors of all constraints and then of all sums.
    factors: Vec<Fr>,
    /// How many of these are constraints, to which the lane's weight applies.
    constraints: usize,
    /// None for the depth axis itself.
    coset: Option<Coset>,
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

    /// Number of cosets that step 4 needs.
    pub fn coset_passes(&self) -> u64 {
        let constraints = self.largest_degree(self.program.constraints.iter().copied());
        constraints.max(self.sum_degree()).saturating_sub(1) as u64
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
        let cosets = Cosets::new(depth, self.coset_passes() as usize);
        let passes = self.passes(&cosets, scalars, batching);
        let sums = self.evaluate(grid, &passes, &self.lane_weights(batching.sigma))?;
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
        let values = (0..sum_cosets).map(|c| {
            let inverse = (cosets.kappas[c] - Fr::ONE).inverse().unwrap_or_default();
            let low = domain.evaluate(&low, cosets.shifts[c]);
            // Without any, G_T is zero.
            let sums = sum_of(c, Class::Sums).iter().copied();
            sums.chain(std::iter::repeat(Fr::ZERO))
                .zip(low)
                .map(|(g, l)| (g + l) * inverse)
                .collect()
        });
        let part = cosets.interpolate(domain, values.collect());
        add_scaled(&mut quotient, &part, Fr::ONE);
        add_scaled(&mut quotient, &batching.mask[depth..], x);
        Ok(quotient)
    }

    /// One pass to a coset and the last one for the blinding cells.
    fn passes(&self, cosets: &Cosets, scalars: &[Option<Fr>], batching: &Batching) -> Vec<Pass<P>> {
        let (path, program, domain) = (self.path, self.program, &self.domains.depth);
        let constraints = program.constraints.len();
        let mut roots = program.constraints.clone();
        roots.extend(program.sums.iter().map(|sum| sum.term));
        let chis = &batching.chis[..program.sums.len()];
        let factors = [batching.thetas, chis].concat();
        let pass = |publics, coset, wanted: &dyn Fn(usize, usize) -> bool| {
            let some = |degrees: &[Option<usize>]| {
                let present = present(degrees).into_iter();
                let wanted = present.filter(|r| wanted(*r, degrees[*r].unwrap_or(0)));
                wanted.collect()
            };
            let terms = Evaluation::new(path, program, scalars, &roots, publics, some);
            let found = terms.all_segments().flat_map(|s| s.roots());
            let classes: BTreeSet<Class> = found.map(|r| class_of(r, constraints)).collect();
            Pass {
                terms,
                classes: classes.into_iter().collect(),
                factors: factors.clone(),
                constraints,
                coset,
            }
        };
        let on_axis = Publics::new(path, program);
        let coefficients = on_axis.coefficients(path, domain);
        let sums = self.sum_degree();
        let on_coset = |(c, shift): (usize, &Fr)| {
            let coset = domain.twiddles.coset(*shift);
            let publics = coefficients.on_coset(path, &coset);
            pass(
                publics,
                Some(coset),
                &|root, degree| match root < constraints {
                    true => degree > c + 1,
                    false => sums > c + 1,
                },
            )
        };
        let numbered = cosets.shifts.par_iter().enumerate();
        let mut passes: Vec<Pass<P>> = numbered.map(on_coset).collect();
        let cells = Publics::new(path, program).by_lanes();
        passes.push(pass(cells, None, &|root, degree| {
            root < constraints && degree <= BLINDING
        }));
        passes
    }

    /// All passes over all lanes; values by pass and class, those of the last pass on the
    /// packs that hold the blinding cells.
    fn evaluate(
        &self,
        grid: &[GridColumn],
        passes: &[Pass<P>],
        weights: &[Fr],
    ) -> Result<Vec<Vec<Vec<Fr>>>> {
        let (path, domain) = (self.path, &self.domains.depth);
        let depth = domain.size;
        let packs = depth / P::WIDTH;
        let Some((blinding, on_cosets)) = passes.split_last() else {
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
        let states = for_lanes(new, |state, j| {
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
            for (pass, sums) in on_cosets.iter().zip(sums) {
                for (k, coset) in pass.terms.columns(j).iter().zip(pass.coset.iter().cycle()) {
                    values[*k].copy_from_slice(&coefficients[*k]);
                    path.coset_fft(&mut values[*k], coset);
                }
                pass.add(path, workspace, j, 0..packs, values, weights[j], sums);
                self.task.step(depth as u64)?;
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
        let to_fields = |sums: &Vec<Lane<P>>| sums.iter().map(|s| store(path, s)).collect();
        Ok(totals.iter().map(to_fields).collect())
    }
}

impl<P: FieldPath> Pass<P> {
    /// Adds the terms of a lane to the accumulators.
    #[allow(clippy::too_many_arguments)]
    fn add(
        &self,
        path: P,
        workspace: &mut Workspace<P>,
        lane: usize,
        range: Range<usize>,
        columns: &[Lane<P>],
        weight: Fr,
        sums: &mut [Lane<P>],
    ) {
        let first = range.start;
        let emit = |root: &Root, block: Range<usize>, values: &[P::Pack]| {
            let factor = match root.number < self.constraints {
                true => self.factors[root.number] * weight,
                false => self.factors[root.number],
            };
            let class = class_of(root, self.constraints);
            if let Ok(number) = self.classes.binary_search(&class) {
                let block = block.start - first..block.end - first;
                path.add_scaled(&mut sums[number][block], values, factor);
            }
        };
        self.terms.run(workspace, lane, range, columns, emit);
    }
}

/// A constraint without columns is a constant, whose polynomial is one of degree 1 too.
fn class_of(root: &Root, constraints: usize) -> Class {
    match root.number < constraints {
        true => Class::Constraints(root.degree.max(1)),
        false => Class::Sums,
    }
}
