//! The Fiat-Shamir transcript and other framed SHAKE-256 states (specification: encodings,
//! "Transcript" and "Blinding").

use crate::domain::LANES;
use crate::encoding::{g1_to_bytes, scalar_to_bytes};
use ark_ff::{BigInt, Field, PrimeField};
use sha3::digest::{ExtendableOutput, Update, XofReader};
use sha3::{Shake256, Shake256Reader};
use std::sync::LazyLock;
use zeroize::Zeroize;
use zkp_kernels::{Fr, G1Affine};

/// SHAKE-256 over framed messages `u32(len label) || label || u64(len data) || data`.
#[derive(Clone, Default)]
pub struct Transcript(Shake256);

impl Transcript {
    /// Absorbs one framed message.
    pub fn absorb(&mut self, label: &str, data: &[u8]) {
        self.0.update(&(label.len() as u32).to_be_bytes());
        self.0.update(label.as_bytes());
        self.0.update(&(data.len() as u64).to_be_bytes());
        self.0.update(data);
    }

    /// Absorbs the encoding of a point.
    pub fn absorb_point(&mut self, label: &str, point: &G1Affine) {
        self.absorb(label, &g1_to_bytes(point));
    }

    /// Absorbs the encoding of a scalar.
    pub fn absorb_scalar(&mut self, label: &str, scalar: &Fr) {
        self.absorb(label, &scalar_to_bytes(scalar));
    }

    /// Squeezes a challenge from a copy of the state and absorbs what was squeezed.
    pub fn challenge(&mut self, label: &str) -> Fr {
        let mut bytes = [0; 64];
        self.0.clone().finalize_xof().read(&mut bytes);
        self.absorb(label, &bytes);
        Fr::from_be_bytes_mod_order(&bytes)
    }

    /// The output of the state as a stream of field elements.
    pub fn into_scalars(self) -> ScalarStream {
        ScalarStream(self.0.finalize_xof())
    }
}

/// What a proof is bound to beside its program and set-up (step 0 of the protocol).
#[derive(Clone, Copy, Debug)]
pub struct Instance<'a> {
    /// The ledger id in UTF-8.
    pub context: &'a [u8],
    /// The statement's canonical JSON.
    pub statement: &'a [u8],
    /// Number of the program in the statement, from 0.
    pub part: u32,
}

impl Instance<'_> {
    /// The transcript after step 0.
    pub fn transcript(&self, srs_id: &[u8; 32], depth: usize) -> Transcript {
        let mut t = Transcript::default();
        t.absorb("protocol", b"zkp-grid/1");
        t.absorb("curve", b"bn254");
        t.absorb("lanes", &(LANES as u32).to_be_bytes());
        t.absorb("depth", &(depth as u32).to_be_bytes());
        t.absorb("srs", srs_id);
        t.absorb("context", self.context);
        t.absorb("statement", self.statement);
        t.absorb("part", &self.part.to_be_bytes());
        t
    }
}

/// The integer of 64 bytes, most significant first, modulo `r`.
///
/// Cut into parts of at most 192 bits, which are below `r` and so internal forms of elements: that
/// of `x` is the element `x/2^256`.
fn reduce(bytes: &[u8; 64]) -> Fr {
    static WEIGHTS: LazyLock<[Fr; 3]> =
        LazyLock::new(|| [0, 192, 384].map(|k| Fr::from(2u64).pow([256 + k])));
    let word = |i: usize| {
        let end = 64 - 8 * i;
        u64::from_be_bytes(bytes[end - 8..end].try_into().unwrap_or_default())
    };
    let part = |words: [u64; 4], weight: &Fr| Fr::new_unchecked(BigInt(words)) * weight;
    let [low, middle, high] = &*WEIGHTS;
    part([word(0), word(1), word(2), 0], low)
        + part([word(3), word(4), word(5), 0], middle)
        + part([word(6), word(7), 0, 0], high)
}

/// Field elements of 64 bytes of output each, read as an integer and reduced modulo `r`.
pub struct ScalarStream(Shake256Reader);

impl ScalarStream {
    /// The next element.
    pub fn scalar(&mut self) -> Fr {
        let mut bytes = [0; 64];
        self.0.read(&mut bytes);
        let x = reduce(&bytes);
        bytes.zeroize();
        x
    }

    /// The next `n` elements.
    pub fn scalars(&mut self, n: usize) -> Vec<Fr> {
        (0..n).map(|_| self.scalar()).collect()
    }
}

/// The blinding value of a commitment (specification: encodings, "Blinding").
pub fn commitment_blinding(seed: &[u8; 32], srs_id: &[u8; 32], depth: usize, label: &[u8]) -> Fr {
    let mut state = Transcript::default();
    state.absorb("purpose", b"zkp-grid/1/commitment");
    state.absorb("seed", seed);
    state.absorb("srs", srs_id);
    state.absorb("depth", &(depth as u32).to_be_bytes());
    state.absorb("column", label);
    state.into_scalars().scalar()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_the_bytes_modulo_r() {
        let mut stream = Transcript::default().0.finalize_xof();
        let mut samples = vec![[0; 64], [255; 64], [1; 64]];
        for _ in 0..50 {
            let mut bytes = [0; 64];
            stream.read(&mut bytes);
            samples.push(bytes);
        }
        for bytes in samples {
            assert_eq!(reduce(&bytes), Fr::from_be_bytes_mod_order(&bytes));
        }
    }
}
