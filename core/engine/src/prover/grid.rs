//! Columns on the whole grid by their cells, of which a lane is computed whenever it is read: a
//! lane takes about as long to convert as to fetch, and the grid would take thirty-two bytes a cell.

use super::Prover;
use crate::column::Cells;
use crate::domain::{BLINDING, LANES};
use crate::program::Extent;
use ark_ff::{AdditiveGroup, Field};
use zeroize::Zeroizing;
use zkp_kernels::{FieldPath, Fr};

/// A column of a proof: a linear combination of cells, and random values beside them.
pub struct GridColumn<'a> {
    pub terms: Vec<Term<'a>>,
    /// The cells at the blinding positions of all lanes, position by position.
    pub blinding: Zeroizing<Vec<Fr>>,
}

/// Cells and what multiplies them.
pub struct Term<'a> {
    pub coefficient: Fr,
    pub cells: Source<'a>,
    /// Where the cells lie; beyond it are zeros.
    pub extent: Extent,
}

pub enum Source<'a> {
    Witness(&'a Cells),
    /// The data cells of all lanes that hold rows, lane by lane.
    Computed(Zeroizing<Vec<Fr>>),
}

/// Working memory of one thread to read lanes with.
pub struct LaneReader<P: FieldPath> {
    path: P,
    integers: Zeroizing<Vec<u64>>,
    elements: Zeroizing<Vec<Fr>>,
    packs: Vec<P::Pack>,
}

impl<P: FieldPath> Prover<'_, P> {
    /// For one thread.
    pub fn lane_reader(&self) -> LaneReader<P> {
        let depth = self.program.depth;
        LaneReader {
            path: self.path,
            integers: Zeroizing::new(vec![0; depth]),
            elements: Zeroizing::new(vec![Fr::ZERO; depth]),
            packs: vec![P::Pack::default(); depth / P::WIDTH],
        }
    }
}

impl<P: FieldPath> LaneReader<P> {
    /// Lane `j` of a column.
    pub fn read(&mut self, column: &GridColumn, j: usize, lane: &mut [P::Pack]) {
        self.path.fill(lane, Fr::ZERO);
        for term in &column.terms {
            let rows = term.extent.rows_of_lane(j);
            if rows.is_empty() {
                continue;
            }
            let c = term.coefficient;
            match &term.cells {
                Source::Computed(v) => self.add_elements(&v[rows], c, lane),
                Source::Witness(Cells::Field(v)) => self.add_elements(&v[rows], c, lane),
                Source::Witness(Cells::I64(v)) => {
                    self.add_integers(&v[rows], |x| x as u64, true, c, lane);
                }
                Source::Witness(Cells::U64(v)) => {
                    self.add_integers(&v[rows], |x| x, false, c, lane);
                }
                Source::Witness(Cells::U16(v)) => {
                    self.add_integers(&v[rows], u64::from, false, c, lane);
                }
                Source::Witness(Cells::Bool(v)) => {
                    self.add_integers(&v[rows], u64::from, false, c, lane);
                }
            }
        }
        let first = lane.len() - BLINDING.div_ceil(P::WIDTH);
        let tail = &mut lane[first..];
        let elements = &mut self.elements[..tail.len() * P::WIDTH];
        self.path.store(elements, tail);
        let cells = elements.len() - BLINDING;
        for (cell, row) in elements[cells..]
            .iter_mut()
            .zip(column.blinding.chunks(LANES))
        {
            *cell = row[j];
        }
        self.path.load(tail, elements);
    }

    fn add_integers<T: Copy>(
        &mut self,
        cells: &[T],
        word: impl Fn(T) -> u64,
        signed: bool,
        c: Fr,
        lane: &mut [P::Pack],
    ) {
        let packs = cells.len().div_ceil(P::WIDTH);
        let words = &mut self.integers[..packs * P::WIDTH];
        let (used, rest) = words.split_at_mut(cells.len());
        for (to, x) in used.iter_mut().zip(cells) {
            *to = word(*x);
        }
        rest.fill(0);
        self.path
            .add_scaled_integers(&mut lane[..packs], words, signed, c);
    }

    fn add_elements(&mut self, cells: &[Fr], c: Fr, lane: &mut [P::Pack]) {
        let packs = cells.len().div_ceil(P::WIDTH);
        let elements = &mut self.elements[..packs * P::WIDTH];
        let (used, rest) = elements.split_at_mut(cells.len());
        used.copy_from_slice(cells);
        rest.fill(Fr::ZERO);
        let (packs, lane) = (&mut self.packs[..packs], &mut lane[..packs]);
        self.path.load(packs, elements);
        match c == Fr::ONE {
            true => self.path.add_assign(lane, packs),
            false => self.path.add_scaled(lane, packs, c),
        }
    }
}
