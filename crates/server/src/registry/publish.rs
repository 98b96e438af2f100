//! Makes a verified draft readable: the manifest into the bucket, then one transaction.

use super::commit::holds;
use super::content::{content_sha256, sha256};
use super::manifest::{Manifest, ManifestEntry};
use super::{Error, Registry, manifest_key};
use crate::broker::Mandate;
use crate::db::registry::{self, DraftEntry, Published, VersionRow, alias, entry, name, version};
use crate::policy::{CommitVersion, Permit, VersionFacts};
use protocol::audit::Action;
use protocol::{Alias, Sha256Digest};
use std::collections::HashSet;
use std::sync::Arc;

const CONTENT_TYPE: &str = "application/json";

/// What is about to be published.
struct Publication {
    manifest: Arc<Manifest>,
    content: Sha256Digest,
    objects: u64,
    attempt: i64,
}

impl Registry {
    /// Publishes a draft whose objects are all verified, or settles it as equal to the newest version.
    pub(super) async fn publish(
        &self,
        permit: &Permit<CommitVersion>,
        attempt: i64,
        entries: Vec<DraftEntry>,
    ) -> Result<(), Error> {
        let facts = &permit.op().version;
        let publication = publication(entries, attempt)?;
        let mut connection = self.db().acquire().await?;
        let newest = version::newest(&mut connection, facts.collection_id).await?;
        drop(connection);
        if let Some(same) = newest.filter(|row| holds(row, facts.bucket_id, publication.content)) {
            self.record_commit(permit, &publication, Some(&same))
                .await?;
            if self.settle_same(permit, &publication).await? {
                return Ok(());
            }
        }
        // What goes into the bucket is the same whoever writes it: nothing in it changes any more
        let mandate = Mandate::of(permit)?;
        let key = manifest_key(&mandate, facts.id, attempt)?;
        let json = publication.manifest.to_json();
        let pin = sha256(&json);
        self.control(&mandate)?
            .put(&key, json.into(), pin, CONTENT_TYPE)
            .await
            .map_err(Error::of_bucket(mandate.bucket()))?;
        self.record_commit(permit, &publication, None).await?;

        let mut tx = self.db().begin().await?;
        let index = name::lock_collection(&mut tx, facts.collection_id)
            .await?
            .ok_or(Error::NotFound)?;
        let newest = version::newest(&mut tx, facts.collection_id).await?;
        if newest.is_some_and(|row| holds(&row, facts.bucket_id, publication.content)) {
            drop(tx);
            // Another draft with this content was published since
            self.settle_same(permit, &publication).await?;
            return Ok(());
        }
        let published = Published {
            id: facts.id,
            attempt,
            index,
            entry_count: count(publication.manifest.entries().len()),
            size_bytes: publication.manifest.size_bytes(),
            content_sha256: publication.content,
            manifest_key: &key,
            manifest_sha256: pin,
            committed_at: self.now(),
        };
        if !version::publish(&mut tx, &published).await? {
            // Another commit of it came first, or it was given up
            return Ok(());
        }
        name::advance_index(&mut tx, facts.collection_id).await?;
        if entry::publish_objects(&mut tx, facts.id).await? != publication.objects {
            return Err(Error::ContentMismatch(
                "an object of the version is being deleted; register and send it again".to_owned(),
            ));
        }
        entry::drop_all(&mut tx, facts.id).await?;
        set_aliases(&mut tx, facts, permit, facts.id).await?;
        registry::commit(tx).await?;
        self.manifests.insert(pin, &publication.manifest);
        Ok(())
    }

    /// Settles the draft as equal to the newest version. False when the newest is another by now.
    async fn settle_same(
        &self,
        permit: &Permit<CommitVersion>,
        publication: &Publication,
    ) -> Result<bool, Error> {
        let facts = &permit.op().version;
        let mut tx = self.db().begin().await?;
        name::lock_collection(&mut tx, facts.collection_id).await?;
        let newest = version::newest(&mut tx, facts.collection_id).await?;
        let Some(same) = newest.filter(|row| holds(row, facts.bucket_id, publication.content))
        else {
            return Ok(false);
        };
        let now = self.now();
        if version::settle_same(&mut tx, facts.id, publication.attempt, same.id, now).await? {
            entry::drop_all(&mut tx, facts.id).await?;
            set_aliases(&mut tx, facts, permit, same.id).await?;
            registry::commit(tx).await?;
        }
        Ok(true)
    }

    async fn record_commit(
        &self,
        permit: &Permit<CommitVersion>,
        publication: &Publication,
        same: Option<&VersionRow>,
    ) -> Result<(), Error> {
        let facts = &permit.op().version;
        let detail = match same {
            Some(same) => format!("equals `{}`", same.id),
            None => format!(
                "{} entries, {} bytes, content {}",
                publication.manifest.entries().len(),
                publication.manifest.size_bytes(),
                publication.content
            ),
        };
        self.record(permit, Action::ArtifactCommit, facts, Some(detail))
            .await
    }
}

fn publication(entries: Vec<DraftEntry>, attempt: i64) -> Result<Publication, Error> {
    let objects: HashSet<_> = entries.iter().map(|entry| entry.object_id).collect();
    let objects = count(objects.len());
    let entries = entries
        .into_iter()
        .map(|entry| {
            Ok(ManifestEntry {
                path: entry.path,
                size_bytes: entry.size_bytes,
                digest: entry.digest,
                object_id: entry.object_id,
                verified_by: entry.verified_by.ok_or(crate::db::Error::Corrupt {
                    column: "verified_by",
                })?,
            })
        })
        .collect::<Result<_, Error>>()?;
    let manifest = Manifest::new(entries);
    let lines = manifest.entries().iter();
    Ok(Publication {
        content: content_sha256(lines.map(|entry| (&entry.path, &entry.digest))),
        manifest: Arc::new(manifest),
        objects,
        attempt,
    })
}

/// `latest` and what was asked for name the version from now on.
async fn set_aliases(
    tx: &mut crate::db::Tx,
    facts: &VersionFacts,
    permit: &Permit<CommitVersion>,
    version: protocol::id::VersionId,
) -> Result<(), Error> {
    alias::set(tx, facts.collection_id, Alias::LATEST, version).await?;
    for alias in &permit.op().commit.aliases {
        alias::set(tx, facts.collection_id, alias.as_str(), version).await?;
    }
    Ok(())
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
