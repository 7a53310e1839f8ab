//! Field vectors of eight lanes.

use super::field::{Lanes, E};
use super::modulus::{FrMod, MASK};
use super::table::{self, Table};
use super::{combine, fft, ifft, kernels, Simd};
use crate::invert::batch_invert_serial;
use crate::vectors::{enter, same, vector_kernels, vectors};
use crate::{Coset, FieldPath, Fr, Portable, Sum, Twiddles};
use ark_ff::Field;
use std::arch::x86_64::*;

/// Field vectors for AVX-512 IFMA. [`Ifma::detect`] gives one where the processor allows.
#[derive(Clone, Copy, Debug)]
pub struct Ifma(Simd);

impl Ifma {
    /// The path, where the processor has what it needs.
    pub fn detect() -> Option<Self> {
        Simd::detect().map(Ifma)
    }

    pub(crate) fn simd(self) -> Simd {
        self.0
    }
}

/// What a transform back needs.
pub(crate) struct Inverse {
    table: Table,
    last: ifft::Last,
}

impl Ifma {
    fn twiddles(self, twiddles: &Twiddles) -> &(Table, Inverse) {
        twiddles.packed.get_or_init(|| {
            let table = |levels| Table::new(self.0, twiddles.len / 8, levels);
            // The second factor of a level is the root of -1 or, here, its inverse.
            let root = twiddles.inverse.factors[1] * twiddles.len_inv;
            let last = [twiddles.len_inv, root].map(|x| table::single(self.0, x));
            let inverse = Inverse {
                table: table(&twiddles.inverse),
                last,
            };
            (table(&twiddles.forward), inverse)
        })
    }

    /// Transforms too short for two packs, by way of the portable path.
    fn short(self, x: &mut [Lanes], f: impl FnOnce(&mut [Fr])) {
        let mut plain = vec![Fr::default(); x.len() * 8];
        self.store(&mut plain, x);
        f(&mut plain);
        self.load(x, &plain);
    }
}

impl FieldPath for Ifma {
    vectors!(8);

    fn add_scaled_integers(self, dst: &mut [Lanes], src: &[u64], signed: bool, c: Fr) {
        same(dst.len() * 8, src.len());
        // Reducing by as many words as an integer has makes up for the power of two.
        let times = |bits: u64| self.0.splat::<FrMod>(c * Fr::from(2u64).pow([bits]));
        enter!(add_scaled_integers(
            self,
            dst,
            src,
            signed,
            [times(52), times(104)]
        ))
    }

    fn combine(self, dst: &mut [Lanes], sum: &Sum<'_, Lanes>) {
        combine::combine(self.0, dst, sum);
    }

    fn fft(self, x: &mut [Lanes], twiddles: &Twiddles) {
        same(x.len() * Self::WIDTH, twiddles.len);
        if x.len() < 2 {
            return self.short(x, |x| Portable.fft(x, twiddles));
        }
        let (forward, _) = self.twiddles(twiddles);
        // SAFETY: as in `enter`.
        unsafe { fft::forward(self.0, x, forward) }
    }

    fn coset_fft(self, x: &mut [Lanes], coset: &Coset) {
        same(x.len() * Self::WIDTH, coset.len);
        if x.len() < 2 {
            return self.short(x, |x| Portable.coset_fft(x, coset));
        }
        let table = coset
            .packed
            .get_or_init(|| Table::new(self.0, x.len(), &coset.levels));
        // SAFETY: as in `enter`.
        unsafe { fft::forward(self.0, x, table) }
    }

    fn ifft(self, x: &mut [Lanes], twiddles: &Twiddles) {
        same(x.len() * Self::WIDTH, twiddles.len);
        if x.len() < 2 {
            return self.short(x, |x| Portable.ifft(x, twiddles));
        }
        let (_, inverse) = self.twiddles(twiddles);
        // SAFETY: as in `enter`.
        unsafe { ifft::inverse(self.0, x, &inverse.table, &inverse.last) }
    }
}

