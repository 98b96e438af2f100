//! Looks into the bucket for what was announced.
//!
//! A URL that writes an object is bound to its digest, so a store that checks digests holds these
//! bytes or none, and the object is verified by `store-digest`. A store that tells the digest again
//! has checked it; of one that does not tell it was tried out once whether it checks. Where neither
//! holds, `client` says that nobody but the client vouches for the bytes, and they are not shared.

use super::look::{Seen, look_for};
use super::{DRAFT_LIFE, Error, LEASE, Registry, key};
use crate::broker::Mandate;
use crate::db::registry::{
    self, ObjectRow, ObjectState, Settled, VersionPhase, entry, many, object, version,
};
use crate::policy::{Permit, VerifyLanded, VersionFacts};
use crate::stores::Control;
use protocol::Timestamp;
use protocol::artifact::Verification;
use protocol::digest::Algorithm;
use protocol::id::ObjectId;
use protocol::transfer::{MAX_BATCH, VerifiedBy};
use std::collections::{BTreeMap, HashMap, HashSet};

/// So many objects are looked for in a list first: fewer are not worth the request.
const LIST_AT: usize = 16;
/// Objects settled in one transaction.
const SETTLE_BATCH: usize = 512;
/// How often a transaction that lost against another is run again.
const TRIES: usize = 8;

/// What was found of some pending objects.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Objects that are verified, each with the object to count on from now on, which is another
    /// where that was first with the digest.
    pub(super) verified: HashMap<ObjectId, (ObjectId, VerifiedBy)>,
    /// Objects that the bucket does not hold as announced.
    pub(super) missing: Vec<ObjectId>,
}

impl Registry {
    /// Verifies objects of a draft that its client says it has sent.
    ///
    /// # Errors
    /// When one is not the draft's.
    pub async fn verify_landed(&self, permit: Permit<VerifyLanded>) -> Result<Verification, Error> {
        let facts = &permit.op().version;
        let objects = &permit.op().objects;
        if objects.is_empty() || objects.len() > MAX_BATCH {
            return Err(Error::invalid(
                "objects",
                format!("must be 1 to {MAX_BATCH} objects"),
            ));
        }
        let mut connection = self.db().acquire().await?;
        let alive = version::touch(&mut connection, facts.id, self.now().plus(DRAFT_LIFE)).await?;
        if !alive {
            return Err(closed(
                version::find(&mut connection, facts.id)
                    .await?
                    .map(|row| row.phase),
            ));
        }
        let mut told = HashMap::with_capacity(objects.len());
        let mut pending = HashMap::new();
        let rows: HashMap<ObjectId, ObjectRow> = many::of_draft(&mut connection, facts.id, objects)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        for (at, id) in objects.iter().enumerate() {
            let row = match rows.get(id) {
                Some(row) => row.clone(),
                None => yielded(&mut connection, &permit, facts, *id)
                    .await?
                    .ok_or_else(|| {
                        Error::invalid(format!("objects[{at}]"), "is not an object of this version")
                    })?,
            };
            told.insert(*id, row.id);
            if row.state == ObjectState::Pending {
                pending.insert(row.id, row);
            }
        }
        drop(connection);
        let mandate = Mandate::of(&permit)?;
        let found = self
            .verify(&mandate, pending.into_values().collect(), &|_| {})
            .await?;
        let absent: HashSet<ObjectId> = found.missing.into_iter().collect();
        let mut missing: Vec<ObjectId> = told
            .iter()
            .filter(|(_, object)| absent.contains(*object))
            .map(|(id, _)| *id)
            .collect();
        missing.sort_unstable();
        Ok(Verification {
            verified: u64::try_from(told.len() - missing.len()).unwrap_or(u64::MAX),
            missing,
        })
    }

    /// Looks for pending objects in their bucket and settles what it holds. `progress` is told how
    /// many more were settled.
    pub(super) async fn verify(
        &self,
        mandate: &Mandate,
        objects: Vec<ObjectRow>,
        progress: &(dyn Fn(usize) + Send + Sync),
    ) -> Result<Found, Error> {
        let mut found = Found::default();
        if objects.is_empty() {
            return Ok(found);
        }
        let control = self.control(mandate)?;
        let bucket_error = Error::of_bucket(mandate.bucket());
        // What comes in parts is verified when its upload is completed
        let (single, in_parts): (Vec<_>, Vec<_>) = objects
            .into_iter()
            .partition(|object| object.digest.algorithm() == Algorithm::Sha256);
        found
            .missing
            .extend(in_parts.iter().map(|object| object.id));
        // A list tells no digests, and is enough where the store has compared them already
        let may_list = single.len() >= LIST_AT
            && self.vouched(mandate, &*control).await? == VerifiedBy::StoreDigest;
        // What is seen is settled while more is looked for: whatever came in meanwhile, in one commit
        let (seen, mut answers) = tokio::sync::mpsc::channel(2 * SETTLE_BATCH);
        let looking = async {
            // Dropped at the end, which ends settling
            let seen = seen;
            look_for(&*control, single, may_list, &seen)
                .await
                .map_err(&bucket_error)
        };
        let settling = async {
            let mut batch = Vec::with_capacity(SETTLE_BATCH);
            loop {
                let count = answers.recv_many(&mut batch, SETTLE_BATCH).await;
                if count == 0 {
                    return Ok::<_, Error>(());
                }
                let mut seen = Vec::with_capacity(count);
                for answer in batch.drain(..) {
                    match answer {
                        Ok(object) => seen.push(object),
                        Err(missing) => found.missing.push(missing),
                    }
                }
                let vouched = if seen.iter().all(|one| one.told) {
                    VerifiedBy::StoreDigest
                } else {
                    self.vouched(mandate, &*control).await?
                };
                self.settle(seen, vouched, &mut found).await?;
                progress(count);
            }
        };
        futures::future::try_join(looking, settling).await?;
        Ok(found)
    }

