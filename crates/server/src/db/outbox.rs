//! Events of changes, on their way from the change's own transaction into the ledger.

use super::{Db, Error};
use protocol::audit::Event;
use protocol::id::{EventId, LaneId};
use sqlx::{AnyConnection, Row as _};

/// An event that waits to be moved.
#[derive(Debug)]
pub(crate) struct OutboxRow {
    pub(crate) id: EventId,
    pub(crate) event: Event,
    /// True when a lane took it before: it may be in the ledger already.
    pub(crate) taken_before: bool,
}

/// Puts an event into the outbox, in the transaction of what it tells of.
pub async fn insert_event(connection: &mut AnyConnection, event: &Event) -> Result<(), Error> {
    let text = serde_json::to_string(event).map_err(|_| Error::Corrupt {
        column: "outbox.event",
    })?;
    sqlx::query("INSERT INTO outbox (event_id, event) VALUES ($1, $2)")
        .bind(event.id.to_string())
        .bind(text)
        .execute(connection)
        .await?;
    Ok(())
}

/// The oldest events that no living lane but `lane` has taken.
pub(crate) async fn list_free(db: &Db, lane: LaneId, limit: i64) -> Result<Vec<OutboxRow>, Error> {
    sqlx::query(
        "SELECT event_id, event, lane_id FROM outbox
         WHERE lane_id IS NULL OR lane_id = $1
            OR lane_id NOT IN (SELECT id FROM lane WHERE closed_at IS NULL)
         ORDER BY event_id LIMIT $2",
    )
    .bind(lane.to_string())
    .bind(limit)
    .fetch_all(db.pool())
    .await?
    .iter()
    .map(|row| {
        let (id, event): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let taken_by: Option<String> = row.try_get(2)?;
        Ok(OutboxRow {
            id: id.parse().map_err(|_| Error::Corrupt {
                column: "outbox.event_id",
            })?,
            event: serde_json::from_str(&event).map_err(|_| Error::Corrupt {
                column: "outbox.event",
            })?,
            taken_before: taken_by.is_some(),
        })
    })
    .collect()
}

/// Takes an event for a lane, so that no other moves it too. False when another was faster.
pub(crate) async fn take(db: &Db, id: EventId, lane: LaneId) -> Result<bool, Error> {
    let taken = sqlx::query(
        "UPDATE outbox SET lane_id = $1
         WHERE event_id = $2
           AND (lane_id IS NULL OR lane_id = $1
                OR lane_id NOT IN (SELECT id FROM lane WHERE closed_at IS NULL))",
    )
    .bind(lane.to_string())
    .bind(id.to_string())
    .execute(db.pool())
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Takes an event out, once it is in the ledger.
pub(crate) async fn delete(db: &Db, id: EventId) -> Result<(), Error> {
    sqlx::query("DELETE FROM outbox WHERE event_id = $1")
        .bind(id.to_string())
        .execute(db.pool())
        .await?;
    Ok(())
}
