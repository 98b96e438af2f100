//! The queryable tables behind the ledger: events, grants, and which objects a grant opened.

use super::{Db, Error, Tx};
use protocol::Timestamp;
use protocol::id::{EventId, LaneId, PrincipalId};
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, Row as _};
use std::sync::LazyLock;

/// Rows in one statement: one round trip for many, but SQLite finds parameters by a linear search.
const ROWS: usize = 8;

/// An event and what it is found by.
#[derive(Debug)]
pub(crate) struct EventRow {
    pub(crate) id: String,
    pub(crate) at: i64,
    pub(crate) action: &'static str,
    pub(crate) principal_id: Option<String>,
    pub(crate) team_id: Option<String>,
    pub(crate) grant_id: Option<String>,
    pub(crate) lane_id: String,
    pub(crate) seq: i64,
    pub(crate) body: String,
}

/// A grant and what it is found by.
#[derive(Debug)]
pub(crate) struct GrantRow {
    pub(crate) id: String,
    pub(crate) event_id: String,
    pub(crate) principal_id: String,
    pub(crate) team_id: String,
    pub(crate) bucket_id: String,
    pub(crate) method: String,
    pub(crate) url_count: i64,
    pub(crate) signed_at: i64,
    pub(crate) expires_at: i64,
}

/// An object that a grant opened.
#[derive(Debug)]
pub(crate) struct GrantObjectRow {
    pub(crate) bucket_id: String,
    pub(crate) object_key: String,
    pub(crate) grant_id: String,
}

/// A lane, and how far it is projected.
#[derive(Debug)]
pub(crate) struct LaneProgress {
    pub(crate) lane_id: LaneId,
    pub(crate) head_seq: i64,
    pub(crate) projected_seq: i64,
    /// When its server was last seen; `None` when the lane is closed.
    pub(crate) seen_at: Option<Timestamp>,
}

/// What a statement of many rows inserts.
trait Insert {
    const COLUMNS: usize;
    fn bind(self, query: Query<'static, Any, AnyArguments>) -> Query<'static, Any, AnyArguments>;
}

/// `head` with `rows` groups of `columns` parameters behind it.
fn insert_text(head: &str, columns: usize, rows: usize) -> String {
    let mut text = head.to_owned();
    for row in 0..rows {
        text.push_str(if row == 0 { " VALUES (" } else { ", (" });
        for column in 1..=columns {
            text.push_str(if column == 1 { "$" } else { ", $" });
            text.push_str(&(row * columns + column).to_string());
        }
        text.push(')');
    }
    text.push_str(" ON CONFLICT DO NOTHING");
    text
}

/// The text for one row and the text for [`ROWS`].
struct Texts {
    one: String,
    many: String,
}

impl Texts {
    fn new(head: &str, columns: usize) -> Self {
        Self {
            one: insert_text(head, columns, 1),
            many: insert_text(head, columns, ROWS),
        }
    }

    async fn insert<R: Insert>(&'static self, tx: &mut Tx, rows: Vec<R>) -> Result<(), Error> {
        let full = rows.len() - rows.len() % ROWS;
        let mut rows = rows.into_iter();
        for _ in 0..full / ROWS {
            let mut query = sqlx::query(self.many.as_str());
            for row in rows.by_ref().take(ROWS) {
                query = row.bind(query);
            }
            query.execute(&mut **tx).await?;
        }
        for row in rows {
            row.bind(sqlx::query(self.one.as_str()))
                .execute(&mut **tx)
                .await?;
        }
        Ok(())
    }
}

static EVENTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new(
        "INSERT INTO event (id, at, action, principal_id, team_id, grant_id, lane_id, seq, body)",
        EventRow::COLUMNS,
    )
});
static GRANTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new(
        "INSERT INTO url_grant (id, event_id, principal_id, team_id, bucket_id, method, url_count, \
         signed_at, expires_at)",
        GrantRow::COLUMNS,
    )
});
static OBJECTS: LazyLock<Texts> = LazyLock::new(|| {
    Texts::new(
        "INSERT INTO grant_object (bucket_id, object_key, grant_id)",
        GrantObjectRow::COLUMNS,
    )
});

