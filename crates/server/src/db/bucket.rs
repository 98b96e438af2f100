//! Registered buckets.

use super::Error;
use super::row::{Columns as _, word};
use futures::stream::{Stream, StreamExt as _};
use protocol::admin::{Addressing, Provider, State};
use protocol::id::BucketId;
use protocol::{BucketName, Timestamp};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

/// A row of `bucket`.
#[derive(Clone, PartialEq, Eq)]
pub struct BucketRow {
    /// The bucket.
    pub id: BucketId,
    /// The name it is registered under.
    pub name: BucketName,
    /// The store.
    pub provider: Provider,
    /// Where the store answers.
    pub endpoint: String,
    /// The store's region.
    pub region: String,
    /// The store's own name of the bucket.
    pub container: String,
    /// What all keys begin with; empty, or ends in `/`.
    pub prefix: String,
    /// How the container is addressed.
    pub addressing: Addressing,
    /// Whether it may be used.
    pub state: State,
    /// True for the bucket of teams that have none.
    pub is_default: bool,
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key, sealed.
    pub sealed_secret: Vec<u8>,
    /// Changes with each change of the credential.
    pub credential_revision: i64,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for BucketRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BucketRow")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Adds a bucket.
///
/// # Errors
/// A conflict when the name is taken, or there is a default already.
pub async fn create_bucket(connection: &mut AnyConnection, row: &BucketRow) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO bucket
             (id, name, provider, endpoint, region, container, prefix, addressing, state,
              is_default, access_key_id, sealed_secret, credential_revision, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(row.id.to_string())
    .bind(row.name.as_str())
    .bind(word(row.provider))
    .bind(row.endpoint.as_str())
    .bind(row.region.as_str())
    .bind(row.container.as_str())
    .bind(row.prefix.as_str())
    .bind(word(row.addressing))
    .bind(row.state.as_str())
    .bind(i64::from(row.is_default))
    .bind(row.access_key_id.as_str())
    .bind(row.sealed_secret.clone())
    .bind(row.credential_revision)
    .bind(row.created_at.unix_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a registration: the row stays for the record, its credential does not.
pub async fn remove_bucket(connection: &mut AnyConnection, id: BucketId) -> Result<(), Error> {
    sqlx::query(
        "UPDATE bucket SET state = 'removed', is_default = 0, access_key_id = '',
             sealed_secret = $1, credential_revision = credential_revision + 1
         WHERE id = $2",
    )
    .bind(Vec::<u8>::new())
    .bind(id.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether anything is in the bucket, or on its way there: objects, open uploads, versions.
pub async fn bucket_has_content(
    connection: &mut AnyConnection,
    id: BucketId,
) -> Result<bool, Error> {
    let row = sqlx::query(
        "SELECT CAST(CASE
             WHEN EXISTS (SELECT 1 FROM object WHERE bucket_id = $1) THEN 1
             WHEN EXISTS (SELECT 1 FROM upload WHERE bucket_id = $1 AND state = 'open') THEN 1
             WHEN EXISTS (SELECT 1 FROM version WHERE bucket_id = $1 AND state <> 'deleted') THEN 1
             ELSE 0
         END AS BIGINT) AS present",
    )
    .bind(id.to_string())
    .fetch_one(connection)
    .await?;
    row.flag("present")
}

/// One bucket.
pub async fn find_bucket(
    connection: &mut AnyConnection,
    id: &str,
) -> Result<Option<BucketRow>, Error> {
    sqlx::query(
        "SELECT id, name, provider, endpoint, region, container, prefix, addressing, state,
             is_default, access_key_id, sealed_secret, credential_revision, created_at
         FROM bucket WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?
    .map(|row| bucket(&row))
    .transpose()
}

/// All buckets, as they are read.
pub fn stream_buckets(
    connection: &mut AnyConnection,
) -> impl Stream<Item = Result<BucketRow, Error>> + Send + '_ {
    sqlx::query(
        "SELECT id, name, provider, endpoint, region, container, prefix, addressing, state,
             is_default, access_key_id, sealed_secret, credential_revision, created_at
         FROM bucket",
    )
    .fetch(connection)
    .map(|row| bucket(&row?))
}

fn bucket(row: &AnyRow) -> Result<BucketRow, Error> {
    Ok(BucketRow {
        id: row.parsed("id")?,
        name: row.parsed("name")?,
        provider: row.word("provider")?,
        endpoint: row.text("endpoint")?,
        region: row.text("region")?,
        container: row.text("container")?,
        prefix: row.text("prefix")?,
        addressing: row.word("addressing")?,
        state: row.word("state")?,
        is_default: row.flag("is_default")?,
        access_key_id: row.text("access_key_id")?,
        sealed_secret: row.bytes("sealed_secret")?,
        credential_revision: row.number("credential_revision")?,
        created_at: row.time("created_at")?,
    })
}
