//! Buckets as sorted lists of points that are added in pairs, eight additions at once.

use super::{Digits, Region, Rows, NEGATIVE};
use crate::ifma::{sum_pieces, weighted_sums, Ifma, Packed, Scratch, Simd};
use crate::{memory, G1Affine, G1Projective};
use ark_ff::AdditiveGroup;
use rayon::prelude::*;

/// Cost of a bucket, in additions of a point to one.
pub(super) const BUCKET_WEIGHT: f64 = 3.0;

/// Terms whose additions share their inversions: what a round reads and writes fits the
/// second-level cache.
const GROUP: usize = 1 << 13;

/// Terms that are sorted together, unless a single region has more.
const TASK: usize = 1 << 16;

/// Points in packed form.
pub(super) struct Points {
    simd: Simd,
    points: Vec<Packed>,
    /// Whether the identity is among them.
    identities: bool,
}

impl Points {
    pub fn new(path: Ifma, points: &[G1Affine]) -> Self {
        assert!(points.len() < NEGATIVE as usize, "fewer than 2^31 points");
        let mut packed = memory::vec(points.len(), Packed::IDENTITY);
        let pairs = packed.par_iter_mut().zip(points);
        pairs.for_each(|(packed, point)| *packed = Packed::from_affine(point));
        Points {
            simd: path.simd(),
            identities: packed.par_iter().any(Packed::is_identity),
            points: packed,
        }
    }

    pub fn len(&self) -> usize {
        self.points.len()
    }

    pub fn get(&self, i: usize) -> G1Affine {
        self.points[i].to_affine()
    }

    /// The weighted sum of the buckets of each region.
    pub fn region_sums(
        &self,
        rows: &Rows,
        digits: &Digits,
        regions: &[Region],
    ) -> Vec<G1Projective> {
        let together = regions.first().map_or(1, |r| (TASK / r.terms.len()).max(1));
        let tasks = regions.par_chunks(together);
        tasks
            .flat_map_iter(|regions| self.task(rows, digits, regions))
            .collect()
    }

    /// Regions whose buckets are numbered one after the other and filled together.
    fn task(&self, rows: &Rows, digits: &Digits, regions: &[Region]) -> Vec<G1Projective> {
        let mut starts = Vec::with_capacity(regions.len());
        let mut count = 0;
        for region in regions {
            starts.push(count);
            count += digits.buckets(region.window);
        }
        let (codes, ends) = self.sort(rows, digits, regions, &starts, count);
        let buckets = self.fill(&codes, &ends);
        self.weigh(digits, regions, &starts, &buckets)
    }

    /// Codes (base and sign) in the order of their buckets, and where each bucket ends.
    fn sort(
        &self,
        rows: &Rows,
        digits: &Digits,
        regions: &[Region],
        starts: &[usize],
        count: usize,
    ) -> (Vec<u32>, Vec<u32>) {
        let mut all = vec![0; regions.iter().map(|r| r.terms.len()).sum()];
        let mut ends = vec![0u32; count];
        let mut rest = &mut all[..];
        let mut lists = Vec::with_capacity(regions.len());
        for (region, start) in regions.iter().zip(starts) {
            let (list, after) = rest.split_at_mut(region.terms.len());
            rest = after;
            let first = region.row * rows.row + region.terms.start * rows.column;
            digits.window(region.window, first, rows.column, list);
            let base = rows.start + first;
            if self.identities {
                for (k, code) in list.iter_mut().enumerate() {
                    if self.points[base + k * rows.column].is_identity() {
                        *code = 0;
                    }
                }
            }
            let ends = &mut ends[*start..];
            for bucket in list.iter().map(|code| (code & !NEGATIVE) as usize) {
                if bucket > 0 {
                    ends[bucket - 1] += 1;
                }
            }
            lists.push((&*list, *start, base));
        }
        // From counts to where each bucket begins; placing moves that to where it ends.
        let mut total = 0;
        for end in &mut ends {
            total += std::mem::replace(end, total);
        }
        let mut codes = vec![0; total as usize];
        for (list, start, base) in lists {
            let ends = &mut ends[start..];
            for (k, code) in list.iter().enumerate() {
                let bucket = (code & !NEGATIVE) as usize;
                if bucket > 0 {
                    let end = &mut ends[bucket - 1];
                    codes[*end as usize] = (base + k * rows.column) as u32 | (code & NEGATIVE);
                    *end += 1;
                }
            }
        }
        (codes, ends)
    }

    /// The sum of each bucket.
    fn fill(&self, codes: &[u32], ends: &[u32]) -> Vec<Packed> {
        // Pieces of buckets, in groups of about GROUP codes.
        let mut groups: Vec<(usize, Vec<u32>, Vec<u32>)> = vec![(0, vec![], vec![])];
        let (mut start, mut size) = (0, 0);
        for (bucket, end) in ends.iter().map(|end| *end as usize).enumerate() {
            while start < end {
                if size >= GROUP {
                    groups.push((start, vec![], vec![]));
                    size = 0;
                }
                let piece = (end - start).min(GROUP);
                if let Some((_, pieces, buckets)) = groups.last_mut() {
                    pieces.push(piece as u32);
                    buckets.push(bucket as u32);
                }
                size += piece;
                start += piece;
            }
        }
        let sums = groups
            .into_par_iter()
            .map_init(Scratch::default, |scratch, group| {
                let (start, pieces, buckets) = group;
                let sums = sum_pieces(self.simd, &self.points, &codes[start..], pieces, scratch);
                (buckets, sums)
            });
        let mut out = vec![Packed::IDENTITY; ends.len()];
        for (buckets, sums) in sums.collect::<Vec<_>>() {
            for (bucket, sum) in buckets.into_iter().zip(sums) {
                let out = &mut out[bucket as usize];
                *out = if out.is_identity() {
                    sum
                } else {
                    out.plus(&sum)
                };
            }
        }
        out
    }

    /// The weighted sum of the buckets of each region, by parts of a power of two of buckets: the
    /// weighted sum of a part by itself, and its plain sum times the buckets below it.
    fn weigh(
        &self,
        digits: &Digits,
        regions: &[Region],
        starts: &[usize],
        buckets: &[Packed],
    ) -> Vec<G1Projective> {
        let parts = (16 / regions.len()).max(1);
        let mut runs = Vec::new();
        let mut shapes = Vec::new();
        for (region, start) in regions.iter().zip(starts) {
            let n = digits.buckets(region.window);
            let part = n.div_ceil(parts).next_power_of_two();
            shapes.push((n.div_ceil(part), part));
            runs.extend((0..n).step_by(part).map(|k| (start + k, part.min(n - k))));
        }
        let sums = weighted_sums(self.simd, buckets, &runs);
        let mut rest = &sums[..];
        let join = |(parts, part): (usize, usize)| {
            let (mine, after) = rest.split_at(parts);
            rest = after;
            // sum_j j R_j, the plain sums by their part's number.
            let (mut running, mut numbered) = (G1Projective::ZERO, G1Projective::ZERO);
            for (plain, _) in mine.iter().skip(1).rev() {
                running += plain;
                numbered += running;
            }
            for _ in 0..part.trailing_zeros() {
                numbered.double_in_place();
            }
            numbered
                + mine
                    .iter()
                    .map(|(_, weighted)| *weighted)
                    .sum::<G1Projective>()
        };
        shapes.into_iter().map(join).collect()
    }
}
