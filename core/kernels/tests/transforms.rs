//! Field vectors and transforms of every path against arkworks and plain evaluation.

use ark_ff::{AdditiveGroup, BigInt, Field, PrimeField, UniformRand};
use ark_std::rand::{rngs::StdRng, Rng, SeedableRng};
use zkp_kernels::{
    batch_invert, root_of_unity, FieldPath, Fr, Path, Portable, Sum, Twiddles, MAX_PRODUCTS,
    MAX_SMALL,
};

/// Runs a test on each path that this processor has.
macro_rules! on_every_path {
    ($($name:ident => $test:ident;)*) => {
        $(#[test]
        fn $name() {
            for path in Path::available() {
                match path {
                    Path::Portable(path) => $test(path),
                    #[cfg(target_arch = "x86_64")]
                    Path::Avx2(path) => $test(path),
                    #[cfg(target_arch = "x86_64")]
                    Path::Ifma(path) => $test(path),
                }
            }
        })*
    };
}

on_every_path! {
    vectors_agree_with_arkworks => vectors;
    sums_agree_with_arkworks => sums;
    inverses_agree_with_arkworks => inverses;
    inner_products_agree_with_arkworks => inner_products;
    long_chains_stay_reduced => chains;
    transforms_agree_with_evaluation => evaluation;
    transforms_agree_with_the_portable_path => long_transforms;
}

/// Elements where carries and reductions are at their edges, in value or in Montgomery form.
fn edges() -> Vec<Fr> {
    let mut out = vec![
        Fr::ZERO,
        Fr::ONE,
        -Fr::ONE,
        Fr::from(Fr::MODULUS_MINUS_ONE_DIV_TWO),
        -Fr::from(Fr::MODULUS_MINUS_ONE_DIV_TWO),
    ];
    for bit in [
        1, 51, 52, 53, 63, 64, 103, 104, 105, 127, 128, 156, 192, 207, 208, 209, 252, 253,
    ] {
        let power = Fr::from(2u64).pow([bit]);
        out.extend([power, power - Fr::ONE, -power, Fr::ONE - power]);
    }
    // Raw words: arkworks' inner form itself near 0, the modulus and limb boundaries.
    let mut top = Fr::MODULUS;
    top.0[0] -= 1;
    for words in [
        [1, 0, 0, 0],
        [(1 << 52) - 1, 0, 0, 0],
        [!0, !0, !0, 0],
        [0, 0, 0, 1 << 60],
        top.0,
    ] {
        out.push(Fr::new_unchecked(BigInt(words)));
    }
    out
}

fn samples(rng: &mut StdRng, n: usize) -> Vec<Fr> {
    let edges = edges();
    (0..n)
        .map(|_| {
            if rng.gen() {
                Fr::rand(rng)
            } else {
                edges[rng.gen_range(0..edges.len())]
            }
        })
        .collect()
}

/// Integers at the edges of limbs and of both readings, and others.
fn integers(rng: &mut StdRng, n: usize) -> Vec<u64> {
    let edges = [
        0,
        1,
        (1 << 52) - 1,
        1 << 52,
        (1 << 63) - 1,
        1 << 63,
        !0,
        !0 << 51,
    ];
    let mut out: Vec<u64> = (0..n).map(|_| rng.gen()).collect();
    out.iter_mut().zip(edges).for_each(|(o, edge)| *o = edge);
    out
}

fn pack<P: FieldPath>(p: P, x: &[Fr]) -> Vec<P::Pack> {
    let mut out = vec![P::Pack::default(); x.len() / P::WIDTH];
    p.load(&mut out, x);
    out
}

fn unpack<P: FieldPath>(p: P, x: &[P::Pack]) -> Vec<Fr> {
    let mut out = vec![Fr::ONE; x.len() * P::WIDTH];
    p.store(&mut out, x);
    out
}

