//! Sums and constraints on the grid and on cosets of the depth axis (steps 3 and 4).

use super::columns::GridValues;
use super::vectors::{blocks, cut, load, store, Publics};
use super::Prover;
use crate::domain::{
    add_scaled, from_roots, horner, interpolate_few, permute, Cosets, BLINDING, LANES,
};
use crate::error::Result;
use crate::eval::{Registers, Tape};
use crate::lanes::for_lanes;
use ark_ff::{AdditiveGroup, Field};
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
    tape: Tape,
    /// Where each root goes: the accumulator, the factor, and whether the lane's weight applies.
    targets: Vec<(usize, Fr, bool)>,
    publics: Publics<P>,
    /// Powers of the coset's shift, none on the depth axis itself.
    shift: Vec<P::Pack>,
}

struct State<P: FieldPath> {
    registers: Registers<P>,
    buffers: Vec<Vec<P::Pack>>,
    coefficients: Vec<Vec<P::Pack>>,
    values: Vec<Vec<P::Pack>>,
    /// By pass, then by accumulator.
    sums: Vec<Vec<Vec<P::Pack>>>,
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

    /// `G_T` on the depth axis, where masks hide the blinding cells.
    pub fn sum_on_grid(
        &self,
        grids: &[GridValues],
        scalars: &[Option<Fr>],
        chis: &[Fr],
    ) -> Result<Vec<Fr>> {
        let (path, depth) = (self.path, self.program.depth);
        let packs = depth / P::WIDTH;
        if self.program.sums.is_empty() {
            return Ok(vec![Fr::ZERO; depth]);
        }
        let roots: Vec<usize> = self.program.sums.iter().map(|s| s.term).collect();
        let tape = Tape::new(self.program, scalars, &roots);
        let publics = Publics::new(path, self.program, &self.domains.depth, None);
        let new = || {
            let columns = vec![vec![P::Pack::default(); packs]; grids.len()];
            (
                Registers::<P>::default(),
                publics.buffers(),
                columns,
                vec![P::Pack::default(); packs],
            )
        };
        let states = for_lanes(new, |(registers, buffers, columns, sum), j| {
            for k in &tape.columns {
                path.load(&mut columns[*k], &grids[*k][j * depth..(j + 1) * depth]);
            }
            let columns: Vec<&[P::Pack]> = columns.iter().map(Vec::as_slice).collect();
            let public = publics.lane(path, j, &tape.publics, buffers);
            for block in blocks::<P>(packs) {
                let (columns, public) = (cut(&columns, &block), cut(&public, &block));
                let sum = &mut sum[block.clone()];
                tape.run(
                    path,
                    registers,
                    block.len(),
                    &columns,
                    &public,
                    |root, v| {
                        path.add_scaled(sum, v, chis[root]);
                    },
                );
            }
            self.task.step(depth as u64)
        })?;
        let mut total = vec![P::Pack::default(); packs];
        states
            .iter()
            .for_each(|(_, _, _, sum)| path.add_assign(&mut total, sum));
        Ok(store(path, &total))
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
                tape: Tape::new(program, scalars, &roots),
                targets,
                publics: Publics::new(path, program, domain, shift),
                shift: shift.map_or(Vec::new(), |s| {
                    load(path, &crate::domain::powers(s, domain.size))
                }),
            }
        };
        let sum_degree = self.sum_degree();
        let mut passes: Vec<Pass<P>> = (cosets.shifts.iter().enumerate())
            .map(|(c, shift)| {
                pass(
                    &|class| class.cosets() > c,
                    sum_degree > c + 1,
                    Some(*shift),
                )
            })
            .collect();
        passes.push(pass(&|class| class.degree <= BLINDING, false, None));
        passes
    }

    /// All passes over all lanes; values by pass and accumulator.
    fn evaluate(
        &self,
        grids: &[GridValues],
        passes: &[Pass<P>],
        weights: &[Fr],
    ) -> Result<Vec<Vec<Vec<Fr>>>> {
        let (path, domain) = (self.path, &self.domains.depth);
        let depth = domain.size;
        let packs = depth / P::WIDTH;
        // The packs that hold the blinding cells.
        let tail = packs - BLINDING.div_ceil(P::WIDTH)..packs;
        let (blinding, on_cosets) = match passes.split_last() {
            Some(split) => split,
            None => return Ok(Vec::new()),
        };
        let length = |pass: usize| {
            if pass < on_cosets.len() {
                packs
            } else {
                tail.len()
            }
        };
        let wanted: Vec<usize> = (0..grids.len())
            .filter(|k| passes.iter().any(|p| p.tape.columns.contains(k)))
            .collect();
        let accumulators = |pass: usize| {
            let used = passes[pass]
                .targets
                .iter()
                .map(|t| t.0 + 1)
                .max()
                .unwrap_or(0);
            vec![vec![P::Pack::default(); length(pass)]; used]
        };
        let new = || State::<P> {
            registers: Registers::default(),
            buffers: blinding.publics.buffers(),
            coefficients: vec![vec![P::Pack::default(); packs]; grids.len()],
            values: vec![vec![P::Pack::default(); packs]; grids.len()],
            sums: (0..passes.len()).map(accumulators).collect(),
        };
        let states = for_lanes(new, |state, j| {
            let weight = weights[j];
            let run = |pass: &Pass<P>,
                       sums: &mut [Vec<P::Pack>],
                       columns: &[Vec<P::Pack>],
                       registers: &mut Registers<P>,
                       buffers: &mut [Vec<P::Pack>],
                       range: std::ops::Range<usize>| {
                let columns: Vec<&[P::Pack]> = columns.iter().map(|c| &c[range.clone()]).collect();
                let public = pass.publics.lane(path, j, &pass.tape.publics, buffers);
                let public = cut(&public, &range);
                for block in blocks::<P>(range.len()) {
                    let (columns, public) = (cut(&columns, &block), cut(&public, &block));
                    pass.tape.run(
                        path,
                        registers,
                        block.len(),
                        &columns,
                        &public,
                        |root, v| {
                            let (number, factor, weighted) = pass.targets[root];
                            let factor = if weighted { factor * weight } else { factor };
                            path.add_scaled(&mut sums[number][block.clone()], v, factor);
                        },
                    );
                }
            };
            for k in &wanted {
                path.load(
                    &mut state.coefficients[*k],
                    &grids[*k][j * depth..(j + 1) * depth],
                );
            }
            let last = on_cosets.len();
            run(
                blinding,
                &mut state.sums[last],
                &state.coefficients,
                &mut state.registers,
                &mut state.buffers,
                tail.clone(),
            );
            for k in &wanted {
                path.ifft(&mut state.coefficients[*k], &domain.twiddles);
            }
            for (number, pass) in on_cosets.iter().enumerate() {
                for k in &pass.tape.columns {
                    path.mul(&mut state.values[*k], &state.coefficients[*k], &pass.shift);
                    path.fft(&mut state.values[*k], &domain.twiddles);
                }
                run(
                    pass,
                    &mut state.sums[number],
                    &state.values,
                    &mut state.registers,
                    &mut state.buffers,
                    0..packs,
                );
                self.task.step(depth as u64)?;
            }
            self.task.step(0)
        })?;
        Ok((0..passes.len())
            .map(|pass| {
                let mut totals = accumulators(pass);
                for state in &states {
                    totals
                        .iter_mut()
                        .zip(&state.sums[pass])
                        .for_each(|(t, s)| path.add_assign(t, s));
                }
                totals.iter().map(|t| store(path, t)).collect()
            })
            .collect())
    }

    /// Says which sum is not what the program says.
    pub fn wrong_sum(&self, grids: &[GridValues], scalars: &[Option<Fr>]) -> Result<String> {
        for (l, sum) in self.program.sums.iter().enumerate() {
            let only: Vec<Fr> = (0..self.program.sums.len())
                .map(|i| Fr::from(i == l))
                .collect();
            let found: Fr = self.sum_on_grid(grids, scalars, &only)?.iter().sum();
            if Some(found) != scalars[sum.value] {
                return Ok(format!("sum {l} has another value"));
            }
        }
        Ok("a sum has another value".into())
    }

    /// Says which constraint does not hold, and where.
    pub fn violation(&self, grids: &[GridValues], scalars: &[Option<Fr>]) -> Result<String> {
        let (path, depth, data) = (self.path, self.program.depth, self.grid.data());
        let tape = Tape::new(self.program, scalars, &self.program.constraints);
        let publics = Publics::new(path, self.program, &self.domains.depth, None);
        let mut registers = Registers::<P>::default();
        let mut buffers = publics.buffers();
        for j in 0..LANES {
            let columns: Vec<Vec<P::Pack>> = grids
                .iter()
                .map(|g| load(path, &g[j * depth..(j + 1) * depth]))
                .collect();
            let columns: Vec<&[P::Pack]> = columns.iter().map(Vec::as_slice).collect();
            let public = publics.lane(path, j, &tape.publics, &mut buffers);
            let mut found = None;
            tape.run(
                path,
                &mut registers,
                depth / P::WIDTH,
                &columns,
                &public,
                |m, v| {
                    let cells = store(path, v);
                    if let Some(i) = cells[..data].iter().position(|x| *x != Fr::ZERO) {
                        found = found.min(Some((m, i))).or(Some((m, i)));
                    }
                },
            );
            if let Some((m, i)) = found {
                return Ok(format!(
                    "constraint {m} does not hold at lane {j}, position {i}"
                ));
            }
        }
        Ok("no proof could be made that verifies".into())
    }
}
