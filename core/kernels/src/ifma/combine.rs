//! Sums of products with one reduction for all, and small multiples without Montgomery's.

use super::field::{Lanes, E};
use super::modulus::{multiple, FrMod, Modulus, MASK};
use super::{kernels, Simd};
use crate::modulus::Prime;
use crate::sum::{Sum, MAX_PRODUCTS};
use crate::Fr;
use std::arch::x86_64::*;

/// A [`Sum`] in limbs.
struct Limbs<'a> {
    sum: &'a Sum<'a, Lanes>,
    scaled: [[u64; 5]; MAX_PRODUCTS],
    linear: Linear,
}

/// What is added to the products.
enum Linear {
    Nothing,
    /// Small coefficients that are 1 or -1, two at most, or one and a constant.
    Units([u64; 5]),
    /// Small coefficients, and what their sum starts from: the constant, and as many p as keep the
    /// sum from being negative.
    Small([u64; 6]),
}

/// `dst`, as [`crate::FieldPath::combine`] describes it.
pub(super) fn combine(s: Simd, dst: &mut [Lanes], sum: &Sum<'_, Lanes>) {
    sum.check(dst.len());
    let mut scaled = [[0; 5]; MAX_PRODUCTS];
    for (to, (_, c)) in scaled.iter_mut().zip(sum.scaled) {
        *to = s.splat::<FrMod>(*c);
    }
    let is_constant = sum.constant != Fr::default();
    let constant = match is_constant {
        true => s.splat::<FrMod>(sum.constant),
        false => [0; 5],
    };
    let units = sum.small.iter().all(|(_, k)| [1, -1].contains(k));
    let linear = match sum.small.len() + usize::from(is_constant) {
        0 => Linear::Nothing,
        1 | 2 if units => Linear::Units(constant),
        _ => Linear::Small(start(constant, sum.small)),
    };
    let limbs = Limbs {
        sum,
        scaled,
        linear,
    };
    // SAFETY: `Simd` is the proof that the processor has the kernel's instructions.
    unsafe { run(s, dst, &limbs) }
}

/// The constant, and 2 p for each unit of the negative coefficients: more than an element is.
fn start(constant: [u64; 5], small: &[(&[Lanes], i64)]) -> [u64; 6] {
    let negative = small.iter().filter(|(_, k)| *k < 0);
    let negative: u64 = negative.map(|(_, k)| k.unsigned_abs()).sum();
    let (mut out, mut carry) = ([0; 6], 0u128);
    for i in 0..5 {
        let limb = u128::from(FrMod::P[i]) * u128::from(2 * negative);
        let limb = limb + u128::from(constant[i]) + carry;
        out[i] = limb as u64 & MASK;
        carry = limb >> 52;
    }
    out[5] = carry as u64;
    out
}

/// `floor(2^52 (2^254 / p - 1))`, by the words of p above 2^190; not above it.
const RECIPROCAL: u64 = {
    let top = (FrMod::WORDS[3] as u128) + 1;
    // 2^254 / 2^192 = 2^62.
    (((1u128 << (62 + 52)) / top) - (1 << 52)) as u64
};

