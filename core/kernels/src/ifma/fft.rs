//! Transforms of eight lanes.
//!
//! Going forward, block `k` of a level is split modulo `X^h - c_k` and `X^h + c_k`: the lower half
//! becomes `lo + c_k hi`, the upper `lo - c_k hi`. Only `hi` is multiplied, so nothing is reduced
//! on the way: with a product below 1.6 p both outputs grow by less than 2 p, which after 24
//! levels makes 50 p; times a canonical twiddle, over 84.6 p, the next product is below 1.6 p
//! again. Limbs grow by 2^54 a level at most and are made normal before they are multiplied.
//!
//! Blocks within a pack, the last three levels, are done on two packs at once, which are shuffled
//! so that all lower halves lie in one register element and all upper halves in the other.

use super::field::{each, Lanes, E};
use super::modulus::FrMod;
use super::{kernels, Simd};
use std::arch::x86_64::*;

/// Packs of a block that is finished before the next one: 160 KiB, well within a second-level cache.
const BLOCK: usize = 512;

/// Lane numbers of two-source shuffles, for the register of lower and that of upper halves; from 8
/// on they mean the second source. Those between levels are their own inverses.
type Shuffle = [[u64; 8]; 2];

/// Two packs to halves of four: `a0-3 b0-3`, `a4-7 b4-7`.
const FOURS: Shuffle = [[0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]];
/// From there to halves of two: `a0,1,4,5 b0,1,4,5`, `a2,3,6,7 b2,3,6,7`.
const TWOS: Shuffle = [[0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15]];
/// From there to halves of one: `a0,2,4,6 b0,2,4,6`, `a1,3,5,7 b1,3,5,7`.
const ONES: Shuffle = [[0, 8, 2, 10, 4, 12, 6, 14], [1, 9, 3, 11, 5, 13, 7, 15]];
/// From there back to two packs.
const PACKS: Shuffle = [[0, 8, 1, 9, 2, 10, 3, 11], [4, 12, 5, 13, 6, 14, 7, 15]];
/// Two packs to halves of one.
const ODDS: Shuffle = [[0, 2, 4, 6, 8, 10, 12, 14], [1, 3, 5, 7, 9, 11, 13, 15]];

/// Which twiddle of a pack each lane of `TWOS` takes, for an even and an odd pair of packs.
const SPREAD2: [[u64; 8]; 2] = [[0, 0, 1, 1, 2, 2, 3, 3], [4, 4, 5, 5, 6, 6, 7, 7]];
/// The same for `FOURS`, by the pair modulo 4.
const SPREAD4: [[u64; 8]; 4] = [
    [0, 0, 0, 0, 1, 1, 1, 1],
    [2, 2, 2, 2, 3, 3, 3, 3],
    [4, 4, 4, 4, 5, 5, 5, 5],
    [6, 6, 6, 6, 7, 7, 7, 7],
];

// SAFETY of the blocks below: the intrinsics take no pointers, and `Simd` is the proof that the
// processor has them.
#[inline(always)]
fn shuffle(s: Simd, u: &E, v: &E, by: &Shuffle) -> (E, E) {
    let (low, high) = (s.load8(&by[0]), s.load8(&by[1]));
    (
        each!(|I| unsafe { _mm512_permutex2var_epi64(u[I], low, v[I]) }),
        each!(|I| unsafe { _mm512_permutex2var_epi64(u[I], high, v[I]) }),
    )
}

#[inline(always)]
fn spread(s: Simd, pack: &Lanes, lanes: &[u64; 8]) -> E {
    let lanes = s.load8(lanes);
    let x = s.load(pack);
    each!(|I| unsafe { _mm512_permutexvar_epi64(lanes, x[I]) })
}

/// Twiddle `k` in all lanes.
#[inline(always)]
fn twiddle(s: Simd, table: &[Lanes], k: usize) -> E {
    let pack = &table[k / 8].0;
    each!(|I| s.set(pack[I][k % 8]))
}

