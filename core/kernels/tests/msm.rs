//! Multi-scalar multiplication against the group law of arkworks, one term after the other.

use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, PrimeField, UniformRand};
use ark_std::rand::{rngs::StdRng, Rng, SeedableRng};
use zkp_kernels::{msm, Fr, G1Affine, G1Projective, Scalars};

const LENGTHS: [usize; 8] = [0, 1, 2, 7, 8, 9, 65, 1000];

fn points(rng: &mut StdRng, n: usize) -> Vec<G1Affine> {
    let some: Vec<_> = (0..n).map(|_| G1Projective::rand(rng)).collect();
    G1Projective::normalize_batch(&some)
}

fn naive(bases: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    bases
        .iter()
        .zip(scalars)
        .map(|(b, s)| b.mul_bigint(s.into_bigint()))
        .sum()
}

/// Lists of bases with every coincidence that addition has to handle.
fn base_lists(rng: &mut StdRng, n: usize) -> Vec<Vec<G1Affine>> {
    let random = points(rng, n);
    let g = G1Affine::generator();
    let mixed = random.iter().enumerate().map(|(i, p)| match i % 5 {
        0 => g,
        1 => -g,
        2 => G1Affine::identity(),
        3 => random[i / 10],
        _ => *p,
    });
    vec![
        mixed.collect(),
        vec![g; n],
        vec![G1Affine::identity(); n],
        (0..n).map(|i| if i % 2 == 0 { g } else { -g }).collect(),
        random,
    ]
}

fn field_scalars(rng: &mut StdRng, n: usize) -> Vec<Vec<Fr>> {
    let half = Fr::from(Fr::MODULUS_MINUS_ONE_DIV_TWO);
    let edges = [
        Fr::from(0u64),
        Fr::from(1u64),
        -Fr::from(1u64),
        Fr::from(2u64),
        half,
        half + Fr::from(1u64),
        Fr::from(u64::MAX),
        Fr::from(u128::MAX),
        -Fr::from(1u64 << 52),
    ];
    vec![
        (0..n).map(|_| Fr::rand(rng)).collect(),
        (0..n).map(|i| edges[i % edges.len()]).collect(),
        vec![Fr::rand(rng); n],
        vec![Fr::ZERO; n],
        (0..n).map(|_| -Fr::from(rng.gen::<u16>())).collect(),
    ]
}

#[test]
fn field_scalars_agree_with_the_group_law() {
    let rng = &mut StdRng::seed_from_u64(1);
    for n in LENGTHS {
        for bases in base_lists(rng, n) {
            for scalars in field_scalars(rng, n) {
                assert_eq!(
                    msm(&bases, Scalars::Field(&scalars)),
                    naive(&bases, &scalars)
                );
            }
        }
    }
}

#[test]
fn narrow_scalars_agree_with_the_group_law() {
    let rng = &mut StdRng::seed_from_u64(2);
    for n in LENGTHS {
        for bases in base_lists(rng, n) {
            let mut u64s: Vec<u64> = (0..n).map(|_| rng.gen()).collect();
            let mut i64s: Vec<i64> = (0..n).map(|_| rng.gen()).collect();
            let mut u16s: Vec<u16> = (0..n).map(|_| rng.gen()).collect();
            for (i, x) in [u64::MAX, 0, 1, 1 << 63, (1 << 52) - 1]
                .into_iter()
                .enumerate()
                .take(n)
            {
                u64s[i] = x;
                i64s[i] = x as i64;
                u16s[i] = x as u16;
            }
            let bools: Vec<u8> = (0..n).map(|_| rng.gen_range(0..2)).collect();
            let f = |s: Vec<Fr>| naive(&bases, &s);
            let to = |s: &[u64]| s.iter().map(|x| Fr::from(*x)).collect();
            assert_eq!(msm(&bases, Scalars::U64(&u64s)), f(to(&u64s)));
            assert_eq!(
                msm(&bases, Scalars::I64(&i64s)),
                f(i64s.iter().map(|x| Fr::from(*x)).collect())
            );
            assert_eq!(
                msm(&bases, Scalars::U16(&u16s)),
                f(u16s.iter().map(|x| Fr::from(*x)).collect())
            );
            assert_eq!(
                msm(&bases, Scalars::Bool(&bools)),
                f(bools.iter().map(|x| Fr::from(*x)).collect())
            );
        }
    }
}
