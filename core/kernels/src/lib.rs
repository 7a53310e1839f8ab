//! Kernels over BN254: vectors of field elements, FFTs of one lane, multi-scalar multiplication.
//!
//! The engine works lane by lane: a lane is `A` contiguous field elements that fit into cache.
//! A [`FieldPath`] keeps such a lane in its own form (64-bit limbs on the portable path, eight
//! elements across 52-bit limbs with AVX-512 IFMA, four across floating-point digits with AVX2)
//! and offers slice operations only, so that each operation can be compiled for the processor it
//! runs on. All paths give bit-equal results.

#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
pub mod ifma;
mod invert;
mod memory;
mod modulus;
mod msm;
mod path;
pub mod portable;
mod sum;
mod twiddles;
#[cfg(target_arch = "x86_64")]
mod vectors;
mod words;

#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub use ifma::Ifma;
pub use invert::batch_invert;
pub use msm::{msm, msm_bases, msm_rows, Bases, Rows};
pub use path::{detect, Path};
pub use portable::Portable;
pub use sum::{Sum, MAX_PRODUCTS, MAX_SMALL};
pub use twiddles::{root_of_unity, Coset, Twiddles};

use ark_ff::{AdditiveGroup, BigInt, Field};

pub use ark_bn254::{Fq, Fr, G1Affine, G1Projective};

/// Field arithmetic on cache-sized vectors in a form chosen by the path.
///
/// Lengths are in packs; a pack holds [`FieldPath::WIDTH`] elements. Operands of one call have
/// equal lengths; a mismatch panics.
pub trait FieldPath: Copy + Send + Sync + 'static {
    /// `WIDTH` field elements in the path's own form. `Default` is zero.
    type Pack: Copy + Default + Send + Sync + 'static;
    /// Field elements to a pack.
    const WIDTH: usize;

    /// Converts `src` (`dst.len() * WIDTH` elements) into packs.
    fn load(self, dst: &mut [Self::Pack], src: &[Fr]);
    /// Converts packs back into canonical field elements.
    fn store(self, dst: &mut [Fr], src: &[Self::Pack]);
    /// Every element set to `x`.
    fn fill(self, dst: &mut [Self::Pack], x: Fr);

    /// `dst = a + b`
    fn add(self, dst: &mut [Self::Pack], a: &[Self::Pack], b: &[Self::Pack]);
    /// `dst = a - b`
    fn sub(self, dst: &mut [Self::Pack], a: &[Self::Pack], b: &[Self::Pack]);
    /// `dst = a * b`
    fn mul(self, dst: &mut [Self::Pack], a: &[Self::Pack], b: &[Self::Pack]);
    /// `dst += a`
    fn add_assign(self, dst: &mut [Self::Pack], a: &[Self::Pack]);
    /// `dst -= a`
    fn sub_assign(self, dst: &mut [Self::Pack], a: &[Self::Pack]);
    /// `dst *= a`
    fn mul_assign(self, dst: &mut [Self::Pack], a: &[Self::Pack]);
    /// `dst *= c`
    fn scale(self, dst: &mut [Self::Pack], c: Fr);
    /// `dst += c`
    fn add_scalar(self, dst: &mut [Self::Pack], c: Fr);
    /// `dst += c * a`
    fn add_scaled(self, dst: &mut [Self::Pack], a: &[Self::Pack], c: Fr);
    /// `dst += c * src` (`dst.len() * WIDTH` integers), which are in two's complement where `signed`.
    fn add_scaled_integers(self, dst: &mut [Self::Pack], src: &[u64], signed: bool, c: Fr) {
        assert_eq!(dst.len() * Self::WIDTH, src.len());
        // An integer taken for the internal form of an element is x/R, R = 2^256: with cR in
        // place of c, one multiplication converts and scales.
        let c = c * Fr::from(2u64).pow([256]);
        let small = |x: u64| c * Fr::new_unchecked(BigInt([x, 0, 0, 0]));
        let mut elements = vec![Fr::ZERO; Self::WIDTH];
        let mut pack = [Self::Pack::default()];
        for (d, words) in dst.iter_mut().zip(src.chunks_exact(Self::WIDTH)) {
            for (e, x) in elements.iter_mut().zip(words) {
                let x = *x as i64;
                *e = match signed && x < 0 {
                    true => -small(x.unsigned_abs()),
                    false => small(x as u64),
                };
            }
            self.load(&mut pack, &elements);
            self.add_assign(std::slice::from_mut(d), &pack);
        }
    }
    /// `dst += a * b`
    fn add_mul(self, dst: &mut [Self::Pack], a: &[Self::Pack], b: &[Self::Pack]);
    /// `dst = sum`, see [`Sum`].
    fn combine(self, dst: &mut [Self::Pack], sum: &Sum<'_, Self::Pack>) {
        sum.plain(self, dst);
    }
    /// Inner product.
    fn dot(self, a: &[Self::Pack], b: &[Self::Pack]) -> Fr;
    /// Replaces every element by its inverse; zero stays zero.
    fn invert(self, dst: &mut [Self::Pack]);

    /// Coefficients in natural order to values in bit-reversed order (value `i` is at
    /// `root^bitrev(i)`), in place. `x` holds `twiddles.len` elements, so that lengths below
    /// [`FieldPath::WIDTH`] need a path of narrower packs.
    fn fft(self, x: &mut [Self::Pack], twiddles: &Twiddles);
    /// As [`FieldPath::fft`] with values on a coset: value `i` is at `shift root^bitrev(i)`.
    fn coset_fft(self, x: &mut [Self::Pack], coset: &Coset);
    /// Inverse of [`FieldPath::fft`], the factor 1/n included.
    fn ifft(self, x: &mut [Self::Pack], twiddles: &Twiddles);
}

/// `n` packs of zeros; large arrays ask the system for large pages, which long transforms need.
pub fn zero_packs<P: FieldPath>(n: usize) -> Vec<P::Pack> {
    memory::vec(n, P::Pack::default())
}

/// Scalars of a multi-scalar multiplication, in the narrowest form that holds them.
#[derive(Clone, Copy)]
pub enum Scalars<'a> {
    Field(&'a [Fr]),
    U64(&'a [u64]),
    I64(&'a [i64]),
    U16(&'a [u16]),
    Bool(&'a [u8]),
}
