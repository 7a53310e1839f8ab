//! Sums of curve points, four additions at once.
//!
//! Points are those of arkworks, and so is all but the additions themselves, of which there are by
//! far the most. Inversions are shared (Montgomery's trick).

use super::field::{each, Lanes, E};
use super::{kernels, Simd};
use crate::invert::batch_invert_serial;
use crate::memory::prefetch;
use crate::modulus::FqMod;
use crate::msm::{Adder, Plain, Row, ABSENT, NEGATIVE};
use crate::{Fq, G1Affine, G1Projective};
use ark_ec::CurveGroup;
use ark_ff::{AdditiveGroup, Field};
use std::arch::x86_64::*;

impl Adder for Simd {
    type Point = G1Affine;
    type Scratch = Scratch;
    const IDENTITY: G1Affine = Plain::IDENTITY;
    const BUCKET_WEIGHT: f64 = 8.0;
    const PACK: usize = 4;

    fn is_identity(p: &G1Affine) -> bool {
        Plain::is_identity(p)
    }

    fn from_affine(p: &G1Affine) -> G1Affine {
        *p
    }

    fn to_affine(p: &G1Affine) -> G1Affine {
        *p
    }

    fn begin(self, points: &[G1Affine], row: Row<'_>, scratch: &mut Scratch) {
        scratch.resize(row.starts.len() - 1);
        if !points.is_empty() {
            // SAFETY: `Simd` is the proof that the processor has the kernel's instructions.
            unsafe { begin(self, points, row, scratch) }
        }
    }

    fn step(self, points: &[G1Affine], row: Row<'_>, scratch: &mut Scratch) {
        // SAFETY: `Simd` is the proof that the processor has the kernels' instructions.
        unsafe {
            if !step(self, points, row, scratch) {
                step_any(self, points, row, scratch);
            }
        }
    }

    fn finish(self, scratch: &mut Scratch, out: &mut [G1Affine]) {
        let (out, _) = out.as_chunks_mut::<4>();
        for (i, out) in out.iter_mut().enumerate() {
            // SAFETY: `Simd` is the proof that the processor has the kernel's instructions.
            *out = unsafe { sums(self, scratch, i) };
        }
    }

    fn double(self, points: &[G1Affine], times: u32) -> Vec<G1Projective> {
        Plain.double(points, times)
    }

    fn weighted_sums(
        self,
        points: &[G1Affine],
        runs: &[(usize, usize)],
    ) -> Vec<(G1Projective, G1Projective)> {
        Plain.weighted_sums(points, runs)
    }
}

/// Running sums of bundles of four lists, and what a row of additions needs on the way.
#[derive(Default)]
pub(crate) struct Scratch {
    /// Coordinates of the sums, settled. Bundles are computed in pairs; there is one more than
    /// wanted where that number is odd.
    x: Vec<Lanes>,
    y: Vec<Lanes>,
    /// The lanes whose sum is the identity.
    empty: Vec<u8>,
    /// Denominators and, for each, the product of those before it.
    d: Vec<Lanes>,
    before: Vec<Lanes>,
}

impl Scratch {
    fn resize(&mut self, bundles: usize) {
        let n = bundles.next_multiple_of(2);
        for list in [&mut self.x, &mut self.y, &mut self.d, &mut self.before] {
            list.resize(n, Lanes::default());
        }
        self.empty.clear();
        self.empty.resize(n, !0);
    }
}

/// The codes of four lists in a row.
type Codes = [u32; 4];

/// A row of a bundle that has ended.
const NONE: Codes = [ABSENT; 4];

/// The place of the point of a code, or some place where it is of none.
fn place(points: &[G1Affine], code: u32) -> usize {
    ((code & !NEGATIVE) as usize).min(points.len() - 1)
}

/// The point of a code, if it has one.
fn term(points: &[G1Affine], code: u32) -> Option<G1Affine> {
    let p = *points.get((code & !NEGATIVE) as usize)?;
    Some(if code & NEGATIVE == 0 { p } else { -p })
}

/// Asks for the points to be brought near.
#[inline(always)]
fn prefetch_points(points: &[G1Affine], codes: Option<&Codes>) {
    for code in codes.into_iter().flatten() {
        if let Some(p) = points.get((code & !NEGATIVE) as usize) {
            prefetch(p);
        }
    }
}

