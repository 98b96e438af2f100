//! The one task that renews credentials ahead of their time.

use super::renewed::Renewed;
use crate::clock::Clock;
use futures::StreamExt as _;
use parking_lot::Mutex;
use protocol::Timestamp;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// The longest sleep: the clock may be set meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// Credentials that are renewed at a time.
const AT_ONCE: usize = 8;

/// Renews the credentials of all buckets. Its task begins with the first of them and ends when it is
/// dropped.
#[derive(Debug)]
pub(in crate::stores) struct Keeper {
    round: Arc<Round>,
    tracker: TaskTracker,
    stop: CancellationToken,
    _stop_on_drop: DropGuard,
}

/// Those that are looked after.
#[derive(Debug)]
struct Round {
    clock: Arc<dyn Clock>,
    wake: Notify,
    all: Mutex<Vec<Weak<Renewed>>>,
}

impl Keeper {
    pub(in crate::stores) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        let stop = CancellationToken::new();
        Arc::new(Self {
            round: Arc::new(Round {
                clock,
                wake: Notify::new(),
                all: Mutex::default(),
            }),
            tracker: TaskTracker::new(),
            _stop_on_drop: stop.clone().drop_guard(),
            stop,
        })
    }

    /// Looks after one more from now on, as long as somebody else holds it.
    pub(super) fn look_after(&self, renewed: &Arc<Renewed>) {
        let mut all = self.round.all.lock();
        all.retain(|one| one.strong_count() > 0);
        all.push(Arc::downgrade(renewed));
        if self.tracker.is_empty() {
            let (round, stop) = (Arc::clone(&self.round), self.stop.clone());
            self.tracker.spawn(async move { round.run(stop).await });
        }
        drop(all);
        self.wake();
    }

    /// Has the task look at them at once.
    pub(super) fn wake(&self) {
        self.round.wake.notify_one();
    }

    /// Renews what is due, as the task does.
    #[cfg(test)]
    pub(super) async fn turn(&self) {
        self.round.turn().await;
    }
}

impl Round {
    async fn run(&self, stop: CancellationToken) {
        loop {
            let now = self.clock.now();
            let due_at = self.each().filter_map(|one| one.due_at()).min();
            let pause = due_at.map_or(LONGEST_SLEEP, |at| at.since(now));
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause.min(LONGEST_SLEEP)) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.turn() => {}
            }
        }
    }

    async fn turn(&self) {
        let now: Timestamp = self.clock.now();
        let due = self
            .each()
            .filter(|one| one.due_at().is_some_and(|at| at <= now));
        futures::stream::iter(due)
            .for_each_concurrent(AT_ONCE, async |one| one.renew().await)
            .await;
    }

    fn each(&self) -> impl Iterator<Item = Arc<Renewed>> + use<> {
        let all: Vec<_> = self.all.lock().iter().filter_map(Weak::upgrade).collect();
        all.into_iter()
    }
}
