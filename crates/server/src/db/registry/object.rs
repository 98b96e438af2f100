//! `object` as the registry sees it: the index, its leases, and what is to be collected.
//!
//! A row of content is `pending` from the release of the first URL that can write it, `verified`
//! once the bucket was seen to hold it, `doomed` once nothing needs it and its bytes are being
//! deleted. It is indexed while it is verified by proof.

use super::row::{Columns as _, ContentColumns as _};
use crate::db::{Db, Error};
use protocol::id::{BucketId, ObjectId, PrincipalId, TeamId, VersionId};
use protocol::transfer::VerifiedBy;
use protocol::{Digest, ObjectKey, Timestamp};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use std::str::FromStr;

/// Where an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectState {
    /// A URL that can write it was released.
    Pending,
    /// The bucket holds it.
    Verified,
    /// Nothing needs it; its bytes are being deleted.
    Doomed,
}

impl FromStr for ObjectState {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "pending" => Ok(Self::Pending),
            "verified" => Ok(Self::Verified),
            "doomed" => Ok(Self::Doomed),
            _ => Err(()),
        }
    }
}

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRow {
    /// The object.
    pub id: ObjectId,
    /// The team that owns it.
    pub team_id: TeamId,
    /// The bucket that it is in.
    pub bucket_id: BucketId,
    /// Its key there.
    pub key: ObjectKey,
    /// Size in bytes.
    pub size_bytes: u64,
    /// The digest that it is known by.
    pub digest: Digest,
    /// Where it stands.
    pub state: ObjectState,
    /// How it was verified, if it was.
    pub verified_by: Option<VerifiedBy>,
    /// Who had it made.
    pub created_by: PrincipalId,
}

/// An object to be written.
#[derive(Debug, Clone)]
pub struct NewObject<'a> {
    /// The object.
    pub id: ObjectId,
    /// Its key in the bucket.
    pub key: &'a ObjectKey,
    /// Size in bytes.
    pub size_bytes: u64,
    /// The digest that its bytes must have.
    pub digest: Digest,
}

/// Whose objects are to be written, where and when.
#[derive(Debug, Clone)]
pub struct Owner {
    /// The team that will own them.
    pub team_id: TeamId,
    /// The bucket that they will be in.
    pub bucket_id: BucketId,
    /// Who has them made.
    pub created_by: PrincipalId,
    /// Now.
    pub created_at: Timestamp,
    /// Nothing deletes them before then.
    pub leased_until: Timestamp,
}

/// Content with a certain digest that a principal may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// The bucket holds it.
    Verified(ObjectId, VerifiedBy),
    /// The principal's own, on its way.
    Pending(ObjectId),
}

/// What became of an object that was seen in the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It is verified.
    Verified,
    /// Another object was first with this digest; drafts now count on that one.
    Yielded {
        /// The other object.
        to: ObjectId,
        /// How that was verified.
        verified_by: VerifiedBy,
    },
    /// It is being deleted, or unknown.
    Gone,
}

macro_rules! object_columns {
    () => {
        "SELECT o.id, o.team_id, o.bucket_id, o.object_key, o.size_bytes, o.algorithm, o.digest,
                o.state, o.verified_by, o.created_by
         FROM object o "
    };
}

/// The columns that [`read`] reads.
pub(super) const OBJECT_COLUMNS: &str = object_columns!();

pub(super) fn read(row: &AnyRow) -> Result<ObjectRow, Error> {
    Ok(ObjectRow {
        id: row.parsed("id")?,
        team_id: row.parsed("team_id")?,
        bucket_id: row.parsed("bucket_id")?,
        key: row.parsed("object_key")?,
        size_bytes: row.count("size_bytes")?,
        digest: row.digest()?,
        state: row.parsed("state")?,
        verified_by: row.verified_by()?,
        created_by: row.parsed("created_by")?,
    })
}

