//! Registered buckets.

use super::Error;
use super::row::{Columns as _, json, word};
use futures::stream::{Stream, StreamExt as _};
use protocol::admin::State;
use protocol::bucket::{AudienceEndpoints, Capabilities, PlanKind, StorePlace};
use protocol::id::BucketId;
use protocol::{BucketName, Network, Timestamp};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

/// A row of `bucket`.
#[derive(Clone, PartialEq, Eq)]
pub struct BucketRow {
    /// The bucket.
    pub id: BucketId,
    /// The name it is registered under.
    pub name: BucketName,
    /// Where it is.
    pub place: StorePlace,
    /// Other addresses of the store, by who reaches it there.
    pub endpoints: AudienceEndpoints,
    /// What all keys begin with; empty, or ends in `/`.
    pub prefix: String,
    /// Whether it may be used.
    pub state: State,
    /// True for the bucket of teams that have none.
    pub is_default: bool,
    /// Where its credential comes from.
    pub plan: PlanKind,
    /// Whom the credential stands for.
    pub identity: String,
    /// The external id of plans that assume a role.
    pub external_id: Option<String>,
    /// The whole plan, sealed.
    pub sealed_plan: Vec<u8>,
    /// Changes with each change of the credential.
    pub credential_revision: i64,
    /// What its store was proven to do.
    pub capabilities: Option<Capabilities>,
    /// The networks that what is in it may be asked for from; none: all.
    pub allowed_networks: Vec<Network>,
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
             (id, name, place, endpoints, prefix, state, is_default, plan, identity, external_id,
              sealed_plan, credential_revision, capabilities, allowed_networks, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(row.id.to_string())
    .bind(row.name.as_str())
    .bind(json(&row.place))
    .bind(json(&row.endpoints))
    .bind(row.prefix.as_str())
    .bind(row.state.as_str())
    .bind(i64::from(row.is_default))
    .bind(word(row.plan))
    .bind(row.identity.as_str())
    .bind(row.external_id.as_deref())
    .bind(row.sealed_plan.clone())
    .bind(row.credential_revision)
    .bind(row.capabilities.as_ref().map(json))
    .bind(json(&row.allowed_networks))
    .bind(row.created_at.unix_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a registration: the row stays for the record, its credential does not.
pub async fn remove_bucket(connection: &mut AnyConnection, id: BucketId) -> Result<(), Error> {
    sqlx::query(
        "UPDATE bucket SET state = 'removed', is_default = 0, sealed_plan = $1,
             capabilities = NULL, credential_revision = credential_revision + 1
         WHERE id = $2",
    )
    .bind(Vec::<u8>::new())
    .bind(id.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes what a bucket's store was proven to do.
pub async fn set_capabilities(
    connection: &mut AnyConnection,
    id: BucketId,
    capabilities: Option<&Capabilities>,
) -> Result<(), Error> {
    sqlx::query("UPDATE bucket SET capabilities = $1 WHERE id = $2 AND state <> 'removed'")
        .bind(capabilities.map(json))
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes the networks that what is in a bucket may be asked for from.
pub async fn set_bucket_networks(
    connection: &mut AnyConnection,
    id: BucketId,
    allowed: &[Network],
) -> Result<(), Error> {
    sqlx::query("UPDATE bucket SET allowed_networks = $1 WHERE id = $2")
        .bind(json(&allowed))
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
        "SELECT id, name, place, endpoints, prefix, state, is_default, plan, identity, external_id,
             sealed_plan, credential_revision, capabilities, allowed_networks, created_at
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
        "SELECT id, name, place, endpoints, prefix, state, is_default, plan, identity, external_id,
             sealed_plan, credential_revision, capabilities, allowed_networks, created_at
         FROM bucket",
    )
    .fetch(connection)
    .map(|row| bucket(&row?))
}

fn bucket(row: &AnyRow) -> Result<BucketRow, Error> {
    Ok(BucketRow {
        id: row.parsed("id")?,
        name: row.parsed("name")?,
        place: row.json("place")?,
        endpoints: row.json("endpoints")?,
        prefix: row.text("prefix")?,
        state: row.word("state")?,
        is_default: row.flag("is_default")?,
        plan: row.word("plan")?,
        identity: row.text("identity")?,
        external_id: row.text_or_null("external_id")?,
        sealed_plan: row.bytes("sealed_plan")?,
        credential_revision: row.number("credential_revision")?,
        capabilities: row.json_or_null("capabilities")?,
        allowed_networks: row.json("allowed_networks")?,
        created_at: row.time("created_at")?,
    })
}
