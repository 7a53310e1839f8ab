//! Transforms and field vectors against plain evaluation.

use ark_ff::{AdditiveGroup, Field, UniformRand};
use ark_std::rand::{rngs::StdRng, SeedableRng};
use zkp_kernels::{batch_invert, root_of_unity, FieldPath, Fr, Portable, Twiddles};

#[test]
fn roots_are_powers_of_five() {
    assert_eq!(root_of_unity(2), -Fr::ONE);
    assert_eq!(root_of_unity(1 << 28).pow([1u64 << 27]), -Fr::ONE);
    assert_eq!(root_of_unity(1 << 27), root_of_unity(1 << 28).square());
}

#[test]
fn values_are_evaluations_in_bit_reversed_order() {
    let rng = &mut StdRng::seed_from_u64(3);
    for log in 2..9 {
        let n = 1usize << log;
        let twiddles = Twiddles::new(n);
        let coefficients: Vec<Fr> = (0..n).map(|_| Fr::rand(rng)).collect();
        let mut values = coefficients.clone();
        Portable.fft(&mut values, &twiddles);
        for (i, value) in values.iter().enumerate() {
            let at = root_of_unity(n).pow([(i.reverse_bits() >> (usize::BITS - log)) as u64]);
            let expected = coefficients.iter().rev().fold(Fr::ZERO, |s, c| s * at + c);
            assert_eq!(*value, expected);
        }
        Portable.ifft(&mut values, &twiddles);
        assert_eq!(values, coefficients);
    }
}

#[test]
fn zero_is_its_own_batch_inverse() {
    let rng = &mut StdRng::seed_from_u64(4);
    let mut x: Vec<Fr> = (0..5000).map(|_| Fr::rand(rng)).collect();
    x[0] = Fr::ZERO;
    x[2047] = Fr::ZERO;
    x[4999] = Fr::ZERO;
    let expected: Vec<Fr> = x.iter().map(|x| x.inverse().unwrap_or(Fr::ZERO)).collect();
    batch_invert(&mut x);
    assert_eq!(x, expected);
}
