//! Registers the entries of drafts: what is known is not sent again, for the rest URLs are released.

use super::plan::{Plan, check};
use super::{Error, Registry, object_key};
use crate::broker::{Item, Mandate, ObjectToUpload, Release};
use crate::db::registry::{ObjectRow, ObjectState};
use crate::policy::{Permit, RegisterEntries};
use futures::{StreamExt as _, TryStreamExt as _};
use protocol::artifact::{NewEntry, RegisteredEntries, RegisteredEntry};
use protocol::id::{GrantId, ObjectId, UploadId};
use protocol::layout::Layout;
use protocol::transfer::{SignedRequest, UrlMethod};
use protocol::{Digest, ObjectKey, Sha256Digest};
use std::collections::{HashMap, HashSet};

/// Uploads in parts begun at a time.
const PARALLEL_UPLOADS: usize = 16;

impl Registry {
    /// Registers entries and says what to do for each, in the order given. Registering an entry again
    /// answers with a fresh URL for the same object, until that is verified.
    ///
    /// # Errors
    /// When an entry cannot be taken; none of the batch is registered then.
    pub async fn register(
        &self,
        permit: Permit<RegisterEntries>,
    ) -> Result<RegisteredEntries, Error> {
        let entries = &permit.op().entries;
        check(entries)?;
        let mandate = Mandate::of(&permit)?;
        let mut plans = self.plan(&permit, &mandate).await?;
        self.take_up(&mandate, entries, &mut plans).await?;
        let uploads = self.open_uploads(&mandate, entries, &plans).await?;
        let (grant_id, puts) = self
            .release_puts(&permit, &mandate, &plans, &uploads)
            .await?;
        let entries = plans
            .iter()
            .map(|plan| told(*plan, &uploads, &puts))
            .collect::<Result<_, Error>>()?;
        Ok(RegisteredEntries { grant_id, entries })
    }

    /// Looks for single objects that a URL was released for before: a client that was killed may have
    /// sent them without saying so.
    async fn take_up(
        &self,
        mandate: &Mandate,
        entries: &[NewEntry],
        plans: &mut [Plan],
    ) -> Result<(), Error> {
        let mut again: HashMap<ObjectId, ObjectRow> = HashMap::new();
        for (entry, plan) in entries.iter().zip(plans.iter()) {
            if let Plan::Again(id) = *plan {
                again.insert(id, pending_row(mandate, entry, id)?);
            }
        }
        let rows = again.into_values().collect();
        let found = self.verify(mandate, rows, &|_| {}).await?;
        for plan in plans {
            if let Plan::Again(id) = *plan
                && let Some((object, verified_by)) = found.verified.get(&id)
            {
                *plan = Plan::Present(*object, *verified_by);
            }
        }
        Ok(())
    }

    /// Begins uploads of what goes up in parts, or takes up those that are open.
    async fn open_uploads(
        &self,
        mandate: &Mandate,
        entries: &[NewEntry],
        plans: &[Plan],
    ) -> Result<HashMap<ObjectId, UploadId>, Error> {
        let mut wanted = HashMap::new();
        for (entry, plan) in entries.iter().zip(plans) {
            let in_parts = matches!(Layout::of(entry.size_bytes), Some(Layout::Parts { .. }));
            if in_parts && !matches!(plan, Plan::Present(..)) {
                let id = plan.object();
                let object = ObjectToUpload {
                    id,
                    key: object_key(mandate, id)?,
                    size_bytes: entry.size_bytes,
                    digest: entry.digest,
                };
                wanted.insert(id, object);
            }
        }
        futures::stream::iter(wanted)
            .map(|(id, object)| async move {
                let upload = self
                    .parts
                    .broker
                    .open_object_upload(mandate, object)
                    .await?;
                Ok::<_, Error>((id, upload.id))
            })
            .buffer_unordered(PARALLEL_UPLOADS)
            .try_collect()
            .await
    }

    /// Releases URLs for what goes up in one PUT, each object once.
    async fn release_puts(
        &self,
        permit: &Permit<RegisterEntries>,
        mandate: &Mandate,
        plans: &[Plan],
        uploads: &HashMap<ObjectId, UploadId>,
    ) -> Result<(Option<GrantId>, HashMap<ObjectId, SignedRequest>), Error> {
        let mut wanted: Vec<(ObjectId, ObjectKey, u64, Sha256Digest)> = Vec::new();
        let mut seen = HashSet::new();
        for (entry, plan) in permit.op().entries.iter().zip(plans) {
            let id = plan.object();
            if let Digest::Sha256(sha256) = entry.digest
                && !matches!(plan, Plan::Present(..))
                && !uploads.contains_key(&id)
                && seen.insert(id)
            {
                wanted.push((id, object_key(mandate, id)?, entry.size_bytes, sha256));
            }
        }
        if wanted.is_empty() {
            return Ok((None, HashMap::new()));
        }
        let items = wanted
            .iter()
            .map(|(id, key, size, sha256)| Item::write_new(key, *id, *size, *sha256))
            .collect();
        let release = Release {
            version_id: Some(permit.op().version.id),
            reach: permit.op().reach,
            ..Release::new(UrlMethod::Put, items)
        };
        let released = self.parts.broker.release(mandate, release).await?;
        let (grant_id, expires_at, bound_by) =
            (released.grant_id, released.expires_at, released.bound_by);
        let requests = wanted
            .iter()
            .zip(released.into_each())
            .map(|((id, ..), url)| {
                let request = SignedRequest {
                    url: url.url,
                    headers: url.headers,
                    expires_at,
                    bound_by,
                };
                (*id, request)
            })
            .collect();
        Ok((Some(grant_id), requests))
    }
}

/// What a client is told to do for one entry.
fn told(
    plan: Plan,
    uploads: &HashMap<ObjectId, UploadId>,
    puts: &HashMap<ObjectId, SignedRequest>,
) -> Result<RegisteredEntry, Error> {
    let object_id = plan.object();
    if let Plan::Present(_, verified_by) = plan {
        return Ok(RegisteredEntry::Present {
            object_id,
            verified_by,
        });
    }
    if let Some(upload_id) = uploads.get(&object_id) {
        return Ok(RegisteredEntry::Parts {
            object_id,
            upload_id: *upload_id,
        });
    }
    let request = puts.get(&object_id).cloned().ok_or(Error::NotFound)?;
    Ok(RegisteredEntry::Put { object_id, request })
}

fn pending_row(mandate: &Mandate, entry: &NewEntry, id: ObjectId) -> Result<ObjectRow, Error> {
    Ok(ObjectRow {
        id,
        team_id: mandate.team().id,
        bucket_id: mandate.bucket().id,
        key: object_key(mandate, id)?,
        size_bytes: entry.size_bytes,
        digest: entry.digest,
        state: ObjectState::Pending,
        verified_by: None,
        created_by: mandate.caller().principal_id(),
    })
}
