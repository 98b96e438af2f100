//! `upload` and `upload_part`: uploads in parts and the digests that their parts were announced with.

use super::registry::object::{Settled, settle_verified};
use super::{Db, Error};
use protocol::id::{BucketId, ObjectId, PrincipalId, TeamId, UploadId};
use protocol::transfer::{PartDigest, UploadState, VerifiedBy};
use protocol::{Algorithm, Digest, ObjectKey, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};
use std::str::FromStr;

/// Where an upload stands, as the table has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Parts may be sent.
    Open,
    /// The store has put the parts together.
    Completed,
    /// Given up; the store may still hold parts.
    Aborting,
    /// Given up; the store dropped the parts.
    Aborted,
}

impl Phase {
    /// What a client is told.
    pub fn state(self) -> UploadState {
        match self {
            Self::Open => UploadState::Open,
            Self::Completed => UploadState::Completed,
            Self::Aborting | Self::Aborted => UploadState::Aborted,
        }
    }
}

impl FromStr for Phase {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "open" => Ok(Self::Open),
            "completed" => Ok(Self::Completed),
            "aborting" => Ok(Self::Aborting),
            "aborted" => Ok(Self::Aborted),
            _ => Err(()),
        }
    }
}

/// An upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRow {
    /// The upload.
    pub id: UploadId,
    /// The team that owns the object.
    pub team_id: TeamId,
    /// The bucket that it was begun in.
    pub bucket_id: BucketId,
    /// The object that it makes. Once completed: the object that holds its content.
    pub object_id: ObjectId,
    /// The key that it makes.
    pub key: ObjectKey,
    /// The store's own id of it.
    pub store_upload_id: Box<str>,
    /// Size of the object in bytes.
    pub size_bytes: u64,
    /// What the whole must be.
    pub digest: Digest,
    /// Where it stands.
    pub phase: Phase,
    /// True when it makes an object that the client named itself.
    pub plain: bool,
    /// How the object was verified, once completed.
    pub verified_by: Option<VerifiedBy>,
    /// Who began it.
    pub started_by: PrincipalId,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it is aborted unless completed.
    pub expires_at: Timestamp,
}

macro_rules! upload_columns {
    () => {
        "id, team_id, bucket_id, object_id, object_key, store_upload_id, size_bytes, algorithm,
         digest, state, plain, verified_by, started_by, created_at, expires_at"
    };
}

fn corrupt(column: &'static str) -> Error {
    Error::Corrupt { column }
}

fn parsed<T: FromStr>(row: &AnyRow, column: &'static str) -> Result<T, Error> {
    let text: String = row.try_get(column)?;
    text.parse().map_err(|_| corrupt(column))
}

fn time(row: &AnyRow, column: &'static str) -> Result<Timestamp, Error> {
    Ok(Timestamp::from_unix_millis(row.try_get(column)?))
}

fn read(row: &AnyRow) -> Result<UploadRow, Error> {
    let algorithm: Algorithm = parsed(row, "algorithm")?;
    let digest: String = row.try_get("digest")?;
    let size: i64 = row.try_get("size_bytes")?;
    let plain: i64 = row.try_get("plain")?;
    let verified_by: Option<String> = row.try_get("verified_by")?;
    Ok(UploadRow {
        id: parsed(row, "id")?,
        team_id: parsed(row, "team_id")?,
        bucket_id: parsed(row, "bucket_id")?,
        object_id: parsed(row, "object_id")?,
        key: parsed(row, "object_key")?,
        store_upload_id: row.try_get::<String, _>("store_upload_id")?.into(),
        size_bytes: u64::try_from(size).map_err(|_| corrupt("size_bytes"))?,
        digest: format!("{algorithm}:{digest}")
            .parse()
            .map_err(|_| corrupt("digest"))?,
        phase: parsed(row, "state")?,
        plain: plain == 1,
        verified_by: verified_by.as_deref().map(verified).transpose()?,
        started_by: parsed(row, "started_by")?,
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
    })
}

fn verified(text: &str) -> Result<VerifiedBy, Error> {
    [
        VerifiedBy::StoreDigest,
        VerifiedBy::PartChecksums,
        VerifiedBy::ReadBack,
        VerifiedBy::Client,
    ]
    .into_iter()
    .find(|by| by.as_str() == text)
    .ok_or_else(|| corrupt("verified_by"))
}

