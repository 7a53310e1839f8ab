//! Exact sums over columns of up to 64 bits.

use crate::{Cells, PIECE};
use rayon::prelude::*;

#[inline]
fn number(cells: Cells<'_>, row: usize) -> i128 {
    match cells {
        Cells::Signed(v) => v[row].into(),
        Cells::Unsigned(v) => v[row].into(),
        Cells::Flags(v) => v[row].into(),
        Cells::Wide(_) => 0, // refused before
    }
}

fn narrow(cells: Cells<'_>) -> bool {
    !matches!(cells, Cells::Wide(_))
}

/// The sum of products of two columns as `(low, high)`, which stand for `low + high 2^32`. `None` where one is
/// longer or has cells of more than 64 bits. Exact below 2^31 rows: products with halves of 32 bits have at
/// most 96 bits.
pub fn dot(a: Cells<'_>, b: Cells<'_>) -> Option<(i128, i128)> {
    if a.rows() != b.rows() || !narrow(a) || !narrow(b) {
        return None;
    }
    let parts = |row| {
        let (x, y) = (number(a, row), number(b, row));
        (x * (y & 0xFFFF_FFFF), x * (y >> 32))
    };
    let products = (0..a.rows())
        .into_par_iter()
        .with_min_len(PIECE)
        .map(parts)
        .reduce(|| (0, 0), |x, y| (x.0 + y.0, x.1 + y.1));
    Some(products)
}

/// The sum of the cells of each group, exact below 2^63 rows. `None` where there is not one group number for
/// each row, one is too large, or cells have more than 64 bits.
pub fn group_sums(of: &[i64], groups: usize, cells: Cells<'_>) -> Option<Vec<i128>> {
    if of.len() != cells.rows() || !narrow(cells) {
        return None;
    }
    let mut sums = vec![0; groups];
    for (row, group) in of.iter().enumerate() {
        *sums.get_mut(usize::try_from(*group).ok()?)? += number(cells, row);
    }
    Some(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_the_largest_numbers_are_exact() {
        let n = 50_000;
        let (low, high) = (vec![i64::MIN; n], vec![u64::MAX; n]);
        let (least, most) = (Cells::Signed(&low), Cells::Unsigned(&high));
        for (a, b) in [(least, most), (most, least)] {
            let (x, y) = dot(a, b).unwrap();
            // -2^63 (2^64 - 1) n, in two parts of which the first is taken modulo 2^32.
            let (y, x) = (y + (x >> 32), x & 0xFFFF_FFFF);
            let n = n as i128;
            assert_eq!(x, (n << 63) & 0xFFFF_FFFF);
            assert_eq!(y, -(n << 95) + (n << 31));
        }
        assert_eq!(
            dot(Cells::Flags(&[true]), Cells::Signed(&[-5])),
            Some((0xFFFF_FFFB, -1))
        );
        assert!(dot(Cells::Flags(&[true]), Cells::Signed(&[])).is_none());
    }

    #[test]
    fn groups_add_up() {
        let cells = [i64::MIN, i64::MIN, 7, -1];
        let sums = group_sums(&[1, 1, 0, 0], 3, Cells::Signed(&cells));
        assert_eq!(sums, Some(vec![6, -(1 << 64), 0]));
        for of in [&[0, 0, 0][..], &[0, 0, 0, 3], &[0, 0, 0, -1]] {
            assert_eq!(group_sums(of, 3, Cells::Signed(&cells)), None);
        }
    }
}
