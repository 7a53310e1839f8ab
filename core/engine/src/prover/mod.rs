//! The prover (specification: argument, section 6).

mod columns;
mod empty;
mod evaluation;
mod fold;
mod grid;
mod helpers;
mod openings;
mod pass;
mod quotient;
mod secrets;
mod sums;

use crate::column::Column;
use crate::commit::units;
use crate::domain::{horner, powers, LANES};
use crate::encoding::{g1_to_bytes, scalar_to_bytes};
use crate::error::{argument, Error, Result};
use crate::openings::Domains;
use crate::program::Program;
use crate::srs::{monomials_needed, Grid, Srs};
use crate::task::Task;
use crate::transcript::{Instance, Transcript};
use ark_ec::CurveGroup;
use ark_ff::AdditiveGroup;
use rayon::prelude::*;
use secrets::Secrets;
use std::sync::Arc;
use zkp_kernels::{detect, msm_bases, Bases, FieldPath, Fr, G1Projective, Path, Portable, Scalars};

/// Depths below this are left to the portable path: transforms take two packs.
const MIN_FAST_DEPTH: usize = 16;

/// What only the prover knows.
pub struct Witness<'a> {
    /// The committed columns of the program, in its order, with the label and the seed of each.
    pub columns: &'a [&'a Column],
    pub labels: &'a [&'a [u8]],
    pub seeds: &'a [[u8; 32]],
    /// The cells of the program's aux columns.
    pub aux: &'a [&'a Column],
}

impl Witness<'_> {
    fn check(&self, program: &Program) -> Result<()> {
        let n = program.commitments.len();
        if [self.columns.len(), self.labels.len(), self.seeds.len()] != [n; 3] {
            return argument(format!(
                "the program needs {n} columns, each with label and seed"
            ));
        }
        if self.aux.len() != program.aux.len() {
            return argument(format!(
                "the program needs {} aux columns",
                program.aux.len()
            ));
        }
        let columns = self
            .columns
            .iter()
            .zip(&program.commitments)
            .map(|p| ("column", p));
        let aux = self.aux.iter().zip(&program.aux).map(|p| ("aux column", p));
        for (what, (column, extent)) in columns.chain(aux) {
            if column.rows() != extent.rows {
                return argument(format!(
                    "{what} of {} rows where the program has {}",
                    column.rows(),
                    extent.rows
                ));
            }
        }
        Ok(())
    }
}

/// Makes a proof.
///
/// # Errors
/// [`Error::StatementFalse`] where the cells do not satisfy the program, [`Error::Argument`] where
/// the witness does not fit it, [`Error::Setup`], [`Error::Interrupted`].
pub fn prove(
    srs: &Srs,
    program: &Program,
    instance: &Instance,
    witness: &Witness,
    task: &Task,
) -> Result<Vec<u8>> {
    witness.check(program)?;
    match detect() {
        #[cfg(target_arch = "x86_64")]
        Path::Avx2(path) if program.depth >= MIN_FAST_DEPTH => {
            Prover::new(path, srs, program, instance, task)?.run(witness)
        }
        #[cfg(target_arch = "x86_64")]
        Path::Ifma(path) if program.depth >= MIN_FAST_DEPTH => {
            Prover::new(path, srs, program, instance, task)?.run(witness)
        }
        _ => Prover::new(Portable, srs, program, instance, task)?.run(witness),
    }
}

struct Prover<'a, P> {
    path: P,
    program: &'a Program,
    /// Beyond the first so many lanes all data cells are zero.
    lanes: usize,
    task: &'a Task,
    domains: Domains,
    grid: Arc<Grid>,
    monomials: Arc<Bases>,
    srs_id: [u8; 32],
    secrets: Secrets,
    transcript: Transcript,
    proof: Vec<u8>,
}

/// A polynomial in one variable by its coefficients.
type Polynomial = Vec<Fr>;

