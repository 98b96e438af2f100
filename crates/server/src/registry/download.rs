//! Download URLs for the entries of committed versions, in pages.

use super::content::sha256;
use super::manifest::Manifest;
use super::{Error, MAX_MANIFEST_BYTES, Registry, object_key};
use crate::broker::{Item, Mandate, Release};
use crate::db::registry::{VersionPhase, VersionRow};
use crate::policy::{DownloadVersion, Permit};
use protocol::artifact::{EntryUrl, EntryUrls};
use protocol::transfer::{BoundBy, MAX_BATCH, UrlMethod};
use std::sync::Arc;

impl Registry {
    /// One page of a version's entries, sorted by path, with URLs that one grant released.
    ///
    /// # Errors
    /// When the version is not readable any more, or its manifest is not what was committed.
    pub async fn download(&self, permit: Permit<DownloadVersion>) -> Result<EntryUrls, Error> {
        let op = permit.op();
        let facts = &op.version;
        let mut row = self.row(facts.id).await?.ok_or(Error::NotFound)?;
        if let (VersionPhase::Same, Some(same)) = (row.phase, row.same_as) {
            row = self.row(same).await?.ok_or(Error::NotFound)?;
        }
        let (VersionPhase::Committed, Some(index)) = (row.phase, row.index) else {
            return Err(Error::NotFound);
        };
        let mandate = Mandate::of(&permit)?;
        if row.bucket_id != mandate.bucket().id {
            return Err(Error::Conflict(
                "the version is in a bucket that is no longer the team's".to_owned(),
            ));
        }
        let manifest = self.manifest(&mandate, &row).await?;
        let (entries, more) = manifest.page(op.after.as_deref(), MAX_BATCH);
        let next = entries
            .last()
            .filter(|_| more)
            .map(|entry| entry.path.to_string());
        let mut answer = EntryUrls {
            version_id: row.id,
            index,
            entry_count: row.entry_count,
            size_bytes: row.size_bytes,
            grant_id: None,
            expires_at: self.now(),
            bound_by: BoundBy::Operation,
            entries: Vec::with_capacity(entries.len()),
            next,
        };
        if entries.is_empty() {
            return Ok(answer);
        }
        let objects = entries
            .iter()
            .map(|entry| Ok((entry.object_id, object_key(&mandate, entry.object_id)?)))
            .collect::<Result<Vec<_>, Error>>()?;
        let items = objects
            .iter()
            .map(|(id, key)| Item::read(key, Some(*id)))
            .collect();
        let release = Release {
            ttl_seconds: op.ttl_seconds,
            reach: op.reach,
            version_id: Some(row.id),
            ..Release::new(UrlMethod::Get, items)
        };
        let issued = self.parts.broker.release(&mandate, release).await?;
        answer.grant_id = Some(issued.grant_id);
        answer.expires_at = issued.expires_at;
        answer.bound_by = issued.bound_by;
        answer.entries = entries
            .iter()
            .zip(issued.into_each())
            .map(|(entry, released)| EntryUrl {
                path: entry.path.clone(),
                size_bytes: entry.size_bytes,
                digest: entry.digest,
                verified_by: entry.verified_by,
                url: released.url,
            })
            .collect();
        Ok(answer)
    }

    /// The manifest that a committed version is pinned to.
    async fn manifest(&self, mandate: &Mandate, row: &VersionRow) -> Result<Arc<Manifest>, Error> {
        let (Some(pin), Some(key)) = (row.manifest_sha256, &row.manifest_key) else {
            return Err(Error::NotFound);
        };
        if let Some(manifest) = self.manifests.find(pin) {
            return Ok(manifest);
        }
        let json = self
            .control(mandate)?
            .get(key, MAX_MANIFEST_BYTES)
            .await
            .map_err(Error::of_bucket(mandate.bucket()))?
            .ok_or_else(|| altered("is gone from"))?;
        if sha256(&json) != pin {
            return Err(altered("was changed in"));
        }
        let manifest =
            Arc::new(Manifest::parse(&json).map_err(|_| altered("cannot be read from"))?);
        self.manifests.insert(pin, &manifest);
        Ok(manifest)
    }
}

fn altered(what: &str) -> Error {
    Error::ContentMismatch(format!(
        "the manifest of this version {what} the bucket; ask an administrator to restore it"
    ))
}
