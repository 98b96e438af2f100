//! The one writer of a lane: group commit, on a thread and a connection of its own.
//!
//! The thread has its own runtime, so that a commit's steps do not queue behind the requests that the
//! server's runtime is busy with.

mod commit;
mod gather;
mod standing;

use super::lane::{Lane, Settled};
use super::queue::{Batch, Queue};
use super::recheck::{decide_again, refuse_decided};
use super::segment::Sealer;
use super::{DirectoryView, Error, Faults, Head, OpenError};
use crate::clock::Clock;
use crate::db::Db;
use crate::db::ledger::{LaneConnection, SegmentRow};
use crate::ids::IdMaker;
use commit::{Attempt, Trouble};
use gather::LastCommit;
use protocol::audit::{Action, Event};
use standing::Standing;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

/// How long callers wait for a database in trouble.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause between two segments of nothing but denials.
const DENIAL_PAUSE: Duration = Duration::from_millis(100);
/// The pause after a failure, in which nothing is tried.
const FAILURE_PAUSE: Duration = Duration::from_millis(20);
/// How often an idle lane shows that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// The most failures of the database while one batch is written.
const MAX_FAILURES: u32 = 2;
/// The most refreshes of the directory while one batch is written.
const MAX_REFRESHES: u32 = 8;

/// What the writer works with.
pub(super) struct Parts {
    pub(super) db: Db,
    pub(super) directory: Arc<dyn DirectoryView>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<IdMaker>,
    pub(super) queue: Arc<Queue>,
    pub(super) faults: Faults,
    pub(super) tracker: TaskTracker,
}

struct Writer {
    parts: Parts,
    /// Where the directory's connections live.
    main: Handle,
    connection: Option<LaneConnection>,
    lane: Lane,
    standing: Standing,
    head: watch::Sender<Head>,
    sealer: Sealer,
    lines: Vec<u8>,
    failed_at: Option<Instant>,
    last: Option<LastCommit>,
}

/// Opens a lane and starts the thread that writes it. The head's sender is dropped when it ends.
pub(super) async fn start(parts: Parts) -> Result<watch::Receiver<Head>, OpenError> {
    let (ready, opened) = oneshot::channel();
    let main = Handle::current();
    std::thread::Builder::new()
        .name("ledger".to_owned())
        .spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
            {
                Ok(runtime) => runtime,
                Err(error) => {
                    let _ = ready.send(Err(OpenError::Thread(error)));
                    return;
                }
            };
            runtime.block_on(async {
                match Writer::open(parts, main).await {
                    Ok((writer, head)) => {
                        let _ = ready.send(Ok(head));
                        writer.run().await;
                    }
                    Err(error) => {
                        let _ = ready.send(Err(error.into()));
                    }
                }
            });
        })
        .map_err(OpenError::Thread)?;
    opened
        .await
        .unwrap_or_else(|_| Err(OpenError::Thread(std::io::Error::other("the thread ended"))))
}

impl Writer {
    async fn open(
        parts: Parts,
        main: Handle,
    ) -> Result<(Self, watch::Receiver<Head>), crate::db::Error> {
        let mut connection = LaneConnection::connect(&parts.db).await?;
        let lane = Lane::open(&mut connection, &*parts.clock, &parts.ids).await?;
        let (head, seen) = watch::channel(Head {
            lane_id: lane.row.id,
            seq: 0,
        });
        let writer = Self {
            parts,
            main,
            connection: Some(connection),
            lane,
            standing: Standing::Known,
            head,
            sealer: Sealer::new(),
            lines: Vec::new(),
            failed_at: None,
            last: None,
        };
        Ok((writer, seen))
    }