impl Insert for EventRow {
    const COLUMNS: usize = 9;
    fn bind(self, query: Query<'static, Any, AnyArguments>) -> Query<'static, Any, AnyArguments> {
        query
            .bind(self.id)
            .bind(self.at)
            .bind(self.action)
            .bind(self.principal_id)
            .bind(self.team_id)
            .bind(self.grant_id)
            .bind(self.lane_id)
            .bind(self.seq)
            .bind(self.body)
    }
}

impl Insert for GrantRow {
    const COLUMNS: usize = 9;
    fn bind(self, query: Query<'static, Any, AnyArguments>) -> Query<'static, Any, AnyArguments> {
        query
            .bind(self.id)
            .bind(self.event_id)
            .bind(self.principal_id)
            .bind(self.team_id)
            .bind(self.bucket_id)
            .bind(self.method)
            .bind(self.url_count)
            .bind(self.signed_at)
            .bind(self.expires_at)
    }
}

impl Insert for GrantObjectRow {
    const COLUMNS: usize = 3;
    fn bind(self, query: Query<'static, Any, AnyArguments>) -> Query<'static, Any, AnyArguments> {
        query
            .bind(self.bucket_id)
            .bind(self.object_key)
            .bind(self.grant_id)
    }
}

/// How far a lane is projected; 0 before its first segment.
pub(crate) async fn find_projected(db: &Db, lane: LaneId) -> Result<i64, Error> {
    let row = sqlx::query("SELECT seq FROM projected WHERE lane_id = $1")
        .bind(lane.to_string())
        .fetch_optional(db.pool())
        .await?;
    Ok(match row {
        Some(row) => row.try_get(0)?,
        None => 0,
    })
}

/// Begins to project the segments after `from` up to `to`; `None` when somebody else was faster.
pub(crate) async fn begin(db: &Db, lane: LaneId, from: i64, to: i64) -> Result<Option<Tx>, Error> {
    let mut tx = db.begin().await?;
    sqlx::query("INSERT INTO projected (lane_id, seq) VALUES ($1, 0) ON CONFLICT DO NOTHING")
        .bind(lane.to_string())
        .execute(&mut *tx)
        .await?;
    let moved = sqlx::query("UPDATE projected SET seq = $1 WHERE lane_id = $2 AND seq = $3")
        .bind(to)
        .bind(lane.to_string())
        .bind(from)
        .execute(&mut *tx)
        .await?;
    Ok((moved.rows_affected() == 1).then_some(tx))
}

/// Adds events, grants and objects; those that are there already stay as they are.
pub(crate) async fn insert(
    tx: &mut Tx,
    events: Vec<EventRow>,
    grants: Vec<GrantRow>,
    objects: Vec<GrantObjectRow>,
) -> Result<(), Error> {
    EVENTS.insert(tx, events).await?;
    GRANTS.insert(tx, grants).await?;
    OBJECTS.insert(tx, objects).await
}

/// Commits.
pub(crate) async fn commit(tx: Tx) -> Result<(), Error> {
    Ok(tx.commit().await?)
}

/// Empties all tables of the projection.
pub(crate) async fn clear(db: &Db) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    for statement in [
        "DELETE FROM projected",
        "DELETE FROM grant_object",
        "DELETE FROM url_grant",
        "DELETE FROM event",
    ] {
        sqlx::query(statement).execute(&mut *tx).await?;
    }
    Ok(tx.commit().await?)
}

/// The lanes with segments that are not projected.
pub(crate) async fn list_behind(db: &Db) -> Result<Vec<LaneProgress>, Error> {
    sqlx::query(
        "SELECT lane.id, lane.head_seq, COALESCE(projected.seq, 0), lane.seen_at, lane.closed_at
         FROM lane LEFT JOIN projected ON projected.lane_id = lane.id
         WHERE lane.head_seq > COALESCE(projected.seq, 0)
         ORDER BY lane.opened_at, lane.id",
    )
    .fetch_all(db.pool())
    .await?
    .iter()
    .map(|row| {
        let id: String = row.try_get(0)?;
        let seen_at = Timestamp::from_unix_millis(row.try_get(3)?);
        let closed_at: Option<i64> = row.try_get(4)?;
        Ok(LaneProgress {
            lane_id: id
                .parse()
                .map_err(|_| Error::Corrupt { column: "lane.id" })?,
            head_seq: row.try_get(1)?,
            projected_seq: row.try_get(2)?,
            seen_at: closed_at.is_none().then_some(seen_at),
        })
    })
    .collect()
}

/// True when the event is projected.
pub(crate) async fn has_event(db: &Db, id: EventId) -> Result<bool, Error> {
    let row = sqlx::query("SELECT 1 FROM event WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(db.pool())
        .await?;
    Ok(row.is_some())
}

/// What to list; `None` does not restrict.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    pub(crate) team: Option<String>,
    pub(crate) principal: Option<String>,
    pub(crate) action: Option<&'static str>,
    /// Ids behind this one.
    pub(crate) after: String,
    /// Times from this one on, in Unix milliseconds.
    pub(crate) from: i64,
    /// Times before this one, in Unix milliseconds.
    pub(crate) to: i64,
    pub(crate) limit: i64,
}

/// Bodies of events, in the order of their ids. One text for each index that serves it.
pub(crate) async fn list_events(db: &Db, by: Selection) -> Result<Vec<String>, Error> {
    let text = match (&by.team, &by.principal, &by.action) {
        (Some(_), _, _) => {
            "SELECT body FROM event WHERE team_id = $1
               AND ($2 IS NULL OR principal_id = $2) AND ($3 IS NULL OR action = $3)
               AND id > $4 AND at >= $5 AND at < $6 ORDER BY id LIMIT $7"
        }
        (None, Some(_), _) => {
            "SELECT body FROM event WHERE $1 IS NULL AND principal_id = $2
               AND ($3 IS NULL OR action = $3)
               AND id > $4 AND at >= $5 AND at < $6 ORDER BY id LIMIT $7"
        }
        (None, None, Some(_)) => {
            "SELECT body FROM event WHERE $1 IS NULL AND $2 IS NULL AND action = $3
               AND id > $4 AND at >= $5 AND at < $6 ORDER BY id LIMIT $7"
        }
        (None, None, None) => {
            "SELECT body FROM event WHERE $1 IS NULL AND $2 IS NULL AND $3 IS NULL
               AND id > $4 AND at >= $5 AND at < $6 ORDER BY id LIMIT $7"
        }
    };
    bodies(
        &sqlx::query(text)
            .bind(by.team)
            .bind(by.principal)
            .bind(by.action.map(str::to_owned))
            .bind(by.after)
            .bind(by.from)
            .bind(by.to)
            .bind(by.limit)
            .fetch_all(db.pool())
            .await?,
    )
}

/// Bodies of the events of grants that expire after `alive_at`, in the order of the grants' ids.
pub(crate) async fn list_grants(
    db: &Db,
    by: Selection,
    alive_at: i64,
) -> Result<Vec<String>, Error> {
    let text = match (&by.team, &by.principal) {
        (Some(_), _) => {
            "SELECT event.body FROM url_grant JOIN event ON event.id = url_grant.event_id
             WHERE url_grant.team_id = $1 AND ($2 IS NULL OR url_grant.principal_id = $2)
               AND url_grant.id > $3 AND url_grant.expires_at > $4
             ORDER BY url_grant.id LIMIT $5"
        }
        (None, Some(_)) => {
            "SELECT event.body FROM url_grant JOIN event ON event.id = url_grant.event_id
             WHERE $1 IS NULL AND url_grant.principal_id = $2
               AND url_grant.id > $3 AND url_grant.expires_at > $4
             ORDER BY url_grant.id LIMIT $5"
        }
        (None, None) => {
            "SELECT event.body FROM url_grant JOIN event ON event.id = url_grant.event_id
             WHERE $1 IS NULL AND $2 IS NULL
               AND url_grant.id > $3 AND url_grant.expires_at > $4
             ORDER BY url_grant.id LIMIT $5"
        }
    };
    bodies(
        &sqlx::query(text)
            .bind(by.team)
            .bind(by.principal)
            .bind(by.after)
            .bind(alive_at)
            .bind(by.limit)
            .fetch_all(db.pool())
            .await?,
    )
}

/// The body of the event of a grant.
pub(crate) async fn find_grant(db: &Db, id: &str) -> Result<Option<String>, Error> {
    let row = sqlx::query(
        "SELECT event.body FROM url_grant JOIN event ON event.id = url_grant.event_id
         WHERE url_grant.id = $1",
    )
    .bind(id.to_owned())
    .fetch_optional(db.pool())
    .await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

/// Number of grants of a principal that expire after `now`, of their URLs, and the last expiry.
pub(crate) async fn count_live_grants(
    db: &Db,
    principal: PrincipalId,
    now: Timestamp,
) -> Result<(i64, i64, Option<Timestamp>), Error> {
    let row = sqlx::query(
        "SELECT COUNT(*), CAST(COALESCE(SUM(url_count), 0) AS BIGINT), MAX(expires_at)
         FROM url_grant WHERE principal_id = $1 AND expires_at > $2",
    )
    .bind(principal.to_string())
    .bind(now.unix_millis())
    .fetch_one(db.pool())
    .await?;
    let last: Option<i64> = row.try_get(2)?;
    Ok((
        row.try_get(0)?,
        row.try_get(1)?,
        last.map(Timestamp::from_unix_millis),
    ))
}

fn bodies(rows: &[AnyRow]) -> Result<Vec<String>, Error> {
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
