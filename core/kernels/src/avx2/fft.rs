//! Transforms of four lanes.
//!
//! Going forward, block `k` of a level is split modulo `X^h - c_k` and `X^h + c_k`: the lower half
//! becomes `lo + c_k hi`, the upper `lo - c_k hi`. Two levels are done in one pass over memory.
//!
//! **Bounds.** Factors are at most 0.501 p, so the product of one with a value of at most v p is
//! normal and at most `(0.19 v + 0.63) p`. Between passes values are at most 2.6 p and digits at
//! most 3 * 2^50 + 200. In a pass, what was the lower half twice and once of each four is settled
//! first, to 0.501 p; what is multiplied stands as it is, as digits of up to 3.5 * 2^50 times
//! those of a factor (2^50 + 4) are below 2^102. So after one level values are at most
//! `0.501 + 0.19 * 2.6 + 0.63 < 1.63` p with digits of two normal elements, and after two at most
//! `1.63 + 0.19 * 1.63 + 0.63 < 2.57` p with digits of three. The highest digit of a product's
//! operand is at most 2.6 p / 2^204 < 2^51.
//!
//! Going back, `lo + hi` and `c (lo - hi)` are taken of values at most 0.95 p (products) or 0.501 p;
//! see [`inverse_two_levels`].
//!
//! Blocks within a pack, the last two levels, are done on two packs at once, which are shuffled
//! so that all lower halves lie in one register element and all upper halves in the other.

use super::field::{each, Lanes, E};
use super::{kernels, Simd, Table};
use crate::modulus::FrMod;
use crate::Fr;
use std::arch::x86_64::*;

// SAFETY of the blocks below: the intrinsics take no pointers, and `Simd` is the proof that the
// processor has them.

/// Halves of two packs: `a0 a1 b0 b1` and `a2 a3 b2 b3`; its own inverse.
#[inline(always)]
fn twos(_: Simd, a: &E, b: &E) -> (E, E) {
    (
        each!(|I| unsafe { _mm256_permute2f128_pd::<0x20>(a[I], b[I]) }),
        each!(|I| unsafe { _mm256_permute2f128_pd::<0x31>(a[I], b[I]) }),
    )
}

/// From there `a0 a2 b0 b2` and `a1 a3 b1 b3`; its own inverse.
#[inline(always)]
fn ones(_: Simd, u: &E, v: &E) -> (E, E) {
    (
        each!(|I| unsafe { _mm256_unpacklo_pd(u[I], v[I]) }),
        each!(|I| unsafe { _mm256_unpackhi_pd(u[I], v[I]) }),
    )
}

/// Factor `k` of a level in all lanes.
#[inline(always)]
fn factor(s: Simd, table: &Table, level: usize, k: usize) -> E {
    let pack = &table.packs[table.starts[level] + k / 4].0;
    each!(|I| s.set(pack[I][k % 4]))
}

/// Factors `2 i` and `2 i + 1` of a level, each in two lanes.
#[inline(always)]
fn factor_pair(s: Simd, table: &Table, level: usize, i: usize) -> E {
    let pack = &table.packs[table.starts[level] + i / 2].0;
    let k = 2 * (i % 2);
    each!(|I| unsafe {
        let (low, high) = (pack[I][k], pack[I][k + 1]);
        let _ = s;
        _mm256_setr_pd(low, low, high, high)
    })
}

/// Pack `i` of the factors of a level.
#[inline(always)]
fn factors(s: Simd, table: &Table, level: usize, i: usize) -> E {
    s.load(&table.packs[table.starts[level] + i])
}

/// `lo + c hi` and `lo - c hi`, digits not normal.
#[inline(always)]
fn split(s: Simd, lo: &E, hi: &E, c: &E) -> (E, E) {
    let t = s.mul::<FrMod>(hi, c);
    (s.add(lo, &t), s.sub(lo, &t))
}

/// Two times [`split`].
#[inline(always)]
fn split_both(s: Simd, lo: [&E; 2], hi: [&E; 2], c: [&E; 2]) -> [(E, E); 2] {
    let [t, u] = s.mul_both::<FrMod>(hi, c);
    [
        (s.add(lo[0], &t), s.sub(lo[0], &t)),
        (s.add(lo[1], &u), s.sub(lo[1], &u)),
    ]
}

