//! `draft_entry` and `version_object`.

use super::object::ObjectState;
use super::row::{Columns as _, ContentColumns as _};
use crate::db::{Db, Error};
use protocol::id::{ObjectId, VersionId};
use protocol::transfer::VerifiedBy;
use protocol::{Digest, EntryPath};
use sqlx::AnyConnection;

/// An entry of a draft and how its object stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftEntry {
    /// What a person calls it.
    pub path: EntryPath,
    /// Size in bytes.
    pub size_bytes: u64,
    /// The digest that the bytes must have.
    pub digest: Digest,
    /// The object that holds them.
    pub object_id: ObjectId,
    /// Where the object stands.
    pub state: ObjectState,
    /// How it was verified, if it was.
    pub verified_by: Option<VerifiedBy>,
}

/// An entry to be added to a draft.
#[derive(Debug, Clone)]
pub struct NewDraftEntry<'a> {
    /// What a person calls it.
    pub path: &'a EntryPath,
    /// Size in bytes.
    pub size_bytes: u64,
    /// The digest that the bytes must have.
    pub digest: Digest,
    /// The object that will hold them.
    pub object_id: ObjectId,
}

/// Size, digest and object of the entry at `path`.
pub async fn find(
    connection: &mut AnyConnection,
    version: VersionId,
    path: &EntryPath,
) -> Result<Option<(u64, Digest, ObjectId)>, Error> {
    let row = sqlx::query(
        "SELECT size_bytes, algorithm, digest, object_id FROM draft_entry
         WHERE version_id = $1 AND path = $2",
    )
    .bind(version.to_string())
    .bind(path.as_str())
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok((
            row.count("size_bytes")?,
            row.digest()?,
            row.parsed("object_id")?,
        ))
    })
    .transpose()
}

/// Number and size in bytes of a draft's entries.
pub async fn totals(
    connection: &mut AnyConnection,
    version: VersionId,
) -> Result<(u64, u64), Error> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS entries, CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) AS bytes
         FROM draft_entry WHERE version_id = $1",
    )
    .bind(version.to_string())
    .fetch_one(connection)
    .await?;
    Ok((row.count("entries")?, row.count("bytes")?))
}

/// All entries of a draft, in no order: databases sort text by rules of their own.
pub async fn list(db: &Db, version: VersionId) -> Result<Vec<DraftEntry>, Error> {
    let rows = sqlx::query(
        "SELECT d.path, d.size_bytes, d.algorithm, d.digest, d.object_id, o.state, o.verified_by
         FROM draft_entry d JOIN object o ON o.id = d.object_id WHERE d.version_id = $1",
    )
    .bind(version.to_string())
    .fetch_all(db.pool())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(DraftEntry {
                path: row.parsed("path")?,
                size_bytes: row.count("size_bytes")?,
                digest: row.digest()?,
                object_id: row.parsed("object_id")?,
                state: row.parsed("state")?,
                verified_by: row.verified_by()?,
            })
        })
        .collect()
}

/// Drops the entries of a draft.
pub async fn drop_all(connection: &mut AnyConnection, version: VersionId) -> Result<(), Error> {
    sqlx::query("DELETE FROM draft_entry WHERE version_id = $1")
        .bind(version.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes the verified objects of a draft as needed by the version that it becomes. How many they are.
pub async fn publish_objects(
    connection: &mut AnyConnection,
    version: VersionId,
) -> Result<u64, Error> {
    let done = sqlx::query(
        "INSERT INTO version_object (version_id, object_id)
         SELECT DISTINCT d.version_id, d.object_id
         FROM draft_entry d JOIN object o ON o.id = d.object_id
         WHERE d.version_id = $1 AND o.state = 'verified'",
    )
    .bind(version.to_string())
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Notes that a version needs its objects no longer.
pub async fn release_objects(
    connection: &mut AnyConnection,
    version: VersionId,
) -> Result<(), Error> {
    sqlx::query("DELETE FROM version_object WHERE version_id = $1")
        .bind(version.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Number of objects that a draft counts on.
pub async fn object_count(db: &Db, version: VersionId) -> Result<u64, Error> {
    sqlx::query(
        "SELECT COUNT(DISTINCT object_id) AS objects FROM draft_entry WHERE version_id = $1",
    )
    .bind(version.to_string())
    .fetch_one(db.pool())
    .await?
    .count("objects")
}

/// The object that a draft's entry with this digest counts on.
pub async fn object_of_digest(
    connection: &mut AnyConnection,
    version: VersionId,
    digest: Digest,
) -> Result<Option<ObjectId>, Error> {
    let row = sqlx::query(
        "SELECT object_id FROM draft_entry
         WHERE version_id = $1 AND algorithm = $2 AND digest = $3 ORDER BY object_id LIMIT 1",
    )
    .bind(version.to_string())
    .bind(digest.algorithm().to_string())
    .bind(digest.hex())
    .fetch_optional(connection)
    .await?;
    row.map(|row| row.parsed("object_id")).transpose()
}

/// The objects that a committed version needs and that are not verified: always none.
pub async fn broken_objects(db: &Db, version: VersionId) -> Result<Vec<ObjectId>, Error> {
    let rows = sqlx::query(
        "SELECT v.object_id FROM version_object v LEFT JOIN object o ON o.id = v.object_id
         WHERE v.version_id = $1 AND (o.state IS NULL OR o.state <> 'verified')",
    )
    .bind(version.to_string())
    .fetch_all(db.pool())
    .await?;
    rows.iter().map(|row| row.parsed("object_id")).collect()
}