fn vectors<P: FieldPath>(p: P) {
    let rng = &mut StdRng::seed_from_u64(10);
    for n in [0, 8, 16, 72, 6400] {
        let (x, y, z) = (samples(rng, n), samples(rng, n), samples(rng, n));
        let (a, b, c) = (pack(p, &x), pack(p, &y), pack(p, &z));
        assert_eq!(unpack(p, &a), x);
        let check = |f: &dyn Fn(&mut [P::Pack]), expected: &dyn Fn(usize) -> Fr| {
            let mut dst = c.clone();
            f(&mut dst);
            assert_eq!(unpack(p, &dst), (0..n).map(expected).collect::<Vec<_>>());
        };
        check(&|d| p.add(d, &a, &b), &|i| x[i] + y[i]);
        check(&|d| p.sub(d, &a, &b), &|i| x[i] - y[i]);
        check(&|d| p.mul(d, &a, &b), &|i| x[i] * y[i]);
        check(&|d| p.add_assign(d, &a), &|i| z[i] + x[i]);
        check(&|d| p.sub_assign(d, &a), &|i| z[i] - x[i]);
        check(&|d| p.mul_assign(d, &a), &|i| z[i] * x[i]);
        check(&|d| p.add_mul(d, &a, &b), &|i| z[i] + x[i] * y[i]);
        for s in edges() {
            check(&|d| p.fill(d, s), &|_| s);
            check(&|d| p.scale(d, s), &|i| z[i] * s);
            check(&|d| p.add_scalar(d, s), &|i| z[i] + s);
            check(&|d| p.add_scaled(d, &a, s), &|i| z[i] + x[i] * s);
            let words = integers(rng, n);
            check(&|d| p.add_scaled_integers(d, &words, false, s), &|i| {
                z[i] + Fr::from(words[i]) * s
            });
            check(&|d| p.add_scaled_integers(d, &words, true, s), &|i| {
                z[i] + Fr::from(words[i] as i64) * s
            });
        }
    }
}

/// Every number of products of every kind, small coefficients up to their limit, and operands that are
/// nowhere smaller than a settled element may be.
fn sums<P: FieldPath>(p: P) {
    let rng = &mut StdRng::seed_from_u64(20);
    let n = 64;
    let small: [&[i64]; 9] = [
        &[],
        &[1],
        &[-1],
        &[1, -1],
        &[-1, -1],
        &[1, 1, -1, -1],
        &[MAX_SMALL as i64],
        &[-(MAX_SMALL as i64)],
        &[2, -(1 << 16), 1 << 32, -(1 << 48)],
    ];
    for largest in [false, true] {
        let mut vector = || match largest {
            true => vec![-Fr::ONE; n],
            false => samples(rng, n),
        };
        let x: Vec<Vec<Fr>> = (0..2 * MAX_PRODUCTS).map(|_| vector()).collect();
        let packs: Vec<Vec<P::Pack>> = x.iter().map(|x| pack(p, x)).collect();
        let constants = [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(2u64).pow([200])];
        for count in 0..=MAX_PRODUCTS {
            for minus in 0..=count {
                for scaled in 0..=count - minus {
                    for small in small {
                        let plus = count - minus - scaled;
                        let pairs: Vec<_> = (0..count)
                            .map(|i| (&packs[i][..], &packs[i + MAX_PRODUCTS][..]))
                            .collect();
                        let constant = constants[(count + minus + small.len()) % 4];
                        let factor = |i: usize| -Fr::from(i as u64 + 1).inverse().unwrap();
                        let with_factors: Vec<_> = (plus + minus..count)
                            .map(|i| (&packs[i][..], factor(i)))
                            .collect();
                        let with_small: Vec<_> = small
                            .iter()
                            .zip(&packs[3..])
                            .map(|(k, a)| (&a[..], *k))
                            .collect();
                        let sum = Sum {
                            products: &pairs[..plus],
                            minus: &pairs[plus..plus + minus],
                            scaled: &with_factors,
                            small: &with_small,
                            constant,
                        };
                        let mut dst = packs[0].clone();
                        p.combine(&mut dst, &sum);
                        let expected: Vec<Fr> = (0..n)
                            .map(|l| {
                                let product = |i: usize| x[i][l] * x[i + MAX_PRODUCTS][l];
                                let products: Fr = (0..plus).map(product).sum();
                                let minus: Fr = (plus..plus + minus).map(product).sum();
                                let scaled: Fr =
                                    (count - scaled..count).map(|i| x[i][l] * factor(i)).sum();
                                let small: Fr = small
                                    .iter()
                                    .zip(&x[3..])
                                    .map(|(k, x)| Fr::from(*k) * x[l])
                                    .sum();
                                products - minus + scaled + small + constant
                            })
                            .collect();
                        assert_eq!(unpack(p, &dst), expected);
                        // What is stored is settled: sums and differences of it stay right.
                        let twice = dst.clone();
                        p.add_assign(&mut dst, &twice);
                        p.sub_assign(&mut dst, &twice);
                        p.sub_assign(&mut dst, &twice);
                        assert_eq!(unpack(p, &dst), vec![Fr::ZERO; n]);
                    }
                }
            }
        }
    }
}

fn inverses<P: FieldPath>(p: P) {
    let rng = &mut StdRng::seed_from_u64(11);
    for n in [0, 8, 80, 16400] {
        for x in [samples(rng, n), vec![Fr::ZERO; n], vec![-Fr::ONE; n]] {
            let mut a = pack(p, &x);
            p.invert(&mut a);
            let expected: Vec<_> = x.iter().map(|x| x.inverse().unwrap_or(Fr::ZERO)).collect();
            assert_eq!(unpack(p, &a), expected);
        }
    }
}

