//! Field vectors of eight lanes.

use super::field::{Lanes, E};
use super::modulus::FrMod;
use super::table::{self, Table};
use super::{fft, ifft, kernels, Simd};
use crate::invert::batch_invert_serial;
use crate::vectors::{enter, same, vector_kernels, vectors};
use crate::{Coset, FieldPath, Fr, Portable, Twiddles};
use ark_ff::Field;
use std::arch::x86_64::{_mm512_abs_epi64, _mm512_movepi64_mask};

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
        // A product of plain limbs and c R^2 is one of elements: R = 2^260.
        let c = self.0.splat::<FrMod>(c * Fr::from(2u64).pow([260]));
        enter!(add_scaled_integers(self, dst, src, signed, c))
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

    fn add_scaled_integers(s: Simd, dst: &mut [Lanes], src: &[u64], signed: bool, c: [u64; 5]) {
        let c = s.broadcast(c);
        let zero = s.set(0);
        let (src, _) = src.as_chunks::<8>();
        for (d, x) in dst.iter_mut().zip(src) {
            let x = s.load8(x);
            let (x, negative) = match signed {
                true => (_mm512_abs_epi64(x), _mm512_movepi64_mask(x)),
                false => (x, 0),
            };
            // Below 2^64, so the product of settled limbs is settled.
            let product = s.mul::<FrMod>(&s.split([x, zero, zero, zero]), &c);
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
