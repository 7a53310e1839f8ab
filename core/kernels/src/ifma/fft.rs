//! Transforms of eight lanes.
//!
//! Going forward, block `k` of a level is split modulo `X^h - c_k` and `X^h + c_k`: the lower half
//! becomes `lo + c_k hi`, the upper `lo - c_k hi`. Two levels are done in one pass over memory.
//! Only `hi` is multiplied, by a prepared factor, which makes it less than 10.1 p whatever it was;
//! so a pass adds less than 20.2 p + 1.8 p to what was `lo` twice (one of each four), and that is
//! settled first. Values stay below 1.1 p + 22 p between passes and below 45 p within one, under
//! the 84.6 p that five limbs hold. Limbs grow by 2^54 a level at most and are made normal before
//! they are multiplied.
//!
//! Going back, `lo + hi` and `c (lo - hi)` are taken of values below [`LOOSE`] p; see
//! [`inverse_two_levels`].
//!
//! Blocks within a pack, the last three levels, are done on two packs at once, which are shuffled
//! so that all lower halves lie in one register element and all upper halves in the other.

use super::field::{each, Lanes, E};
use super::modulus::FrMod;
use super::{kernels, Simd, Table};
use crate::Fr;
use std::arch::x86_64::*;

/// Eight prepared factors, [`Simd::prepare`].
#[derive(Clone, Copy, Default)]
pub(crate) struct Factors([Lanes; 2]);

impl Table {
    /// Whether all levels have the same factors: those of the subgroup itself.
    fn shared(&self) -> bool {
        self.starts.iter().all(|start| *start == 0)
    }
}

/// A factor in registers.
type Factor = [E; 2];

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
fn spread(s: Simd, pack: &Factors, lanes: &[u64; 8]) -> Factor {
    let lanes = s.load8(lanes);
    let [x, y] = [s.load(&pack.0[0]), s.load(&pack.0[1])];
    [
        each!(|I| unsafe { _mm512_permutexvar_epi64(lanes, x[I]) }),
        each!(|I| unsafe { _mm512_permutexvar_epi64(lanes, y[I]) }),
    ]
}

#[inline(always)]
fn factors(s: Simd, pack: &Factors) -> Factor {
    [s.load(&pack.0[0]), s.load(&pack.0[1])]
}

/// Factor `k` of a level in all lanes.
#[inline(always)]
fn factor(s: Simd, table: &Table, level: usize, k: usize) -> Factor {
    let pack = &table.packs[table.starts[level] + k / 8].0;
    [
        each!(|I| s.set(pack[0].0[I][k % 8])),
        each!(|I| s.set(pack[1].0[I][k % 8])),
    ]
}

/// `lo + c hi` and `lo - c hi + 11p`, limbs not normal.
#[inline(always)]
fn split(s: Simd, lo: &E, hi: E, c: &Factor) -> (E, E) {
    let t = s.mul_prepared::<FrMod>(&s.carry(hi), c);
    (s.add(lo, &t), s.sub_from::<FrMod>(lo, &t, 11))
}

/// Values on the way back are below this many p.
const LOOSE: u64 = 21;

/// `lo + hi`, limbs not normal, and `c (lo - hi)`; values below `bound` p.
#[inline(always)]
fn merge(s: Simd, lo: &E, hi: &E, c: &Factor, bound: u64) -> (E, E) {
    let difference = s.carry(s.sub_from::<FrMod>(lo, hi, bound));
    (s.add(lo, hi), s.mul_prepared::<FrMod>(&difference, c))
}

