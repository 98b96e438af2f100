//! Limits.

use super::Error;
use super::row::Columns as _;
use futures::stream::{Stream, StreamExt as _};
use protocol::Timestamp;
use protocol::admin::LimitRule;
use protocol::id::{LimitId, PrincipalId, TeamId};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

/// Whom a limit binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LimitTarget {
    /// A principal, in all its teams.
    Principal(PrincipalId),
    /// A team, for all its members.
    Team(TeamId),
}

/// A row of `limit_rule`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitRow {
    /// The limit.
    pub id: LimitId,
    /// Whom it binds.
    pub target: LimitTarget,
    /// What it allows at most.
    pub rule: LimitRule,
    /// When it was set.
    pub created_at: Timestamp,
}

/// Adds a limit.
pub async fn create_limit(connection: &mut AnyConnection, row: &LimitRow) -> Result<(), Error> {
    let (kind, subject) = match row.target {
        LimitTarget::Principal(id) => ("principal", id.to_string()),
        LimitTarget::Team(id) => ("team", id.to_string()),
    };
    let rule = serde_json::to_string(&row.rule).map_err(|_| Error::Corrupt { column: "rule" })?;
    sqlx::query(
        "INSERT INTO limit_rule (id, subject_kind, subject_id, rule, created_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(row.id.to_string())
    .bind(kind)
    .bind(subject)
    .bind(rule)
    .bind(row.created_at.unix_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Lifts a limit.
pub async fn delete_limit(connection: &mut AnyConnection, id: LimitId) -> Result<(), Error> {
    sqlx::query("DELETE FROM limit_rule WHERE id = $1")
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// One limit.
pub async fn find_limit(
    connection: &mut AnyConnection,
    id: &str,
) -> Result<Option<LimitRow>, Error> {
    sqlx::query(
        "SELECT id, subject_kind, subject_id, rule, created_at FROM limit_rule WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?
    .map(|row| limit(&row))
    .transpose()
}

/// All limits, as they are read.
pub fn stream_limits(
    connection: &mut AnyConnection,
) -> impl Stream<Item = Result<LimitRow, Error>> + Send + '_ {
    sqlx::query("SELECT id, subject_kind, subject_id, rule, created_at FROM limit_rule")
        .fetch(connection)
        .map(|row| limit(&row?))
}

fn limit(row: &AnyRow) -> Result<LimitRow, Error> {
    let target = match row.text("subject_kind")?.as_str() {
        "principal" => LimitTarget::Principal(row.parsed("subject_id")?),
        "team" => LimitTarget::Team(row.parsed("subject_id")?),
        _ => {
            return Err(Error::Corrupt {
                column: "subject_kind",
            });
        }
    };
    Ok(LimitRow {
        id: row.parsed("id")?,
        target,
        rule: serde_json::from_str(&row.text("rule")?)
            .map_err(|_| Error::Corrupt { column: "rule" })?,
        created_at: row.time("created_at")?,
    })
}
