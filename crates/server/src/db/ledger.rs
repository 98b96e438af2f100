//! Lanes and segments: what the ledger's writer writes, and what is read to project and verify.

#[cfg(test)]
pub(crate) mod tampering;

use super::{Db, Error};
use protocol::Timestamp;
use protocol::id::LaneId;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Connection as _, Executor as _, Row as _};

/// The head of a lane and what it may be moved under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LaneRow {
    pub(crate) id: LaneId,
    pub(crate) seen_at: Timestamp,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) directory_revision: i64,
    pub(crate) head_seq: i64,
    pub(crate) head_hash: String,
}

/// One link of a lane's chain, as it is stored. Nothing here is trusted before the chain is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SegmentRow {
    pub(crate) lane_id: LaneId,
    pub(crate) seq: i64,
    pub(crate) previous_hash: String,
    pub(crate) hash: String,
    pub(crate) event_count: i64,
    pub(crate) written_at: Timestamp,
    pub(crate) events: Vec<u8>,
}

/// The connection of one lane's writer, used by nobody else.
pub(crate) struct LaneConnection {
    connection: AnyConnection,
    /// True while the ledger's file may not grow.
    full: bool,
}

/// A segment that is written but not committed. Rolled back when dropped.
pub(crate) struct Pending<'c>(sqlx::Transaction<'c, sqlx::Any>);

impl LaneConnection {
    /// Connects.
    pub(crate) async fn connect(db: &Db) -> Result<Self, Error> {
        Ok(Self {
            connection: db.connect_apart().await?,
            full: false,
        })
    }

    /// On SQLite: lets the ledger's file grow no more, or lets it grow again. For tests of a full disk.
    pub(crate) async fn set_full(&mut self, full: bool) -> Result<(), Error> {
        if self.full != full {
            // The engine takes the file's size where that is more
            self.connection
                .execute(if full {
                    "PRAGMA ledger.max_page_count = 1"
                } else {
                    "PRAGMA ledger.max_page_count = 4294967294"
                })
                .await?;
            self.full = full;
        }
        Ok(())
    }

    /// Opens a lane at the directory's revision, and says which that is.
    ///
    /// The directory's head is written first, though not changed, so that no change of the directory
    /// can commit between the reading of its revision and the lane's row being there to be moved.
    pub(crate) async fn open_lane(
        &mut self,
        id: LaneId,
        genesis: &str,
        now: Timestamp,
    ) -> Result<i64, Error> {
        let mut tx = self.connection.begin().await?;
        let revision: i64 = sqlx::query(
            "UPDATE directory_head SET revision = revision WHERE id = 1 RETURNING revision",
        )
        .fetch_one(&mut *tx)
        .await?
        .try_get(0)?;
        sqlx::query(
            "INSERT INTO lane (id, opened_at, seen_at, directory_revision, head_seq, head_hash)
             VALUES ($1, $2, $2, $3, 0, $4)",
        )
        .bind(id.to_string())
        .bind(now.unix_millis())
        .bind(revision)
        .bind(genesis.to_owned())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(revision)
    }

    /// Moves the lane's head from `head` to the segment and stores the segment. `None` when the lane is
    /// closed, its head is another, or the directory is not at `head`'s revision.
    pub(crate) async fn write_segment(
        &mut self,
        head: &LaneRow,
        segment: &SegmentRow,
    ) -> Result<Option<Pending<'_>>, Error> {
        let mut tx = self.connection.begin().await?;
        let moved = sqlx::query(
            "UPDATE lane SET head_seq = $1, head_hash = $2, seen_at = $3
             WHERE id = $4 AND head_seq = $5 AND head_hash = $6 AND directory_revision = $7
               AND closed_at IS NULL",
        )
        .bind(segment.seq)
        .bind(segment.hash.clone())
        .bind(segment.written_at.unix_millis())
        .bind(head.id.to_string())
        .bind(head.head_seq)
        .bind(head.head_hash.clone())
        .bind(head.directory_revision)
        .execute(&mut *tx)
        .await?;
        if moved.rows_affected() == 0 {
            tx.rollback().await?;
            return Ok(None);
        }
        sqlx::query(
            "INSERT INTO segment
                 (lane_id, seq, previous_hash, hash, event_count, written_at, events)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(segment.lane_id.to_string())
        .bind(segment.seq)
        .bind(segment.previous_hash.clone())
        .bind(segment.hash.clone())
        .bind(segment.event_count)
        .bind(segment.written_at.unix_millis())
        .bind(segment.events.clone())
        .execute(&mut *tx)
        .await?;
        Ok(Some(Pending(tx)))
    }

