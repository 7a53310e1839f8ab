//! Columns with few different cells (specification: argument, section 3).
//!
//! Where a cell is a full field element, adding the points of equal cells first leaves one addition for
//! a row in place of one for each window of a scalar, and full scalars for the different cells alone.

use crate::column::Cells;
use rustc_hash::FxHashMap;
use zkp_kernels::Fr;

/// Rows that are looked at before all are.
const SAMPLE: usize = 1 << 14;
/// How often cells occur on average at least.
const REPEATED: usize = 4;

/// The rows of a column by their cell.
pub(crate) struct Dictionary {
    /// For each row one more than the number of its cell.
    pub codes: Vec<u32>,
    /// The first row of each different cell.
    first: Vec<u32>,
}

impl Dictionary {
    /// Of cells that are full field elements and mostly occur several times; `None` for others.
    pub fn of(cells: &Cells) -> Option<Self> {
        let Cells::Field(cells) = cells else {
            return None;
        };
        if cells.len() > REPEATED * SAMPLE {
            // Of n / k cells that occur equally often, k s^2 / 2n among s are repeated ones.
            let repeated = REPEATED * SAMPLE * SAMPLE / (2 * cells.len());
            Self::within(&cells[..SAMPLE], SAMPLE - repeated)?;
        }
        Self::within(cells, cells.len() / REPEATED)
    }

    /// `None` where there are more than `most` different cells.
    fn within(cells: &[Fr], most: usize) -> Option<Self> {
        let mut numbers: FxHashMap<[u64; 4], u32> = FxHashMap::default();
        let mut codes = Vec::with_capacity(cells.len());
        let mut first = Vec::new();
        for (row, cell) in cells.iter().enumerate() {
            let code = *numbers.entry(cell.0 .0).or_insert_with(|| {
                first.push(row as u32);
                first.len() as u32
            });
            if first.len() > most {
                return None;
            }
            codes.push(code);
        }
        Some(Dictionary { codes, first })
    }

    /// How many different cells there are.
    pub fn len(&self) -> usize {
        self.first.len()
    }

    /// The different cells of another column; `None` where rows of one number differ in it.
    pub fn values(&self, cells: &Cells) -> Option<Cells> {
        fn values<T: Copy + PartialEq>(of: &Dictionary, cells: &[T]) -> Option<Vec<T>> {
            let first = of.first.iter().map(|row| cells.get(*row as usize).copied());
            let first = first.collect::<Option<Vec<T>>>()?;
            let alike = |(code, cell): (&u32, &T)| first[*code as usize - 1] == *cell;
            let same = cells.len() == of.codes.len() && of.codes.iter().zip(cells).all(alike);
            same.then_some(first)
        }
        match cells {
            Cells::I64(v) => values(self, v).map(Cells::I64),
            Cells::U64(v) => values(self, v).map(Cells::U64),
            Cells::Field(v) => values(self, v).map(Cells::Field),
            // Two bytes a row cost one addition as they are.
            Cells::U16(_) | Cells::Bool(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ff::UniformRand;

    #[test]
    fn rows_are_numbered_by_their_cells() {
        let mut rng = ark_std::test_rng();
        let values: Vec<Fr> = (0..3).map(|_| Fr::rand(&mut rng)).collect();
        let field = |rows: &[usize]| Cells::Field(rows.iter().map(|k| values[*k]).collect());
        let rows: Vec<usize> = (0..40).map(|i| [2, 0, 2, 1][i % 4]).collect();
        let dictionary = Dictionary::of(&field(&rows)).unwrap();
        assert_eq!(dictionary.codes[..4], [1, 2, 1, 3]);
        assert_eq!(dictionary.len(), 3);
        let heads = Cells::U64(rows.iter().map(|k| *k as u64 + 7).collect());
        assert!(matches!(dictionary.values(&heads), Some(Cells::U64(v)) if v == [9, 7, 8]));
        let mut other: Vec<u64> = rows.iter().map(|k| *k as u64).collect();
        other[39] += 1;
        assert!(dictionary
            .values(&Cells::U64(other[..39].to_vec()))
            .is_none());
        assert!(dictionary.values(&Cells::U64(other)).is_none());
        assert!(Dictionary::of(&heads).is_none());
    }

    #[test]
    fn cells_occur_several_times_or_there_is_none() {
        let of = |rows: usize, different: usize| {
            let cells = (0..rows).map(|i| Fr::from((i % different.max(1)) as u64));
            Dictionary::of(&Cells::Field(cells.collect())).map(|d| d.len())
        };
        assert_eq!(of(0, 0), Some(0));
        assert_eq!(of(100, 25), Some(25));
        assert_eq!(of(100, 26), None);
        for (different, found) in [(1, Some(1)), (SAMPLE / 2, Some(SAMPLE / 2)), (SAMPLE, None)] {
            assert_eq!(of(8 * SAMPLE, different), found, "{different}");
        }
        // Those of the sample are repeated, all others are not.
        let cells = (0..8 * SAMPLE).map(|i| Fr::from(if i < SAMPLE { i % 9 } else { i } as u64));
        assert!(Dictionary::of(&Cells::Field(cells.collect())).is_none());
    }
}