fn stored(bytes: u64) -> i64 {
    // No store takes an object anywhere near this size
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Adds an upload that the store has begun. Its phase is open, whatever the row says.
pub async fn insert(db: &Db, upload: &UploadRow) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO upload (id, team_id, bucket_id, object_id, object_key, store_upload_id,
                             size_bytes, algorithm, digest, state, plain, started_by, created_at,
                             expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10, $11, $12, $13)",
    )
    .bind(upload.id.to_string())
    .bind(upload.team_id.to_string())
    .bind(upload.bucket_id.to_string())
    .bind(upload.object_id.to_string())
    .bind(upload.key.as_str())
    .bind(&*upload.store_upload_id)
    .bind(stored(upload.size_bytes))
    .bind(upload.digest.algorithm().to_string())
    .bind(upload.digest.hex())
    .bind(i64::from(upload.plain))
    .bind(upload.started_by.to_string())
    .bind(upload.created_at.unix_millis())
    .bind(upload.expires_at.unix_millis())
    .execute(db.pool())
    .await?;
    Ok(())
}

/// The upload with this id.
pub async fn find(db: &Db, id: UploadId) -> Result<Option<UploadRow>, Error> {
    let row = sqlx::query(concat!(
        "SELECT ",
        upload_columns!(),
        " FROM upload WHERE id = $1"
    ))
    .bind(id.to_string())
    .fetch_optional(db.pool())
    .await?;
    row.as_ref().map(read).transpose()
}

/// Whether the store may still hold this upload open, by what is known of it here.
pub async fn is_expected(db: &Db, key: &ObjectKey, store_upload_id: &str) -> Result<bool, Error> {
    let row = sqlx::query(
        "SELECT id FROM upload
         WHERE store_upload_id = $1 AND object_key = $2 AND state <> 'aborted'",
    )
    .bind(store_upload_id)
    .bind(key.as_str())
    .fetch_optional(db.pool())
    .await?;
    Ok(row.is_some())
}

/// The newest upload of the same content to the same plain key that the principal began and that is
/// open beyond `until`.
pub async fn find_open_plain(
    db: &Db,
    wanted: &UploadRow,
    until: Timestamp,
) -> Result<Option<UploadRow>, Error> {
    let row = sqlx::query(concat!(
        "SELECT ",
        upload_columns!(),
        " FROM upload
         WHERE state = 'open' AND started_by = $1 AND team_id = $2 AND bucket_id = $3
           AND object_key = $4 AND algorithm = $5 AND digest = $6 AND size_bytes = $7
           AND plain = 1 AND expires_at > $8
         ORDER BY id DESC LIMIT 1"
    ))
    .bind(wanted.started_by.to_string())
    .bind(wanted.team_id.to_string())
    .bind(wanted.bucket_id.to_string())
    .bind(wanted.key.as_str())
    .bind(wanted.digest.algorithm().to_string())
    .bind(wanted.digest.hex())
    .bind(stored(wanted.size_bytes))
    .bind(until.unix_millis())
    .fetch_optional(db.pool())
    .await?;
    row.as_ref().map(read).transpose()
}

/// The newest upload that makes this object, that the principal began and that is open beyond `until`.
pub async fn find_open_of_object(
    db: &Db,
    object: ObjectId,
    principal: PrincipalId,
    until: Timestamp,
) -> Result<Option<UploadRow>, Error> {
    let row = sqlx::query(concat!(
        "SELECT ",
        upload_columns!(),
        " FROM upload
         WHERE state = 'open' AND started_by = $1 AND object_id = $2 AND plain = 0
           AND expires_at > $3
         ORDER BY id DESC LIMIT 1"
    ))
    .bind(principal.to_string())
    .bind(object.to_string())
    .bind(until.unix_millis())
    .fetch_optional(db.pool())
    .await?;
    row.as_ref().map(read).transpose()
}

/// Notes which digests parts are announced with. A part keeps its first one. Gives the digests that
/// hold, in the order of `parts`.
pub async fn announce_parts(
    db: &Db,
    upload: UploadId,
    parts: &[PartDigest],
) -> Result<Vec<PartDigest>, Error> {
    let mut tx = db.begin().await?;
    let mut held = Vec::with_capacity(parts.len());
    for part in parts {
        let row = sqlx::query(
            "INSERT INTO upload_part (upload_id, number, sha256) VALUES ($1, $2, $3)
             ON CONFLICT (upload_id, number) DO UPDATE SET sha256 = upload_part.sha256
             RETURNING sha256",
        )
        .bind(upload.to_string())
        .bind(i64::from(part.number))
        .bind(part.sha256.to_hex())
        .fetch_one(&mut *tx)
        .await?;
        held.push(PartDigest {
            number: part.number,
            sha256: parsed(&row, "sha256")?,
        });
    }
    tx.commit().await?;
    Ok(held)
}

/// The digests that the parts of an upload were announced with, in ascending order.
pub async fn announced_parts(db: &Db, upload: UploadId) -> Result<Vec<PartDigest>, Error> {
    let rows =
        sqlx::query("SELECT number, sha256 FROM upload_part WHERE upload_id = $1 ORDER BY number")
            .bind(upload.to_string())
            .fetch_all(db.pool())
            .await?;
    rows.iter()
        .map(|row| {
            let number: i64 = row.try_get("number")?;
            Ok(PartDigest {
                number: u32::try_from(number).map_err(|_| corrupt("number"))?,
                sha256: parsed(row, "sha256")?,
            })
        })
        .collect()
}

