//! Products by factors that are known beforehand, for transforms (Shoup's way).
//!
//! A product comes without its last carries: limbs of less than 2^56 whose value is right modulo
//! 2^260 only. That value, once carried, lies within [`SPAN`] p of zero. Whoever adds such
//! products up keeps the sum between 0 and 2^260, so that the remainder is all there is.

use super::field::{Lanes, E};
use super::modulus::{complement, multiple, FrMod, Modulus, MASK};
use super::{product, Simd};
use std::arch::x86_64::*;

/// Products lie this many p around zero at most.
pub(crate) const SPAN: u64 = 9;

/// What is subtracted from what the products below give by themselves, from 0 to 17 p.
const SHIFT: u64 = 8;

/// A factor, of one value in all lanes or of eight, in a form for products.
pub(crate) trait Factor {
    /// `a_0 c_0` and `a_1 c_1`, as this module says. Of the limbs of `a` the low 52 bits are read,
    /// which must be those of its normal form; values are below 2^260.
    fn products(s: Simd, a: &[E; 2], c: [&Self; 2]) -> [E; 2];

    /// The same with one factor for both.
    fn products_by(&self, s: Simd, a: &[E; 2]) -> [E; 2];
}

/// Products by one factor or two.
#[inline(always)]
pub(crate) fn products<F: Factor, const N: usize>(s: Simd, a: &[E; 2], c: [&F; N]) -> [E; 2] {
    match N {
        1 => c[0].products_by(s, a),
        _ => F::products(s, a, [c[0], c[1]]),
    }
}

/// The factor w, the same in all lanes, for [`folded`]: limbs of `w_i`, and the quotients.
#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
pub(crate) struct Uniform([[u64; 5]; 6]);

/// Eight factors for [`folded`].
#[derive(Clone, Copy, Default)]
pub(crate) struct Folded([Lanes; 6]);

/// Eight factors in a third of the memory, with products that take longer: w and its quotient.
#[derive(Clone, Copy, Default)]
pub(crate) struct Narrow([Lanes; 2]);

// SAFETY of the blocks in these `impl`s: `Simd` is the proof that the processor has the kernels'
// instructions.
#[allow(clippy::inline_always)] // as in `field`
impl Factor for Uniform {
    #[inline(always)]
    fn products(s: Simd, a: &[E; 2], c: [&Self; 2]) -> [E; 2] {
        unsafe { product::uniform_two(s, a, c) }
    }

    #[inline(always)]
    fn products_by(&self, s: Simd, a: &[E; 2]) -> [E; 2] {
        unsafe { product::uniform_one(s, a, [self; 2]) }
    }
}

#[allow(clippy::inline_always)] // as in `field`
impl Factor for Folded {
    #[inline(always)]
    fn products(s: Simd, a: &[E; 2], c: [&Self; 2]) -> [E; 2] {
        unsafe { product::folded_two(s, a, c) }
    }

    #[inline(always)]
    fn products_by(&self, s: Simd, a: &[E; 2]) -> [E; 2] {
        unsafe { product::folded_one(s, a, [self; 2]) }
    }
}

#[allow(clippy::inline_always)] // as in `field`
impl Factor for Narrow {
    #[inline(always)]
    fn products(s: Simd, a: &[E; 2], c: [&Self; 2]) -> [E; 2] {
        [narrow(s, &a[0], c[0]), narrow(s, &a[1], c[1])]
    }

    #[inline(always)]
    fn products_by(&self, s: Simd, a: &[E; 2]) -> [E; 2] {
        [narrow(s, &a[0], self), narrow(s, &a[1], self)]
    }
}

/// 2^260 - 8 p, for subtracting 8 p modulo 2^260 by multiply-add.
pub(crate) const EIGHTFOLD: [u64; 5] = complement(multiple(FrMod::P, 8));
/// The start of sums that shall come lower by [`SHIFT`] p.
pub(crate) const LOWERED: [u64; 5] = complement(multiple(FrMod::P, SHIFT));

