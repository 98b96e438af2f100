//! What the live check of a bucket found.

use super::{Capabilities, Origin};
use crate::name::BucketName;
use crate::time::Timestamp;

/// How one probe went.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Verdict {
    /// As it must be.
    Ok,
    /// Not tried, as it does not apply or something before it failed.
    Skipped,
    /// It works, but not as well or as safely as it could.
    Warning,
    /// Transfers or their safety do not work.
    Failed,
}

/// One thing that was tried on the live store.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Probe {
    /// Stable name of what was tried.
    pub name: String,
    /// How it went.
    pub verdict: Verdict,
    /// What was seen: status, code and the store's request id. Never a URL.
    pub evidence: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// `POST /v1/buckets/{bucket}/verify`: checks a bucket on its live store.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VerifyBucket {
    /// Origins of web pages that use the bucket, besides those that the server's operator has set. At
    /// most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<Origin>,
}

/// What the check of a bucket found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VerifyReport {
    /// The bucket.
    pub bucket: BucketName,
    /// When it was checked.
    pub checked_at: Timestamp,
    /// The worst of the probes' verdicts; what was skipped counts as `ok`.
    pub verdict: Verdict,
    /// What was tried, in order.
    pub probes: Vec<Probe>,
    /// What the store was proven to do; absent when too little of it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Capabilities>,
}