// SAFETY of the blocks in this `impl`: `Simd` is the proof that the processor has these
// intrinsics; the one load goes through a reference to an array of the size it accesses.
#[allow(clippy::inline_always)] // as for the field
impl Simd {
    /// Each code in the width of a lane, its sign kept.
    #[inline(always)]
    fn wide(self, codes: &Codes) -> __m256i {
        unsafe { _mm256_cvtepi32_epi64(_mm_loadu_si128(codes.as_ptr().cast())) }
    }

    /// The lanes whose code is of no point.
    #[inline(always)]
    fn absent(self, codes: &Codes) -> __m256d {
        unsafe {
            let absent = _mm256_set1_epi64x(i64::from(ABSENT as i32));
            _mm256_castsi256_pd(_mm256_cmpeq_epi64(self.wide(codes), absent))
        }
    }

    #[inline(always)]
    fn x_of(self, points: &[G1Affine], codes: &Codes) -> E {
        let x = |code| &points[place(points, code)].x;
        self.gather::<FqMod>([x(codes[0]), x(codes[1]), x(codes[2]), x(codes[3])])
    }

    /// With the sign of the codes.
    #[inline(always)]
    fn y_of(self, points: &[G1Affine], codes: &Codes) -> E {
        let y = |code| &points[place(points, code)].y;
        let y = self.gather::<FqMod>([y(codes[0]), y(codes[1]), y(codes[2]), y(codes[3])]);
        unsafe {
            let sign = _mm256_and_pd(_mm256_castsi256_pd(self.wide(codes)), self.set(-0.0));
            each!(|I| _mm256_xor_pd(y[I], sign))
        }
    }

    /// The inverses of settled elements, if none is zero.
    #[inline(always)]
    fn invert_both(self, x: [E; 2]) -> Option<[E; 2]> {
        let mut lanes = [self.export::<FqMod>(&x[0]), self.export::<FqMod>(&x[1])];
        let lanes = lanes.as_flattened_mut();
        if lanes.contains(&Fq::ZERO) {
            return None;
        }
        batch_invert_serial(lanes);
        let (fours, _) = lanes.as_chunks::<4>();
        Some([
            self.import::<FqMod>(&fours[0]),
            self.import::<FqMod>(&fours[1]),
        ])
    }
}

/// How many bundles ahead of the addition its points are asked for.
const AHEAD: usize = 4;

