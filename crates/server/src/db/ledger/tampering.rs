//! What somebody with access to the database can do to the ledger, for tests.

use super::{Db, Error};
use protocol::id::LaneId;
use sqlx::Row as _;

/// Runs a statement whose only parameter is a lane.
pub(crate) async fn on_lane(db: &Db, statement: &'static str, lane: LaneId) -> Result<(), Error> {
    sqlx::query(statement)
        .bind(lane.to_string())
        .execute(db.pool())
        .await?;
    Ok(())
}

/// Disconnects everybody from a PostgreSQL database, as a restart does.
pub(crate) async fn disconnect_all(db: &Db) -> Result<(), Error> {
    sqlx::query(
        "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .execute(db.pool())
    .await?;
    Ok(())
}

/// Every row of the projection, as text, in order.
pub(crate) async fn dump_projection(db: &Db) -> Result<Vec<String>, Error> {
    let mut all = Vec::new();
    for statement in [
        "SELECT id || '|' || CAST(at AS TEXT) || action || COALESCE(principal_id, '-')
             || COALESCE(team_id, '-') || COALESCE(grant_id, '-') || lane_id || CAST(seq AS TEXT)
             || body FROM event ORDER BY id",
        "SELECT id || '|' || event_id || principal_id || team_id || bucket_id || method
             || CAST(url_count AS TEXT) || CAST(signed_at AS TEXT) || CAST(expires_at AS TEXT)
         FROM url_grant ORDER BY id",
        "SELECT bucket_id || object_key || '|' || grant_id FROM grant_object
         ORDER BY bucket_id, object_key, grant_id",
        "SELECT lane_id || '|' || CAST(seq AS TEXT) FROM projected ORDER BY lane_id",
    ] {
        for row in sqlx::query(statement).fetch_all(db.pool()).await? {
            all.push(row.try_get(0)?);
        }
    }
    Ok(all)
}

/// Number of events in the outbox.
pub(crate) async fn count_outbox(db: &Db) -> Result<i64, Error> {
    Ok(sqlx::query("SELECT COUNT(*) FROM outbox")
        .fetch_one(db.pool())
        .await?
        .try_get(0)?)
}
