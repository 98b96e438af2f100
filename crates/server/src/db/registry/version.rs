//! `version`.

use super::row::{Columns as _, ContentColumns as _, stored};
use crate::db::{Db, Error};
use protocol::id::{BucketId, CollectionId, PrincipalId, ProjectId, TeamId, VersionId};
use protocol::{Alias, CollectionName, ObjectKey, ProjectName, Sha256Digest, Timestamp};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use std::str::FromStr;

/// Where a version stands, as the database tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionPhase {
    /// Entries may be registered.
    Draft,
    /// A commit verifies it.
    Committing,
    /// Readable.
    Committed,
    /// A draft that was found to equal another version, and became no version of its own.
    Same,
    /// Deleted, given up or expired.
    Deleted,
}

impl FromStr for VersionPhase {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "draft" => Ok(Self::Draft),
            "committing" => Ok(Self::Committing),
            "committed" => Ok(Self::Committed),
            "same" => Ok(Self::Same),
            "deleted" => Ok(Self::Deleted),
            _ => Err(()),
        }
    }
}

/// A version with the names around it.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionRow {
    /// The version.
    pub id: VersionId,
    /// The team that owns it.
    pub team_id: TeamId,
    /// Its project.
    pub project_id: ProjectId,
    /// The project's name.
    pub project: ProjectName,
    /// Its collection.
    pub collection_id: CollectionId,
    /// The collection's name.
    pub collection: CollectionName,
    /// What the collection holds.
    pub kind: String,
    /// The bucket of its objects and manifest.
    pub bucket_id: BucketId,
    /// Where it stands.
    pub phase: VersionPhase,
    /// How often a commit of it was given up.
    pub attempt: i64,
    /// Its number, once committed.
    pub index: Option<u32>,
    /// For people.
    pub description: Option<String>,
    /// JSON of the client's own.
    pub metadata: Option<String>,
    /// Number of entries, once committed.
    pub entry_count: u64,
    /// Size of all entries in bytes, once committed.
    pub size_bytes: u64,
    /// Digest of the content, once committed.
    pub content_sha256: Option<Sha256Digest>,
    /// Key of the manifest, while there is one.
    pub manifest_key: Option<ObjectKey>,
    /// Digest of the manifest, once committed.
    pub manifest_sha256: Option<Sha256Digest>,
    /// The version that it was found to equal.
    pub same_as: Option<VersionId>,
    /// Who began it.
    pub started_by: PrincipalId,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was committed.
    pub committed_at: Option<Timestamp>,
    /// When a draft is given up.
    pub expires_at: Timestamp,
}

/// What a new draft is made of.
#[derive(Debug, Clone)]
pub struct NewDraft<'a> {
    /// The version.
    pub id: VersionId,
    /// Its collection.
    pub collection_id: CollectionId,
    /// The bucket of its objects.
    pub bucket_id: BucketId,
    /// For people.
    pub description: Option<&'a str>,
    /// JSON of the client's own.
    pub metadata: Option<&'a str>,
    /// Who begins it.
    pub started_by: PrincipalId,
    /// Now.
    pub created_at: Timestamp,
    /// When it is given up.
    pub expires_at: Timestamp,
}

/// What a commit adds to a version.
#[derive(Debug, Clone)]
pub struct Published<'a> {
    /// The version.
    pub id: VersionId,
    /// The attempt that this commit belongs to.
    pub attempt: i64,
    /// Its number in the collection.
    pub index: i64,
    /// Number of entries.
    pub entry_count: u64,
    /// Size of all entries in bytes.
    pub size_bytes: u64,
    /// Digest of the content.
    pub content_sha256: Sha256Digest,
    /// Key of the manifest.
    pub manifest_key: &'a ObjectKey,
    /// Digest of the manifest.
    pub manifest_sha256: Sha256Digest,
    /// Now.
    pub committed_at: Timestamp,
}

macro_rules! version_columns {
    () => {
        "SELECT v.id, p.team_id, p.id AS project_id, p.name AS project, c.id AS collection_id,
                c.name AS collection, c.kind, v.bucket_id, v.state, v.attempt, v.version_index,
                v.description, v.metadata, v.entry_count, v.size_bytes, v.content_sha256,
                v.manifest_key, v.manifest_sha256, v.same_as_id, v.started_by, v.created_at,
                v.committed_at, v.expires_at
         FROM version v JOIN collection c ON c.id = v.collection_id
         JOIN project p ON p.id = c.project_id "
    };
}

