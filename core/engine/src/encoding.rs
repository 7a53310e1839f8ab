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

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ec::CurveGroup;

    fn modulus<F: PrimeField<BigInt = BigInt<4>>>(plus: u64) -> [u8; 32] {
        let mut words = F::MODULUS.0;
        words[0] += plus;
        let mut out = [0; 32];
        for (chunk, word) in out.chunks_exact_mut(8).zip(words.iter().rev()) {
            chunk.copy_from_slice(&word.to_be_bytes());
        }
        out
    }

    #[test]
    fn scalars_are_canonical() {
        for x in [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(1u64 << 40)] {
            let bytes = scalar_to_bytes(&x);
            assert_eq!(scalar_from_bytes(&bytes), Some(x));
            let mut reversed = bytes;
            reversed.reverse();
            assert_eq!(scalar_from_le_bytes(&reversed), Some(x));
        }
        for plus in [0, 1] {
            assert_eq!(scalar_from_bytes(&modulus::<Fr>(plus)), None);
        }
        assert_eq!(scalar_to_bytes(&Fr::from(258u64))[30..], [1, 2]);
    }

    #[test]
    fn points_have_one_encoding() {
        let g = G1Affine::generator();
        // The generator is (1, 2); 2 is the smaller y.
        let mut expected = [0; 32];
        expected[0] = 0x80;
        expected[31] = 1;
        assert_eq!(g1_to_bytes(&g), expected);
        expected[0] = 0xc0;
        assert_eq!(g1_to_bytes(&-g), expected);
        for k in 0..20u64 {
            let p = (g * Fr::from(k)).into_affine();
            assert_eq!(g1_from_bytes(&g1_to_bytes(&p)), Some(p));
            let mut unflagged = g1_to_bytes(&p);
            unflagged[0] &= 0x3f;
            assert_eq!(g1_from_bytes(&unflagged), None);
        }
        let mut identity = g1_to_bytes(&G1Affine::identity());
        assert_eq!(identity[0], 0x40);
        identity[31] = 1;
        assert_eq!(g1_from_bytes(&identity), None);
        // x = p + 1 stands for x = 1.
        let mut wrapped = modulus::<Fq>(1);
        wrapped[0] |= SMALLER;
        assert_eq!(g1_from_bytes(&wrapped), None);
        // x = 0: 3 is no square, so no point has it.
        let mut none = [0; 32];
        none[0] = SMALLER;
        assert_eq!(g1_from_bytes(&none), None);
    }

    #[test]
    fn points_of_g2_are_checked() {
        let g = G2Affine::generator();
        let bytes = g2_to_bytes(&g);
        assert_eq!(g2_from_bytes(&bytes), Some(g));
        assert_eq!(g2_from_bytes(&[0; G2_BYTES]), None);
        for i in [0, 40, 70, 127] {
            let mut wrong = bytes;
            wrong[i] ^= 1;
            assert_eq!(g2_from_bytes(&wrong), None);
        }
        // A point of the curve outside the subgroup: G2's curve has many more points.
        let outside = (1..100u64)
            .filter_map(|x| G2Affine::get_point_from_x_unchecked(Fq2::from(x), true))
            .find(|p| !p.is_in_correct_subgroup_assuming_on_curve());
        assert_eq!(g2_from_bytes(&g2_to_bytes(&outside.unwrap())), None);
    }
}
