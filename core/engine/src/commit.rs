//! Commitments (specification: argument, section 3).

use crate::column::{Cells, Column, DepthSums};
use crate::dictionary::Dictionary;
use crate::domain::BLINDING;
use crate::encoding::g1_to_bytes;
use crate::error::{argument, Result};
use crate::srs::{Grid, Srs};
use crate::task::Task;
use crate::transcript::commitment_blinding;
use ark_ec::CurveGroup;
use ark_ff::AdditiveGroup;
use std::sync::Arc;
use zkp_kernels::{detect, msm_bases, msm_rows, Fr, G1Projective, Path, Rows, Scalars};

/// Terms of a multi-scalar multiplication between two looks at the task.
const PIECE: usize = 1 << 19;
/// As [`PIECE`] on the slower path.
const PORTABLE_PIECE: usize = 1 << 18;

/// Units of work to a term, about in proportion to its time.
pub(crate) fn units(scalars: &Scalars<'_>) -> u64 {
    match scalars {
        Scalars::Field(_) => 16,
        Scalars::U64(_) | Scalars::I64(_) => 4,
        Scalars::U16(_) | Scalars::Bool(_) => 1,
    }
}

/// `sum scalars[i] G_i` over the first cells of a grid, in the order of rows, in pieces. Counts
/// [`units`] for each term.
pub(crate) fn msm_rows_of(task: &Task, grid: &Grid, scalars: Scalars<'_>) -> Result<G1Projective> {
    let mut sum = G1Projective::ZERO;
    let (length, piece) = (scalars.len(), piece());
    for start in (0..length).step_by(piece) {
        let range = start..(start + piece).min(length);
        let piece = range_of(scalars, range.clone());
        sum += msm_bases(&grid.bases, range.clone(), piece);
        task.step(range.len() as u64 * units(&scalars))?;
    }
    Ok(sum)
}

/// Terms to give to a multi-scalar multiplication at a time.
pub(crate) fn piece() -> usize {
    match detect() {
        Path::Portable(_) => PORTABLE_PIECE,
        #[allow(unreachable_patterns)] // The only path on some processors.
        _ => PIECE,
    }
}

/// The cells of a table of depth `depth` on a grid, without blinding.
pub(crate) fn commit_cells(
    task: &Task,
    grid: &Grid,
    depth: usize,
    cells: &Cells,
) -> Result<G1Projective> {
    if depth == grid.depth {
        return msm_rows_of(task, grid, cells.scalars());
    }
    let spread = cells.spread(depth - BLINDING, grid.data());
    msm_rows_of(task, grid, spread.scalars())
}

/// The depth sums of a column on the grid of its own depth, computed once, some positions at a
/// time. Counts two [`units`] for each cell of the lanes in use then.
pub(crate) fn depth_sums(
    task: &Task,
    srs_id: &[u8; 32],
    grid: &Grid,
    column: &Column,
) -> Result<Arc<DepthSums>> {
    if let Some(sums) = column.known_depth_sums(srs_id, grid.depth) {
        return Ok(sums);
    }
    let data = grid.data();
    let lanes = column.rows().div_ceil(data);
    let together = (piece() / lanes.max(1)).clamp(1, data);
    let mut sums = Vec::with_capacity(data);
    for start in (0..data).step_by(together) {
        let positions = start..(start + together).min(data);
        let rows = Rows {
            rows: positions.len(),
            terms: lanes,
            row: 1,
            column: data,
            start,
        };
        let cells = column.cells.by_position(data, positions);
        sums.extend(msm_rows(&grid.bases, rows, cells.scalars()));
        task.step(2 * cells.len() as u64 * units(&cells.scalars()))?;
    }
    let sums = Arc::new(G1Projective::normalize_batch(&sums));
    column.keep_depth_sums(srs_id, grid.depth, sums.clone());
    Ok(sums)
}

