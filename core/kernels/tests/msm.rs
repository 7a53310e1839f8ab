//! Multi-scalar multiplication against the group law of arkworks, one term after the other.

use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, PrimeField, UniformRand};
use ark_std::rand::{rngs::StdRng, Rng, SeedableRng};
use zkp_kernels::{
    msm, msm_bases, msm_rows, Bases, Fr, G1Affine, G1Projective, Path, Rows, Scalars,
};

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
        sparse(rng, n),
    ]
}

/// Mostly zeros.
fn sparse(rng: &mut StdRng, n: usize) -> Vec<Fr> {
    let scalar = |i| match i % 23 {
        6 => Fr::rand(rng),
        7 => -Fr::from(i as u64),
        _ => Fr::ZERO,
    };
    (0..n).map(scalar).collect()
}

/// The sum by every path that this processor has, which must all agree.
fn by_every_path(bases: &[G1Affine], scalars: Scalars<'_>) -> G1Projective {
    let expected = msm(bases, scalars);
    for path in Path::available() {
        let kept = Bases::with_path(path, bases);
        let sum = msm_bases(&kept, 0..bases.len(), scalars);
        assert_eq!(sum, expected, "path {}", path.name());
    }
    expected
}

#[test]
fn field_scalars_agree_with_the_group_law() {
    let rng = &mut StdRng::seed_from_u64(1);
    for n in LENGTHS {
        for bases in base_lists(rng, n) {
            for scalars in field_scalars(rng, n) {
                let sum = by_every_path(&bases, Scalars::Field(&scalars));
                assert_eq!(sum, naive(&bases, &scalars));
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
            let edges = [u64::MAX, 0, 1, 1 << 63, (1 << 52) - 1];
            for (i, x) in edges.into_iter().enumerate().take(n) {
                u64s[i] = x;
                i64s[i] = x as i64;
                u16s[i] = x as u16;
            }
            let bools: Vec<u8> = (0..n).map(|_| rng.gen_range(0..2)).collect();
            let check = |scalars: Scalars<'_>, wide: Vec<Fr>| {
                assert_eq!(by_every_path(&bases, scalars), naive(&bases, &wide));
            };
            check(
                Scalars::U64(&u64s),
                u64s.iter().map(|x| Fr::from(*x)).collect(),
            );
            check(
                Scalars::I64(&i64s),
                i64s.iter().map(|x| Fr::from(*x)).collect(),
            );
            check(
                Scalars::U16(&u16s),
                u16s.iter().map(|x| Fr::from(*x)).collect(),
            );
            check(
                Scalars::Bool(&bools),
                bools.iter().map(|x| Fr::from(*x)).collect(),
            );
        }
    }
}

/// Sizes at which points are grouped, buckets cut into pieces and terms split among threads.
#[test]
fn large_sums_agree_on_every_path() {
    let rng = &mut StdRng::seed_from_u64(5);
    let n = 100_000;
    let some = points(rng, 300);
    // Distinct points made cheaply, then some of them repeated and negated.
    let mut sum = G1Projective::from(some[0]);
    let chain: Vec<_> = (0..n)
        .map(|i| {
            sum += some[i % 299];
            sum
        })
        .collect();
    let mut bases = G1Projective::normalize_batch(&chain);
    for plain in [true, false] {
        if !plain {
            for i in (0..n).step_by(97) {
                bases[i] = [some[0], -some[0], G1Affine::identity(), bases[i / 2]][i % 4];
            }
        }
        let random: Vec<Fr> = (0..n).map(|_| Fr::rand(rng)).collect();
        let skewed: Vec<u16> = (0..n)
            .map(|i| if i % 10 == 0 { rng.gen() } else { 7 })
            .collect();
        let bools = vec![1; n];
        let narrow: Vec<i64> = (0..n).map(|_| rng.gen::<i32>().into()).collect();
        let _ = by_every_path(&bases, Scalars::Field(&random));
        let _ = by_every_path(&bases, Scalars::U16(&skewed));
        let _ = by_every_path(&bases, Scalars::I64(&narrow));
        let all = by_every_path(&bases, Scalars::Bool(&bools));
        assert_eq!(all, bases.iter().sum::<G1Projective>());
        let negated = vec![-Fr::from(1u64); n];
        assert_eq!(by_every_path(&bases, Scalars::Field(&negated)), -all);
    }
}

