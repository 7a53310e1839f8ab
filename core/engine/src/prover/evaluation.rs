//! Expressions on the lanes of the grid, or of a coset of its depth axis.

use crate::domain::Domain;
use crate::eval::{Registers, Tape};
use crate::program::Program;
use crate::public::AlongDepth;
use std::ops::Range;
use zkp_kernels::{FieldPath, Fr};

/// Elements that an expression is evaluated on at a time, so that intermediate values stay in the
/// nearest cache.
const BLOCK: usize = 256;

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

/// Some nodes of a program, ready to be evaluated on the lanes of `shift` times the depth axis.
pub struct Evaluation<P: FieldPath> {
    path: P,
    /// The first lane of each stretch on which the same public columns are zero, and its tape.
    tapes: Vec<(usize, Tape)>,
    publics: Vec<AlongDepth<Lane<P>>>,
    zero: Lane<P>,
}

/// Working memory of one thread.
pub struct Workspace<P: FieldPath> {
    registers: Registers<P>,
    buffers: Vec<Lane<P>>,
}

impl<P: FieldPath> Evaluation<P> {
    /// Compiles the nodes `roots`; without a shift it is the depth axis itself.
    pub fn new(
        path: P,
        program: &Program,
        scalars: &[Option<Fr>],
        roots: &[usize],
        domain: &Domain,
        shift: Option<Fr>,
    ) -> Self {
        let on_axis = |cells: Vec<Fr>| match shift {
            None => load(path, &cells),
            Some(s) => load(path, &domain.evaluate(&domain.interpolate(cells), s)),
        };
        let mut starts: Vec<usize> = program
            .publics
            .iter()
            .map(|p| p.first_zero_lane())
            .collect();
        starts.push(0);
        starts.sort_unstable();
        starts.dedup();
        let tape_from = |start: usize| {
            let zero = program.publics.iter().map(|p| p.first_zero_lane() <= start);
            Tape::new(program, scalars, &zero.collect::<Vec<_>>(), roots)
        };
        let publics = program.publics.iter();
        Evaluation {
            path,
            tapes: (starts.iter().map(|start| (*start, tape_from(*start)))).collect(),
            publics: publics
                .map(|p| p.along_depth(domain.size, on_axis))
                .collect(),
            zero: zeros::<P>(domain.size / P::WIDTH),
        }
    }

    fn tape(&self, lane: usize) -> &Tape {
        let after = self.tapes.partition_point(|(start, _)| *start <= lane);
        // The first stretch starts at lane 0.
        &self.tapes[after - 1].1
    }

    /// The columns that are read on a lane, rising.
    pub fn columns(&self, lane: usize) -> &[usize] {
        &self.tape(lane).columns
    }

    pub fn workspace(&self) -> Workspace<P> {
        Workspace {
            registers: Registers::default(),
            buffers: vec![self.zero.clone(); self.publics.len()],
        }
    }

    /// Evaluates on the packs `range` of a lane, block after block, and hands the values of each
    /// root on each block to `emit(root, block, values)`. `columns` are whole lanes, of which those
    /// that are not read may be empty; blocks count from the start of `range`.
    pub fn run(
        &self,
        workspace: &mut Workspace<P>,
        lane: usize,
        range: Range<usize>,
        columns: &[Lane<P>],
        mut emit: impl FnMut(usize, Range<usize>, &[P::Pack]),
    ) {
        let tape = self.tape(lane);
        let Workspace { registers, buffers } = workspace;
        let all = self.publics.iter().zip(buffers).enumerate();
        let publics: Vec<&[P::Pack]> = all
            .map(|(i, (along, buffer))| match tape.publics.contains(&i) {
                true => along.lane(self.path, lane, buffer, &self.zero),
                false => &[],
            })
            .collect();
        let columns: Vec<&[P::Pack]> = columns.iter().map(Vec::as_slice).collect();
        let step = (BLOCK / P::WIDTH).max(1);
        for start in range.clone().step_by(step) {
            let block = start..(start + step).min(range.end);
            let (columns, publics) = (cut(&columns, &block), cut(&publics, &block));
            let relative = start - range.start..block.end - range.start;
            let length = block.len();
            tape.run(
                self.path,
                registers,
                length,
                &columns,
                &publics,
                |root, values| {
                    emit(root, relative.clone(), values);
                },
            );
        }
    }
}

/// `slices`, each cut to a range; empty ones stay empty.
fn cut<'a, T>(slices: &[&'a [T]], range: &Range<usize>) -> Vec<&'a [T]> {
    let cut = |s: &&'a [T]| s.get(range.clone()).unwrap_or(&[]);
    slices.iter().map(cut).collect()
}
