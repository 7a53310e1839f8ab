//! Expressions on the lanes of the grid, or of a coset of its depth axis.

use crate::domain::{Domain, LANES};
use crate::eval::{Output, Registers, Root, Tape};
use crate::program::Program;
use crate::public::{AlongDepth, Public};
use ark_ff::Field;
use std::collections::BTreeSet;
use std::ops::Range;
use zkp_kernels::{Coset, FieldPath, Fr};

/// Elements that an expression is evaluated on at a time, so that intermediate values stay in the
/// nearest cache.
pub const BLOCK: usize = 128;

/// A lane in the form of a path.
pub type Lane<P> = Vec<<P as FieldPath>::Pack>;

/// `values` in packs.
pub fn load<P: FieldPath>(path: P, values: &[Fr]) -> Lane<P> {
    let mut out = zeros::<P>(values.len() / P::WIDTH);
    path.load(&mut out, values);
    out
}

/// Packs as elements.
pub fn store<P: FieldPath>(path: P, packs: &[P::Pack]) -> Vec<Fr> {
    let mut out = vec![Fr::default(); packs.len() * P::WIDTH];
    path.store(&mut out, packs);
    out
}

/// `packs` packs of zeros.
pub fn zeros<P: FieldPath>(packs: usize) -> Lane<P> {
    vec![P::Pack::default(); packs]
}

/// `sum += factor * values`; the first sum of every program has the factor one.
pub fn add_weighted<P: FieldPath>(path: P, sum: &mut [P::Pack], values: &[P::Pack], factor: Fr) {
    match factor == Fr::ONE {
        true => path.add_assign(sum, values),
        false => path.add_scaled(sum, values, factor),
    }
}

/// The public columns on the depth axis, on a coset of it, or elsewhere.
pub struct Publics<P: FieldPath> {
    columns: Vec<AlongDepth<Lane<P>>>,
    /// Whether it is the axis itself, on which a column is zero beyond its data positions.
    on_axis: bool,
    packs: usize,
}

impl<P: FieldPath> Publics<P> {
    /// On the axis.
    pub fn new(path: P, program: &Program) -> Self {
        let along = |p: &Public| p.along_depth(program.depth, |cells| load(path, &cells));
        Publics {
            columns: program.publics.iter().map(along).collect(),
            on_axis: true,
            packs: program.depth / P::WIDTH,
        }
    }

    /// One and the same for all that are not zero on a lane.
    pub fn same(program: &Program, values: &Lane<P>) -> Self {
        let along = |p: &Public| p.along_depth(0, |_| values.clone());
        Publics {
            columns: program.publics.iter().map(along).collect(),
            on_axis: false,
            packs: values.len(),
        }
    }

    /// The same, without regard to the positions beyond which a column is zero.
    pub fn by_lanes(mut self) -> Self {
        self.on_axis = false;
        self
    }

    /// Coefficients on the axis.
    pub fn coefficients(mut self, path: P, domain: &Domain) -> Self {
        for column in &mut self.columns {
            column.each(|lane| path.ifft(lane, &domain.twiddles));
        }
        self.on_axis = false;
        self
    }

    /// Values on a coset from coefficients.
    pub fn on_coset(&self, path: P, coset: &Coset) -> Self {
        let mut columns = self.columns.clone();
        for column in &mut columns {
            column.each(|lane| path.coset_fft(lane, coset));
        }
        Publics {
            columns,
            on_axis: false,
            packs: self.packs,
        }
    }
}

/// Some nodes of a program, ready to be evaluated on lanes of the depth axis, of a coset, or at
/// other points.
pub struct Evaluation<P: FieldPath> {
    path: P,
    stretches: Vec<Stretch>,
    publics: Publics<P>,
    zero: Lane<P>,
}

/// Lanes from one on, on which the same public columns are zero and which lie inside the masks of
/// the same sums.
struct Stretch {
    first: usize,
    segments: Vec<Segment>,
    /// The columns that are read, rising.
    columns: Vec<usize>,
}

/// Positions of the lanes of a stretch on which the same public columns are zero, and their tape.
pub struct Segment {
    pub packs: Range<usize>,
    tape: Tape,
}

impl Segment {
    /// The roots that are computed here.
    pub fn roots(&self) -> &[Root] {
        &self.tape.roots
    }
}

/// Working memory of one thread.
pub struct Workspace<P: FieldPath> {
    registers: Registers<P>,
    buffers: Vec<Lane<P>>,
}