/// Leases one object that a draft counts on. It cannot be doomed meanwhile, so it is there.
pub async fn lease(
    connection: &mut AnyConnection,
    id: ObjectId,
    until: Timestamp,
) -> Result<Option<Known>, Error> {
    let row = sqlx::query(
        "UPDATE object
         SET leased_until = CASE WHEN leased_until < $2 THEN $2 ELSE leased_until END
         WHERE id = $1 AND state IN ('pending', 'verified') RETURNING verified_by",
    )
    .bind(id.to_string())
    .bind(until.unix_millis())
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(match row.verified_by()? {
            Some(by) => Known::Verified(id, by),
            None => Known::Pending(id),
        })
    })
    .transpose()
}

/// Notes that the bucket holds the object. By proof it goes into the index; if another is there
/// already, drafts that count on this one are turned to that one, leased until `lease` at least.
///
/// Two transactions that index one digest at the same time make one of them fail with
/// [`Error::is_unique_conflict`]: run that one again, whole.
pub async fn settle_verified(
    connection: &mut AnyConnection,
    id: ObjectId,
    verified_by: VerifiedBy,
    etag: Option<&str>,
    now: Timestamp,
    lease: Timestamp,
) -> Result<Settled, Error> {
    // Twice: the one in the index may be doomed between the two statements
    for _ in 0..2 {
        // Two texts, as one with an `OR` makes PostgreSQL look through the whole index
        let mark = if verified_by == VerifiedBy::Client {
            "UPDATE object SET state = 'verified', verified_by = $2, etag = $3, verified_at = $4
             WHERE id = $1 AND state = 'pending' AND content = 1"
        } else {
            "UPDATE object SET state = 'verified', indexed = 1, verified_by = $2, etag = $3,
                    verified_at = $4
             WHERE id = $1 AND state = 'pending' AND content = 1 AND NOT EXISTS (
                 SELECT 1 FROM object held
                 WHERE held.team_id = object.team_id AND held.bucket_id = object.bucket_id
                   AND held.algorithm = object.algorithm AND held.digest = object.digest
                   AND held.indexed = 1)"
        };
        let done = sqlx::query(mark)
            .bind(id.to_string())
            .bind(verified_by.as_str())
            .bind(etag)
            .bind(now.unix_millis())
            .execute(&mut *connection)
            .await?;
        if done.rows_affected() == 1 {
            return Ok(Settled::Verified);
        }
        match find(&mut *connection, id).await?.map(|row| row.state) {
            Some(ObjectState::Verified) => return Ok(Settled::Verified),
            Some(ObjectState::Pending) => {}
            Some(ObjectState::Doomed) | None => return Ok(Settled::Gone),
        }
        if let Some((to, verified_by)) = yield_to_indexed(&mut *connection, id, lease).await? {
            return Ok(Settled::Yielded { to, verified_by });
        }
    }
    Ok(Settled::Gone)
}

/// Turns drafts that count on the pending object `id` to the one that the index has for its digest,
/// leased until `until` at least.
pub async fn yield_to_indexed(
    connection: &mut AnyConnection,
    id: ObjectId,
    until: Timestamp,
) -> Result<Option<(ObjectId, VerifiedBy)>, Error> {
    let held = sqlx::query(
        "UPDATE object
         SET leased_until = CASE WHEN leased_until < $2 THEN $2 ELSE leased_until END
         WHERE indexed = 1 AND id = (
             SELECT held.id FROM object mine JOIN object held
               ON held.team_id = mine.team_id AND held.bucket_id = mine.bucket_id
              AND held.algorithm = mine.algorithm AND held.digest = mine.digest
             WHERE mine.id = $1 AND mine.state = 'pending' AND held.indexed = 1
               AND held.size_bytes = mine.size_bytes)
         RETURNING id, verified_by",
    )
    .bind(id.to_string())
    .bind(until.unix_millis())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(held) = held else {
        return Ok(None);
    };
    let to: ObjectId = held.parsed("id")?;
    let verified_by = held.verified_by()?.ok_or(Error::Corrupt {
        column: "verified_by",
    })?;
    sqlx::query("UPDATE draft_entry SET object_id = $2 WHERE object_id = $1")
        .bind(id.to_string())
        .bind(to.to_string())
        .execute(connection)
        .await?;
    Ok(Some((to, verified_by)))
}

