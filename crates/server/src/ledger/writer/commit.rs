//! One attempt to commit one segment, and all that can become of it.

use super::Writer;
use crate::db;
use crate::db::ledger::{LaneConnection, SegmentRow};
use crate::ledger::faults::Fate;
use std::time::Duration;
use tokio::time::Instant;

/// How long a step with the database may take.
const STEP_LIMIT: Duration = Duration::from_secs(5);
/// How long a connection may take to go.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// What became of a commit.
pub(super) enum Attempt {
    /// It is durable.
    Committed,
    /// The lane is not as it was thought to be: nothing was written.
    Fenced,
    /// Nothing was written.
    Failed(Trouble),
    /// It is written or not.
    InDoubt(Trouble),
}

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error("the database did not answer within {} s", STEP_LIMIT.as_secs())]
    TimedOut,
    #[error("the lane is not ours any more")]
    Lost,
    #[error("a fault was injected")]
    Injected,
}

impl Trouble {
    pub(super) fn is_unique_conflict(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_unique_conflict())
    }
}

/// Gives a step with the database its time.
pub(super) async fn within_limit<T>(
    step: impl Future<Output = Result<T, db::Error>>,
) -> Result<T, Trouble> {
    match tokio::time::timeout(STEP_LIMIT, step).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(Trouble::TimedOut),
    }
}

impl Writer {
    /// Tries to commit a segment of `events` events.
    pub(super) async fn attempt(&mut self, segment: &SegmentRow, events: usize) -> Attempt {
        let Some(connection) = self.connection.as_mut() else {
            return Attempt::Failed(Trouble::TimedOut);
        };
        let started = Instant::now();
        let faults = &self.parts.faults;
        let row = &self.lane.row;
        let steps = async {
            if let Err(error) = connection.set_full(faults.is_disk_full()).await {
                return Attempt::Failed(error.into());
            }
            let pending = match connection.write_segment(row, segment).await {
                Ok(Some(pending)) => pending,
                Ok(None) => return Attempt::Fenced,
                Err(error) => return Attempt::Failed(error.into()),
            };
            let fate = faults.fate().await;
            let finished = match fate {
                Fate::Commit | Fate::LoseReply => pending.commit().await,
                Fate::Fail | Fate::LoseCommit => pending.roll_back().await,
            };
            faults.cut_off_if_due();
            match (finished, fate) {
                (Err(error), _) => Attempt::InDoubt(error.into()),
                (Ok(()), Fate::Commit) => Attempt::Committed,
                (Ok(()), Fate::Fail) => Attempt::Failed(Trouble::Injected),
                (Ok(()), Fate::LoseCommit | Fate::LoseReply) => Attempt::InDoubt(Trouble::Injected),
            }
        };
        let attempt = tokio::time::timeout(STEP_LIMIT, steps)
            .await
            .unwrap_or(Attempt::InDoubt(Trouble::TimedOut));
        if matches!(attempt, Attempt::Committed) {
            faults.delay_sync();
            metrics::histogram!("signet_ledger_commit_seconds").record(started.elapsed());
            #[expect(clippy::cast_precision_loss, reason = "a histogram takes floats")]
            metrics::histogram!("signet_ledger_batch_events").record(events as f64);
        }
        attempt
    }

    /// The connection, made anew when there is none.
    pub(super) async fn connect(&mut self) -> Result<&mut LaneConnection, Trouble> {
        if self.parts.faults.is_unreachable() {
            self.disconnect().await;
            return Err(Trouble::Injected);
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => within_limit(LaneConnection::connect(&self.parts.db)).await?,
        };
        Ok(self.connection.insert(connection))
    }

    /// Drops the connection, and with it what was not committed.
    pub(super) async fn disconnect(&mut self) {
        if let Some(connection) = self.connection.take() {
            // One that does not answer is dropped
            let _ = tokio::time::timeout(CLOSE_LIMIT, connection.close()).await;
        }
    }
}
