//! What step 4 evaluates on one coset, or on the blinding cells.

use super::evaluation::{add_weighted, Evaluation, Lane, Workspace};
use super::sums::Inside;
use crate::eval::Root;
use std::ops::Range;
use zkp_kernels::{Coset, FieldPath, Fr};

/// What is summed over the lanes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The constraints on those lanes where they have one degree: their share of `G_0 / Z_data` has
    /// degree `(degree - 1) A - degree + 3`, so that `degree - 1` cosets and the blinding cells
    /// determine it.
    Constraints(usize),
    /// The sums on lanes inside their mask, without it.
    Inside(Inside),
    /// The sums on other lanes.
    Sums,
}

/// The roots: constraints, then sums with their mask and without.
#[derive(Clone)]
pub struct Roots {
    pub constraints: usize,
    /// The mask of each sum.
    pub masks: Vec<usize>,
}

impl Roots {
    /// The class of a root of this number and degree.
    pub fn class(&self, number: usize, degree: usize) -> Class {
        // A constraint without columns is a constant, whose polynomial is one of degree 1 too.
        let degree = degree.max(1);
        let Some(sum) = number.checked_sub(self.constraints) else {
            return Class::Constraints(degree);
        };
        match sum.checked_sub(self.masks.len()) {
            None => Class::Sums,
            Some(sum) => Class::Inside(Inside {
                mask: self.masks[sum],
                degree,
            }),
        }
    }
}

/// What is evaluated on one coset, or on the blinding cells.
pub struct Pass<P: FieldPath> {
    pub terms: Evaluation<P>,
    /// What is accumulated, rising.
    pub classes: Vec<Class>,
    pub roots: Roots,
    /// None for the depth axis itself.
    pub coset: Option<Coset>,
}

impl<P: FieldPath> Pass<P> {
    /// Adds the terms of a lane to the accumulators.
    #[allow(clippy::too_many_arguments)]
    pub fn add(
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
            let factor = match root.number < self.roots.constraints {
                true => root.scale * weight,
                false => root.scale,
            };
            if let Ok(number) = self
                .classes
                .binary_search(&self.roots.class(root.number, root.degree))
            {
                let block = block.start - first..block.end - first;
                add_weighted(path, &mut sums[number][block], values, factor);
            }
        };
        self.terms.run(workspace, lane, range, columns, emit);
    }
}
