//! Work that blocks, such as on files.

use crate::error::{Error, Result};

/// Runs it on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::lost_task(&error))
}
