//! Field vectors of four lanes.

use super::field::{Lanes, E, TOGETHER};
use super::{fft, kernels, Simd};
use crate::invert::batch_invert_serial;
use crate::modulus::FrMod;
use crate::twiddles::Levels;
use crate::vectors::{enter, same, vector_kernels, vectors};
use crate::{Coset, FieldPath, Fr, Portable, Twiddles};
use ark_ff::Field;

/// Field vectors for AVX2 and FMA. [`Avx2::detect`] gives one where the processor allows.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(Simd);

impl Avx2 {
    /// The path, where the processor has what it needs.
    pub fn detect() -> Option<Self> {
        Simd::detect().map(Avx2)
    }

    pub(crate) fn simd(self) -> Simd {
        self.0
    }
}

/// The factors of a transform in packs, for lengths from 8 on.
pub(crate) struct Table {
    pub packs: Vec<Lanes>,
    /// Where the packs of each level begin.
    pub starts: Vec<usize>,
}

impl Avx2 {
    fn table(self, levels: &Levels) -> Table {
        let shared = levels.starts.iter().all(|start| *start == 0);
        let packs_of = |factors: &[Fr]| {
            let mut packs = vec![Lanes::default(); factors.len().div_ceil(4)];
            // SAFETY: as in `enter`.
            unsafe { fft::prepare(self.0, &mut packs, factors) };
            packs
        };
        if shared {
            return Table {
                packs: packs_of(&levels.factors),
                starts: vec![0; levels.starts.len()],
            };
        }
        let (mut packs, mut starts) = (Vec::new(), Vec::new());
        for level in 0..levels.starts.len() {
            starts.push(packs.len());
            packs.extend(packs_of(&levels.level(level)[..1 << level]));
        }
        Table { packs, starts }
    }

    fn twiddles(self, twiddles: &Twiddles) -> &[Table; 2] {
        let levels = || [self.table(&twiddles.forward), self.table(&twiddles.inverse)];
        twiddles.packed_avx2.get_or_init(levels)
    }

    /// Transforms too short for two packs, by way of the portable path.
    fn short(self, x: &mut [Lanes], f: impl FnOnce(&mut [Fr])) {
        let mut plain = vec![Fr::default(); x.len() * 4];
        self.store(&mut plain, x);
        f(&mut plain);
        self.load(x, &plain);
    }
}

impl FieldPath for Avx2 {
    vectors!(4);

    fn add_scaled_integers(self, dst: &mut [Lanes], src: &[u64], signed: bool, c: Fr) {
        same(dst.len() * Self::WIDTH, src.len());
        // An integer taken for an element is x/R, R = 2^255.
        let c = self.0.splat::<FrMod>(c * Fr::from(2u64).pow([255]));
        enter!(add_scaled_integers(self, dst, src, signed, &c))
    }

    fn fft(self, x: &mut [Lanes], twiddles: &Twiddles) {
        same(x.len() * Self::WIDTH, twiddles.len);
        if x.len() < 2 {
            return self.short(x, |x| Portable.fft(x, twiddles));
        }
        let [forward, _] = self.twiddles(twiddles);
        // SAFETY: as in `enter`.
        unsafe { fft::forward(self.0, x, forward) }
    }

    fn coset_fft(self, x: &mut [Lanes], coset: &Coset) {
        same(x.len() * Self::WIDTH, coset.len);
        if x.len() < 2 {
            return self.short(x, |x| Portable.coset_fft(x, coset));
        }
        let table = coset.packed_avx2.get_or_init(|| self.table(&coset.levels));
        // SAFETY: as in `enter`.
        unsafe { fft::forward(self.0, x, table) }
    }

    fn ifft(self, x: &mut [Lanes], twiddles: &Twiddles) {
        same(x.len() * Self::WIDTH, twiddles.len);
        if x.len() < 2 {
            return self.short(x, |x| Portable.ifft(x, twiddles));
        }
        let [_, inverse] = self.twiddles(twiddles);
        let len_inv = self.0.splat::<FrMod>(twiddles.len_inv);
        // SAFETY: as in `enter`.
        unsafe { fft::inverse(self.0, x, inverse, &len_inv) }
    }
}

/// Packs that share an inversion.
const INVERT_BATCH: usize = 1024;

vector_kernels!(f64);

kernels! {
    fn load(s: Simd, dst: &mut [Lanes], src: &[Fr]) {
        let (src, _) = src.as_chunks::<4>();
        for (d, x) in dst.iter_mut().zip(src) {
            s.store(d, s.import::<FrMod>(x));
        }
    }

    fn store(s: Simd, dst: &mut [Fr], src: &[Lanes]) {
        let (dst, _) = dst.as_chunks_mut::<4>();
        for (d, x) in dst.iter_mut().zip(src) {
            *d = s.export::<FrMod>(&s.load(x));
        }
    }

    /// A negative integer is the opposite of a product, digit by digit.
    fn add_scaled_integers(s: Simd, dst: &mut [Lanes], src: &[u64], signed: bool, c: &[f64; 5]) {
        let c = s.broadcast(*c);
        let (src, _) = src.as_chunks::<4>();
        for (d, x) in dst.iter_mut().zip(src) {
            let x = s.integers(x);
            let (x, sign) = if signed { s.magnitude(x) } else { (x, s.set(0.0)) };
            let product = s.mul::<FrMod>(&s.whole(x), &c);
            let sum = s.add(&s.load(d), &s.flip(&product, sign));
            s.store(d, s.settle::<FrMod>(sum));
        }
    }

    /// Lane by lane. A sum of four products, reduced, is at most 4 * 1.05^2 / 2.645 p + 0.63 p, which
    /// is below 2.3 p.
    fn dot(s: Simd, a: &[Lanes], b: &[Lanes]) -> [Fr; 4] {
        let mut sum = s.zero();
        for (a, b) in a.chunks(TOGETHER).zip(b.chunks(TOGETHER)) {
            let mut wide = s.starts(a.len());
            for (a, b) in a.iter().zip(b) {
                wide = s.mul_wide(wide, &s.load(a), &s.load(b));
            }
            sum = s.settle::<FrMod>(s.add(&sum, &s.reduce_product::<FrMod>(wide)));
        }
        s.export::<FrMod>(&sum)
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
        let mut lanes = s.export::<FrMod>(&product);
        batch_invert_serial(&mut lanes);
        let mut inverse = s.import::<FrMod>(&lanes);
        for (x, before) in x.iter_mut().zip(products.iter()).rev() {
            let v = s.load(x);
            let zero = s.is_zero::<FrMod>(&v);
            let factor: E = s.select(zero, &v, &one);
            let before = s.load(before);
            let [out, next] = s.mul_both::<FrMod>([&inverse; 2], [&before, &factor]);
            inverse = next;
            s.store(x, s.select(zero, &out, &s.zero()));
        }
    }
}