/// `lo + c hi` and `lo - c hi + 2p`, limbs not normal.
#[inline(always)]
fn split(s: Simd, lo: &E, hi: E, c: &E) -> (E, E) {
    let t = s.mul::<FrMod>(&s.carry(hi), c);
    (s.add(lo, &t), s.sub_from::<FrMod>(lo, &t, 2))
}

/// `lo + hi` and `c (lo - hi)`, settled as the operands are.
#[inline(always)]
fn merge(s: Simd, lo: &E, hi: &E, c: &E) -> (E, E) {
    let difference = s.carry(s.sub_from::<FrMod>(lo, hi, 2));
    (
        s.settle::<FrMod>(s.add(lo, hi)),
        s.mul::<FrMod>(&difference, c),
    )
}

kernels! {
    /// Coefficients to values in bit-reversed order; two packs at least.
    pub fn forward(s: Simd, x: &mut [Lanes], table: &[Lanes]) {
        forward_block(s, x, table, 0);
    }

    /// Block `k` of its level.
    fn forward_block(s: Simd, x: &mut [Lanes], table: &[Lanes], k: usize) {
        if x.len() > BLOCK {
            let quarter = x.len() / 4;
            forward_two_levels(s, x, table, k);
            for (j, x) in x.chunks_exact_mut(quarter).enumerate() {
                forward_block(s, x, table, 4 * k + j);
            }
            return;
        }
        let len = x.len();
        let mut half = len / 2;
        while half >= 1 {
            for (j, block) in x.chunks_exact_mut(2 * half).enumerate() {
                let c = twiddle(s, table, k * (len / half / 2) + j);
                let (lo, hi) = block.split_at_mut(half);
                for (lo, hi) in lo.iter_mut().zip(hi) {
                    let (a, b) = split(s, &s.load(lo), s.load(hi), &c);
                    s.store(lo, a);
                    s.store(hi, b);
                }
            }
            half /= 2;
        }
        for (j, pair) in x.chunks_exact_mut(2).enumerate() {
            forward_within(s, pair, table, k * (len / 2) + j);
        }
    }

    /// Two levels in one pass over memory.
    fn forward_two_levels(s: Simd, x: &mut [Lanes], table: &[Lanes], k: usize) {
        let (c, c0, c1) = (
            twiddle(s, table, k),
            twiddle(s, table, 2 * k),
            twiddle(s, table, 2 * k + 1),
        );
        let (low, high) = x.split_at_mut(x.len() / 2);
        let (x0, x1) = low.split_at_mut(low.len() / 2);
        let (x2, x3) = high.split_at_mut(high.len() / 2);
        for ((x0, x1), (x2, x3)) in x0.iter_mut().zip(x1).zip(x2.iter_mut().zip(x3)) {
            let (a0, a2) = split(s, &s.load(x0), s.load(x2), &c);
            let (a1, a3) = split(s, &s.load(x1), s.load(x3), &c);
            let (b0, b1) = split(s, &a0, a1, &c0);
            s.store(x0, b0);
            s.store(x1, b1);
            let (b2, b3) = split(s, &a2, a3, &c1);
            s.store(x2, b2);
            s.store(x3, b3);
        }
    }

    /// The last three levels of pair `i` of packs; leaves them settled.
    fn forward_within(s: Simd, pair: &mut [Lanes], table: &[Lanes], i: usize) {
        let (a, b) = (s.load(&pair[0]), s.load(&pair[1]));
        let (u, v) = shuffle(s, &a, &b, &FOURS);
        let (u, v) = split(s, &u, v, &spread(s, &table[i / 4], &SPREAD4[i % 4]));
        let (u, v) = shuffle(s, &u, &v, &TWOS);
        let (u, v) = split(s, &u, v, &spread(s, &table[i / 2], &SPREAD2[i % 2]));
        let (u, v) = shuffle(s, &u, &v, &ONES);
        let (u, v) = split(s, &u, v, &s.load(&table[i]));
        let (u, v) = (
            s.settle_wide::<FrMod>(s.carry(u)),
            s.settle_wide::<FrMod>(s.carry(v)),
        );
        let (a, b) = shuffle(s, &u, &v, &PACKS);
        s.store(&mut pair[0], a);
        s.store(&mut pair[1], b);
    }

    /// Values in bit-reversed order to coefficients; two packs at least.
    pub fn inverse(s: Simd, x: &mut [Lanes], table: &[Lanes], len_inv: &[u64; 5]) {
        inverse_block(s, x, table, 0);
        let c = s.broadcast(*len_inv);
        for x in x {
            s.store(x, s.mul::<FrMod>(&s.load(x), &c));
        }
    }

    fn inverse_block(s: Simd, x: &mut [Lanes], table: &[Lanes], k: usize) {
        if x.len() > BLOCK {
            let quarter = x.len() / 4;
            for (j, x) in x.chunks_exact_mut(quarter).enumerate() {
                inverse_block(s, x, table, 4 * k + j);
            }
            inverse_two_levels(s, x, table, k);
            return;
        }
        let len = x.len();
        for (j, pair) in x.chunks_exact_mut(2).enumerate() {
            inverse_within(s, pair, table, k * (len / 2) + j);
        }
        let mut half = 1;
        while half < len {
            for (j, block) in x.chunks_exact_mut(2 * half).enumerate() {
                let c = twiddle(s, table, k * (len / half / 2) + j);
                let (lo, hi) = block.split_at_mut(half);
                for (lo, hi) in lo.iter_mut().zip(hi) {
                    let (a, b) = merge(s, &s.load(lo), &s.load(hi), &c);
                    s.store(lo, a);
                    s.store(hi, b);
                }
            }
            half *= 2;
        }
    }

    fn inverse_two_levels(s: Simd, x: &mut [Lanes], table: &[Lanes], k: usize) {
        let (c, c0, c1) = (
            twiddle(s, table, k),
            twiddle(s, table, 2 * k),
            twiddle(s, table, 2 * k + 1),
        );
        let (low, high) = x.split_at_mut(x.len() / 2);
        let (x0, x1) = low.split_at_mut(low.len() / 2);
        let (x2, x3) = high.split_at_mut(high.len() / 2);
        for ((x0, x1), (x2, x3)) in x0.iter_mut().zip(x1).zip(x2.iter_mut().zip(x3)) {
            let (a0, a1) = merge(s, &s.load(x0), &s.load(x1), &c0);
            let (a2, a3) = merge(s, &s.load(x2), &s.load(x3), &c1);
            let (b0, b2) = merge(s, &a0, &a2, &c);
            s.store(x0, b0);
            s.store(x2, b2);
            let (b1, b3) = merge(s, &a1, &a3, &c);
            s.store(x1, b1);
            s.store(x3, b3);
        }
    }

    fn inverse_within(s: Simd, pair: &mut [Lanes], table: &[Lanes], i: usize) {
        let (a, b) = (s.load(&pair[0]), s.load(&pair[1]));
        let (u, v) = shuffle(s, &a, &b, &ODDS);
        let (u, v) = merge(s, &u, &v, &s.load(&table[i]));
        let (u, v) = shuffle(s, &u, &v, &ONES);
        let (u, v) = merge(s, &u, &v, &spread(s, &table[i / 2], &SPREAD2[i % 2]));
        let (u, v) = shuffle(s, &u, &v, &TWOS);
        let (u, v) = merge(s, &u, &v, &spread(s, &table[i / 4], &SPREAD4[i % 4]));
        let (a, b) = shuffle(s, &u, &v, &FOURS);
        s.store(&mut pair[0], a);
        s.store(&mut pair[1], b);
    }
}
