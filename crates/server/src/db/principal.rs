//! Users and service accounts.

use super::Error;
use super::row::{Columns as _, word};
use futures::stream::{Stream, StreamExt as _};
use protocol::admin::{PrincipalKind, State};
use protocol::id::{PrincipalId, TeamId};
use protocol::{PrincipalName, Timestamp};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

/// A row of `principal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalRow {
    /// The principal.
    pub id: PrincipalId,
    /// A person or a workload.
    pub kind: PrincipalKind,
    /// Its name.
    pub name: PrincipalName,
    /// Whether it may be used.
    pub state: State,
    /// May administer the instance.
    pub instance_admin: bool,
    /// For a service account: the team that owns it.
    pub owner_team_id: Option<TeamId>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Adds a principal.
///
/// # Errors
/// A conflict when the name is taken.
pub async fn create_principal(
    connection: &mut AnyConnection,
    row: &PrincipalRow,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO principal (id, kind, name, state, instance_admin, owner_team_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(row.id.to_string())
    .bind(word(row.kind))
    .bind(row.name.as_str())
    .bind(row.state.as_str())
    .bind(i64::from(row.instance_admin))
    .bind(row.owner_team_id.map(|id| id.to_string()))
    .bind(row.created_at.unix_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Suspends, reinstates or removes a principal.
pub async fn set_principal_state(
    connection: &mut AnyConnection,
    id: PrincipalId,
    state: State,
) -> Result<(), Error> {
    sqlx::query("UPDATE principal SET state = $1 WHERE id = $2")
        .bind(state.as_str())
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// One principal.
pub async fn find_principal(
    connection: &mut AnyConnection,
    id: &str,
) -> Result<Option<PrincipalRow>, Error> {
    sqlx::query(
        "SELECT id, kind, name, state, instance_admin, owner_team_id, created_at
         FROM principal WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?
    .map(|row| principal(&row))
    .transpose()
}

/// All principals, as they are read.
pub fn stream_principals(
    connection: &mut AnyConnection,
) -> impl Stream<Item = Result<PrincipalRow, Error>> + Send + '_ {
    sqlx::query(
        "SELECT id, kind, name, state, instance_admin, owner_team_id, created_at FROM principal",
    )
    .fetch(connection)
    .map(|row| principal(&row?))
}

fn principal(row: &AnyRow) -> Result<PrincipalRow, Error> {
    Ok(PrincipalRow {
        id: row.parsed("id")?,
        kind: row.word("kind")?,
        name: row.parsed("name")?,
        state: row.word("state")?,
        instance_admin: row.flag("instance_admin")?,
        owner_team_id: row.parsed_or_null("owner_team_id")?,
        created_at: row.time("created_at")?,
    })
}
