//! Sums of curve points, eight additions at once.
//!
//! Points are affine; inversions are shared (Montgomery's trick).

use super::complete::{double, jacobian, weigh};
use super::field::{each, Lanes, E};
use super::modulus::{FqMod, Modulus};
use super::{kernels, Simd};
use crate::invert::batch_invert_serial;
use crate::modulus::Prime;
use crate::msm::{Adder, Row, ABSENT, NEGATIVE};
use crate::{Fq, G1Affine, G1Projective};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, BigInt, BigInteger, Field, MontFp};
use rayon::prelude::*;
use std::arch::x86_64::*;

/// An affine point: x and y in four words each, Montgomery form for 2^260, below 1.1 p and so
/// below 2^256. All zero is the identity (no point has y = 0: the group's order is odd).
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[repr(C, align(64))]
pub(crate) struct Packed(pub(super) [u64; 8]);

const SIXTEENTH: Fq =
    MontFp!("12312136615409592312513603231707217237391675025980025810262583815737939742328");

/// The residue below p of a number below 2p.
fn canonical(words: [u64; 4]) -> BigInt<4> {
    let (mut words, modulus) = (BigInt(words), BigInt(FqMod::WORDS));
    if words >= modulus {
        words.sub_with_borrow(&modulus);
    }
    words
}

const TWOS: [[u64; 8]; 2] = [[0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15]];

impl Adder for Simd {
    type Point = Packed;
    type Scratch = Scratch;
    const IDENTITY: Packed = Packed([0; 8]);
    const BUCKET_WEIGHT: f64 = 3.0;
    const PACK: usize = 8;

    fn is_identity(p: &Packed) -> bool {
        p.0[4..] == [0; 4]
    }

    fn from_affine(p: &G1Affine) -> Packed {
        let mut out = Self::IDENTITY;
        if let Some((x, y)) = p.xy() {
            let sixteen = Fq::from(16u64);
            out.0[..4].copy_from_slice(&FqMod::raw(&(x * sixteen)));
            out.0[4..].copy_from_slice(&FqMod::raw(&(y * sixteen)));
        }
        out
    }

    fn to_affine(p: &Packed) -> G1Affine {
        if Self::is_identity(p) {
            return G1Affine::identity();
        }
        let coordinate = |words: &[u64]| {
            let words = [words[0], words[1], words[2], words[3]];
            FqMod::from_raw(canonical(words).0) * SIXTEENTH
        };
        G1Affine::new_unchecked(coordinate(&p.0[..4]), coordinate(&p.0[4..]))
    }

    fn begin(self, points: &[Packed], row: Row<'_>, scratch: &mut Scratch) {
        scratch.resize(row.starts.len() - 1);
        if !points.is_empty() {
            // SAFETY: `Simd` is the proof that the processor has the kernel's instructions.
            unsafe { begin(self, points, row, scratch) }
        }
    }

    fn step(self, points: &[Packed], row: Row<'_>, scratch: &mut Scratch) {
        // SAFETY: `Simd` is the proof that the processor has the kernels' instructions.
        unsafe {
            if !step(self, points, row, scratch) {
                step_any(self, points, row, scratch);
            }
        }
    }

    fn finish(self, scratch: &mut Scratch, out: &mut [Packed]) {
        // SAFETY: `Simd` is the proof that the processor has the kernel's instructions.
        unsafe { finish(self, scratch, out) }
    }

    fn double(self, points: &[Packed], times: u32) -> Vec<G1Projective> {
        let double_eight = |eight: &[Packed]| {
            let mut lanes = [&Self::IDENTITY; 8];
            for (lane, p) in lanes.iter_mut().zip(eight) {
                *lane = p;
            }
            // SAFETY: `Simd` is the proof that the processor has the kernel's instructions.
            let [x, y, z] = unsafe { double(self, lanes, times) };
            let each = 0..eight.len();
            each.map(|l| jacobian(x[l], y[l], z[l])).collect::<Vec<_>>()
        };
        points.chunks(8).flat_map(double_eight).collect()
    }

