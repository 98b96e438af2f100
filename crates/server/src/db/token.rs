//! Tokens: their hashes, never their text.

use super::Error;
use super::row::Columns as _;
use futures::stream::{Stream, StreamExt as _};
use protocol::id::{PrincipalId, TokenId};
use protocol::{Sha256Digest, Timestamp};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

/// A row of `token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// The token.
    pub id: TokenId,
    /// Whose it is.
    pub principal_id: PrincipalId,
    /// SHA-256 of its text.
    pub sha256: Sha256Digest,
    /// What it is for.
    pub label: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Who brought it along, when Signet did not make it.
    pub imported_by_id: Option<PrincipalId>,
}

/// Adds a token.
///
/// # Errors
/// A conflict when a token with this hash was there before, revoked ones included.
pub async fn create_token(connection: &mut AnyConnection, row: &TokenRow) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO token
             (id, principal_id, sha256, label, created_at, expires_at, revoked_at, imported_by_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(row.id.to_string())
    .bind(row.principal_id.to_string())
    .bind(row.sha256.to_hex())
    .bind(row.label.as_str())
    .bind(row.created_at.unix_millis())
    .bind(row.expires_at.map(Timestamp::unix_millis))
    .bind(row.revoked_at.map(Timestamp::unix_millis))
    .bind(row.imported_by_id.map(|id| id.to_string()))
    .execute(connection)
    .await?;
    Ok(())
}

/// Revokes a token, and says whether it was in force until now.
pub async fn revoke_token(
    connection: &mut AnyConnection,
    id: TokenId,
    at: Timestamp,
) -> Result<bool, Error> {
    let done = sqlx::query("UPDATE token SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL")
        .bind(at.unix_millis())
        .bind(id.to_string())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Revokes all tokens of a principal, and says which were in force until now.
pub async fn revoke_tokens_of(
    connection: &mut AnyConnection,
    principal: PrincipalId,
    at: Timestamp,
) -> Result<Vec<TokenId>, Error> {
    sqlx::query(
        "UPDATE token SET revoked_at = $1 WHERE principal_id = $2 AND revoked_at IS NULL
         RETURNING id",
    )
    .bind(at.unix_millis())
    .bind(principal.to_string())
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| row.parsed("id"))
    .collect()
}

/// One token, revoked or not.
pub async fn find_token(
    connection: &mut AnyConnection,
    id: &str,
) -> Result<Option<TokenRow>, Error> {
    sqlx::query(
        "SELECT id, principal_id, sha256, label, created_at, expires_at, revoked_at, imported_by_id
         FROM token WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await?
    .map(|row| token(&row))
    .transpose()
}

/// The token with this hash, revoked or not.
pub async fn find_token_by_hash(
    connection: &mut AnyConnection,
    sha256: Sha256Digest,
) -> Result<Option<TokenRow>, Error> {
    sqlx::query(
        "SELECT id, principal_id, sha256, label, created_at, expires_at, revoked_at, imported_by_id
         FROM token WHERE sha256 = $1",
    )
    .bind(sha256.to_hex())
    .fetch_optional(connection)
    .await?
    .map(|row| token(&row))
    .transpose()
}

/// A principal's tokens, revoked ones included, oldest first, those after `after`.
pub async fn list_tokens(
    connection: &mut AnyConnection,
    principal: PrincipalId,
    after: &str,
    limit: u32,
) -> Result<Vec<TokenRow>, Error> {
    sqlx::query(
        "SELECT id, principal_id, sha256, label, created_at, expires_at, revoked_at, imported_by_id
         FROM token WHERE principal_id = $1 AND id > $2 ORDER BY id LIMIT $3",
    )
    .bind(principal.to_string())
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?
    .iter()
    .map(token)
    .collect()
}

/// All tokens that are not revoked, as they are read.
pub fn stream_tokens(
    connection: &mut AnyConnection,
) -> impl Stream<Item = Result<TokenRow, Error>> + Send + '_ {
    sqlx::query(
        "SELECT id, principal_id, sha256, label, created_at, expires_at, revoked_at, imported_by_id
         FROM token WHERE revoked_at IS NULL",
    )
    .fetch(connection)
    .map(|row| token(&row?))
}

fn token(row: &AnyRow) -> Result<TokenRow, Error> {
    Ok(TokenRow {
        id: row.parsed("id")?,
        principal_id: row.parsed("principal_id")?,
        sha256: row.parsed("sha256")?,
        label: row.text("label")?,
        created_at: row.time("created_at")?,
        expires_at: row.time_or_null("expires_at")?,
        revoked_at: row.time_or_null("revoked_at")?,
        imported_by_id: row.parsed_or_null("imported_by_id")?,
    })
}