/// Products by way of w and `w' = floor(w 2^260 / p)`: 75 multiply-adds.
///
/// The quotient `q` is `a w' / 2^260` without the parts of products that weigh less than 1,
/// which come to at most 9 + 2^-48 together; the floors in `w'` and in `q` cost less than 2
/// more, so `0 <= a w / p - q < 11`.
#[inline(always)]
fn narrow(s: Simd, a: &E, Narrow(c): &Narrow) -> E {
    let (w, quotient) = (s.load(&c[0]), s.load(&c[1]));
    let mut q = s.zero();
    let mut t = s.broadcast(LOWERED);
    for i in 0..5 {
        for j in 0..5 {
            if i + j >= 5 {
                q[i + j - 5] = s.lo(q[i + j - 5], a[j], quotient[i]);
            }
            if i + j >= 4 {
                q[i + j - 4] = s.hi(q[i + j - 4], a[j], quotient[i]);
            }
            if i + j < 5 {
                t[i + j] = s.lo(t[i + j], a[j], w[i]);
            }
            if i + j < 4 {
                t[i + j + 1] = s.hi(t[i + j + 1], a[j], w[i]);
            }
        }
    }
    s.add_low(t, &s.carry_up(q), &FrMod::COMPLEMENT)
}

// SAFETY of the blocks below: as in `field`.
#[allow(clippy::inline_always)] // as in `field`
impl Simd {
    /// As [`Simd::carry`], except that limbs keep what they have passed on: their low 52 bits,
    /// which are all that a product reads, are those of the normal form.
    #[inline(always)]
    pub(crate) fn carry_up(self, mut a: E) -> E {
        for i in 0..4 {
            a[i + 1] = self.plus(a[i + 1], unsafe { _mm512_srai_epi64::<52>(a[i]) });
        }
        a
    }

    /// The value mod 2^260 of normal limbs but for the last.
    #[inline(always)]
    pub(crate) fn modulo(self, mut a: E) -> E {
        a[4] = unsafe { _mm512_and_si512(a[4], self.set(MASK)) };
        a
    }

    /// `t + a b mod 2^260`, limbs not normal.
    #[inline(always)]
    fn add_low(self, mut t: E, a: &E, b: &[u64; 5]) -> E {
        for i in 0..5 {
            for j in 0..5 - i {
                t[i + j] = self.lo(t[i + j], a[j], self.set(b[i]));
                if i + j < 4 {
                    t[i + j + 1] = self.hi(t[i + j + 1], a[j], self.set(b[i]));
                }
            }
        }
        t
    }

    /// `a - floor(a / p) p + TO p` for an `a` of value from p to 2^260, of which it may be only
    /// the remainder modulo 2^260, with limbs below 2^61 in absolute value: from `TO` p to
    /// `TO + 1.001` p, limbs not normal.
    ///
    /// The highest limb without what the others carry is off by less than 2^10; taken 2^12 lower
    /// it is too low by at most 2^13, which is less than p / 2^32. So the quotient is never too
    /// large.
    #[inline(always)]
    pub(crate) fn settle_loose<const TO: u64>(self, a: &E) -> E {
        // At most 2^280 / p, by the limb that leads; below 2^27.
        const QUOTIENT: u64 = ((1u128 << 72) / (FrMod::P[4] as u128 + 1)) as u64;
        let top = self.minus(a[4], self.set(1 << 12));
        let top = unsafe { _mm512_and_si512(top, self.set(MASK)) };
        let q = self.hi(self.set(0), top, self.set(QUOTIENT));
        let q = unsafe { _mm512_srli_epi64::<20>(q) };
        let mut t = *a;
        if TO > 0 {
            t = self.raise::<TO>(&t);
        }
        let n = FrMod::COMPLEMENT;
        for i in 0..5 {
            t[i] = self.lo(t[i], q, self.set(n[i]));
        }
        for i in 0..4 {
            t[i + 1] = self.hi(t[i + 1], q, self.set(n[i]));
        }
        t
    }

    /// `a + K p`, limb by limb.
    #[inline(always)]
    pub(crate) fn raise<const K: u64>(self, a: &E) -> E {
        self.add(a, &self.broadcast(const { multiple(FrMod::P, K) }))
    }

    /// The settled element of such an `a` as [`Simd::settle_loose`] takes.
    #[inline(always)]
    pub(crate) fn settle_fully(self, a: &E) -> E {
        self.modulo(self.carry(self.settle_loose::<0>(a)))
    }

