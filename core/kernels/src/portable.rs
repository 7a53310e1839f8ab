//! The portable path: one element to a pack, in the form of arkworks. Sums are of arkworks, products
//! mostly from [`crate::words`].

use crate::modulus::{FrMod, Prime};
use crate::sum::Sum;
use crate::twiddles::Levels;
use crate::words::{add, canonical, mul, near, sub, Constants, Factor, IntegerFactor};
use crate::words::{Products, Words};
use crate::{invert::batch_invert_serial, Coset, FieldPath, Fr, Twiddles};
use ark_ff::Field;

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

fn factor(c: Fr) -> Factor {
    Factor::new::<FrMod>(FrMod::raw(&c))
}

/// The element of any value.
fn element(x: Words) -> Fr {
    FrMod::from_raw(canonical::<FrMod>(x))
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
        let c = factor(c);
        let scale = |d: &mut Fr| *d = element(c.times::<FrMod>(&d.0 .0));
        dst.iter_mut().for_each(scale);
    }

    fn add_scalar(self, dst: &mut [Fr], c: Fr) {
        dst.iter_mut().for_each(|d| *d += c);
    }

    fn add_scaled(self, dst: &mut [Fr], a: &[Fr], c: Fr) {
        let c = factor(c);
        for (d, a) in zip(dst, a) {
            // Below 3.2 p.
            *d = element(add(c.times::<FrMod>(&a.0 .0), d.0 .0));
        }
    }

    fn add_scaled_integers(self, dst: &mut [Fr], src: &[u64], signed: bool, c: Fr) {
        let c = IntegerFactor::new(FrMod::raw(&(c * Fr::from(2u64).pow([64]))));
        for (d, x) in zip(dst, src) {
            let words = d.0 .0;
            *d = element(match signed && (*x as i64) < 0 {
                // Between p and 4 p.
                true => {
                    let product = c.times::<FrMod>((*x as i64).unsigned_abs());
                    sub(add(words, FrMod::THREE), &product)
                }
                false => add(words, c.times::<FrMod>(*x)),
            });
        }
    }

    fn add_mul(self, dst: &mut [Fr], a: &[Fr], b: &[Fr]) {
        for (d, (a, b)) in zip3(dst, a, b) {
            // Below 2.2 p.
            *d = element(add(mul::<FrMod>(&a.0 .0, &b.0 .0), d.0 .0));
        }
    }

    fn combine(self, dst: &mut [Fr], sum: &Sum<'_, Fr>) {
        sum.check(dst.len());
        let is_unit = |k: i64| [1, -1].contains(&k);
        let small = sum.small.iter().filter(|(_, k)| !is_unit(*k));
        let multiples = small.map(|(w, k)| (*w, Fr::from(*k)));
        let scaled: Vec<_> = sum.scaled.iter().copied().chain(multiples).collect();
        let products = sum.products.len() + sum.minus.len() + scaled.len();
        // One product is sooner reduced by itself.
        if !(2..=Products::TOGETHER).contains(&products) {
            return sum.plain(self, dst);
        }
        let constant = FrMod::raw(&sum.constant);
        for (i, d) in dst.iter_mut().enumerate() {
            let mut wide = Products::default();
            for (a, b) in sum.products {
                wide.add(&a[i].0 .0, &b[i].0 .0);
            }
            for (a, b) in sum.minus {
                wide.add(&a[i].0 .0, &sub(FrMod::WORDS, &b[i].0 .0));
            }
            for (a, c) in &scaled {
                wide.add(&a[i].0 .0, &c.0 .0);
            }
            // Each step from below 1.17 p.
            let mut total = add(near::<FrMod>(wide.reduce::<FrMod>()), constant);
            for (w, k) in sum.small {
                total = match k {
                    1 => add(near::<FrMod>(total), w[i].0 .0),
                    -1 => sub(add(near::<FrMod>(total), FrMod::WORDS), &w[i].0 .0),
                    _ => continue,
                };
            }
            *d = element(total);
        }
    }

    fn dot(self, a: &[Fr], b: &[Fr]) -> Fr {
        assert_eq!(a.len(), b.len());
        let some = |(a, b): (&[Fr], &[Fr])| {
            let mut sum = Products::default();
            for (a, b) in a.iter().zip(b) {
                sum.add(&a.0 .0, &b.0 .0);
            }
            element(sum.reduce::<FrMod>())
        };
        let chunks = a.chunks(Products::TOGETHER);
        chunks.zip(b.chunks(Products::TOGETHER)).map(some).sum()
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
                let c = factor(*c);
                let (lo, hi) = block.split_at_mut(half);
                for (lo, hi) in lo.iter_mut().zip(hi) {
                    // What is read is below 2.17 p, what is made below 4.4 and 5.17 p.
                    let (a, b) = (lo.0 .0, hi.0 .0);
                    lo.0 .0 = near::<FrMod>(add(a, b));
                    hi.0 .0 = c.times::<FrMod>(&sub(add(a, FrMod::THREE), &b));
                }
            }
            half *= 2;
        }
        self.scale(x, twiddles.len_inv);
    }
}

/// Between levels, elements are any values below 4.17 p.
fn forward(x: &mut [Fr], levels: &Levels) {
    for level in 0..levels.starts.len() {
        let half = x.len() >> (level + 1);
        for (block, c) in x.chunks_exact_mut(2 * half).zip(levels.level(level)) {
            let c = factor(*c);
            let (lo, hi) = block.split_at_mut(half);
            for (lo, hi) in lo.iter_mut().zip(hi) {
                // Below 1.17 p and 2.17 p: so the sum is below 3.34 p, and the difference with 3 p
                // between 0.8 p and 4.17 p.
                let (a, b) = (near::<FrMod>(lo.0 .0), c.times::<FrMod>(&hi.0 .0));
                lo.0 .0 = add(a, b);
                hi.0 .0 = sub(add(a, FrMod::THREE), &b);
            }
        }
    }
    x.iter_mut().for_each(|x| *x = element(x.0 .0));
}