/// The object with this id, if it is the registry's.
pub async fn find(
    connection: &mut AnyConnection,
    id: ObjectId,
) -> Result<Option<ObjectRow>, Error> {
    let row = sqlx::query(concat!(
        object_columns!(),
        "WHERE o.id = $1 AND o.content = 1"
    ))
    .bind(id.to_string())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(read).transpose()
}

/// The objects that a draft still waits for.
pub async fn pending_of(db: &Db, version: VersionId) -> Result<Vec<ObjectRow>, Error> {
    let rows = sqlx::query(concat!(
        object_columns!(),
        "WHERE o.state = 'pending'
           AND o.id IN (SELECT d.object_id FROM draft_entry d WHERE d.version_id = $1)"
    ))
    .bind(version.to_string())
    .fetch_all(db.pool())
    .await?;
    rows.iter().map(read).collect()
}

/// The pending objects of a draft for whose digests the index has another object by now.
pub async fn contested_of(db: &Db, version: VersionId) -> Result<Vec<ObjectRow>, Error> {
    let rows = sqlx::query(concat!(
        object_columns!(),
        "JOIN object held ON held.team_id = o.team_id AND held.bucket_id = o.bucket_id
           AND held.algorithm = o.algorithm AND held.digest = o.digest
         WHERE o.state = 'pending' AND held.indexed = 1 AND held.size_bytes = o.size_bytes
           AND o.id IN (SELECT d.object_id FROM draft_entry d WHERE d.version_id = $1)"
    ))
    .bind(version.to_string())
    .fetch_all(db.pool())
    .await?;
    rows.iter().map(read).collect()
}

/// Up to `limit` objects after `after` that nothing needs and no lease holds, or that are being
/// deleted already.
pub async fn collectable(
    db: &Db,
    after: &str,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<ObjectRow>, Error> {
    let rows = sqlx::query(concat!(
        object_columns!(),
        "WHERE o.id > $1 AND o.content = 1 AND (o.state = 'doomed' OR (o.leased_until <= $2
           AND NOT EXISTS (SELECT 1 FROM draft_entry d WHERE d.object_id = o.id)
           AND NOT EXISTS (SELECT 1 FROM version_object v WHERE v.object_id = o.id)))
         ORDER BY o.id LIMIT $3"
    ))
    .bind(after)
    .bind(now.unix_millis())
    .bind(i64::from(limit))
    .fetch_all(db.pool())
    .await?;
    rows.iter().map(read).collect()
}

/// Takes an object out of the index for good, if still nothing needs it and no lease holds it.
///
/// One statement of its own: whoever began to count on the object leased its row, so either that
/// came first and is seen here, or the object is doomed and nobody can begin to count on it.
pub async fn doom(db: &Db, id: ObjectId, now: Timestamp) -> Result<bool, Error> {
    let done = sqlx::query(
        "UPDATE object SET state = 'doomed', indexed = 0
         WHERE id = $1 AND content = 1 AND state IN ('pending', 'verified') AND leased_until <= $2
           AND NOT EXISTS (SELECT 1 FROM draft_entry d WHERE d.object_id = object.id)
           AND NOT EXISTS (SELECT 1 FROM version_object v WHERE v.object_id = object.id)",
    )
    .bind(id.to_string())
    .bind(now.unix_millis())
    .execute(db.pool())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets a doomed object whose bytes are gone.
pub async fn forget(db: &Db, id: ObjectId) -> Result<(), Error> {
    sqlx::query("DELETE FROM object WHERE id = $1 AND state = 'doomed'")
        .bind(id.to_string())
        .execute(db.pool())
        .await?;
    Ok(())
}