fn inner_products<P: FieldPath>(p: P) {
    let rng = &mut StdRng::seed_from_u64(12);
    for n in [0, 8, 504, 512, 520, 8192] {
        for (x, y) in [
            (samples(rng, n), samples(rng, n)),
            (vec![-Fr::ONE; n], vec![-Fr::ONE; n]),
        ] {
            let expected: Fr = x.iter().zip(&y).map(|(x, y)| *x * y).sum();
            assert_eq!(p.dot(&pack(p, &x), &pack(p, &y)), expected);
        }
    }
}

/// Many operations without a round trip: a bound that creeps would show.
fn chains<P: FieldPath>(p: P) {
    let rng = &mut StdRng::seed_from_u64(13);
    let n = 1024;
    let (mut x, y) = (samples(rng, n), samples(rng, n));
    let (mut a, b) = (pack(p, &x), pack(p, &y));
    for _ in 0..300 {
        match rng.gen_range(0..5) {
            0 => {
                p.sub_assign(&mut a, &b);
                x.iter_mut().zip(&y).for_each(|(x, y)| *x -= y);
            }
            1 => {
                p.add_assign(&mut a, &b);
                x.iter_mut().zip(&y).for_each(|(x, y)| *x += y);
            }
            2 => {
                p.mul_assign(&mut a, &b);
                x.iter_mut().zip(&y).for_each(|(x, y)| *x *= y);
            }
            3 => {
                p.add_scalar(&mut a, -Fr::ONE);
                x.iter_mut().for_each(|x| *x -= Fr::ONE);
            }
            _ => {
                let twin = a.clone();
                p.add_assign(&mut a, &twin);
                x.iter_mut().for_each(|x| *x += *x);
            }
        }
    }
    assert_eq!(unpack(p, &a), x);
}

fn evaluation<P: FieldPath>(p: P) {
    let rng = &mut StdRng::seed_from_u64(14);
    for log in 2..9 {
        let n = 1usize << log;
        if n < P::WIDTH {
            continue;
        }
        let twiddles = Twiddles::new(n);
        for coefficients in [samples(rng, n), vec![-Fr::ONE; n]] {
            let mut x = pack(p, &coefficients);
            p.fft(&mut x, &twiddles);
            for (i, value) in unpack(p, &x).into_iter().enumerate() {
                let at = root_of_unity(n).pow([(i.reverse_bits() >> (usize::BITS - log)) as u64]);
                let expected = coefficients.iter().rev().fold(Fr::ZERO, |s, c| s * at + c);
                assert_eq!(value, expected);
            }
            p.ifft(&mut x, &twiddles);
            assert_eq!(unpack(p, &x), coefficients);
            for shift in [Fr::ONE, Fr::from(7u64), Fr::rand(rng), Fr::ZERO] {
                let mut x = pack(p, &coefficients);
                p.coset_fft(&mut x, &twiddles.coset(shift));
                let mut powers = std::iter::successors(Some(Fr::ONE), |x| Some(*x * shift));
                let mut expected: Vec<_> = coefficients
                    .iter()
                    .map(|c| powers.next().unwrap_or_default() * c)
                    .collect();
                Portable.fft(&mut expected, &twiddles);
                assert_eq!(unpack(p, &x), expected);
            }
        }
    }
}

fn long_transforms<P: FieldPath>(p: P) {
    let rng = &mut StdRng::seed_from_u64(15);
    for log in 9..16 {
        let n = 1 << log;
        let twiddles = Twiddles::new(n);
        for coefficients in [samples(rng, n), vec![-Fr::ONE; n]] {
            let mut expected = coefficients.clone();
            Portable.fft(&mut expected, &twiddles);
            let mut x = pack(p, &coefficients);
            p.fft(&mut x, &twiddles);
            assert_eq!(unpack(p, &x), expected);
            p.ifft(&mut x, &twiddles);
            assert_eq!(unpack(p, &x), coefficients);
            let coset = twiddles.coset(Fr::from(5u64));
            let mut expected = coefficients.clone();
            Portable.coset_fft(&mut expected, &coset);
            p.coset_fft(&mut x, &coset);
            assert_eq!(unpack(p, &x), expected);
        }
    }
}

#[test]
fn roots_are_powers_of_five() {
    assert_eq!(root_of_unity(2), -Fr::ONE);
    assert_eq!(root_of_unity(1 << 28).pow([1u64 << 27]), -Fr::ONE);
    assert_eq!(root_of_unity(1 << 27), root_of_unity(1 << 28).square());
    let mut exponent = Fr::MODULUS;
    exponent.0[0] -= 1;
    assert_eq!(
        root_of_unity(1 << 28),
        Fr::from(5u64).pow((exponent >> 28).0)
    );
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
