//! Settings of the instance that live with its data.

use super::{Db, Error};

/// Keeps a setting if it has no value yet, and gives the value that it has then.
pub async fn claim_setting(db: &Db, name: &str, value: &str) -> Result<String, Error> {
    let mut connection = db.pool().acquire().await?;
    sqlx::query(
        "INSERT INTO instance_setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
    )
    .bind(name)
    .bind(value)
    .execute(&mut *connection)
    .await?;
    let kept = sqlx::query_scalar("SELECT value FROM instance_setting WHERE name = $1")
        .bind(name)
        .fetch_one(&mut *connection)
        .await?;
    Ok(kept)
}
