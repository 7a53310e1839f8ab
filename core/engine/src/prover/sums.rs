//! Sums on the grid (step 3), and what is wrong where a program does not hold.

use super::evaluation::{present, store, zeros, Evaluation, Publics};
use super::grid::GridColumn;
use super::Prover;
use crate::domain::LANES;
use crate::error::Result;
use crate::lanes::for_lanes;
use ark_ff::AdditiveGroup;
use zkp_kernels::{FieldPath, Fr};

impl<P: FieldPath> Prover<'_, P> {
    /// `G_T` on the depth axis, where masks hide the blinding cells.
    pub fn sum_on_grid(
        &self,
        grid: &[GridColumn],
        scalars: &[Option<Fr>],
        chis: &[Fr],
    ) -> Result<Vec<Fr>> {
        let (path, depth) = (self.path, self.program.depth);
        let packs = depth / P::WIDTH;
        let roots: Vec<usize> = self.program.sums.iter().map(|s| s.term).collect();
        if roots.is_empty() {
            return Ok(vec![Fr::ZERO; depth]);
        }
        let publics = Publics::new(path, self.program);
        let terms = Evaluation::new(path, self.program, scalars, &roots, publics, present);
        let new = || {
            (
                (terms.workspace(), self.lane_reader()),
                vec![zeros::<P>(packs); grid.len()],
                zeros::<P>(packs),
            )
        };
        let states = for_lanes(new, |((workspace, reader), columns, sum), j| {
            for k in terms.columns(j) {
                reader.read(&grid[*k], j, &mut columns[*k]);
            }
            terms.run(workspace, j, 0..packs, columns, |root, block, values| {
                path.add_scaled(&mut sum[block], values, chis[root.number]);
            });
            self.task.step(depth as u64)
        })?;
        let mut total = zeros::<P>(packs);
        states
            .iter()
            .for_each(|(_, _, sum)| path.add_assign(&mut total, sum));
        Ok(store(path, &total))
    }

    /// Says which sum is not what the program says.
    pub fn wrong_sum(&self, grid: &[GridColumn], scalars: &[Option<Fr>]) -> Result<String> {
        for (l, sum) in self.program.sums.iter().enumerate() {
            let only: Vec<Fr> = (0..self.program.sums.len())
                .map(|i| Fr::from(i == l))
                .collect();
            let found: Fr = self.sum_on_grid(grid, scalars, &only)?.iter().sum();
            if Some(found) != scalars[sum.value] {
                return Ok(format!("sum {l} has another value"));
            }
        }
        Ok("a sum has another value".into())
    }

    /// Says which constraint does not hold, and where.
    pub fn violation(&self, grid: &[GridColumn], scalars: &[Option<Fr>]) -> Result<String> {
        let (path, depth, data) = (self.path, self.program.depth, self.grid.data());
        let packs = depth / P::WIDTH;
        let roots = &self.program.constraints;
        let publics = Publics::new(path, self.program);
        let constraints = Evaluation::new(path, self.program, scalars, roots, publics, present);
        let mut workspace = constraints.workspace();
        let mut reader = self.lane_reader();
        let mut columns = vec![zeros::<P>(packs); grid.len()];
        for j in 0..LANES {
            for (column, lane) in grid.iter().zip(&mut columns) {
                reader.read(column, j, lane);
            }
            let mut values = vec![zeros::<P>(packs); roots.len()];
            constraints.run(&mut workspace, j, 0..packs, &columns, |root, block, v| {
                values[root.number][block].copy_from_slice(v);
            });
            for (m, values) in values.iter().enumerate() {
                let mut cells = store(path, values).into_iter().take(data);
                if let Some(i) = cells.position(|x| x != Fr::ZERO) {
                    return Ok(format!(
                        "constraint {m} does not hold at lane {j}, position {i}"
                    ));
                }
            }
        }
        Ok("no proof could be made that verifies".into())
    }
}
