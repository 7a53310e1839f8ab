//! Transforms of eight lanes, forward.
//!
//! Block `k` of a level is split modulo `X^h - c_k` and `X^h + c_k`: the lower half becomes
//! `lo + c_k hi`, the upper `lo - c_k hi`. Two levels are done in one pass over memory. Only `hi`
//! is multiplied; products lie within [`SPAN`] p of zero whatever it was. So values, which begin
//! [`CENTRE`] p above zero, move away from there by 9 p a level, 18 p a pass:
//!
//! - After a pass they lie from 24 to 61.1 p. That is so because those which a pass does not
//!   multiply at all (one of each four) are settled first, and the others end as what these are,
//!   plus or minus two products.
//! - In between, what is multiplied lies from 15 to 70.1 p.
//!
//! Nothing is carried but what is multiplied or settled. Limbs grow by less than 13 * 2^52 a level
//! (ten products and two of the quotient, and what products begin with), and by 3 * 2^52 as they
//! are settled; even those that are never multiplied stay below 2^61 in the at most 24 levels.
//!
//! The last six levels work on blocks of eight packs; for the last three of them the block is
//! turned round.

use super::field::Lanes;
use super::prepared::{products, Factor, Folded, Narrow, SPAN};
use super::table::{Inner, Table, Within, BLOCK};
use super::turn::turn;
use super::{for_each_two, kernels, Simd};

/// Values are kept around this many p, the middle of what five limbs hold.
const CENTRE: u64 = 42;
const _: () = assert!(CENTRE >= 4 * SPAN + 2 && CENTRE + 4 * SPAN + 2 <= 84);

/// How lower halves come to a level.
#[derive(Clone, Copy, PartialEq)]
enum Lower {
    /// Settled, to be raised to the centre.
    Fresh,
    /// The first of the two is settled again.
    First,
    Loose,
}

/// One level of two pairs, by one factor or two.
#[inline(always)]
fn split<F: Factor, const N: usize>(
    s: Simd,
    lo: [&mut Lanes; 2],
    hi: [&mut Lanes; 2],
    c: [&F; N],
    how: Lower,
) {
    let a = [s.carry_up(s.load(hi[0])), s.carry_up(s.load(hi[1]))];
    let p = products(s, &a, c);
    let mut y = [s.load(lo[0]), s.load(lo[1])];
    match how {
        Lower::Fresh => y = [s.raise::<CENTRE>(&y[0]), s.raise::<CENTRE>(&y[1])],
        Lower::First => y[0] = s.settle_loose::<CENTRE>(&y[0]),
        Lower::Loose => {}
    }
    let [lo0, lo1] = lo;
    let [hi0, hi1] = hi;
    s.store(lo0, s.add(&y[0], &p[0]));
    s.store(hi0, s.sub(&y[0], &p[0]));
    s.store(lo1, s.add(&y[1], &p[1]));
    s.store(hi1, s.sub(&y[1], &p[1]));
}