    async fn run(mut self) {
        let mut denials_due = Instant::now();
        let mut heartbeat_due = Instant::now() + HEARTBEAT;
        loop {
            self.gather();
            let now = Instant::now();
            if let Some(mut batch) = self.parts.queue.take(now >= denials_due) {
                if !batch.denials.is_empty() {
                    denials_due = now + DENIAL_PAUSE;
                }
                self.tell_of_dropped(&mut batch);
                let answered = batch.entries.len();
                let written = self.write(batch).await;
                let ended_at = Instant::now();
                self.last = written.then(|| LastCommit {
                    took: ended_at - now,
                    ended_at,
                    in_flight: answered + self.parts.queue.len(),
                });
                if written {
                    heartbeat_due = Instant::now() + HEARTBEAT;
                } else if self.parts.queue.is_closed() {
                    break;
                }
                continue;
            }
            if self.parts.queue.is_finished() {
                break;
            }
            if now >= heartbeat_due {
                self.show_life().await;
                heartbeat_due = Instant::now() + HEARTBEAT;
            }
            let until = if self.parts.queue.has_denials() {
                denials_due
            } else {
                heartbeat_due
            };
            tokio::select! {
                () = self.parts.queue.woken() => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
        self.close().await;
    }

    /// Lets others run while more are worth waiting for. No timer: who has nothing to wait for goes on.
    fn gather(&self) {
        let Some(last) = &self.last else { return };
        while last.is_worth_waiting(self.parts.queue.len(), Instant::now()) {
            std::thread::yield_now();
        }
    }

    /// Writes a batch and answers it. False when the database is in trouble.
    async fn write(&mut self, mut batch: Batch) -> bool {
        if self
            .failed_at
            .is_some_and(|at| at.elapsed() < FAILURE_PAUSE)
        {
            self.refuse(batch);
            return false;
        }
        let deadline = Instant::now() + PATIENCE;
        let (mut failures, mut refreshes) = (0, 0);
        // True while a commit of this batch was not answered
        let mut in_doubt = false;
        loop {
            let trouble = match self.make_ready().await {
                Ok(settled) if in_doubt => {
                    in_doubt = false;
                    match settled {
                        Some(Settled::Landed) => {
                            self.acknowledge(batch);
                            return true;
                        }
                        Some(Settled::NotLanded) => continue,
                        // It may be stored: not known, so not released, and not written again
                        Some(Settled::Lost) | None => Some(Trouble::Lost),
                    }
                }
                Ok(_) => None,
                Err(trouble) => Some(trouble),
            };
            if let Some(trouble) = trouble {
                failures += 1;
                let lost = matches!(trouble, Trouble::Lost);
                if lost || failures >= MAX_FAILURES || Instant::now() >= deadline {
                    self.give_up(batch, &trouble);
                    return false;
                }
                continue;
            }
            if refreshes > MAX_REFRESHES || Instant::now() >= deadline {
                refuse_decided(&mut batch);
            }
            let Ok(decided) = decide_again(
                &*self.parts.directory,
                &mut batch,
                &self.parts.ids,
                self.parts.clock.now(),
            ) else {
                refuse_decided(&mut batch);
                continue;
            };
            if let Some(revision) = decided {
                let revision = i64::try_from(revision).unwrap_or(i64::MAX);
                if revision < self.lane.row.directory_revision {
                    refreshes += 1;
                    self.refresh_directory().await;
                    continue;
                }
                self.lane.row.directory_revision = revision;
            }
            if batch.is_empty() {
                return true;
            }
            let segment = self.seal(&batch);
            match self.attempt(&segment, batch.len()).await {
                Attempt::Committed => {
                    self.lane.advance(&segment);
                    self.acknowledge(batch);
                    return true;
                }
                Attempt::Fenced => self.unsettle(None),
                Attempt::Failed(trouble) => {
                    self.after_failure(&trouble).await;
                    failures += 1;
                    if failures >= MAX_FAILURES {
                        self.give_up(batch, &trouble);
                        return false;
                    }
                }
                Attempt::InDoubt(trouble) => {
                    tracing::warn!(
                        error = &trouble as &dyn std::error::Error,
                        lane.id = %self.lane.row.id,
                        "a commit of the ledger was not answered"
                    );
                    self.disconnect().await;
                    self.unsettle(Some(segment));
                    in_doubt = true;
                }
            }
        }
    }

    fn seal(&mut self, batch: &Batch) -> SegmentRow {
        self.lines.clear();
        for entry in &batch.entries {
            self.lines.extend_from_slice(&entry.line);
        }
        for line in &batch.denials {
            self.lines.extend_from_slice(line);
        }
        self.sealer.seal(
            self.lane.row.id,
            self.lane.row.head_seq + 1,
            self.lane.head,
            self.parts.clock.now(),
            &self.lines,
            batch.len(),
        )
    }

    fn acknowledge(&mut self, batch: Batch) {
        self.publish_head();
        batch.answer(Ok(()));
        if self.failed_at.take().is_some() {
            tracing::info!(lane.id = %self.lane.row.id, "the ledger commits again");
        }
    }

    fn publish_head(&self) {
        self.head.send_replace(Head {
            lane_id: self.lane.row.id,
            seq: self.lane.row.head_seq,
        });
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        metrics::gauge!("signet_audit_head_seq").set(self.lane.row.head_seq as f64);
    }

    fn give_up(&mut self, batch: Batch, trouble: &Trouble) {
        if self.failed_at.is_none() {
            tracing::error!(
                error = trouble as &dyn std::error::Error,
                lane.id = %self.lane.row.id,
                "the ledger cannot commit; nothing is released until it can"
            );
        }
        self.failed_at = Some(Instant::now());
        self.refuse(batch);
    }

    fn refuse(&self, mut batch: Batch) {
        metrics::counter!("signet_ledger_refused_total").increment(batch.entries.len() as u64);
        self.parts
            .queue
            .return_denials(std::mem::take(&mut batch.denials));
        batch.answer(Err(Error::Unavailable));
    }

    /// Says in the ledger that denials are missing from it.
    fn tell_of_dropped(&self, batch: &mut Batch) {
        if batch.dropped == 0 {
            return;
        }
        let event = Event {
            id: self.parts.ids.make(),
            at: self.parts.clock.now(),
            action: Action::UrlDeny,
            actor: None,
            network: None,
            request_id: None,
            team_id: None,
            team: None,
            operation: None,
            rule: None,
            grant: None,
            upload_id: None,
            version_id: None,
            subject: None,
            detail: Some(format!(
                "{} denials were not recorded: too many at once",
                batch.dropped
            )),
        };
        if let Ok(line) = super::line_of(&event) {
            batch.denials.push(line);
            batch.dropped = 0;
        }
    }

    async fn refresh_directory(&self) {
        let directory = Arc::clone(&self.parts.directory);
        // Its pool's connections belong to the server's runtime
        let refresh = async move { directory.refresh().await };
        let refreshed = self.parts.tracker.spawn_on(refresh, &self.main);
        let trouble = match tokio::time::timeout(PATIENCE, refreshed).await {
            Ok(Ok(Ok(_))) => return,
            Ok(Ok(Err(error))) => Trouble::Db(error),
            Ok(Err(_)) | Err(_) => Trouble::TimedOut,
        };
        tracing::warn!(
            error = &trouble as &dyn std::error::Error,
            "the directory cannot be refreshed"
        );
    }
}