/// Two times [`merge`].
#[inline(always)]
fn merge_both(s: Simd, lo: [&E; 2], hi: [&E; 2], c: [&E; 2]) -> [(E, E); 2] {
    let (d, e) = (s.sub(lo[0], hi[0]), s.sub(lo[1], hi[1]));
    let [t, u] = s.mul_both::<FrMod>([&d, &e], c);
    [(s.add(lo[0], hi[0]), t), (s.add(lo[1], hi[1]), u)]
}

/// `lo + hi`, digits not normal, and `c (lo - hi)`.
#[inline(always)]
fn merge(s: Simd, lo: &E, hi: &E, c: &E) -> (E, E) {
    (s.add(lo, hi), s.mul::<FrMod>(&s.sub(lo, hi), c))
}

kernels! {
    /// Brings factors, four to a pack, into the form for transforms.
    pub fn prepare(s: Simd, packs: &mut [Lanes], factors: &[Fr]) {
        for (pack, factors) in packs.iter_mut().zip(factors.chunks(4)) {
            let mut four = [Fr::default(); 4];
            four[..factors.len()].copy_from_slice(factors);
            s.store(pack, s.settle::<FrMod>(s.import::<FrMod>(&four)));
        }
    }

    /// Coefficients to values in bit-reversed order; two packs at least.
    pub fn forward(s: Simd, x: &mut [Lanes], table: &Table) {
        forward_block(s, x, table, 0, 0);
    }

    /// Block `k` of a level.
    fn forward_block(s: Simd, x: &mut [Lanes], table: &Table, level: usize, k: usize) {
        if x.len() >= 8 {
            let quarter = x.len() / 4;
            forward_two_levels(s, x, table, level, k);
            for (j, x) in x.chunks_exact_mut(quarter).enumerate() {
                forward_block(s, x, table, level + 2, 4 * k + j);
            }
            return;
        }
        // Two or four packs: one level or two until blocks are of one pack.
        let (mut level, mut half, mut first) = (level, x.len() / 2, k);
        while half >= 1 {
            for (j, block) in x.chunks_exact_mut(2 * half).enumerate() {
                let c = factor(s, table, level, first + j);
                let (lo, hi) = block.split_at_mut(half);
                for (lo, hi) in lo.iter_mut().zip(hi) {
                    let (a, b) = split(s, &s.settle::<FrMod>(s.load(lo)), &s.load(hi), &c);
                    s.store(lo, a);
                    s.store(hi, b);
                }
            }
            (level, first, half) = (level + 1, 2 * first, half / 2);
        }
        for (j, pair) in x.chunks_exact_mut(2).enumerate() {
            forward_within(s, pair, table, level, first / 2 + j);
        }
    }

    /// Two levels in one pass over memory.
    fn forward_two_levels(s: Simd, x: &mut [Lanes], table: &Table, level: usize, k: usize) {
        let (c, c0, c1) = (
            factor(s, table, level, k),
            factor(s, table, level + 1, 2 * k),
            factor(s, table, level + 1, 2 * k + 1),
        );
        let (low, high) = x.split_at_mut(x.len() / 2);
        let (x0, x1) = low.split_at_mut(low.len() / 2);
        let (x2, x3) = high.split_at_mut(high.len() / 2);
        for ((x0, x1), (x2, x3)) in x0.iter_mut().zip(x1).zip(x2.iter_mut().zip(x3)) {
            let lo = [s.settle::<FrMod>(s.load(x0)), s.settle::<FrMod>(s.load(x1))];
            let hi = [s.load(x2), s.load(x3)];
            let [(a0, a2), (a1, a3)] =
                split_both(s, [&lo[0], &lo[1]], [&hi[0], &hi[1]], [&c, &c]);
            let [(b0, b1), (b2, b3)] = split_both(s, [&a0, &a2], [&a1, &a3], [&c0, &c1]);
            s.store(x0, b0);
            s.store(x1, b1);
            s.store(x2, b2);
            s.store(x3, b3);
        }
    }

    /// The last two levels of pair `i` of packs; leaves them settled. The second level works on
    /// what the first leaves, as two levels of a pass do.
    fn forward_within(s: Simd, pair: &mut [Lanes], table: &Table, level: usize, i: usize) {
        let (a, b) = (s.load(&pair[0]), s.load(&pair[1]));
        let (u, v) = twos(s, &a, &b);
        let (u, v) = split(s, &s.settle::<FrMod>(u), &v, &factor_pair(s, table, level, i));
        let (u, v) = ones(s, &u, &v);
        let (u, v) = split(s, &u, &v, &factors(s, table, level + 1, i));
        let (u, v) = (s.settle::<FrMod>(u), s.settle::<FrMod>(v));
        let (u, v) = ones(s, &u, &v);
        let (a, b) = twos(s, &u, &v);
        s.store(&mut pair[0], a);
        s.store(&mut pair[1], b);
    }

    /// Values in bit-reversed order to coefficients; two packs at least.
    pub fn inverse(s: Simd, x: &mut [Lanes], table: &Table, len_inv: &[f64; 5]) {
        inverse_block(s, x, table, 0, 0);
        let c = s.broadcast(*len_inv);
        for x in x {
            s.store(x, s.mul::<FrMod>(&s.load(x), &c));
        }
    }

    fn inverse_block(s: Simd, x: &mut [Lanes], table: &Table, level: usize, k: usize) {
        if x.len() >= 8 {
            let quarter = x.len() / 4;
            for (j, x) in x.chunks_exact_mut(quarter).enumerate() {
                inverse_block(s, x, table, level + 2, 4 * k + j);
            }
            inverse_two_levels(s, x, table, level, k);
            return;
        }
        let depth = x.len().trailing_zeros() as usize;
        let pairs = k << (depth - 1);
        for (j, pair) in x.chunks_exact_mut(2).enumerate() {
            inverse_within(s, pair, table, level + depth, pairs + j);
        }
        let mut half = 1;
        for l in (0..depth).rev() {
            for (j, block) in x.chunks_exact_mut(2 * half).enumerate() {
                let c = factor(s, table, level + l, (k << l) + j);
                let (lo, hi) = block.split_at_mut(half);
                for (lo, hi) in lo.iter_mut().zip(hi) {
                    let (a, b) = merge(s, &s.load(lo), &s.load(hi), &c);
                    s.store(lo, s.settle::<FrMod>(a));
                    s.store(hi, b);
                }
            }
            half *= 2;
        }
    }

    /// Two levels in one pass over memory. Values come settled or as products do and are at most
    /// 1.05 p. Sums and differences of two are at most 2.1 p, with digits of two normal elements;
    /// products of those at most 0.19 * 2.1 p + 0.63 p < 1.03 p, and so settled.
    /// Sums and differences of two sums are at most 4.2 p, with digits of four, which is too much for
    /// a product: such sums are settled before.
    fn inverse_two_levels(s: Simd, x: &mut [Lanes], table: &Table, level: usize, k: usize) {
        let (c, c0, c1) = (
            factor(s, table, level, k),
            factor(s, table, level + 1, 2 * k),
            factor(s, table, level + 1, 2 * k + 1),
        );
        let (low, high) = x.split_at_mut(x.len() / 2);
        let (x0, x1) = low.split_at_mut(low.len() / 2);
        let (x2, x3) = high.split_at_mut(high.len() / 2);
        for ((x0, x1), (x2, x3)) in x0.iter_mut().zip(x1).zip(x2.iter_mut().zip(x3)) {
            let (lo, hi) = ([s.load(x0), s.load(x2)], [s.load(x1), s.load(x3)]);
            let [(a0, a1), (a2, a3)] =
                merge_both(s, [&lo[0], &lo[1]], [&hi[0], &hi[1]], [&c0, &c1]);
            let (a0, a2) = (s.settle::<FrMod>(a0), s.settle::<FrMod>(a2));
            let [(b0, b2), (b1, b3)] = merge_both(s, [&a0, &a1], [&a2, &a3], [&c, &c]);
            s.store(x0, s.carry(b0));
            s.store(x2, b2);
            s.store(x1, s.settle::<FrMod>(b1));
            s.store(x3, b3);
        }
    }

    fn inverse_within(s: Simd, pair: &mut [Lanes], table: &Table, level: usize, i: usize) {
        let (a, b) = (s.load(&pair[0]), s.load(&pair[1]));
        let (u, v) = twos(s, &a, &b);
        let (u, v) = ones(s, &u, &v);
        let (u, v) = merge(s, &u, &v, &factors(s, table, level + 1, i));
        let (u, v) = ones(s, &s.settle::<FrMod>(u), &v);
        let (u, v) = merge(s, &u, &v, &factor_pair(s, table, level, i));
        let (a, b) = twos(s, &s.settle::<FrMod>(u), &v);
        s.store(&mut pair[0], a);
        s.store(&mut pair[1], b);
    }
}
