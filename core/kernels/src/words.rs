//! Arithmetic of field elements in four words of 64 bits, reduced late.
//!
//! The modulus `p` of either field lies between 2^253 and 2^254, so that four words hold `5.28 p`.
//! Values here are any representatives that fit; each function says what it takes and gives, and
//! [`canonical`] makes the one below `p` that arkworks keeps. Elements are in the Montgomery form
//! of arkworks, `R = 2^256`. With 2^251 < 0.1654 p:
//!
//! - [`near`] takes any value and gives one below `p + 2^251 < 1.17 p`;
//! - [`Factor::times`] takes any value and gives one below `2 p + 2^251 < 2.17 p`.

use crate::modulus::Prime;

/// A value below 2^256, the lowest word first.
pub(crate) type Words = [u64; 4];

/// `(low, high)` of `t + a b + carry`, which is below 2^128.
#[inline]
const fn multiply_add(t: u64, a: u64, b: u64, carry: u64) -> (u64, u64) {
    let sum = t as u128 + a as u128 * b as u128 + carry as u128;
    (sum as u64, (sum >> 64) as u64)
}

#[inline]
const fn add_carry(a: u64, b: u64, carry: u64) -> (u64, u64) {
    let sum = a as u128 + b as u128 + carry as u128;
    (sum as u64, (sum >> 64) as u64)
}

#[inline]
const fn sub_borrow(a: u64, b: u64, borrow: bool) -> (u64, bool) {
    let (x, first) = a.overflowing_sub(b);
    let (x, second) = x.overflowing_sub(borrow as u64);
    (x, first | second)
}

/// `a + b`, which is below 2^256.
#[inline]
pub(crate) const fn add(a: Words, b: Words) -> Words {
    let (w0, c) = add_carry(a[0], b[0], 0);
    let (w1, c) = add_carry(a[1], b[1], c);
    let (w2, c) = add_carry(a[2], b[2], c);
    let (w3, _) = add_carry(a[3], b[3], c);
    [w0, w1, w2, w3]
}

/// `a - b`, and whether that is negative.
#[inline]
const fn sub_borrowing(a: Words, b: &Words) -> (Words, bool) {
    let (w0, c) = sub_borrow(a[0], b[0], false);
    let (w1, c) = sub_borrow(a[1], b[1], c);
    let (w2, c) = sub_borrow(a[2], b[2], c);
    let (w3, c) = sub_borrow(a[3], b[3], c);
    ([w0, w1, w2, w3], c)
}

/// `a - b`, which is not negative.
#[inline]
pub(crate) const fn sub(a: Words, b: &Words) -> Words {
    sub_borrowing(a, b).0
}

/// What is derived from a modulus.
pub(crate) trait Constants: Prime {
    /// `-1/p` modulo 2^64.
    const NEG_INV: u64 = {
        // Newton: each step doubles the number of right bits, from 3.
        let mut inverse = Self::WORDS[0];
        let mut i = 0;
        while i < 5 {
            let error = 2u64.wrapping_sub(Self::WORDS[0].wrapping_mul(inverse));
            inverse = inverse.wrapping_mul(error);
            i += 1;
        }
        inverse.wrapping_neg()
    };
    /// `3 p`
    const THREE: Words = add(Self::WORDS, add(Self::WORDS, Self::WORDS));
    /// For the five highest bits of a value the largest multiple of `p` that is no larger than what
    /// these bits alone come to.
    const MULTIPLES: [Words; 32] = {
        // 2^251 < 0.1654 p, and 4 p < 2^256.
        assert!((Self::WORDS[3] as u128) * 1654 >= (1u128 << 59) * 10000);
        assert!(Self::WORDS[3] < 1 << 62);
        let mut out = [[0; 4]; 32];
        let mut multiple = [0; 4];
        let mut i = 0;
        while i < 32 {
            let next = add(multiple, Self::WORDS);
            // The difference is below p, as each step adds less than p.
            if !sub_borrowing([0, 0, 0, (i as u64) << 59], &next).1 {
                multiple = next;
            }
            out[i] = multiple;
            i += 1;
        }
        out
    };
}

impl<M: Prime> Constants for M {}

/// A value below `p + 2^251` from any.
#[inline]
pub(crate) fn near<M: Constants>(x: Words) -> Words {
    let multiples: &'static [Words; 32] = &M::MULTIPLES;
    sub(x, &multiples[(x[3] >> 59) as usize])
}

/// The value below `p` from any.
#[inline]
pub(crate) fn canonical<M: Constants>(x: Words) -> Words {
    let x = near::<M>(x);
    match sub_borrowing(x, &M::WORDS) {
        (_, true) => x,
        (less, false) => less,
    }
}