    /// For each settled element w in Montgomery form: `w / 2^260`, canonical, and the floor of that
    /// number times `2^260 / p`.
    ///
    /// The floor is `(w' 2^260 - w) / p`, which is `-w / p` modulo 2^260, below which it is.
    #[inline(always)]
    fn prepare(self, w: &E) -> [E; 2] {
        let w = self.canonical::<FrMod>(*w);
        let one = self.broadcast([1, 0, 0, 0, 0]);
        let plain = self.canonical::<FrMod>(self.mul::<FrMod>(&w, &one));
        let low = self.carry(self.add_low(self.zero(), &w, &FrMod::NEG_INVERSE));
        [plain, self.modulo(low)]
    }

    /// Eight settled elements, in Montgomery form, as factors.
    #[inline(always)]
    pub(crate) fn narrow(self, w: &E) -> Narrow {
        let mut out = Narrow::default();
        for (to, from) in out.0.iter_mut().zip(self.prepare(w)) {
            self.store(to, from);
        }
        out
    }

    /// Eight settled elements, in Montgomery form, as factors for [`folded`].
    ///
    /// The limbs of `floor(w 2^260 / p)` are the digits of the long division of `w 2^260` by p: each
    /// is `v_i = floor(w_i 2^52 / p)`, the highest one first, and `w_(i+1) = w_i 2^52 - v_i p`.
    #[inline(always)]
    pub(crate) fn fold(self, w: &E) -> Folded {
        let [mut w, digits] = self.prepare(w);
        let n = FrMod::COMPLEMENT;
        let mut out = Folded::default();
        for i in 0..5 {
            self.store(&mut out.0[i], w);
            let v = digits[4 - i];
            let mut next = [self.set(0), w[0], w[1], w[2], w[3]];
            for j in 0..5 {
                next[j] = self.lo(next[j], v, self.set(n[j]));
            }
            for j in 0..4 {
                next[j + 1] = self.hi(next[j + 1], v, self.set(n[j]));
            }
            w = self.modulo(self.carry(next));
        }
        let [d0, d1, d2, d3, d4] = digits;
        self.store(&mut out.0[5], [d4, d3, d2, d1, d0]);
        out
    }
}

