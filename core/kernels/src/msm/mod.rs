//! Multi-scalar multiplication by signed-digit buckets (Pippenger).

mod scalars;

use crate::{G1Affine, G1Projective, Scalars};
use ark_ff::AdditiveGroup;
use rayon::prelude::*;
use scalars::{Digits, Magnitudes, NEGATIVE};

impl Scalars<'_> {
    /// Number of scalars.
    pub fn len(&self) -> usize {
        match self {
            Scalars::Field(s) => s.len(),
            Scalars::U64(s) => s.len(),
            Scalars::I64(s) => s.len(),
            Scalars::U16(s) => s.len(),
            Scalars::Bool(s) => s.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// `sum_i scalars[i] * bases[i]`; the identity where there are none.
///
/// Its time depends on the largest scalar, by absolute value where a field element above r/2
/// counts as negative.
///
/// # Panics
/// If the numbers of bases and scalars differ.
pub fn msm(bases: &[G1Affine], scalars: Scalars<'_>) -> G1Projective {
    assert_eq!(bases.len(), scalars.len(), "as many scalars as bases");
    let magnitudes = Magnitudes::new(scalars);
    if magnitudes.bits == 0 {
        return G1Projective::ZERO;
    }
    let c = window_bits(bases.len(), magnitudes.bits);
    let digits = magnitudes.recode(c);
    let sums: Vec<_> = (0..digits.windows)
        .into_par_iter()
        .map(|w| window_sum(bases, &digits, w))
        .collect();
    sums.into_iter()
        .rev()
        .fold(G1Projective::ZERO, |mut total, sum| {
            for _ in 0..c {
                total.double_in_place();
            }
            total + sum
        })
}

/// Window width with the fewest additions: one for each point and two for each bucket, the
/// latter dearer by half.
fn window_bits(n: usize, bits: u32) -> u32 {
    let cost = |c: u32| {
        let windows = u64::from(bits.div_ceil(c));
        let full = n as u64 + (3 << (c - 1));
        let top = n as u64 + (3 << (bits - (windows as u32 - 1) * c));
        (windows - 1) * full + top
    };
    (1..=18).min_by_key(|c| cost(*c)).unwrap_or(1)
}

/// Points read at a time.
const CHUNK: usize = 1024;

fn window_sum(bases: &[G1Affine], digits: &Digits, w: u32) -> G1Projective {
    let mut buckets = vec![G1Projective::ZERO; digits.buckets(w)];
    let mut codes = [0; CHUNK];
    for (k, bases) in bases.chunks(CHUNK).enumerate() {
        let codes = &mut codes[..bases.len()];
        digits.window(w, k * CHUNK, codes);
        for (code, base) in codes.iter().zip(bases) {
            let bucket = (code & !NEGATIVE) as usize;
            match (bucket, code & NEGATIVE == 0) {
                (0, _) => {}
                (_, true) => buckets[bucket - 1] += base,
                (_, false) => buckets[bucket - 1] -= base,
            }
        }
    }
    let (mut running, mut sum) = (G1Projective::ZERO, G1Projective::ZERO);
    for bucket in buckets.iter().rev() {
        running += bucket;
        sum += running;
    }
    sum
}
