//! Work without the GIL, watched from a thread that takes it now and then.

use crate::{pool, to_python, Interrupted};
use pyo3::prelude::*;
use std::sync::mpsc;
use std::time::Duration;
use zkp_engine::{Error, Result, Task};

/// Time between two looks at signals and progress.
const INTERVAL: Duration = Duration::from_millis(100);

/// Runs `work` in another thread with the GIL released. Calls `progress(done, total)` at most
/// ten times a second, and once at the end; its exceptions and Ctrl-C stop the work.
pub fn watch<T: Send>(
    py: Python<'_>,
    progress: Option<Bound<'_, PyAny>>,
    work: impl FnOnce(&Task) -> Result<T> + Send,
) -> PyResult<T> {
    let progress = progress.map(Bound::unbind);
    let task = Task::default();
    let (result, stop) = py.detach(|| {
        std::thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            let worker = &task;
            let spawned = std::thread::Builder::new()
                .name("zkp-core".into())
                .spawn_scoped(scope, move || {
                    // The receiver lives until the scope ends.
                    let _ = sender.send(pool::run(|| work(worker)));
                });
            if spawned.is_err() {
                let failed = Error::Setup("the operating system gives no further thread".into());
                return (Err(failed), None);
            }
            let (mut last, mut stop) = ((0, 0), None);
            let result = loop {
                match receiver.recv_timeout(INTERVAL) {
                    Ok(result) => break result,
                    Err(mpsc::RecvTimeoutError::Disconnected) => break Err(Error::Interrupted),
                    Err(mpsc::RecvTimeoutError::Timeout) => {}
                }
                if stop.is_none() {
                    stop = Python::attach(|py| look(py, &progress, &task, &mut last)).err();
                    if stop.is_some() {
                        task.cancel();
                    }
                }
            };
            (result, stop)
        })
    });
    if let Some(cause) = stop {
        let stopped = Interrupted::new_err("the work was stopped");
        stopped.set_cause(py, Some(cause));
        return Err(stopped);
    }
    let value = result.map_err(to_python)?;
    let (_, total) = task.progress();
    if let Some(callback) = progress.filter(|_| total > 0) {
        callback.call1(py, (total, total)).map_err(|cause| {
            let stopped = Interrupted::new_err("the work was stopped");
            stopped.set_cause(py, Some(cause));
            stopped
        })?;
    }
    Ok(value)
}

fn look(
    py: Python<'_>,
    progress: &Option<Py<PyAny>>,
    task: &Task,
    last: &mut (u64, u64),
) -> PyResult<()> {
    py.check_signals()?;
    let now = task.progress();
    if let (Some(callback), true) = (progress, now != *last && now.1 > 0) {
        callback.call1(py, now)?;
        *last = now;
    }
    Ok(())
}
