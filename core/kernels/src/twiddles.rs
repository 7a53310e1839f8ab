//! Roots of unity of the two-adic subgroups of BN254's scalar field.

use ark_bn254::Fr;
use ark_ff::{BigInteger, FftField, Field, PrimeField};

/// Smallest transform length: one that fills a pack on no path is still allowed.
pub const MIN_LOG: u32 = 2;
/// Largest transform length is `2^MAX_LOG`.
pub const MAX_LOG: u32 = 24;

/// The primitive `n`-th root `5^((r-1)/n)`.
///
/// # Panics
/// Unless `n` is a power of two up to `2^28`, the two-adicity of the field.
pub fn root_of_unity(n: usize) -> Fr {
    assert!(n.is_power_of_two() && n.trailing_zeros() <= Fr::TWO_ADICITY);
    let mut exponent = Fr::MODULUS;
    exponent.sub_with_borrow(&ark_ff::BigInt::from(1u64));
    exponent >>= n.trailing_zeros();
    Fr::from(5u64).pow(exponent)
}

/// Twiddle factors of transforms over the subgroup of order `len`.
///
/// Block `k` of a level splits modulo `X^h - c_k` and `X^h + c_k`; `c_k = root^bitrev(k)` does not
/// depend on the level, so one table in bit-reversed order, read from its start on, serves all.
pub struct Twiddles {
    /// Transform length in field elements, a power of two.
    pub len: usize,
    /// `root_of_unity(len)`.
    pub root: Fr,
    /// `1/len`.
    pub len_inv: Fr,
    /// `c_k` for `k < len/2`.
    pub(crate) forward: Vec<Fr>,
    /// `1/c_k` for `k < len/2`.
    pub(crate) inverse: Vec<Fr>,
    /// The tables in the form of the vector path, made when it first needs them.
    #[cfg(target_arch = "x86_64")]
    pub(crate) packed: std::sync::OnceLock<crate::ifma::PackedTwiddles>,
}

impl Twiddles {
    /// Tables for length `n`, a power of two from 4 to `2^24`.
    ///
    /// # Panics
    /// For any other `n`.
    pub fn new(n: usize) -> Self {
        assert!(
            n.is_power_of_two() && (MIN_LOG..=MAX_LOG).contains(&n.trailing_zeros()),
            "transform length {n} is not a power of two from 4 to 2^24"
        );
        let root = root_of_unity(n);
        Twiddles {
            len: n,
            root,
            len_inv: Fr::from(n as u64).inverse().unwrap_or_default(),
            forward: bit_reversed_powers(root, n / 2),
            inverse: bit_reversed_powers(root.inverse().unwrap_or_default(), n / 2),
            #[cfg(target_arch = "x86_64")]
            packed: std::sync::OnceLock::new(),
        }
    }
}

/// `root^bitrev(k)` for `k < n`, where `root` has order `2n`.
fn bit_reversed_powers(root: Fr, n: usize) -> Vec<Fr> {
    // Doubling: the upper half of each prefix is the lower half times the next root.
    let mut steps = Vec::new();
    let mut step = root;
    for _ in 0..n.trailing_zeros() {
        steps.push(step);
        step.square_in_place();
    }
    let mut out = Vec::with_capacity(n);
    out.push(Fr::from(1u64));
    for step in steps.iter().rev() {
        for k in 0..out.len() {
            out.push(out[k] * step);
        }
    }
    out
}
