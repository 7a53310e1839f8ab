//! Complete additions of points, eight at once: the formulas for a = 0 of Renes, Costello and Batina,
//! "Complete addition formulas for prime order elliptic curves", algorithms 7 and 8 with b = 3,
//! which need no distinction of cases.

use super::curve::Packed;
use super::field::{each, E};
use super::modulus::FqMod;
use super::{kernels, Simd};
use crate::msm::Adder;
use crate::{Fq, G1Projective};
use ark_ff::{AdditiveGroup, Field};
use std::arch::x86_64::*;

/// Homogeneous coordinates of eight points, settled.
#[derive(Clone, Copy)]
struct Homogeneous {
    x: E,
    y: E,
    z: E,
}

// SAFETY of the blocks in this `impl`: `Simd` is the proof that the processor has these
// intrinsics, which take no pointers.
#[allow(clippy::inline_always)] // as for the field
impl Simd {
    /// `9 a`, normal.
    #[inline(always)]
    fn nine(self, a: &E) -> E {
        self.carry(each!(|I| unsafe {
            self.plus(a[I], _mm512_slli_epi64::<3>(a[I]))
        }))
    }

    /// The last steps of the complete addition: of the products `t0 = X1 X2`, `t1 = Y1 Y2`,
    /// `t2 = Z1 Z2`, `t3 = X1 Y2 + X2 Y1`, `t4 = Y1 Z2 + Y2 Z1`, `t5 = X1 Z2 + X2 Z1`, all settled.
    ///
    /// With u = t1 - 9 t2 and v = t1 + 9 t2 below 11.1 p, w = 9 t5 below 10 p and t = 3 t0 below
    /// 3.3 p: the largest sum of products is u v + w t < 157 p^2, whose reduction is below 2.9 p.
    #[inline(always)]
    fn complete(self, [t0, t1, t2, t3, t4, t5]: [E; 6]) -> Homogeneous {
        let nine = self.nine(&t2);
        let u = self.carry(self.sub_from::<FqMod>(&t1, &nine, 10));
        let v = self.carry(self.add(&t1, &nine));
        let w = self.nine(&t5);
        let minus_w = self.carry(self.sub_from::<FqMod>(&self.zero(), &w, 10));
        let t = self.carry(self.add(&t0, &self.add(&t0, &t0)));
        Homogeneous {
            x: self.sum_of_products(&t3, &u, &t4, &minus_w),
            y: self.sum_of_products(&u, &v, &w, &t),
            z: self.sum_of_products(&v, &t4, &t, &t3),
        }
    }

    /// `a b + c d` settled, if that is below 240 p^2.
    #[inline(always)]
    fn sum_of_products(self, a: &E, b: &E, c: &E, d: &E) -> E {
        let wide = self.mul_wide([self.set(0); 10], a, b);
        let wide = self.mul_wide(wide, c, d);
        self.settle::<FqMod>(self.reduce_product::<FqMod>(wide))
    }

    /// `a b' + a' b` from `(a + b)(a' + b') - a a' - b b'`, settled; operands settled.
    #[inline(always)]
    fn cross(self, a: &E, b: &E, a2: &E, b2: &E, aa: &E, bb: &E) -> E {
        let left = self.carry(self.add(a, b));
        let right = self.carry(self.add(a2, b2));
        let product = self.mul::<FqMod>(&left, &right);
        self.settle::<FqMod>(self.sub(&self.sub(&product, aa), bb))
    }
}

