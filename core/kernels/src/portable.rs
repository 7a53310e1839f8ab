//! The portable path: one element to a pack, arithmetic of arkworks.

use crate::twiddles::Levels;
use crate::{invert::batch_invert_serial, Coset, FieldPath, Fr, Twiddles};
use ark_ff::AdditiveGroup;

/// Field vectors of arkworks elements. Runs everywhere and is the reference for the other paths.
#[derive(Clone, Copy, Debug, Default)]
pub struct Portable;

fn zip<'a, T, U>(a: &'a mut [T], b: &'a [U]) -> impl Iterator<Item = (&'a mut T, &'a U)> {
    assert_eq!(a.len(), b.len());
    a.iter_mut().zip(b)
}

fn zip3<'a, T, U>(
    dst: &'a mut [T],
    a: &'a [U],
    b: &'a [U],
) -> impl Iterator<Item = (&'a mut T, (&'a U, &'a U))> {
    assert!(dst.len() == a.len() && dst.len() == b.len());
    dst.iter_mut().zip(a.iter().zip(b))
}

impl FieldPath for Portable {
    type Pack = Fr;
    const WIDTH: usize = 1;

    fn load(self, dst: &mut [Fr], src: &[Fr]) {
        dst.copy_from_slice(src);
    }

    fn store(self, dst: &mut [Fr], src: &[Fr]) {
        dst.copy_from_slice(src);
    }

    fn fill(self, dst: &mut [Fr], x: Fr) {
        dst.fill(x);
    }

    fn add(self, dst: &mut [Fr], a: &[Fr], b: &[Fr]) {
        zip3(dst, a, b).for_each(|(d, (a, b))| *d = *a + b);
    }

    fn sub(self, dst: &mut [Fr], a: &[Fr], b: &[Fr]) {
        zip3(dst, a, b).for_each(|(d, (a, b))| *d = *a - b);
    }

    fn mul(self, dst: &mut [Fr], a: &[Fr], b: &[Fr]) {
        zip3(dst, a, b).for_each(|(d, (a, b))| *d = *a * b);
    }

    fn add_assign(self, dst: &mut [Fr], a: &[Fr]) {
        zip(dst, a).for_each(|(d, a)| *d += a);
    }

    fn sub_assign(self, dst: &mut [Fr], a: &[Fr]) {
        zip(dst, a).for_each(|(d, a)| *d -= a);
    }

    fn mul_assign(self, dst: &mut [Fr], a: &[Fr]) {
        zip(dst, a).for_each(|(d, a)| *d *= a);
    }

    fn scale(self, dst: &mut [Fr], c: Fr) {
        dst.iter_mut().for_each(|d| *d *= c);
    }

    fn add_scalar(self, dst: &mut [Fr], c: Fr) {
        dst.iter_mut().for_each(|d| *d += c);
    }

    fn add_scaled(self, dst: &mut [Fr], a: &[Fr], c: Fr) {
        zip(dst, a).for_each(|(d, a)| *d += c * a);
    }

    fn add_mul(self, dst: &mut [Fr], a: &[Fr], b: &[Fr]) {
        zip3(dst, a, b).for_each(|(d, (a, b))| *d += *a * b);
    }

    fn dot(self, a: &[Fr], b: &[Fr]) -> Fr {
        assert_eq!(a.len(), b.len());
        a.iter().zip(b).fold(Fr::ZERO, |s, (a, b)| s + *a * b)
    }

    fn invert(self, dst: &mut [Fr]) {
        batch_invert_serial(dst);
    }

    fn fft(self, x: &mut [Fr], twiddles: &Twiddles) {
        assert_eq!(x.len(), twiddles.len);
        forward(x, &twiddles.forward);
    }

    fn coset_fft(self, x: &mut [Fr], coset: &Coset) {
        assert_eq!(x.len(), coset.len);
        forward(x, &coset.levels);
    }

    fn ifft(self, x: &mut [Fr], twiddles: &Twiddles) {
        assert_eq!(x.len(), twiddles.len);
        let mut half = 1;
        while half < x.len() {
            for (block, c) in x.chunks_exact_mut(2 * half).zip(&twiddles.inverse.factors) {
                let (lo, hi) = block.split_at_mut(half);
                for (lo, hi) in lo.iter_mut().zip(hi) {
                    let t = *lo - *hi;
                    *lo += *hi;
                    *hi = t * c;
                }
            }
            half *= 2;
        }
        self.scale(x, twiddles.len_inv);
    }
}

fn forward(x: &mut [Fr], levels: &Levels) {
    for level in 0..levels.starts.len() {
        let half = x.len() >> (level + 1);
        for (block, c) in x.chunks_exact_mut(2 * half).zip(levels.level(level)) {
            let (lo, hi) = block.split_at_mut(half);
            for (lo, hi) in lo.iter_mut().zip(hi) {
                let t = *hi * c;
                *hi = *lo - t;
                *lo += t;
            }
        }
    }
}
