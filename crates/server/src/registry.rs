//! Projects, collections, versions, aliases: what a team calls its data, and the content behind it.
//!
//! A version begins as a draft. Its entries are registered with sizes and digests; what the index
//! knows is not uploaded again, for the rest URLs are released. The commit looks into the bucket for
//! what is not verified yet, writes the manifest, and makes the version readable, for good. Content
//! is shared by the versions of a team; collection deletes what no version and no draft needs.

pub mod cache;
pub mod content;
pub mod manifest;

mod alias;
mod collect;
mod commit;
mod delete;
mod download;
mod draft;
mod entries;
mod look;
mod plan;
mod publish;
mod read;
mod running;
#[cfg(test)]
mod tests;
mod verify;

pub use collect::Collected;
pub use commit::CommitAnswer;

pub use crate::broker::Error;

use crate::broker::{Broker, Mandate};
use crate::clock::Clock;
use crate::db::Db;
use crate::ids::IdMaker;
use crate::ledger::Ledger;
use crate::policy::{Operation, Permit, VersionFacts};
use crate::stores::{Control, Stores};
use protocol::audit::{Action, Event};
use protocol::id::{ObjectId, VersionId};
use protocol::{ObjectKey, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// A draft is given up when nothing was registered or verified for this long.
pub(crate) const DRAFT_LIFE: Duration = Duration::from_hours(7 * 24);

/// How long nothing deletes an object that a URL was released for or that a draft began to count on:
/// longer than any URL and any upload lives.
pub(crate) const LEASE: Duration = Duration::from_hours(25);

/// The most entries in one version.
pub const MAX_ENTRIES: u64 = 500_000;

/// The largest manifest that is read back, in bytes.
const MAX_MANIFEST_BYTES: u64 = 1 << 30;

/// What can be set.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long a commit is waited for before its progress is answered.
    pub commit_wait: Duration,
    /// The most memory for parsed manifests, in bytes.
    pub manifest_cache_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            commit_wait: Duration::from_secs(20),
            manifest_cache_bytes: 32 << 20,
        }
    }
}

/// What the registry works with.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The database.
    pub db: Db,
    /// Signs URLs and runs uploads.
    pub broker: Arc<Broker>,
    /// Control requests to buckets.
    pub stores: Arc<Stores>,
    /// Records what is decided.
    pub ledger: Arc<Ledger>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<IdMaker>,
}

/// The use cases of the artifact registry. Each takes the permit that allows it.
#[derive(Debug)]
pub struct Registry {
    parts: Parts,
    settings: Settings,
    manifests: cache::ManifestCache,
    commits: running::Commits,
    tracker: TaskTracker,
}

impl Registry {
    /// A registry over these parts.
    pub fn new(parts: Parts, settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            parts,
            settings,
            manifests: cache::ManifestCache::new(settings.manifest_cache_bytes),
            commits: running::Commits::default(),
            tracker: TaskTracker::new(),
        })
    }

    /// Waits for the commits that are going on.
    pub async fn shutdown(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    fn db(&self) -> &Db {
        &self.parts.db
    }

    fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    /// Control requests to the bucket of a mandate.
    fn control(&self, mandate: &Mandate) -> Result<Arc<dyn Control>, Error> {
        self.parts
            .stores
            .control(mandate.bucket())
            .map_err(Error::of_bucket(mandate.bucket()))
    }

    /// Records what a permit allows to do with a version, while it still allows it.
    async fn record<Op: Operation>(
        &self,
        permit: &Permit<Op>,
        action: Action,
        facts: &VersionFacts,
        detail: Option<String>,
    ) -> Result<(), Error> {
        let caller = permit.caller();
        let event = Event {
            id: self.parts.ids.make(),
            at: self.now(),
            action,
            actor: Some(caller.actor()),
            network: caller.network().map(|network| network.to_string()),
            request_id: Some(caller.request_id().to_string()),
            team_id: Some(facts.team.id),
            team: Some(facts.team.name.clone()),
            operation: Some(permit.op().name().to_owned()),
            rule: None,
            grant: None,
            upload_id: None,
            version_id: Some(facts.id),
            subject: Some(read::subject(facts)),
            detail,
        };
        Ok(self
            .parts
            .ledger
            .record(event, Some(permit.recheck()))
            .await?)
    }
}

/// The key of an object's content: `<team root>objects/<object id>`.
fn object_key(mandate: &Mandate, object: ObjectId) -> Result<ObjectKey, Error> {
    key(mandate, &format!("objects/{object}"))
}

/// The key of a version's manifest: `<team root>manifests/<version id>.json`. Each commit that was
/// given up leaves its name behind, so that what it may still be writing is not what a later one pins.
fn manifest_key(mandate: &Mandate, version: VersionId, attempt: i64) -> Result<ObjectKey, Error> {
    if attempt == 0 {
        key(mandate, &format!("manifests/{version}.json"))
    } else {
        key(mandate, &format!("manifests/{version}-{attempt}.json"))
    }
}

fn key(mandate: &Mandate, rest: &str) -> Result<ObjectKey, Error> {
    ObjectKey::under(&mandate.root(), rest)
        .map_err(|error| Error::Conflict(format!("the bucket's prefix is too long: {error}")))
}
