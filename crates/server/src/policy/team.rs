//! What is owned.

use protocol::admin::{LimitRule, State};
use protocol::bucket::{AudienceEndpoints, Capabilities, PlanKind, StorePlace};
use protocol::id::{BucketId, TeamId};
use protocol::{BucketName, Network, TeamName, Timestamp};
use std::sync::Arc;

/// What is known of a team at one revision of the directory.
#[derive(Debug, Clone, PartialEq)]
pub struct TeamFacts {
    /// The team.
    pub id: TeamId,
    /// Its name.
    pub name: TeamName,
    /// Whether it may be used.
    pub state: State,
    /// True for a user's own team.
    pub personal: bool,
    /// The bucket that the team chose; `None`: the instance's default.
    pub own_bucket: Option<BucketId>,
    /// The bucket in force: its own, else the instance's default, if there is one.
    pub bucket: Option<Arc<BucketFacts>>,
    /// The networks that its data may be asked for from; none: all.
    pub allowed_networks: Box<[Network]>,
    /// All limits set on it, merged to the narrowest.
    pub limits: LimitRule,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What is known of a bucket at one revision of the directory.
#[derive(Clone, PartialEq)]
pub struct BucketFacts {
    /// The bucket.
    pub id: BucketId,
    /// The name it is registered under.
    pub name: BucketName,
    /// Where it is.
    pub place: StorePlace,
    /// Other addresses of the store, by who reaches it there.
    pub endpoints: AudienceEndpoints,
    /// What all keys begin with; empty, or ends in `/`.
    pub prefix: Box<str>,
    /// Whether it may be used.
    pub state: State,
    /// True for the bucket of teams that have none.
    pub default: bool,
    /// Where its credential comes from.
    pub plan: PlanKind,
    /// Whom the credential stands for.
    pub identity: Box<str>,
    /// The external id of plans that assume a role.
    pub external_id: Option<Box<str>>,
    /// The whole plan, sealed; see `stores::seal`.
    pub sealed_plan: Box<[u8]>,
    /// Changes with each change of the credential; part of what the seal is bound to.
    pub credential_revision: i64,
    /// What its store was proven to do; `None` until it was verified.
    pub capabilities: Option<Capabilities>,
    /// The networks that what is in it may be asked for from; none: all.
    pub allowed_networks: Box<[Network]>,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for BucketFacts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BucketFacts")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl BucketFacts {
    /// What every key of this team in this bucket begins with: `<prefix><team id>/`.
    pub fn team_root(&self, team: TeamId) -> String {
        format!("{}{team}/", self.prefix)
    }
}
