//! Bytes of scalars and points (specification: encodings, "Scalars and points").

use ark_bn254::{Fq2, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{AdditiveGroup, BigInt, BigInteger, Field, PrimeField};
use zkp_kernels::{Fq, Fr, G1Affine};

const SMALLER: u8 = 0b10 << 6;
const LARGER: u8 = 0b11 << 6;
const IDENTITY: u8 = 0b01 << 6;

/// Bytes of an encoded G2 point.
pub const G2_BYTES: usize = 128;

fn big_endian<F: PrimeField<BigInt = BigInt<4>>>(x: &F) -> [u8; 32] {
    let mut out = [0; 32];
    let words = x.into_bigint().0;
    for (chunk, word) in out.chunks_exact_mut(8).zip(words.iter().rev()) {
        chunk.copy_from_slice(&word.to_be_bytes());
    }
    out
}

/// `None` unless canonical, that is below the modulus.
fn from_big_endian<F: PrimeField<BigInt = BigInt<4>>>(bytes: &[u8; 32]) -> Option<F> {
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().rev().zip(bytes.chunks_exact(8)) {
        *word = u64::from_be_bytes(chunk.try_into().ok()?);
    }
    F::from_bigint(BigInt(words))
}

/// 32 bytes, big-endian, canonical.
pub fn scalar_to_bytes(x: &Fr) -> [u8; 32] {
    big_endian(x)
}

/// `None` where not canonical.
pub fn scalar_from_bytes(bytes: &[u8; 32]) -> Option<Fr> {
    from_big_endian(bytes)
}

/// `None` where not canonical. Little-endian, the form of cells in memory.
pub fn scalar_from_le_bytes(bytes: &[u8; 32]) -> Option<Fr> {
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = u64::from_le_bytes(chunk.try_into().ok()?);
    }
    Fr::from_bigint(BigInt(words))
}

fn y_is_larger(y: &Fq) -> bool {
    let mut half = Fq::MODULUS;
    half.div2();
    y.into_bigint() > half
}

/// The compressed form of gnark-crypto.
pub fn g1_to_bytes(p: &G1Affine) -> [u8; 32] {
    if p.infinity {
        let mut out = [0; 32];
        out[0] = IDENTITY;
        return out;
    }
    let mut out = big_endian(&p.x);
    out[0] |= if y_is_larger(&p.y) { LARGER } else { SMALLER };
    out
}

/// `None` unless the canonical encoding of a point of the curve (whose cofactor is 1).
pub fn g1_from_bytes(bytes: &[u8; 32]) -> Option<G1Affine> {
    let mut x = *bytes;
    let flags = x[0] & LARGER;
    x[0] &= !LARGER;
    if flags == IDENTITY {
        return (x == [0; 32]).then(G1Affine::identity);
    }
    if flags == 0 {
        return None;
    }
    let x: Fq = from_big_endian(&x)?;
    let y = (x.square() * x + Fq::from(3u64)).sqrt()?;
    let y = if y_is_larger(&y) == (flags == LARGER) {
        y
    } else {
        -y
    };
    // No point of the curve has y = 0: its order is an odd prime.
    (y != Fq::ZERO).then(|| G1Affine::new_unchecked(x, y))
}

/// Uncompressed: `x.c1 || x.c0 || y.c1 || y.c0`.
///
/// # Panics
/// For the identity, which has no encoding.
pub fn g2_to_bytes(p: &G2Affine) -> [u8; G2_BYTES] {
    assert!(!p.infinity, "the identity of G2 has no encoding");
    let mut out = [0; G2_BYTES];
    for (chunk, v) in out
        .chunks_exact_mut(32)
        .zip([p.x.c1, p.x.c0, p.y.c1, p.y.c0])
    {
        chunk.copy_from_slice(&big_endian(&v));
    }
    out
}

/// `None` unless canonical, on the curve and in the subgroup of order `r`.
pub fn g2_from_bytes(bytes: &[u8; G2_BYTES]) -> Option<G2Affine> {
    let part = |i: usize| from_big_endian::<Fq>(bytes[32 * i..32 * i + 32].try_into().ok()?);
    let (x, y) = (Fq2::new(part(1)?, part(0)?), Fq2::new(part(3)?, part(2)?));
    let p = G2Affine::new_unchecked(x, y);
    (p.is_on_curve() && p.is_in_correct_subgroup_assuming_on_curve() && !p.is_zero()).then_some(p)
}
