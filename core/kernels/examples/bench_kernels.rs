//! Times of the kernels beside those of arkworks, in one run: `cargo run --release --example
//! bench_kernels [log2 of the largest size]`.

use ark_ff::UniformRand;
use ark_std::rand::{rngs::StdRng, SeedableRng};
use std::time::Instant;
use zkp_kernels::{FieldPath, Fr, Portable, Twiddles};

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

fn main() {
    println!("field vectors, one thread");
    field("portable", Portable);
    #[cfg(target_arch = "x86_64")]
    if let Some(path) = zkp_kernels::Ifma::detect() {
        field("ifma", path);
    }
}
