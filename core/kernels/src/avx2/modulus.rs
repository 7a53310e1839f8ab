//! Constants of the two prime fields of the curve, in signed digits of 51 bits.

use crate::modulus::Prime;

/// 2^51, what a digit counts to.
pub(crate) const BASE: i64 = 1 << 51;

/// A prime field with its constants in digits between -2^50 and 2^50; as floating-point numbers,
/// which hold them exactly.
pub(crate) trait Modulus: Prime {
    /// p; the digits are below 0.55 * 2^50, but for the highest, which is below 0.76 * 2^50.
    const P: [f64; 5] = {
        let p = digits(Self::WORDS);
        let mut i = 0;
        while i < 5 {
            assert!(p[i].abs() < BASE / 2 / 100 * if i < 4 { 55 } else { 76 });
            i += 1;
        }
        floats(p)
    };
    /// p in digits from 0 to 2^51 - 1.
    const UNSIGNED: [u64; 5] = split(Self::WORDS);
    /// `n`, which is -1/p modulo 2^51 and lies between -2^50 and 2^50. For both fields of BN254 it
    /// is below 0.255 * 2^51, which [`super::field`] counts on.
    const NEG_INV: f64 = {
        let n = neg_inverse(Self::WORDS[0]);
        assert!(n > 0 && n < BASE / 1000 * 255);
        n as f64
    };
    /// `(n p + 1) / 2^51`, a whole number.
    const RAISED: [f64; 5] = floats(raised(Self::WORDS));
    /// 2^204 / p: what a highest digit of 1 comes to.
    const PER_TOP: f64 =
        1.0 / (digits(Self::WORDS)[4] as f64 + digits(Self::WORDS)[3] as f64 / BASE as f64);
}

impl<M: Prime> Modulus for M {}

/// Half of a number below p, modulo p: the number itself or, if it is odd, its sum with p, shifted.
pub(crate) fn half<M: Prime>(mut words: [u64; 4]) -> [u64; 4] {
    if words[0] & 1 == 1 {
        let mut carry = 0;
        for (word, p) in words.iter_mut().zip(M::WORDS) {
            let sum = u128::from(*word) + u128::from(p) + carry;
            (*word, carry) = (sum as u64, sum >> 64);
        }
    }
    let [w0, w1, w2, w3] = words;
    [
        w0 >> 1 | w1 << 63,
        w1 >> 1 | w2 << 63,
        w2 >> 1 | w3 << 63,
        w3 >> 1,
    ]
}

/// Digits from 0 to 2^51 - 1.
pub(crate) const fn split(w: [u64; 4]) -> [u64; 5] {
    const MASK: u64 = (1 << 51) - 1;
    [
        w[0] & MASK,
        (w[0] >> 51 | w[1] << 13) & MASK,
        (w[1] >> 38 | w[2] << 26) & MASK,
        (w[2] >> 25 | w[3] << 39) & MASK,
        w[3] >> 12,
    ]
}

/// The digit between -2^50 and 2^50 that `x` ends with.
const fn last_digit(x: i128) -> i64 {
    let low = x.rem_euclid(BASE as i128) as i64;
    if low >= BASE / 2 {
        low - BASE
    } else {
        low
    }
}

/// Digits between -2^50 and 2^50.
pub(crate) const fn digits(w: [u64; 4]) -> [i64; 5] {
    let from = split(w);
    let mut out = [0; 5];
    let mut carry = 0;
    let mut i = 0;
    while i < 4 {
        let x = from[i] as i128 + carry;
        out[i] = last_digit(x);
        carry = (x - out[i] as i128) / BASE as i128;
        i += 1;
    }
    out[4] = from[4] as i64 + carry as i64;
    out
}

const fn neg_inverse(p: u64) -> i64 {
    // Newton: each step doubles the number of right bits, from 3.
    let mut inv = p;
    let mut i = 0;
    while i < 5 {
        inv = inv.wrapping_mul(2u64.wrapping_sub(p.wrapping_mul(inv)));
        i += 1;
    }
    last_digit(inv.wrapping_neg() as i128)
}

const fn raised(w: [u64; 4]) -> [i64; 5] {
    let (p, n) = (digits(w), neg_inverse(w[0]));
    let mut out = [0; 5];
    // Digit 0 of n p + 1 is zero.
    let mut carry = (p[0] as i128 * n as i128 + 1) / BASE as i128;
    let mut i = 1;
    while i < 5 {
        let x = p[i] as i128 * n as i128 + carry;
        out[i - 1] = last_digit(x);
        carry = (x - out[i - 1] as i128) / BASE as i128;
        i += 1;
    }
    out[4] = carry as i64;
    out
}

const fn floats(digits: [i64; 5]) -> [f64; 5] {
    let mut out = [0.0; 5];
    let mut i = 0;
    while i < 5 {
        out[i] = digits[i] as f64;
        i += 1;
    }
    out
}
