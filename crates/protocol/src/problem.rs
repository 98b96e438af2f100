//! How the API says no: problem details (RFC 9457) with stable codes.

/// A stable word for what went wrong; clients decide by it. Never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub enum ErrorCode {
    /// 401: no token, or one that is not known, revoked or expired.
    Unauthenticated,
    /// 403: the caller may know that it exists, but may not do this.
    Forbidden,
    /// 403: the caller is suspended.
    Suspended,
    /// 404: it does not exist, or the caller may not know that it does.
    NotFound,
    /// 409: somebody else was first, or a name is taken.
    Conflict,
    /// 409: what the bucket holds is not what was announced.
    ContentMismatch,
    /// 413: the body is larger than the route takes.
    TooLarge,
    /// 415, 400: the body cannot be read.
    Malformed,
    /// 422: a field has a value that it cannot have; `field` names it.
    Invalid,
    /// 429: too many requests; `Retry-After` says when.
    RateLimited,
    /// 403: a limit of the principal or team does not allow it.
    Limited,
    /// 502: the team's bucket answered with an error that has no code of its own.
    BucketError,
    /// 502: the store does not know the bucket's credential, or it has expired, or may not do this.
    BucketCredential,
    /// 502: the bucket does not exist in the store.
    BucketMissing,
    /// 502: the bucket is in another region, or at another endpoint.
    BucketRegion,
    /// 502: the clocks of the server and of the bucket's store differ.
    BucketClock,
    /// 502: the server may not connect to where the bucket's store is.
    BucketAddress,
    /// 429, 503: the bucket's store wants fewer requests; `Retry-After` says when.
    BucketThrottled,
    /// 503: the team's bucket cannot be reached.
    BucketUnavailable,
    /// 503: the decision could not be recorded, so nothing was released.
    AuditUnavailable,
    /// 503: what is known about who may do what is too old to decide by.
    DirectoryStale,
    /// 503: the server is overloaded or shutting down.
    Unavailable,
    /// 504: it took too long.
    Timeout,
    /// 500: a fault of ours; `request_id` finds it in the log.
    Internal,
}

impl ErrorCode {
    /// The code as it stands in a body.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::Suspended => "suspended",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::ContentMismatch => "content-mismatch",
            Self::TooLarge => "too-large",
            Self::Malformed => "malformed",
            Self::Invalid => "invalid",
            Self::RateLimited => "rate-limited",
            Self::Limited => "limited",
            Self::BucketError => "bucket-error",
            Self::BucketCredential => "bucket-credential",
            Self::BucketMissing => "bucket-missing",
            Self::BucketRegion => "bucket-region",
            Self::BucketClock => "bucket-clock",
            Self::BucketAddress => "bucket-address",
            Self::BucketThrottled => "bucket-throttled",
            Self::BucketUnavailable => "bucket-unavailable",
            Self::AuditUnavailable => "audit-unavailable",
            Self::DirectoryStale => "directory-stale",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Internal => "internal",
        }
    }
}

/// The body of every answer that is not a success, as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: ErrorCode,
    /// What happened and the way out, for a person.
    pub detail: String,
    /// The field at fault, as a path into the body: `keys[3]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Finds the request in the server's log and in the ledger.
    pub request_id: String,
}
