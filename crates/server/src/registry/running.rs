//! Commits that are going on in this server: one a version, whoever asks.

use protocol::artifact::CommitProgress;
use protocol::id::VersionId;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The commits that are going on.
#[derive(Debug, Clone, Default)]
pub(super) struct Commits(Arc<parking_lot::Mutex<HashMap<VersionId, Arc<Running>>>>);

/// A commit that is going on.
#[derive(Debug, Default)]
pub(super) struct Running {
    verified: AtomicU64,
    total: AtomicU64,
    over: CancellationToken,
}

impl Running {
    pub(super) fn progress(&self) -> CommitProgress {
        let total = self.total.load(Ordering::Relaxed);
        CommitProgress {
            verified: self.verified.load(Ordering::Relaxed).min(total),
            total,
        }
    }

    /// Begins to count anew: `verified` of `total` objects.
    pub(super) fn start_counting(&self, verified: u64, total: u64) {
        self.verified.store(verified, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    pub(super) fn add_verified(&self, more: usize) {
        let more = u64::try_from(more).unwrap_or(u64::MAX);
        self.verified.fetch_add(more, Ordering::Relaxed);
    }

    /// Returns when the commit is over, however it ended.
    pub(super) async fn over(&self) {
        self.over.cancelled().await;
    }
}

/// Ends a commit when dropped, also by a panic.
#[derive(Debug)]
pub(super) struct Ending {
    commits: Commits,
    version: VersionId,
    _over: DropGuard,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.commits.0.lock().remove(&self.version);
    }
}

impl Commits {
    /// The commit of `version` that is going on; with it, when this call began it, what must be held
    /// until it ends.
    pub(super) fn join(&self, version: VersionId) -> (Arc<Running>, Option<Ending>) {
        let mut commits = self.0.lock();
        if let Some(running) = commits.get(&version) {
            return (Arc::clone(running), None);
        }
        let running = Arc::new(Running::default());
        commits.insert(version, Arc::clone(&running));
        let ending = Ending {
            commits: self.clone(),
            version,
            _over: running.over.clone().drop_guard(),
        };
        (running, Some(ending))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_commit_a_version_until_it_ends() {
        let commits = Commits::default();
        let version = VersionId::from_parts(1, [1; 10]);
        let (first, ending) = commits.join(version);
        let ending = ending.unwrap();
        first.start_counting(1, 5);
        first.add_verified(2);
        let (second, none) = commits.join(version);
        assert!(none.is_none());
        let progress = second.progress();
        assert_eq!((progress.verified, progress.total), (3, 5));
        drop(ending);
        second.over().await;
        assert!(commits.join(version).1.is_some());
    }
}