kernels! {
    /// The products come to less than `8 * 2.2 p^2`, so that what is left of them is below
    /// `1.21 p`; with two units below `3.5 p`, and with what is left of small multiples, which is
    /// from `-2 p` to `1.4 p`, from `-2 p` to `2.7 p`: what settling takes.
    fn run(s: Simd, dst: &mut [Lanes], limbs: &Limbs<'_>) {
        let sum = limbs.sum;
        let products = sum.products.len() + sum.scaled.len();
        // Three products of settled elements come to less than 1.05 p, and one that is subtracted
        // to less than 0.03 p more.
        let settled = products <= 3 && sum.minus.len() <= 1;
        for (i, d) in dst.iter_mut().enumerate() {
            let mut wide = [s.set(0); 10];
            for (a, b) in sum.products {
                wide = s.mul_wide(wide, &s.load(&a[i]), &s.load(&b[i]));
            }
            for (a, b) in sum.minus {
                let b = s.carry(s.sub_from::<FrMod>(&s.zero(), &s.load(&b[i]), 2));
                wide = s.mul_wide(wide, &s.load(&a[i]), &b);
            }
            for ((a, _), c) in sum.scaled.iter().zip(&limbs.scaled) {
                wide = s.mul_wide(wide, &s.load(&a[i]), &s.broadcast(*c));
            }
            let reduced = match products + sum.minus.len() {
                0 => s.zero(),
                _ => s.reduce_product::<FrMod>(wide),
            };
            let linear = match &limbs.linear {
                Linear::Nothing if settled => {
                    s.store(d, reduced);
                    continue;
                }
                Linear::Nothing => s.zero(),
                Linear::Units(constant) => {
                    let mut t = s.broadcast(*constant);
                    for (a, k) in sum.small {
                        let a = s.load(&a[i]);
                        t = if *k > 0 { s.add(&t, &a) } else { s.sub(&t, &a) };
                    }
                    t
                }
                Linear::Small(start) => small(s, start, sum.small, i),
            };
            s.store(d, s.settle::<FrMod>(s.add(&reduced, &linear)));
        }
    }

    /// The sum of small multiples, less a multiple of p: from `-2 p` to `1.4 p`; limbs are below
    /// 2^53 in absolute value.
    ///
    /// The sum V is not negative and below `2^51.2 p`: below `2 * 2^50 p` by the start and
    /// `1.1 * 2^50 p` by what is added at most, not both. Of `y = floor(V / 2^254)`, below 2^52, the
    /// quotient is `q = y + floor(y RECIPROCAL / 2^52)`. It is not above `V / p`, and falls short by
    /// less than `2^254 / p < 1.33` for the floor in y and by 2 for those in the reciprocal and the
    /// product.
    #[inline]
    fn small(s: Simd, start: &[u64; 6], terms: &[(&[Lanes], i64)], i: usize) -> E {
        let mut t: [__m512i; 6] = [
            s.set(start[0]), s.set(start[1]), s.set(start[2]),
            s.set(start[3]), s.set(start[4]), s.set(start[5]),
        ];
        let mut less = [s.set(0); 6];
        for (a, k) in terms.iter().filter(|t| t.1 > 0) {
            t = s.mul_limb(t, &s.load(&a[i]), s.set(k.unsigned_abs()));
        }
        for (a, k) in terms.iter().filter(|t| t.1 < 0) {
            less = s.mul_limb(less, &s.load(&a[i]), s.set(k.unsigned_abs()));
        }
        for j in 0..6 {
            t[j] = s.minus(t[j], less[j]);
        }
        for j in 0..5 {
            t[j + 1] = s.plus(t[j + 1], _mm512_srai_epi64::<52>(t[j]));
            t[j] = _mm512_and_si512(t[j], s.set(MASK));
        }
        let y = _mm512_or_si512(_mm512_slli_epi64::<6>(t[5]), _mm512_srli_epi64::<46>(t[4]));
        let q = s.hi(y, y, s.set(RECIPROCAL));
        // V + q (2^260 - p) modulo 2^260.
        let mut r: E = [t[0], t[1], t[2], t[3], t[4]];
        let n = FrMod::COMPLEMENT;
        for j in 0..5 {
            r[j] = s.lo(r[j], q, s.set(n[j]));
        }
        for j in 0..4 {
            r[j + 1] = s.hi(r[j + 1], q, s.set(n[j]));
        }
        s.sub(&s.modulo(s.carry(r)), &s.broadcast(const { multiple(FrMod::P, 2) }))
    }
}

// SAFETY of what this calls: as in `field`.
#[allow(clippy::inline_always)] // as in `field`
impl Simd {
    /// `t + a c`, limbs not normal.
    #[inline(always)]
    fn mul_limb(self, mut t: [__m512i; 6], a: &E, c: __m512i) -> [__m512i; 6] {
        for j in 0..5 {
            t[j] = self.lo(t[j], a[j], c);
            t[j + 1] = self.hi(t[j + 1], a[j], c);
        }
        t
    }
}
