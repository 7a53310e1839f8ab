//! Cells of a column in the narrowest form that holds them.

use crate::error::{argument, Result};
use ark_ff::{AdditiveGroup, BigInt, Field};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use zkp_kernels::{Fr, G1Affine, Scalars};

/// Cells by row.
#[derive(Clone)]
pub enum Cells {
    I64(Vec<i64>),
    U64(Vec<u64>),
    U16(Vec<u16>),
    /// 0 or 1.
    Bool(Vec<u8>),
    Field(Vec<Fr>),
}

impl Cells {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.scalars().len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All cells.
    pub fn scalars(&self) -> Scalars<'_> {
        match self {
            Cells::I64(v) => Scalars::I64(v),
            Cells::U64(v) => Scalars::U64(v),
            Cells::U16(v) => Scalars::U16(v),
            Cells::Bool(v) => Scalars::Bool(v),
            Cells::Field(v) => Scalars::Field(v),
        }
    }

    /// `out[i] += c * cell[range.start + i]`
    pub fn add_scaled(&self, range: Range<usize>, c: Fr, out: &mut [Fr]) {
        // An integer taken for the internal form of an element is x/R, R = 2^256: with cR in
        // place of c, one multiplication converts and scales.
        let cr = c * Fr::from(2u64).pow([256]);
        let small = |x: u64| cr * Fr::new_unchecked(BigInt([x, 0, 0, 0]));
        match self {
            Cells::I64(v) => out.iter_mut().zip(&v[range]).for_each(|(o, x)| {
                let product = small(x.unsigned_abs());
                if *x < 0 {
                    *o -= product;
                } else {
                    *o += product;
                }
            }),
            Cells::U64(v) => out
                .iter_mut()
                .zip(&v[range])
                .for_each(|(o, x)| *o += small(*x)),
            Cells::U16(v) => out
                .iter_mut()
                .zip(&v[range])
                .for_each(|(o, x)| *o += small(u64::from(*x))),
            Cells::Bool(v) => out
                .iter_mut()
                .zip(&v[range])
                .filter(|(_, x)| **x != 0)
                .for_each(|(o, _)| *o += c),
            Cells::Field(v) => out.iter_mut().zip(&v[range]).for_each(|(o, x)| *o += c * x),
        }
    }

    /// The same cells with zeros between, so that lanes of `from` rows become lanes of `to`; the
    /// last lane is filled up.
    pub fn spread(&self, from: usize, to: usize) -> Cells {
        fn spread<T: Copy>(v: &[T], zero: T, from: usize, to: usize) -> Vec<T> {
            if from == to {
                let mut out = v.to_vec();
                out.resize(v.len().next_multiple_of(to), zero);
                return out;
            }
            let mut out = vec![zero; v.len().div_ceil(from) * to];
            for (lane, cells) in out.chunks_exact_mut(to).zip(v.chunks(from)) {
                lane[..cells.len()].copy_from_slice(cells);
            }
            out
        }
        match self {
            Cells::I64(v) => Cells::I64(spread(v, 0, from, to)),
            Cells::U64(v) => Cells::U64(spread(v, 0, from, to)),
            Cells::U16(v) => Cells::U16(spread(v, 0, from, to)),
            Cells::Bool(v) => Cells::Bool(spread(v, 0, from, to)),
            Cells::Field(v) => Cells::Field(spread(v, Fr::ZERO, from, to)),
        }
    }

    /// The cells at some positions of lanes of `data` rows, position by position and lane after
    /// lane; the last lane is filled up with zeros.
    pub fn by_position(&self, data: usize, positions: Range<usize>) -> Cells {
        fn turn<T>(v: &[T], zero: T, data: usize, positions: Range<usize>) -> Vec<T>
        where
            T: Copy + Send + Sync,
        {
            // Neighbouring positions together: their cells share cache lines.
            const TOGETHER: usize = 16;
            let lanes = v.len().div_ceil(data);
            let mut out = vec![zero; positions.len() * lanes];
            let bands = out.par_chunks_mut((TOGETHER * lanes).max(1)).enumerate();
            bands.for_each(|(band, out)| {
                let start = positions.start + band * TOGETHER;
                let positions = start..positions.end.min(start + TOGETHER);
                for (j, cells) in v.chunks(data).enumerate() {
                    let end = positions.end.min(cells.len());
                    let cells = cells.get(positions.start..end).unwrap_or(&[]);
                    let to = out.iter_mut().skip(j).step_by(lanes);
                    to.zip(cells).for_each(|(to, cell)| *to = *cell);
                }
            });
            out
        }
        match self {
            Cells::I64(v) => Cells::I64(turn(v, 0, data, positions)),
            Cells::U64(v) => Cells::U64(turn(v, 0, data, positions)),
            Cells::U16(v) => Cells::U16(turn(v, 0, data, positions)),
            Cells::Bool(v) => Cells::Bool(turn(v, 0, data, positions)),
            Cells::Field(v) => Cells::Field(turn(v, Fr::ZERO, data, positions)),
        }
    }
}

/// A column of a table. What proofs about it use again is kept with it.
pub struct Column {
    pub cells: Cells,
    depth_sums: Mutex<Vec<(GridId, Arc<DepthSums>)>>,
}

/// Set-up and depth.
type GridId = ([u8; 32], usize);

/// `P_i = sum_j f_ij G_ij` over the data cells of a column, one point to a position. They carry no
/// blinding and are as secret as the cells.
pub type DepthSums = Vec<G1Affine>;

impl Column {
    /// # Errors
    /// [`crate::Error::Argument`] where a boolean cell is neither 0 nor 1.
    pub fn new(cells: Cells) -> Result<Self> {
        if matches!(&cells, Cells::Bool(v) if v.iter().any(|x| *x > 1)) {
            return argument("a boolean cell is neither 0 nor 1");
        }
        Ok(Column {
            cells,
            depth_sums: Mutex::default(),
        })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.cells.len()
    }

    /// The depth sums on a grid of the column's own depth, if they are known.
    pub(crate) fn known_depth_sums(
        &self,
        srs_id: &[u8; 32],
        depth: usize,
    ) -> Option<Arc<DepthSums>> {
        let known = self
            .depth_sums
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known
            .iter()
            .find(|(id, _)| *id == (*srs_id, depth))
            .map(|(_, sums)| sums.clone())
    }

    /// Keeps depth sums for later proofs.
    pub(crate) fn keep_depth_sums(&self, srs_id: &[u8; 32], depth: usize, sums: Arc<DepthSums>) {
        let mut known = self
            .depth_sums
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.push(((*srs_id, depth), sums));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_by_position_are_those_of_the_lanes() {
        for rows in [0u64, 1, 20, 39, 40, 390] {
            let cells = Cells::U64((1..=rows).collect());
            for positions in [0..40, 3..21, 39..40] {
                let Cells::U64(found) = cells.by_position(40, positions.clone()) else {
                    panic!("another kind of cells");
                };
                let lanes = rows.div_ceil(40);
                let cell = |i: usize, j: u64| Some(j * 40 + i as u64).filter(|row| *row < rows);
                let expected = positions.flat_map(|i| (0..lanes).map(move |j| (i, j)));
                let expected = expected.map(|(i, j)| cell(i, j).map_or(0, |row| row + 1));
                assert_eq!(found, expected.collect::<Vec<u64>>());
            }
        }
    }
}
