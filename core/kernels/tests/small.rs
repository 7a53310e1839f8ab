//! A little of everything on every path, small enough for Miri and for an address sanitiser: run
//! by those in `.ci/run`.

use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field};
use zkp_kernels::{
    msm_bases, msm_rows, Bases, FieldPath, Fr, G1Affine, G1Projective, Path, Portable, Rows,
    Scalars, Twiddles,
};

/// Multiples of the generator, by bits.
fn multiple(mut k: u16, p: G1Affine) -> G1Projective {
    let (mut sum, mut p) = (G1Projective::ZERO, G1Projective::from(p));
    while k > 0 {
        if k & 1 == 1 {
            sum += p;
        }
        p.double_in_place();
        k >>= 1;
    }
    sum
}

#[test]
fn sums() {
    let g = G1Affine::generator();
    let some: Vec<_> = (1..6).map(|k| multiple(k, g).into_affine()).collect();
    let bases = [
        g,
        -g,
        G1Affine::identity(),
        g,
        some[1],
        some[2],
        -some[1],
        some[3],
        some[4],
    ];
    let scalars = [1u16, 1, 7, 0, 3, 3, 2, u16::MAX, 1];
    let terms = || bases.iter().zip(scalars);
    let each: Vec<_> = terms().map(|(p, k)| multiple(k, *p)).collect();
    for path in Path::available() {
        let kept = Bases::with_path(path, &bases);
        let sum = msm_bases(&kept, 0..9, Scalars::U16(&scalars));
        assert_eq!(sum, each.iter().sum::<G1Projective>());
        let rows = Rows {
            rows: 3,
            terms: 3,
            row: 1,
            column: 3,
            start: 0,
        };
        let sums = msm_rows(&kept, rows, Scalars::U16(&scalars));
        for (i, sum) in sums.iter().enumerate() {
            let terms = (0..3).map(|j| multiple(scalars[3 * i + j], bases[i + 3 * j]));
            assert_eq!(*sum, terms.sum::<G1Projective>());
        }
    }
}

fn vectors<P: FieldPath>(p: P) {
    let n = 32;
    let x: Vec<Fr> = (0..n).map(|i| Fr::from(i) - Fr::from(5u64)).collect();
    let mut a = vec![P::Pack::default(); x.len() / P::WIDTH];
    p.load(&mut a, &x);
    let b = a.clone();
    p.mul_assign(&mut a, &b);
    p.sub_assign(&mut a, &b);
    p.invert(&mut a);
    let mut out = vec![Fr::ZERO; x.len()];
    p.store(&mut out, &a);
    for (out, x) in out.iter().zip(&x) {
        assert_eq!(*out, (*x * x - x).inverse().unwrap_or_default());
    }
    assert_eq!(p.dot(&a, &b), out.iter().zip(&x).map(|(a, b)| *a * b).sum());

    let twiddles = Twiddles::new(x.len());
    let coset = twiddles.coset(Fr::from(7u64));
    let (mut expected, mut values) = (x.clone(), b.clone());
    Portable.coset_fft(&mut expected, &coset);
    p.coset_fft(&mut values, &coset);
    p.store(&mut out, &values);
    assert_eq!(out, expected);
    p.fft(&mut values, &twiddles);
    p.ifft(&mut values, &twiddles);
    p.store(&mut out, &values);
    assert_eq!(out, expected);
}

#[test]
fn vectors_and_transforms() {
    for path in Path::available() {
        match path {
            Path::Portable(p) => vectors(p),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2(p) => vectors(p),
            #[cfg(target_arch = "x86_64")]
            Path::Ifma(p) => vectors(p),
        }
    }
}