fn range_of(scalars: Scalars<'_>, range: std::ops::Range<usize>) -> Scalars<'_> {
    match scalars {
        Scalars::Field(s) => Scalars::Field(&s[range]),
        Scalars::U64(s) => Scalars::U64(&s[range]),
        Scalars::I64(s) => Scalars::I64(&s[range]),
        Scalars::U16(s) => Scalars::U16(&s[range]),
        Scalars::Bool(s) => Scalars::Bool(&s[range]),
    }
}

/// The sums of columns of which a [`Dictionary`] tells all cells.
fn commit_repeated(
    task: &Task,
    grid: &Grid,
    columns: &[&Column],
    sums: &mut [Option<G1Projective>],
) -> Result<()> {
    for i in 0..columns.len() {
        if sums[i].is_some() {
            continue;
        }
        let Some(dictionary) = Dictionary::of(&columns[i].cells) else {
            continue;
        };
        let joined = (grid.bases).joined(0, &dictionary.codes, dictionary.len());
        for (column, sum) in columns.iter().zip(&mut *sums) {
            if sum.is_some() {
                continue;
            }
            if let Some(values) = dictionary.values(&column.cells) {
                *sum = Some(msm_bases(&joined, 0..dictionary.len(), values.scalars()));
                task.step(column.rows() as u64 * units(&values.scalars()))?;
            }
        }
    }
    Ok(())
}

/// Commits to columns of a table of depth `depth`; the blinding of each is derived from the seed
/// and its label. Returns encoded points.
///
/// # Errors
/// [`crate::Error::Argument`] where a column has too many rows or labels are missing or repeated;
/// [`crate::Error::Setup`]; [`crate::Error::Interrupted`].
pub fn commit(
    srs: &Srs,
    depth: usize,
    columns: &[&Column],
    labels: &[&[u8]],
    seed: &[u8; 32],
    task: &Task,
) -> Result<Vec<[u8; 32]>> {
    if columns.len() != labels.len() {
        return argument(format!(
            "{} columns but {} labels",
            columns.len(),
            labels.len()
        ));
    }
    if (1..labels.len()).any(|i| labels[..i].contains(&labels[i])) {
        return argument("two columns of one commitment have the same label");
    }
    let grid = srs.grid(depth, task)?;
    for column in columns {
        if column.rows() > grid.cells() {
            return argument(format!(
                "{} rows do not fit into depth {depth}",
                column.rows()
            ));
        }
    }
    let work = |c: &&Column| c.rows() as u64 * units(&c.cells.scalars());
    task.expect(columns.iter().map(work).sum());
    let mut sums = vec![None; columns.len()];
    commit_repeated(task, &grid, columns, &mut sums)?;
    let mut points = Vec::with_capacity(columns.len());
    for ((column, label), sum) in columns.iter().zip(labels).zip(sums) {
        let blinding: Fr = commitment_blinding(seed, srs.id(), depth, label);
        let sum = match sum {
            Some(sum) => sum,
            None => commit_cells(task, &grid, depth, &column.cells)?,
        };
        points.push(sum + grid.commit_blinding(&[blinding]));
    }
    Ok(G1Projective::normalize_batch(&points)
        .iter()
        .map(g1_to_bytes)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::LANES;
    use ark_ec::AffineRepr;
    use ark_ff::UniformRand;
    use zkp_kernels::{Bases, G1Affine};

    #[test]
    fn columns_of_few_different_cells_have_the_same_sums() {
        let mut rng = ark_std::test_rng();
        let step = G1Affine::generator().into_group();
        let points = std::iter::successors(Some(step), |p| Some(*p + step)).take(8 * LANES);
        let points = G1Projective::normalize_batch(&points.collect::<Vec<_>>());
        let grid = Grid {
            depth: 8,
            bases: Bases::new(&points),
        };
        let values: Vec<Fr> = (0..5).map(|_| Fr::rand(&mut rng)).collect();
        let rows = 5 * LANES - 7;
        let cells = [
            Cells::I64((0..rows as i64).map(|i| -i).collect()),
            Cells::U64((0..rows as u64).map(|i| (i * i % 5) << 60).collect()),
            Cells::Field((0..rows).map(|i| values[i * i % 5]).collect()),
            Cells::Field((0..rows).map(|_| Fr::rand(&mut rng)).collect()),
            Cells::Field(vec![Fr::ZERO; rows]),
        ];
        let columns = cells.map(|cells| Column::new(cells).unwrap());
        let columns: Vec<&Column> = columns.iter().collect();
        let task = Task::default();
        let mut sums = vec![None; columns.len()];
        commit_repeated(&task, &grid, &columns, &mut sums).unwrap();
        let known: Vec<bool> = sums.iter().map(Option::is_some).collect();
        assert_eq!(known, [false, true, true, false, true]);
        for (column, sum) in columns.iter().zip(sums) {
            let plain = commit_cells(&task, &grid, 8, &column.cells).unwrap();
            assert_eq!(sum.unwrap_or(plain), plain);
        }
    }
}
