//! What the writer knows of its lane, and how it finds out when it does not.

use super::commit::{Trouble, within_limit};
use super::{Lane, Settled, Writer};
use crate::db::ledger::SegmentRow;
use std::time::Duration;
use tokio::time::Instant;

/// After this long without knowing what became of a commit, the lane is given up.
const MAX_UNSETTLED: Duration = Duration::from_secs(15);

/// What is known of the lane.
pub(super) enum Standing {
    /// Its head is.
    Known,
    /// It must be read again; with a segment whose commit was not answered.
    Unsettled {
        segment: Option<SegmentRow>,
        since: Instant,
    },
    /// It is not ours any more.
    Lost,
}

impl Writer {
    /// Connects, and finds out what became of the lane or opens another, as far as that is needed. Says
    /// what was found.
    pub(super) async fn make_ready(&mut self) -> Result<Option<Settled>, Trouble> {
        self.connect().await?;
        let mut found = None;
        if let Standing::Unsettled { .. } = self.standing {
            found = Some(self.settle().await?);
        }
        if let Standing::Lost = self.standing {
            self.reopen().await?;
        }
        Ok(found)
    }

    /// The lane must be read before it is written again.
    pub(super) fn unsettle(&mut self, segment: Option<SegmentRow>) {
        self.standing = Standing::Unsettled {
            segment,
            since: Instant::now(),
        };
    }

    async fn settle(&mut self) -> Result<Settled, Trouble> {
        let (id, now) = (self.lane.row.id, self.parts.clock.now());
        let stored = match self.connect().await {
            Ok(connection) => within_limit(connection.settle_lane(id, now)).await,
            Err(trouble) => Err(trouble),
        };
        let stored = match stored {
            Ok(stored) => stored,
            Err(trouble) => {
                self.disconnect().await;
                if let Standing::Unsettled { since, .. } = self.standing
                    && since.elapsed() > MAX_UNSETTLED
                {
                    self.standing = Standing::Lost;
                }
                return Err(trouble);
            }
        };
        let segment = match &self.standing {
            Standing::Unsettled { segment, .. } => segment.as_ref(),
            Standing::Known | Standing::Lost => None,
        };
        let settled = self.lane.settle(stored, segment);
        self.standing = match settled {
            Settled::Landed | Settled::NotLanded => Standing::Known,
            Settled::Lost => Standing::Lost,
        };
        Ok(settled)
    }

    async fn reopen(&mut self) -> Result<(), Trouble> {
        let old = self.lane.row.id;
        let (clock, ids) = (self.parts.clock.clone(), self.parts.ids.clone());
        let opened = match self.connect().await {
            Ok(connection) => within_limit(Lane::open(connection, &*clock, &ids)).await,
            Err(trouble) => Err(trouble),
        };
        match opened {
            Ok(lane) => {
                tracing::warn!(lane.id = %old, "a lane of the ledger was given up");
                self.lane = lane;
                self.standing = Standing::Known;
                self.publish_head();
                Ok(())
            }
            Err(trouble) => {
                self.disconnect().await;
                Err(trouble)
            }
        }
    }

    /// After an attempt that wrote nothing.
    pub(super) async fn after_failure(&mut self, trouble: &Trouble) {
        self.disconnect().await;
        if trouble.is_unique_conflict() {
            // There is a segment where our head says that there is none
            self.standing = Standing::Lost;
        } else {
            self.unsettle(None);
        }
    }

    /// Shows that the lane is alive, and notices when it was closed.
    pub(super) async fn show_life(&mut self) {
        if let Standing::Known = self.standing {
            self.unsettle(None);
        }
        if let Err(trouble) = self.make_ready().await {
            tracing::warn!(
                error = &trouble as &dyn std::error::Error,
                lane.id = %self.lane.row.id,
                "the lane of the ledger cannot be reached"
            );
        }
    }

    /// Closes the lane for good.
    pub(super) async fn close(mut self) {
        let (id, now) = (self.lane.row.id, self.parts.clock.now());
        let closed = match self.connect().await {
            Ok(connection) => within_limit(connection.close_lane(id, now)).await,
            Err(trouble) => Err(trouble),
        };
        if let Err(trouble) = closed {
            tracing::warn!(
                error = &trouble as &dyn std::error::Error,
                lane.id = %id,
                "the lane of the ledger could not be closed"
            );
        }
        self.disconnect().await;
    }
}
