//! What is kept from one signature for the next.

use std::sync::{PoisonError, RwLock};

use super::{signing_key::DayKeys, stamp::Stamp};
use crate::{Window, kernel::Seal};

/// What one key's URLs have in common, for a bucket, by day and by window.
#[derive(Default)]
pub(crate) struct Kept {
    pub(super) day_keys: DayKeys,
    last: RwLock<Option<StampAndSeal>>,
}

/// What the URLs of one window have in common.
pub(super) struct StampAndSeal {
    pub(super) window: Window,
    pub(super) stamp: Stamp,
    /// Signs the hashes of canonical requests.
    pub(super) seal: Seal,
}

impl Kept {
    /// Does work with what belongs to the window, which is made if it is not the last: requests
    /// that come one by one come many times in a second.
    pub(super) fn with<T>(
        &self,
        window: Window,
        make: impl FnOnce() -> StampAndSeal,
        work: impl FnOnce(&StampAndSeal) -> T,
    ) -> T {
        // A poisoned lock holds a whole value all the same: it is replaced in one step.
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref().filter(|last| last.window == window) {
            return work(last);
        }
        drop(last);
        let new = make();
        let done = work(&new);
        // Whoever is signing with the last one is not to be waited for.
        if let Ok(mut last) = self.last.try_write() {
            *last = Some(new);
        }
        done
    }
}