impl<'a, P: FieldPath> Prover<'a, P> {
    fn new(
        path: P,
        srs: &Srs,
        program: &'a Program,
        instance: &Instance,
        task: &'a Task,
    ) -> Result<Self> {
        Ok(Prover {
            path,
            program,
            lanes: program.lanes_in_use(),
            task,
            domains: Domains::new(program.depth),
            grid: srs.grid(program.depth, task)?,
            monomials: srs.monomials(monomials_needed(program.depth), task)?,
            srs_id: *srs.id(),
            secrets: Secrets::new(instance)?,
            transcript: instance.transcript(srs.id(), program.depth),
            proof: Vec::with_capacity(program.proof_bytes()),
        })
    }

    /// Announces the work to come, in the units that each step counts.
    fn announce(&self, witness: &Witness) {
        let (program, data) = (self.program, self.grid.data());
        let aux = witness
            .aux
            .iter()
            .zip(&program.aux)
            .map(|(column, extent)| {
                let terms = match extent.depth == program.depth {
                    true => extent.rows,
                    false => extent.rows.div_ceil(extent.data()) * data,
                };
                terms as u64 * units(&column.cells.scalars())
            });
        let full_msm = self.cells_in_use() as u64 * units(&Scalars::Field(&[]));
        let last_msm = match self.uses_depth_sums(witness) {
            true => self.missing_depth_sums(witness),
            false => full_msm,
        };
        // Helpers, sums, the cosets, the fold and its quotient.
        let passes = program.helpers.len().min(1) + program.sums.len().min(1) + 2;
        let passes =
            (passes as u64 + self.coset_passes() as u64) * (program.depth * self.lanes) as u64;
        let msms = aux.sum::<u64>() + full_msm * program.helpers.len() as u64 + last_msm;
        self.task.expect(msms + passes);
    }

    /// Data cells of the lanes that hold rows.
    fn cells_in_use(&self) -> usize {
        self.lanes * self.grid.data()
    }

    fn send_point(&mut self, label: &str, point: G1Projective) {
        let point = point.into_affine();
        self.transcript.absorb_point(label, &point);
        self.proof.extend_from_slice(&g1_to_bytes(&point));
    }

    fn send_scalar(&mut self, label: &str, scalar: Fr) {
        self.transcript.absorb_scalar(label, &scalar);
        self.proof.extend_from_slice(&scalar_to_bytes(&scalar));
    }

    /// The commitment to a polynomial in one variable.
    fn commit_polynomial(&self, polynomial: &[Fr]) -> Result<G1Projective> {
        if polynomial.len() > self.monomials.len() {
            return Err(Error::Setup("the set-up has too few monomials".into()));
        }
        self.task.step(0)?;
        Ok(msm_bases(
            &self.monomials,
            0..polynomial.len(),
            Scalars::Field(polynomial),
        ))
    }

    /// Commits to polynomials in one variable and sends them. Those that are known at the same
    /// time are committed to at the same time: a sum of a few thousand terms is too short for all
    /// threads.
    fn send_polynomials(&mut self, polynomials: &[(&str, &[Fr])]) -> Result<()> {
        let points: Result<Vec<G1Projective>> = (polynomials.par_iter())
            .map(|(_, polynomial)| self.commit_polynomial(polynomial))
            .collect();
        let labels = polynomials.iter().map(|(label, _)| label);
        for (label, point) in labels.zip(points?) {
            self.send_point(label, point);
        }
        Ok(())
    }

    fn send_polynomial(&mut self, label: &str, polynomial: &[Fr]) -> Result<()> {
        self.send_polynomials(&[(label, polynomial)])
    }

