//! One 64-bit hash for each row of a table: a prover's own check of its claims, keyed at random.

use crate::{Cells, PIECE};
use rayon::prelude::*;
use std::ops::Range;

/// What is absorbed for one column.
#[derive(Clone, Copy)]
pub enum Column<'a> {
    /// Words times a factor, modulo 2^64; wide cells as four words, as they are.
    Cells(Cells<'a>, u64),
    /// The same word for every row.
    Same(u64),
}

/// The finalizer of splitmix64 over the state with a word in it (Steele, Lea, Flood 2014).
#[inline]
fn absorb(state: u64, word: u64, key: u64) -> u64 {
    let mut s = (state ^ word).wrapping_add(key);
    s = (s ^ (s >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    s = (s ^ (s >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    s ^ (s >> 31)
}

/// Hashes of all rows. `None` where a column has another number of rows.
pub fn hash_rows(key: u64, rows: usize, columns: &[Column<'_>]) -> Option<Vec<u64>> {
    let fits = |column: &Column<'_>| match column {
        Column::Cells(cells, _) => cells.rows() == rows,
        Column::Same(_) => true,
    };
    if !columns.iter().all(fits) {
        return None;
    }
    let mut states = vec![key; rows];
    let pieces = states.par_chunks_mut(PIECE).enumerate();
    pieces.for_each(|(piece, states)| {
        let start = piece * PIECE;
        let range = start..start + states.len();
        for column in columns {
            absorb_column(states, *column, range.clone(), key);
        }
    });
    Some(states)
}

fn absorb_column(states: &mut [u64], column: Column<'_>, range: Range<usize>, key: u64) {
    let states = states.iter_mut();
    match column {
        Column::Same(word) => states.for_each(|s| *s = absorb(*s, word, key)),
        Column::Cells(Cells::Signed(v), factor) => states
            .zip(&v[range])
            .for_each(|(s, x)| *s = absorb(*s, (*x as u64).wrapping_mul(factor), key)),
        Column::Cells(Cells::Unsigned(v), factor) => states
            .zip(&v[range])
            .for_each(|(s, x)| *s = absorb(*s, x.wrapping_mul(factor), key)),
        Column::Cells(Cells::Flags(v), factor) => states
            .zip(&v[range])
            .for_each(|(s, x)| *s = absorb(*s, u64::from(*x).wrapping_mul(factor), key)),
        Column::Cells(Cells::Wide(v), _) => states.zip(&v[range]).for_each(|(s, x)| {
            for word in x.as_chunks::<8>().0 {
                *s = absorb(*s, u64::from_le_bytes(*word), key);
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_told_apart_by_every_column() {
        let (a, b) = ([1, 2, 1, 1], [true, true, false, true]);
        let mut wide = [[0; 32]; 4];
        wide[3][31] = 1;
        let columns = [
            Column::Cells(Cells::Unsigned(&a), 10),
            Column::Cells(Cells::Flags(&b), 1),
            Column::Cells(Cells::Wide(&wide), 1),
            Column::Same(0),
        ];
        let hashes = hash_rows(7, 4, &columns).unwrap();
        let mut different = hashes.clone();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), 4);
        let again = hash_rows(
            7,
            1,
            &[
                Column::Cells(Cells::Signed(&[-10]), u64::MAX),
                Column::Cells(Cells::Flags(&[true]), 1),
                Column::Cells(Cells::Wide(&[[0; 32]]), 1),
                Column::Same(0),
            ],
        );
        assert_eq!(again.unwrap()[0], hashes[0]);
        assert!(hash_rows(7, 3, &columns).is_none());
    }
}
