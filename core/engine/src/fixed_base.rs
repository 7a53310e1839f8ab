//! Many multiples of the generator of G1, in affine coordinates throughout.

use crate::error::Result;
use crate::task::Task;
use ark_bn254::G1Affine;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, BigInteger, Field, PrimeField};
use rayon::prelude::*;
use zkp_kernels::{batch_invert, Fq, Fr};

/// Points that share an inversion.
const BATCH: usize = 2048;
const BITS: usize = 255;

/// `scalars[i] * G`, by signed windows over a table of multiples. Counts one unit to a scalar.
pub fn multiples(scalars: &[Fr], task: &Task) -> Result<Vec<G1Affine>> {
    let cost = |c: &usize| BITS.div_ceil(*c) * (scalars.len() + (1 << (c - 1)));
    let c = (2..=16).min_by_key(cost).unwrap_or(8);
    let table = table(c);
    let mut out = vec![G1Affine::identity(); scalars.len()];
    out.par_chunks_mut(BATCH)
        .zip(scalars.par_chunks(BATCH))
        .try_for_each(|(out, scalars)| {
            let digits: Vec<Vec<i32>> = scalars.iter().map(|s| signed_digits(s, c)).collect();
            let mut terms = vec![G1Affine::identity(); out.len()];
            for (w, multiples) in table.iter().enumerate() {
                for (term, digits) in terms.iter_mut().zip(&digits) {
                    *term = match digits[w] {
                        0 => G1Affine::identity(),
                        d if d > 0 => multiples[d as usize - 1],
                        d => -multiples[d.unsigned_abs() as usize - 1],
                    };
                }
                add_batch(out, &terms);
            }
            task.step(out.len() as u64)
        })?;
    Ok(out)
}

/// Row `w`: `k 2^(cw) G` for `k = 1..=2^(c-1)`.
fn table(c: usize) -> Vec<Vec<G1Affine>> {
    let mut base = G1Affine::generator().into_group();
    let mut bases = Vec::new();
    for _ in 0..BITS.div_ceil(c) {
        bases.push(base);
        for _ in 0..c {
            base.double_in_place();
        }
    }
    CurveGroup::normalize_batch(&bases)
        .into_par_iter()
        .map(|base: G1Affine| {
            let mut row = vec![base];
            while row.len() < 1 << (c - 1) {
                let last = row[row.len() - 1];
                let mut next = row.clone();
                for chunk in next.chunks_mut(BATCH) {
                    let shift = vec![last; chunk.len()];
                    add_batch(chunk, &shift);
                }
                row.extend(next);
            }
            row
        })
        .collect()
}

/// Digits in `-2^(c-1)..=2^(c-1)`, least significant first.
fn signed_digits(s: &Fr, c: usize) -> Vec<i32> {
    let bits = s.into_bigint();
    let mut carry = 0;
    (0..BITS.div_ceil(c))
        .map(|w| {
            let window = (0..c)
                .filter(|b| bits.get_bit(w * c + b))
                .map(|b| 1 << b)
                .sum::<i32>();
            let digit = window + carry;
            carry = i32::from(digit > 1 << (c - 1));
            digit - (carry << c)
        })
        .collect()
}

/// `a[i] += b[i]` with one inversion.
fn add_batch(a: &mut [G1Affine], b: &[G1Affine]) {
    let mut slopes: Vec<Fq> = a.iter().zip(b).map(|(a, b)| b.x - a.x).collect();
    batch_invert(&mut slopes);
    for ((a, b), inverse) in a.iter_mut().zip(b).zip(slopes) {
        if b.infinity {
            continue;
        }
        if a.infinity {
            *a = *b;
        } else if inverse == Fq::ZERO {
            // Equal x: a doubling or a cancellation.
            *a = (a.into_group() + b).into_affine();
        } else {
            let slope = (b.y - a.y) * inverse;
            let x = slope.square() - a.x - b.x;
            *a = G1Affine::new_unchecked(x, slope * (a.x - x) - a.y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_agree_with_the_group_law() {
        let mut scalars: Vec<Fr> = (0..40u64).map(|i| Fr::from(i).pow([7 * i])).collect();
        scalars.extend((0..40u64).map(|i| -Fr::from(i)));
        scalars.push(Fr::ZERO);
        let found = multiples(&scalars, &Task::default()).unwrap();
        for (s, p) in scalars.iter().zip(found) {
            assert_eq!(p, (G1Affine::generator() * s).into_affine());
        }
        assert!(
            table(16)[3][32767] == (G1Affine::generator() * Fr::from(1u64 << 63)).into_affine()
        );
    }
}
