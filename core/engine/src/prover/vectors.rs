//! Columns and public columns of one lane in the form of a field path.

use crate::domain::Domain;
use crate::program::Program;
use crate::public::AlongDepth;
use zkp_kernels::{FieldPath, Fr};

/// Elements that an expression is evaluated on at a time, so that intermediate values stay in the
/// nearest cache.
const BLOCK: usize = 256;

/// The blocks of a lane of `packs` packs.
pub fn blocks<P: FieldPath>(packs: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let block = (BLOCK / P::WIDTH).max(1);
    (0..packs)
        .step_by(block)
        .map(move |start| start..(start + block).min(packs))
}

/// `values` in packs.
pub fn load<P: FieldPath>(path: P, values: &[Fr]) -> Vec<P::Pack> {
    let mut out = vec![P::Pack::default(); values.len() / P::WIDTH];
    path.load(&mut out, values);
    out
}

/// Packs as elements.
pub fn store<P: FieldPath>(path: P, packs: &[P::Pack]) -> Vec<Fr> {
    let mut out = vec![Fr::default(); packs.len() * P::WIDTH];
    path.store(&mut out, packs);
    out
}

/// The public columns of a program on `shift` times the depth axis.
pub struct Publics<P: FieldPath> {
    along: Vec<AlongDepth<Vec<P::Pack>>>,
    zero: Vec<P::Pack>,
}

impl<P: FieldPath> Publics<P> {
    pub fn new(path: P, program: &Program, domain: &Domain, shift: Option<Fr>) -> Self {
        let on_axis = |cells: Vec<Fr>| match shift {
            None => load(path, &cells),
            Some(s) => load(path, &domain.evaluate(&domain.interpolate(cells), s)),
        };
        let publics = program.publics.iter();
        Publics {
            along: publics
                .map(|p| p.along_depth(domain.size, on_axis))
                .collect(),
            zero: vec![P::Pack::default(); domain.size / P::WIDTH],
        }
    }

    /// Memory for [`Publics::lane`], one vector to a public column.
    pub fn buffers(&self) -> Vec<Vec<P::Pack>> {
        vec![self.zero.clone(); self.along.len()]
    }

    /// The vectors of a lane; those not in `wanted` are empty.
    pub fn lane<'a>(
        &'a self,
        path: P,
        lane: usize,
        wanted: &[usize],
        buffers: &'a mut [Vec<P::Pack>],
    ) -> Vec<&'a [P::Pack]> {
        let all = self.along.iter().zip(buffers).enumerate();
        all.map(|(i, (along, buffer))| {
            if wanted.contains(&i) {
                along.lane(path, lane, buffer, &self.zero)
            } else {
                &[]
            }
        })
        .collect()
    }
}

/// `slices`, each cut to a range; empty ones stay empty.
pub fn cut<'a, T>(slices: &[&'a [T]], range: &std::ops::Range<usize>) -> Vec<&'a [T]> {
    slices
        .iter()
        .map(|s| s.get(range.clone()).unwrap_or(&[]))
        .collect()
}
