//! Additions in words of 64 bits.

use super::{Adder, Row, NEGATIVE};
use crate::memory::prefetch;
use crate::modulus::{FqMod, Prime};
use crate::words::{add, canonical, mul, sub, Factor, Words};
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
    terms: Vec<[Words; 3]>,
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

/// The coordinates of a point and of its opposite's second one by the code's sign; at most `p`. Signs
/// are as good as random: a branch would be guessed wrong half of the time.
fn coordinates(point: &G1Affine, code: u32) -> (Words, Words) {
    let (x, y) = (FqMod::raw(&point.x), FqMod::raw(&point.y));
    let opposite = sub(FqMod::WORDS, &y);
    let mask = u64::from(code & NEGATIVE == 0).wrapping_sub(1);
    let chosen = std::array::from_fn(|i| y[i] ^ (mask & (y[i] ^ opposite[i])));
    (x, chosen)
}

/// `a - b + p`, for `b` at most `p`.
fn difference(a: &Words, b: &Fq) -> Words {
    sub(add(*a, FqMod::WORDS), &FqMod::raw(b))
}

/// The element of any value.
fn element(x: Words) -> Fq {
    FqMod::from_raw(canonical::<FqMod>(x))
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
        // Below 1.7 p: each is below 1.7 * 2 p^2 / 2^256 + p.
        let mut product = FqMod::raw(&Fq::ONE);
        let mut any_identity = false;
        let soon = codes(row).skip(AHEAD).map(Some).chain([None; AHEAD]);
        for ((code, soon), sum) in codes(row).zip(soon).zip(sums.iter()) {
            if let Some(p) = soon.and_then(|code| points.get((code & !NEGATIVE) as usize)) {
                prefetch(p);
            }
            any_identity |= sum.infinity;
            let Some(p) = points.get((code & !NEGATIVE) as usize) else {
                any_identity = true;
                continue;
            };
            let (x, y) = coordinates(p, code);
            terms.push([x, y, product]);
            product = mul::<FqMod>(&product, &difference(&x, &sum.x));
        }
        let inverse = if any_identity {
            None
        } else {
            element(product).inverse()
        };
        let Some(inverse) = inverse else {
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
        let mut inverse = FqMod::raw(&inverse);
        for ([x2, y2, before], sum) in terms.iter().zip(sums.iter_mut()).rev() {
            let factor = Factor::new::<FqMod>(inverse);
            // Factors below 2.17 p and 2 p, so that the slope is below 1.9 p.
            let inverse_here = factor.times::<FqMod>(before);
            let slope = mul::<FqMod>(&inverse_here, &difference(y2, &sum.y));
            inverse = factor.times::<FqMod>(&difference(x2, &sum.x));
            // A square below 1.7 p.
            let square = mul::<FqMod>(&slope, &slope);
            let x = element(sub(add(difference(&square, &sum.x), FqMod::WORDS), x2));
            let product = mul::<FqMod>(&slope, &difference(&FqMod::raw(&sum.x), &x));
            sum.y = element(difference(&product, &sum.y));
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