    fn weighted_sums(
        self,
        points: &[Packed],
        runs: &[(usize, usize)],
    ) -> Vec<(G1Projective, G1Projective)> {
        // The lanes of a pack take as long as the longest run among them: like goes with like.
        let mut order: Vec<usize> = (0..runs.len()).collect();
        order.sort_by_key(|i| runs[*i].1);
        let weigh_eight = |eight: &[usize]| {
            let mut lanes = [(0, 0); 8];
            for (lane, i) in lanes.iter_mut().zip(eight) {
                *lane = runs[*i];
            }
            // SAFETY: `Simd` is the proof that the processor has the kernel's instructions.
            let [sums, totals] = unsafe { weigh(self, points, &lanes) };
            let point = |[x, y, z]: &[[Fq; 8]; 3], l: usize| jacobian(x[l], y[l], z[l]);
            let each = eight.iter().enumerate();
            each.map(|(l, i)| (*i, (point(&sums, l), point(&totals, l))))
                .collect::<Vec<_>>()
        };
        let found: Vec<_> = order.par_chunks(8).flat_map_iter(weigh_eight).collect();
        let mut out = vec![Default::default(); runs.len()];
        for (i, sums) in found {
            out[i] = sums;
        }
        out
    }
}

/// Running sums of bundles of eight lists, and what a row of additions needs on the way.
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
    /// Lanes in which the point is added as it is, is equal and is opposite to the sum.
    cases: Vec<[u8; 3]>,
}

impl Scratch {
    fn resize(&mut self, bundles: usize) {
        let n = bundles.next_multiple_of(2);
        for list in [&mut self.x, &mut self.y, &mut self.d, &mut self.before] {
            list.resize(n, Lanes::default());
        }
        self.empty.clear();
        self.empty.resize(n, !0);
        self.cases.resize(n, [0; 3]);
    }
}

/// A row of a bundle that has ended.
const NONE: [u32; 8] = [ABSENT; 8];

// SAFETY of the blocks in this `impl`: `Simd` is the proof that the processor has these
// intrinsics; loads and stores go through references to arrays of at least the size they access.
#[allow(clippy::inline_always)] // as for the field
impl Simd {
    /// The x of two points, or the y: four words each.
    #[inline(always)]
    fn rows<const HALF: usize>(self, low: &Packed, high: &Packed) -> __m512i {
        let (low, high) = (
            &low.0.as_chunks::<4>().0[HALF],
            &high.0.as_chunks::<4>().0[HALF],
        );
        unsafe {
            let low = _mm512_castsi256_si512(_mm256_loadu_si256(low.as_ptr().cast()));
            _mm512_inserti64x4::<1>(low, _mm256_loadu_si256(high.as_ptr().cast()))
        }
    }

    /// The x (`HALF` 0) or y (1) of eight points.
    #[inline(always)]
    pub(super) fn coordinate<const HALF: usize>(self, p: &[&Packed; 8]) -> E {
        let r0 = self.rows::<HALF>(p[0], p[4]);
        let r1 = self.rows::<HALF>(p[1], p[5]);
        let r2 = self.rows::<HALF>(p[2], p[6]);
        let r3 = self.rows::<HALF>(p[3], p[7]);
        let (low, high) = (self.load8(&TWOS[0]), self.load8(&TWOS[1]));
        unsafe {
            let (e0, o0) = (_mm512_unpacklo_epi64(r0, r1), _mm512_unpackhi_epi64(r0, r1));
            let (e1, o1) = (_mm512_unpacklo_epi64(r2, r3), _mm512_unpackhi_epi64(r2, r3));
            self.split([
                _mm512_permutex2var_epi64(e0, low, e1),
                _mm512_permutex2var_epi64(o0, low, o1),
                _mm512_permutex2var_epi64(e0, high, e1),
                _mm512_permutex2var_epi64(o0, high, o1),
            ])
        }
    }

    /// The inverse of [`Simd::coordinate`]: row `l` holds the words of lanes `l` and `l + 4`.
    #[inline(always)]
    fn words(self, x: E) -> [__m512i; 4] {
        let w = self.join(x);
        let (low, high) = (self.load8(&TWOS[0]), self.load8(&TWOS[1]));
        unsafe {
            let e0 = _mm512_permutex2var_epi64(w[0], low, w[2]);
            let o0 = _mm512_permutex2var_epi64(w[1], low, w[3]);
            let e1 = _mm512_permutex2var_epi64(w[0], high, w[2]);
            let o1 = _mm512_permutex2var_epi64(w[1], high, w[3]);
            [
                _mm512_unpacklo_epi64(e0, o0),
                _mm512_unpackhi_epi64(e0, o0),
                _mm512_unpacklo_epi64(e1, o1),
                _mm512_unpackhi_epi64(e1, o1),
            ]
        }
    }

