//! Times of the kernels beside those of arkworks and halo2curves, in one run: `cargo run --release --example
//! bench_kernels [log2 of a size ...]`.

mod support;

use ark_ec::VariableBaseMSM;
use ark_ff::UniformRand;
use ark_std::rand::{rngs::StdRng, Rng, SeedableRng};
use support::{best, halo2curves_points, halo2curves_scalars, points};
use zkp_kernels::{msm_bases, msm_rows, zero_packs, Bases, FieldPath, Fr, G1Affine, G1Projective};
use zkp_kernels::{Path, Rows, Scalars, Sum, Twiddles};

fn field<P: FieldPath>(name: &str, p: P) {
    let rng = &mut StdRng::seed_from_u64(1);
    let x: Vec<Fr> = (0..1024).map(|_| Fr::rand(rng)).collect();
    let mut a = vec![P::Pack::default(); x.len() / P::WIDTH];
    p.load(&mut a, &x);
    let b = a.clone();
    let repeat = 200;
    let mut row = |what: &str, f: &mut dyn FnMut(&mut [P::Pack])| {
        let (_, cpu) = best(|| (0..repeat).for_each(|_| f(&mut a)));
        println!(
            "  {name:9} {what:8} {:8.2} ns",
            cpu * 1e6 / (repeat * x.len()) as f64
        );
    };
    row("mul", &mut |a| p.mul_assign(a, &b));
    row("add", &mut |a| p.add_assign(a, &b));
    row("add_mul", &mut |a| p.add_mul(a, &b, &b));
    let pairs = [(&b[..], &b[..]), (&b[..], &b[..])];
    let small = [(&b[..], -1i64), (&b[..], 1 << 16), (&b[..], -(1 << 48))];
    let one = [(&b[..], 1), (&b[..], -1)];
    let sum = |two: usize, minus: usize, small| Sum {
        products: &pairs[..two],
        minus: &pairs[..minus],
        scaled: &[],
        small,
        constant: Fr::default(),
    };
    row("ab+cd", &mut |a| p.combine(a, &sum(2, 0, &[])));
    row("ab-cd", &mut |a| p.combine(a, &sum(1, 1, &[])));
    row("ab", &mut |a| p.combine(a, &sum(1, 0, &[])));
    row("ab+c-d", &mut |a| p.combine(a, &sum(1, 0, &one)));
    row("small", &mut |a| p.combine(a, &sum(0, 0, &small)));
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
        let mut a = zero_packs::<P>(n / P::WIDTH);
        p.fft(&mut a, &twiddles);
        let forward = best(|| p.fft(&mut a, &twiddles));
        let inverse = best(|| p.ifft(&mut a, &twiddles));
        println!(
            "  {name:9} fft 2^{log:<2} {:9.3} ms, inverse {:9.3} ms",
            forward.1, inverse.1
        );
    }
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
            let (elapsed, cpu) = pool.install(|| {
                best(|| {
                    let _ = std::hint::black_box(msm_bases(&bases, 0..n, scalars));
                })
            });
            println!(
                "  {:9} 2^{size:<2} {what:7} {threads} threads {:9.2} ms ({:.2} ms of processors)",
                path.name(),
                elapsed,
                cpu
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
        let (elapsed, cpu) = pool.install(|| {
            best(|| {
                std::hint::black_box(msm_rows(&bases, layout, Scalars::U64(&u64s)));
            })
        });
        println!(
            "  {:9} 2^{size:<2} {rows} sums of 1024, 64-bit, {threads} threads {:9.2} ms ({:.2} ms of processors)",
            path.name(),
            elapsed, cpu
        );
    }
    let (theirs, converted) = (halo2curves_points(&points[..n]), halo2curves_scalars(&full));
    let (elapsed, cpu) = pool.install(|| {
        best(|| {
            std::hint::black_box(halo2curves::msm::msm_best(&converted, &theirs));
        })
    });
    println!(
        "  halo2curves 2^{size:<2} full  {threads} threads {:9.2} ms ({:.2} ms of processors)",
        elapsed, cpu
    );
    let (elapsed, cpu) = pool.install(|| {
        best(|| {
            let _ = std::hint::black_box(G1Projective::msm_unchecked(&points[..n], &full));
        })
    });
    println!(
        "  arkworks  2^{size:<2} full    {threads} threads {:9.2} ms ({:.2} ms of processors)",
        elapsed, cpu
    );
}

fn halo2curves_field() {
    use halo2curves::ff::{Field, PrimeField};
    use halo2curves::{bn256, fft::best_fft};
    let mut a: Vec<_> = (0..1024).map(|i| bn256::Fr::from(i + 3).square()).collect();
    let b = a.clone();
    let repeat = 200;
    let (_, cpu) = best(|| {
        for _ in 0..repeat {
            a.iter_mut().zip(&b).for_each(|(a, b)| *a *= b);
        }
    });
    println!(
        "  halo2curves mul {:11.2} ns",
        cpu * 1e6 / (repeat * a.len()) as f64
    );
    for log in [10, 14, 20] {
        let mut x = vec![bn256::Fr::from(7); 1 << log];
        let root = bn256::Fr::ROOT_OF_UNITY.pow([1 << (bn256::Fr::S - log)]);
        let (elapsed, cpu) = best(|| best_fft(&mut x, root, log));
        println!("  halo2curves fft 2^{log:<2} {elapsed:9.3} ms ({cpu:.3} ms of processors)");
    }
}

fn main() {
    println!("field vectors, processor time of one thread");
    for path in Path::available() {
        match path {
            Path::Portable(p) => field(path.name(), p),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2(p) => field(path.name(), p),
            #[cfg(target_arch = "x86_64")]
            Path::Ifma(p) => field(path.name(), p),
        }
    }
    halo2curves_field();
    println!("sums of multiples of points");
    let mut logs: Vec<u32> = std::env::args().skip(1).flat_map(|s| s.parse()).collect();
    if logs.is_empty() {
        logs = vec![10, 12, 16, 20];
    }
    let points = points(1 << logs.iter().max().copied().unwrap_or(0));
    for log in logs {
        for threads in [1, 2] {
            sums(threads, 1 << log, &points);
        }
    }
}
