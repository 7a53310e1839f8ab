//! `Q` from cosets of the depth axis (step 4).

use super::columns::GridValues;
use super::evaluation::{load, store, zeros, Evaluation, Lane, Workspace};
use super::Prover;
use crate::domain::{
    add_scaled, from_roots, horner, interpolate_few, permute, powers, Cosets, BLINDING,
};
use crate::error::Result;
use crate::lanes::for_lanes;
use ark_ff::Field;
use std::ops::Range;
use zkp_kernels::{batch_invert, FieldPath, Fr};

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

/// The constraints of one degree: their share of `G_0 / Z_data` has degree
/// `(degree - 1) A - degree + 3`, so that `degree - 1` cosets and the blinding cells determine it.
struct Class {
    degree: usize,
    constraints: Vec<usize>,
}

impl Class {
    fn cosets(&self) -> usize {
        self.degree - 1
    }
}

/// What is evaluated on one coset, or on the blinding cells.
struct Pass<P: FieldPath> {
    terms: Evaluation<P>,
    /// Where each root goes: the accumulator, the factor, and whether the lane's weight applies.
    targets: Vec<(usize, Fr, bool)>,
    accumulators: usize,
    /// Powers of the coset's shift, none on the depth axis itself.
    shift: Lane<P>,
}

struct State<P: FieldPath> {
    workspace: Workspace<P>,
    coefficients: Vec<Lane<P>>,
    values: Vec<Lane<P>>,
    /// By pass, then by accumulator.
    sums: Vec<Vec<Lane<P>>>,
}