    /// Reads the lane's row after everybody who is writing it: an answer that a commit still under way
    /// cannot change.
    pub(crate) async fn settle_lane(
        &mut self,
        id: LaneId,
        now: Timestamp,
    ) -> Result<Option<LaneRow>, Error> {
        sqlx::query(
            "UPDATE lane SET seen_at = $1 WHERE id = $2
             RETURNING id, seen_at, closed_at, directory_revision, head_seq, head_hash",
        )
        .bind(now.unix_millis())
        .bind(id.to_string())
        .fetch_optional(&mut self.connection)
        .await?
        .map(|row| lane(&row))
        .transpose()
    }

    /// Closes the lane for good.
    pub(crate) async fn close_lane(&mut self, id: LaneId, now: Timestamp) -> Result<(), Error> {
        sqlx::query("UPDATE lane SET closed_at = $1 WHERE id = $2 AND closed_at IS NULL")
            .bind(now.unix_millis())
            .bind(id.to_string())
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    /// Disconnects.
    pub(crate) async fn close(self) {
        // Whatever it answers, the connection is gone
        let _ = self.connection.close().await;
    }
}

impl Pending<'_> {
    /// Commits. After an error it is not known whether the segment is stored.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        Ok(self.0.commit().await?)
    }

    /// Rolls back.
    pub(crate) async fn roll_back(self) -> Result<(), Error> {
        Ok(self.0.rollback().await?)
    }
}

/// All lanes, in the order in which they were opened.
pub(crate) async fn list_lanes(db: &Db) -> Result<Vec<LaneRow>, Error> {
    sqlx::query(
        "SELECT id, seen_at, closed_at, directory_revision, head_seq, head_hash FROM lane
         ORDER BY opened_at, id",
    )
    .fetch_all(db.pool())
    .await?
    .iter()
    .map(lane)
    .collect()
}

/// Closes the lanes but `own` that were not seen since `silent_since`, and says how many.
pub(crate) async fn close_silent_lanes(
    db: &Db,
    own: LaneId,
    silent_since: Timestamp,
    now: Timestamp,
) -> Result<u64, Error> {
    let closed = sqlx::query(
        "UPDATE lane SET closed_at = $1 WHERE closed_at IS NULL AND seen_at < $2 AND id <> $3",
    )
    .bind(now.unix_millis())
    .bind(silent_since.unix_millis())
    .bind(own.to_string())
    .execute(db.pool())
    .await?;
    Ok(closed.rows_affected())
}

/// Segments of a lane after one and up to another, in their order, at most `limit`.
pub(crate) async fn list_segments(
    db: &Db,
    lane: LaneId,
    after: i64,
    last: i64,
    limit: i64,
) -> Result<Vec<SegmentRow>, Error> {
    sqlx::query(
        "SELECT seq, previous_hash, hash, event_count, written_at, events FROM segment
         WHERE lane_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4",
    )
    .bind(lane.to_string())
    .bind(after)
    .bind(last)
    .bind(limit)
    .fetch_all(db.pool())
    .await?
    .iter()
    .map(|row| {
        Ok(SegmentRow {
            lane_id: lane,
            seq: row.try_get(0)?,
            previous_hash: row.try_get(1)?,
            hash: row.try_get(2)?,
            event_count: row.try_get(3)?,
            written_at: Timestamp::from_unix_millis(row.try_get(4)?),
            events: row.try_get(5)?,
        })
    })
    .collect()
}

/// How many segments a lane has before its first or behind its head.
pub(crate) async fn count_stray_segments(db: &Db, lane: LaneId) -> Result<i64, Error> {
    Ok(sqlx::query(
        "SELECT COUNT(*) FROM segment JOIN lane ON lane.id = segment.lane_id
         WHERE lane.id = $1 AND (segment.seq > lane.head_seq OR segment.seq < 1)",
    )
    .bind(lane.to_string())
    .fetch_one(db.pool())
    .await?
    .try_get(0)?)
}

/// Lanes that have segments but no row.
pub(crate) async fn list_lanes_without_row(db: &Db) -> Result<Vec<String>, Error> {
    sqlx::query(
        "SELECT DISTINCT lane_id FROM segment WHERE lane_id NOT IN (SELECT id FROM lane)
         ORDER BY lane_id",
    )
    .fetch_all(db.pool())
    .await?
    .iter()
    .map(|row| Ok(row.try_get(0)?))
    .collect()
}

fn lane(row: &AnyRow) -> Result<LaneRow, Error> {
    let id: String = row.try_get(0)?;
    let closed_at: Option<i64> = row.try_get(2)?;
    Ok(LaneRow {
        id: id
            .parse()
            .map_err(|_| Error::Corrupt { column: "lane.id" })?,
        seen_at: Timestamp::from_unix_millis(row.try_get(1)?),
        closed_at: closed_at.map(Timestamp::from_unix_millis),
        directory_revision: row.try_get(3)?,
        head_seq: row.try_get(4)?,
        head_hash: row.try_get(5)?,
    })
}
