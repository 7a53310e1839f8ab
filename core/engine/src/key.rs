//! Verification keys (specification: encodings, "Verification key").

use crate::domain::{LANES, MAX_DEPTH, MIN_DEPTH};
use crate::encoding::{g2_from_bytes, g2_to_bytes, G2_BYTES};
use crate::error::{Error, Result};
use ark_bn254::{Bn254, G2Affine};
use ark_ec::pairing::Pairing;
use ark_ec::AffineRepr;
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

pub(crate) type G2Prepared = <Bn254 as Pairing>::G2Prepared;

const KEY_MAGIC: &[u8; 14] = b"zkp-grid-vk/1\0";
/// Verification keys kept between calls.
const CACHED_KEYS: usize = 8;

/// A verification key whose points were checked.
pub struct VerificationKey {
    bytes: Vec<u8>,
    srs_id: [u8; 32],
    pub(crate) one: G2Prepared,
    pub(crate) tau: G2Prepared,
    pub(crate) tau_b: G2Prepared,
    /// `V_4, V_8, ..`, prepared for the pairing when first needed.
    data: Vec<(G2Affine, OnceLock<G2Prepared>)>,
}

impl VerificationKey {
    /// The encoding of `[tau]2, [tau^B]2, V_4, .., V_{A_max}`.
    pub(crate) fn encode(points: &[G2Affine]) -> Vec<u8> {
        let largest = 1u32 << (points.len() - 1);
        let mut out = KEY_MAGIC.to_vec();
        out.extend_from_slice(&(LANES as u32).to_be_bytes());
        out.extend_from_slice(&largest.to_be_bytes());
        points
            .iter()
            .for_each(|p| out.extend_from_slice(&g2_to_bytes(p)));
        out
    }

    /// Parses an encoding and checks its points.
    ///
    /// # Errors
    /// [`Error::Argument`] with the first rule that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let malformed = |what: &str| Error::Argument(format!("the verification key {what}"));
        let (head, body) = bytes
            .split_at_checked(22)
            .ok_or_else(|| malformed("is too short"))?;
        if head[..14] != KEY_MAGIC[..] {
            return Err(malformed("is of an unknown kind or version"));
        }
        if head[14..18] != (LANES as u32).to_be_bytes() {
            return Err(malformed("has another number of lanes"));
        }
        let largest = head[18..22]
            .iter()
            .fold(0usize, |n, b| n << 8 | usize::from(*b));
        if !largest.is_power_of_two() || !(MIN_DEPTH..=MAX_DEPTH).contains(&largest) {
            return Err(malformed("names a largest depth that no grid has"));
        }
        let count = largest.trailing_zeros() as usize + 1;
        if body.len() != count * G2_BYTES {
            return Err(malformed("has a wrong length"));
        }
        let points = body
            .chunks_exact(G2_BYTES)
            .map(|b| b.try_into().ok().and_then(g2_from_bytes))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| malformed("holds bytes that are not a point of G2"))?;
        if points[0] == points[1] {
            return Err(malformed("is degenerate"));
        }
        Ok(VerificationKey {
            bytes: bytes.to_vec(),
            srs_id: Sha256::digest(bytes).into(),
            one: G2Affine::generator().into(),
            tau: points[0].into(),
            tau_b: points[1].into(),
            data: points[2..].iter().map(|p| (*p, OnceLock::new())).collect(),
        })
    }

    /// As [`VerificationKey::parse`], which costs more than a verification, but remembers the
    /// last keys.
    ///
    /// # Errors
    /// As [`VerificationKey::parse`].
    pub fn cached(bytes: &[u8]) -> Result<Arc<Self>> {
        static KEYS: Mutex<Vec<Arc<VerificationKey>>> = Mutex::new(Vec::new());
        let keys = || KEYS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys().iter().find(|k| k.bytes == bytes) {
            return Ok(key.clone());
        }
        let key = Arc::new(Self::parse(bytes)?);
        let mut keys = keys();
        if keys.len() >= CACHED_KEYS {
            keys.remove(0);
        }
        keys.push(key.clone());
        Ok(key)
    }

    /// The canonical encoding.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of the encoding.
    pub fn srs_id(&self) -> &[u8; 32] {
        &self.srs_id
    }

    /// `V_A`; `None` where the set-up has no grid of this depth.
    pub(crate) fn data_vanishing(&self, depth: usize) -> Option<&G2Prepared> {
        let (point, prepared) = self
            .data
            .get((depth.trailing_zeros() as usize).checked_sub(2)?)?;
        Some(prepared.get_or_init(|| (*point).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ec::CurveGroup;
    use zkp_kernels::Fr;

    #[test]
    fn keys_are_checked() {
        let g = G2Affine::generator();
        let points: Vec<G2Affine> = (2..=5u64)
            .map(|k| (g * Fr::from(k)).into_affine())
            .collect();
        let bytes = VerificationKey::encode(&points);
        let key = VerificationKey::parse(&bytes).unwrap();
        assert_eq!(key.bytes(), bytes);
        assert!(key.data_vanishing(8).is_some() && key.data_vanishing(16).is_none());
        assert!(VerificationKey::parse(&bytes[..bytes.len() - 1]).is_err());
        assert!(VerificationKey::parse(&[]).is_err());
        for i in (0..bytes.len()).step_by(3) {
            let mut wrong = bytes.clone();
            wrong[i] ^= 1;
            assert!(VerificationKey::parse(&wrong).is_err(), "byte {i}");
        }
        let equal = VerificationKey::encode(&[points[0], points[0], points[1], points[2]]);
        assert!(VerificationKey::parse(&equal).is_err());
        assert!(Arc::ptr_eq(
            &VerificationKey::cached(&bytes).unwrap(),
            &VerificationKey::cached(&bytes).unwrap()
        ));
    }
}
