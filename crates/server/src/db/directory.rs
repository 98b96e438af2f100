//! The directory's revision, what changed at which, and the fence that holds the ledger's lanes to it.

use super::Error;
use super::row::{Columns as _, word};
use protocol::Timestamp;
use sqlx::AnyConnection;

/// Which table a changed row is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// `bucket`, by its id.
    Bucket,
    /// `team`, by its id.
    Team,
    /// `principal`, by its id.
    Principal,
    /// `membership`, by `<team id>/<principal id>`.
    Membership,
    /// `token`, by its id.
    Token,
    /// `limit_rule`, by its id.
    Limit,
}

/// A row that was written or deleted at a revision.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ChangedRow {
    /// The revision.
    pub revision: u64,
    /// The table.
    pub family: Family,
    /// The row.
    pub row_id: String,
}

/// The revision that is committed.
pub async fn get_revision(connection: &mut AnyConnection) -> Result<u64, Error> {
    let row = sqlx::query("SELECT revision FROM directory_head WHERE id = 1")
        .fetch_one(connection)
        .await?;
    count(row.number("revision")?)
}

/// Takes the next revision. Holds the head until the transaction ends, so that changes follow one
/// another.
pub async fn advance(connection: &mut AnyConnection) -> Result<u64, Error> {
    let row = sqlx::query(
        "UPDATE directory_head SET revision = revision + 1 WHERE id = 1 RETURNING revision",
    )
    .fetch_one(connection)
    .await?;
    count(row.number("revision")?)
}

/// Moves all open lanes to `revision`: what was decided under an earlier one is not recorded any more
/// without being decided again.
pub async fn fence(connection: &mut AnyConnection, revision: u64) -> Result<(), Error> {
    sqlx::query("UPDATE lane SET directory_revision = $1 WHERE closed_at IS NULL")
        .bind(stored(revision))
        .execute(connection)
        .await?;
    Ok(())
}

/// Says that a row changes at `revision`. The same row may be named twice.
pub async fn log_change(
    connection: &mut AnyConnection,
    revision: u64,
    family: Family,
    row_id: &str,
    at: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO directory_change (revision, family, row_id, changed_at)
         VALUES ($1, $2, $3, $4) ON CONFLICT (revision, family, row_id) DO NOTHING",
    )
    .bind(stored(revision))
    .bind(word(family))
    .bind(row_id)
    .bind(at.unix_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets what changed at `revision` and before; a server that is still behind it reads everything.
pub async fn forget_changes(connection: &mut AnyConnection, revision: u64) -> Result<(), Error> {
    sqlx::query("DELETE FROM directory_change WHERE revision <= $1")
        .bind(stored(revision))
        .execute(connection)
        .await?;
    Ok(())
}

/// What changed after `revision`, oldest first, at most `limit` rows.
pub async fn list_changes(
    connection: &mut AnyConnection,
    revision: u64,
    limit: u32,
) -> Result<Vec<ChangedRow>, Error> {
    sqlx::query(
        "SELECT revision, family, row_id FROM directory_change
         WHERE revision > $1 ORDER BY revision LIMIT $2",
    )
    .bind(stored(revision))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| {
        Ok(ChangedRow {
            revision: count(row.number("revision")?)?,
            family: row.word("family")?,
            row_id: row.text("row_id")?,
        })
    })
    .collect()
}

fn stored(revision: u64) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}

fn count(revision: i64) -> Result<u64, Error> {
    u64::try_from(revision).map_err(|_| Error::Corrupt { column: "revision" })
}
