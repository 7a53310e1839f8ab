//! Sorting of 64-bit keys by radix: two runs at once, then merged. Stable.

/// Below that many keys one thread is enough.
const ALONE: usize = 1 << 14;

/// The keys in ascending order.
pub fn sort(keys: &[u64]) -> Vec<u64> {
    let mut keys = keys.to_vec();
    sorted(&mut keys, |key| *key)
}

/// Numbers of the rows in ascending order of their keys; of equal keys the first comes first.
///
/// # Panics
/// For 2^32 keys and more; the largest grid holds fewer.
pub fn argsort(keys: &[u64]) -> Vec<i64> {
    pairs(keys)
        .into_iter()
        .map(|(_, row)| i64::from(row))
        .collect()
}

/// The keys in ascending order, each with the number of its row.
pub(crate) fn pairs(keys: &[u64]) -> Vec<(u64, u32)> {
    let rows = 0..u32::try_from(keys.len()).expect("a grid holds fewer rows");
    let mut pairs: Vec<(u64, u32)> = keys.iter().copied().zip(rows).collect();
    sorted(&mut pairs, |pair| pair.0)
}

fn sorted<T: Copy + Send + Sync>(items: &mut [T], key: fn(&T) -> u64) -> Vec<T> {
    if items.len() < ALONE {
        radsort::sort_by_key(items, key);
        return items.to_vec();
    }
    let (left, right) = items.split_at_mut(items.len() / 2);
    rayon::join(
        || radsort::sort_by_key(left, key),
        || radsort::sort_by_key(right, key),
    );
    merged(left, right, key)
}

fn merged<T: Copy>(left: &[T], right: &[T], key: fn(&T) -> u64) -> Vec<T> {
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left, right);
    while let (Some(a), Some(b)) = (left.first(), right.first()) {
        if key(a) <= key(b) {
            out.push(*a);
            left = &left[1..];
        } else {
            out.push(*b);
            right = &right[1..];
        }
    }
    out.extend_from_slice(left);
    out.extend_from_slice(right);
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Keys of an additive generator, many of them equal.
    pub(crate) fn keys(n: usize, distinct: u64) -> Vec<u64> {
        (1..=n as u64)
            .map(|i| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) % distinct)
            .collect()
    }

    #[test]
    fn as_the_standard_library() {
        for (n, distinct) in [(0, 1), (1, 1), (1000, 7), (40_000, 100), (40_001, u64::MAX)] {
            let keys = keys(n, distinct);
            let mut expected: Vec<i64> = (0..n as i64).collect();
            expected.sort_by_key(|row| keys[*row as usize]);
            assert_eq!(argsort(&keys), expected);
            let mut plain = keys.clone();
            plain.sort_unstable();
            assert_eq!(sort(&keys), plain);
        }
    }
}
