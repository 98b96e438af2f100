//! Builds the queryable tables from the segments, behind the hot path.

use super::{Head, segment};
use crate::clock::Clock;
use crate::db::ledger::SegmentRow;
use crate::db::projection::{EventRow, GrantObjectRow, GrantRow};
use crate::db::{self, Db, Error};
use protocol::Timestamp;
use protocol::audit::{Event, Grant};
use protocol::id::LaneId;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The most segments that are read at once; fewer when they are large.
const MAX_SEGMENTS: i64 = 64;
/// The most compressed bytes that are projected in one transaction, unless one segment has more.
const MAX_BYTES: usize = 128 << 10;
/// How often lanes of other servers are looked at.
const SWEEP: Duration = Duration::from_secs(30);
/// A lane that was not seen for this long is another server's no more.
const SILENT: Duration = Duration::from_mins(1);
/// A lane that was not seen for this long is closed; its server opens another should it live.
const DEAD: Duration = Duration::from_mins(2);
/// While nobody waits for it, the projection rests this many times as long as it worked, to leave the
/// machine to requests.
const REST: u32 = 9;
/// The same when it is further behind than [`LATE`].
const REST_WHEN_LATE: u32 = 1;
/// How old a segment may become before it is projected with more of the machine.
const LATE: Duration = Duration::from_secs(30);

/// Projects lanes; one batch at a time in this process.
pub(super) struct Projection {
    db: Db,
    /// Held by who projects; how many segments are worth reading at once.
    turn: Mutex<i64>,
    /// How many wait for it to catch up.
    awaited: AtomicU32,
}

impl Projection {
    pub(super) fn new(db: Db) -> Self {
        Self {
            db,
            turn: Mutex::new(MAX_SEGMENTS),
            awaited: AtomicU32::new(0),
        }
    }

    /// Projects the lane up to and including `last`.
    pub(super) async fn project(&self, lane: LaneId, last: i64) -> Result<(), Error> {
        while self.step(lane, last).await?.is_some() {}
        Ok(())
    }

    /// Projects all lanes up to where they are now.
    pub(super) async fn catch_up(&self) -> Result<(), Error> {
        let _awaited = Awaited::new(&self.awaited);
        for behind in db::projection::list_behind(&self.db).await? {
            self.project(behind.lane_id, behind.head_seq).await?;
        }
        Ok(())
    }

    /// Throws the tables away and builds them anew.
    pub(super) async fn rebuild(&self) -> Result<(), Error> {
        {
            let _turn = self.turn.lock().await;
            db::projection::clear(&self.db).await?;
        }
        self.catch_up().await
    }

    /// Projects some segments, up to `last` at most; `None` when there are none left.
    async fn step(&self, lane: LaneId, last: i64) -> Result<Option<Step>, Error> {
        let mut readable = self.turn.lock().await;
        let from = db::projection::find_projected(&self.db, lane).await?;
        if from >= last {
            return Ok(None);
        }
        let segments = db::ledger::list_segments(&self.db, lane, from, last, *readable).await?;
        let mut rows = Rows::default();
        let mut bytes = 0;
        let mut to = from;
        let mut written_at = Timestamp::from_unix_millis(0);
        for segment in &segments {
            bytes += segment.events.len();
            if to > from && bytes > MAX_BYTES {
                // What was read and is not projected is read again
                *readable = (to - from).max(1);
                break;
            }
            rows.add(segment);
            to = segment.seq;
            written_at = segment.written_at;
        }
        if bytes <= MAX_BYTES {
            *readable = (*readable * 2).min(MAX_SEGMENTS);
        }
        if to == from {
            // The lane's head is behind this, so segments are missing: for `verify` to tell
            tracing::error!(lane.id = %lane, seq = from + 1, "a segment of the ledger is missing");
            to = last;
        }
        let Some(mut tx) = db::projection::begin(&self.db, lane, from, to).await? else {
            // Another server has just projected these; go on from where it is
            return Ok(Some(Step { to, written_at }));
        };
        db::projection::insert(&mut tx, rows.events, rows.grants, rows.objects).await?;
        db::projection::commit(tx).await?;
        Ok(Some(Step { to, written_at }))
    }

    /// Projects this server's lane up to `head`, without hurry unless somebody waits.
    async fn follow(&self, head: Head, clock: &dyn Clock) -> Result<(), Error> {
        let mut started = Instant::now();
        while let Some(step) = self.step(head.lane_id, head.seq).await? {
            let late = clock.now().since(step.written_at) > LATE;
            #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
            metrics::gauge!("signet_ledger_segments_to_project").set((head.seq - step.to) as f64);
            if self.awaited.load(Ordering::Relaxed) == 0 {
                let rest = if late { REST_WHEN_LATE } else { REST };
                tokio::time::sleep(started.elapsed() * rest).await;
            }
            started = Instant::now();
        }
        Ok(())
    }

