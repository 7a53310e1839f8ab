//! The path for x86-64 with AVX2 and FMA: four field elements at once, in digits of 51 bits that
//! are floating-point numbers.

mod curve;
mod fft;
mod field;
mod modulus;
mod path;

pub use field::Lanes;
pub use path::Avx2;
pub(crate) use path::Table;

/// Compiles functions for the instructions that [`Simd`] stands for.
///
/// The functions may be called from others of their kind, or by `unsafe` code that holds a
/// [`Simd`].
macro_rules! kernels {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident $(<const $g:ident : $b:ty>)? ($($arg:tt)*) $(-> $ret:ty)? $body:block)*) => {
        $($(#[$meta])*
        #[target_feature(enable = "avx2,fma")]
        $vis fn $name $(<const $g: $b>)? ($($arg)*) $(-> $ret)? $body)*
    };
}
pub(crate) use kernels;

/// Proof that this processor has the instructions used here; only [`Simd::detect`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct Simd(());

impl Simd {
    /// The proof, where the processor (and the operating system, by its saved state) has them all.
    pub fn detect() -> Option<Self> {
        let all = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        all.then_some(Simd(()))
    }
}
