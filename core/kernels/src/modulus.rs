//! The two prime fields of the curve, as arkworks keeps their elements.

use ark_ff::{BigInt, Fp, MontConfig, PrimeField};
use std::marker::PhantomData;

/// A prime field of 254 bits.
pub(crate) trait Prime: Copy + Send + Sync + 'static {
    /// The field of arkworks.
    type Field: PrimeField<BigInt = BigInt<4>>;
    const WORDS: [u64; 4];

    /// The words of an element in Montgomery form for 2^256, as arkworks keeps it.
    fn raw(x: &Self::Field) -> [u64; 4];
    /// The element of these words, which are below p.
    fn from_raw(words: [u64; 4]) -> Self::Field;
}

/// Arithmetic modulo the group order.
pub(crate) type FrMod = Ark<ark_bn254::FrConfig>;
/// Arithmetic modulo the characteristic of the curve's field.
pub(crate) type FqMod = Ark<ark_bn254::FqConfig>;

pub(crate) struct Ark<C>(PhantomData<C>);

impl<C> Clone for Ark<C> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<C> Copy for Ark<C> {}

impl<C: MontConfig<4>> Prime for Ark<C> {
    type Field = Fp<ark_ff::MontBackend<C, 4>, 4>;
    const WORDS: [u64; 4] = C::MODULUS.0;

    fn raw(x: &Self::Field) -> [u64; 4] {
        x.0 .0
    }

    fn from_raw(words: [u64; 4]) -> Self::Field {
        Fp(BigInt(words), PhantomData)
    }
}
