//! Sends one slice to one URL, again where that may help, and says when another URL is needed.

use crate::api::Api;
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::progress::Meter;
use crate::retry::Attempts;
use crate::store::{Signed, Slice, Verdict, verdict};
use std::sync::Arc;

/// What came of sending.
pub(super) enum Sent {
    /// The store has taken it.
    Done,
    /// Something is under the key already.
    Exists(Error),
    /// This URL is not to be used again.
    Spent {
        /// True when the store said so, false when connections broke.
        refused: bool,
        /// The last error.
        error: Error,
    },
    /// The upload is not there any more.
    Gone(Error),
}

/// Sends a slice. Never uses a URL again that was refused.
///
/// # Errors
/// [`Error::SourceChanged`] when the file no longer has these bytes; the last error when `attempts`
/// are exhausted.
pub(super) async fn send(
    api: &Api,
    slice: &Slice,
    signed: &Signed,
    attempts: &mut Attempts<'_>,
    meter: &Meter<'_>,
) -> Result<Sent> {
    loop {
        let error = match api.store().put(signed, slice, meter).await {
            Ok(()) => return Ok(Sent::Done),
            Err(error) => error,
        };
        match verdict(&error) {
            Verdict::Refused if attempts.refused() => {
                return Ok(Sent::Spent {
                    refused: true,
                    error,
                });
            }
            Verdict::Exists => return Ok(Sent::Exists(error)),
            Verdict::Gone => return Ok(Sent::Gone(error)),
            Verdict::Refused | Verdict::Final => return Err(error),
            // The bytes were spoiled on the way, unless it is the file that has others now
            Verdict::Corrupt => unchanged(slice).await?,
            Verdict::Passing => {}
        }
        let Some(pause) = attempts.failed(error.retry_after()) else {
            return Err(error);
        };
        tracing::debug!(error = %error, path = slice.file.shown, "sending again");
        tokio::time::sleep(pause).await;
        if may_hide_a_refusal(&error) {
            return Ok(Sent::Spent {
                refused: false,
                error,
            });
        }
    }
}

/// A store that refuses before it has read the whole body closes the connection, and its answer may
/// be lost with it.
fn may_hide_a_refusal(error: &Error) -> bool {
    match error {
        Error::Network { source, .. } => !source.is_connect(),
        Error::Stalled { .. } | Error::Truncated { .. } => true,
        _ => false,
    }
}

async fn unchanged(slice: &Slice) -> Result<()> {
    let (file, piece) = (Arc::clone(&slice.file), slice.piece);
    let now = blocking(move || file.sha256(piece)).await??;
    if now == slice.sha256 {
        Ok(())
    } else {
        Err(Error::SourceChanged {
            path: slice.file.shown.clone(),
        })
    }
}
