//! Sums of curve points, eight additions at once.
//!
//! Points are affine; inversions are shared (Montgomery's trick).

use super::complete::{double, jacobian, weigh};
use super::field::{each, Lanes, E};
use super::modulus::{FqMod, Modulus};
use super::{kernels, Simd};
use crate::invert::batch_invert_serial;
use crate::msm::{Adder, NEGATIVE};
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
    type Products = Vec<Lanes>;
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

    fn negative(p: &Packed) -> Packed {
        if Self::is_identity(p) {
            return *p;
        }
        let y = canonical([p.0[4], p.0[5], p.0[6], p.0[7]]);
        let mut negative = BigInt(FqMod::WORDS);
        negative.sub_with_borrow(&y);
        let mut out = *p;
        out.0[4..].copy_from_slice(&negative.0);
        out
    }

    fn add_pairs(
        self,
        points: &[Packed],
        plan: [&[u32]; 3],
        next: Option<&[u32]>,
        products: &mut Vec<Lanes>,
        to: &mut [Packed],
    ) -> bool {
        let packs = plan[0].len() / 8;
        if products.len() < packs {
            products.resize(packs, Lanes::default());
        }
        let products = &mut products[..packs];
        // SAFETY: `Simd` is the proof that the processor has the kernels' instructions.
        unsafe {
            match next {
                Some(next) => add_pairs::<true>(self, points, plan, next, products, to),
                None => add_pairs::<false>(self, points, plan, &[], products, to),
            }
        }
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

/// The points of these codes; the sign bit is ignored.
macro_rules! gather {
    ($points:expr, $codes:expr) => {
        gather!(@ $points, $codes, 0 1 2 3 4 5 6 7)
    };
    (@ $points:expr, $codes:expr, $($l:literal)*) => {
        [$(&$points[($codes[$l] & !NEGATIVE) as usize]),*]
    };
}

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

    /// Stores eight points at `dst`, x and y settled.
    #[inline(always)]
    fn scatter(self, to: &mut [Packed], dst: &[u32; 8], x: E, y: E) {
        let (x, y) = (self.words(x), self.words(y));
        for l in 0..4 {
            unsafe {
                // The lower halves are lane l, the upper ones lane l + 4.
                let low = _mm512_inserti64x4::<1>(x[l], _mm512_castsi512_si256(y[l]));
                let high = _mm512_shuffle_i64x2::<0b11_10_11_10>(x[l], y[l]);
                let p = &mut to[dst[l] as usize];
                _mm512_store_si512(p.0.as_mut_ptr().cast(), low);
                let p = &mut to[dst[l + 4] as usize];
                _mm512_store_si512(p.0.as_mut_ptr().cast(), high);
            }
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

/// How many packs ahead of the addition its points are asked for.
const AHEAD: usize = 6;

kernels! {
    /// Adds pairs of points, one inversion for all: `to[dst[i]] = points[a[i]] + points[b[i]]`,
    /// with signs in the first round (`SIGNS`). The lists are whole packs. False, with `to`
    /// untouched, if any pair had equal x.
    ///
    /// The first round gathers its points from all over a table larger than any cache. The points
    /// of `next` are therefore asked for during the computation, and those a few packs ahead,
    /// which by then have come to an outer cache, asked into the innermost.
    fn add_pairs<const SIGNS: bool>(
        s: Simd,
        points: &[Packed],
        [a, b, dst]: [&[u32]; 3],
        next: &[u32],
        products: &mut [Lanes],
        to: &mut [Packed],
    ) -> bool {
        let (a, _) = a.as_chunks::<8>();
        let (b, _) = b.as_chunks::<8>();
        let (dst, _) = dst.as_chunks::<8>();
        let (next, _) = next.as_chunks::<8>();
        let one = s.splat::<FqMod>(Fq::ONE);
        let mut product = s.broadcast(one);
        for (i, before) in products.iter_mut().enumerate() {
            if SIGNS {
                if let (Some(a), Some(b)) = (a.get(i + AHEAD), b.get(i + AHEAD)) {
                    s.prefetch::<_MM_HINT_T0>(points, a);
                    s.prefetch::<_MM_HINT_T0>(points, b);
                }
            }
            let x1 = s.coordinate::<0>(&gather!(points, a[i]));
            let x2 = s.coordinate::<0>(&gather!(points, b[i]));
            // Of value in (0.9 p, 3.1 p).
            let d = s.carry(s.sub_from::<FqMod>(&x2, &x1, 2));
            s.store(before, product);
            product = s.mul::<FqMod>(&product, &d);
        }
        let mut lanes = s.export::<FqMod>(product);
        if lanes.contains(&Fq::ZERO) {
            return false;
        }
        batch_invert_serial(&mut lanes);
        let mut inverse = s.import::<FqMod>(&lanes);
        for i in (0..products.len()).rev() {
            if SIGNS {
                if let Some(i) = i.checked_sub(AHEAD) {
                    s.prefetch::<_MM_HINT_T0>(points, &a[i]);
                    s.prefetch::<_MM_HINT_T0>(points, &b[i]);
                }
                if let [c, d, ..] = &next[next.len().min(2 * (products.len() - 1 - i))..] {
                    s.prefetch::<_MM_HINT_T1>(points, c);
                    s.prefetch::<_MM_HINT_T1>(points, d);
                }
            }
            let (p, q) = (gather!(points, a[i]), gather!(points, b[i]));
            let (x1, x2) = (s.coordinate::<0>(&p), s.coordinate::<0>(&q));
            let d = s.carry(s.sub_from::<FqMod>(&x2, &x1, 2));
            let d_inverse = s.mul::<FqMod>(&inverse, &s.load(&products[i]));
            inverse = s.mul::<FqMod>(&inverse, &d);
            let (mut y1, mut y2) = (s.coordinate::<1>(&p), s.coordinate::<1>(&q));
            if SIGNS {
                // Now in [0, 2p], limbs not normal.
                y1 = s.negate(y1, &a[i]);
                y2 = s.negate(y2, &b[i]);
            }
            // Of value in [0, 4p]; its product with a settled element is below 4.4 p^2.
            let rise = s.carry(s.sub_from::<FqMod>(&y2, &y1, 2));
            let slope = s.mul::<FqMod>(&rise, &d_inverse);
            let x3 = s.sub(&s.sub(&s.square::<FqMod>(&slope), &x1), &x2);
            let x3 = s.settle::<FqMod>(x3);
            let run = s.carry(s.sub_from::<FqMod>(&x1, &x3, 2));
            let y3 = s.settle::<FqMod>(s.sub(&s.mul::<FqMod>(&slope, &run), &y1));
            s.scatter(to, &dst[i], x3, y3);
        }
        true
    }
}
