//! What the paths of several lanes have in common: lengths are checked once, so that the loops of the
//! kernels need not, and then a kernel of the processor does the work.

/// Equal lengths.
pub(crate) fn same(n: usize, m: usize) {
    assert_eq!(n, m, "operands of different lengths");
}

/// Forwards to a kernel of this processor.
macro_rules! enter {
    ($f:ident ( $self:ident $(, $arg:expr)* )) => {
        // SAFETY: `Simd` is the proof that the processor has the kernel's instructions.
        unsafe { $f($self.0 $(, $arg)*) }
    };
}
pub(crate) use enter;

/// The operations of [`crate::FieldPath`] on vectors, for a path that holds a `Simd`, in a module that
/// has a kernel for each of them, `Lanes`, `FrMod`, `INVERT_BATCH`, and [`same`] and [`enter`].
macro_rules! vectors {
    ($width:literal) => {
        type Pack = Lanes;
        const WIDTH: usize = $width;

        fn load(self, dst: &mut [Lanes], src: &[Fr]) {
            same(dst.len() * Self::WIDTH, src.len());
            enter!(load(self, dst, src))
        }

        fn store(self, dst: &mut [Fr], src: &[Lanes]) {
            same(dst.len(), src.len() * Self::WIDTH);
            enter!(store(self, dst, src))
        }

        fn fill(self, dst: &mut [Lanes], x: Fr) {
            let limbs = self.0.splat::<FrMod>(x);
            dst.fill(Lanes(limbs.map(|limb| [limb; Self::WIDTH])));
        }

        fn add(self, dst: &mut [Lanes], a: &[Lanes], b: &[Lanes]) {
            same(dst.len(), a.len());
            same(dst.len(), b.len());
            enter!(add(self, dst, a, b))
        }

        fn sub(self, dst: &mut [Lanes], a: &[Lanes], b: &[Lanes]) {
            same(dst.len(), a.len());
            same(dst.len(), b.len());
            enter!(sub(self, dst, a, b))
        }

        fn mul(self, dst: &mut [Lanes], a: &[Lanes], b: &[Lanes]) {
            same(dst.len(), a.len());
            same(dst.len(), b.len());
            enter!(mul(self, dst, a, b))
        }

        fn add_assign(self, dst: &mut [Lanes], a: &[Lanes]) {
            same(dst.len(), a.len());
            enter!(add_assign(self, dst, a))
        }

        fn sub_assign(self, dst: &mut [Lanes], a: &[Lanes]) {
            same(dst.len(), a.len());
            enter!(sub_assign(self, dst, a))
        }

        fn mul_assign(self, dst: &mut [Lanes], a: &[Lanes]) {
            same(dst.len(), a.len());
            enter!(mul_assign(self, dst, a))
        }

        fn scale(self, dst: &mut [Lanes], c: Fr) {
            let c = self.0.splat::<FrMod>(c);
            enter!(scale(self, dst, c))
        }

        fn add_scalar(self, dst: &mut [Lanes], c: Fr) {
            let c = self.0.splat::<FrMod>(c);
            enter!(add_scalar(self, dst, c))
        }

        fn add_scaled(self, dst: &mut [Lanes], a: &[Lanes], c: Fr) {
            same(dst.len(), a.len());
            let c = self.0.splat::<FrMod>(c);
            enter!(add_scaled(self, dst, a, c))
        }

        fn add_mul(self, dst: &mut [Lanes], a: &[Lanes], b: &[Lanes]) {
            same(dst.len(), a.len());
            same(dst.len(), b.len());
            enter!(add_mul(self, dst, a, b))
        }

        fn dot(self, a: &[Lanes], b: &[Lanes]) -> Fr {
            same(a.len(), b.len());
            enter!(dot(self, a, b)).iter().sum()
        }

        fn invert(self, dst: &mut [Lanes]) {
            let mut products = vec![Lanes::default(); dst.len().min(INVERT_BATCH)];
            for chunk in dst.chunks_mut(INVERT_BATCH) {
                enter!(invert(self, chunk, &mut products[..chunk.len()]))
            }
        }
    };
}
pub(crate) use vectors;

/// The kernels for [`vectors`] that are the same for all paths: digits differ in their type, and
/// `kernels` in the instructions that it compiles for. What is stored is settled.
macro_rules! vector_kernels {
    ($digit:ty) => {
        kernels! {
            fn add(s: Simd, dst: &mut [Lanes], a: &[Lanes], b: &[Lanes]) {
                for (d, (a, b)) in dst.iter_mut().zip(a.iter().zip(b)) {
                    s.store(d, s.settle::<FrMod>(s.add(&s.load(a), &s.load(b))));
                }
            }

            fn sub(s: Simd, dst: &mut [Lanes], a: &[Lanes], b: &[Lanes]) {
                for (d, (a, b)) in dst.iter_mut().zip(a.iter().zip(b)) {
                    s.store(d, s.settle::<FrMod>(s.sub(&s.load(a), &s.load(b))));
                }
            }

            fn mul(s: Simd, dst: &mut [Lanes], a: &[Lanes], b: &[Lanes]) {
                for (d, (a, b)) in dst.iter_mut().zip(a.iter().zip(b)) {
                    s.store(d, s.mul::<FrMod>(&s.load(a), &s.load(b)));
                }
            }

            fn add_assign(s: Simd, dst: &mut [Lanes], a: &[Lanes]) {
                for (d, a) in dst.iter_mut().zip(a) {
                    s.store(d, s.settle::<FrMod>(s.add(&s.load(d), &s.load(a))));
                }
            }

            fn sub_assign(s: Simd, dst: &mut [Lanes], a: &[Lanes]) {
                for (d, a) in dst.iter_mut().zip(a) {
                    s.store(d, s.settle::<FrMod>(s.sub(&s.load(d), &s.load(a))));
                }
            }

            fn mul_assign(s: Simd, dst: &mut [Lanes], a: &[Lanes]) {
                for (d, a) in dst.iter_mut().zip(a) {
                    s.store(d, s.mul::<FrMod>(&s.load(d), &s.load(a)));
                }
            }

            fn scale(s: Simd, dst: &mut [Lanes], c: [$digit; 5]) {
                let c = s.broadcast(c);
                for d in dst {
                    s.store(d, s.mul::<FrMod>(&s.load(d), &c));
                }
            }

            fn add_scalar(s: Simd, dst: &mut [Lanes], c: [$digit; 5]) {
                let c = s.broadcast(c);
                for d in dst {
                    s.store(d, s.settle::<FrMod>(s.add(&s.load(d), &c)));
                }
            }

            fn add_scaled(s: Simd, dst: &mut [Lanes], a: &[Lanes], c: [$digit; 5]) {
                let c = s.broadcast(c);
                for (d, a) in dst.iter_mut().zip(a) {
                    let product = s.mul::<FrMod>(&s.load(a), &c);
                    s.store(d, s.settle::<FrMod>(s.add(&s.load(d), &product)));
                }
            }

            fn add_mul(s: Simd, dst: &mut [Lanes], a: &[Lanes], b: &[Lanes]) {
                for (d, (a, b)) in dst.iter_mut().zip(a.iter().zip(b)) {
                    let product = s.mul::<FrMod>(&s.load(a), &s.load(b));
                    s.store(d, s.settle::<FrMod>(s.add(&s.load(d), &product)));
                }
            }
        }
    };
}
pub(crate) use vector_kernels;
