//! Moves events of changes from the outbox into the lane, each once.
//!
//! A change writes its event in its own transaction; the lane is another file, or another
//! transaction. So an event is first marked with the lane that takes it, then recorded, then deleted.
//! A mark that is found says that the event may be recorded already, and the ledger is asked.

use super::{Error, Ledger};
use crate::db;
use crate::db::outbox::OutboxRow;
use futures::future::join_all;
use std::sync::Weak;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Events moved at once.
const PAGE: i64 = 256;
/// How often it is looked for events that were left behind.
const EVERY: Duration = Duration::from_secs(30);

/// Why the outbox was not emptied. What is left in it is moved the next time.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// The database did not do its part.
    #[error(transparent)]
    Db(#[from] db::Error),
    /// The ledger did not.
    #[error(transparent)]
    Ledger(#[from] Error),
}

impl Ledger {
    /// Moves all events from the outbox into the ledger.
    ///
    /// # Errors
    /// When not all could be moved.
    pub async fn drain_outbox(&self) -> Result<(), OutboxError> {
        let _turn = self.moving.lock().await;
        loop {
            let lane = self.head().lane_id;
            let rows = db::outbox::list_free(&self.db, lane, PAGE).await?;
            if rows.is_empty() {
                return Ok(());
            }
            if rows.iter().any(|row| row.taken_before) {
                self.caught_up().await?;
            }
            for moved in join_all(rows.into_iter().map(|row| self.move_event(row))).await {
                moved?;
            }
        }
    }

    async fn move_event(&self, row: OutboxRow) -> Result<(), OutboxError> {
        let id = row.id;
        if !db::outbox::take(&self.db, id, self.head().lane_id).await? {
            // Another server moves it
            return Ok(());
        }
        if !(row.taken_before && db::projection::has_event(&self.db, id).await?) {
            self.record(row.event, None).await?;
        }
        Ok(db::outbox::delete(&self.db, id).await?)
    }
}

/// Moves at once, and now and then, what was left behind by a server that died or could not.
pub(super) async fn run(ledger: Weak<Ledger>, stop: CancellationToken) {
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            () = stop.cancelled() => return,
        }
        let Some(ledger) = ledger.upgrade() else {
            return;
        };
        let drained = tokio::select! {
            drained = ledger.drain_outbox() => drained,
            () = stop.cancelled() => return,
        };
        if let Err(error) = drained {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "events of changes wait to be recorded"
            );
        }
    }
}
