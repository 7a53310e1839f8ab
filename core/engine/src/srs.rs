//! The prover's part of a set-up, and development set-ups (specification: argument, section 2).

use crate::domain::{powers, Domain, BLINDING, LANES, MAX_DEPTH, MIN_DEPTH};
use crate::error::{argument, Error, Result};
use crate::fixed_base::multiples;
use crate::key::VerificationKey;
use crate::store::{read_points, write_atomically, write_points};
use crate::task::Task;
use crate::transcript::Transcript;
use ark_bn254::{G2Affine, G2Projective};
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{AdditiveGroup, Field};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zeroize::Zeroize;
use zkp_kernels::{msm_bases, Bases, Fr, G1Affine, G1Projective, Scalars};

const TRAPDOOR_MAGIC: &[u8; 16] = b"zkp-grid-dev/1\0\0";

/// The basis `G_ij = [l_i(tau^B) L_j(tau)]1` of one depth.
///
/// Data positions come first, in the order of rows, so that the cells of a table of this depth
/// lie as they are: `G_ij` is at `j D + i`. The blinding positions follow: `G_ij` with
/// `i >= D` is at `D B + (i - D) B + j`.
pub struct Grid {
    pub depth: usize,
    pub bases: Bases,
}

impl Grid {
    /// `D`.
    pub fn data(&self) -> usize {
        self.depth - BLINDING
    }

    /// Number of data cells, where the bases of the blinding cells begin.
    pub fn cells(&self) -> usize {
        self.data() * LANES
    }

    /// `sum values[i] G_i` over the blinding cells, position by position.
    pub fn commit_blinding(&self, values: &[Fr]) -> G1Projective {
        let start = self.cells();
        msm_bases(
            &self.bases,
            start..start + values.len(),
            Scalars::Field(values),
        )
    }
}

/// Points of a set-up, loaded or made when they are first needed. Shared by all threads.
pub struct Srs {
    key: VerificationKey,
    folder: PathBuf,
    tau: Fr,
    monomials: Mutex<Arc<Bases>>,
    grids: Mutex<HashMap<usize, Arc<Grid>>>,
}

impl Drop for Srs {
    fn drop(&mut self) {
        self.tau.zeroize();
    }
}

/// Number of monomials that proofs on a grid need.
pub fn monomials_needed(depth: usize) -> usize {
    16 * depth.max(LANES)
}

