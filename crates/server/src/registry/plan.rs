//! Makes the rows of registered entries: what each counts on, and what is to be done for it.

use super::verify::closed;
use super::{DRAFT_LIFE, Error, LEASE, MAX_ENTRIES, Registry, object_key};
use crate::broker::Mandate;
use crate::db::registry::{
    self, Known, NewDraftEntry, NewObject, Owner, entry, many, object, version,
};
use crate::db::{self, Tx};
use crate::policy::{Permit, RegisterEntries};
use protocol::artifact::NewEntry;
use protocol::id::{ObjectId, VersionId};
use protocol::layout::Layout;
use protocol::transfer::{MAX_BATCH, VerifiedBy};
use protocol::{Digest, EntryPath, Timestamp};
use std::collections::HashMap;

/// How often a transaction that lost against another is run again.
const TRIES: usize = 8;

/// What the database says to do for one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    /// The bucket holds it.
    Present(ObjectId, VerifiedBy),
    /// A new object.
    New(ObjectId),
    /// The caller's own from before: it may have been sent already.
    Again(ObjectId),
}

impl Plan {
    /// The object that the entry counts on.
    pub(super) fn object(self) -> ObjectId {
        match self {
            Self::Present(id, _) | Self::New(id) | Self::Again(id) => id,
        }
    }
}

impl From<Known> for Plan {
    fn from(known: Known) -> Self {
        match known {
            Known::Verified(id, by) => Self::Present(id, by),
            Known::Pending(id) => Self::Again(id),
        }
    }
}

/// Why no plan could be made.
#[derive(Debug)]
enum Unplanned {
    Refused(Error),
    Db(db::Error),
}

impl From<db::Error> for Unplanned {
    fn from(error: db::Error) -> Self {
        Self::Db(error)
    }
}

impl Registry {
    /// Registers the entries in the database.
    pub(super) async fn plan(
        &self,
        permit: &Permit<RegisterEntries>,
        mandate: &Mandate,
    ) -> Result<Vec<Plan>, Error> {
        let entries = &permit.op().entries;
        // In the order of the digests; see `db::registry`
        let mut order: Vec<(usize, &NewEntry)> = entries.iter().enumerate().collect();
        order.sort_unstable_by_key(|(at, entry)| (entry.digest, *at));
        let mut tries = TRIES;
        loop {
            tries -= 1;
            match self.plan_once(permit, mandate, &order).await {
                Ok(plans) => return Ok(plans),
                Err(Unplanned::Refused(error)) => return Err(error),
                Err(Unplanned::Db(error)) if error.is_lost_race() && tries > 0 => {}
                Err(Unplanned::Db(error)) => return Err(error.into()),
            }
        }
    }

    async fn plan_once(
        &self,
        permit: &Permit<RegisterEntries>,
        mandate: &Mandate,
        order: &[(usize, &NewEntry)],
    ) -> Result<Vec<Plan>, Unplanned> {
        let facts = &permit.op().version;
        let now = self.now();
        let mut tx = self.db().begin().await?;
        if !version::touch(&mut tx, facts.id, now.plus(DRAFT_LIFE)).await? {
            let phase = version::find(&mut tx, facts.id).await?.map(|row| row.phase);
            return Err(Unplanned::Refused(closed(phase)));
        }
        let made = self.make_objects(&mut tx, mandate, order, now).await?;
        let planned = |entry: &NewEntry| made.get(&content(entry)).copied();
        let rows: Vec<NewDraftEntry<'_>> = order
            .iter()
            .filter_map(|(_, entry)| {
                Some(NewDraftEntry {
                    path: &entry.path,
                    size_bytes: entry.size_bytes,
                    digest: entry.digest,
                    object_id: planned(entry)?.object(),
                })
            })
            .collect();
        let added = many::insert_entries(&mut tx, facts.id, &rows).await?;
        let mut plans: Vec<(usize, Plan)> = Vec::with_capacity(order.len());
        for ((at, entry), row) in order.iter().zip(&rows) {
            let plan = match planned(entry) {
                Some(plan) if added.contains(&entry.path) => plan,
                _ => registered_before(&mut tx, facts.id, row, *at, now).await?,
            };
            plans.push((*at, plan));
        }
        if entry::totals(&mut tx, facts.id).await?.0 > MAX_ENTRIES {
            return Err(Unplanned::Refused(Error::invalid(
                "entries",
                format!("a version has at most {MAX_ENTRIES} entries"),
            )));
        }
        registry::commit(tx).await?;
        plans.sort_unstable_by_key(|(at, _)| *at);
        Ok(plans.into_iter().map(|(_, plan)| plan).collect())
    }

