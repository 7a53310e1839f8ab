//! Buckets as sorted lists of points.

use super::lists;
use super::sums::bucket_sums;
use super::{Adder, Digits, Region, Rows, NEGATIVE};
use crate::{memory, Fr, G1Affine, G1Projective};
use ark_ec::CurveGroup;
use ark_ff::{AdditiveGroup, PrimeField};
use rayon::prelude::*;

/// Terms that are sorted together, unless a single region has more.
const TASK: usize = 1 << 16;

/// Points in the form that an [`Adder`] adds.
pub(super) struct Points<A: Adder> {
    adder: A,
    points: Vec<A::Point>,
    /// Whether the identity is among them.
    identities: bool,
    table: Option<Table<A>>,
}

/// Multiples of all points by the weights of the windows: with these, one set of buckets serves all
/// windows.
struct Table<A: Adder> {
    /// Bits of a window.
    c: u32,
    /// `2^(c w)` times point `i` at `w * n + i`.
    multiples: Vec<A::Point>,
}

/// Regions whose buckets are numbered one after the other and filled together.
struct Task<'a, A: Adder> {
    adder: A,
    points: &'a [A::Point],
    identities: bool,
    digits: &'a Digits,
    regions: &'a [Region],
    /// For each region the first bucket, the first digit and the first point.
    starts: Vec<[usize; 3]>,
    /// Number of buckets.
    count: usize,
}

impl<A: Adder> Points<A> {
    pub fn new(adder: A, points: &[G1Affine]) -> Self {
        assert!(points.len() < NEGATIVE as usize, "fewer than 2^31 points");
        let mut converted = memory::vec(points.len(), A::IDENTITY);
        let pairs = converted.par_iter_mut().zip(points);
        pairs.for_each(|(converted, point)| *converted = A::from_affine(point));
        Points {
            adder,
            identities: converted.par_iter().any(A::is_identity),
            points: converted,
            table: None,
        }
    }

    /// The points at some places from `start` on.
    pub fn at_places(&self, start: usize, places: &[u32]) -> Self {
        let point = |i: &u32| self.points[start + *i as usize];
        Points {
            adder: self.adder,
            points: places.iter().map(point).collect(),
            identities: self.identities,
            table: None,
        }
    }

    /// The sum of the points of each of `count` numbers; a code is one more than a number, zero for none.
    pub fn joined(&self, start: usize, codes: &[u32], count: usize) -> Self {
        let mut codes = codes.to_vec();
        if self.identities {
            leave_out_identities::<A>(&mut codes, &self.points[start..]);
        }
        let lists = [lists::Digits {
            codes: &codes,
            bucket: 0,
            point: start,
        }];
        let points = bucket_sums(self.adder, &self.points, &lists, count);
        Points {
            adder: self.adder,
            identities: points.iter().any(A::is_identity),
            points,
            table: None,
        }
    }

    /// Adds a table of multiples, for sums of about `terms` terms.
    pub fn with_table(mut self, terms: usize) -> Self {
        let bits = Fr::MODULUS_BIT_SIZE - 1;
        let cost = |c: &u32| {
            let additions = f64::from(bits.div_ceil(*c)) * terms as f64;
            additions + A::BUCKET_WEIGHT * f64::from(1u32 << (c - 1))
        };
        let costs = (4..=16).map(|c| (c, cost(&c)));
        let best = costs.min_by(|(_, a), (_, b)| a.total_cmp(b));
        let c = best.map_or(4, |(c, _)| c);
        let (n, windows) = (self.points.len(), bits.div_ceil(c) as usize);
        let mut multiples = memory::vec(n * windows, A::IDENTITY);
        let (first, _) = multiples.split_at_mut(n);
        first.copy_from_slice(&self.points);
        for w in 1..windows {
            let (before, rest) = multiples[(w - 1) * n..].split_at_mut(n);
            let pairs = rest.par_chunks_mut(256).zip(before.par_chunks(256));
            pairs.take(n.div_ceil(256)).for_each(|(to, from)| {
                let doubled = self.adder.double(from, c);
                let points = G1Projective::normalize_batch(&doubled);
                for (to, point) in to.iter_mut().zip(points) {
                    *to = A::from_affine(&point);
                }
            });
        }
        self.table = Some(Table { c, multiples });
        self
    }

    /// Bits of a window of the table, if there is one.
    pub fn table_bits(&self) -> Option<u32> {
        self.table.as_ref().map(|table| table.c)
    }

    /// The sum over the points from `start` on by the table, whose windows the digits have.
    pub fn table_sum(&self, start: usize, digits: &Digits) -> Option<G1Projective> {
        let table = self.table.as_ref()?;
        let windows = 0..digits.windows;
        let regions = windows.map(|window| Region {
            row: 0,
            window,
            terms: 0..digits.len(),
        });
        let regions: Vec<_> = regions.collect();
        let multiples = |w: u32| w as usize * self.points.len() + start;
        let task = Task {
            adder: self.adder,
            points: &table.multiples,
            identities: self.identities,
            digits,
            regions: &regions,
            starts: regions
                .iter()
                .map(|r| [0, 0, multiples(r.window)])
                .collect(),
            count: regions
                .iter()
                .map(|r| digits.buckets(r.window))
                .max()
                .unwrap_or(0),
        };
        task.weigh(&task.buckets(), &[(0, task.count)]).pop()
    }

