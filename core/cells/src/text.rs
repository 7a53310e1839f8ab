//! Cells of text and bytes: parts of SHA-256 (docs/tables.md, "Text and bytes").

use crate::{PIECE, WIDE};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

/// The digest's bytes 8 to 30, big-endian, are the tail.
const TAIL: std::ops::Range<usize> = 8..31;

/// The two cells of each value.
pub struct Hashes {
    /// The first 8 bytes of the digest, big-endian.
    pub heads: Vec<u64>,
    /// The next 23 bytes as field elements of [`WIDE`] bytes, little-endian, one after another.
    pub tails: Vec<u8>,
}

/// Offsets of values in a buffer, as Arrow writes them: one more than there are values.
#[derive(Clone, Copy)]
pub enum Offsets<'a> {
    Small(&'a [i32]),
    Large(&'a [i64]),
}

impl Offsets<'_> {
    fn values(&self) -> usize {
        match self {
            Offsets::Small(o) => o.len().saturating_sub(1),
            Offsets::Large(o) => o.len().saturating_sub(1),
        }
    }

    /// `None` where the offsets do not lie in order within the buffer.
    fn value<'a>(&self, data: &'a [u8], at: usize) -> Option<&'a [u8]> {
        let (from, to) = match self {
            Offsets::Small(o) => (i64::from(o[at]), i64::from(o[at + 1])),
            Offsets::Large(o) => (o[at], o[at + 1]),
        };
        data.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)
    }
}

/// Hashes of `SHA-256(tag, value)` for each value, 0 where it is null. `None` where the offsets do not lie in
/// order within the buffer, or there are not as many flags as values.
pub fn hash_values(
    tag: &[u8],
    data: &[u8],
    offsets: Offsets<'_>,
    null: Option<&[bool]>,
) -> Option<Hashes> {
    let n = offsets.values();
    if null.is_some_and(|null| null.len() != n) {
        return None;
    }
    let tagged = Sha256::new_with_prefix(tag);
    let (mut heads, mut tails) = (vec![0; n], vec![0; n * WIDE]);
    let pieces = heads
        .par_chunks_mut(PIECE)
        .zip(tails.par_chunks_mut(PIECE * WIDE))
        .enumerate();
    let done = pieces.map(|(piece, (heads, tails))| {
        let cells = heads.iter_mut().zip(tails.chunks_exact_mut(WIDE));
        for (at, (head, tail)) in (piece * PIECE..).zip(cells) {
            if null.is_some_and(|null| null[at]) {
                continue;
            }
            let mut state = tagged.clone();
            state.update(offsets.value(data, at)?);
            let digest = state.finalize();
            *head = digest[..TAIL.start]
                .iter()
                .fold(0, |head, byte| head << 8 | u64::from(*byte));
            tail.iter_mut()
                .zip(digest[TAIL].iter().rev())
                .for_each(|(t, d)| *t = *d);
        }
        Some(())
    });
    done.collect::<Option<()>>()?;
    Some(Hashes { heads, tails })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_parts_of_the_digest() {
        let offsets = [0, 1, 1, 3];
        let hashes = hash_values(
            b"tag",
            b"abc",
            Offsets::Small(&offsets),
            Some(&[false, true, false]),
        )
        .unwrap();
        let large = hash_values(b"tag", b"abc", Offsets::Large(&[0, 1, 3]), None).unwrap();
        let digest = Sha256::digest(b"tagbc");
        assert_eq!(hashes.heads[2].to_be_bytes(), digest[..8]);
        let mut tail = hashes.tails[64..96].to_vec();
        assert_eq!(tail.split_off(23), [0; 9]);
        tail.reverse();
        assert_eq!(tail, digest[8..31]);
        assert_eq!((hashes.heads[1], &hashes.tails[32..64]), (0, &[0; 32][..]));
        assert_eq!(large.heads, [hashes.heads[0], hashes.heads[2]]);
    }

    #[test]
    fn offsets_are_checked() {
        for offsets in [[0, 4], [2, 1], [-1, 2], [4, 4]] {
            let found = hash_values(b"", b"abc", Offsets::Small(&offsets), None);
            assert!(found.is_none(), "{offsets:?}");
        }
        assert!(hash_values(b"", b"abc", Offsets::Small(&[0, 1]), Some(&[])).is_none());
        assert!(hash_values(b"", b"", Offsets::Small(&[]), None)
            .unwrap()
            .heads
            .is_empty());
    }
}
