//! Deletes from the buckets what nothing needs any more.
//!
//! An object is doomed first, in the database, by a statement that sees that nothing counts on it
//! and no lease holds it; only then are its bytes deleted, and last its row. Whoever fails between
//! these is continued by the next run. Nobody can begin to count on a doomed object.

use super::{Error, Registry};
use crate::db::registry::{self, ObjectRow, ObjectState, entry, object, version};
use crate::policy::BucketFacts;
use futures::StreamExt as _;
use protocol::admin::State;
use protocol::audit::{Action, Event};
use protocol::id::{BucketId, TeamId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rows looked at together.
const PAGE: u32 = 500;
/// Deletions at a time.
const PARALLEL: usize = 16;

/// An object and the bucket that it is in.
type Placed = (Arc<BucketFacts>, ObjectRow);

/// What was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// Drafts that expired.
    pub drafts: u64,
    /// Objects deleted from their buckets.
    pub objects: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Manifests deleted from their buckets.
    pub manifests: u64,
    /// Objects and manifests whose buckets did not delete them; the next run tries again.
    pub failed: u64,
}

impl Registry {
    /// Gives expired drafts up and deletes what nothing needs, in all buckets that `bucket` knows and
    /// that are in use.
    ///
    /// # Errors
    /// When the database or the ledger fails. What a bucket refuses is counted.
    pub async fn collect(
        &self,
        bucket: impl Fn(BucketId) -> Option<Arc<BucketFacts>> + Send + Sync,
    ) -> Result<Collected, Error> {
        let in_use = |id| bucket(id).filter(|bucket| bucket.state == State::Active);
        let mut collected = Collected::default();
        self.expire_drafts(&mut collected).await?;
        let mut after = String::new();
        loop {
            let rows = object::collectable(self.db(), &after, self.now(), PAGE).await?;
            let Some(last) = rows.last() else {
                break;
            };
            after = last.id.to_string();
            let rows: Vec<_> = rows
                .into_iter()
                .filter_map(|row| in_use(row.bucket_id).map(|bucket| (bucket, row)))
                .collect();
            self.collect_objects(rows, &mut collected).await?;
        }
        self.collect_manifests(&in_use, &mut collected).await?;
        Ok(collected)
    }

    async fn expire_drafts(&self, collected: &mut Collected) -> Result<(), Error> {
        let now = self.now();
        loop {
            let expired = version::expired_drafts(self.db(), now, PAGE).await?;
            if expired.is_empty() {
                return Ok(());
            }
            for id in expired {
                let mut tx = self.db().begin().await?;
                if version::abandon(&mut tx, id, Some(now)).await? {
                    entry::drop_all(&mut tx, id).await?;
                    registry::commit(tx).await?;
                    collected.drafts += 1;
                }
            }
        }
    }

    async fn collect_objects(
        &self,
        rows: Vec<Placed>,
        collected: &mut Collected,
    ) -> Result<(), Error> {
        let mut doomed: BTreeMap<(TeamId, BucketId), Vec<Placed>> = BTreeMap::new();
        for (bucket, row) in rows {
            let is_doomed = row.state == ObjectState::Doomed
                || object::doom(self.db(), row.id, self.now()).await?;
            if is_doomed {
                let place = (row.team_id, row.bucket_id);
                doomed.entry(place).or_default().push((bucket, row));
            }
        }
        for ((team, _), rows) in doomed {
            self.record_collection(team, &rows).await?;
            let mut deletions = futures::stream::iter(rows)
                .map(|(bucket, row)| async move {
                    let control = self.parts.stores.control(&bucket)?;
                    control.delete(&row.key).await?;
                    Ok::<_, crate::stores::Error>(row)
                })
                .buffer_unordered(PARALLEL);
            while let Some(deleted) = deletions.next().await {
                match deleted {
                    Ok(row) => {
                        object::forget(self.db(), row.id).await?;
                        collected.objects += 1;
                        collected.bytes = collected.bytes.saturating_add(row.size_bytes);
                    }
                    Err(error) => {
                        tracing::warn!(%error, "an object that nothing needs was not deleted");
                        collected.failed += 1;
                    }
                }
            }
        }
        Ok(())
    }

    async fn collect_manifests(
        &self,
        in_use: &(dyn Fn(BucketId) -> Option<Arc<BucketFacts>> + Send + Sync),
        collected: &mut Collected,
    ) -> Result<(), Error> {
        let mut after = String::new();
        loop {
            let orphans = version::orphaned_manifests(self.db(), &after, PAGE).await?;
            let Some((last, ..)) = orphans.last() else {
                return Ok(());
            };
            after = last.to_string();
            for (id, bucket, key) in orphans {
                let Some(bucket) = in_use(bucket) else {
                    continue;
                };
                let deleted = match self.parts.stores.control(&bucket) {
                    Ok(control) => control.delete(&key).await,
                    Err(error) => Err(error),
                };
                match deleted {
                    Ok(()) => {
                        version::forget_manifest(self.db(), id).await?;
                        collected.manifests += 1;
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the manifest of a deleted version was not deleted");
                        collected.failed += 1;
                    }
                }
            }
        }
    }

    /// The store's own log will show these deletions; the event explains them.
    async fn record_collection(&self, team: TeamId, rows: &[Placed]) -> Result<(), Error> {
        let Some((bucket, _)) = rows.first() else {
            return Ok(());
        };
        let ids: Vec<String> = rows.iter().map(|(_, row)| row.id.to_string()).collect();
        let event = Event {
            id: self.parts.ids.make(),
            at: self.now(),
            action: Action::ObjectCollect,
            actor: None,
            network: None,
            request_id: None,
            team_id: Some(team),
            team: None,
            operation: None,
            rule: None,
            grant: None,
            upload_id: None,
            version_id: None,
            subject: Some(bucket.name.to_string()),
            detail: Some(ids.join(" ")),
        };
        Ok(self.parts.ledger.record(event, None).await?)
    }
}
