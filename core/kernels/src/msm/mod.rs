//! Multi-scalar multiplication by signed-digit buckets (Pippenger).
//!
//! Scalars are cut into windows of `c` bits, read as digits between -2^(c-1) and 2^(c-1). For each
//! window the points with the same digit, up to sign, are summed into a bucket, and the buckets are
//! summed with their digits as weights; a chain of doublings joins the windows.

mod buckets;
mod lists;
mod plain;
mod scalars;
mod sums;

#[cfg(target_arch = "x86_64")]
use crate::{avx2, ifma};
use crate::{detect, G1Affine, G1Projective, Path, Scalars};
use ark_ff::AdditiveGroup;
use buckets::Points;
use rayon::prelude::*;
use scalars::{Digits, Magnitudes};
use std::ops::Range;

pub(crate) use lists::ABSENT;
pub(crate) use plain::Plain;
pub(crate) use scalars::NEGATIVE;
pub(crate) use sums::Row;

impl Scalars<'_> {
    /// Number of scalars.
    pub fn len(&self) -> usize {
        match self {
            Scalars::Field(s) => s.len(),
            Scalars::U64(s) => s.len(),
            Scalars::I64(s) => s.len(),
            Scalars::U16(s) => s.len(),
            Scalars::Bool(s) => s.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Arithmetic of points, as one path does it.
pub(crate) trait Adder: Copy + Send + Sync {
    /// An affine point or the identity.
    type Point: Copy + Send + Sync;
    /// Running sums of bundles of lists, and space to compute them.
    type Scratch: Default + Send;
    const IDENTITY: Self::Point;
    /// Cost of a bucket, in additions of a point to one.
    const BUCKET_WEIGHT: f64;
    /// Lists in a bundle: additions that are done at once.
    const PACK: usize;

    fn is_identity(p: &Self::Point) -> bool;
    fn from_affine(p: &G1Affine) -> Self::Point;
    fn to_affine(p: &Self::Point) -> G1Affine;

    /// Sets the sums of the bundles to the first row of points, none of them the identity.
    fn begin(self, points: &[Self::Point], row: Row<'_>, scratch: &mut Self::Scratch);

    /// Adds a row of points, none of them the identity, to the sums of the first bundles.
    fn step(self, points: &[Self::Point], row: Row<'_>, scratch: &mut Self::Scratch);

    /// The sums of all bundles, list by list.
    fn finish(self, scratch: &mut Self::Scratch, out: &mut [Self::Point]);

    /// `2^times` times each of at most a few hundred points.
    fn double(self, points: &[Self::Point], times: u32) -> Vec<G1Projective>;

    /// For each run of points, given by start and length: their sum, and the sum of each times its
    /// place in the run, counted from one.
    fn weighted_sums(
        self,
        points: &[Self::Point],
        runs: &[(usize, usize)],
    ) -> Vec<(G1Projective, G1Projective)>;
}

/// Points in the form that sums of multiples are computed from on one path. Worth keeping where
/// the same points serve again.
pub struct Bases(Form);

enum Form {
    Plain(Points<Plain>),
    #[cfg(target_arch = "x86_64")]
    Four(Points<avx2::Simd>),
    #[cfg(target_arch = "x86_64")]
    Eight(Points<ifma::Simd>),
}

/// The same expression for the points in each form.
macro_rules! in_any_form {
    ($form:expr, $points:ident => $e:expr) => {
        match $form {
            Form::Plain($points) => $e,
            #[cfg(target_arch = "x86_64")]
            Form::Four($points) => $e,
            #[cfg(target_arch = "x86_64")]
            Form::Eight($points) => $e,
        }
    };
}

impl Bases {
    /// The points in the form of the path of [`detect`].
    pub fn new(points: &[G1Affine]) -> Self {
        Self::with_path(detect(), points)
    }

    /// The points in the form of a given path.
    pub fn with_path(path: Path, points: &[G1Affine]) -> Self {
        Bases(match path {
            Path::Portable(_) => Form::Plain(Points::new(Plain, points)),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2(path) => Form::Four(Points::new(path.simd(), points)),
            #[cfg(target_arch = "x86_64")]
            Path::Ifma(path) => Form::Eight(Points::new(path.simd(), points)),
        })
    }

    /// Adds multiples of all points, so that [`msm_bases`] with full scalars takes about six
    /// tenths of the time. For a few thousand points: the multiples take some twenty times their
    /// space and a fifth of a second for each ten thousand. `terms` is how many terms most sums will have.
    pub fn with_table(self, terms: usize) -> Self {
        Bases(match self.0 {
            Form::Plain(points) => Form::Plain(points.with_table(terms)),
            #[cfg(target_arch = "x86_64")]
            Form::Four(points) => Form::Four(points.with_table(terms)),
            #[cfg(target_arch = "x86_64")]
            Form::Eight(points) => Form::Eight(points.with_table(terms)),
        })
    }

    /// The points at some places from `start` on.
    fn gather(&self, start: usize, places: &[u32]) -> Self {
        Bases(match &self.0 {
            Form::Plain(points) => Form::Plain(points.at_places(start, places)),
            #[cfg(target_arch = "x86_64")]
            Form::Four(points) => Form::Four(points.at_places(start, places)),
            #[cfg(target_arch = "x86_64")]
            Form::Eight(points) => Form::Eight(points.at_places(start, places)),
        })
    }

    /// For each of `count` numbers the sum of the points that have it: those from `start` on, each of
    /// which has a code, one more than its number, or zero for none.
    ///
    /// # Panics
    /// If there are more codes than points, or a code is larger than `count`.
    pub fn joined(&self, start: usize, codes: &[u32], count: usize) -> Self {
        assert!(start + codes.len() <= self.len(), "a code beyond the bases");
        assert!(
            codes.iter().all(|code| *code as usize <= count),
            "an unknown code"
        );
        Bases(match &self.0 {
            Form::Plain(points) => Form::Plain(points.joined(start, codes, count)),
            #[cfg(target_arch = "x86_64")]
            Form::Four(points) => Form::Four(points.joined(start, codes, count)),
            #[cfg(target_arch = "x86_64")]
            Form::Eight(points) => Form::Eight(points.joined(start, codes, count)),
        })
    }

    fn table_bits(&self) -> Option<u32> {
        in_any_form!(&self.0, points => points.table_bits())
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        in_any_form!(&self.0, points => points.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Point `i` in affine coordinates.
    ///
    /// # Panics
    /// If there is no point `i`.
    pub fn get(&self, i: usize) -> G1Affine {
        in_any_form!(&self.0, points => points.get(i))
    }

    /// Width of a window for sums of `n` terms with scalars of `bits` bits: the one with the
    /// fewest additions, one for each point and window and `weight` for each bucket.
    fn window_bits(&self, n: usize, bits: u32) -> u32 {
        let weight = in_any_form!(&self.0, points => points.bucket_weight());
        let cost = |c: &u32| {
            let windows = bits.div_ceil(*c);
            let below = f64::from(windows - 1) * f64::from(1u32 << (c - 1));
            let top = f64::from(1u32 << (bits - (windows - 1) * c));
            f64::from(windows) * n as f64 + weight * (below + top)
        };
        let costs = (1..=20).map(|c| (c, cost(&c)));
        let best = costs.min_by(|(_, a), (_, b)| a.total_cmp(b));
        best.map_or(1, |(c, _)| c)
    }
}

/// Where the terms of several sums lie: term `j` of sum `i` is scalar `i * terms + j` with base
/// `start + i * row + j * column`.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// Number of sums.
    pub rows: usize,
    /// Terms of a sum.
    pub terms: usize,
    /// Distance of the bases of the same term in neighbouring sums.
    pub row: usize,
    /// Distance of the bases of neighbouring terms of a sum.
    pub column: usize,
    /// Base of the first term.
    pub start: usize,
}

impl Rows {
    /// One past the highest base.
    fn end(&self) -> usize {
        if self.rows == 0 || self.terms == 0 {
            0
        } else {
            self.start + (self.rows - 1) * self.row + (self.terms - 1) * self.column + 1
        }
    }
}

/// Part of a sum that has buckets of its own.
#[derive(Clone)]
struct Region {
    row: usize,
    window: u32,
    terms: Range<usize>,
}

/// `sum_i scalars[i] * bases[i]`; the identity where there are none.
///
/// Its time depends on the largest scalar, by absolute value where a field element above r/2
/// counts as negative. Where the bases serve again, [`msm_bases`] spares their conversion.
///
/// # Panics
/// If the numbers of bases and scalars differ.
pub fn msm(bases: &[G1Affine], scalars: Scalars<'_>) -> G1Projective {
    let bases = Bases::new(bases);
    msm_bases(&bases, 0..bases.len(), scalars)
}

/// As [`msm`] over the bases of a range.
///
/// # Panics
/// If the range has not as many bases as there are scalars.
pub fn msm_bases(bases: &Bases, range: Range<usize>, scalars: Scalars<'_>) -> G1Projective {
    assert_eq!(range.len(), scalars.len(), "as many scalars as bases");
    assert!(range.end <= bases.len(), "a term beyond the bases");
    let mut magnitudes = Magnitudes::new(scalars);
    if magnitudes.bits == 0 {
        return G1Projective::ZERO;
    }
    if magnitudes.present < magnitudes.len() / SPARSE && bases.table_bits().is_none() {
        let places = magnitudes.compact();
        let near = bases.gather(range.start, &places);
        return msm_magnitudes(&near, 0..places.len(), magnitudes);
    }
    msm_magnitudes(bases, range, magnitudes)
}

/// One in how many scalars at most is not zero where zeros are left out beforehand: each window
/// would read them again.
const SPARSE: usize = 8;

fn msm_magnitudes(bases: &Bases, range: Range<usize>, magnitudes: Magnitudes) -> G1Projective {
    if let Some(c) = bases.table_bits() {
        let digits = magnitudes.recode(c);
        let sum = in_any_form!(&bases.0, points => points.table_sum(range.start, &digits));
        return sum.unwrap_or_default();
    }
    let rows = Rows {
        rows: 1,
        terms: range.len(),
        row: 0,
        column: 1,
        start: range.start,
    };
    row_sums(bases, rows, magnitudes).into_iter().sum()
}

/// Several sums of equally many terms each: sum `i` of the result is
/// `sum_j scalars[i * terms + j] * bases[start + i * row + j * column]`.
///
/// # Panics
/// If there are not as many scalars as terms, or a term lies beyond the bases.
pub fn msm_rows(bases: &Bases, rows: Rows, scalars: Scalars<'_>) -> Vec<G1Projective> {
    let terms = rows.rows * rows.terms;
    assert_eq!(terms, scalars.len(), "as many scalars as terms");
    assert!(rows.end() <= bases.len(), "a term beyond the bases");
    let magnitudes = Magnitudes::new(scalars);
    if magnitudes.bits == 0 || rows.terms == 0 || rows.rows == 0 {
        return vec![G1Projective::ZERO; rows.rows];
    }
    row_sums(bases, rows, magnitudes)
}

fn row_sums(bases: &Bases, rows: Rows, magnitudes: Magnitudes) -> Vec<G1Projective> {
    let c = bases.window_bits(rows.terms, magnitudes.bits);
    let digits = magnitudes.recode(c);
    let regions = regions(&rows, &digits);
    let sums = in_any_form!(&bases.0, points => points.region_sums(&rows, &digits, &regions));
    // Regions lie row by row, windows from the highest down.
    let each = regions.len() / rows.rows;
    let join = |(regions, sums): (&[Region], &[G1Projective])| {
        let mut total = G1Projective::ZERO;
        let mut window = digits.windows;
        for (region, sum) in regions.iter().zip(sums) {
            for _ in 0..(window - region.window) * c {
                total.double_in_place();
            }
            window = region.window;
            total += sum;
        }
        total
    };
    regions
        .par_chunks(each)
        .zip(sums.par_chunks(each))
        .map(join)
        .collect()
}

/// Terms below which a sum is not split further among threads.
const SPLIT: usize = 1 << 13;

/// All windows of all sums; where those are fewer than threads, terms are split as well.
fn regions(rows: &Rows, digits: &Digits) -> Vec<Region> {
    let whole = rows.rows * digits.windows as usize;
    let threads = rayon::current_num_threads();
    let parts = if whole < threads {
        threads.min(rows.terms / SPLIT).max(1)
    } else {
        1
    };
    let step = rows.terms.div_ceil(parts);
    let terms: Vec<_> = (0..rows.terms)
        .step_by(step)
        .map(|t| t..rows.terms.min(t + step))
        .collect();
    let mut out = Vec::with_capacity(whole * terms.len());
    for row in 0..rows.rows {
        for window in (0..digits.windows).rev() {
            out.extend(terms.iter().map(|terms| Region {
                row,
                window,
                terms: terms.clone(),
            }));
        }
    }
    out
}