    /// [`Adder::BUCKET_WEIGHT`]
    pub fn bucket_weight(&self) -> f64 {
        A::BUCKET_WEIGHT
    }

    pub fn len(&self) -> usize {
        self.points.len()
    }

    pub fn get(&self, i: usize) -> G1Affine {
        A::to_affine(&self.points[i])
    }

    /// The weighted sum of the buckets of each region.
    pub fn region_sums(
        &self,
        rows: &Rows,
        digits: &Digits,
        regions: &[Region],
    ) -> Vec<G1Projective> {
        let terms = regions.first().map_or(1, |r| r.terms.len());
        let together = regions.par_chunks((TASK / terms).max(1));
        let sums = together.flat_map_iter(|regions| {
            if rows.column == 1 {
                let point = |r: &Region| rows.start + r.row * rows.row + r.terms.start;
                self.task(&self.points, rows, digits, regions, point).sums()
            } else {
                let first = regions.first().map_or(0, |r| r.row);
                let last = regions.last().map_or(0, |r| r.row);
                let near = self.gather(rows, first, last);
                let point = |r: &Region| (r.row - first) * rows.terms + r.terms.start;
                self.task(&near, rows, digits, regions, point).sums()
            }
        });
        sums.collect()
    }

    /// The points of some rows, row by row. Terms far apart meet in few sets of the caches;
    /// brought together once, they serve all windows.
    fn gather(&self, rows: &Rows, first: usize, last: usize) -> Vec<A::Point> {
        let mut near = vec![A::IDENTITY; (last + 1 - first) * rows.terms];
        for j in 0..rows.terms {
            for i in first..=last {
                let point = self.points[rows.start + i * rows.row + j * rows.column];
                near[(i - first) * rows.terms + j] = point;
            }
        }
        near
    }

    fn task<'a>(
        &self,
        points: &'a [A::Point],
        rows: &Rows,
        digits: &'a Digits,
        regions: &'a [Region],
        point: impl Fn(&Region) -> usize,
    ) -> Task<'a, A> {
        let mut count = 0;
        let start = |region: &Region| {
            let bucket = count;
            count += digits.buckets(region.window);
            let digit = region.row * rows.terms + region.terms.start;
            [bucket, digit, point(region)]
        };
        let starts = regions.iter().map(start).collect();
        Task {
            adder: self.adder,
            points,
            identities: self.identities,
            digits,
            regions,
            starts,
            count,
        }
    }
}

fn leave_out_identities<A: Adder>(codes: &mut [u32], points: &[A::Point]) {
    for (code, point) in codes.iter_mut().zip(points) {
        if A::is_identity(point) {
            *code = 0;
        }
    }
}

impl<A: Adder> Task<'_, A> {
    /// The weighted sum of the buckets of each region.
    fn sums(&self) -> Vec<G1Projective> {
        let pairs = self.regions.iter().zip(&self.starts);
        let sets: Vec<_> = pairs
            .map(|(region, [start, ..])| (*start, self.digits.buckets(region.window)))
            .collect();
        self.weigh(&self.buckets(), &sets)
    }

    /// The sum of each bucket.
    fn buckets(&self) -> Vec<A::Point> {
        let mut all = vec![0; self.regions.iter().map(|r| r.terms.len()).sum()];
        let mut rest = &mut all[..];
        let mut lists = Vec::with_capacity(self.regions.len());
        for (region, [bucket, digit, point]) in self.regions.iter().zip(&self.starts) {
            let (codes, after) = rest.split_at_mut(region.terms.len());
            rest = after;
            self.digits.window(region.window, *digit, codes);
            if self.identities {
                leave_out_identities::<A>(codes, &self.points[*point..]);
            }
            lists.push(lists::Digits {
                codes,
                bucket: *bucket,
                point: *point,
            });
        }
        bucket_sums(self.adder, self.points, &lists, self.count)
    }

    /// The weighted sum of each set of buckets, given by start and length. By parts of a power of
    /// two of buckets: the weighted sum of a part by itself, and its plain sum times the buckets
    /// below it.
    fn weigh(&self, buckets: &[A::Point], sets: &[(usize, usize)]) -> Vec<G1Projective> {
        let parts = (16 / sets.len()).max(1);
        let mut runs = Vec::new();
        let mut shapes = Vec::new();
        for (start, n) in sets {
            let part = n.div_ceil(parts).next_power_of_two();
            shapes.push((n.div_ceil(part), part));
            runs.extend((0..*n).step_by(part).map(|k| (start + k, part.min(n - k))));
        }
        let sums = self.adder.weighted_sums(buckets, &runs);
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
            let weighted = mine.iter().map(|(_, weighted)| *weighted);
            numbered + weighted.sum::<G1Projective>()
        };
        shapes.into_iter().map(join).collect()
    }
}
