//! Additions with the field arithmetic of arkworks.

use super::{Adder, Row, NEGATIVE};
use crate::memory::prefetch;
use crate::{Fq, G1Affine, G1Projective};
use ark_ec::CurveGroup;
use ark_ff::{AdditiveGroup, Field};
use rayon::prelude::*;

/// The additions of the portable path.
#[derive(Clone, Copy)]
pub(crate) struct Plain;

/// Running sums of lists.
#[derive(Default)]
pub(crate) struct Scratch {
    sums: Vec<G1Affine>,
    /// Coordinates of the points to add, and for each the product of the denominators before it.
    terms: Vec<[Fq; 3]>,
}

/// How many lists ahead of the addition its point is asked for.
const AHEAD: usize = 12;

/// The point of a code, if it has one.
fn term(points: &[G1Affine], code: u32) -> Option<G1Affine> {
    let mut p = *points.get((code & !NEGATIVE) as usize)?;
    if code & NEGATIVE != 0 {
        p.y.neg_in_place();
    }
    Some(p)
}

/// The code of each list in a row.
fn codes<'a>(row: Row<'a>) -> impl Iterator<Item = u32> + 'a {
    let starts = row
        .starts
        .split_last()
        .map_or(&[][..], |(_, starts)| starts);
    starts.iter().map(move |start| row.codes[start + row.k])
}

impl Adder for Plain {
    type Point = G1Affine;
    type Scratch = Scratch;
    const IDENTITY: G1Affine = G1Affine {
        x: Fq::ZERO,
        y: Fq::ZERO,
        infinity: true,
    };
    const BUCKET_WEIGHT: f64 = 5.0;
    const PACK: usize = 1;

    fn is_identity(p: &G1Affine) -> bool {
        p.infinity
    }

    fn from_affine(p: &G1Affine) -> G1Affine {
        *p
    }

    fn to_affine(p: &G1Affine) -> G1Affine {
        *p
    }

    fn begin(self, points: &[G1Affine], row: Row<'_>, scratch: &mut Scratch) {
        scratch.sums.clear();
        let first = codes(row).map(|code| term(points, code).unwrap_or(Self::IDENTITY));
        scratch.sums.extend(first);
    }

    fn step(self, points: &[G1Affine], row: Row<'_>, scratch: &mut Scratch) {
        let Scratch { sums, terms } = scratch;
        terms.clear();
        let mut product = Fq::ONE;
        let mut any_identity = false;
        let soon = codes(row).skip(AHEAD).map(Some).chain([None; AHEAD]);
        for ((code, soon), sum) in codes(row).zip(soon).zip(sums.iter()) {
            if let Some(p) = soon.and_then(|code| points.get((code & !NEGATIVE) as usize)) {
                prefetch(p);
            }
            any_identity |= sum.infinity;
            let Some(p) = term(points, code) else {
                any_identity = true;
                continue;
            };
            terms.push([p.x, p.y, product]);
            product *= p.x - sum.x;
        }
        let inverse = if any_identity {
            None
        } else {
            product.inverse()
        };
        let Some(mut inverse) = inverse else {
            // By the complete addition of arkworks.
            let pairs = codes(row).zip(sums.iter());
            let added = pairs.map(|(code, sum)| match term(points, code) {
                Some(p) => *sum + p,
                None => (*sum).into(),
            });
            let added = G1Projective::normalize_batch(&added.collect::<Vec<_>>());
            sums[..added.len()].copy_from_slice(&added);
            return;
        };
        for ([x2, y2, before], sum) in terms.iter().zip(sums.iter_mut()).rev() {
            let slope = (*y2 - sum.y) * inverse * before;
            inverse *= *x2 - sum.x;
            let x = slope.square() - sum.x - x2;
            sum.y = slope * (sum.x - x) - sum.y;
            sum.x = x;
        }
    }

    fn finish(self, scratch: &mut Scratch, out: &mut [G1Affine]) {
        out.copy_from_slice(&scratch.sums);
    }

    fn double(self, points: &[G1Affine], times: u32) -> Vec<G1Projective> {
        let double = |p: &G1Affine| {
            let mut p = G1Projective::from(*p);
            for _ in 0..times {
                p.double_in_place();
            }
            p
        };
        points.iter().map(double).collect()
    }

    fn weighted_sums(
        self,
        points: &[G1Affine],
        runs: &[(usize, usize)],
    ) -> Vec<(G1Projective, G1Projective)> {
        let weigh = |(start, len): &(usize, usize)| {
            let (mut running, mut total) = (G1Projective::ZERO, G1Projective::ZERO);
            for point in points[*start..start + len].iter().rev() {
                running += point;
                total += running;
            }
            (running, total)
        };
        runs.par_iter().map(weigh).collect()
    }
}
