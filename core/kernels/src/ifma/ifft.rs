//! Transforms of eight lanes, back.
//!
//! Blocks of a level are put together as `lo + hi` and `c_k (lo - hi)`. Values lie within
//! [`SPAN`] p of zero, as products do: sums are settled, at the second of two levels that are done
//! in one pass over memory. Differences are raised above zero before they are multiplied; of sums
//! of two, the most that is subtracted, they are below 74 p. Limbs are those of sums of at most four
//! products.

use super::field::{Lanes, E};
use super::prepared::{products, Factor, Folded, Narrow, Uniform, SPAN};
use super::table::{Inner, Table, Within, BLOCK};
use super::turn::turn;
use super::{for_each_two, kernels, Simd};

/// The factors of the last pass: 1/n, and the root of -1 over n.
pub(crate) type Last = [Uniform; 2];

/// What raises differences and sums of settled values, of values within [`SPAN`] p of zero and of
/// sums of two of these to p at least.
const FRESH: u64 = 3;
const ONES: u64 = 2 * SPAN + 1;
const TWOS: u64 = 4 * SPAN + 1;
const _: () = assert!(2 * TWOS <= 84);

/// `a - b`, to be multiplied.
#[inline(always)]
fn difference<const K: u64>(s: Simd, a: &E, b: &E) -> E {
    s.carry_up(s.raise::<K>(&s.sub(a, b)))
}

/// One level of two pairs, by one factor or two. Sums are settled or not.
#[inline(always)]
fn merge<F: Factor, const N: usize, const K: u64, const SETTLE: bool>(
    s: Simd,
    lo: [&mut Lanes; 2],
    hi: [&mut Lanes; 2],
    c: [&F; N],
) {
    let (x, y) = (
        [s.load(lo[0]), s.load(lo[1])],
        [s.load(hi[0]), s.load(hi[1])],
    );
    let d = [
        difference::<K>(s, &x[0], &y[0]),
        difference::<K>(s, &x[1], &y[1]),
    ];
    let p = products(s, &d, c);
    let [lo0, lo1] = lo;
    let [hi0, hi1] = hi;
    s.store(hi0, p[0]);
    s.store(hi1, p[1]);
    let mut sums = [s.add(&x[0], &y[0]), s.add(&x[1], &y[1])];
    if SETTLE {
        sums = [
            s.settle_fully(&s.raise::<K>(&sums[0])),
            s.settle_fully(&s.raise::<K>(&sums[1])),
        ];
    }
    s.store(lo0, sums[0]);
    s.store(lo1, sums[1]);
}