impl<P: FieldPath> Prover<'_, P> {
    fn sum_degree(&self) -> usize {
        let degrees = self
            .program
            .sums
            .iter()
            .map(|s| self.program.degrees[s.term]);
        degrees.max().unwrap_or(0) as usize
    }

    fn classes(&self) -> Vec<Class> {
        let mut classes: Vec<Class> = Vec::new();
        for (m, node) in self.program.constraints.iter().enumerate() {
            // A constraint without columns is a constant, whose polynomial is one of degree 1 too.
            let degree = self.program.degrees[*node].max(1) as usize;
            match classes.iter_mut().find(|c| c.degree == degree) {
                Some(class) => class.constraints.push(m),
                None => classes.push(Class {
                    degree,
                    constraints: vec![m],
                }),
            }
        }
        classes
    }

    /// Number of cosets that step 4 needs.
    pub fn coset_passes(&self) -> u64 {
        let constraints = self.classes().iter().map(Class::cosets).max().unwrap_or(0);
        constraints.max(self.sum_degree().saturating_sub(1)) as u64
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
        grids: &[GridValues],
        scalars: &[Option<Fr>],
        batching: &Batching,
    ) -> Result<Vec<Fr>> {
        let domain = &self.domains.depth;
        let depth = domain.size;
        let classes = self.classes();
        let sum_cosets = self.sum_degree().saturating_sub(1);
        let cosets = Cosets::new(depth, self.coset_passes() as usize);
        let passes = self.passes(&classes, &cosets, scalars, batching);
        let sums = self.evaluate(grids, &passes, &self.lane_weights(batching.sigma))?;
        let (on_cosets, on_blinding) = sums.split_at(cosets.shifts.len());

        // Q_0, class by class: G_0 / Z_data = G_0 Z_blind / Z_A.
        let blinding = &domain.points[domain.data()..];
        let vanishing = domain.data_vanishing_at_blinding();
        let mut quotient = Vec::new();
        for (number, class) in classes.iter().enumerate() {
            let count = class.cosets();
            let values = (0..count).map(|c| {
                let (shift, kappa) = (cosets.shifts[c], cosets.kappas[c]);
                let inverse = (kappa - Fr::ONE).inverse().unwrap_or_default();
                let points = domain.points.iter().map(|a| shift * a);
                let values = on_cosets[c][number].iter();
                values
                    .zip(points)
                    .map(|(g, x)| *g * inverse * domain.blinding_vanishing(x))
                    .collect()
            });
            let mut part = cosets.interpolate(domain, values.collect());
            if class.degree <= BLINDING {
                let cells = &on_blinding[0][number];
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
            let sums = &on_cosets[c][classes.len()];
            sums.iter()
                .zip(low)
                .map(|(g, l)| (*g + l) * inverse)
                .collect()
        });
        let part = cosets.interpolate(domain, values.collect());
        add_scaled(&mut quotient, &part, Fr::ONE);
        add_scaled(&mut quotient, &batching.mask[depth..], x);
        Ok(quotient)
    }

    /// One pass to a coset and the last one for the blinding cells. Accumulators are numbered as
    /// the classes; the one after them is that of the sums.
    fn passes(
        &self,
        classes: &[Class],
        cosets: &Cosets,
        scalars: &[Option<Fr>],
        batching: &Batching,
    ) -> Vec<Pass<P>> {
        let (path, program, domain) = (self.path, self.program, &self.domains.depth);
        let pass = |wanted: &dyn Fn(&Class) -> bool, sums: bool, shift: Option<Fr>| {
            let mut roots = Vec::new();
            let mut targets = Vec::new();
            for (number, class) in classes.iter().enumerate().filter(|(_, c)| wanted(c)) {
                for m in &class.constraints {
                    roots.push(program.constraints[*m]);
                    targets.push((number, batching.thetas[*m], true));
                }
            }
            for (sum, chi) in program.sums.iter().zip(batching.chis).filter(|_| sums) {
                roots.push(sum.term);
                targets.push((classes.len(), *chi, false));
            }
            Pass {
                terms: Evaluation::new(path, program, scalars, &roots, domain, shift),
                accumulators: targets.iter().map(|t| t.0 + 1).max().unwrap_or(0),
                targets,
                shift: shift.map_or(Vec::new(), |s| load(path, &powers(s, domain.size))),
            }
        };
        let sum_degree = self.sum_degree();
        let on_coset = |(c, shift): (usize, &Fr)| {
            pass(
                &|class| class.cosets() > c,
                sum_degree > c + 1,
                Some(*shift),
            )
        };
        let mut passes: Vec<Pass<P>> = cosets.shifts.iter().enumerate().map(on_coset).collect();
        passes.push(pass(&|class| class.degree <= BLINDING, false, None));
        passes
    }

    /// All passes over all lanes; values by pass and accumulator, those of the last pass on the
    /// packs that hold the blinding cells.
    fn evaluate(
        &self,
        grids: &[GridValues],
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
                .map(|p| vec![zeros::<P>(packs); p.accumulators]);
            let last = vec![zeros::<P>(tail.len()); blinding.accumulators];
            cosets.chain([last]).collect()
        };
        let new = || State::<P> {
            workspace: blinding.terms.workspace(),
            coefficients: vec![zeros::<P>(packs); grids.len()],
            values: vec![zeros::<P>(packs); grids.len()],
            sums: zero_sums(),
        };
        let states = for_lanes(new, |state, j| {
            let State {
                workspace,
                coefficients,
                values,
                sums,
            } = state;
            let wanted: Vec<usize> = (0..grids.len()).filter(|k| reads(*k, j)).collect();
            for k in &wanted {
                path.load(
                    &mut coefficients[*k],
                    &grids[*k][j * depth..(j + 1) * depth],
                );
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
                for k in pass.terms.columns(j) {
                    path.mul(&mut values[*k], &coefficients[*k], &pass.shift);
                    path.fft(&mut values[*k], &domain.twiddles);
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
        self.terms
            .run(workspace, lane, range, columns, |root, block, values| {
                let (number, factor, weighted) = self.targets[root];
                let factor = if weighted { factor * weight } else { factor };
                path.add_scaled(&mut sums[number][block], values, factor);
            });
    }
}
