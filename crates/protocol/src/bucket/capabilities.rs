//! What a bucket's store was proven to do.

use crate::time::Timestamp;

/// What the live check proved of a bucket. What was not proven is not claimed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is proven or not on its own"
)]
pub struct Capabilities {
    /// When it was checked.
    pub checked_at: Timestamp,
    /// What keeps a team's credential out of other teams' roots.
    pub isolation: Isolation,
    /// By what a line in the store's log leads to its grant.
    pub attribution: Attribution,
    /// Who can hold a URL to a network.
    pub network: NetworkControl,
    /// Whether the store refuses bytes whose SHA-256 is not the one that the URL is bound to.
    pub binds_sha256: bool,
    /// The same for each part of an upload.
    pub binds_part_sha256: bool,
    /// Whether the store refuses a body of another length than the URL is bound to.
    pub binds_length: bool,
    /// Whether a URL can be signed that writes only where nothing is yet.
    pub writes_once: bool,
    /// Whether large objects can go up in parts.
    pub multipart: bool,
    /// The longest life of an upload URL that the credential can give, in seconds.
    pub longest_upload_url_seconds: u32,
    /// The age in seconds after which the bucket's own policy refuses a signature.
    pub max_signature_age_seconds: Option<u32>,
}

/// What keeps a team's credential out of other teams' roots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Isolation {
    /// The store: the credential that signs for a team opens its root alone.
    Store,
    /// Signet alone: one credential signs for every team in the bucket.
    BrokerOnly,
}

/// By what a line in the store's log leads to the grant behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Attribution {
    /// A signed parameter of the URL, which the store's log keeps.
    SignedParameter,
    /// A signed parameter that the store writes into its audit log.
    AuditParameter,
    /// The correlation id of a user delegation SAS.
    CorrelationId,
    /// Key, method, time and credential together: the store takes no id of ours.
    JoinOnly,
}

/// Who can hold a URL to the network that it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum NetworkControl {
    /// The store, for each URL on its own.
    Store,
    /// The store, for the whole bucket, by its policy.
    BucketPolicy,
    /// Signet alone, when it is asked for the URL.
    BrokerOnly,
}
