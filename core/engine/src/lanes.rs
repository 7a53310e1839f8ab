//! Work on all lanes, shared among the threads.

use crate::error::Result;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Runs `step` on some lanes with one state to a thread, and returns the states.
///
/// Lanes are handed out one by one, so threads of different speed end together.
pub fn for_lanes<S: Send>(
    lanes: Range<usize>,
    new: impl Fn() -> S + Sync,
    step: impl Fn(&mut S, usize) -> Result<()> + Sync,
) -> Result<Vec<S>> {
    let next = AtomicUsize::new(lanes.start);
    (0..rayon::current_num_threads())
        .into_par_iter()
        .map(|_| {
            let mut state = new();
            loop {
                let lane = next.fetch_add(1, Relaxed);
                if lane >= lanes.end {
                    return Ok(state);
                }
                if let Err(e) = step(&mut state, lane) {
                    next.store(lanes.end, Relaxed);
                    return Err(e);
                }
            }
        })
        .collect()
}
