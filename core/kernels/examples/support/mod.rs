//! What the benchmarks share.

use ark_ec::CurveGroup;
use ark_ff::{BigInteger, PrimeField, UniformRand};
use ark_std::rand::{rngs::StdRng, SeedableRng};
use halo2curves::bn256;
use std::time::Instant;
use zkp_kernels::{Fq, Fr, G1Affine, G1Projective};

/// Processor time of this process in milliseconds, where the system tells: on a machine with
/// other work, elapsed time says little.
#[cfg(target_os = "linux")]
pub fn cpu_time() -> f64 {
    let mut t = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the call writes to the structure it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut t) };
    t.tv_sec as f64 * 1e3 + t.tv_nsec as f64 / 1e6
}

/// Elapsed time in milliseconds.
#[cfg(not(target_os = "linux"))]
pub fn cpu_time() -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64() * 1e3
}

/// The least elapsed and the least processor time of several runs, in milliseconds.
pub fn best(mut f: impl FnMut()) -> (f64, f64) {
    let (mut elapsed, mut cpu) = (f64::INFINITY, f64::INFINITY);
    let began = Instant::now();
    let mut runs = 0;
    while runs < 3 || (runs < 5000 && began.elapsed().as_secs_f64() < 0.7) {
        let (start, before) = (Instant::now(), cpu_time());
        f();
        cpu = cpu.min(cpu_time() - before);
        elapsed = elapsed.min(start.elapsed().as_secs_f64() * 1e3);
        runs += 1;
    }
    (elapsed, cpu)
}

/// Points `P + i D + i^2 E + i^3 F`: made by a few additions each, and without the small linear
/// relations that would make sums of few points meet.
pub fn points(n: usize) -> Vec<G1Affine> {
    let rng = &mut StdRng::seed_from_u64(2);
    let mut differences = [(); 4].map(|()| G1Projective::rand(rng));
    let next = |_| {
        for i in 0..3 {
            let next = differences[i + 1];
            differences[i] += next;
        }
        differences[0]
    };
    G1Projective::normalize_batch(&(0..n).map(next).collect::<Vec<_>>())
}

fn bytes(x: ark_ff::BigInt<4>) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(&x.to_bytes_le());
    bytes
}

/// Scalars as those of halo2curves.
pub fn halo2curves_scalars(scalars: &[Fr]) -> Vec<bn256::Fr> {
    let scalar = |x: &Fr| bn256::Fr::from_bytes(&bytes(x.into_bigint())).expect("canonical");
    scalars.iter().map(scalar).collect()
}

/// Points as those of halo2curves.
pub fn halo2curves_points(points: &[G1Affine]) -> Vec<bn256::G1Affine> {
    let coordinate = |x: &Fq| bn256::Fq::from_bytes(&bytes(x.into_bigint())).expect("canonical");
    let point = |p: &G1Affine| bn256::G1Affine {
        x: coordinate(&p.x),
        y: coordinate(&p.y),
    };
    points.iter().map(point).collect()
}
