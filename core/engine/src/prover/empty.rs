//! Lanes without rows. Their data cells are zero, so a column is `Z_data(Z) e(Z)` there, with `e` of
//! degree below 3 by the blinding cells, and the mask of all data cells is `1 - Z_data(Z) t(Z)` with
//! such a `t`. With `W` for `Z_data(Z)` an expression of degree `g` is a polynomial
//! `sum W^d p_d(Z)`, `d <= g`, `deg p_d <= 2d`. It is summed over the lanes at `(g + 1)^2` points
//! `(W, Z)`, however deep the grid, and taken to the depth axis and its cosets once.

use super::evaluation::{load, Lane, Publics};
use super::grid::GridColumn;
use super::pass::{Class, Pass};
use super::Prover;
use crate::domain::{interpolate_few, Domain, BLINDING, LANES};
use crate::error::Result;
use crate::lanes::for_lanes;
use crate::program::Program;
use ark_ff::{AdditiveGroup, Field};
use std::ops::Range;
use zkp_kernels::{batch_invert, FieldPath, Fr};

/// Some points `(W, Z)`.
pub struct Points<P: FieldPath> {
    path: P,
    /// What multiplies each blinding cell of a column: `W` over `Z_data` at its position, times its
    /// Lagrange polynomial among the blinding positions.
    weights: [Lane<P>; BLINDING],
    /// The mask of all data cells.
    mask: Lane<P>,
}

impl<P: FieldPath> Points<P> {
    pub fn new(path: P, domain: &Domain, points: &[(Fr, Fr)]) -> Self {
        let length = points.len().next_multiple_of(P::WIDTH);
        let blinding = &domain.points[domain.data()..];
        let mut mask = vec![Fr::ONE; length];
        let weights = std::array::from_fn(|i| {
            // Z_data(b) prod (b - b') = A / b.
            let scale = blinding[i] * domain.twiddles.len_inv;
            let weight = |(w, z): &(Fr, Fr)| -> Fr {
                let others = (0..BLINDING).filter(|k| *k != i).map(|k| *z - blinding[k]);
                *w * scale * others.product::<Fr>()
            };
            let mut weights: Vec<Fr> = points.iter().map(weight).collect();
            weights.resize(length, Fr::ZERO);
            mask.iter_mut().zip(&weights).for_each(|(m, w)| *m -= w);
            load(path, &weights)
        });
        Points {
            path,
            weights,
            mask: load(path, &mask),
        }
    }

    /// Any data cell, then the blinding cells.
    pub fn on_axis(path: P, domain: &Domain) -> Self {
        let vanishing = domain.data_vanishing_at_blinding().into_iter();
        let blinding = vanishing.zip(domain.points[domain.data()..].iter().copied());
        let points: Vec<(Fr, Fr)> = [(Fr::ZERO, Fr::ZERO)].into_iter().chain(blinding).collect();
        Points::new(path, domain, &points)
    }

    pub fn packs(&self) -> Range<usize> {
        0..self.mask.len()
    }

    /// The public columns, all of which are zero but the mask of all data cells.
    pub fn publics(&self, program: &Program) -> Publics<P> {
        Publics::same(program, &self.mask)
    }

    /// A column on lane `j`.
    pub fn read(&self, column: &GridColumn, j: usize, out: &mut [P::Pack]) {
        self.path.fill(out, Fr::ZERO);
        for (row, weights) in column.blinding.chunks_exact(LANES).zip(&self.weights) {
            self.path.add_scaled(out, weights, row[j]);
        }
    }
}

/// `sum W^d p_d(Z)`, `d <= g`, `deg p_d <= 2d`, as `sum_b q_b(W) Z (Z-1) .. (Z-b+1)`, `b <= 2g`.
pub struct Graded(Vec<Vec<Fr>>);

impl Graded {
    /// The least power of `W` in `q_b`.
    fn least(b: usize) -> usize {
        b.div_ceil(2)
    }

