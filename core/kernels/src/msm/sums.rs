//! Sums of many lists of points at once.
//!
//! Points are affine and are added by the chord rule, which needs an inversion; the additions of
//! one row of a few thousand lists share one. Where two points have equal x the rule fails: its
//! denominator is zero, which makes the shared product zero. Such a row is done again with
//! distinction of cases, so the fast way tests nothing but its product.

use super::lists::{Digits, Lists};
use super::Adder;
use rayon::prelude::*;

/// Lists whose additions share inversions: their sums fit the second-level cache.
const TOGETHER: usize = 1 << 12;

/// One row of bundles.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub codes: &'a [u32],
    /// Where the bundles begin, and where the last one ends.
    pub starts: &'a [usize],
    /// The number of the row.
    pub k: usize,
}

impl<'a> Row<'a> {
    /// The codes of bundle `i` in row `k`, if it has that row.
    #[inline(always)]
    pub fn codes<const PACK: usize>(&self, i: usize, k: usize) -> Option<&'a [u32; PACK]> {
        let (start, end) = (*self.starts.get(i)?, *self.starts.get(i + 1)?);
        let bundle = self.codes.get(start..end)?;
        bundle.as_chunks::<PACK>().0.get(k)
    }
}

/// The sum of the points of each bucket.
pub(super) fn bucket_sums<A: Adder>(
    adder: A,
    points: &[A::Point],
    digits: &[Digits<'_>],
    count: usize,
) -> Vec<A::Point> {
    let lists = Lists::new(digits, count, A::PACK);
    let mut out = vec![A::IDENTITY; count];
    let sums = list_sums(adder, points, &lists);
    let Some(split) = &lists.split else {
        for (bucket, sum) in lists.buckets.iter().zip(sums) {
            out[*bucket as usize] = sum;
        }
        return out;
    };
    // What several lists of one bucket came to are points to be summed once more.
    let several: Vec<u32> = lists
        .buckets
        .iter()
        .zip(&sums)
        .map(|(bucket, sum)| {
            if split[*bucket as usize] > 1 && !A::is_identity(sum) {
                bucket + 1
            } else {
                0
            }
        })
        .collect();
    let again = Digits {
        codes: &several,
        bucket: 0,
        point: 0,
    };
    let mut joined = bucket_sums(adder, &sums, &[again], count);
    for (bucket, sum) in lists.buckets.iter().zip(&sums) {
        if split[*bucket as usize] == 1 {
            joined[*bucket as usize] = *sum;
        }
    }
    joined
}

/// The sum of each list.
fn list_sums<A: Adder>(adder: A, points: &[A::Point], lists: &Lists) -> Vec<A::Point> {
    let bundles = lists.starts.len() - 1;
    let most = TOGETHER / A::PACK;
    let share = bundles.div_ceil(rayon::current_num_threads());
    let step = share.clamp((most / 8).max(1), most);
    let mut out = vec![A::IDENTITY; bundles * A::PACK];
    let chunks = out.par_chunks_mut(step * A::PACK).enumerate();
    chunks.for_each_init(A::Scratch::default, |scratch, (i, out)| {
        let first = i * step;
        let starts = &lists.starts[first..=first + out.len() / A::PACK];
        let mut row = Row {
            codes: &lists.codes,
            starts,
            k: 0,
        };
        adder.begin(points, row, scratch);
        let length = |i: usize| (starts[i + 1] - starts[i]) / A::PACK;
        let mut active = starts.len() - 1;
        for k in 1..length(0) {
            while active > 0 && length(active - 1) <= k {
                active -= 1;
            }
            row.k = k;
            row.starts = &starts[..=active];
            adder.step(points, row, scratch);
        }
        adder.finish(scratch, out);
    });
    out.truncate(lists.buckets.len());
    out
}
