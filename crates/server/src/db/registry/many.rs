//! Many rows of the registry in one statement each: an artifact has tens of thousands.

use super::NewDraftEntry;
use super::object::{Known, NewObject, OBJECT_COLUMNS, ObjectRow, Owner, read};
use super::row::{Columns as _, ContentColumns as _, stored};
use crate::db::Error;
use protocol::id::{ObjectId, VersionId};
use protocol::transfer::VerifiedBy;
use protocol::{Digest, EntryPath, Timestamp};
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Rows in one statement. SQLite looks each value's name up among all before it, so that more take
/// longer.
const ROWS: usize = 100;

/// Whether an object is in the index, and whether it is verified: what is preferred is greater.
type Rank = (bool, bool);

/// A statement about so many rows, prepared once where it is about as many as there can be. `text` has
/// no value in it.
fn statement<'q>(text: String, rows: usize) -> Query<'q, Any, AnyArguments> {
    sqlx::query(AssertSqlSafe(text)).persistent(rows == ROWS)
}

/// `($4, $5, $1), ($6, $7, $1)`: so many rows of so many columns, after so many other values; each row
/// ends with what all of them have.
fn values(rows: usize, columns: usize, before: usize, common: &str) -> String {
    let row = |row: usize| format!("({}{common})", numbers(columns, before + row * columns));
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// `$1, $2`: so many values, after so many others.
fn numbers(count: usize, before: usize) -> String {
    let number = |at: usize| format!("${}", before + at + 1);
    (0..count).map(number).collect::<Vec<_>>().join(", ")
}

/// What an owner may count on of content with these digests and sizes, leased as new objects are: what
/// is in the index, else the principal's own that is verified or on its way.
pub async fn lease_known(
    connection: &mut AnyConnection,
    owner: &Owner,
    wanted: &[(Digest, u64)],
) -> Result<HashMap<(Digest, u64), Known>, Error> {
    let mut by_algorithm: BTreeMap<String, Vec<Digest>> = BTreeMap::new();
    for (digest, _) in wanted {
        let algorithm = digest.algorithm().to_string();
        by_algorithm.entry(algorithm).or_default().push(*digest);
    }
    let mut best: HashMap<(Digest, u64), (Rank, ObjectId, Known)> = HashMap::new();
    for (algorithm, digests) in &by_algorithm {
        for chunk in digests.chunks(ROWS) {
            let text = format!(
                "UPDATE object
                 SET leased_until = CASE WHEN leased_until < $5 THEN $5 ELSE leased_until END
                 WHERE team_id = $1 AND bucket_id = $2 AND algorithm = $3 AND content = 1
                   AND (indexed = 1 OR (created_by = $4 AND state IN ('pending', 'verified')))
                   AND digest IN ({})
                 RETURNING id, algorithm, digest, size_bytes, verified_by, indexed",
                numbers(chunk.len(), 5)
            );
            let mut update = statement(text, chunk.len())
                .bind(owner.team_id.to_string())
                .bind(owner.bucket_id.to_string())
                .bind(algorithm.clone())
                .bind(owner.created_by.to_string())
                .bind(owner.leased_until.unix_millis());
            for digest in chunk {
                update = update.bind(digest.hex());
            }
            for row in &update.fetch_all(&mut *connection).await? {
                let id: ObjectId = row.parsed("id")?;
                let known = match row.verified_by()? {
                    Some(by) => Known::Verified(id, by),
                    None => Known::Pending(id),
                };
                let rank = (
                    row.number("indexed")? == 1,
                    matches!(known, Known::Verified(..)),
                );
                let held = best
                    .entry((row.digest()?, row.count("size_bytes")?))
                    .or_insert((rank, id, known));
                // Among equals the oldest, so that asking again answers the same
                if rank > held.0 || (rank == held.0 && id < held.1) {
                    *held = (rank, id, known);
                }
            }
        }
    }
    let known = wanted
        .iter()
        .filter_map(|content| Some((*content, best.get(content)?.2)));
    Ok(known.collect())
}

/// Adds objects that are about to be written, in this order.
pub async fn insert_pending(
    connection: &mut AnyConnection,
    owner: &Owner,
    objects: &[NewObject<'_>],
) -> Result<(), Error> {
    for chunk in objects.chunks(ROWS) {
        let text = format!(
            "INSERT INTO object (id, object_key, size_bytes, algorithm, digest, team_id, bucket_id,
                                 created_by, created_at, leased_until, state, content, indexed)
             VALUES {}",
            values(chunk.len(), 5, 5, ", $1, $2, $3, $4, $5, 'pending', 1, 0")
        );
        let mut insert = statement(text, chunk.len())
            .bind(owner.team_id.to_string())
            .bind(owner.bucket_id.to_string())
            .bind(owner.created_by.to_string())
            .bind(owner.created_at.unix_millis())
            .bind(owner.leased_until.unix_millis());
        for object in chunk {
            insert = insert
                .bind(object.id.to_string())
                .bind(object.key.as_str())
                .bind(stored(object.size_bytes))
                .bind(object.digest.algorithm().to_string())
                .bind(object.digest.hex());
        }
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Adds entries to a draft. The paths of those that were added: it may have others already.
pub async fn insert_entries(
    connection: &mut AnyConnection,
    version: VersionId,
    entries: &[NewDraftEntry<'_>],
) -> Result<HashSet<EntryPath>, Error> {
    let mut added = HashSet::with_capacity(entries.len());
    for chunk in entries.chunks(ROWS) {
        let text = format!(
            "INSERT INTO draft_entry (path, size_bytes, algorithm, digest, object_id, version_id)
             VALUES {} ON CONFLICT (version_id, path) DO NOTHING RETURNING path",
            values(chunk.len(), 5, 1, ", $1")
        );
        let mut insert = statement(text, chunk.len()).bind(version.to_string());
        for entry in chunk {
            insert = insert
                .bind(entry.path.as_str())
                .bind(stored(entry.size_bytes))
                .bind(entry.digest.algorithm().to_string())
                .bind(entry.digest.hex())
                .bind(entry.object_id.to_string());
        }
        for row in &insert.fetch_all(&mut *connection).await? {
            added.insert(row.parsed("path")?);
        }
    }
    Ok(added)
}

/// Those of the objects that an entry of the draft counts on.
pub async fn of_draft(
    connection: &mut AnyConnection,
    version: VersionId,
    objects: &[ObjectId],
) -> Result<Vec<ObjectRow>, Error> {
    let mut rows = Vec::with_capacity(objects.len());
    for chunk in objects.chunks(ROWS) {
        let text = format!(
            "{OBJECT_COLUMNS} WHERE o.content = 1 AND o.id IN ({})
             AND EXISTS (SELECT 1 FROM draft_entry d WHERE d.object_id = o.id AND d.version_id = $1)",
            numbers(chunk.len(), 1)
        );
        let mut select = statement(text, chunk.len()).bind(version.to_string());
        for object in chunk {
            select = select.bind(object.to_string());
        }
        let found: Vec<AnyRow> = select.fetch_all(&mut *connection).await?;
        for row in &found {
            rows.push(read(row)?);
        }
    }
    Ok(rows)
}

/// Notes that the bucket holds objects, as [`settle_verified`](super::object::settle_verified) does,
/// each with its tag. Gives those that are settled by that; what became of the others is to be asked
/// one by one. No two may have the same digest.
pub async fn settle_verified(
    connection: &mut AnyConnection,
    seen: &[(ObjectId, Option<&str>)],
    verified_by: VerifiedBy,
    now: Timestamp,
) -> Result<HashSet<ObjectId>, Error> {
    let (indexed, unless_held) = if verified_by == VerifiedBy::Client {
        ("", "")
    } else {
        (
            "indexed = 1,",
            "AND NOT EXISTS (
                 SELECT 1 FROM object held
                 WHERE held.team_id = object.team_id AND held.bucket_id = object.bucket_id
                   AND held.algorithm = object.algorithm AND held.digest = object.digest
                   AND held.indexed = 1)",
        )
    };
    let mut settled = HashSet::with_capacity(seen.len());
    for chunk in seen.chunks(ROWS) {
        let text = format!(
            "WITH seen (seen_id, seen_etag) AS (VALUES {})
             UPDATE object SET state = 'verified', {indexed} verified_by = $1,
                    etag = CAST(seen_etag AS TEXT), verified_at = $2
             FROM seen
             WHERE object.id = seen_id AND state = 'pending' AND content = 1 {unless_held}
             RETURNING id",
            values(chunk.len(), 2, 2, "")
        );
        let mut update = statement(text, chunk.len())
            .bind(verified_by.as_str())
            .bind(now.unix_millis());
        for (id, etag) in chunk {
            update = update.bind(id.to_string()).bind(*etag);
        }
        for row in &update.fetch_all(&mut *connection).await? {
            settled.insert(row.parsed("id")?);
        }
    }
    Ok(settled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_on() {
        assert_eq!(values(2, 2, 1, ", $1"), "($2, $3, $1), ($4, $5, $1)");
        assert_eq!(numbers(3, 0), "$1, $2, $3");
    }
}