fn read(row: &AnyRow) -> Result<VersionRow, Error> {
    let index = row.number_or_null("version_index")?;
    Ok(VersionRow {
        id: row.parsed("id")?,
        team_id: row.parsed("team_id")?,
        project_id: row.parsed("project_id")?,
        project: row.parsed("project")?,
        collection_id: row.parsed("collection_id")?,
        collection: row.parsed("collection")?,
        kind: row.parsed("kind")?,
        bucket_id: row.parsed("bucket_id")?,
        phase: row.parsed("state")?,
        attempt: row.number("attempt")?,
        index: index
            .map(u32::try_from)
            .transpose()
            .map_err(|_| Error::Corrupt {
                column: "version_index",
            })?,
        description: row.parsed_or_null("description")?,
        metadata: row.parsed_or_null("metadata")?,
        entry_count: row.count("entry_count")?,
        size_bytes: row.count("size_bytes")?,
        content_sha256: row.parsed_or_null("content_sha256")?,
        manifest_key: row.parsed_or_null("manifest_key")?,
        manifest_sha256: row.parsed_or_null("manifest_sha256")?,
        same_as: row.parsed_or_null("same_as_id")?,
        started_by: row.parsed("started_by")?,
        created_at: row.time("created_at")?,
        committed_at: row.time_or_null("committed_at")?,
        expires_at: row.time("expires_at")?,
    })
}

