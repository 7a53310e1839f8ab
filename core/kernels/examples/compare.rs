//! Processor times of the kernels, of halo2curves and of arkworks at 2^20 with one thread, in the
//! lines that `benchmarks/kernels/compare.py` reads: library or path, operation, milliseconds
//! (nanoseconds for a field multiplication).

mod support;

use ark_ec::VariableBaseMSM;
use ark_ff::UniformRand;
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};
use ark_std::rand::{rngs::StdRng, Rng, SeedableRng};
use halo2curves::bn256;
use halo2curves::ff::{Field, PrimeField};
use std::hint::black_box;
use support::{best, halo2curves_points, halo2curves_scalars, points};
use zkp_kernels::{
    msm_bases, zero_packs, Bases, FieldPath, Fr, G1Affine, G1Projective, Path, Scalars, Twiddles,
};

const LOG: u32 = 20;
/// Elements of vectors that stay in the innermost cache, and how often they are multiplied.
const SHORT: usize = 1024;
const REPEAT: usize = 200;

fn report(name: &str, operation: &str, f: impl FnMut()) {
    let (_, cpu) = best(f);
    let unit = if operation == "mul" {
        1e6 / (REPEAT * SHORT) as f64
    } else {
        1.0
    };
    println!("{name} {operation} {:.4}", cpu * unit);
}

fn field<P: FieldPath>(name: &str, p: P, x: &[Fr]) {
    let mut a = zero_packs::<P>(x.len() / P::WIDTH);
    p.load(&mut a, x);
    let (short, rest) = a.split_at_mut(SHORT / P::WIDTH);
    let other = &rest[..short.len()];
    report(name, "mul", || {
        for _ in 0..REPEAT {
            p.mul_assign(short, other);
        }
    });
    let twiddles = Twiddles::new(x.len());
    report(name, "fft", || p.fft(&mut a, &twiddles));
}

fn main() {
    let n = 1 << LOG;
    let rng = &mut StdRng::seed_from_u64(3);
    let full: Vec<Fr> = (0..n).map(|_| Fr::rand(rng)).collect();
    let u64s: Vec<u64> = (0..n).map(|_| rng.gen()).collect();
    let u16s: Vec<u16> = (0..n).map(|_| rng.gen()).collect();
    let points = points(n);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    pool.expect("a thread pool").install(|| {
        for path in Path::available() {
            ours(path, &points, &full, &u64s, &u16s);
        }
        let wide: Vec<Fr> = u64s.iter().map(|x| Fr::from(*x)).collect();
        let short: Vec<Fr> = u16s.iter().map(|x| Fr::from(*x)).collect();
        let lists = [("msm-full", &full), ("msm-64", &wide), ("msm-16", &short)];
        let theirs = halo2curves_points(&points);
        for (operation, scalars) in lists {
            let converted = halo2curves_scalars(scalars);
            report("halo2curves", operation, || {
                black_box(halo2curves::msm::msm_best(&converted, &theirs));
            });
            report("arkworks", operation, || {
                let _ = black_box(G1Projective::msm_unchecked(&points, scalars));
            });
        }
        libraries(&full);
    });
}

fn ours(path: Path, points: &[G1Affine], full: &[Fr], u64s: &[u64], u16s: &[u16]) {
    let name = path.name();
    match path {
        Path::Portable(p) => field(name, p, full),
        #[cfg(target_arch = "x86_64")]
        Path::Avx2(p) => field(name, p, full),
        #[cfg(target_arch = "x86_64")]
        Path::Ifma(p) => field(name, p, full),
    }
    let bases = Bases::with_path(path, points);
    let lists = [
        ("msm-full", Scalars::Field(full)),
        ("msm-64", Scalars::U64(u64s)),
        ("msm-16", Scalars::U16(u16s)),
    ];
    for (operation, scalars) in lists {
        report(name, operation, || {
            let _ = black_box(msm_bases(&bases, 0..points.len(), scalars));
        });
    }
}

fn libraries(scalars: &[Fr]) {
    let mut x = halo2curves_scalars(scalars);
    let root = bn256::Fr::ROOT_OF_UNITY.pow([1 << (bn256::Fr::S - LOG)]);
    report("halo2curves", "fft", || {
        halo2curves::fft::best_fft(&mut x, root, LOG);
    });
    let (short, rest) = x.split_at_mut(SHORT);
    report("halo2curves", "mul", || {
        for _ in 0..REPEAT {
            short.iter_mut().zip(&*rest).for_each(|(a, b)| *a *= b);
        }
    });
    let mut x = scalars.to_vec();
    let domain = Radix2EvaluationDomain::<Fr>::new(x.len()).expect("a subgroup of this order");
    report("arkworks", "fft", || domain.fft_in_place(&mut x));
    let (short, rest) = x.split_at_mut(SHORT);
    report("arkworks", "mul", || {
        for _ in 0..REPEAT {
            short.iter_mut().zip(&*rest).for_each(|(a, b)| *a *= b);
        }
    });
}
