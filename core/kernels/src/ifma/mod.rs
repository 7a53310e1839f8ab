//! The path for x86-64 with AVX-512 IFMA: eight field elements at once in limbs of 52 bits.

mod combine;
mod complete;
mod curve;
mod fft;
mod field;
mod ifft;
mod modulus;
mod path;
mod prepared;
mod product;
mod table;
mod turn;

pub use field::Lanes;
pub use path::Ifma;
pub(crate) use path::Inverse;
pub(crate) use table::Table;

/// Compiles functions for the instructions that [`Simd`] stands for.
///
/// The functions may be called from others of their kind, or by `unsafe` code that holds a
/// [`Simd`].
macro_rules! kernels {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident $(<const $g:ident : $b:ty>)? ($($arg:tt)*) $(-> $ret:ty)? $body:block)*) => {
        $($(#[$meta])*
        #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma,avx512vbmi2,bmi2,adx")]
        $vis fn $name $(<const $g: $b>)? ($($arg)*) $(-> $ret)? $body)*
    };
}
pub(crate) use kernels;

/// Runs over the quarters of packs, two packs of each at once. (A macro, because a closure might be
/// compiled without the instructions of its caller.)
macro_rules! for_each_two {
    ($x:ident, |$x0:ident, $x1:ident, $x2:ident, $x3:ident| $body:expr) => {
        let (low, high) = $x.split_at_mut($x.len() / 2);
        let (x0, x1) = low.split_at_mut(low.len() / 2);
        let (x2, x3) = high.split_at_mut(high.len() / 2);
        let ((x0, _), (x1, _)) = (x0.as_chunks_mut::<2>(), x1.as_chunks_mut::<2>());
        let ((x2, _), (x3, _)) = (x2.as_chunks_mut::<2>(), x3.as_chunks_mut::<2>());
        for (($x0, $x1), ($x2, $x3)) in x0.iter_mut().zip(x1).zip(x2.iter_mut().zip(x3)) {
            $body;
        }
    };
}
pub(crate) use for_each_two;

/// Proof that this processor has the instructions used here; only [`Simd::detect`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct Simd(());

impl Simd {
    /// The proof, where the processor (and the operating system, by its saved state) has them all.
    pub fn detect() -> Option<Self> {
        let all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512ifma")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("adx");
        all.then_some(Simd(()))
    }
}
