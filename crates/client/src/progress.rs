//! How far a transfer is.

use std::sync::{Mutex, PoisonError};

/// Hears how far a transfer is. Called often, from the task that drives the transfer: return soon.
///
/// ```
/// struct Lines;
/// impl client::Progress for Lines {
///     fn update(&self, status: &client::Status) {
///         println!("{}/{} bytes", status.bytes_done, status.bytes_total);
///     }
/// }
/// ```
pub trait Progress: Send + Sync {
    /// The transfer has come this far.
    fn update(&self, status: &Status);
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn update(&self, _status: &Status) {}
}

/// What a transfer is at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// Looking at what there is to do.
    #[default]
    Preparing,
    /// Hashing the source; nothing has gone up yet.
    Hashing,
    /// Sending, while the rest of the source is being hashed.
    Uploading,
    /// Everything is sent; the server looks at the last of it.
    Verifying,
    /// The version is being committed.
    Committing,
    /// Receiving; each file is verified before it gets its name.
    Downloading,
    /// Over.
    Done,
}

/// How far a transfer is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// What it is at.
    pub phase: Phase,
    /// Number of files, as far as it is known.
    pub files_total: u64,
    /// Number of files that are finished.
    pub files_done: u64,
    /// Size of all files in bytes, as far as it is known.
    pub bytes_total: u64,
    /// Bytes that went over the network or need not. Steps back when an attempt failed.
    pub bytes_done: u64,
    /// Of `bytes_done`, those that went over the network.
    pub bytes_transferred: u64,
    /// Of `bytes_done`, those that were there already.
    pub bytes_deduplicated: u64,
    /// Bytes of the source that are hashed.
    pub bytes_hashed: u64,
}

/// Keeps the status and tells it on.
pub(crate) struct Meter<'a> {
    progress: &'a dyn Progress,
    status: Mutex<Status>,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(progress: &'a dyn Progress) -> Self {
        Self {
            progress,
            status: Mutex::default(),
        }
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Status)) {
        let status = {
            let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut status);
            *status
        };
        self.progress.update(&status);
    }

    pub(crate) fn status(&self) -> Status {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves on to this phase; never back.
    pub(crate) fn phase(&self, phase: Phase) {
        if (self.status().phase as u8) < phase as u8 {
            self.change(|status| status.phase = phase);
        }
    }

    pub(crate) fn deduplicated(&self, bytes: u64) {
        self.change(|status| {
            status.bytes_deduplicated += bytes;
            status.bytes_done += bytes;
        });
    }

    pub(crate) fn hashed(&self, bytes: u64) {
        self.change(|status| status.bytes_hashed += bytes);
    }

    pub(crate) fn file_done(&self) {
        self.change(|status| status.files_done += 1);
    }

    /// Counts bytes of one attempt, which are taken back unless it succeeds.
    pub(crate) fn flight(&self) -> Flight<'_, 'a> {
        Flight {
            meter: self,
            bytes: 0,
        }
    }
}

/// Bytes of an attempt that has not succeeded yet.
pub(crate) struct Flight<'m, 'a> {
    meter: &'m Meter<'a>,
    bytes: u64,
}

impl Flight<'_, '_> {
    /// The attempt has moved this many bytes in all.
    pub(crate) fn reached(&mut self, bytes: u64) {
        let more = bytes.saturating_sub(self.bytes);
        if more > 0 {
            self.bytes = bytes;
            self.meter.change(|status| {
                status.bytes_transferred += more;
                status.bytes_done += more;
            });
        }
    }

    /// The attempt succeeded.
    pub(crate) fn keep(mut self) {
        self.bytes = 0;
    }
}

impl Drop for Flight<'_, '_> {
    fn drop(&mut self) {
        if self.bytes > 0 {
            let bytes = self.bytes;
            self.meter.change(|status| {
                status.bytes_transferred = status.bytes_transferred.saturating_sub(bytes);
                status.bytes_done = status.bytes_done.saturating_sub(bytes);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_a_failed_attempt_are_taken_back() {
        let meter = Meter::new(&NoProgress);
        let mut failed = meter.flight();
        failed.reached(10);
        failed.reached(30);
        assert_eq!(meter.status().bytes_done, 30);
        drop(failed);
        assert_eq!(meter.status().bytes_done, 0);
        let mut good = meter.flight();
        good.reached(30);
        good.keep();
        assert_eq!(meter.status().bytes_transferred, 30);
    }

    #[test]
    fn phases_never_go_back() {
        let meter = Meter::new(&NoProgress);
        meter.phase(Phase::Verifying);
        meter.phase(Phase::Uploading);
        assert_eq!(meter.status().phase, Phase::Verifying);
    }
}
