//! Constants of the two prime fields of the curve, in limbs of 52 bits.

use crate::modulus::Prime;

pub(crate) use crate::modulus::{FqMod, FrMod};

/// A limb's bits.
pub(crate) const MASK: u64 = (1 << 52) - 1;

/// A prime field of 254 bits with its constants in limbs of 52 bits.
pub(crate) trait Modulus: Prime {
    /// p
    const P: [u64; 5] = split(Self::WORDS);
    /// -1/p mod 2^52
    const NEG_INV: u64 = neg_inverse(Self::P);
    /// -1/p mod 2^260
    const NEG_INVERSE: [u64; 5] = neg_inverse_wide(Self::P);
    /// floor(2^260 / p) = 84 for both fields of BN254.
    const QUOTIENT: u64 = 84;
    /// Lane `k` of limb `i`: limb `i` of p, times 4 - k, as a signed number.
    const STEPS: [[i64; 8]; 5] = steps(Self::P);
    /// 2^260 - p, for subtracting multiples of p by multiply-add.
    const COMPLEMENT: [u64; 5] = complement(Self::P);
}

impl<M: Prime> Modulus for M {}

pub(crate) const fn split(w: [u64; 4]) -> [u64; 5] {
    [
        w[0] & MASK,
        (w[0] >> 52 | w[1] << 12) & MASK,
        (w[1] >> 40 | w[2] << 24) & MASK,
        (w[2] >> 28 | w[3] << 36) & MASK,
        w[3] >> 16,
    ]
}

const fn neg_inverse(p: [u64; 5]) -> u64 {
    let p0 = p[0];
    // Newton: each step doubles the number of right bits, from 3.
    let mut inv = p0;
    let mut i = 0;
    while i < 5 {
        inv = inv.wrapping_mul(2u64.wrapping_sub(p0.wrapping_mul(inv)));
        i += 1;
    }
    inv.wrapping_neg() & MASK
}

const fn neg_inverse_wide(p: [u64; 5]) -> [u64; 5] {
    // Word by word: the inverse so far, times p, is -1 up to the word that comes next.
    let inv = neg_inverse(p);
    let mut out = [0; 5];
    // p * out + 1, over the words that are not yet zero.
    let mut rest = [1u64, 0, 0, 0, 0];
    let mut i = 0;
    while i < 5 {
        out[i] = (rest[i] as u128 * inv as u128) as u64 & MASK;
        let mut carry = 0u128;
        let mut j = 0;
        while i + j < 5 {
            let sum = rest[i + j] as u128 + out[i] as u128 * p[j] as u128 + carry;
            rest[i + j] = sum as u64 & MASK;
            carry = sum >> 52;
            j += 1;
        }
        i += 1;
    }
    out
}

const fn steps(p: [u64; 5]) -> [[i64; 8]; 5] {
    let mut out = [[0; 8]; 5];
    let mut i = 0;
    while i < 5 {
        let mut k = 0;
        while k < 8 {
            out[i][k] = p[i] as i64 * (4 - k as i64);
            k += 1;
        }
        i += 1;
    }
    out
}

/// `k p`, which must be below 2^260.
pub(crate) const fn multiple(p: [u64; 5], k: u64) -> [u64; 5] {
    let mut out = [0; 5];
    let mut carry = 0u128;
    let mut i = 0;
    while i < 5 {
        let sum = p[i] as u128 * k as u128 + carry;
        out[i] = sum as u64 & MASK;
        carry = sum >> 52;
        i += 1;
    }
    assert!(carry == 0);
    out
}

/// 2^260 less a number whose lowest limb is not zero.
pub(crate) const fn complement(p: [u64; 5]) -> [u64; 5] {
    // 2^260 - p = (2^260 - 1 - p) + 1, and the last addition carries nowhere.
    assert!(p[0] > 0);
    [
        (MASK - p[0]) + 1,
        MASK - p[1],
        MASK - p[2],
        MASK - p[3],
        MASK - p[4],
    ]
}