    /// How far objects are verified whose digests a store does not tell.
    async fn vouched(&self, mandate: &Mandate, control: &dyn Control) -> Result<VerifiedBy, Error> {
        let enforced = control
            .enforces_part_checksums(&key(mandate, "probe")?, self.parts.ids.make())
            .await
            .map_err(Error::of_bucket(mandate.bucket()))?;
        Ok(if enforced {
            VerifiedBy::StoreDigest
        } else {
            VerifiedBy::Client
        })
    }

    /// Notes what was seen, as `untold` where the store did not tell the digest.
    async fn settle(
        &self,
        mut seen: Vec<Seen>,
        untold: VerifiedBy,
        found: &mut Found,
    ) -> Result<(), Error> {
        if seen.is_empty() {
            return Ok(());
        }
        seen.sort_unstable_by_key(|seen| seen.object.digest);
        let mut tries = TRIES;
        let settled = loop {
            tries -= 1;
            match self.settle_once(&seen, untold).await {
                Err(error) if error.is_lost_race() && tries > 0 => {}
                done => break done?,
            }
        };
        for (seen, settled) in seen.iter().zip(settled) {
            let id = seen.object.id;
            match settled {
                Settled::Verified => {
                    found.verified.insert(id, (id, seen.verified_by(untold)));
                }
                Settled::Yielded { to, verified_by } => {
                    found.verified.insert(id, (to, verified_by));
                }
                Settled::Gone => found.missing.push(id),
            }
        }
        Ok(())
    }

    async fn settle_once(
        &self,
        seen: &[Seen],
        untold: VerifiedBy,
    ) -> Result<Vec<Settled>, crate::db::Error> {
        let now = self.now();
        let lease = now.plus(LEASE);
        let mut tx = self.db().begin().await?;
        // One of each digest together; what is left is another's, or was first with the digest
        let mut together: BTreeMap<&str, (VerifiedBy, Vec<_>)> = BTreeMap::new();
        let mut last = None;
        for one in seen {
            if last.replace(one.object.digest) != Some(one.object.digest) {
                let by = one.verified_by(untold);
                let (_, these) = together.entry(by.as_str()).or_insert((by, Vec::new()));
                these.push((one.object.id, one.etag.as_deref()));
            }
        }
        let mut done = HashSet::with_capacity(seen.len());
        for (by, these) in together.into_values() {
            done.extend(many::settle_verified(&mut tx, &these, by, now).await?);
        }
        let mut settled = Vec::with_capacity(seen.len());
        for one in seen {
            let (id, etag) = (one.object.id, one.etag.as_deref());
            let by = one.verified_by(untold);
            settled.push(if done.contains(&id) {
                Settled::Verified
            } else {
                object::settle_verified(&mut tx, id, by, etag, now, lease).await?
            });
        }
        registry::commit(tx).await?;
        Ok(settled)
    }

    /// Turns the draft's entries from pending objects to those that were first with their digests.
    pub(super) async fn yield_contested(&self, facts: &VersionFacts) -> Result<(), Error> {
        let mut contested = object::contested_of(self.db(), facts.id).await?;
        if contested.is_empty() {
            return Ok(());
        }
        contested.sort_unstable_by_key(|object| object.digest);
        let mut tries = TRIES;
        loop {
            tries -= 1;
            match self.yield_once(&contested, self.now().plus(LEASE)).await {
                Err(error) if error.is_lost_race() && tries > 0 => {}
                done => return Ok(done?),
            }
        }
    }

    async fn yield_once(
        &self,
        contested: &[ObjectRow],
        lease: Timestamp,
    ) -> Result<(), crate::db::Error> {
        let mut tx = self.db().begin().await?;
        for one in contested {
            object::yield_to_indexed(&mut tx, one.id, lease).await?;
        }
        registry::commit(tx).await
    }
}

/// The object that stands for one that a client of this draft was given, when none of its entries
/// counts on that.
async fn yielded(
    connection: &mut crate::db::Connection,
    permit: &Permit<VerifyLanded>,
    facts: &VersionFacts,
    id: ObjectId,
) -> Result<Option<ObjectRow>, Error> {
    let Some(row) = object::find(connection, id).await? else {
        return Ok(None);
    };
    // Its entries may have been turned to another object that was first with the digest
    if row.team_id != facts.team.id || row.created_by != permit.caller().principal_id() {
        return Ok(None);
    }
    match entry::object_of_digest(connection, facts.id, row.digest).await? {
        Some(other) => Ok(object::find(connection, other).await?),
        None => Ok(None),
    }
}

/// Why nothing can be registered or verified any more.
pub(super) fn closed(phase: Option<VersionPhase>) -> Error {
    match phase {
        Some(VersionPhase::Committing) => {
            Error::Conflict("the version is being committed; ask for the commit again".to_owned())
        }
        Some(VersionPhase::Draft | VersionPhase::Committed | VersionPhase::Same) => {
            Error::Conflict("the version was committed; begin another".to_owned())
        }
        Some(VersionPhase::Deleted) | None => {
            Error::Conflict("the draft was given up or has expired; begin another".to_owned())
        }
    }
}
