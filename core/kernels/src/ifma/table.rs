//! The factors of a transform, in the order in which it reads them.

use super::modulus::FrMod;
use super::prepared::{Folded, Narrow, Uniform};
use super::{kernels, Simd};
use crate::twiddles::Levels;
use crate::Fr;

/// Packs to a block whose last three levels are done on packs turned round: lane `l` of all eight
/// holds what was pack `l`.
pub(crate) const BLOCK: usize = 8;

/// Length in packs from which the factors of lanes are kept in a third of the memory: there they
/// are read from memory, which takes longer than the products by them.
const LONG: usize = 1 << 11;

/// Factors of a block for the last three levels, lane by lane: one for the first of them, where
/// lane `l` is block `l`, two for the second, where it is blocks `2 l` and `2 l + 1`, and four.
pub(crate) type Inner<F> = [F; 7];

/// The factors of the last three levels of each block.
pub(crate) enum Within {
    Folded(Vec<Inner<Folded>>),
    Narrow(Vec<Inner<Narrow>>),
}

/// The factors of a transform, of two packs at least.
pub(crate) struct Table {
    /// The factors of levels whose blocks are at least two packs, and where each level begins.
    factors: Vec<Uniform>,
    starts: Vec<usize>,
    pub within: Within,
    /// Whether the first block of each level has the factor 1, and the second the root of -1.
    pub plain: bool,
}

impl Table {
    /// For transforms of `packs` packs, with these levels.
    pub fn new(s: Simd, packs: usize, levels: &Levels) -> Self {
        let plain = levels.starts.iter().all(|start| *start == 0);
        let outer = levels.starts.len() - 3;
        let mut starts = vec![0; outer];
        let mut table = Vec::new();
        // Where levels share their factors, those of the last one serve all.
        for level in if plain { outer - 1..outer } else { 0..outer } {
            starts[level] = if plain { 0 } else { table.len() };
            table.extend(uniform(s, &levels.level(level)[..1 << level]));
        }
        let inner = (outer, packs.div_ceil(BLOCK));
        let within = if packs < LONG {
            Within::Folded(lanes(levels, inner, |x| folded(s, x)))
        } else {
            Within::Narrow(lanes(levels, inner, |x| narrow(s, x)))
        };
        Table {
            factors: table,
            starts,
            within,
            plain,
        }
    }

    /// The factor of block `k` of a level.
    #[inline(always)]
    pub fn factor(&self, level: usize, k: usize) -> &Uniform {
        &self.factors[self.starts[level] + k]
    }
}

fn folded(s: Simd, x: &[Fr; 8]) -> Folded {
    // SAFETY: `Simd` is the proof that the processor has the kernel's instructions.
    unsafe { fold_eight(s, x) }
}

fn narrow(s: Simd, x: &[Fr; 8]) -> Narrow {
    // SAFETY: as above.
    unsafe { narrow_eight(s, x) }
}

/// One factor after the other.
fn uniform(s: Simd, factors: &[Fr]) -> impl Iterator<Item = Uniform> + '_ {
    factors.chunks(8).flat_map(move |some| {
        let mut eight = [Fr::default(); 8];
        eight[..some.len()].copy_from_slice(some);
        let folded = folded(s, &eight);
        (0..some.len()).map(move |lane| folded.uniform(lane))
    })
}

/// [`Inner`] of each of `blocks` blocks, whose first level is `level`.
fn lanes<F>(
    levels: &Levels,
    (level, blocks): (usize, usize),
    prepare: impl Fn(&[Fr; 8]) -> F,
) -> Vec<Inner<F>> {
    let [ones, twos, fours] = [0, 1, 2].map(|l| levels.level(level + l));
    let inner = |b: usize| {
        let pick = |from: &[Fr], width: usize, m: usize| {
            // Transforms shorter than a block have lanes to spare.
            let factor = |lane: usize| from.get(width * (8 * b + lane) + m).copied();
            prepare(&std::array::from_fn(|lane| {
                factor(lane).unwrap_or_default()
            }))
        };
        [
            pick(ones, 1, 0),
            pick(twos, 2, 0),
            pick(twos, 2, 1),
            pick(fours, 4, 0),
            pick(fours, 4, 1),
            pick(fours, 4, 2),
            pick(fours, 4, 3),
        ]
    };
    (0..blocks).map(inner).collect()
}

/// A number for [`Uniform`] products by `x`.
pub(crate) fn single(s: Simd, x: Fr) -> Uniform {
    folded(s, &[x; 8]).uniform(0)
}

kernels! {
    fn fold_eight(s: Simd, x: &[Fr; 8]) -> Folded {
        s.fold(&s.import::<FrMod>(x))
    }

    fn narrow_eight(s: Simd, x: &[Fr; 8]) -> Narrow {
        s.narrow(&s.import::<FrMod>(x))
    }
}