    fn run(mut self, witness: &Witness) -> Result<Vec<u8>> {
        self.announce(witness);
        let program = self.program;
        let depth = self.domains.depth.clone();

        // Step 1
        self.task.phase("aux");
        let mut grid = self.aux(witness)?;
        let challenges: Vec<Fr> = program
            .challenges
            .iter()
            .map(|l| self.transcript.challenge(l))
            .collect();
        let scalars = program.scalars(&challenges)?;
        let value = |node: usize| scalars[node].unwrap_or(Fr::ZERO);

        // Step 2
        self.task.phase("operands");
        let (operands, blinds) = self.operands(witness, &scalars)?;
        grid.splice(0..0, operands);
        self.helpers(&mut grid, &scalars)?;
        self.task.phase("blinds");
        let mask = self.secrets.mask(depth.size);
        let mut sent: Vec<(&str, &[Fr])> = blinds.iter().map(|e| ("blind", &e[..])).collect();
        sent.push(("mask", &mask));
        self.send_polynomials(&sent)?;
        drop(blinds);
        let chi = self.transcript.challenge("chi");
        let sigma = self.transcript.challenge("sigma");
        let theta = self.transcript.challenge("theta");
        let chis = powers(chi, program.sums.len() + 1);
        let thetas = powers(theta, program.constraints.len());
        let x = chis[program.sums.len()];

        // Step 3
        self.task.phase("sums");
        let total: Fr = program
            .sums
            .iter()
            .zip(&chis)
            .map(|(s, c)| *c * value(s.value))
            .sum();
        let constant = total * depth.twiddles.len_inv;
        let sums = self.sum_on_grid(&grid, &scalars, &chis)?;
        let mut remainder = depth.interpolate(sums.values.clone());
        if remainder[0] != constant {
            return Err(Error::StatementFalse(self.wrong_sum(&grid, &scalars)?));
        }
        // m = X r + z0 Z_A
        mask[1..depth.size]
            .iter()
            .zip(&mut remainder[1..])
            .for_each(|(m, g)| *g += x * m);
        let r = remainder.split_off(1);
        self.send_polynomial("R", &r)?;
        let lambda = self.transcript.challenge("lambda");

        // Step 4
        self.task.phase("quotient");
        let quotient = self.quotient(
            &grid,
            &scalars,
            &quotient::Batching {
                chis: &chis,
                thetas: &thetas,
                sigma,
                lambda,
                sums: &sums,
                constant,
                r: &r,
                mask: &mask,
            },
        )?;
        self.task.phase("commit Q");
        self.send_polynomial("Q", &quotient)?;
        let beta = self.transcript.challenge("beta");

        // Step 5
        self.task.phase("fold");
        let lagrange = depth.lagrange(beta).ok_or_else(unlucky)?;
        let folded = self.fold(&grid, &lagrange)?;
        self.task.phase("along lanes");
        let step5 = self.along_lanes(
            &folded,
            &scalars,
            &lagrange,
            &fold::Weights {
                chis: &chis,
                thetas: &thetas,
                sigma,
                constraints: lambda * depth.blinding_vanishing(beta),
            },
        )?;
        self.send_scalar("c", step5.c);
        self.send_polynomials(&[("R'", &step5.r), ("Q'", &step5.q)])?;
        let beta_lanes = self.transcript.challenge("beta'");

        // Step 6
        let y: Vec<Fr> = step5
            .columns
            .iter()
            .map(|f| horner(f, beta_lanes))
            .collect();
        y.iter().for_each(|y| self.send_scalar("y", *y));
        let rho = self.transcript.challenge("rho");

        // Step 7
        self.task.phase("fold quotient");
        let rhos = powers(rho, program.columns());
        let mut f = vec![Fr::ZERO; LANES];
        for (column, rho) in step5.columns.iter().zip(&rhos) {
            crate::domain::add_scaled(&mut f, column, *rho);
        }
        let (point, q) = rayon::join(
            || self.commit_polynomial(&f),
            || self.fold_quotient(witness, &scalars, &grid, &folded, &rhos, beta),
        );
        self.send_point("F", point?);
        self.send_point("q", q?);
        let mu = self.transcript.challenge("mu");

        // Steps 8 to 10
        self.task.phase("openings");
        let polynomials = openings::Polynomials {
            mask,
            r,
            quotient,
            r_lanes: step5.r,
            q_lanes: step5.q,
            f,
        };
        let values = openings::Values {
            constant,
            c: step5.c,
            x,
            beta,
            beta_lanes,
            mu,
        };
        if !self.open(&polynomials, &values)? {
            return Err(Error::StatementFalse(self.violation(&grid, &scalars)?));
        }
        Ok(self.proof)
    }
}

/// A challenge took one of the few values that no proof can have; a second proof draws others.
fn unlucky() -> Error {
    Error::Argument("a challenge took a forbidden value; prove again".into())
}
