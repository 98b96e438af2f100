//! Looks into the bucket for what was announced.
//!
//! A URL that writes an object is bound to its digest, so a store that checks digests holds these
//! bytes or none, and the object is verified by `store-digest`. A store that tells the digest again
//! has checked it; of one that does not tell it was tried out once whether it checks. Where neither
//! holds, `client` says that nobody but the client vouches for the bytes, and they are not shared.

use super::{DRAFT_LIFE, Error, LEASE, Registry, key};
use crate::broker::Mandate;
use crate::db::registry::{
    self, ObjectRow, ObjectState, Settled, VersionPhase, entry, object, version,
};
use crate::policy::{Permit, VerifyLanded, VersionFacts};
use crate::stores::{Control, Head, StoredChecksum};
use futures::StreamExt as _;
use protocol::artifact::Verification;
use protocol::digest::Algorithm;
use protocol::id::ObjectId;
use protocol::transfer::{MAX_BATCH, VerifiedBy};
use protocol::{Digest, Timestamp};
use std::collections::{HashMap, HashSet};

/// Questions to a bucket at a time.
const PARALLEL: usize = 128;
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

/// An object that the bucket was seen to hold.
struct Seen {
    object: ObjectRow,
    /// Whether the store told the digest.
    told: bool,
    etag: Option<Box<str>>,
}

impl Seen {
    fn verified_by(&self, untold: VerifiedBy) -> VerifiedBy {
        if self.told {
            VerifiedBy::StoreDigest
        } else {
            untold
        }
    }
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
        for (at, id) in objects.iter().enumerate() {
            let row = of_draft(&mut connection, &permit, facts, *id)
                .await?
                .ok_or_else(|| {
                    Error::invalid(format!("objects[{at}]"), "is not an object of this version")
                })?;
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
        // What is seen is settled while more is looked for: whatever came in meanwhile, in one commit
        let (seen, mut answers) = tokio::sync::mpsc::channel(2 * SETTLE_BATCH);
        let looking = async {
            // Dropped at the end, which ends settling
            let seen = seen;
            let mut looks = futures::stream::iter(single)
                .map(|object| look(&*control, object))
                .buffer_unordered(PARALLEL);
            while let Some(answer) = looks.next().await {
                // Nobody listens only when settling failed, which is told there
                if seen.send(answer.map_err(&bucket_error)?).await.is_err() {
                    break;
                }
            }
            Ok::<_, Error>(())
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
        let mut settled = Vec::with_capacity(seen.len());
        for one in seen {
            let (id, etag) = (one.object.id, one.etag.as_deref());
            let by = one.verified_by(untold);
            settled.push(object::settle_verified(&mut tx, id, by, etag, now, lease).await?);
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

/// The object behind an id that a client of this draft was given.
async fn of_draft(
    connection: &mut crate::db::Connection,
    permit: &Permit<VerifyLanded>,
    facts: &VersionFacts,
    id: ObjectId,
) -> Result<Option<ObjectRow>, Error> {
    let Some(row) = object::find(connection, id).await? else {
        return Ok(None);
    };
    if entry::counts_on(connection, facts.id, id).await? {
        return Ok(Some(row));
    }
    // Its entries may have been turned to another object that was first with the digest
    if row.team_id != facts.team.id || row.created_by != permit.caller().principal_id() {
        return Ok(None);
    }
    match entry::object_of_digest(connection, facts.id, row.digest).await? {
        Some(other) => Ok(object::find(connection, other).await?),
        None => Ok(None),
    }
}

/// Asks the bucket for one object: seen as announced, or missing. One that is not what was announced is
/// deleted, so that it can be sent again.
async fn look(
    control: &dyn Control,
    object: ObjectRow,
) -> Result<Result<Seen, ObjectId>, crate::stores::Error> {
    let Some(head) = control.head(&object.key).await? else {
        return Ok(Err(object.id));
    };
    if let Some(told) = judge(&object, &head) {
        return Ok(Ok(Seen {
            object,
            told,
            etag: head.etag,
        }));
    }
    tracing::warn!(
        object.id = %object.id,
        size_bytes = head.size_bytes,
        "an object is not what was announced, and is deleted"
    );
    // Its key is written once: what is wrong would keep out what is right
    if let Some(etag) = &head.etag
        && let Err(error) = control.discard(&object.key, etag).await
    {
        tracing::warn!(object.id = %object.id, %error, "it is still there");
    }
    Ok(Err(object.id))
}

/// Whether what the store says is what was announced (`None`: it is not), and whether it told the
/// digest.
fn judge(object: &ObjectRow, head: &Head) -> Option<bool> {
    if head.size_bytes != object.size_bytes {
        return None;
    }
    match (object.digest, head.sha256) {
        (Digest::Sha256(announced), Some(StoredChecksum::Whole(stored))) => {
            (announced == stored).then_some(true)
        }
        (Digest::Sha256(_), None) => Some(false),
        _ => None,
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

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Sha256Digest;
    use protocol::id::{BucketId, PrincipalId, TeamId};

    #[test]
    fn only_what_was_announced_is_taken() {
        let digest = Sha256Digest::from_bytes([7; 32]);
        let object = ObjectRow {
            id: ObjectId::from_parts(1, [1; 10]),
            team_id: TeamId::from_parts(1, [1; 10]),
            bucket_id: BucketId::from_parts(1, [1; 10]),
            key: "k".parse().unwrap(),
            size_bytes: 3,
            digest: Digest::Sha256(digest),
            state: ObjectState::Pending,
            verified_by: None,
            created_by: PrincipalId::from_parts(1, [1; 10]),
        };
        let head = |size_bytes, sha256| Head {
            size_bytes,
            etag: None,
            sha256,
            upload: None,
        };
        let whole = Some(StoredChecksum::Whole(digest));
        assert_eq!(judge(&object, &head(3, whole)), Some(true));
        assert_eq!(judge(&object, &head(4, whole)), None);
        assert_eq!(judge(&object, &head(3, None)), Some(false));
        let other = Some(StoredChecksum::Whole(Sha256Digest::from_bytes([8; 32])));
        assert_eq!(judge(&object, &head(3, other)), None);
        let composite = Some(StoredChecksum::Composite {
            composite: digest,
            part_count: 1,
        });
        assert_eq!(judge(&object, &head(3, composite)), None);
    }
}
