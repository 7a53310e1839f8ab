//! What prover and verifier share of steps 8 to 10.

use crate::domain::{Domain, LANES};
use ark_ff::{AdditiveGroup, Field};
use std::sync::Arc;
use zkp_kernels::Fr;

/// Openings `O_0..O_4`.
pub const OPENINGS: usize = 5;

/// The domains of a proof and the checks on its evaluation points.
pub struct Domains {
    pub depth: Arc<Domain>,
    pub lanes: Arc<Domain>,
}

impl Domains {
    pub fn new(depth: usize) -> Self {
        Domains {
            depth: Domain::of(depth),
            lanes: Domain::of(LANES),
        }
    }

    /// `d = max(A, B)`
    pub fn largest(&self) -> usize {
        self.depth.size.max(self.lanes.size)
    }

    /// Whether a point lies on a subgroup in use.
    pub fn contain(&self, x: Fr) -> bool {
        x.pow([self.largest() as u64]) == Fr::ONE
    }

    /// `Z_B(x)`
    pub fn lane_vanishing(&self, x: Fr) -> Fr {
        self.lanes.vanishing(x)
    }

    /// `u(x, sigma)`; `None` where `x = sigma`.
    pub fn lane_weight(&self, x: Fr, sigma: Fr) -> Option<Fr> {
        Some((self.lanes.vanishing(x) - self.lanes.vanishing(sigma)) * (x - sigma).inverse()?)
    }
}

/// The four points at which polynomials in one variable are opened.
pub struct OpeningPoints([Fr; 4]);

impl OpeningPoints {
    /// `None` where `zeta` is zero or two points are equal.
    pub fn new(beta: Fr, beta_lanes: Fr, zeta: Fr) -> Option<Self> {
        let points = [beta, beta_lanes, zeta, zeta.inverse()?];
        let distinct = (0..4).all(|i| !points[..i].contains(&points[i]));
        distinct.then_some(OpeningPoints(points))
    }

    /// The point of opening `t`.
    pub fn of(&self, t: usize) -> Fr {
        self.0[[0, 1, 1, 2, 3][t]]
    }

    /// `Z_S(z)`; zero where `z` is one of the points.
    pub fn vanishing(&self, z: Fr) -> Fr {
        self.0.iter().map(|s| z - s).product()
    }

    /// `nu^t Z_{S\t}(z)` for every opening.
    pub fn weights(&self, nu: Fr, z: Fr) -> [Fr; OPENINGS] {
        let mut power = Fr::ONE;
        std::array::from_fn(|t| {
            let others = self.0.iter().filter(|s| **s != self.of(t)).map(|s| z - s);
            let weight = power * others.product::<Fr>();
            power *= nu;
            weight
        })
    }
}

/// `[zeta^(d-B), zeta^(d-B+1), zeta^(d-A+1)]`, the shifts of `F`, `R'` and `R` in `P*`.
pub fn shifts(domains: &Domains, zeta: Fr) -> [Fr; 3] {
    let d = domains.largest();
    let (a, b) = (domains.depth.size, domains.lanes.size);
    [d - b, d - b + 1, d - a + 1].map(|e| zeta.pow([e as u64]))
}

/// `p zeta^-(d-1)`, the value of the reversed polynomial at `1/zeta`.
pub fn reversed_value(domains: &Domains, zeta: Fr, p: Fr) -> Fr {
    let inverse = zeta.inverse().unwrap_or(Fr::ZERO);
    p * inverse.pow([domains.largest() as u64 - 1])
}
