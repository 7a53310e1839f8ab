//! Progress and cancellation of work in other threads.

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Shared between the thread that works and the one that watches.
#[derive(Debug, Default)]
pub struct Task {
    cancelled: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
    phases: Mutex<Vec<(&'static str, Instant)>>,
}

impl Task {
    /// Asks the work to stop; it does so at its next step.
    pub fn cancel(&self) {
        self.cancelled.store(true, Relaxed);
    }

    /// Work done and total work, in units that mean nothing by themselves.
    pub fn progress(&self) -> (u64, u64) {
        let total = self.total.load(Relaxed);
        (self.done.load(Relaxed).min(total), total)
    }

    /// The phases of the work and how long each took; the last one until now.
    pub fn phases(&self) -> Vec<(&'static str, Duration)> {
        let phases = self.phases.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = phases[1.min(phases.len())..]
            .iter()
            .map(|p| p.1)
            .chain([Instant::now()]);
        phases
            .iter()
            .zip(ends)
            .map(|((name, start), end)| (*name, end - *start))
            .collect()
    }

    /// Begins a phase.
    pub(crate) fn phase(&self, name: &'static str) {
        self.phases
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((name, Instant::now()));
    }

    /// Adds to the total.
    pub(crate) fn expect(&self, units: u64) {
        self.total.fetch_add(units, Relaxed);
    }

    /// Counts work as done.
    ///
    /// # Errors
    /// [`Error::Interrupted`] after [`Task::cancel`].
    pub(crate) fn step(&self, units: u64) -> Result<()> {
        self.done.fetch_add(units, Relaxed);
        if self.cancelled.load(Relaxed) {
            return Err(Error::Interrupted);
        }
        Ok(())
    }
}
