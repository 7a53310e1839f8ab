//! The randomness of one proof.

use crate::domain::{BLINDING, LANES};
use crate::error::{Error, Result};
use crate::transcript::{Instance, ScalarStream, Transcript};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;
use zkp_kernels::Fr;

/// Expands 32 fresh bytes of the operating system; every use has a label of its own.
pub struct Secrets {
    seed: Zeroizing<[u8; 32]>,
    statement: [u8; 32],
}

impl Secrets {
    pub fn new(instance: &Instance) -> Result<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut seed[..]).map_err(|e| {
            Error::Setup(format!("the operating system gives no random bytes: {e}"))
        })?;
        Ok(Secrets {
            seed,
            statement: Sha256::digest(instance.statement).into(),
        })
    }

    fn stream(&self, label: &str, number: usize) -> ScalarStream {
        let mut state = Transcript::default();
        state.absorb("purpose", b"zkp-grid/1/proof");
        state.absorb("seed", &self.seed[..]);
        state.absorb("statement", &self.statement);
        state.absorb(label, &(number as u64).to_be_bytes());
        state.into_scalars()
    }

    /// The values of a column's `3B` blinding cells, or the coefficients of an operand's `e_k`.
    pub fn blinding(&self, label: &str, number: usize) -> Zeroizing<Vec<Fr>> {
        Zeroizing::new(self.stream(label, number).scalars(BLINDING * LANES))
    }

    /// `m = X r + z0 (X^A - 1)`.
    pub fn mask(&self, depth: usize) -> Zeroizing<Vec<Fr>> {
        let mut m = Zeroizing::new(self.stream("mask", 0).scalars(depth + 1));
        m[0] = -m[depth];
        m
    }
}