/// Adds a draft.
pub async fn insert(connection: &mut AnyConnection, draft: &NewDraft<'_>) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO version (id, collection_id, bucket_id, state, attempt, description, metadata,
                              entry_count, size_bytes, started_by, created_at, expires_at)
         VALUES ($1, $2, $3, 'draft', 0, $4, $5, 0, 0, $6, $7, $8)",
    )
    .bind(draft.id.to_string())
    .bind(draft.collection_id.to_string())
    .bind(draft.bucket_id.to_string())
    .bind(draft.description)
    .bind(draft.metadata)
    .bind(draft.started_by.to_string())
    .bind(draft.created_at.unix_millis())
    .bind(draft.expires_at.unix_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// The version with this id, whatever it is.
pub async fn find(
    connection: &mut AnyConnection,
    id: VersionId,
) -> Result<Option<VersionRow>, Error> {
    let row = sqlx::query(concat!(version_columns!(), "WHERE v.id = $1"))
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The committed version with this number.
pub async fn find_by_index(
    db: &Db,
    collection: CollectionId,
    index: u32,
) -> Result<Option<VersionRow>, Error> {
    let row = sqlx::query(concat!(
        version_columns!(),
        "WHERE v.collection_id = $1 AND v.version_index = $2 AND v.state = 'committed'"
    ))
    .bind(collection.to_string())
    .bind(i64::from(index))
    .fetch_optional(db.pool())
    .await?;
    row.as_ref().map(read).transpose()
}

/// The committed version that this alias names.
pub async fn find_by_alias(
    db: &Db,
    collection: CollectionId,
    alias: &Alias,
) -> Result<Option<VersionRow>, Error> {
    let row = sqlx::query(concat!(
        version_columns!(),
        "JOIN alias a ON a.version_id = v.id
         WHERE a.collection_id = $1 AND a.name = $2 AND v.state = 'committed'"
    ))
    .bind(collection.to_string())
    .bind(alias.as_str())
    .fetch_optional(db.pool())
    .await?;
    row.as_ref().map(read).transpose()
}

/// Up to `limit` committed versions below number `below`, newest first.
pub async fn list(
    db: &Db,
    collection: CollectionId,
    below: Option<u32>,
    limit: u32,
) -> Result<Vec<VersionRow>, Error> {
    let rows = sqlx::query(concat!(
        version_columns!(),
        "WHERE v.collection_id = $1 AND v.state = 'committed' AND v.version_index < $2
         ORDER BY v.version_index DESC LIMIT $3"
    ))
    .bind(collection.to_string())
    .bind(below.map_or(i64::MAX, i64::from))
    .bind(i64::from(limit))
    .fetch_all(db.pool())
    .await?;
    rows.iter().map(read).collect()
}

/// The newest committed version of a collection.
pub async fn newest(
    connection: &mut AnyConnection,
    collection: CollectionId,
) -> Result<Option<VersionRow>, Error> {
    let row = sqlx::query(concat!(
        version_columns!(),
        "WHERE v.collection_id = $1 AND v.state = 'committed'
         ORDER BY v.version_index DESC LIMIT 1"
    ))
    .bind(collection.to_string())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(read).transpose()
}

/// Keeps a draft alive until `expires_at` and takes its row until the transaction ends, so that no
/// commit begins meanwhile. False when it is not a draft any more.
pub async fn touch(
    connection: &mut AnyConnection,
    id: VersionId,
    expires_at: Timestamp,
) -> Result<bool, Error> {
    let done = sqlx::query("UPDATE version SET expires_at = $2 WHERE id = $1 AND state = 'draft'")
        .bind(id.to_string())
        .bind(expires_at.unix_millis())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Closes a draft to new entries. The attempt that this is; `None` when it is neither a draft nor
/// in the middle of a commit.
pub async fn begin_commit(
    db: &Db,
    id: VersionId,
    expires_at: Timestamp,
) -> Result<Option<i64>, Error> {
    let row = sqlx::query(
        "UPDATE version SET state = 'committing', expires_at = $2
         WHERE id = $1 AND state IN ('draft', 'committing') RETURNING attempt",
    )
    .bind(id.to_string())
    .bind(expires_at.unix_millis())
    .fetch_optional(db.pool())
    .await?;
    row.map(|row| row.number("attempt")).transpose()
}

/// Gives the commit `attempt` up: entries may be registered again.
pub async fn reopen(db: &Db, id: VersionId, attempt: i64) -> Result<(), Error> {
    sqlx::query(
        "UPDATE version SET state = 'draft', attempt = attempt + 1
         WHERE id = $1 AND state = 'committing' AND attempt = $2",
    )
    .bind(id.to_string())
    .bind(attempt)
    .execute(db.pool())
    .await?;
    Ok(())
}

/// Makes the version readable. False when `attempt` is over.
pub async fn publish(
    connection: &mut AnyConnection,
    version: &Published<'_>,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE version SET state = 'committed', version_index = $3, entry_count = $4,
                size_bytes = $5, content_sha256 = $6, manifest_key = $7, manifest_sha256 = $8,
                committed_at = $9
         WHERE id = $1 AND state = 'committing' AND attempt = $2",
    )
    .bind(version.id.to_string())
    .bind(version.attempt)
    .bind(version.index)
    .bind(stored(version.entry_count))
    .bind(stored(version.size_bytes))
    .bind(version.content_sha256.to_string())
    .bind(version.manifest_key.as_str())
    .bind(version.manifest_sha256.to_string())
    .bind(version.committed_at.unix_millis())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Settles a draft as equal to another version. False when `attempt` is over.
pub async fn settle_same(
    connection: &mut AnyConnection,
    id: VersionId,
    attempt: i64,
    same_as: VersionId,
    now: Timestamp,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE version SET state = 'same', same_as_id = $3, committed_at = $4
         WHERE id = $1 AND state = 'committing' AND attempt = $2",
    )
    .bind(id.to_string())
    .bind(attempt)
    .bind(same_as.to_string())
    .bind(now.unix_millis())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes a committed version. False when it is not one any more.
pub async fn delete(connection: &mut AnyConnection, id: VersionId) -> Result<bool, Error> {
    let done =
        sqlx::query("UPDATE version SET state = 'deleted' WHERE id = $1 AND state = 'committed'")
            .bind(id.to_string())
            .execute(connection)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a draft up, if it expired by `expired_by` where that is given. True when it did.
pub async fn abandon(
    connection: &mut AnyConnection,
    id: VersionId,
    expired_by: Option<Timestamp>,
) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE version SET state = 'deleted'
         WHERE id = $1 AND state IN ('draft', 'committing') AND expires_at <= $2",
    )
    .bind(id.to_string())
    .bind(expired_by.map_or(i64::MAX, Timestamp::unix_millis))
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Up to `limit` drafts that expired by `now`.
pub async fn expired_drafts(db: &Db, now: Timestamp, limit: u32) -> Result<Vec<VersionId>, Error> {
    let rows = sqlx::query(
        "SELECT id FROM version
         WHERE state IN ('draft', 'committing') AND expires_at <= $1 ORDER BY id LIMIT $2",
    )
    .bind(now.unix_millis())
    .bind(i64::from(limit))
    .fetch_all(db.pool())
    .await?;
    rows.iter().map(|row| row.parsed("id")).collect()
}

/// Up to `limit` manifests of deleted versions after version `after`, with their buckets.
pub async fn orphaned_manifests(
    db: &Db,
    after: &str,
    limit: u32,
) -> Result<Vec<(VersionId, BucketId, ObjectKey)>, Error> {
    let rows = sqlx::query(
        "SELECT id, bucket_id, manifest_key FROM version
         WHERE state = 'deleted' AND manifest_key IS NOT NULL AND id > $1 ORDER BY id LIMIT $2",
    )
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(db.pool())
    .await?;
    rows.iter()
        .map(|row| {
            Ok((
                row.parsed("id")?,
                row.parsed("bucket_id")?,
                row.parsed("manifest_key")?,
            ))
        })
        .collect()
}

/// Notes that a deleted version's manifest is gone from the bucket.
pub async fn forget_manifest(db: &Db, id: VersionId) -> Result<(), Error> {
    sqlx::query("UPDATE version SET manifest_key = NULL WHERE id = $1 AND state = 'deleted'")
        .bind(id.to_string())
        .execute(db.pool())
        .await?;
    Ok(())
}