/// `t + a b` where that is below 2^320.
#[inline]
const fn add_multiple(t: [u64; 5], a: &Words, b: u64) -> [u64; 5] {
    let (t0, c) = multiply_add(t[0], a[0], b, 0);
    let (t1, c) = multiply_add(t[1], a[1], b, c);
    let (t2, c) = multiply_add(t[2], a[2], b, c);
    let (t3, c) = multiply_add(t[3], a[3], b, c);
    [t0, t1, t2, t3, t[4].wrapping_add(c)]
}

/// `t` over 2^64 modulo `p`, for `t < 2^320 - 2^64 p`: below `t / 2^64 + p`.
#[inline]
fn shift_down<M: Constants>(t: [u64; 5]) -> Words {
    let m = t[0].wrapping_mul(M::NEG_INV);
    let [_, w0, w1, w2, w3] = add_multiple(t, &M::WORDS, m);
    [w0, w1, w2, w3]
}

/// A product over 2^256 modulo `p`, below `a b / 2^256 + p`, for `a + p < 2^256`.
#[inline]
pub(crate) fn mul<M: Constants>(a: &Words, b: &Words) -> Words {
    // Each sum is below 2^64 (a + p), and so below a + p when shifted.
    let mut t = [0; 4];
    for b in b {
        t = shift_down::<M>(add_multiple([t[0], t[1], t[2], t[3], 0], a, *b));
    }
    t
}

/// A factor of many products: word `i` of the other factor counts `2^(64 i)`, and so
/// `sum_i x_i (c 2^(64 (i - 3)))` is `x c / 2^192`, five words that one more step brings to four.
/// That makes 21 products of words instead of the 36 of a Montgomery product; to get ready
/// takes 15.
#[derive(Clone, Copy)]
pub(crate) struct Factor([Words; 4]);

impl Factor {
    /// `c < 2.2 p`; its quotients are hardly above `p`: `(c + (2^64 - 1) p) / 2^64 < p + 1.2 p / 2^64`.
    #[inline]
    pub(crate) fn new<M: Constants>(c: Words) -> Self {
        let down = |c: Words| shift_down::<M>([c[0], c[1], c[2], c[3], 0]);
        let second = down(c);
        let third = down(second);
        Factor([down(third), third, second, c])
    }

    /// `x c / R`, below `2 p + 2^251`, for any `x`.
    #[inline]
    pub(crate) fn times<M: Constants>(&self, x: &Words) -> Words {
        // Below 2^64 (3 (p + 1.2 p / 2^64) + 2.2 p) < 5.21 * 2^64 p < 2^320.
        let mut t = [0; 5];
        for (part, x) in self.0.iter().zip(x) {
            t = add_multiple(t, part, *x);
        }
        // A multiple of 2^64 p less, so that it is below 2^64 (p + 2^251).
        let [w0, w1, w2, w3] = near::<M>([t[1], t[2], t[3], t[4]]);
        shift_down::<M>([t[0], w0, w1, w2, w3])
    }
}

/// A factor of integers of 64 bits: `2^64 c / R` for the integer 1 in place of `R`.
#[derive(Clone, Copy)]
pub(crate) struct IntegerFactor(Words);

impl IntegerFactor {
    /// For `c = shifted / 2^64`, with `shifted < p`.
    #[inline]
    pub(crate) fn new(shifted: Words) -> Self {
        IntegerFactor(shifted)
    }

    /// `x c`, below `2 p`: `x shifted + m p` is below `2 * 2^64 p`.
    #[inline]
    pub(crate) fn times<M: Constants>(&self, x: u64) -> Words {
        shift_down::<M>(add_multiple([0; 5], &self.0, x))
    }
}

/// Products added up, to be reduced together.
#[derive(Default)]
pub(crate) struct Products([u64; 8]);

impl Products {
    /// Products of values at most `p` that can be added up: `16 p^2 < 2^512`, and
    /// `16 p^2 / R + p < 4.1 p`.
    pub(crate) const TOGETHER: usize = 16;

    #[inline]
    pub(crate) fn add(&mut self, a: &Words, b: &Words) {
        let t = &mut self.0;
        let mut above = 0;
        for (i, b) in b.iter().enumerate() {
            let five = add_multiple([t[i], t[i + 1], t[i + 2], t[i + 3], 0], a, *b);
            t[i..i + 4].copy_from_slice(&five[..4]);
            (t[i + 4], above) = add_carry(t[i + 4], five[4], above);
        }
        // What is carried out of word 7 is zero: the sum is below 2^512.
    }