    /// Projects lanes that no server writes any more, and closes those whose server is dead.
    pub(super) async fn sweep(&self, own: LaneId, clock: &dyn Clock) -> Result<(), Error> {
        let now = clock.now();
        // A clock that leaps makes every lane look silent; whoever runs this lives
        let dead = now.minus(DEAD);
        let closed = db::ledger::close_silent_lanes(&self.db, own, dead, now).await?;
        if closed > 0 {
            tracing::info!(lanes = closed, "lanes of dead servers were closed");
        }
        for behind in db::projection::list_behind(&self.db).await? {
            let silent = behind
                .seen_at
                .is_none_or(|seen_at| seen_at < now.minus(SILENT));
            if silent && behind.lane_id != own {
                tracing::debug!(
                    lane.id = %behind.lane_id,
                    segments = behind.head_seq - behind.projected_seq,
                    "a silent lane is projected"
                );
                self.project(behind.lane_id, behind.head_seq).await?;
            }
        }
        Ok(())
    }
}

/// How far a lane was projected.
struct Step {
    to: i64,
    /// When the last segment was written.
    written_at: Timestamp,
}

/// Counts who waits.
struct Awaited<'a>(&'a AtomicU32);

impl<'a> Awaited<'a> {
    fn new(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Follows this server's lane, and looks after silent ones, until it is stopped.
pub(super) async fn run(
    projection: Arc<Projection>,
    mut head: watch::Receiver<Head>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    let mut sweep = tokio::time::interval(SWEEP);
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut open = true;
    loop {
        let work = async {
            let to = *head.borrow_and_update();
            projection.follow(to, &*clock).await?;
            tokio::select! {
                changed = head.changed(), if open => Ok(changed.is_ok()),
                _ = sweep.tick() => projection.sweep(to.lane_id, &*clock).await.map(|()| open),
            }
        };
        let worked: Result<bool, Error> = tokio::select! {
            worked = work => worked,
            () = stop.cancelled() => return,
        };
        match worked {
            Ok(still_open) => open = still_open,
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the ledger's events cannot be projected"
                );
                let pause = tokio::time::sleep(Duration::from_secs(1));
                tokio::select! {
                    () = pause => {}
                    () = stop.cancelled() => return,
                }
            }
        }
    }
}

/// Rows of some segments.
#[derive(Default)]
struct Rows {
    events: Vec<EventRow>,
    grants: Vec<GrantRow>,
    objects: Vec<GrantObjectRow>,
}

impl Rows {
    fn add(&mut self, row: &SegmentRow) {
        let Some(lines) = segment::lines(&row.events) else {
            tracing::error!(lane.id = %row.lane_id, seq = row.seq, "a segment of the ledger cannot be read");
            return;
        };
        for line in segment::split(&lines) {
            let body = String::from_utf8_lossy(line).into_owned();
            match serde_json::from_str::<Event>(&body) {
                Ok(event) => self.add_event(row, &event, body),
                Err(error) => {
                    tracing::error!(%error, lane.id = %row.lane_id, seq = row.seq, "an event of the ledger cannot be read");
                }
            }
        }
    }

    fn add_event(&mut self, row: &SegmentRow, event: &Event, body: String) {
        let principal_id = event
            .actor
            .as_ref()
            .map(|actor| actor.principal_id.to_string());
        let team_id = event.team_id.map(|id| id.to_string());
        if let (Some(grant), Some(principal_id), Some(team_id)) =
            (&event.grant, &principal_id, &team_id)
        {
            self.add_grant(event, grant, principal_id, team_id);
        }
        self.events.push(EventRow {
            id: event.id.to_string(),
            at: event.at.unix_millis(),
            action: event.action.as_str(),
            principal_id,
            team_id,
            grant_id: event.grant.as_ref().map(|grant| grant.id.to_string()),
            lane_id: row.lane_id.to_string(),
            seq: row.seq,
            body,
        });
    }

    fn add_grant(&mut self, event: &Event, grant: &Grant, principal_id: &str, team_id: &str) {
        let (id, bucket_id) = (grant.id.to_string(), grant.bucket_id.to_string());
        self.objects
            .extend(grant.keys.iter().map(|key| GrantObjectRow {
                bucket_id: bucket_id.clone(),
                object_key: key.clone(),
                grant_id: id.clone(),
            }));
        self.grants.push(GrantRow {
            id,
            event_id: event.id.to_string(),
            principal_id: principal_id.to_owned(),
            team_id: team_id.to_owned(),
            bucket_id,
            method: grant.method.clone(),
            url_count: i64::try_from(grant.url_count()).unwrap_or(i64::MAX),
            signed_at: grant.signed_at.unix_millis(),
            expires_at: grant.expires_at.unix_millis(),
        });
    }
}
