//! The helper columns (step 2).

use super::evaluation::{zeros, Evaluation, Lane, Publics, Workspace};
use super::grid::{GridColumn, LaneReader};
use super::Prover;
use crate::commit::msm_rows_of;
use crate::error::Result;
use crate::eval::Root;
use ark_ff::AdditiveGroup;
use rayon::prelude::*;
use std::ops::Range;
use zeroize::Zeroizing;
use zkp_kernels::{FieldPath, Fr, Scalars};

/// Cells of a group of lanes, or of a part of a lane, whose denominators share inversions: few
/// enough that those of all fractions fit the second-level cache.
const TOGETHER: usize = 1024;

/// A fraction on some packs of a lane.
struct Place {
    /// The lane's number in its group.
    lane: usize,
    fraction: usize,
    packs: Range<usize>,
    /// Where its numerators and denominators begin.
    start: usize,
}

struct State<P: FieldPath> {
    workspace: Workspace<P>,
    reader: LaneReader<P>,
    columns: Vec<Lane<P>>,
    numerators: Lane<P>,
    denominators: Lane<P>,
    sum: Lane<P>,
    lane: Zeroizing<Vec<Fr>>,
}

impl<P: FieldPath> Prover<'_, P> {
    /// Computes, blinds, commits to and sends the helpers; appends them to `columns`.
    pub fn helpers(&mut self, columns: &mut Vec<GridColumn>, scalars: &[Option<Fr>]) -> Result<()> {
        if self.program.helpers.is_empty() {
            return Ok(());
        }
        self.task.phase("helper values");
        let zeros = || Zeroizing::new(vec![Fr::ZERO; self.cells_in_use()]);
        let mut helpers: Vec<_> = self.program.helpers.iter().map(|_| zeros()).collect();
        self.helper_values(columns, scalars, &mut helpers)?;
        self.task.phase("commit helpers");
        for (k, values) in helpers.into_iter().enumerate() {
            let blinding = self.secrets.blinding("helper", k);
            let (data, random) = rayon::join(
                || msm_rows_of(self.task, &self.grid, Scalars::Field(&values)),
                || self.grid.commit_blinding(&blinding),
            );
            self.send_point("helper", data? + random);
            columns.push(GridColumn {
                terms: vec![self.computed(values)],
                blinding,
            });
        }
        Ok(())
    }

    /// The sums of fractions on all cells of the lanes that hold rows. Where a numerator is zero its
    /// fraction is, whatever the denominator.
    fn helper_values(
        &self,
        grid: &[GridColumn],
        scalars: &[Option<Fr>],
        helpers: &mut [Zeroizing<Vec<Fr>>],
    ) -> Result<()> {
        let (path, depth, data) = (self.path, self.program.depth, self.grid.data());
        let packs = depth / P::WIDTH;
        let fractions = self.program.helpers.iter().flatten();
        let count = fractions.clone().count();
        let roots: Vec<usize> = fractions
            .clone()
            .map(|f| f.0)
            .chain(fractions.map(|f| f.1))
            .collect();
        let wanted = |_: usize, degrees: &[Option<usize>]| {
            let numerators = (0..count).filter(|f| degrees[*f].is_some());
            numerators.flat_map(|f| [f, count + f]).collect()
        };
        let publics = Publics::new(path, self.program);
        let terms = Evaluation::new(path, self.program, scalars, &roots, publics, wanted);
        let mut lanes: Vec<Vec<&mut [Fr]>> = (0..self.lanes).map(|_| Vec::new()).collect();
        for helper in helpers {
            let chunks = helper.chunks_exact_mut(data);
            lanes
                .iter_mut()
                .zip(chunks)
                .for_each(|(l, chunk)| l.push(chunk));
        }
        let group = (TOGETHER / depth).max(1);
        let part = packs.min(TOGETHER / P::WIDTH);
        let state = || State::<P> {
            workspace: terms.workspace(),
            reader: self.lane_reader(),
            columns: vec![zeros::<P>(packs); grid.len()],
            numerators: zeros::<P>(part * count * group),
            denominators: zeros::<P>(part * count * group),
            sum: zeros::<P>(part),
            lane: Zeroizing::new(vec![Fr::ZERO; part * P::WIDTH]),
        };
        let groups = lanes.par_chunks_mut(group).enumerate();
        groups
            .with_min_len((8 / group).max(1))
            .try_for_each_init(state, |state, (i, lanes)| {
                for start in (0..packs).step_by(part) {
                    let range = start..start + part;
                    self.fractions_of(grid, &terms, state, i * group, &range, lanes);
                }
                self.task.step((depth * lanes.len()) as u64)
            })
    }

    /// The sums of fractions on those packs of a group of lanes that are in `range`. Lanes are read
    /// where the range begins with their first pack.
    fn fractions_of(
        &self,
        grid: &[GridColumn],
        terms: &Evaluation<P>,
        state: &mut State<P>,
        first: usize,
        range: &Range<usize>,
        lanes: &mut [Vec<&mut [Fr]>],
    ) {
        let path = self.path;
        // The denominators of the group lie together.
        let mut places = Vec::new();
        let mut end = 0;
        for lane in 0..lanes.len() {
            if range.start == 0 {
                for k in terms.columns(first + lane) {
                    let column = &mut state.columns[*k];
                    state.reader.read(&grid[*k], first + lane, column);
                }
            }
            end = self.fractions(terms, state, (first, lane), range, &mut places, end);
        }
        path.invert(&mut state.denominators[..end]);
        let (sum, cells) = (&mut state.sum, &mut state.lane);
        let position = range.start * P::WIDTH;
        for (lane, outputs) in lanes.iter_mut().enumerate() {
            let first = places.partition_point(|p| p.lane < lane);
            let of_lane = places[first..].iter().take_while(|p| p.lane == lane);
            let mut first = 0;
            for (helper, output) in self.program.helpers.iter().zip(outputs) {
                let own = first..first + helper.len();
                first = own.end;
                path.fill(sum, Fr::ZERO);
                for place in of_lane.clone().filter(|p| own.contains(&p.fraction)) {
                    let values = place.start..place.start + place.packs.len();
                    let numerators = &state.numerators[values.clone()];
                    let inverses = &state.denominators[values];
                    let packs = place.packs.start - range.start..place.packs.end - range.start;
                    path.add_mul(&mut sum[packs], numerators, inverses);
                }
                path.store(cells, sum);
                let output = output.iter_mut().skip(position);
                output.zip(&**cells).for_each(|(o, cell)| *o = *cell);
            }
        }
    }

    /// Evaluates numerators and denominators on some packs of a lane, given by the first of its group
    /// and its number there, from `end` on; returns where they end.
    fn fractions(
        &self,
        terms: &Evaluation<P>,
        state: &mut State<P>,
        (first, lane): (usize, usize),
        range: &Range<usize>,
        places: &mut Vec<Place>,
        mut end: usize,
    ) -> usize {
        let j = first + lane;
        let count = self.program.helpers.iter().flatten().count();
        for segment in terms.segments(j) {
            let packs = range.start.max(segment.packs.start)..range.end.min(segment.packs.end);
            if packs.is_empty() {
                continue;
            }
            let of_segment = places.len();
            let numbers = segment.roots().iter().map(|r| r.number);
            for fraction in numbers.filter(|f| *f < count) {
                places.push(Place {
                    lane,
                    fraction,
                    packs: packs.clone(),
                    start: end,
                });
                end += packs.len();
            }
            let places = &places[of_segment..];
            let keep = |root: &Root, block: Range<usize>, v: &[P::Pack]| {
                let (values, fraction) = match root.number.checked_sub(count) {
                    None => (&mut state.numerators, root.number),
                    Some(fraction) => (&mut state.denominators, fraction),
                };
                if let Some(place) = places.iter().find(|p| p.fraction == fraction) {
                    let start = place.start + block.start - packs.start;
                    values[start..start + v.len()].copy_from_slice(v);
                }
            };
            terms.run_segment(
                &mut state.workspace,
                j,
                segment,
                &packs,
                &state.columns,
                keep,
            );
        }
        end
    }
}