/// Two levels of two times four elements; the factors are those of the second level and of the two
/// blocks of the first.
#[inline(always)]
fn merge4<F: Factor>(s: Simd, x: [&mut [Lanes; 2]; 4], c: [&F; 3]) {
    let [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = x;
    merge::<_, _, ONES, false>(s, [x0, y0], [x1, y1], [c[1]]);
    merge::<_, _, ONES, false>(s, [x2, y2], [x3, y3], [c[2]]);
    merge::<_, _, TWOS, true>(s, [x0, x1], [x2, x3], [c[0]]);
    merge::<_, _, TWOS, true>(s, [y0, y1], [y2, y3], [c[0]]);
}

/// The first three levels of a block that is turned round, of settled values. Those which the first
/// leaves are below 2.2 p or products.
#[inline(always)]
fn first_levels<F: Factor>(s: Simd, x: &mut [Lanes; BLOCK], c: &Inner<F>) {
    for (four, c) in x
        .as_chunks_mut()
        .0
        .iter_mut()
        .zip([[&c[3], &c[4]], [&c[5], &c[6]]])
    {
        let [a0, a1, b0, b1] = four;
        merge::<_, _, FRESH, false>(s, [a0, b0], [a1, b1], c);
    }
    if let ([x0, x1, x2, x3], _) = x.as_chunks_mut() {
        merge4(s, [x0, x1, x2, x3], [&c[0], &c[1], &c[2]]);
    }
}

/// `a + b` and `a - b` of two products, settled.
#[inline(always)]
fn settled(s: Simd, a: &E, b: &E) -> [E; 2] {
    [
        s.settle_fully(&s.raise::<ONES>(&s.add(a, b))),
        s.settle_fully(&s.raise::<ONES>(&s.sub(a, b))),
    ]
}

kernels! {
    /// Values in bit-reversed order to coefficients; two packs at least.
    pub fn inverse(s: Simd, x: &mut [Lanes], table: &Table, last: &Last) {
        if x.len() < BLOCK {
            short(s, x, table);
            return scale(s, x, &last[0]);
        }
        let outer = (x.len() / BLOCK).trailing_zeros();
        if outer == 0 {
            within(s, x, table, 0, 0);
            scale(s, x, &last[0]);
        } else if outer % 2 == 1 {
            let half = x.len() / 2;
            for (j, x) in x.chunks_exact_mut(half).enumerate() {
                block(s, x, table, 1, j);
            }
            last_level(s, x, &last[0]);
        } else {
            let quarter = x.len() / 4;
            for (j, x) in x.chunks_exact_mut(quarter).enumerate() {
                block(s, x, table, 2, j);
            }
            last_two_levels(s, x, last);
        }
    }

    fn block(s: Simd, x: &mut [Lanes], table: &Table, level: usize, k: usize) {
        if x.len() == BLOCK {
            return within(s, x, table, level, k);
        }
        let quarter = x.len() / 4;
        for (j, x) in x.chunks_exact_mut(quarter).enumerate() {
            block(s, x, table, level + 2, 4 * k + j);
        }
        two_levels(s, x, table, level, k);
    }

    /// Two packs or four, in a block with lanes to spare, whose values mean nothing.
    fn short(s: Simd, x: &mut [Lanes], table: &Table) {
        let mut block = [Lanes::default(); BLOCK];
        block[..x.len()].copy_from_slice(x);
        turn(s, &mut block);
        within_lanes(s, &mut block, table, 0);
        turn(s, &mut block);
        let [x0, x1, x2, x3, ..] = &mut block;
        if x.len() == 2 {
            merge::<_, _, ONES, true>(s, [x0, x2], [x1, x3], [table.factor(0, 0)]);
        } else {
            let c = [table.factor(1, 0), table.factor(1, 1)];
            merge::<_, _, ONES, true>(s, [x0, x2], [x1, x3], c);
            merge::<_, _, ONES, true>(s, [x0, x1], [x2, x3], [table.factor(0, 0)]);
        }
        x.copy_from_slice(&block[..x.len()]);
    }

    fn scale(s: Simd, x: &mut [Lanes], c: &Uniform) {
        for x in x {
            let a = s.carry_up(s.raise::<ONES>(&s.load(x)));
            let [p, _] = c.products_by(s, &[a, a]);
            s.store(x, s.settle_fully(&s.raise::<ONES>(&p)));
        }
    }

    /// The last level, whose factor is 1, and the multiplication by 1/n.
    fn last_level(s: Simd, x: &mut [Lanes], len_inv: &Uniform) {
        let (low, high) = x.split_at_mut(x.len() / 2);
        for (lo, hi) in low.iter_mut().zip(high) {
            let a = s.carry_up(s.raise::<ONES>(&s.load(lo)));
            let b = s.carry_up(s.raise::<ONES>(&s.load(hi)));
            let [p, q] = len_inv.products_by(s, &[a, b]);
            let [a, b] = settled(s, &p, &q);
            s.store(lo, a);
            s.store(hi, b);
        }
    }

    /// The last two levels, whose factors are 1 but for the root of -1, and the multiplication by
    /// 1/n, before the last additions so that it is one with that by the root.
    fn last_two_levels(s: Simd, x: &mut [Lanes], last: &Last) {
        let (low, high) = x.split_at_mut(x.len() / 2);
        let (x0, x1) = low.split_at_mut(low.len() / 2);
        let (x2, x3) = high.split_at_mut(high.len() / 2);
        for ((x0, x1), (x2, x3)) in x0.iter_mut().zip(x1).zip(x2.iter_mut().zip(x3)) {
            let (y0, y1, y2, y3) = (s.load(x0), s.load(x1), s.load(x2), s.load(x3));
            let sums = [
                s.carry_up(s.raise::<ONES>(&s.add(&y0, &y1))),
                s.carry_up(s.raise::<ONES>(&s.add(&y2, &y3))),
            ];
            let differences = [
                difference::<ONES>(s, &y0, &y1),
                difference::<ONES>(s, &y2, &y3),
            ];
            let [p0, p2] = last[0].products_by(s, &sums);
            let [p1, p3] = Uniform::products(s, &differences, [&last[0], &last[1]]);
            let [a, b] = settled(s, &p0, &p2);
            s.store(x0, a);
            s.store(x2, b);
            let [a, b] = settled(s, &p1, &p3);
            s.store(x1, a);
            s.store(x3, b);
        }
    }

    /// Two levels in one pass over memory, to block `k` of the second of them.
    fn two_levels(s: Simd, x: &mut [Lanes], table: &Table, level: usize, k: usize) {
        let c = [
            table.factor(level, k),
            table.factor(level + 1, 2 * k),
            table.factor(level + 1, 2 * k + 1),
        ];
        for_each_two!(x, |x0, x1, x2, x3| merge4(s, [x0, x1, x2, x3], c));
    }

    /// The first six levels, of settled values, to block `k` of the last of them.
    fn within(s: Simd, x: &mut [Lanes], table: &Table, level: usize, k: usize) {
        if let Ok(x) = <&mut [Lanes; BLOCK]>::try_from(&mut *x) {
            turn(s, x);
            within_lanes(s, x, table, k);
            turn(s, x);
            for (j, four) in x.as_chunks_mut().0.iter_mut().enumerate() {
                let c = [0, 1].map(|i| table.factor(level + 2, 4 * k + 2 * j + i));
                let [a0, a1, b0, b1] = four;
                merge::<_, _, ONES, true>(s, [a0, b0], [a1, b1], c);
            }
        }
        two_levels(s, x, table, level, k);
    }

    fn within_lanes(s: Simd, x: &mut [Lanes; BLOCK], table: &Table, k: usize) {
        match &table.within {
            Within::Folded(c) => first_levels_folded(s, x, &c[k]),
            Within::Narrow(c) => first_levels_narrow(s, x, &c[k]),
        }
    }

    fn first_levels_folded(s: Simd, x: &mut [Lanes; BLOCK], c: &Inner<Folded>) {
        first_levels(s, x, c);
    }

    fn first_levels_narrow(s: Simd, x: &mut [Lanes; BLOCK], c: &Inner<Narrow>) {
        first_levels(s, x, c);
    }
}
