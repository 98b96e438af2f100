//! Work that blocks, such as on files, on threads that may.

use crate::error::{Error, Result};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// How many threads block at a time. A small file blocks some six times on its way, so that without a
/// limit each file on its way comes to have threads of its own, which all hold memory.
const MAX_THREADS: usize = 32;

static TURNS: Semaphore = Semaphore::const_new(MAX_THREADS);

/// Begins work when a thread is free for it.
pub(crate) async fn begin<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    // It is never closed
    let turn = TURNS.acquire().await.ok();
    tokio::task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    })
}

/// Runs work on a thread of its own.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let running = begin(work).await;
    running.await.map_err(|error| Error::lost_task(&error))
}