kernels! {
    /// `2^times` times each point, by the complete addition of a point to itself.
    pub(super) fn double(s: Simd, points: [&Packed; 8], times: u32) -> [[Fq; 8]; 3] {
        let one = s.broadcast(s.splat::<FqMod>(Fq::ONE));
        let y = s.coordinate::<1>(&points);
        let absent = s.all_zero(&y);
        let mut p = Homogeneous {
            x: s.coordinate::<0>(&points),
            y: s.select(absent, &y, &one),
            z: s.select(absent, &one, &s.zero()),
        };
        for _ in 0..times {
            let xx = s.square::<FqMod>(&p.x);
            let yy = s.square::<FqMod>(&p.y);
            let zz = s.square::<FqMod>(&p.z);
            let xy = s.mul::<FqMod>(&p.x, &p.y);
            let yz = s.mul::<FqMod>(&p.y, &p.z);
            let xz = s.mul::<FqMod>(&p.x, &p.z);
            p = s.complete([
                xx,
                yy,
                zz,
                s.settle::<FqMod>(s.add(&xy, &xy)),
                s.settle::<FqMod>(s.add(&yz, &yz)),
                s.settle::<FqMod>(s.add(&xz, &xz)),
            ]);
        }
        [
            s.export::<FqMod>(p.x),
            s.export::<FqMod>(p.y),
            s.export::<FqMod>(p.z),
        ]
    }

    /// For eight runs of points, given by start and length, lane by lane: the sum of the points and
    /// the sum of each times its place in the run, counted from one.
    ///
    /// From the last point down: `running += point; total += running`.
    pub(super) fn weigh(s: Simd, points: &[Packed], runs: &[(usize, usize); 8]) -> [[[Fq; 8]; 3]; 2] {
        let one = s.broadcast(s.splat::<FqMod>(Fq::ONE));
        let identity = Homogeneous { x: s.zero(), y: one, z: s.zero() };
        let (mut running, mut total) = (identity, identity);
        let longest = runs.iter().map(|run| run.1).max().unwrap_or(0);
        for k in (0..longest).rev() {
            let mut p = [&Simd::IDENTITY; 8];
            for (p, (start, len)) in p.iter_mut().zip(runs) {
                if k < *len {
                    *p = &points[start + k];
                }
            }
            let (x2, y2) = (s.coordinate::<0>(&p), s.coordinate::<1>(&p));
            let absent = s.all_zero(&y2);
            let Homogeneous { x, y, z } = running;
            let t0 = s.mul::<FqMod>(&x, &x2);
            let t1 = s.mul::<FqMod>(&y, &y2);
            let t3 = s.cross(&x, &y, &x2, &y2, &t0, &t1);
            let t4 = s.settle::<FqMod>(s.add(&s.mul::<FqMod>(&y2, &z), &y));
            let t5 = s.settle::<FqMod>(s.add(&s.mul::<FqMod>(&x2, &z), &x));
            let sum = s.complete([t0, t1, z, t3, t4, t5]);
            running = Homogeneous {
                x: s.select(absent, &sum.x, &x),
                y: s.select(absent, &sum.y, &y),
                z: s.select(absent, &sum.z, &z),
            };
            let (p, q) = (&total, &running);
            let t0 = s.mul::<FqMod>(&p.x, &q.x);
            let t1 = s.mul::<FqMod>(&p.y, &q.y);
            let t2 = s.mul::<FqMod>(&p.z, &q.z);
            total = s.complete([
                t0,
                t1,
                t2,
                s.cross(&p.x, &p.y, &q.x, &q.y, &t0, &t1),
                s.cross(&p.y, &p.z, &q.y, &q.z, &t1, &t2),
                s.cross(&p.x, &p.z, &q.x, &q.z, &t0, &t2),
            ]);
        }
        let out = |p: Homogeneous| [
            s.export::<FqMod>(p.x),
            s.export::<FqMod>(p.y),
            s.export::<FqMod>(p.z),
        ];
        [out(running), out(total)]
    }
}

/// The point (x/z, y/z); the identity for z = 0.
pub(super) fn jacobian(x: Fq, y: Fq, z: Fq) -> G1Projective {
    if z == Fq::ZERO {
        G1Projective::ZERO
    } else {
        G1Projective::new_unchecked(x * z, y * z.square(), z)
    }
}
