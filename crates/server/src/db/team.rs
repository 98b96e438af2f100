//! Teams and who is in them.

use super::Error;
use super::row::{Columns as _, json};
use futures::stream::{Stream, StreamExt as _};
use protocol::admin::State;
use protocol::id::{BucketId, PrincipalId, TeamId};
use protocol::{Network, Role, TeamName, Timestamp};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

/// A row of `team`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamRow {
    /// The team.
    pub id: TeamId,
    /// Its name.
    pub name: TeamName,
    /// Whether it may be used.
    pub state: State,
    /// True for a user's own team.
    pub personal: bool,
    /// The bucket that it chose.
    pub bucket_id: Option<BucketId>,
    /// The networks that its data may be asked for from; none: all.
    pub allowed_networks: Vec<Network>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A row of `membership`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembershipRow {
    /// The team.
    pub team_id: TeamId,
    /// Who is in it.
    pub principal_id: PrincipalId,
    /// What it may do there.
    pub role: Role,
}

/// Adds a team.
///
/// # Errors
/// A conflict when the name is taken, or the bucket does not exist.
pub async fn create_team(connection: &mut AnyConnection, row: &TeamRow) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO team (id, name, state, personal, bucket_id, allowed_networks, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(row.id.to_string())
    .bind(row.name.as_str())
    .bind(row.state.as_str())
    .bind(i64::from(row.personal))
    .bind(row.bucket_id.map(|id| id.to_string()))
    .bind(json(&row.allowed_networks))
    .bind(row.created_at.unix_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes a team's state and bucket.
pub async fn update_team(
    connection: &mut AnyConnection,
    id: TeamId,
    state: State,
    bucket: Option<BucketId>,
) -> Result<(), Error> {
    sqlx::query("UPDATE team SET state = $1, bucket_id = $2 WHERE id = $3")
        .bind(state.as_str())
        .bind(bucket.map(|id| id.to_string()))
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes the networks that a team's data may be asked for from.
pub async fn set_team_networks(
    connection: &mut AnyConnection,
    id: TeamId,
    allowed: &[Network],
) -> Result<(), Error> {
    sqlx::query("UPDATE team SET allowed_networks = $1 WHERE id = $2")
        .bind(json(&allowed))
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// One team.
pub async fn find_team(connection: &mut AnyConnection, id: &str) -> Result<Option<TeamRow>, Error> {
    sqlx::query(
        "SELECT id, name, state, personal, bucket_id, allowed_networks, created_at
         FROM team WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?
    .map(|row| team(&row))
    .transpose()
}

/// All teams, as they are read.
pub fn stream_teams(
    connection: &mut AnyConnection,
) -> impl Stream<Item = Result<TeamRow, Error>> + Send + '_ {
    sqlx::query(
        "SELECT id, name, state, personal, bucket_id, allowed_networks, created_at FROM team",
    )
    .fetch(connection)
    .map(|row| team(&row?))
}

/// Whether anything of the team is in a bucket, or on its way there: objects, open uploads, versions.
pub async fn team_has_content(connection: &mut AnyConnection, id: TeamId) -> Result<bool, Error> {
    let row = sqlx::query(
        "SELECT CAST(CASE
             WHEN EXISTS (SELECT 1 FROM object WHERE team_id = $1) THEN 1
             WHEN EXISTS (SELECT 1 FROM upload WHERE team_id = $1 AND state = 'open') THEN 1
             WHEN EXISTS (
                 SELECT 1 FROM version
                 JOIN collection ON collection.id = version.collection_id
                 JOIN project ON project.id = collection.project_id
                 WHERE project.team_id = $1 AND version.state <> 'deleted'
             ) THEN 1
             ELSE 0
         END AS BIGINT) AS present",
    )
    .bind(id.to_string())
    .fetch_one(connection)
    .await?;
    row.flag("present")
}

/// Makes a membership, or changes its role.
pub async fn set_membership(
    connection: &mut AnyConnection,
    row: &MembershipRow,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO membership (team_id, principal_id, role) VALUES ($1, $2, $3)
         ON CONFLICT (team_id, principal_id) DO UPDATE SET role = excluded.role",
    )
    .bind(row.team_id.to_string())
    .bind(row.principal_id.to_string())
    .bind(row.role.as_str())
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a membership.
pub async fn delete_membership(
    connection: &mut AnyConnection,
    team: TeamId,
    principal: PrincipalId,
) -> Result<(), Error> {
    sqlx::query("DELETE FROM membership WHERE team_id = $1 AND principal_id = $2")
        .bind(team.to_string())
        .bind(principal.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// One membership.
pub async fn find_membership(
    connection: &mut AnyConnection,
    team: TeamId,
    principal: PrincipalId,
) -> Result<Option<MembershipRow>, Error> {
    sqlx::query(
        "SELECT team_id, principal_id, role FROM membership
         WHERE team_id = $1 AND principal_id = $2",
    )
    .bind(team.to_string())
    .bind(principal.to_string())
    .fetch_optional(connection)
    .await?
    .map(|row| membership(&row))
    .transpose()
}

/// All memberships, as they are read.
pub fn stream_memberships(
    connection: &mut AnyConnection,
) -> impl Stream<Item = Result<MembershipRow, Error>> + Send + '_ {
    sqlx::query("SELECT team_id, principal_id, role FROM membership")
        .fetch(connection)
        .map(|row| membership(&row?))
}

fn team(row: &AnyRow) -> Result<TeamRow, Error> {
    Ok(TeamRow {
        id: row.parsed("id")?,
        name: row.parsed("name")?,
        state: row.word("state")?,
        personal: row.flag("personal")?,
        bucket_id: row.parsed_or_null("bucket_id")?,
        allowed_networks: row.json("allowed_networks")?,
        created_at: row.time("created_at")?,
    })
}

fn membership(row: &AnyRow) -> Result<MembershipRow, Error> {
    Ok(MembershipRow {
        team_id: row.parsed("team_id")?,
        principal_id: row.parsed("principal_id")?,
        role: row.parsed("role")?,
    })
}
