//! `project` and `collection`.

use super::row::{Columns as _, ContentColumns as _};
use crate::db::{Db, Error};
use protocol::id::{CollectionId, ProjectId, TeamId};
use protocol::{CollectionName, ProjectName, Timestamp};
use sqlx::AnyConnection;

/// A project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectRow {
    /// The project.
    pub id: ProjectId,
    /// Its name in the team.
    pub name: ProjectName,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionRow {
    /// The collection.
    pub id: CollectionId,
    /// Its name in the project.
    pub name: CollectionName,
    /// What it holds.
    pub kind: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Number of committed versions.
    pub version_count: u64,
}

/// The project of this name, made under `id` when there is none.
pub async fn ensure_project(
    connection: &mut AnyConnection,
    id: ProjectId,
    team: TeamId,
    name: &ProjectName,
    now: Timestamp,
) -> Result<ProjectId, Error> {
    sqlx::query(
        "INSERT INTO project (id, team_id, name, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (team_id, name) DO NOTHING",
    )
    .bind(id.to_string())
    .bind(team.to_string())
    .bind(name.as_str())
    .bind(now.unix_millis())
    .execute(&mut *connection)
    .await?;
    sqlx::query("SELECT id FROM project WHERE team_id = $1 AND name = $2")
        .bind(team.to_string())
        .bind(name.as_str())
        .fetch_one(connection)
        .await?
        .parsed("id")
}

/// The collection of this name and what it holds; made under `id` to hold `kind` when there is none.
pub async fn ensure_collection(
    connection: &mut AnyConnection,
    id: CollectionId,
    project: ProjectId,
    name: &CollectionName,
    kind: &str,
    now: Timestamp,
) -> Result<(CollectionId, String), Error> {
    sqlx::query(
        "INSERT INTO collection (id, project_id, name, kind, next_index, created_at)
         VALUES ($1, $2, $3, $4, 0, $5) ON CONFLICT (project_id, name) DO NOTHING",
    )
    .bind(id.to_string())
    .bind(project.to_string())
    .bind(name.as_str())
    .bind(kind)
    .bind(now.unix_millis())
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query("SELECT id, kind FROM collection WHERE project_id = $1 AND name = $2")
        .bind(project.to_string())
        .bind(name.as_str())
        .fetch_one(connection)
        .await?;
    Ok((row.parsed("id")?, row.parsed("kind")?))
}

/// Takes the collection's row until the transaction ends, so that commits, deletions and aliases of
/// one collection follow one another. Gives the number that the next version would get.
pub async fn lock_collection(
    connection: &mut AnyConnection,
    id: CollectionId,
) -> Result<Option<i64>, Error> {
    let row = sqlx::query(
        "UPDATE collection SET next_index = next_index WHERE id = $1 RETURNING next_index",
    )
    .bind(id.to_string())
    .fetch_optional(connection)
    .await?;
    row.map(|row| row.number("next_index")).transpose()
}

/// Counts one version more.
pub async fn advance_index(connection: &mut AnyConnection, id: CollectionId) -> Result<(), Error> {
    sqlx::query("UPDATE collection SET next_index = next_index + 1 WHERE id = $1")
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// The project of this name.
pub async fn find_project(
    db: &Db,
    team: TeamId,
    name: &ProjectName,
) -> Result<Option<ProjectId>, Error> {
    let row = sqlx::query("SELECT id FROM project WHERE team_id = $1 AND name = $2")
        .bind(team.to_string())
        .bind(name.as_str())
        .fetch_optional(db.pool())
        .await?;
    row.map(|row| row.parsed("id")).transpose()
}

/// The collection of this name, and its project.
pub async fn find_collection(
    db: &Db,
    team: TeamId,
    project: &ProjectName,
    name: &CollectionName,
) -> Result<Option<CollectionId>, Error> {
    let row = sqlx::query(
        "SELECT c.id FROM collection c JOIN project p ON p.id = c.project_id
         WHERE p.team_id = $1 AND p.name = $2 AND c.name = $3",
    )
    .bind(team.to_string())
    .bind(project.as_str())
    .bind(name.as_str())
    .fetch_optional(db.pool())
    .await?;
    row.map(|row| row.parsed("id")).transpose()
}

/// Up to `limit` projects of a team by name, after `after`.
pub async fn list_projects(
    db: &Db,
    team: TeamId,
    after: &str,
    limit: u32,
) -> Result<Vec<ProjectRow>, Error> {
    let rows = sqlx::query(
        "SELECT id, name, created_at FROM project
         WHERE team_id = $1 AND name > $2 ORDER BY name LIMIT $3",
    )
    .bind(team.to_string())
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(db.pool())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(ProjectRow {
                id: row.parsed("id")?,
                name: row.parsed("name")?,
                created_at: row.time("created_at")?,
            })
        })
        .collect()
}

/// Up to `limit` collections of a project by name, after `after`.
pub async fn list_collections(
    db: &Db,
    project: ProjectId,
    after: &str,
    limit: u32,
) -> Result<Vec<CollectionRow>, Error> {
    let rows = sqlx::query(
        "SELECT c.id, c.name, c.kind, c.created_at,
                (SELECT COUNT(*) FROM version v
                 WHERE v.collection_id = c.id AND v.state = 'committed') AS version_count
         FROM collection c WHERE c.project_id = $1 AND c.name > $2 ORDER BY c.name LIMIT $3",
    )
    .bind(project.to_string())
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(db.pool())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(CollectionRow {
                id: row.parsed("id")?,
                name: row.parsed("name")?,
                kind: row.parsed("kind")?,
                created_at: row.time("created_at")?,
                version_count: row.count("version_count")?,
            })
        })
        .collect()
}