    /// What each content counts on: what is known, or an object that is made for it.
    async fn make_objects(
        &self,
        tx: &mut Tx,
        mandate: &Mandate,
        order: &[(usize, &NewEntry)],
        now: Timestamp,
    ) -> Result<HashMap<(Digest, u64), Plan>, Unplanned> {
        let owner = Owner {
            team_id: mandate.team().id,
            bucket_id: mandate.bucket().id,
            created_by: mandate.caller().principal_id(),
            created_at: now,
            leased_until: now.plus(LEASE),
        };
        let mut wanted: Vec<((Digest, u64), usize)> = order
            .iter()
            .map(|(at, entry)| (content(entry), *at))
            .collect();
        wanted.dedup_by_key(|(content, _)| *content);
        let contents: Vec<_> = wanted.iter().map(|(content, _)| *content).collect();
        let known = many::lease_known(tx, &owner, &contents).await?;
        let mut plans: HashMap<_, _> = known
            .into_iter()
            .map(|(content, known)| (content, Plan::from(known)))
            .collect();
        wanted.retain(|(content, _)| !plans.contains_key(content));
        // Clients send in the order of their request: with keys in that order too, what they report
        // together is together in a list of the bucket
        wanted.sort_unstable_by_key(|(_, at)| *at);
        let mut ids: Vec<ObjectId> = wanted.iter().map(|_| self.parts.ids.make()).collect();
        ids.sort_unstable();
        let mut keys = Vec::with_capacity(wanted.len());
        for ((content, _), id) in wanted.into_iter().zip(ids) {
            let key = object_key(mandate, id).map_err(Unplanned::Refused)?;
            plans.insert(content, Plan::New(id));
            keys.push((id, key, content));
        }
        keys.sort_unstable_by_key(|(_, _, content)| *content);
        let new: Vec<NewObject<'_>> = keys
            .iter()
            .map(|(id, key, (digest, size_bytes))| NewObject {
                id: *id,
                key,
                size_bytes: *size_bytes,
                digest: *digest,
            })
            .collect();
        many::insert_pending(tx, &owner, &new).await?;
        Ok(plans)
    }
}

/// What makes two entries the same content.
fn content(entry: &NewEntry) -> (Digest, u64) {
    (entry.digest, entry.size_bytes)
}

/// The entry that a draft has at this path already; it must be the same.
async fn registered_before(
    tx: &mut Tx,
    version: VersionId,
    new: &NewDraftEntry<'_>,
    at: usize,
    now: Timestamp,
) -> Result<Plan, Unplanned> {
    let held = entry::find(tx, version, new.path).await?;
    let Some((size_bytes, digest, object_id)) = held else {
        return Err(Unplanned::Db(db::Error::Conflict(db::Constraint::Unique)));
    };
    if (size_bytes, digest) != (new.size_bytes, new.digest) {
        return Err(Unplanned::Refused(other_content(at, new.path)));
    }
    let until = now.plus(LEASE);
    if let Some((to, by)) = object::yield_to_indexed(tx, object_id, until).await? {
        return Ok(Plan::Present(to, by));
    }
    let known = object::lease(tx, object_id, until).await?;
    // What a draft counts on is not doomed, so only something else can have changed it
    known
        .map(Plan::from)
        .ok_or(Unplanned::Db(db::Error::Corrupt {
            column: "draft_entry.object_id",
        }))
}

fn other_content(at: usize, path: &EntryPath) -> Error {
    Error::invalid(
        format!("entries[{at}].path"),
        format!("`{path}` is registered with other content already; begin another version"),
    )
}

/// Checks what can be checked without asking anybody.
pub(super) fn check(entries: &[NewEntry]) -> Result<(), Error> {
    if entries.is_empty() || entries.len() > MAX_BATCH {
        return Err(Error::invalid(
            "entries",
            format!("must be 1 to {MAX_BATCH} entries"),
        ));
    }
    let mut by_path: HashMap<&EntryPath, &NewEntry> = HashMap::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        let layout = Layout::of(entry.size_bytes).ok_or_else(|| {
            Error::invalid(
                format!("entries[{at}].size_bytes"),
                "is larger than any store takes",
            )
        })?;
        if entry.digest.algorithm() != layout.algorithm() {
            return Err(Error::invalid(
                format!("entries[{at}].digest"),
                format!(
                    "must be `{}` for an object of this size",
                    layout.algorithm()
                ),
            ));
        }
        if by_path
            .insert(&entry.path, entry)
            .is_some_and(|earlier| earlier != entry)
        {
            return Err(other_content(at, &entry.path));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Md5Digest, Sha256Digest};

    fn field(entries: &[NewEntry]) -> String {
        match check(entries) {
            Err(Error::Invalid { field, .. }) => field,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn an_entry_must_be_named_by_the_digest_of_its_layout() {
        let entry = |path: &str, size_bytes, digest| NewEntry {
            path: path.parse().unwrap(),
            size_bytes,
            digest,
        };
        let sha256 = Digest::Sha256(Sha256Digest::from_bytes([1; 32]));
        let other = Digest::Sha256(Sha256Digest::from_bytes([2; 32]));
        let composite = |part_size_bytes| Digest::Sha256Composite {
            part_size_bytes,
            composite: Sha256Digest::from_bytes([1; 32]),
        };
        let good = entry("a", 1, sha256);
        check(std::slice::from_ref(&good)).unwrap();
        check(&[good.clone(), good.clone()]).unwrap();
        check(&[good.clone(), entry("b", 33 << 20, composite(16 << 20))]).unwrap();
        assert_eq!(field(&[]), "entries");
        assert_eq!(
            field(&[good.clone(), entry("b", 1, composite(16 << 20))]),
            "entries[1].digest"
        );
        assert_eq!(field(&[entry("b", 33 << 20, sha256)]), "entries[0].digest");
        assert_eq!(
            field(&[entry("b", 33 << 20, composite(17 << 20))]),
            "entries[0].digest"
        );
        let md5 = Digest::Md5(Md5Digest::from_bytes([1; 16]));
        assert_eq!(field(&[entry("b", 1, md5)]), "entries[0].digest");
        assert_eq!(
            field(&[entry("b", u64::MAX, sha256)]),
            "entries[0].size_bytes"
        );
        assert_eq!(
            field(&[good.clone(), entry("a", 1, other)]),
            "entries[1].path"
        );
        let many: Vec<_> = (0..=MAX_BATCH)
            .map(|n| entry(&n.to_string(), 1, sha256))
            .collect();
        assert_eq!(field(&many), "entries");
    }
}