    /// Points that determine such a polynomial: for each `Z = b` as many values of `W` as `q_b` has
    /// coefficients.
    pub fn points(degree: usize) -> Vec<(Fr, Fr)> {
        let of = |b: usize| {
            let all = 1..=degree + 1 - Self::least(b);
            all.map(move |w| (Fr::from(w as u64), Fr::from(b as u64)))
        };
        (0..=2 * degree).flat_map(of).collect()
    }

    /// From the values at [`Graded::points`].
    pub fn interpolate(degree: usize, mut values: &[Fr]) -> Self {
        let number = |x: usize| Fr::from(x as u64);
        let w: Vec<Fr> = (1..=degree + 1).map(number).collect();
        let mut inverses: Vec<Fr> = (1..=(2 * degree).max(degree + 1)).map(number).collect();
        batch_invert(&mut inverses);
        let mut parts = Graded(Vec::with_capacity(2 * degree + 1));
        let mut factorial = Fr::ONE; // The inverse of b!.
        for b in 0..=2 * degree {
            let (least, z) = (Self::least(b), number(b));
            let (own, rest) = values.split_at(degree + 1 - least);
            values = rest;
            let part = own
                .iter()
                .zip(&w)
                .zip(&inverses)
                .map(|((value, w), inverse)| {
                    // Z (Z-1) .. is zero from b+1 on, and b! at b.
                    (*value - parts.at(*w, z)) * factorial * inverse.pow([least as u64])
                });
            let part: Vec<Fr> = part.collect();
            let mut coefficients = vec![Fr::ZERO; least];
            coefficients.extend(interpolate_few(&w[..part.len()], &part));
            parts.0.push(coefficients);
            if b < 2 * degree {
                factorial *= inverses[b];
            }
        }
        parts
    }

    fn at(&self, w: Fr, z: Fr) -> Fr {
        let parts = self.0.iter().enumerate().rev();
        parts.fold(Fr::ZERO, |sum, (b, part)| {
            sum * (z - Fr::from(b as u64)) + crate::domain::horner(part, w)
        })
    }

    /// Adds the values at some points.
    pub fn add<P: FieldPath>(&self, path: P, w: &[P::Pack], z: &[P::Pack], out: &mut [P::Pack]) {
        let mut sum = vec![P::Pack::default(); out.len()];
        let (mut part, mut factor) = (sum.clone(), sum.clone());
        for (b, coefficients) in self.0.iter().enumerate().rev() {
            factor.copy_from_slice(z);
            path.add_scalar(&mut factor, -Fr::from(b as u64));
            path.mul_assign(&mut sum, &factor);
            path.fill(&mut part, Fr::ZERO);
            for c in coefficients.iter().rev() {
                path.mul_assign(&mut part, w);
                path.add_scalar(&mut part, *c);
            }
            path.add_assign(&mut sum, &part);
        }
        path.add_assign(out, &sum);
    }
}

