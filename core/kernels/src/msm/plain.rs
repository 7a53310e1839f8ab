//! Buckets in projective coordinates with the additions of arkworks.

use super::{Digits, Region, Rows, NEGATIVE};
use crate::{G1Affine, G1Projective};
use ark_ff::AdditiveGroup;
use rayon::prelude::*;

/// The weighted sum of the buckets of each region.
pub(super) fn region_sums(
    points: &[G1Affine],
    rows: &Rows,
    digits: &Digits,
    regions: &[Region],
) -> Vec<G1Projective> {
    let sums = regions
        .par_iter()
        .map(|region| region_sum(points, rows, digits, region));
    sums.collect()
}

fn region_sum(points: &[G1Affine], rows: &Rows, digits: &Digits, region: &Region) -> G1Projective {
    let mut buckets = vec![G1Projective::ZERO; digits.buckets(region.window)];
    let mut codes = vec![0; region.terms.len()];
    let first = region.row * rows.row + region.terms.start * rows.column;
    digits.window(region.window, first, rows.column, &mut codes);
    for (k, code) in codes.iter().enumerate() {
        let point = &points[rows.start + first + k * rows.column];
        match ((code & !NEGATIVE) as usize, code & NEGATIVE == 0) {
            (0, _) => {}
            (bucket, true) => buckets[bucket - 1] += point,
            (bucket, false) => buckets[bucket - 1] -= point,
        }
    }
    let (mut running, mut sum) = (G1Projective::ZERO, G1Projective::ZERO);
    for bucket in buckets.iter().rev() {
        running += bucket;
        sum += running;
    }
    sum
}