/// Two levels of two times four elements; the factors are those of the first level and of the two
/// blocks of the second.
#[inline(always)]
fn split4<F: Factor>(s: Simd, x: [&mut [Lanes; 2]; 4], c: [&F; 3], how: Lower) {
    let [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = x;
    split(s, [x0, x1], [x2, x3], [c[0]], how);
    split(s, [y0, y1], [y2, y3], [c[0]], how);
    split(s, [x0, y0], [x1, y1], [c[1]], Lower::Loose);
    split(s, [x2, y2], [x3, y3], [c[2]], Lower::Loose);
}

/// The last three levels of a block that is turned round. Values come from 15 p to 70.1 p, by one
/// level after a pass; so do they leave the last level, which settles them.
#[inline(always)]
fn last_levels<F: Factor>(s: Simd, x: &mut [Lanes; BLOCK], c: &Inner<F>) {
    let ([x0, x1, x2, x3], _) = x.as_chunks_mut() else {
        return;
    };
    split4(s, [x0, x1, x2, x3], [&c[0], &c[1], &c[2]], Lower::First);
    for (four, c) in x
        .as_chunks_mut()
        .0
        .iter_mut()
        .zip([[&c[3], &c[4]], [&c[5], &c[6]]])
    {
        let [a0, a1, b0, b1] = four;
        split(s, [a0, b0], [a1, b1], c, Lower::Loose);
        for x in four {
            let y = s.load(x);
            s.store(x, s.settle_fully(&y));
        }
    }
}

kernels! {
    /// Coefficients to values in bit-reversed order; two packs at least.
    pub fn forward(s: Simd, x: &mut [Lanes], table: &Table) {
        if x.len() < BLOCK {
            return short(s, x, table);
        }
        let outer = (x.len() / BLOCK).trailing_zeros();
        if outer == 0 {
            return within::<true>(s, x, table, 0, 0);
        }
        let levels = if outer % 2 == 1 { 1 } else { 2 };
        match (levels, table.plain) {
            (1, true) => plain_level(s, x),
            (1, false) => first_level(s, x, table),
            (_, true) => plain_two_levels(s, x, table),
            (_, false) => two_levels::<true>(s, x, table, 0, 0),
        }
        let part = x.len() >> levels;
        for (j, x) in x.chunks_exact_mut(part).enumerate() {
            block(s, x, table, levels, j);
        }
    }

    fn block(s: Simd, x: &mut [Lanes], table: &Table, level: usize, k: usize) {
        if x.len() == BLOCK {
            return within::<false>(s, x, table, level, k);
        }
        two_levels::<false>(s, x, table, level, k);
        let quarter = x.len() / 4;
        for (j, x) in x.chunks_exact_mut(quarter).enumerate() {
            block(s, x, table, level + 2, 4 * k + j);
        }
    }

    fn first_level(s: Simd, x: &mut [Lanes], table: &Table) {
        let c = table.factor(0, 0);
        let (low, high) = x.split_at_mut(x.len() / 2);
        let (low, _) = low.as_chunks_mut();
        let (high, _) = high.as_chunks_mut();
        for (lo, hi) in low.iter_mut().zip(high) {
            split(s, lo.each_mut(), hi.each_mut(), [c], Lower::Fresh);
        }
    }

    /// Two packs or four, in a block with lanes to spare, whose values mean nothing.
    fn short(s: Simd, x: &mut [Lanes], table: &Table) {
        let mut block = [Lanes::default(); BLOCK];
        block[..x.len()].copy_from_slice(x);
        let [x0, x1, x2, x3, ..] = &mut block;
        if x.len() == 2 {
            split(s, [x0, x2], [x1, x3], [table.factor(0, 0)], Lower::Fresh);
        } else {
            split(s, [x0, x1], [x2, x3], [table.factor(0, 0)], Lower::Fresh);
            let c = [table.factor(1, 0), table.factor(1, 1)];
            split(s, [x0, x2], [x1, x3], c, Lower::Loose);
        }
        turn(s, &mut block);
        within_lanes(s, &mut block, table, 0);
        turn(s, &mut block);
        x.copy_from_slice(&block[..x.len()]);
    }

    /// The first level where its factor is 1; leaves values from 41 p to 44.2 p.
    fn plain_level(s: Simd, x: &mut [Lanes]) {
        let (low, high) = x.split_at_mut(x.len() / 2);
        for (lo, hi) in low.iter_mut().zip(high) {
            let (a, b) = (s.load(lo), s.load(hi));
            s.store(lo, s.raise::<CENTRE>(&s.add(&a, &b)));
            s.store(hi, s.raise::<CENTRE>(&s.sub(&a, &b)));
        }
    }

    /// The first two levels where their factors are 1, but for the root of -1; leaves values from
    /// 32 p to 52.2 p.
    fn plain_two_levels(s: Simd, x: &mut [Lanes], table: &Table) {
        let root = table.factor(1, 1);
        for_each_two!(x, |x0, x1, x2, x3| {
            let mut multiplied = [s.zero(); 2];
            for l in 0..2 {
                let (y0, y1) = (s.load(&x0[l]), s.load(&x1[l]));
                let (y2, y3) = (s.load(&x2[l]), s.load(&x3[l]));
                let (a0, a1) = (s.add(&y0, &y2), s.add(&y1, &y3));
                s.store(&mut x0[l], s.raise::<CENTRE>(&s.add(&a0, &a1)));
                s.store(&mut x1[l], s.raise::<CENTRE>(&s.sub(&a0, &a1)));
                s.store(&mut x2[l], s.raise::<CENTRE>(&s.sub(&y0, &y2)));
                multiplied[l] = s.carry_up(s.raise::<2>(&s.sub(&y1, &y3)));
            }
            let p = root.products_by(s, &multiplied);
            for l in 0..2 {
                let a2 = s.load(&x2[l]);
                s.store(&mut x2[l], s.add(&a2, &p[l]));
                s.store(&mut x3[l], s.sub(&a2, &p[l]));
            }
        });
    }

    /// Two levels in one pass over memory, of block `k` of the first of them.
    fn two_levels<const FRESH: bool>(s: Simd, x: &mut [Lanes], table: &Table, level: usize, k: usize) {
        let c = [
            table.factor(level, k),
            table.factor(level + 1, 2 * k),
            table.factor(level + 1, 2 * k + 1),
        ];
        let how = if FRESH { Lower::Fresh } else { Lower::First };
        for_each_two!(x, |x0, x1, x2, x3| split4(s, [x0, x1, x2, x3], c, how));
    }

    /// The last six levels, of block `k` of the first of them; leaves it settled.
    fn within<const FRESH: bool>(s: Simd, x: &mut [Lanes], table: &Table, level: usize, k: usize) {
        two_levels::<FRESH>(s, x, table, level, k);
        let Ok(x) = <&mut [Lanes; BLOCK]>::try_from(x) else {
            return;
        };
        for (j, four) in x.as_chunks_mut().0.iter_mut().enumerate() {
            let c = [0, 1].map(|i| table.factor(level + 2, 4 * k + 2 * j + i));
            let [a, b, c0, d] = four;
            split(s, [a, c0], [b, d], c, Lower::Loose);
        }
        turn(s, x);
        within_lanes(s, x, table, k);
        turn(s, x);
    }

    fn within_lanes(s: Simd, x: &mut [Lanes; BLOCK], table: &Table, k: usize) {
        match &table.within {
            Within::Folded(c) => last_levels_folded(s, x, &c[k]),
            Within::Narrow(c) => last_levels_narrow(s, x, &c[k]),
        }
    }

    fn last_levels_folded(s: Simd, x: &mut [Lanes; BLOCK], c: &Inner<Folded>) {
        last_levels(s, x, c);
    }

    fn last_levels_narrow(s: Simd, x: &mut [Lanes; BLOCK], c: &Inner<Narrow>) {
        last_levels(s, x, c);
    }
}