impl<P: FieldPath> Prover<'_, P> {
    /// What a pass comes to at `points` over the lanes without rows, class by class.
    pub fn evaluate_empty(
        &self,
        grid: &[GridColumn],
        pass: &Pass<P>,
        points: &Points<P>,
        weights: &[Fr],
    ) -> Result<Vec<Lane<P>>> {
        let path = self.path;
        let zeros = |n: usize| vec![vec![P::Pack::default(); points.packs().len()]; n];
        let new = || {
            (
                pass.terms.workspace(),
                zeros(grid.len()),
                zeros(pass.classes.len()),
            )
        };
        let states = for_lanes(self.lanes..LANES, new, |(workspace, columns, sums), j| {
            for k in pass.terms.columns(j) {
                points.read(&grid[*k], j, &mut columns[*k]);
            }
            pass.add(
                path,
                workspace,
                j,
                points.packs(),
                columns,
                weights[j],
                sums,
            );
            self.task.step(0)
        })?;
        let mut totals = zeros(pass.classes.len());
        for (_, _, sums) in &states {
            let pairs = totals.iter_mut().zip(sums);
            pairs.for_each(|(total, sum)| path.add_assign(total, sum));
        }
        Ok(totals)
    }

    /// Adds what lanes without rows come to on the last packs of the depth axis or of a coset of it.
    pub fn add_empty(&self, pass: &Pass<P>, terms: &[(Class, Graded)], totals: &mut [Lane<P>]) {
        let (path, domain) = (self.path, &self.domains.depth);
        let Some(packs) = totals.first().map(Vec::len) else {
            return;
        };
        let positions = domain.size - packs * P::WIDTH..domain.size;
        let points = domain.points[positions].iter();
        let (w, z): (Vec<Fr>, Vec<Fr>) = match &pass.coset {
            Some(coset) => {
                let z: Vec<Fr> = points.map(|a| coset.shift * a).collect();
                let mut w: Vec<Fr> = z.iter().map(|z| domain.blinding_vanishing(*z)).collect();
                batch_invert(&mut w);
                let vanishing = domain.vanishing(coset.shift);
                w.iter_mut().for_each(|w| *w *= vanishing);
                (w, z)
            }
            // Of the axis itself only the blinding cells are wanted.
            None => {
                let mut w = vec![Fr::ZERO; packs * P::WIDTH - BLINDING];
                w.extend(domain.data_vanishing_at_blinding());
                (w, points.copied().collect())
            }
        };
        let (w, z) = (load(path, &w), load(path, &z));
        for (class, term) in terms {
            if let Ok(number) = pass.classes.binary_search(class) {
                term.add(path, &w, &z, &mut totals[number]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::horner;
    use zkp_kernels::Portable;

    #[test]
    fn graded_polynomials_come_back_from_their_points() {
        for degree in 1..=15 {
            let coefficient = |d: usize, i: usize| Fr::from((d * 37 + i * i + 5) as u64).pow([9]);
            let parts: Vec<Vec<Fr>> = (0..=degree)
                .map(|d| (0..=2 * d).map(|i| coefficient(d, i)).collect())
                .collect();
            let at = |w: Fr, z: Fr| {
                let parts = parts.iter().rev();
                parts.fold(Fr::ZERO, |sum, p| sum * w + horner(p, z))
            };
            let points = Graded::points(degree);
            assert_eq!(points.len(), (degree + 1) * (degree + 1));
            let values: Vec<Fr> = points.iter().map(|(w, z)| at(*w, *z)).collect();
            let found = Graded::interpolate(degree, &values);
            let (w, z) = (Fr::from(1234u64), -Fr::from(77u64));
            assert_eq!(found.at(w, z), at(w, z));
            let mut out = [Fr::ONE];
            found.add(Portable, &[w], &[z], &mut out);
            assert_eq!(out[0], Fr::ONE + at(w, z));
        }
    }

    #[test]
    fn columns_and_masks_are_their_polynomials() {
        let domain = Domain::of(8);
        let cells = |of: &dyn Fn(usize) -> Fr| domain.interpolate((0..8).map(of).collect());
        let x = Fr::from(99u64);
        let points = [(domain.data_vanishing(x).unwrap(), x)];
        let points = Points::new(Portable, &domain, &points);
        let mask = cells(&|i| Fr::from(i < 5));
        assert_eq!(points.mask, [horner(&mask, x)]);
        for (i, weight) in points.weights.iter().enumerate() {
            let column = cells(&|position| Fr::from(position == 5 + i));
            assert_eq!(*weight, [horner(&column, x)]);
        }
        let axis = Points::on_axis(Portable, &domain);
        assert_eq!(axis.mask, [1, 0, 0, 0].map(|x: u64| Fr::from(x)));
        for (i, weight) in axis.weights.iter().enumerate() {
            let expected: Vec<Fr> = (0..4).map(|p| Fr::from(p == 1 + i)).collect();
            assert_eq!(*weight, expected);
        }
    }
}
