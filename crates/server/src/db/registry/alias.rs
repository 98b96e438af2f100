//! `alias`. Every change is made under [`super::name::lock_collection`].

use super::row::Columns as _;
use crate::db::{Db, Error};
use protocol::Alias;
use protocol::id::{CollectionId, VersionId};
use sqlx::AnyConnection;

/// Names `version` by `alias`, which may have named another before.
pub async fn set(
    connection: &mut AnyConnection,
    collection: CollectionId,
    alias: &str,
    version: VersionId,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO alias (collection_id, name, version_id) VALUES ($1, $2, $3)
         ON CONFLICT (collection_id, name) DO UPDATE SET version_id = excluded.version_id",
    )
    .bind(collection.to_string())
    .bind(alias)
    .bind(version.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes an alias away, if it names `version`. True when it did.
pub async fn remove(
    connection: &mut AnyConnection,
    collection: CollectionId,
    alias: &Alias,
    version: VersionId,
) -> Result<bool, Error> {
    let done =
        sqlx::query("DELETE FROM alias WHERE collection_id = $1 AND name = $2 AND version_id = $3")
            .bind(collection.to_string())
            .bind(alias.as_str())
            .bind(version.to_string())
            .execute(connection)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes all aliases of a version away.
pub async fn remove_all(connection: &mut AnyConnection, version: VersionId) -> Result<(), Error> {
    sqlx::query("DELETE FROM alias WHERE version_id = $1")
        .bind(version.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// The aliases of a version, inside of a transaction.
pub async fn of_version(
    connection: &mut AnyConnection,
    version: VersionId,
) -> Result<Vec<Alias>, Error> {
    let rows = sqlx::query("SELECT name FROM alias WHERE version_id = $1 ORDER BY name")
        .bind(version.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| row.parsed("name")).collect()
}

/// The aliases of the collection's versions numbered `from` to `to`.
pub async fn of_range(
    db: &Db,
    collection: CollectionId,
    from: u32,
    to: u32,
) -> Result<Vec<(VersionId, Alias)>, Error> {
    let rows = sqlx::query(
        "SELECT a.version_id, a.name FROM alias a JOIN version v ON v.id = a.version_id
         WHERE v.collection_id = $1 AND v.version_index >= $2 AND v.version_index <= $3
         ORDER BY a.name",
    )
    .bind(collection.to_string())
    .bind(i64::from(from))
    .bind(i64::from(to))
    .fetch_all(db.pool())
    .await?;
    rows.iter()
        .map(|row| Ok((row.parsed("version_id")?, row.parsed("name")?)))
        .collect()
}
