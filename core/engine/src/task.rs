//! Progress and cancellation of work in other threads.

use crate::error::{Error, Result};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Shared between the thread that works and the one that watches.
#[derive(Debug, Default)]
pub struct Task {
    cancelled: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
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
