//! Events and grants as the ledger tells them.

use crate::id::{
    BucketId, EventId, GrantId, LaneId, ObjectId, PrincipalId, TeamId, TokenId, UploadId, VersionId,
};
use crate::name::{PrincipalName, TeamName};
use crate::network::Network;
use crate::time::Timestamp;
use crate::transfer::BoundBy;

macro_rules! actions {
    ($($(#[$meta:meta])* $name:ident $text:literal;)*) => {
        /// What an event is about, as `thing:verb`. Never renamed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[non_exhaustive]
        pub enum Action {
            $($(#[$meta])* #[serde(rename = $text)] $name,)*
        }

        impl Action {
            /// Every action, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The action as it stands in a body.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }

        impl std::str::FromStr for Action {
            type Err = crate::ParseError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$name),)*
                    _ => Err(crate::error::Fault::Form { expected: "an action, as `url:issue`" }.of("action")),
                }
            }
        }
    };
}

actions! {
    /// URLs were released.
    UrlIssue "url:issue";
    /// A request of a known caller was refused.
    UrlDeny "url:deny";
    /// Requests without a known caller were refused; counted per network and minute.
    AuthFail "auth:fail";
    /// An upload in parts was begun.
    UploadBegin "upload:begin";
    /// An upload was completed and verified.
    UploadComplete "upload:complete";
    /// An upload was aborted.
    UploadAbort "upload:abort";
    /// A version was begun.
    ArtifactCreate "artifact:create";
    /// A version was committed.
    ArtifactCommit "artifact:commit";
    /// A version was deleted.
    ArtifactDelete "artifact:delete";
    /// An alias was moved or taken away.
    ArtifactAlias "artifact:alias";
    /// A user was made.
    UserCreate "user:create";
    /// A principal was suspended.
    PrincipalSuspend "principal:suspend";
    /// A principal was reinstated.
    PrincipalReinstate "principal:reinstate";
    /// A principal was removed.
    PrincipalRemove "principal:remove";
    /// A service account was made.
    ServiceAccountCreate "service-account:create";
    /// A team was made.
    TeamCreate "team:create";
    /// A team was changed.
    TeamUpdate "team:update";
    /// A membership was made or its role changed.
    MembershipSet "membership:set";
    /// A membership was ended.
    MembershipRemove "membership:remove";
    /// A token was made.
    TokenCreate "token:create";
    /// A token was brought along.
    TokenImport "token:import";
    /// A token was revoked.
    TokenRevoke "token:revoke";
    /// A bucket was registered.
    BucketCreate "bucket:create";
    /// A bucket was checked on its live store.
    BucketVerify "bucket:verify";
    /// A bucket's registration was changed.
    BucketUpdate "bucket:update";
    /// A bucket was removed.
    BucketRemove "bucket:remove";
    /// A limit was set.
    LimitSet "limit:set";
    /// A limit was lifted.
    LimitRemove "limit:remove";
    /// The ledger was read or verified by an administrator.
    AuditRead "audit:read";
    /// Objects that nothing needed were deleted from a bucket.
    ObjectCollect "object:collect";
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Actor {
    /// The principal.
    pub principal_id: PrincipalId,
    /// Its name at the time.
    pub name: PrincipalName,
    /// The token that the request came with.
    pub token_id: TokenId,
}

/// An entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// The event.
    pub id: EventId,
    /// When it was decided.
    pub at: Timestamp,
    /// What it is about.
    pub action: Action,
    /// Who did it; absent for the server itself and for unknown callers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// The network address that the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The request; finds it in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The team that owns what it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<TeamId>,
    /// The team's name at the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<TeamName>,
    /// The operation that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// For a denial: the rule that said no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// For released URLs: the grant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<Grant>,
    /// The upload that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_id: Option<UploadId>,
    /// The version that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<VersionId>,
    /// What it is about, for administration: a name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What else there is to know, in words or counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Event {
    /// An event of nobody about nothing, to be filled in.
    pub fn new(id: EventId, at: Timestamp, action: Action) -> Self {
        Self {
            id,
            at,
            action,
            actor: None,
            network: None,
            request_id: None,
            team_id: None,
            team: None,
            operation: None,
            rule: None,
            grant: None,
            upload_id: None,
            version_id: None,
            subject: None,
            detail: None,
        }
    }
}

/// The recorded decision that released URLs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Grant {
    /// The grant; each of its URLs carries it as the signed parameter `x-grant`.
    pub id: GrantId,
    /// The bucket that the URLs open.
    pub bucket_id: BucketId,
    /// The HTTP method of the URLs.
    pub method: String,
    /// The access key id that signed them.
    pub access_key_id: String,
    /// When the URLs begin to be valid: the time in the signature.
    pub signed_at: Timestamp,
    /// When the stores stop to accept them.
    pub expires_at: Timestamp,
    /// What bounded `expires_at`.
    pub bound_by: BoundBy,
    /// The whole keys in the container, in the order released.
    pub keys: Vec<String>,
    /// For parts: their numbers, all of `keys[0]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<u32>,
    /// The objects that `keys` are, where the server made the keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ObjectId>,
    /// The network that the store takes the URLs from, where they were held to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_to: Option<Network>,
}

impl Grant {
    /// How many URLs it released.
    pub fn url_count(&self) -> usize {
        self.keys.len().max(self.parts.len())
    }
}

/// A grant with what is around it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GrantRecord {
    /// When it was decided.
    pub at: Timestamp,
    /// The event that recorded it.
    pub event_id: EventId,
    /// Who it was released to.
    pub actor: Actor,
    /// The team that owns the objects.
    pub team: TeamName,
    /// The grant.
    pub grant: Grant,
}

/// What verifying the chains of the ledger said.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LedgerVerification {
    /// True when every lane's chain is whole.
    pub intact: bool,
    /// One a lane, oldest first.
    pub lanes: Vec<LaneVerification>,
}

/// What verifying one lane said.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LaneVerification {
    /// The lane.
    pub lane_id: LaneId,
    /// Number of segments read.
    pub segments: u64,
    /// Number of events in them.
    pub events: u64,
    /// Hash of the last segment: note it elsewhere to notice a cut tail.
    pub head: String,
    /// The first fault found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}