impl<P: FieldPath> Evaluation<P> {
    /// Compiles those of the nodes `roots` that are `wanted` on each stretch, given by its first
    /// lane, and segment; see [`Tape::new`]. No stretch lies partly inside the mask of a sum.
    pub fn new<O: Into<Output>>(
        path: P,
        program: &Program,
        scalars: &[Option<Fr>],
        roots: &[usize],
        publics: Publics<P>,
        wanted: impl Fn(usize, &[Option<usize>]) -> Vec<O>,
    ) -> Self {
        let packs = publics.packs;
        let all = || program.publics.iter();
        let beyond = |p: &Public| match publics.on_axis {
            true => p.extent.data().div_ceil(P::WIDTH),
            false => packs,
        };
        let inside = (program.sums.iter()).map(|s| program.publics[s.mask].full_lanes());
        let lanes = starts(all().map(Public::first_zero_lane).chain(inside), LANES);
        let places = starts(all().map(beyond), packs);
        let segment = |first: usize, packs: Range<usize>| {
            let zero = all().map(|p| p.first_zero_lane() <= first || beyond(p) <= packs.start);
            let zero: Vec<bool> = zero.collect();
            Segment {
                packs,
                tape: Tape::new(program, scalars, &zero, roots, |d| wanted(first, d)),
            }
        };
        let stretch = |first: &usize| {
            let ends = places[1..].iter().copied().chain([packs]);
            let ranges = places.iter().zip(ends).map(|(start, end)| *start..end);
            let segments: Vec<Segment> = ranges.map(|range| segment(*first, range)).collect();
            let columns = segments.iter().flat_map(|s| s.tape.columns.iter().copied());
            let columns: BTreeSet<usize> = columns.collect();
            Stretch {
                first: *first,
                segments,
                columns: columns.into_iter().collect(),
            }
        };
        Evaluation {
            path,
            stretches: lanes.iter().map(stretch).collect(),
            publics,
            zero: zeros::<P>(packs),
        }
    }

    /// All segments of all lanes.
    pub fn all_segments(&self) -> impl Iterator<Item = &Segment> {
        self.stretches.iter().flat_map(|s| &s.segments)
    }

    fn stretch(&self, lane: usize) -> &Stretch {
        let after = self.stretches.partition_point(|s| s.first <= lane);
        // The first stretch starts at lane 0.
        &self.stretches[after - 1]
    }

    /// The segments of a lane.
    pub fn segments(&self, lane: usize) -> &[Segment] {
        &self.stretch(lane).segments
    }

    /// The columns that are read on a lane, rising.
    pub fn columns(&self, lane: usize) -> &[usize] {
        &self.stretch(lane).columns
    }

    pub fn workspace(&self) -> Workspace<P> {
        Workspace {
            registers: Registers::default(),
            buffers: vec![self.zero.clone(); self.publics.columns.len()],
        }
    }

    /// Evaluates on those packs of a lane that are in `range`, block after block, and hands the
    /// values of each root on each block to `emit(root, block, values)`. `columns` are whole lanes,
    /// of which those that are not read may be empty.
    pub fn run(
        &self,
        workspace: &mut Workspace<P>,
        lane: usize,
        range: Range<usize>,
        columns: &[Lane<P>],
        mut emit: impl FnMut(&Root, Range<usize>, &[P::Pack]),
    ) {
        for segment in self.segments(lane) {
            self.run_segment(workspace, lane, segment, &range, columns, &mut emit);
        }
    }

    /// As [`Evaluation::run`], on one segment of the lane.
    pub fn run_segment(
        &self,
        workspace: &mut Workspace<P>,
        lane: usize,
        segment: &Segment,
        range: &Range<usize>,
        columns: &[Lane<P>],
        mut emit: impl FnMut(&Root, Range<usize>, &[P::Pack]),
    ) {
        let tape = &segment.tape;
        let range = range.start.max(segment.packs.start)..range.end.min(segment.packs.end);
        if tape.roots.is_empty() || range.is_empty() {
            return;
        }
        let Workspace { registers, buffers } = workspace;
        let all = self.publics.columns.iter().zip(buffers).enumerate();
        let publics: Vec<&[P::Pack]> = all
            .map(|(i, (along, buffer))| match tape.publics.contains(&i) {
                true => along.lane(self.path, lane, buffer, &self.zero),
                false => &[],
            })
            .collect();
        let step = (BLOCK / P::WIDTH).max(1);
        for start in range.clone().step_by(step) {
            let block = start..(start + step).min(range.end);
            let (columns, publics) = (cut(columns, &block), cut(&publics, &block));
            let emit = |root: &Root, values: &[P::Pack]| emit(root, block.clone(), values);
            tape.run(self.path, registers, block.len(), &columns, &publics, emit);
        }
    }
}

/// The numbers of the roots that are not zero, for [`Evaluation::new`].
pub fn present(degrees: &[Option<usize>]) -> Vec<usize> {
    let roots = degrees.iter().enumerate();
    roots.filter(|(_, d)| d.is_some()).map(|(r, _)| r).collect()
}

/// Zero and those of `places` that lie before `end`, rising.
fn starts(places: impl Iterator<Item = usize>, end: usize) -> Vec<usize> {
    let places: BTreeSet<usize> = places.chain([0]).filter(|place| *place < end).collect();
    places.into_iter().collect()
}

/// `slices`, each cut to a range; empty ones stay empty.
pub fn cut<'a, T, S: AsRef<[T]>>(slices: &'a [S], range: &Range<usize>) -> Vec<&'a [T]> {
    let cut = |s: &'a S| s.as_ref().get(range.clone()).unwrap_or(&[]);
    slices.iter().map(cut).collect()
}