kernels! {
    /// The first point of each list.
    fn begin(s: Simd, points: &[G1Affine], row: Row<'_>, scratch: &mut Scratch) {
        for i in 0..row.starts.len() - 1 {
            let codes = row.codes::<4>(i, 0).unwrap_or(&NONE);
            prefetch_points(points, row.codes::<4>(i + AHEAD, 0));
            s.store(&mut scratch.x[i], s.x_of(points, codes));
            s.store(&mut scratch.y[i], s.y_of(points, codes));
            scratch.empty[i] = lanes(s, s.absent(codes));
        }
    }

    /// A bit for each lane of a mask.
    fn lanes(_s: Simd, mask: __m256d) -> u8 {
        _mm256_movemask_pd(mask) as u8
    }

    /// Adds a row to the sums, one inversion for all. False, with the sums untouched, if a point
    /// had the same x as the sum or a sum was the identity.
    ///
    /// Products in chains wait for each other, so two bundles are computed side by side.
    fn step(s: Simd, points: &[G1Affine], row: Row<'_>, scratch: &mut Scratch) -> bool {
        let one = s.broadcast(s.splat::<FqMod>(Fq::ONE));
        let pairs = (row.starts.len() - 1).div_ceil(2);
        let mut products = [one; 2];
        for pair in 0..pairs {
            let i = 2 * pair;
            let mut d = [one; 2];
            for l in 0..2 {
                let codes = row.codes::<4>(i + l, row.k).unwrap_or(&NONE);
                prefetch_points(points, row.codes::<4>(i + l + AHEAD, row.k));
                let absent = s.absent(codes);
                if !lanes(s, absent) & scratch.empty[i + l] & 0b1111 != 0 {
                    return false;
                }
                // At most 0.501 p, so that products stay settled.
                let difference = s.sub(&s.x_of(points, codes), &s.load(&scratch.x[i + l]));
                d[l] = s.select(absent, &s.settle::<FqMod>(difference), &one);
                s.store(&mut scratch.d[i + l], d[l]);
                s.store(&mut scratch.before[i + l], products[l]);
            }
            products = s.mul_both::<FqMod>([&products[0], &products[1]], [&d[0], &d[1]]);
        }
        let Some(mut inverses) = s.invert_both(products) else {
            return false;
        };
        for pair in (0..pairs).rev() {
            let i = 2 * pair;
            let codes = [row.codes::<4>(i, row.k), row.codes::<4>(i + 1, row.k)];
            let codes = codes.map(|codes| codes.unwrap_or(&NONE));
            if let Some(before) = i.checked_sub(AHEAD) {
                prefetch_points(points, row.codes::<4>(before, row.k));
                prefetch_points(points, row.codes::<4>(before + 1, row.k));
            }
            let d = [s.load(&scratch.d[i]), s.load(&scratch.d[i + 1])];
            let before = [s.load(&scratch.before[i]), s.load(&scratch.before[i + 1])];
            let d_inverses =
                s.mul_both::<FqMod>([&inverses[0], &inverses[1]], [&before[0], &before[1]]);
            inverses = s.mul_both::<FqMod>([&inverses[0], &inverses[1]], [&d[0], &d[1]]);
            let (x1, y1) = (
                [s.load(&scratch.x[i]), s.load(&scratch.x[i + 1])],
                [s.load(&scratch.y[i]), s.load(&scratch.y[i + 1])],
            );
            // At most 2.05 p, with digits of two; so a slope is at most 1.45 p and its square 1.43 p.
            let rises = [
                s.sub(&s.y_of(points, codes[0]), &y1[0]),
                s.sub(&s.y_of(points, codes[1]), &y1[1]),
            ];
            let slopes =
                s.mul_both::<FqMod>([&rises[0], &rises[1]], [&d_inverses[0], &d_inverses[1]]);
            let slopes_again = [&slopes[0], &slopes[1]];
            let squares = s.mul_both::<FqMod>(slopes_again, slopes_again);
            let (mut x3, mut runs) = ([one; 2], [one; 2]);
            for l in 0..2 {
                // As x1 + x2 = 2 x1 + d: at most 4.1 p, with digits of four.
                let twice = s.add(&x1[l], &x1[l]);
                let sum = s.sub(&squares[l], &s.add(&twice, &d[l]));
                x3[l] = s.settle::<FqMod>(sum);
                // At most 1.56 p, with digits of two.
                runs[l] = s.sub(&x1[l], &x3[l]);
            }
            // At most 1.5 p.
            let rises = s.mul_both::<FqMod>([&runs[0], &runs[1]], [&slopes[0], &slopes[1]]);
            for l in 0..2 {
                let absent = s.absent(codes[l]);
                let y3 = s.settle::<FqMod>(s.sub(&rises[l], &y1[l]));
                s.store(&mut scratch.x[i + l], s.select(absent, &x3[l], &x1[l]));
                s.store(&mut scratch.y[i + l], s.select(absent, &y3, &y1[l]));
            }
        }
        true
    }

    /// As [`step`] for any points and sums, by the complete addition of arkworks.
    #[cold]
    fn step_any(s: Simd, points: &[G1Affine], row: Row<'_>, scratch: &mut Scratch) {
        let bundles = row.starts.len() - 1;
        let mut added = Vec::with_capacity(4 * bundles);
        for i in 0..bundles {
            let codes = row.codes::<4>(i, row.k).unwrap_or(&NONE);
            for (sum, code) in sums(s, scratch, i).into_iter().zip(codes) {
                added.push(match term(points, *code) {
                    Some(p) => sum + p,
                    None => sum.into(),
                });
            }
        }
        let added = G1Projective::normalize_batch(&added);
        for (i, p) in added.as_chunks::<4>().0.iter().enumerate() {
            let (x, y) = (p.map(|p| p.x), p.map(|p| p.y));
            s.store(&mut scratch.x[i], s.import::<FqMod>(&x));
            s.store(&mut scratch.y[i], s.import::<FqMod>(&y));
            let empty = p.iter().enumerate().map(|(l, p)| u8::from(p.infinity) << l);
            scratch.empty[i] = empty.sum();
        }
    }

    /// The sums of a bundle.
    fn sums(s: Simd, scratch: &Scratch, i: usize) -> [G1Affine; 4] {
        let x = s.export::<FqMod>(&s.load(&scratch.x[i]));
        let y = s.export::<FqMod>(&s.load(&scratch.y[i]));
        let mut out = [Simd::IDENTITY; 4];
        for (l, out) in out.iter_mut().enumerate() {
            if scratch.empty[i] >> l & 1 == 0 {
                *out = G1Affine::new_unchecked(x[l], y[l]);
            }
        }
        out
    }
}