    /// Stores eight points, x and y settled.
    #[inline(always)]
    fn points(self, to: &mut [Packed; 8], x: E, y: E) {
        let (x, y) = (self.words(x), self.words(y));
        for l in 0..4 {
            unsafe {
                // The lower halves are lane l, the upper ones lane l + 4.
                let low = _mm512_inserti64x4::<1>(x[l], _mm512_castsi512_si256(y[l]));
                let high = _mm512_shuffle_i64x2::<0b11_10_11_10>(x[l], y[l]);
                _mm512_store_si512(to[l].0.as_mut_ptr().cast(), low);
                _mm512_store_si512(to[l + 4].0.as_mut_ptr().cast(), high);
            }
        }
    }

    /// The points of these codes, of which there must be any; some point where a code is of none.
    #[inline(always)]
    fn gather<'a>(self, points: &'a [Packed], codes: &[u32; 8]) -> [&'a Packed; 8] {
        let mut places = [0u32; 8];
        let last = points.len().wrapping_sub(1) as u32;
        assert!(last < NEGATIVE, "no points");
        unsafe {
            let codes = _mm256_loadu_si256(codes.as_ptr().cast());
            let place = _mm256_andnot_si256(_mm256_set1_epi32(NEGATIVE as i32), codes);
            let place = _mm256_min_epu32(place, _mm256_set1_epi32(last as i32));
            _mm256_storeu_si256(places.as_mut_ptr().cast(), place);
            // No place is above the last.
            [
                points.get_unchecked(places[0] as usize),
                points.get_unchecked(places[1] as usize),
                points.get_unchecked(places[2] as usize),
                points.get_unchecked(places[3] as usize),
                points.get_unchecked(places[4] as usize),
                points.get_unchecked(places[5] as usize),
                points.get_unchecked(places[6] as usize),
                points.get_unchecked(places[7] as usize),
            ]
        }
    }

    /// The lanes whose code is of a point.
    #[inline(always)]
    fn present(self, codes: &[u32; 8]) -> __mmask8 {
        unsafe {
            let codes = _mm256_loadu_si256(codes.as_ptr().cast());
            _mm256_cmpneq_epi32_mask(codes, _mm256_set1_epi32(ABSENT as i32))
        }
    }

    /// `2p - y` in the lanes whose code is negative; limbs not normal.
    #[inline(always)]
    fn negate(self, y: E, codes: &[u32; 8]) -> E {
        unsafe {
            let codes = _mm256_loadu_si256(codes.as_ptr().cast());
            let mask = _mm256_movemask_ps(_mm256_castsi256_ps(codes)) as __mmask8;
            each!(|I| _mm512_mask_sub_epi64(y[I], mask, self.set(2 * FqMod::P[I]), y[I]))
        }
    }

    /// Asks for the codes of a bundle two rows on.
    #[inline(always)]
    fn prefetch_code(self, row: Row<'_>, i: usize) {
        if let Some(codes) = row.codes::<8>(i, row.k + 3) {
            // SAFETY: as in `prefetch`.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(codes.as_ptr().cast()) }
        }
    }

    /// Asks for the points to be brought near.
    #[inline(always)]
    fn prefetch<const HINT: i32>(self, points: &[Packed], codes: &[u32; 8]) {
        for code in codes {
            if let Some(p) = points.get((code & !NEGATIVE) as usize) {
                // SAFETY: prefetching has no effect but on caches, and the address is a reference.
                unsafe { _mm_prefetch::<HINT>(p.0.as_ptr().cast()) }
            }
        }
    }
}

// As above.
#[allow(clippy::inline_always)]
impl Simd {
    /// The inverses of settled elements, if none is zero.
    #[inline(always)]
    fn invert_both(self, x: [E; 2]) -> Option<[E; 2]> {
        let mut lanes = [self.export::<FqMod>(x[0]), self.export::<FqMod>(x[1])];
        let lanes = lanes.as_flattened_mut();
        if lanes.contains(&Fq::ZERO) {
            return None;
        }
        batch_invert_serial(lanes);
        let (eights, _) = lanes.as_chunks::<8>();
        Some([
            self.import::<FqMod>(&eights[0]),
            self.import::<FqMod>(&eights[1]),
        ])
    }
}

/// How many bundles ahead of the addition its points are asked for.
const AHEAD: usize = 8;

