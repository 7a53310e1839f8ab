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

/// The factors of each level of a transform. Level 0 has one block, each level twice as many as
/// the one before.
pub(crate) struct Levels {
    pub factors: Vec<Fr>,
    /// Where the factors of each level begin.
    pub starts: Vec<usize>,
}

impl Levels {
    /// The factors of level `l`, from block 0 on.
    pub fn level(&self, l: usize) -> &[Fr] {
        &self.factors[self.starts[l]..]
    }
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
    pub(crate) forward: Levels,
    /// `1/c_k` for `k < len/2`.
    pub(crate) inverse: Levels,
    /// The tables in the form of each vector path, made when it first needs them.
    #[cfg(target_arch = "x86_64")]
    pub(crate) packed: std::sync::OnceLock<(crate::ifma::Table, crate::ifma::Inverse)>,
    #[cfg(target_arch = "x86_64")]
    pub(crate) packed_avx2: std::sync::OnceLock<[crate::avx2::Table; 2]>,
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
        let shared = |root: Fr| Levels {
            factors: bit_reversed_powers(root, n / 2),
            starts: vec![0; n.trailing_zeros() as usize],
        };
        Twiddles {
            len: n,
            root,
            len_inv: Fr::from(n as u64).inverse().unwrap_or_default(),
            forward: shared(root),
            inverse: shared(root.inverse().unwrap_or_default()),
            #[cfg(target_arch = "x86_64")]
            packed: std::sync::OnceLock::new(),
            #[cfg(target_arch = "x86_64")]
            packed_avx2: std::sync::OnceLock::new(),
        }
    }

    /// Tables for values on the coset `shift H` of the subgroup `H` of order `len`.
    pub fn coset(&self, shift: Fr) -> Coset {
        let levels = self.len.trailing_zeros();
        let (mut factors, mut starts) = (Vec::with_capacity(self.len), Vec::new());
        for level in 0..levels {
            // Block k of the level splits modulo X^h - e and X^h + e with e = c_k shift^h, as the
            // whole transform is one modulo X^n - shift^n.
            let scale = shift.pow([(self.len >> (level + 1)) as u64]);
            starts.push(factors.len());
            let shared = &self.forward.factors[..1 << level];
            factors.extend(shared.iter().map(|c| *c * scale));
        }
        Coset {
            len: self.len,
            shift,
            levels: Levels { factors, starts },
            #[cfg(target_arch = "x86_64")]
            packed: std::sync::OnceLock::new(),
            #[cfg(target_arch = "x86_64")]
            packed_avx2: std::sync::OnceLock::new(),
        }
    }
}

/// Factors of transforms to a coset of a subgroup, made by [`Twiddles::coset`]. A transform with
/// these costs no more than one to the subgroup itself.
pub struct Coset {
    /// Transform length in field elements, a power of two.
    pub len: usize,
    /// The coset's shift.
    pub shift: Fr,
    pub(crate) levels: Levels,
    /// The table in the form of each vector path, made when it first needs it.
    #[cfg(target_arch = "x86_64")]
    pub(crate) packed: std::sync::OnceLock<crate::ifma::Table>,
    #[cfg(target_arch = "x86_64")]
    pub(crate) packed_avx2: std::sync::OnceLock<crate::avx2::Table>,
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