/// Packs that share an inversion.
const INVERT_BATCH: usize = 1024;

vector_kernels!(u64);

kernels! {
    fn load(s: Simd, dst: &mut [Lanes], src: &[Fr]) {
        let (src, _) = src.as_chunks::<8>();
        for (d, x) in dst.iter_mut().zip(src) {
            s.store(d, s.import::<FrMod>(x));
        }
    }

    fn store(s: Simd, dst: &mut [Fr], src: &[Lanes]) {
        let (dst, _) = dst.as_chunks_mut::<8>();
        for (d, x) in dst.iter_mut().zip(src) {
            *d = s.export::<FrMod>(s.load(x));
        }
    }

    /// `c` are the factor times 2^52, for packs of integers below that, and times 2^104.
    fn add_scaled_integers(s: Simd, dst: &mut [Lanes], src: &[u64], signed: bool, c: [[u64; 5]; 2]) {
        let [one, two] = c.map(|c| s.broadcast(c));
        let mask = s.set(MASK);
        let (src, _) = src.as_chunks::<8>();
        for (d, x) in dst.iter_mut().zip(src) {
            let x = s.load8(x);
            let (x, negative) = match signed {
                true => (_mm512_abs_epi64(x), _mm512_movepi64_mask(x)),
                false => (x, 0),
            };
            // Below 2.1 p, so that settling takes the sum.
            let (low, high) = (_mm512_and_si512(x, mask), _mm512_srli_epi64::<52>(x));
            let product = match _mm512_test_epi64_mask(high, high) {
                0 => s.mul_words::<FrMod, 1>(&one, &[low]),
                _ => s.mul_words::<FrMod, 2>(&two, &[low, high]),
            };
            let sum = s.load(d);
            let (plus, minus) = (s.add(&sum, &product), s.sub(&sum, &product));
            s.store(d, s.settle::<FrMod>(s.select(negative, &plus, &minus)));
        }
    }

    /// Lane by lane. Of 64 products each below 1.21 p^2 the sum is below 0.92 p 2^260, so its
    /// reduction is below 1.92 p; its ten limbs stay below 64 * 10 * 2^52.
    fn dot(s: Simd, a: &[Lanes], b: &[Lanes]) -> [Fr; 8] {
        let mut sum = s.zero();
        for (a, b) in a.chunks(64).zip(b.chunks(64)) {
            let mut wide = [s.set(0); 10];
            for (a, b) in a.iter().zip(b) {
                wide = s.mul_wide(wide, &s.load(a), &s.load(b));
            }
            sum = s.settle::<FrMod>(s.add(&sum, &s.reduce_product::<FrMod>(wide)));
        }
        s.export::<FrMod>(sum)
    }

    /// Montgomery's trick in each lane, with one for zeros.
    fn invert(s: Simd, x: &mut [Lanes], products: &mut [Lanes]) {
        let one = s.broadcast(s.splat::<FrMod>(Fr::from(1u64)));
        let mut product = one;
        for (x, before) in x.iter().zip(products.iter_mut()) {
            s.store(before, product);
            let x = s.load(x);
            let factor = s.select(s.is_zero::<FrMod>(&x), &x, &one);
            product = s.mul::<FrMod>(&product, &factor);
        }
        let mut lanes = s.export::<FrMod>(product);
        batch_invert_serial(&mut lanes);
        let mut inverse = s.import::<FrMod>(&lanes);
        for (x, before) in x.iter_mut().zip(products.iter()).rev() {
            let v = s.load(x);
            let zero = s.is_zero::<FrMod>(&v);
            let out: E = s.mul::<FrMod>(&inverse, &s.load(before));
            inverse = s.mul::<FrMod>(&inverse, &s.select(zero, &v, &one));
            s.store(x, s.select(zero, &out, &s.zero()));
        }
    }
}
