//! Additions with the field arithmetic of arkworks.

use super::{Adder, NEGATIVE};
use crate::{Fq, G1Affine, G1Projective};
use ark_ff::{AdditiveGroup, Field};
use rayon::prelude::*;

/// The additions of the portable path.
#[derive(Clone, Copy)]
pub(super) struct Plain;

/// x and y, with the sign of the code.
fn term(points: &[G1Affine], code: u32) -> (Fq, Fq) {
    let p = &points[(code & !NEGATIVE) as usize];
    (p.x, if code & NEGATIVE == 0 { p.y } else { -p.y })
}

impl Adder for Plain {
    type Point = G1Affine;
    type Products = Vec<Fq>;
    const IDENTITY: G1Affine = G1Affine {
        x: Fq::ZERO,
        y: Fq::ZERO,
        infinity: true,
    };
    const BUCKET_WEIGHT: f64 = 5.0;
    const PACK: usize = 1;

    fn is_identity(p: &G1Affine) -> bool {
        p.infinity
    }

    fn from_affine(p: &G1Affine) -> G1Affine {
        *p
    }

    fn to_affine(p: &G1Affine) -> G1Affine {
        *p
    }

    fn negative(p: &G1Affine) -> G1Affine {
        -*p
    }

    fn add_pairs(
        self,
        points: &[G1Affine],
        [a, b, dst]: [&[u32]; 3],
        _: Option<&[u32]>,
        products: &mut Vec<Fq>,
        to: &mut [G1Affine],
    ) -> bool {
        products.clear();
        let mut product = Fq::ONE;
        for (a, b) in a.iter().zip(b) {
            products.push(product);
            product *= term(points, *b).0 - term(points, *a).0;
        }
        let Some(mut inverse) = product.inverse() else {
            return false;
        };
        for (((a, b), dst), before) in a.iter().zip(b).zip(dst).zip(products.iter()).rev() {
            let ((x1, y1), (x2, y2)) = (term(points, *a), term(points, *b));
            let slope = (y2 - y1) * inverse * before;
            inverse *= x2 - x1;
            let x3 = slope.square() - x1 - x2;
            let y3 = slope * (x1 - x3) - y1;
            to[*dst as usize] = G1Affine::new_unchecked(x3, y3);
        }
        true
    }

    fn double(self, points: &[G1Affine], times: u32) -> Vec<G1Projective> {
        let double = |p: &G1Affine| {
            let mut p = G1Projective::from(*p);
            for _ in 0..times {
                p.double_in_place();
            }
            p
        };
        points.iter().map(double).collect()
    }

    fn weighted_sums(
        self,
        points: &[G1Affine],
        runs: &[(usize, usize)],
    ) -> Vec<(G1Projective, G1Projective)> {
        let weigh = |(start, len): &(usize, usize)| {
            let (mut running, mut total) = (G1Projective::ZERO, G1Projective::ZERO);
            for point in points[*start..start + len].iter().rev() {
                running += point;
                total += running;
            }
            (running, total)
        };
        runs.par_iter().map(weigh).collect()
    }
}