#[test]
fn rows_agree_with_single_sums() {
    let rng = &mut StdRng::seed_from_u64(6);
    let (rows, terms, start) = (13, 40, 5);
    let bases = points(rng, start + rows * terms + 3);
    let scalars: Vec<i64> = (0..rows * terms).map(|_| rng.gen()).collect();
    for (row, column) in [(terms, 1), (1, rows)] {
        let layout = Rows {
            rows,
            terms,
            row,
            column,
            start,
        };
        let expected: Vec<G1Projective> = (0..rows)
            .map(|i| {
                let place = |j: usize| start + i * row + j * column;
                let bases: Vec<_> = (0..terms).map(|j| bases[place(j)]).collect();
                let scalars = &scalars[i * terms..(i + 1) * terms];
                let wide: Vec<_> = scalars.iter().map(|s| Fr::from(*s)).collect();
                naive(&bases, &wide)
            })
            .collect();
        for path in Path::available() {
            let kept = Bases::with_path(path, &bases);
            assert_eq!(msm_rows(&kept, layout, Scalars::I64(&scalars)), expected);
            let none = Rows { rows: 0, ..layout };
            assert!(msm_rows(&kept, none, Scalars::I64(&[])).is_empty());
        }
    }
}

#[test]
fn bases_come_back_as_they_went_in() {
    let rng = &mut StdRng::seed_from_u64(7);
    for list in base_lists(rng, 20) {
        for path in Path::available() {
            let kept = Bases::with_path(path, &list);
            assert_eq!(
                (0..kept.len()).map(|i| kept.get(i)).collect::<Vec<_>>(),
                list
            );
        }
    }
}

#[test]
fn one_range_of_the_bases_is_used() {
    let rng = &mut StdRng::seed_from_u64(8);
    let bases = points(rng, 50);
    let scalars: Vec<Fr> = (0..20).map(|_| Fr::rand(rng)).collect();
    for path in Path::available() {
        let kept = Bases::with_path(path, &bases);
        let sum = msm_bases(&kept, 7..27, Scalars::Field(&scalars));
        assert_eq!(sum, naive(&bases[7..27], &scalars));
    }
}

#[test]
fn points_of_one_number_are_added() {
    let rng = &mut StdRng::seed_from_u64(9);
    for (n, count) in [(0, 0), (0, 3), (9, 1), (65, 4), (1000, 7), (1000, 900)] {
        for list in base_lists(rng, n + 5) {
            let codes: Vec<u32> = (0..n).map(|_| rng.gen_range(0..=count as u32)).collect();
            let mut sums = vec![G1Projective::ZERO; count + 1];
            codes
                .iter()
                .zip(&list[5..])
                .for_each(|(code, point)| sums[*code as usize] += point);
            let sums = G1Projective::normalize_batch(&sums[1..]);
            let scalars: Vec<Fr> = (0..count).map(|_| Fr::rand(rng)).collect();
            for path in Path::available() {
                let joined = Bases::with_path(path, &list).joined(5, &codes, count);
                let found: Vec<G1Affine> = (0..joined.len()).map(|i| joined.get(i)).collect();
                assert_eq!(found, sums);
                let sum = msm_bases(&joined, 0..count, Scalars::Field(&scalars));
                assert_eq!(sum, naive(&sums, &scalars));
            }
        }
    }
}

#[test]
fn tables_of_multiples_change_nothing() {
    let rng = &mut StdRng::seed_from_u64(9);
    let n = 300;
    for bases in base_lists(rng, n) {
        let lists = field_scalars(rng, n);
        let narrow: Vec<i64> = (0..n).map(|_| rng.gen()).collect();
        let wide: Vec<Fr> = narrow.iter().map(|x| Fr::from(*x)).collect();
        for path in Path::available() {
            let kept = Bases::with_path(path, &bases).with_table(100);
            for scalars in &lists {
                for range in [0..n, 3..50, 5..5, 299..300] {
                    let scalars = &scalars[range.clone()];
                    let sum = msm_bases(&kept, range.clone(), Scalars::Field(scalars));
                    assert_eq!(sum, naive(&bases[range], scalars));
                }
            }
            let sum = msm_bases(&kept, 0..n, Scalars::I64(&narrow));
            assert_eq!(sum, naive(&bases, &wide));
        }
    }
}