fn unusable(path: &Path, what: impl std::fmt::Display) -> Error {
    Error::Setup(format!(
        "the set-up file {} cannot be used: {what}",
        path.display()
    ))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What the guarded values hold is replaced whole, so a panic elsewhere leaves them valid.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Srs {
    /// The development set-up of a folder, made there on first use. Whoever reads the folder can
    /// forge proofs: the trapdoor is kept so that larger grids belong to the same set-up.
    ///
    /// # Errors
    /// [`Error::Setup`] where the folder cannot be used or its trapdoor is damaged.
    pub fn dev(folder: &Path) -> Result<Self> {
        let folder = folder.join("dev-srs");
        std::fs::create_dir_all(&folder).map_err(|e| unusable(&folder, e))?;
        let tau = {
            let _lock = lock(&folder)?;
            load_or_draw_trapdoor(&folder.join("trapdoor"))?
        };
        let bytes = key_of(tau);
        let path = folder.join("vk");
        if std::fs::read(&path).ok().as_deref() != Some(&bytes) {
            write_atomically(&path, &[&bytes], false).map_err(|e| unusable(&path, e))?;
        }
        Ok(Srs {
            key: VerificationKey::parse(&bytes)?,
            folder,
            tau,
            monomials: Mutex::new(Arc::new(Bases::new(&[]))),
            grids: Mutex::default(),
        })
    }

    /// What a verifier needs.
    pub fn key(&self) -> &VerificationKey {
        &self.key
    }

    /// SHA-256 of the verification key.
    pub fn id(&self) -> &[u8; 32] {
        self.key.srs_id()
    }

    /// The basis of a depth.
    ///
    /// # Errors
    /// [`Error::Argument`] for a depth that no grid has, [`Error::Setup`] where the points cannot
    /// be written, [`Error::Interrupted`].
    pub fn grid(&self, depth: usize, task: &Task) -> Result<Arc<Grid>> {
        if !depth.is_power_of_two() || !(MIN_DEPTH..=MAX_DEPTH).contains(&depth) {
            return argument(format!(
                "depth {depth} is not a power of two from {MIN_DEPTH} to {MAX_DEPTH}"
            ));
        }
        let mut grids = locked(&self.grids);
        if let Some(grid) = grids.get(&depth) {
            return Ok(grid.clone());
        }
        let path = self.folder.join(format!("grid-{depth}.bin"));
        let bases = apart(|| {
            let scalars = || grid_scalars(self.tau, depth);
            let points = self.points(&path, depth, depth * LANES, task, scalars)?;
            Ok(Bases::new(&points))
        })?;
        let grid = Arc::new(Grid { depth, bases });
        grids.insert(depth, grid.clone());
        Ok(grid)
    }

    /// At least `count` monomials `[tau^k]1`.
    ///
    /// # Errors
    /// As [`Srs::grid`].
    pub fn monomials(&self, count: usize, task: &Task) -> Result<Arc<Bases>> {
        let mut monomials = locked(&self.monomials);
        if monomials.len() < count {
            let path = self.folder.join("monomials.bin");
            let bases = apart(|| {
                let points = self.points(&path, 0, count, task, || powers(self.tau, count))?;
                Ok(Bases::new(&points))
            })?;
            *monomials = Arc::new(bases);
        }
        Ok(monomials.clone())
    }

    /// Reads at least `count` points from a file, or makes them and writes the file.
    fn points(
        &self,
        path: &Path,
        depth: usize,
        count: usize,
        task: &Task,
        scalars: impl Fn() -> Vec<Fr>,
    ) -> Result<Vec<G1Affine>> {
        let read = || read_points(path, self.id(), depth).filter(|p| p.len() >= count);
        if let Some(points) = read() {
            return Ok(points);
        }
        let _lock = lock(&self.folder)?;
        // Another process may have made them while this one waited.
        if let Some(points) = read() {
            return Ok(points);
        }
        let mut scalars = scalars();
        task.expect(scalars.len() as u64);
        let points = multiples(&scalars, task);
        scalars.zeroize();
        let points = points?;
        write_points(path, self.id(), depth, &points).map_err(|e| unusable(path, e))?;
        Ok(points)
    }
}

/// Runs `work` on threads of its own while this one sleeps, for work under a lock: a thread of a
/// pool that waits for its own pool takes up other work meanwhile, and that may want the lock.
fn apart<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let none =
        |e: &dyn std::fmt::Display| Error::Setup(format!("no threads could be started: {e}"));
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(rayon::current_num_threads())
        .build()
        .map_err(|e| none(&e))?;
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("zkp-set-up".into());
        let spawned = builder.spawn_scoped(scope, || pool.install(work));
        let finished = spawned.map_err(|e| none(&e))?.join();
        finished.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Held by one process at a time; released when dropped.
fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path);
    let file = file.map_err(|e| unusable(&path, e))?;
    file.lock().map_err(|e| unusable(&path, e))?;
    Ok(file)
}

fn load_or_draw_trapdoor(path: &Path) -> Result<Fr> {
    match std::fs::read(path) {
        Ok(mut bytes) => {
            let tau = parse_trapdoor(&bytes);
            bytes.zeroize();
            tau.ok_or_else(|| {
                unusable(path, "it is damaged. Move the folder away and a new development set-up is made; \
                    proofs under the old one stay verifiable, its commitments cannot be proven about any more")
            })
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let tau = draw_trapdoor()?;
            let mut secret = crate::encoding::scalar_to_bytes(&tau);
            let checksum = Sha256::digest(secret);
            write_atomically(path, &[TRAPDOOR_MAGIC, &secret, &checksum], true)
                .map_err(|e| unusable(path, e))?;
            secret.zeroize();
            Ok(tau)
        }
        Err(e) => Err(unusable(path, e)),
    }
}

fn parse_trapdoor(bytes: &[u8]) -> Option<Fr> {
    let (head, checksum) = bytes.split_at_checked(48)?;
    let secret = head.strip_prefix(TRAPDOOR_MAGIC)?;
    if Sha256::digest(secret)[..] != *checksum {
        return None;
    }
    crate::encoding::scalar_from_bytes(secret.try_into().ok()?).filter(is_usable)
}

