//! Public columns: masks and row indices (specification: argument, section 5).

use crate::domain::LANES;
use crate::program::Extent;
use ark_ff::AdditiveGroup;
use serde::Deserialize;
use zkp_kernels::{FieldPath, Fr};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Mask,
    Index,
}

/// A structured column that the verifier evaluates by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Public {
    pub kind: Kind,
    pub extent: Extent,
}

impl Public {
    /// `j0`, the number of full lanes.
    pub fn full_lanes(&self) -> usize {
        self.extent.rows / self.extent.data()
    }

    /// Whether it is the mask of all data cells of a grid.
    pub fn masks_all(&self, depth: usize) -> bool {
        self.kind == Kind::Mask && self.extent.depth == depth && self.full_lanes() == LANES
    }

    /// The first lane from which on the column is zero.
    pub fn first_zero_lane(&self) -> usize {
        self.extent.lanes()
    }

    /// `r0`, the number of rows of lane `j0`.
    fn rest(&self) -> usize {
        self.extent.rows % self.extent.data()
    }

    /// What multiplies each lane's Lagrange polynomial, as `(constant, per-lane factor, partial)`
    /// given by cells: lane `j < j0` has `constant + j * slope`, lane `j0` has `partial`.
    fn cells(&self, depth: usize) -> [Vec<Fr>; 3] {
        let (data, rest, j0) = (self.extent.data(), self.rest(), self.full_lanes());
        let fill = |n: usize, cell: &dyn Fn(usize) -> u64| -> Vec<Fr> {
            (0..depth)
                .map(|i| if i < n { Fr::from(cell(i)) } else { Fr::ZERO })
                .collect()
        };
        match self.kind {
            Kind::Mask => [fill(data, &|_| 1), fill(0, &|_| 0), fill(rest, &|_| 1)],
            Kind::Index => [
                fill(data, &|i| i as u64),
                fill(data, &|_| data as u64),
                fill(rest, &|i| (data * j0 + i) as u64),
            ],
        }
    }

    /// The three polynomials in `Z` of which all lanes are made, in a form given by `of` from
    /// their cells on the program's `H_A`.
    pub fn along_depth<T>(&self, depth: usize, of: impl FnMut(Vec<Fr>) -> T) -> AlongDepth<T> {
        let [constant, slope, partial] = self.cells(depth).map(of);
        AlongDepth {
            public: *self,
            constant,
            slope,
            partial,
        }
    }

    /// The public column at `(Z, X)`, from the Lagrange polynomials of both axes there; those of
    /// the lanes are in natural order.
    pub fn at_point(&self, depth_lagrange: &[Fr], lane_lagrange: &[Fr]) -> Fr {
        let (data, rest, j0) = (self.extent.data(), self.rest(), self.full_lanes());
        let full: Fr = depth_lagrange[..data].iter().sum();
        let lanes: Fr = lane_lagrange[..j0].iter().sum();
        let weighted = |l: &[Fr]| -> Fr {
            l.iter()
                .enumerate()
                .map(|(i, l)| Fr::from(i as u64) * l)
                .sum()
        };
        let part: Fr = depth_lagrange[..rest].iter().sum();
        let last = lane_lagrange.get(j0).copied().unwrap_or_default();
        match self.kind {
            Kind::Mask => lanes * full + last * part,
            Kind::Index => {
                let d = Fr::from(data as u64);
                d * weighted(&lane_lagrange[..j0]) * full
                    + lanes * weighted(&depth_lagrange[..data])
                    + last * (d * Fr::from(j0 as u64) * part + weighted(&depth_lagrange[..rest]))
            }
        }
    }
}

/// A public column along the depth axis, see [`Public::along_depth`].
#[derive(Clone)]
pub struct AlongDepth<T> {
    public: Public,
    constant: T,
    slope: T,
    partial: T,
}

impl<T> AlongDepth<T> {
    /// Changes each of the three polynomials.
    pub fn each(&mut self, change: impl FnMut(&mut T)) {
        [&mut self.constant, &mut self.slope, &mut self.partial]
            .into_iter()
            .for_each(change);
    }
}

impl AlongDepth<Fr> {
    /// Values of all lanes at one point of the depth axis.
    pub fn lanes(&self) -> Vec<Fr> {
        let j0 = self.public.full_lanes();
        let mut value = self.constant;
        (0..LANES)
            .map(|j| {
                let v = value;
                value += self.slope;
                match j.cmp(&j0) {
                    std::cmp::Ordering::Less => v,
                    std::cmp::Ordering::Equal => self.partial,
                    std::cmp::Ordering::Greater => Fr::ZERO,
                }
            })
            .collect()
    }
}

impl<T: Clone> AlongDepth<Vec<T>> {
    /// The lane's vector; `buffer` is used where it has to be computed, `zero` is a zero vector.
    pub fn lane<'a, P: FieldPath<Pack = T>>(
        &'a self,
        path: P,
        lane: usize,
        buffer: &'a mut [T],
        zero: &'a [T],
    ) -> &'a [T] {
        let j0 = self.public.full_lanes();
        if lane > j0 {
            return zero;
        }
        if lane == j0 {
            return &self.partial;
        }
        if self.public.kind == Kind::Mask {
            return &self.constant;
        }
        buffer.clone_from_slice(&self.constant);
        path.add_scaled(buffer, &self.slope, Fr::from(lane as u64));
        buffer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{permute, Domain};
    use zkp_kernels::Portable;

    fn cell(p: &Public, lane: usize, i: usize) -> u64 {
        let m = lane * p.extent.data() + i;
        match p.kind {
            _ if i >= p.extent.data() || m >= p.extent.rows => 0,
            Kind::Mask => 1,
            Kind::Index => m as u64,
        }
    }

    #[test]
    fn lanes_and_points_agree_with_the_cells() {
        let (depth, lanes) = (Domain::of(16), Domain::of(LANES));
        let (z, x) = (Fr::from(99u64), Fr::from(1234u64));
        let lz = depth.lagrange(z).unwrap();
        let lx = permute(&lanes.lagrange(x).unwrap());
        for (own, rows) in [
            (8, 0),
            (8, 4),
            (8, 5),
            (8, 1003),
            (8, 5 * 1024),
            (16, 7777),
            (4, 1),
        ] {
            for kind in [Kind::Mask, Kind::Index] {
                let p = Public {
                    kind,
                    extent: Extent { depth: own, rows },
                };
                let along = p.along_depth(16, |cells| cells);
                let at_z = p
                    .along_depth(16, |cells| {
                        cells.iter().zip(&lz).map(|(c, l)| *c * l).sum::<Fr>()
                    })
                    .lanes();
                let (mut buffer, zero) = ([Fr::ZERO; 16], [Fr::ZERO; 16]);
                let mut value = Fr::ZERO;
                for j in 0..LANES {
                    let lane = along.lane(Portable, j, &mut buffer, &zero);
                    let expected: Vec<Fr> = (0..16).map(|i| Fr::from(cell(&p, j, i))).collect();
                    assert_eq!(lane, expected);
                    assert!(j < p.first_zero_lane() || lane == zero);
                    let at: Fr = expected.iter().zip(&lz).map(|(c, l)| *c * l).sum();
                    assert_eq!(at_z[j], at);
                    value += at * lx[j];
                }
                assert_eq!(p.at_point(&lz, &lx), value);
            }
        }
    }
}
