//! The ledger: what was decided, durable before anything leaves, in hash-chained segments.
//!
//! A server process has one **lane**, written by one thread (`writer`). Events that wait together
//! are committed together as one **segment**. A commit moves the lane's head only under the revision
//! of the directory that its events were decided by; when the directory has moved on they are decided
//! again first. Queryable tables are a projection, built behind it. Decision 4 has the reasons.

mod chain;
mod faults;
mod lane;
mod outbox;
mod projection;
mod query;
mod queue;
mod recheck;
mod segment;
mod verify;
mod writer;

#[cfg(test)]
mod tests;

pub use chain::NotedHead;
pub use faults::{Faults, Pause};
pub use outbox::OutboxError;
pub use query::{EventFilter, GrantFilter, LiveGrants};

use crate::clock::Clock;
use crate::db::{self, Db};
use crate::directory::{Directory, Refusal};
use crate::ids::IdMaker;
use crate::policy::{Denial, Recheck};
use futures::future::BoxFuture;
use projection::Projection;
use protocol::Timestamp;
use protocol::audit::Event;
use protocol::id::LaneId;
use queue::{Entry, Queue};
use std::sync::Arc;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// Why an event was not recorded. Nothing that depends on it may be released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The directory has moved on, and what was allowed is not any more.
    #[error(transparent)]
    Denied(Denial),
    /// The directory has moved on, and what was allowed is now allowed on other terms: ask again.
    #[error("what it was decided by has changed; try again")]
    Outdated,
    /// The database cannot be reached, is full, or does not say what became of the commit.
    #[error("the decision could not be recorded; try again")]
    Unavailable,
}

/// Why the ledger could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No lane could be opened.
    #[error("no lane of the ledger could be opened")]
    Db(#[from] db::Error),
    /// There is no thread for the writer.
    #[error("the ledger's thread could not be started")]
    Thread(#[source] std::io::Error),
}

/// What the ledger needs of the directory. Tests move the revision under it.
pub(crate) trait DirectoryView: Send + Sync + 'static {
    /// The revision that decisions are made under.
    fn revision(&self) -> u64;

    /// Applies what was changed.
    fn refresh(&self) -> BoxFuture<'_, Result<u64, db::Error>>;

    /// Decides again, and says under which revision.
    fn recheck(&self, recheck: &Recheck, now: Timestamp) -> Result<u64, Refusal>;
}

impl DirectoryView for Directory {
    fn revision(&self) -> u64 {
        self.revision()
    }

    fn refresh(&self) -> BoxFuture<'_, Result<u64, db::Error>> {
        Box::pin(self.refresh())
    }

    fn recheck(&self, recheck: &Recheck, now: Timestamp) -> Result<u64, Refusal> {
        self.recheck(recheck, now)
    }
}

/// The last segment of the lane being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The lane.
    pub lane_id: LaneId,
    /// The segment's number; 0 before the first.
    pub seq: i64,
}

/// Records events, and answers what was recorded.
pub struct Ledger {
    db: Db,
    queue: Arc<Queue>,
    projection: Arc<Projection>,
    head: watch::Receiver<Head>,
    faults: Faults,
    tracker: TaskTracker,
    /// Ends the projection, and with the queue closed everything, when the ledger is dropped.
    stop: CancellationToken,
    _stop_on_drop: DropGuard,
    moving: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").finish_non_exhaustive()
    }
}

impl Ledger {
    /// Opens a lane and starts its writer, and what works behind it.
    ///
    /// # Errors
    /// When no lane can be opened.
    pub async fn open(
        db: Db,
        directory: Arc<Directory>,
        clock: Arc<dyn Clock>,
        ids: Arc<IdMaker>,
    ) -> Result<Arc<Self>, OpenError> {
        let ledger = Self::open_with(db, directory, clock, ids).await?;
        let moving = outbox::run(Arc::downgrade(&ledger), ledger.stop.clone());
        ledger.tracker.spawn(moving);
        Ok(ledger)
    }

    async fn open_with(
        db: Db,
        directory: Arc<dyn DirectoryView>,
        clock: Arc<dyn Clock>,
        ids: Arc<IdMaker>,
    ) -> Result<Arc<Self>, OpenError> {
        let queue = Arc::new(Queue::default());
        let faults = Faults::default();
        let tracker = TaskTracker::new();
        let stop = CancellationToken::new();
        let parts = writer::Parts {
            db: db.clone(),
            directory,
            clock: Arc::clone(&clock),
            ids,
            queue: Arc::clone(&queue),
            faults: faults.clone(),
            tracker: tracker.clone(),
        };
        let head = writer::start(parts).await?;
        let projection = Arc::new(Projection::new(db.clone()));
        tracker.spawn(projection::run(
            Arc::clone(&projection),
            head.clone(),
            clock,
            stop.clone(),
        ));
        let ledger = Arc::new(Self {
            db,
            queue,
            projection,
            head,
            faults,
            tracker,
            _stop_on_drop: stop.clone().drop_guard(),
            stop,
            moving: tokio::sync::Mutex::new(()),
        });
        Ok(ledger)
    }

    /// Records an event; returns when it is durable. With `recheck`, only while what it was decided by
    /// still holds.
    ///
    /// When the future is dropped, the event may be recorded or not.
    ///
    /// # Errors
    /// When it is not recorded, or not known to be.
    pub async fn record(&self, event: Event, recheck: Option<Recheck>) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        let line = line_of(&event)?;
        drop(event);
        self.queue.push(Entry {
            line,
            recheck,
            reply,
        })?;
        // The writer ends only with the ledger; then nothing is recorded any more
        answer.await.unwrap_or(Err(Error::Unavailable))
    }

    /// Records a denial soon, without waiting for it and without making any grant wait. When too many
    /// come at once they are dropped, and the ledger says how many.
    pub fn record_denial(&self, event: &Event) {
        if let Ok(line) = line_of(event) {
            self.queue.push_denial(line);
        }
    }

    /// The last segment of this server's lane.
    pub fn head(&self) -> Head {
        *self.head.borrow()
    }

    /// Makes faults happen, for tests and the benchmark.
    #[doc(hidden)]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Writes what waits, closes the lane and ends.
    pub async fn shutdown(&self) {
        self.queue.close();
        let mut head = self.head.clone();
        // The writer drops its end when it has closed the lane
        while head.changed().await.is_ok() {}
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn line_of(event: &Event) -> Result<Vec<u8>, Error> {
    let keys = event.grant.iter().flat_map(|grant| &grant.keys);
    let in_quotes_bytes = keys.map(|key| key.len() + 3);
    let mut line = Vec::with_capacity(1024 + in_quotes_bytes.sum::<usize>());
    serde_json::to_writer(&mut line, event).map_err(|error| {
        tracing::error!(%error, "an event cannot be written as JSON");
        Error::Unavailable
    })?;
    line.push(b'\n');
    Ok(line)
}
