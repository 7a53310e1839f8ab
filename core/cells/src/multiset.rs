//! Multisets of 64-bit keys, matched by sorting both.

use crate::order::{pairs, sort};

/// How many keys of each side the other one lacks, counted as often as they occur.
pub fn surplus(left: &[u64], right: &[u64]) -> (usize, usize) {
    let (left, right) = rayon::join(|| sort(left), || sort(right));
    let (mut a, mut b, mut common) = (0, 0, 0);
    while a < left.len() && b < right.len() {
        let (x, y) = (left[a], right[b]);
        common += usize::from(x == y);
        a += usize::from(x <= y);
        b += usize::from(y <= x);
    }
    (left.len() - common, right.len() - common)
}

/// Which rows of the parent make up the child as a multiset, of equal ones the first; `None` where the
/// child has others.
pub fn chosen(parent: &[u64], child: &[u64]) -> Option<Vec<bool>> {
    let (ordered, wanted) = rayon::join(|| pairs(parent), || sort(child));
    let mut keep = vec![false; parent.len()];
    let mut rows = ordered.into_iter();
    for key in wanted {
        let (found, row) = rows.find(|(found, _)| *found >= key)?;
        if found != key {
            return None;
        }
        keep[row as usize] = true;
    }
    Some(keep)
}

/// How often each key is looked up; of equal keys the first is counted. What is not there is not.
pub fn occurrences(keys: &[u64], looked_up: &[u64]) -> Vec<i64> {
    let (ordered, wanted) = rayon::join(|| pairs(keys), || sort(looked_up));
    let mut counts = vec![0; keys.len()];
    let mut wanted = wanted.as_slice();
    for run in ordered.chunk_by(|a, b| a.0 == b.0) {
        let (key, row) = run[0];
        let below = wanted.iter().take_while(|w| **w < key).count();
        let equal = wanted[below..].iter().take_while(|w| **w == key).count();
        counts[row as usize] = equal as i64;
        wanted = &wanted[below + equal..];
    }
    counts
}

/// Whether each of the looked-up keys is among the keys.
pub fn known(keys: &[u64], looked_up: &[u64]) -> Vec<bool> {
    let (keys, wanted) = rayon::join(|| sort(keys), || pairs(looked_up));
    let mut found = vec![false; looked_up.len()];
    let mut keys = keys.into_iter().peekable();
    for (key, row) in wanted {
        while keys.next_if(|k| *k < key).is_some() {}
        found[row as usize] = keys.peek() == Some(&key);
    }
    found
}

/// Rows of equal keys.
pub struct Groups {
    /// The first row of each group, ascending: groups are numbered in the order in which they first occur.
    pub first: Vec<i64>,
    /// The number of each row's group.
    pub of: Vec<i64>,
    /// How many rows each group has.
    pub sizes: Vec<i64>,
}

/// The rows by their keys.
pub fn groups(keys: &[u64]) -> Groups {
    let ordered = pairs(keys);
    // The first row of each row's group; a group is then numbered when its first row is met.
    let mut of = vec![0; keys.len()];
    for run in ordered.chunk_by(|a, b| a.0 == b.0) {
        for (_, row) in run {
            of[*row as usize] = i64::from(run[0].1);
        }
    }
    let (mut first, mut sizes) = (Vec::new(), Vec::<i64>::new());
    for row in 0..of.len() {
        if of[row] == row as i64 {
            of[row] = first.len() as i64;
            first.push(row as i64);
            sizes.push(1);
        } else {
            of[row] = of[of[row] as usize];
            sizes[of[row] as usize] += 1;
        }
    }
    Groups { first, of, sizes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::tests::keys;

    #[test]
    fn surplus_counts_what_is_missing() {
        assert_eq!(surplus(&[], &[]), (0, 0));
        assert_eq!(surplus(&[1, 1, 2], &[2, 1, 3, 3]), (1, 2));
        let (left, mut right) = (keys(40_000, 1000), keys(40_000, 1000));
        right.reverse();
        assert_eq!(surplus(&left, &right), (0, 0));
        right[5] = u64::MAX;
        assert_eq!(surplus(&left, &right), (1, 1));
    }

    #[test]
    fn the_first_rows_are_chosen() {
        assert_eq!(
            chosen(&[5, 3, 5, 5], &[5, 5]),
            Some(vec![true, false, true, false])
        );
        assert_eq!(chosen(&[5, 3], &[]), Some(vec![false, false]));
        for child in [&[4][..], &[3, 3], &[6], &[2, 3]] {
            assert_eq!(chosen(&[5, 3], child), None);
        }
    }

    #[test]
    fn lookups_are_counted_at_the_first_of_equal_keys() {
        assert_eq!(occurrences(&[7, 2, 7, 9], &[7, 9, 1, 7, 8]), [2, 0, 0, 1]);
        assert_eq!(occurrences(&[], &[1]), [0; 0]);
        assert_eq!(
            known(&[7, 2, 7], &[1, 7, 2, 7, 9]),
            [false, true, true, true, false]
        );
    }

    #[test]
    fn groups_are_numbered_as_they_occur() {
        let found = groups(&[9, 4, 9, 9, 4, 1]);
        assert_eq!(
            (found.first, found.of, found.sizes),
            (vec![0, 1, 5], vec![0, 1, 0, 0, 1, 2], vec![3, 2, 1])
        );
        let keys = keys(40_000, 300);
        let found = groups(&keys);
        assert!(found.first.is_sorted());
        assert_eq!(found.sizes.iter().sum::<i64>(), 40_000);
        for (row, group) in found.of.iter().enumerate() {
            assert_eq!(keys[row], keys[found.first[*group as usize] as usize]);
        }
    }
}
