//! Bodies of administration: principals, teams, memberships, tokens, buckets, limits.

use crate::digest::Sha256Digest;
use crate::id::{LimitId, PrincipalId, TeamId, TokenId};
use crate::name::{BucketName, PrincipalName, TeamName};
use crate::network::Network;
use crate::role::Role;
use crate::time::Timestamp;

/// Whether a principal, team or bucket may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum State {
    /// In use.
    Active,
    /// Stopped for now; everything is refused.
    Suspended,
    /// Gone; kept for the record.
    Removed,
}

impl State {
    /// The word as it stands in a body.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Removed => "removed",
        }
    }
}

/// A person or a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PrincipalKind {
    /// A person.
    User,
    /// A workload, made and owned by a team.
    ServiceAccount,
}

/// A user or service account.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Principal {
    /// The principal.
    pub id: PrincipalId,
    /// A person or a workload.
    pub kind: PrincipalKind,
    /// Unique in the instance.
    pub name: PrincipalName,
    /// Whether it may be used.
    pub state: State,
    /// May administer the instance.
    pub instance_admin: bool,
    /// For a service account: the team that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_team: Option<TeamName>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// `GET /v1/me`: who the caller is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    /// The caller.
    pub principal: Principal,
    /// The token that the request came with.
    pub token_id: TokenId,
    /// The caller's memberships.
    pub memberships: Vec<Membership>,
}

/// `POST /v1/users`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewUser {
    /// Unique in the instance, among users, service accounts and teams.
    pub name: PrincipalName,
    /// May administer the instance.
    #[serde(default)]
    pub instance_admin: bool,
}

/// `POST /v1/teams/{team}/service-accounts`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewServiceAccount {
    /// Unique in the instance.
    pub name: PrincipalName,
    /// Its role in the team that owns it.
    pub role: Role,
}

/// What a suspended principal was granted and is still alive.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Suspension {
    /// The principal, now suspended.
    pub principal: Principal,
    /// Uploads in parts that were aborted in the store.
    pub aborted_uploads: u64,
    /// Uploads that the store would not abort; the sweeper tries again.
    pub failed_aborts: u64,
    /// Number of URLs released to the principal that the stores still accept.
    pub live_urls: u64,
    /// Number of grants that released them.
    pub live_grants: u64,
    /// When the last of them expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_expires_at: Option<Timestamp>,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Team {
    /// The team.
    pub id: TeamId,
    /// Unique in the instance.
    pub name: TeamName,
    /// Whether it may be used.
    pub state: State,
    /// True for a user's own team.
    pub personal: bool,
    /// The team's bucket; without one, the instance's default bucket is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<BucketName>,
    /// The networks that its data may be asked for from; none: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_networks: Vec<Network>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// `POST /v1/teams`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewTeam {
    /// Unique in the instance.
    pub name: TeamName,
    /// The team's bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<BucketName>,
}

/// `PATCH /v1/teams/{team}`: what is given is changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TeamChange {
    /// The team's bucket from now on; only while the team has no objects elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<BucketName>,
    /// Suspends or reinstates the team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// The networks that the team's data may be asked for from, at most 100; `[]`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_networks: Option<Vec<Network>>,
}

/// A principal's role in a team.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Membership {
    /// The team.
    pub team: TeamName,
    /// The principal.
    pub principal: PrincipalName,
    /// A person or a workload.
    pub kind: PrincipalKind,
    /// What it may do.
    pub role: Role,
}

/// `PUT /v1/teams/{team}/members/{principal}`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetRole {
    /// What the principal may do from now on.
    pub role: Role,
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Token {
    /// The token.
    pub id: TokenId,
    /// Whose it is.
    pub principal: PrincipalName,
    /// What it is for, in its owner's words.
    pub label: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// Who brought it along, when Signet did not make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_by: Option<PrincipalName>,
}

/// `POST /v1/tokens` and `POST /v1/service-accounts/{name}/tokens`.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewToken {
    /// What it is for; at most 200 bytes.
    #[serde(default)]
    pub label: String,
    /// Life in seconds; without it the token lives until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u64>,
}

/// A new token with its secret, which is shown this once.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IssuedToken {
    /// The token.
    pub token: Token,
    /// What to send as `Authorization: Bearer`.
    pub secret: String,
}

impl std::fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedToken")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// `POST /v1/tokens/import`: brings an existing API key along.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportToken {
    /// The key: at least 40 characters, with enough entropy.
    pub secret: String,
    /// What it is for.
    #[serde(default)]
    pub label: String,
}

impl std::fmt::Debug for ImportToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImportToken")
            .field("label", &self.label)
            .finish_non_exhaustive()
    }
}

/// `POST /v1/users/{user}/tokens/import`: an instance admin brings a user's key along by its hash.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportTokenHash {
    /// SHA-256 of the key's text.
    pub sha256: Sha256Digest,
    /// What it is for.
    #[serde(default)]
    pub label: String,
}

/// Whom a limit binds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LimitSubject {
    /// A user or service account, in all its teams.
    Principal(PrincipalName),
    /// A team, for all its members.
    Team(TeamName),
}

/// What a limit allows at most. What is absent is not narrowed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LimitRule {
    /// The longest life of a URL, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ttl_seconds: Option<u32>,
    /// The most URLs in a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urls_per_minute: Option<u32>,
    /// The largest object that may be uploaded, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_object_bytes: Option<u64>,
    /// True: nothing may be uploaded, changed or deleted.
    #[serde(default)]
    pub read_only: bool,
    /// True: nothing may be downloaded.
    #[serde(default)]
    pub no_download: bool,
    /// The networks that data may be asked for from, 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_networks: Option<Vec<Network>>,
}

/// A rule that narrows what a principal or team may do.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Limit {
    /// The limit.
    pub id: LimitId,
    /// Whom it binds.
    pub subject: LimitSubject,
    /// What it allows at most.
    pub rule: LimitRule,
    /// When it was set.
    pub created_at: Timestamp,
}

/// `POST /v1/limits`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewLimit {
    /// Whom it binds.
    pub subject: LimitSubject,
    /// What it allows at most.
    pub rule: LimitRule,
}