impl Folded {
    /// The factor of one lane, for all lanes.
    pub fn uniform(&self, lane: usize) -> Uniform {
        let mut out = Uniform::default();
        for (to, from) in out.0.iter_mut().zip(&self.0) {
            *to = from.0.map(|limb| limb[lane]);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ifma::kernels;
    use crate::Fr;
    use ark_ff::{Field, PrimeField};

    fn value(limbs: [u64; 5]) -> Fr {
        let step = Fr::from(1u64 << 52);
        limbs
            .iter()
            .rev()
            .fold(Fr::from(0u64), |s, l| s * step + Fr::from(*l))
    }

    fn in_memory(s: Simd, x: E) -> Lanes {
        let mut out = Lanes::default();
        s.store(&mut out, x);
        out
    }

    fn lane(x: &Lanes, l: usize) -> [u64; 5] {
        x.0.map(|limb| limb[l])
    }

    /// Numbers of 260 bits, among them the largest ones.
    fn operands() -> Vec<[u64; 5]> {
        let mut out = vec![
            [0; 5],
            [MASK; 5],
            [1, 0, 0, 0, 0],
            [0, 0, 0, 0, MASK],
            multiple(FrMod::P, 84),
        ];
        let mut word = 1u64;
        for _ in 0..11 {
            out.push([(); 5].map(|()| {
                word = word.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                match word >> 62 {
                    0 => MASK,
                    1 => 0,
                    _ => word >> 12,
                }
            }));
        }
        out
    }

    /// Factors whose quotients have limbs near 2^52 or near 0, and whose products so err most.
    fn factors() -> Vec<Fr> {
        let mut out: Vec<Fr> = (0..3).map(Fr::from).collect();
        out.extend((1..3).map(|x| -Fr::from(x)));
        out.push(Fr::from(Fr::MODULUS_MINUS_ONE_DIV_TWO));
        // w 2^(52 i) = -1 or 1: a limb of zeros or of ones follows.
        let down = Fr::from(1u64 << 52).inverse().unwrap_or_default();
        out.extend((1..5).flat_map(|i| [down.pow([i]), -down.pow([i])]));
        out.extend((1..11).map(|i| Fr::from(5u64).pow([i * 1_000_003])));
        out
    }

    #[test]
    fn products_are_right_and_within_their_span() {
        let Some(s) = Simd::detect() else {
            eprintln!("no AVX-512 IFMA here: products by prepared factors were not tested");
            return;
        };
        // SAFETY: `Simd` is the proof that the processor has the kernels' instructions.
        unsafe { check_products(s) }
    }

    #[test]
    fn whatever_is_settled_is_below_two() {
        let Some(s) = Simd::detect() else {
            eprintln!("no AVX-512 IFMA here: settling was not tested");
            return;
        };
        // SAFETY: as above.
        unsafe { check_settling(s) }
    }

    kernels! {
        fn check_products(s: Simd) {
            let span = multiple(FrMod::P, 2 * SPAN);
            let (operands, factors) = (operands(), factors());
            for w in factors.chunks_exact(8) {
                let eight: [Fr; 8] = std::array::from_fn(|l| w[l]);
                let w_lanes = s.import::<FrMod>(&eight);
                let (folded, narrow) = (s.fold(&w_lanes), s.narrow(&w_lanes));
                let uniform = [folded.uniform(1), folded.uniform(2)];
                for a in &operands {
                    // Limbs that have not given up what they passed on, as the products take them.
                    let loose = s.broadcast([a[0], a[1] | 3 << 52, a[2], a[3] | 1 << 60, a[4]]);
                    let b = operands[7];
                    let two = [loose, s.broadcast(b)];
                    let results = [
                        (folded.products_by(s, &two), eight, eight),
                        (Folded::products(s, &two, [&folded, &folded]), eight, eight),
                        (narrow.products_by(s, &two), eight, eight),
                        (Narrow::products(s, &two, [&narrow, &narrow]), eight, eight),
                        (uniform[0].products_by(s, &two), [eight[1]; 8], [eight[1]; 8]),
                        (Uniform::products(s, &two, [&uniform[0], &uniform[1]]), [eight[1]; 8], [eight[2]; 8]),
                    ];
                    for ([p, q], w, v) in results {
                        for (x, a, w) in [(p, *a, w), (q, b, v)] {
                            let raised = s.modulo(s.carry(s.raise::<SPAN>(&x)));
                            let raised = in_memory(s, raised);
                            for (l, w) in w.iter().enumerate() {
                                let x = lane(&raised, l);
                                assert_eq!(value(x), value(a) * w);
                                assert!(x.iter().rev().lt(span.iter().rev()));
                            }
                        }
                    }
                }
            }
        }

        fn check_settling(s: Simd) {
            let limit = multiple(FrMod::P, 2);
            for k in 1..84 {
                let p = multiple(FrMod::P, k);
                for (up, down) in [(0, 0), (1, 0), (1 << 51, 0), (0, 1 << 20)] {
                    let low = p[0] + up;
                    // The same value with large limbs, of either sign, and more than 2^260.
                    for shift in [0, 1u64 << 8, (1u64 << 8).wrapping_neg()] {
                        let apart = [
                            low.wrapping_sub(down).wrapping_add(shift << 52),
                            p[1].wrapping_sub(shift).wrapping_sub(shift << 52),
                            p[2].wrapping_add(shift).wrapping_add(shift << 52),
                            p[3].wrapping_sub(shift),
                            p[4].wrapping_add(shift << 52),
                        ];
                        if down > 0 && k == 1 {
                            continue;
                        }
                        let expected = value([low, p[1], p[2], p[3], p[4]]) - Fr::from(down);
                        let a = s.broadcast(apart);
                        let settled = in_memory(s, s.settle_fully(&a));
                        let loose = s.modulo(s.carry(s.settle_loose::<40>(&a)));
                        let loose = in_memory(s, loose);
                        for l in 0..8 {
                            let (x, y) = (lane(&settled, l), lane(&loose, l));
                            assert_eq!([value(x), value(y)], [expected; 2]);
                            assert!(x.iter().all(|limb| *limb <= MASK));
                            assert!(x.iter().rev().lt(limit.iter().rev()));
                            assert!(y.iter().rev().lt(multiple(FrMod::P, 42).iter().rev()));
                        }
                    }
                }
            }
        }
    }
}