/// No grid has `tau^B` on its depth axis and no power of `tau` coincides with another.
fn is_usable(tau: &Fr) -> bool {
    *tau != Fr::ZERO
        && tau.pow([(MAX_DEPTH * LANES) as u64]) != Fr::ONE
        && tau.pow([LANES as u64]) != *tau
}

fn draw_trapdoor() -> Result<Fr> {
    loop {
        let tau = random_stream(b"zkp-grid/1/dev-srs")?.scalar();
        if is_usable(&tau) {
            return Ok(tau);
        }
    }
}

/// Scalars from fresh bytes of the operating system.
fn random_stream(purpose: &[u8]) -> Result<crate::transcript::ScalarStream> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|e| Error::Setup(format!("the operating system gives no random bytes: {e}")))?;
    let mut state = Transcript::default();
    state.absorb("purpose", purpose);
    state.absorb("seed", &seed);
    seed.zeroize();
    Ok(state.into_scalars())
}

fn key_of(tau: Fr) -> Vec<u8> {
    let tau_b = tau.pow([LANES as u64]);
    let mut scalars = vec![tau, tau_b];
    let depths = (2..=MAX_DEPTH.trailing_zeros()).map(|k| Domain::of(1 << k));
    // tau_b is on no depth axis, see `is_usable`.
    scalars.extend(depths.map(|d| d.data_vanishing(tau_b).unwrap_or_default()));
    let points: Vec<G2Projective> = scalars.iter().map(|s| G2Affine::generator() * s).collect();
    scalars.zeroize();
    VerificationKey::encode(&G2Projective::normalize_batch(&points))
}

/// `l_i(tau^B) L_j(tau)` in the order of [`Grid`].
fn grid_scalars(tau: Fr, depth: usize) -> Vec<Fr> {
    let domain = Domain::of(depth);
    // See `is_usable`.
    let l = domain.lagrange(tau.pow([LANES as u64])).unwrap_or_default();
    let lanes = crate::domain::permute(&Domain::of(LANES).lagrange(tau).unwrap_or_default());
    let (data, blinding) = l.split_at(domain.data());
    let mut out = Vec::with_capacity(depth * LANES);
    out.extend(
        lanes
            .iter()
            .flat_map(|lane| data.iter().map(move |l| *l * lane)),
    );
    out.extend(
        blinding
            .iter()
            .flat_map(|l| lanes.iter().map(move |lane| *l * lane)),
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trapdoors_are_checked() {
        let folder = std::env::temp_dir().join(format!("zkp-engine-srs-{}", std::process::id()));
        let first = Srs::dev(&folder).unwrap();
        let again = Srs::dev(&folder).unwrap();
        assert_eq!(first.id(), again.id());
        let task = Task::default();
        let grid = first.grid(4, &task).unwrap();
        let points = |grid: &Grid| -> Vec<G1Affine> {
            (0..grid.bases.len()).map(|i| grid.bases.get(i)).collect()
        };
        assert_eq!(points(&grid), points(&again.grid(4, &task).unwrap()));
        // The Lagrange polynomials add up to one.
        let sum: G1Projective = points(&grid).iter().map(|p| p.into_group()).sum();
        assert_eq!(sum.into_affine(), G1Affine::generator());
        let path = folder.join("dev-srs/trapdoor");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[20] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(Srs::dev(&folder), Err(Error::Setup(_))));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn work_on_one_pool_does_not_wait_for_itself() {
        let name = format!("zkp-engine-together-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let srs = Srs::dev(&folder).unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build();
        let pool = pool.unwrap();
        let points = |depth: usize| srs.grid(depth, &Task::default()).unwrap().bases.len();
        for depth in [64, 128, 256] {
            // A thread that has made its share takes up the next of these while it waits.
            std::thread::scope(|scope| {
                for late in 0..3 {
                    std::thread::sleep(std::time::Duration::from_millis(10 * late));
                    scope.spawn(|| pool.install(|| assert_eq!(points(depth), depth * LANES)));
                }
            });
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn damaged_points_are_made_again() {
        let folder = std::env::temp_dir().join(format!("zkp-engine-points-{}", std::process::id()));
        let task = Task::default();
        let last_base = || {
            let grid = Srs::dev(&folder).unwrap().grid(8, &task).unwrap();
            grid.bases.get(grid.bases.len() - 1)
        };
        let before = last_base();
        let path = folder.join("dev-srs/grid-8.bin");
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(last_base(), before);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