kernels! {
    /// Brings factors, eight to a pack, into the form for transforms.
    pub fn prepare(s: Simd, packs: &mut [Factors], factors: &[Fr]) {
        for (pack, factors) in packs.iter_mut().zip(factors.chunks(8)) {
            let mut eight = [Fr::default(); 8];
            for (to, from) in eight.iter_mut().zip(factors) {
                *to = *from;
            }
            let [plain, quotient] = s.prepare::<FrMod>(&s.import::<FrMod>(&eight));
            s.store(&mut pack.0[0], plain);
            s.store(&mut pack.0[1], quotient);
        }
    }

    /// Coefficients to values in bit-reversed order; two packs at least.
    pub fn forward(s: Simd, x: &mut [Lanes], table: &Table) {
        if x.len() >= 8 && table.shared() {
            let quarter = x.len() / 4;
            forward_first_levels(s, x, table);
            for (j, x) in x.chunks_exact_mut(quarter).enumerate() {
                forward_block(s, x, table, 2, j);
            }
        } else {
            forward_block(s, x, table, 0, 0);
        }
    }

    /// As [`forward_two_levels`] for the first two levels, of settled values, whose factors are 1
    /// but for the square root of -1. Values come out below 15 p.
    fn forward_first_levels(s: Simd, x: &mut [Lanes], table: &Table) {
        let root = factor(s, table, 1, 1);
        let (low, high) = x.split_at_mut(x.len() / 2);
        let (x0, x1) = low.split_at_mut(low.len() / 2);
        let (x2, x3) = high.split_at_mut(high.len() / 2);
        for ((x0, x1), (x2, x3)) in x0.iter_mut().zip(x1).zip(x2.iter_mut().zip(x3)) {
            let (y0, y1, y2, y3) = (s.load(x0), s.load(x1), s.load(x2), s.load(x3));
            let (a0, a1) = (s.add(&y0, &y2), s.add(&y1, &y3));
            s.store(x0, s.add(&a0, &a1));
            s.store(x1, s.sub_from::<FrMod>(&a0, &a1, 3));
            let (a2, a3) = (
                s.sub_from::<FrMod>(&y0, &y2, 2),
                s.sub_from::<FrMod>(&y1, &y3, 2),
            );
            let (b2, b3) = split(s, &a2, a3, &root);
            s.store(x2, b2);
            s.store(x3, b3);
        }
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
        let (mut level, mut half) = (level, x.len() / 2);
        let mut first = k;
        while half >= 1 {
            for (j, block) in x.chunks_exact_mut(2 * half).enumerate() {
                let c = factor(s, table, level, first + j);
                let (lo, hi) = block.split_at_mut(half);
                for (lo, hi) in lo.iter_mut().zip(hi) {
                    let (a, b) = split(s, &s.load(lo), s.load(hi), &c);
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
            let first = s.settle_wide::<FrMod>(s.carry(s.load(x0)));
            let (a0, a2) = split(s, &first, s.load(x2), &c);
            let (a1, a3) = split(s, &s.load(x1), s.load(x3), &c);
            let (b0, b1) = split(s, &a0, a1, &c0);
            s.store(x0, b0);
            s.store(x1, b1);
            let (b2, b3) = split(s, &a2, a3, &c1);
            s.store(x2, b2);
            s.store(x3, b3);
        }
    }

    /// The last three levels of pair `i` of packs; leaves them settled. They come below 46 p, by
    /// two levels of their own at most since a pass, and three more make 79 p.
    fn forward_within(s: Simd, pair: &mut [Lanes], table: &Table, level: usize, i: usize) {
        let [fours, twos, ones] = [0, 1, 2].map(|l| &table.packs[table.starts[level + l]..]);
        let (a, b) = (s.load(&pair[0]), s.load(&pair[1]));
        let (u, v) = shuffle(s, &a, &b, &FOURS);
        let (u, v) = split(s, &u, v, &spread(s, &fours[i / 4], &SPREAD4[i % 4]));
        let (u, v) = shuffle(s, &u, &v, &TWOS);
        let (u, v) = split(s, &u, v, &spread(s, &twos[i / 2], &SPREAD2[i % 2]));
        let (u, v) = shuffle(s, &u, &v, &ONES);
        let (u, v) = split(s, &u, v, &factors(s, &ones[i]));
        let (u, v) = (
            s.settle_wide::<FrMod>(s.carry(u)),
            s.settle_wide::<FrMod>(s.carry(v)),
        );
        let (a, b) = shuffle(s, &u, &v, &PACKS);
        s.store(&mut pair[0], a);
        s.store(&mut pair[1], b);
    }

    /// Values in bit-reversed order to coefficients; two packs at least.
    pub fn inverse(s: Simd, x: &mut [Lanes], table: &Table, len_inv: &[u64; 5]) {
        let c = s.prepare::<FrMod>(&s.broadcast(*len_inv));
        if x.len() >= 8 {
            let quarter = x.len() / 4;
            for (j, x) in x.chunks_exact_mut(quarter).enumerate() {
                inverse_block(s, x, table, 2, j);
            }
            inverse_last_levels(s, x, table, &c);
        } else {
            inverse_block(s, x, table, 0, 0);
            for x in x {
                let x0 = s.load(x);
                scale(s, x, x0, &c);
            }
        }
    }

    /// Stores `a` times a factor, settled; limbs of `a` may be any, its value below 84 p.
    fn scale(s: Simd, x: &mut Lanes, a: E, c: &Factor) {
        let scaled = s.mul_prepared::<FrMod>(&s.carry(a), c);
        s.store(x, s.settle_wide::<FrMod>(scaled));
    }

    /// As [`inverse_two_levels`] for the last two levels, whose factors are 1 but for the square
    /// root of -1, and the multiplication by 1/n.
    fn inverse_last_levels(s: Simd, x: &mut [Lanes], table: &Table, len_inv: &Factor) {
        let root = factor(s, table, 1, 1);
        let (low, high) = x.split_at_mut(x.len() / 2);
        let (x0, x1) = low.split_at_mut(low.len() / 2);
        let (x2, x3) = high.split_at_mut(high.len() / 2);
        for ((x0, x1), (x2, x3)) in x0.iter_mut().zip(x1).zip(x2.iter_mut().zip(x3)) {
            let (y0, y1) = (s.load(x0), s.load(x1));
            let (a2, a3) = merge(s, &s.load(x2), &s.load(x3), &root, LOOSE);
            let (a0, a1) = (s.add(&y0, &y1), s.sub_from::<FrMod>(&y0, &y1, LOOSE));
            scale(s, x0, s.add(&a0, &a2), len_inv);
            scale(s, x2, s.sub_from::<FrMod>(&a0, &a2, 2 * LOOSE), len_inv);
            scale(s, x1, s.add(&a1, &a3), len_inv);
            scale(s, x3, s.sub_from::<FrMod>(&a1, &a3, LOOSE), len_inv);
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
                    let (a, b) = merge(s, &s.load(lo), &s.load(hi), &c, LOOSE);
                    s.store(lo, s.settle_wide::<FrMod>(s.carry(a)));
                    s.store(hi, b);
                }
            }
            half *= 2;
        }
    }

    /// Two levels in one pass over memory. Sums of two are below 42 p, of four below 84 p; the
    /// latter are settled. Products are below 10.1 p, and so sums of two of them below 21 p.
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
            let (a0, a1) = merge(s, &s.load(x0), &s.load(x1), &c0, LOOSE);
            let (a2, a3) = merge(s, &s.load(x2), &s.load(x3), &c1, LOOSE);
            let (b0, b2) = merge(s, &a0, &a2, &c, 2 * LOOSE);
            s.store(x0, s.settle_wide::<FrMod>(s.carry(b0)));
            s.store(x2, b2);
            let (b1, b3) = merge(s, &a1, &a3, &c, LOOSE);
            s.store(x1, s.carry(b1));
            s.store(x3, b3);
        }
    }

    fn inverse_within(s: Simd, pair: &mut [Lanes], table: &Table, level: usize, i: usize) {
        let [fours, twos, ones] = [0, 1, 2].map(|l| &table.packs[table.starts[level + l]..]);
        let (a, b) = (s.load(&pair[0]), s.load(&pair[1]));
        let (u, v) = shuffle(s, &a, &b, &ODDS);
        let (u, v) = merge(s, &u, &v, &factors(s, &ones[i]), LOOSE);
        let (u, v) = shuffle(s, &u, &v, &ONES);
        let (u, v) = merge(s, &u, &v, &spread(s, &twos[i / 2], &SPREAD2[i % 2]), LOOSE);
        let u = s.settle_wide::<FrMod>(s.carry(u));
        let (u, v) = shuffle(s, &u, &v, &TWOS);
        let (u, v) = merge(s, &u, &v, &spread(s, &fours[i / 4], &SPREAD4[i % 4]), LOOSE);
        let u = s.settle_wide::<FrMod>(s.carry(u));
        let (a, b) = shuffle(s, &u, &v, &FOURS);
        s.store(&mut pair[0], a);
        s.store(&mut pair[1], b);
    }
}