kernels! {
    /// The first point of each list.
    fn begin(s: Simd, points: &[Packed], row: Row<'_>, scratch: &mut Scratch) {
        for i in 0..row.starts.len() - 1 {
            let codes = row.codes::<8>(i, 0).unwrap_or(&NONE);
            if let Some(codes) = row.codes::<8>(i + AHEAD, 0) {
                s.prefetch::<_MM_HINT_T0>(points, codes);
            }
            if let Some(codes) = row.codes::<8>(i, 1) {
                s.prefetch::<_MM_HINT_T1>(points, codes);
            }
            let p = s.gather(points, codes);
            s.store(&mut scratch.x[i], s.coordinate::<0>(&p));
            let y = s.negate(s.coordinate::<1>(&p), codes);
            s.store(&mut scratch.y[i], s.settle::<FqMod>(y));
            scratch.empty[i] = !s.present(codes);
        }
    }

    /// Adds a row to the sums, one inversion for all. False, with the sums untouched, if a point
    /// had the same x as the sum or a sum was the identity.
    ///
    /// Points are gathered from all over a table larger than any cache. Those of the next row are
    /// therefore asked for during the computation, and those a few bundles ahead, which by then
    /// have come to an outer cache, asked into the innermost.
    ///
    /// Products in chains wait for each other, so two bundles are computed side by side.
    fn step(s: Simd, points: &[Packed], row: Row<'_>, scratch: &mut Scratch) -> bool {
        let one = s.broadcast(s.splat::<FqMod>(Fq::ONE));
        let pairs = (row.starts.len() - 1).div_ceil(2);
        let mut products = [one; 2];
        for pair in 0..pairs {
            let i = 2 * pair;
            let codes = [row.codes::<8>(i, row.k), row.codes::<8>(i + 1, row.k)];
            for ahead in [i + AHEAD, i + 1 + AHEAD] {
                if let Some(codes) = row.codes::<8>(ahead, row.k) {
                    s.prefetch::<_MM_HINT_T0>(points, codes);
                }
            }
            let codes = codes.map(|codes| codes.unwrap_or(&NONE));
            let mut d = [one; 2];
            for l in 0..2 {
                let present = s.present(codes[l]);
                if present & scratch.empty[i + l] != 0 {
                    return false;
                }
                let x1 = s.load(&scratch.x[i + l]);
                let x2 = s.coordinate::<0>(&s.gather(points, codes[l]));
                // Of value in (0.9 p, 3.1 p).
                let difference = s.carry(s.sub_from::<FqMod>(&x2, &x1, 2));
                d[l] = s.select(present, &one, &difference);
                s.store(&mut scratch.d[i + l], d[l]);
                s.prefetch_code(row, i + l);
                s.store(&mut scratch.before[i + l], products[l]);
            }
            products = s.mul_both::<FqMod>(&products, &d);
        }
        let Some(mut inverses) = s.invert_both(products) else {
            return false;
        };
        for pair in (0..pairs).rev() {
            let i = 2 * pair;
            let codes = [row.codes::<8>(i, row.k), row.codes::<8>(i + 1, row.k)];
            let codes = codes.map(|codes| codes.unwrap_or(&NONE));
            if let Some(before) = i.checked_sub(AHEAD) {
                for i in [before, before + 1] {
                    if let Some(codes) = row.codes::<8>(i, row.k) {
                        s.prefetch::<_MM_HINT_T0>(points, codes);
                    }
                }
            }
            let next = 2 * (pairs - 1 - pair);
            for i in [next, next + 1] {
                if let Some(codes) = row.codes::<8>(i, row.k + 1) {
                    s.prefetch::<_MM_HINT_T1>(points, codes);
                }
            }
            let d = [s.load(&scratch.d[i]), s.load(&scratch.d[i + 1])];
            let before = [s.load(&scratch.before[i]), s.load(&scratch.before[i + 1])];
            let d_inverses = s.mul_both::<FqMod>(&inverses, &before);
            inverses = s.mul_both::<FqMod>(&inverses, &d);
            let mut rises = [one; 2];
            for l in 0..2 {
                // Now in [0, 2p], limbs not normal.
                let y2 = s.coordinate::<1>(&s.gather(points, codes[l]));
                let y2 = s.negate(y2, codes[l]);
                // Of value in [0, 4p]; its product with a settled element is below 4.4 p^2.
                rises[l] = s.carry(s.sub_from::<FqMod>(&y2, &s.load(&scratch.y[i + l]), 2));
            }
            let slopes = s.mul_both::<FqMod>(&rises, &d_inverses);
            let (mut x3, mut runs) = ([one; 2], [one; 2]);
            for l in 0..2 {
                let square = s.square_loose::<FqMod>(&slopes[l]);
                let x1 = s.load(&scratch.x[i + l]);
                // As x1 + x2 + 2p = 2 x1 + d: in (-3.3 p, 2.2 p).
                let twice = s.add(&x1, &x1);
                let sum = s.sub_from::<FqMod>(&square, &s.add(&twice, &d[l]), 2);
                x3[l] = s.settle::<FqMod>(sum);
                runs[l] = s.carry(s.sub_from::<FqMod>(&x1, &x3[l], 2));
            }
            let rises = s.mul_both_loose::<FqMod>(&slopes, &runs);
            for l in 0..2 {
                let present = s.present(codes[l]);
                let (x1, y1) = (s.load(&scratch.x[i + l]), s.load(&scratch.y[i + l]));
                let y3 = s.settle::<FqMod>(s.sub(&rises[l], &y1));
                s.store(&mut scratch.x[i + l], s.select(present, &x1, &x3[l]));
                s.store(&mut scratch.y[i + l], s.select(present, &y1, &y3));
            }
        }
        true
    }

    /// As [`step`] for any points and sums, by distinction of cases.
    #[cold]
    fn step_any(s: Simd, points: &[Packed], row: Row<'_>, scratch: &mut Scratch) {
        let one = s.broadcast(s.splat::<FqMod>(Fq::ONE));
        let bundles = row.starts.len() - 1;
        let mut product = one;
        for i in 0..bundles {
            let codes = row.codes::<8>(i, row.k).unwrap_or(&NONE);
            let present = s.present(codes);
            let p = s.gather(points, codes);
            let (x1, y1) = (s.load(&scratch.x[i]), s.load(&scratch.y[i]));
            let (x2, y2) = (s.coordinate::<0>(&p), s.negate(s.coordinate::<1>(&p), codes));
            let difference = s.settle::<FqMod>(s.sub(&x2, &x1));
            let rise = s.settle::<FqMod>(s.sub(&y2, &y1));
            let both = present & !scratch.empty[i];
            let meet = both & s.is_zero::<FqMod>(&difference);
            let equal = meet & s.is_zero::<FqMod>(&rise);
            let opposite = meet & !equal;
            scratch.cases[i] = [both & !meet, equal, opposite];
            let twice = s.settle::<FqMod>(s.add(&y1, &y1));
            let d = s.select(both & !meet, &one, &difference);
            let d = s.select(equal, &d, &twice);
            s.store(&mut scratch.d[i], d);
            s.store(&mut scratch.before[i], product);
            product = s.mul::<FqMod>(&product, &d);
        }
        // No point of the curve has y = 0. Of points that are on none, the sum means nothing.
        let [mut inverse, _] = s.invert_both([product, one]).unwrap_or([one; 2]);
        for i in (0..bundles).rev() {
            let codes = row.codes::<8>(i, row.k).unwrap_or(&NONE);
            let p = s.gather(points, codes);
            let (x1, y1) = (s.load(&scratch.x[i]), s.load(&scratch.y[i]));
            let (x2, y2) = (s.coordinate::<0>(&p), s.negate(s.coordinate::<1>(&p), codes));
            let y2 = s.settle::<FqMod>(y2);
            let d_inverse = s.mul::<FqMod>(&inverse, &s.load(&scratch.before[i]));
            inverse = s.mul::<FqMod>(&inverse, &s.load(&scratch.d[i]));
            let [plain, equal, opposite] = scratch.cases[i];
            let rise = s.settle::<FqMod>(s.sub(&y2, &y1));
            let square = s.square::<FqMod>(&x1);
            let tangent = s.settle::<FqMod>(s.add(&square, &s.add(&square, &square)));
            let rise = s.select(equal, &rise, &tangent);
            let slope = s.mul::<FqMod>(&rise, &d_inverse);
            let x3 = s.sub(&s.sub(&s.square::<FqMod>(&slope), &x1), &x2);
            let x3 = s.settle::<FqMod>(x3);
            let run = s.carry(s.sub_from::<FqMod>(&x1, &x3, 2));
            let y3 = s.settle::<FqMod>(s.sub(&s.mul::<FqMod>(&slope, &run), &y1));
            let fresh = s.present(codes) & scratch.empty[i];
            let added = plain | equal;
            let x = s.select(added, &s.select(fresh, &x1, &x2), &x3);
            let y = s.select(added, &s.select(fresh, &y1, &y2), &y3);
            s.store(&mut scratch.x[i], x);
            s.store(&mut scratch.y[i], y);
            scratch.empty[i] = (scratch.empty[i] & !fresh) | opposite;
        }
    }

    /// The sums as points.
    fn finish(s: Simd, scratch: &Scratch, out: &mut [Packed]) {
        let (out, _) = out.as_chunks_mut::<8>();
        for (i, out) in out.iter_mut().enumerate() {
            s.points(out, s.load(&scratch.x[i]), s.load(&scratch.y[i]));
            for (l, point) in out.iter_mut().enumerate() {
                if scratch.empty[i] >> l & 1 == 1 {
                    *point = Simd::IDENTITY;
                }
            }
        }
    }
}
