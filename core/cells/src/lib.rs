//! What tables and witnesses need at the speed of memory: hashes of text, hashes of rows, sorting,
//! matching of multisets, sums, inverses. Slices in, vectors out; nothing here knows of frames or programs.
//!
//! Nothing here is trusted: what a witness holds is proven, and what a table holds is committed.

pub mod field;
pub mod multiset;
pub mod order;
pub mod rows;
pub mod sums;
pub mod text;

/// Rows to a piece of work for one thread.
const PIECE: usize = 1 << 14;

/// Bytes of a cell that may not fit 64 bits: a field element, little-endian.
pub const WIDE: usize = 32;

/// Cells of a column, as tables hold them.
#[derive(Clone, Copy)]
pub enum Cells<'a> {
    Signed(&'a [i64]),
    Unsigned(&'a [u64]),
    Flags(&'a [bool]),
    Wide(&'a [[u8; WIDE]]),
}

impl Cells<'_> {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Cells::Signed(v) => v.len(),
            Cells::Unsigned(v) => v.len(),
            Cells::Flags(v) => v.len(),
            Cells::Wide(v) => v.len(),
        }
    }
}
