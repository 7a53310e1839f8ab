//! The threads that work, made anew in a forked process, where those of the parent do not exist.

use std::sync::{Arc, Mutex, PoisonError};
use zkp_engine::{Error, Result};

static POOL: Mutex<Option<(u32, Arc<rayon::ThreadPool>)>> = Mutex::new(None);

fn pool() -> Result<Arc<rayon::ThreadPool>> {
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if let Some((of, made)) = pool.as_ref() {
        if *of == process {
            return Ok(made.clone());
        }
    }
    let made = rayon::ThreadPoolBuilder::new().build();
    let made = made.map_err(|e| Error::Setup(format!("no threads could be started: {e}")))?;
    let made = Arc::new(made);
    // Dropping the parent's pool would wait for threads that are not there.
    std::mem::forget(pool.replace((process, made.clone())));
    Ok(made)
}

/// Runs `work` on the pool's threads. A panic becomes an error, so that none crosses into Python.
pub fn run<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let pool = pool()?;
    let guarded = || pool.install(work);
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(guarded)).unwrap_or_else(|_| {
        let what = "an internal check of the proof engine failed; please report this";
        Err(Error::Argument(what.into()))
    })
}