/// Notes that the store has put the parts together, even if the upload was given up meanwhile.
async fn complete(
    connection: &mut AnyConnection,
    id: UploadId,
    object: ObjectId,
    verified_by: VerifiedBy,
    now: Timestamp,
) -> Result<(), Error> {
    sqlx::query(
        "UPDATE upload SET state = 'completed', object_id = $2, verified_by = $3, closed_at = $4
         WHERE id = $1 AND state <> 'completed'",
    )
    .bind(id.to_string())
    .bind(object.to_string())
    .bind(verified_by.as_str())
    .bind(now.unix_millis())
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that the store holds a plain object. Noting it again changes nothing.
pub async fn complete_plain(
    db: &Db,
    id: UploadId,
    object: ObjectId,
    verified_by: VerifiedBy,
    now: Timestamp,
) -> Result<(), Error> {
    let mut connection = db.acquire().await?;
    complete(&mut connection, id, object, verified_by, now).await
}

/// Notes that the store holds content of the registry, and settles which object has it: this one, or
/// one that was first with the same digest. Nothing is noted when the object is gone.
pub async fn complete_content(
    db: &Db,
    upload: &UploadRow,
    verified_by: VerifiedBy,
    etag: Option<&str>,
    now: Timestamp,
    lease: Timestamp,
) -> Result<Settled, Error> {
    let mut attempts = 0;
    loop {
        let done = try_complete_content(db, upload, verified_by, etag, now, lease).await;
        attempts += 1;
        match done {
            // Another was first with this digest, in between: the next attempt sees it
            Err(error) if error.is_unique_conflict() && attempts < 3 => {}
            done => return done,
        }
    }
}

async fn try_complete_content(
    db: &Db,
    upload: &UploadRow,
    verified_by: VerifiedBy,
    etag: Option<&str>,
    now: Timestamp,
    lease: Timestamp,
) -> Result<Settled, Error> {
    let mut tx = db.begin().await?;
    let object = upload.object_id;
    let settled = settle_verified(&mut tx, object, verified_by, etag, now, lease).await?;
    match settled {
        Settled::Verified => complete(&mut tx, upload.id, object, verified_by, now).await?,
        Settled::Yielded { to, verified_by } => {
            complete(&mut tx, upload.id, to, verified_by, now).await?;
        }
        Settled::Gone => return Ok(Settled::Gone),
    }
    tx.commit().await?;
    Ok(settled)
}

/// Gives an open upload up. False when it was not open.
pub async fn begin_abort(db: &Db, id: UploadId, now: Timestamp) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE upload SET state = 'aborting', closed_at = $2 WHERE id = $1 AND state = 'open'",
    )
    .bind(id.to_string())
    .bind(now.unix_millis())
    .execute(db.pool())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives all open uploads of a principal up, and returns those whose parts the store may still hold.
pub async fn begin_abort_of(
    db: &Db,
    principal: PrincipalId,
    now: Timestamp,
) -> Result<Vec<UploadRow>, Error> {
    let rows = sqlx::query(concat!(
        "UPDATE upload SET state = 'aborting', closed_at = COALESCE(closed_at, $2)
         WHERE started_by = $1 AND state IN ('open', 'aborting')
         RETURNING ",
        upload_columns!()
    ))
    .bind(principal.to_string())
    .bind(now.unix_millis())
    .fetch_all(db.pool())
    .await?;
    rows.iter().map(read).collect()
}

/// Gives all expired uploads up, and returns up to `limit` uploads behind `after`, by id, whose parts
/// the store may still hold.
pub async fn begin_sweep(
    db: &Db,
    now: Timestamp,
    after: &str,
    limit: u32,
) -> Result<Vec<UploadRow>, Error> {
    sqlx::query(
        "UPDATE upload SET state = 'aborting', closed_at = $1
         WHERE state = 'open' AND expires_at <= $1",
    )
    .bind(now.unix_millis())
    .execute(db.pool())
    .await?;
    let rows = sqlx::query(concat!(
        "SELECT ",
        upload_columns!(),
        " FROM upload WHERE state = 'aborting' AND id > $1 ORDER BY id LIMIT $2"
    ))
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(db.pool())
    .await?;
    rows.iter().map(read).collect()
}

/// Notes that the store holds no parts any more of an upload that was given up.
pub async fn finish_abort(db: &Db, id: UploadId) -> Result<(), Error> {
    sqlx::query("UPDATE upload SET state = 'aborted' WHERE id = $1 AND state = 'aborting'")
        .bind(id.to_string())
        .execute(db.pool())
        .await?;
    Ok(())
}
