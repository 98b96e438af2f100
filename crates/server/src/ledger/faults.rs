//! Faults on demand, for tests and the benchmark: what a disk or a network does on a bad day.

use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// Makes the ledger's commits slow, fail, or lose their replies. Copies act on the same ledger.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    sync_delay_micros: AtomicU64,
    fail_commits: AtomicU32,
    lose_commits: AtomicU32,
    lose_replies: AtomicU32,
    unreachable: AtomicBool,
    cut_off_next: AtomicBool,
    disk_full: AtomicBool,
    pause: Mutex<Option<Arc<tokio::sync::Semaphore>>>,
    paused: tokio::sync::Notify,
}

/// What happens to one commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Commit,
    /// It fails before COMMIT is sent.
    Fail,
    /// The connection breaks: COMMIT never arrives, but that is not known.
    LoseCommit,
    /// The connection breaks: it is committed, but the reply never arrives.
    LoseReply,
}

impl Faults {
    /// Every commit takes this much longer.
    pub fn set_sync_delay(&self, delay: Duration) {
        let micros = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
        self.0.sync_delay_micros.store(micros, Ordering::Relaxed);
    }

    /// The next `count` commits fail, as on a full disk.
    pub fn fail_commits(&self, count: u32) {
        self.0.fail_commits.store(count, Ordering::Relaxed);
    }

    /// The connection breaks on the next `count` commits before COMMIT arrives.
    pub fn lose_commits(&self, count: u32) {
        self.0.lose_commits.store(count, Ordering::Relaxed);
    }

    /// The connection breaks on the next `count` commits after COMMIT has arrived.
    pub fn lose_commit_replies(&self, count: u32) {
        self.0.lose_replies.store(count, Ordering::Relaxed);
    }

    /// Cuts the ledger off from the database, or connects it again.
    pub fn set_unreachable(&self, unreachable: bool) {
        self.0.unreachable.store(unreachable, Ordering::Relaxed);
    }

    /// Cuts the ledger off from the database right after the next commit.
    pub fn cut_off_after_commit(&self) {
        self.0.cut_off_next.store(true, Ordering::Relaxed);
    }

    /// Lets the ledger's file grow no more, or lets it grow again. SQLite only.
    pub fn set_disk_full(&self, full: bool) {
        self.0.disk_full.store(full, Ordering::Relaxed);
    }

    /// Holds all commits back just before COMMIT, until what it returns is dropped.
    pub fn pause(&self) -> Pause {
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        *self.0.pause.lock() = Some(Arc::clone(&gate));
        Pause {
            faults: self.clone(),
            gate,
        }
    }

    pub(super) fn is_unreachable(&self) -> bool {
        self.0.unreachable.load(Ordering::Relaxed)
    }

    pub(super) fn is_disk_full(&self) -> bool {
        self.0.disk_full.load(Ordering::Relaxed)
    }

    /// Waits while commits are held back, and tells what happens to this one.
    pub(super) async fn fate(&self) -> Fate {
        let gate = self.0.pause.lock().clone();
        if let Some(gate) = gate {
            self.0.paused.notify_one();
            // It is closed, never given a permit
            let _ = gate.acquire().await;
        }
        let take = |count: &AtomicU32| {
            count
                .try_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1))
                .is_ok()
        };
        if self.is_unreachable() || take(&self.0.fail_commits) {
            Fate::Fail
        } else if take(&self.0.lose_commits) {
            Fate::LoseCommit
        } else if take(&self.0.lose_replies) {
            Fate::LoseReply
        } else {
            Fate::Commit
        }
    }

    /// After COMMIT.
    pub(super) fn cut_off_if_due(&self) {
        if self.0.cut_off_next.swap(false, Ordering::Relaxed) {
            self.set_unreachable(true);
        }
    }

    /// The time that a slow disk takes. Blocks, as a timer could not tell 2 ms from 3: the writer has
    /// a thread of its own.
    pub(super) fn delay_sync(&self) {
        let micros = self.0.sync_delay_micros.load(Ordering::Relaxed);
        if micros > 0 {
            std::thread::sleep(Duration::from_micros(micros));
        }
    }
}

/// Holds commits back while it lives.
#[derive(Debug)]
pub struct Pause {
    faults: Faults,
    gate: Arc<tokio::sync::Semaphore>,
}

impl Pause {
    /// Waits until a commit is being held back.
    pub async fn reached(&self) {
        self.faults.0.paused.notified().await;
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        *self.faults.0.pause.lock() = None;
        self.gate.close();
    }
}