    /// The sum over R, below `4.1 p`.
    #[inline]
    pub(crate) fn reduce<M: Constants>(&self) -> Words {
        let t = &self.0;
        // At most p in the end: (2^256 - 1 + (2^256 - 1) p) / 2^256, rounded down.
        let mut low = [t[0], t[1], t[2], t[3]];
        for _ in 0..4 {
            low = shift_down::<M>([low[0], low[1], low[2], low[3], 0]);
        }
        add(low, [t[4], t[5], t[6], t[7]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modulus::{FqMod, FrMod};
    use ark_ff::PrimeField;
    use ark_std::rand::{rngs::StdRng, Rng, SeedableRng};

    /// Values below 2^256, some at the edges of words and of multiples of p.
    fn values<M: Constants>(rng: &mut StdRng) -> Vec<Words> {
        let mut out = vec![[0; 4], [!0; 4], [!0, !0, !0, 0], [0, 0, 0, !0]];
        for multiple in M::MULTIPLES {
            out.extend([multiple, add(multiple, [1, 0, 0, 0])]);
            out.extend((multiple != [0; 4]).then(|| sub(multiple, &[1, 0, 0, 0])));
        }
        out.extend((0..32u64).map(|top| [0, 0, 0, top << 59]));
        out.extend((0..32u64).map(|top| [!0, !0, !0, (top << 59) + ((1 << 59) - 1)]));
        out.extend((0..50).map(|_| rng.gen::<Words>()));
        out
    }

    fn residue<M: Constants>(x: &Words) -> M::Field {
        let bytes: Vec<u8> = x.iter().flat_map(|w| w.to_le_bytes()).collect();
        let value = M::Field::from_le_bytes_mod_order(&bytes);
        M::from_raw(value.into_bigint().0)
    }

    fn is_below(x: &Words, bound: Words) -> bool {
        sub_borrowing(*x, &bound).1
    }

    fn agree<M: Constants>() {
        let rng = &mut StdRng::seed_from_u64(20);
        let (p, twice) = (M::WORDS, add(M::WORDS, M::WORDS));
        let excess = [0, 0, 0, 1 << 59];
        let all = values::<M>(rng);
        let reduced: Vec<Words> = all.iter().map(|x| canonical::<M>(*x)).collect();
        for (x, reduced) in all.iter().zip(&reduced) {
            assert_eq!(M::from_raw(*reduced), residue::<M>(x));
            assert!(is_below(reduced, p));
            let near = near::<M>(*x);
            assert!(is_below(&near, add(p, excess)));
            assert_eq!(canonical::<M>(near), *reduced);
        }
        for c in &reduced {
            for lazy in [*c, add(*c, p)] {
                let factor = Factor::new::<M>(lazy);
                for x in &all {
                    let product = factor.times::<M>(x);
                    assert!(is_below(&product, add(twice, excess)));
                    let expected = residue::<M>(x) * M::from_raw(*c);
                    assert_eq!(M::from_raw(canonical::<M>(product)), expected);
                    let product = mul::<M>(&add(*c, twice), x);
                    let sum = M::from_raw(canonical::<M>(product));
                    assert_eq!(sum, expected);
                }
            }
            for x in [0, 1, 1 << 63, !0, rng.gen()] {
                let product = IntegerFactor::new(*c).times::<M>(x);
                assert!(is_below(&product, twice));
                let shifted = M::from_raw(canonical::<M>(product)) * M::Field::from(1u128 << 64);
                assert_eq!(shifted, M::Field::from(x) * M::from_raw(*c));
            }
        }
        let mut pairs: Vec<[Words; 2]> = vec![[p; 2]; Products::TOGETHER];
        for _ in 0..50 {
            let (mut sum, mut expected) = (Products::default(), M::Field::from(0u64));
            for [a, b] in &pairs {
                sum.add(a, b);
                expected += residue::<M>(a) * residue::<M>(b);
            }
            let sum = sum.reduce::<M>();
            assert!(is_below(&sum, add(M::THREE, add(p, excess))));
            assert_eq!(M::from_raw(canonical::<M>(sum)), expected);
            let mut some = || match rng.gen_bool(0.3) {
                true => p,
                false => reduced[rng.gen_range(0..reduced.len())],
            };
            pairs.iter_mut().flatten().for_each(|x| *x = some());
        }
    }

    #[test]
    fn words_agree_with_arkworks() {
        agree::<FrMod>();
        agree::<FqMod>();
    }
}
