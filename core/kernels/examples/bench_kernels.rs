//! Times of the kernels beside those of arkworks, in one run: `cargo run --release --example
//! bench_kernels [log2 of the largest size]`.

use ark_ec::{CurveGroup, VariableBaseMSM};
use ark_ff::UniformRand;
use ark_std::rand::{rngs::StdRng, Rng, SeedableRng};
use std::time::Instant;
use zkp_kernels::{msm_bases, msm_rows, Bases, FieldPath, Fr, G1Affine, G1Projective};
use zkp_kernels::{Path, Portable, Rows, Scalars, Twiddles};

/// Shortest of several runs, in seconds.
fn best(mut f: impl FnMut()) -> f64 {
    let runs = (0..5).map(|_| {
        let start = Instant::now();
        f();
        start.elapsed().as_secs_f64()
    });
    runs.fold(f64::INFINITY, f64::min)
}

fn field<P: FieldPath>(name: &str, p: P) {
    let rng = &mut StdRng::seed_from_u64(1);
    let x: Vec<Fr> = (0..1024).map(|_| Fr::rand(rng)).collect();
    let mut a = vec![P::Pack::default(); x.len() / P::WIDTH];
    p.load(&mut a, &x);
    let b = a.clone();
    let repeat = 200;
    let mut row = |what: &str, f: &mut dyn FnMut(&mut [P::Pack])| {
        let seconds = best(|| (0..repeat).for_each(|_| f(&mut a)));
        println!(
            "  {name:9} {what:8} {:8.2} ns",
            seconds * 1e9 / (repeat * x.len()) as f64
        );
    };
    row("mul", &mut |a| p.mul_assign(a, &b));
    row("add", &mut |a| p.add_assign(a, &b));
    row("add_mul", &mut |a| p.add_mul(a, &b, &b));
    row("dot", &mut |a| {
        std::hint::black_box(p.dot(a, &b));
    });
    row("invert", &mut |a| p.invert(a));
    let mut out = x.clone();
    row("load", &mut |a| p.load(a, &x));
    row("store", &mut |a| p.store(&mut out, a));
    for log in [10, 14, 20] {
        let n = 1 << log;
        let twiddles = Twiddles::new(n);
        let mut a = vec![P::Pack::default(); n / P::WIDTH];
        p.fft(&mut a, &twiddles);
        let forward = best(|| p.fft(&mut a, &twiddles));
        let inverse = best(|| p.ifft(&mut a, &twiddles));
        println!(
            "  {name:9} fft 2^{log:<2} {:9.3} ms, inverse {:9.3} ms",
            forward * 1e3,
            inverse * 1e3
        );
    }
}

/// Distinct points, cheaply.
fn points(n: usize) -> Vec<G1Affine> {
    let rng = &mut StdRng::seed_from_u64(2);
    let steps: Vec<_> = (0..64)
        .map(|_| G1Projective::rand(rng).into_affine())
        .collect();
    let mut sum = G1Projective::rand(rng);
    let next = |i: usize| {
        sum += steps[i % 63];
        sum
    };
    G1Projective::normalize_batch(&(0..n).map(next).collect::<Vec<_>>())
}

fn sums(threads: usize, n: usize, points: &[G1Affine]) {
    let rng = &mut StdRng::seed_from_u64(3);
    let full: Vec<Fr> = (0..n).map(|_| Fr::rand(rng)).collect();
    let u64s: Vec<u64> = (0..n).map(|_| rng.gen()).collect();
    let u16s: Vec<u16> = (0..n).map(|_| rng.gen()).collect();
    let bools: Vec<u8> = (0..n).map(|_| rng.gen_range(0..2)).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.expect("a thread pool");
    let size = n.trailing_zeros();
    for path in Path::available() {
        let bases = Bases::with_path(path, &points[..n]);
        let row = |what: &str, scalars: Scalars<'_>| {
            let seconds = pool.install(|| {
                best(|| {
                    let _ = std::hint::black_box(msm_bases(&bases, 0..n, scalars));
                })
            });
            println!(
                "  {:9} 2^{size:<2} {what:7} {threads} threads {:9.2} ms",
                path.name(),
                seconds * 1e3
            );
        };
        row("full", Scalars::Field(&full));
        row("64-bit", Scalars::U64(&u64s));
        row("16-bit", Scalars::U16(&u16s));
        row("bool", Scalars::Bool(&bools));
        let rows = n / 1024;
        let layout = Rows {
            rows,
            terms: 1024,
            row: 1,
            column: rows,
            start: 0,
        };
        let seconds = pool.install(|| {
            best(|| {
                std::hint::black_box(msm_rows(&bases, layout, Scalars::U64(&u64s)));
            })
        });
        println!(
            "  {:9} 2^{size:<2} {rows} sums of 1024, 64-bit, {threads} threads {:9.2} ms",
            path.name(),
            seconds * 1e3
        );
    }
    let seconds = pool.install(|| {
        best(|| {
            let _ = std::hint::black_box(G1Projective::msm_unchecked(&points[..n], &full));
        })
    });
    println!(
        "  arkworks  2^{size:<2} full    {threads} threads {:9.2} ms",
        seconds * 1e3
    );
}

fn main() {
    println!("field vectors, one thread");
    field("portable", Portable);
    #[cfg(target_arch = "x86_64")]
    if let Some(path) = zkp_kernels::Ifma::detect() {
        field("ifma", path);
    }
    let log = std::env::args()
        .nth(1)
        .map_or(20, |log| log.parse().expect("a size"));
    let points = points(1 << log);
    println!("multi-scalar multiplication");
    for size in [10, 12, 16, log] {
        for threads in [1, 2] {
            sums(threads, 1 << size, &points);
        }
    }
}
