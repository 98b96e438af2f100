//! What can go wrong with a store. Holds no URL, no signature and nothing else that a store sent but
//! its error code, its request id and how long to wait.

mod kind;

pub use kind::Kind;

use super::{Forbidden, NoCredential, seal, setup};
use protocol::bucket::{Audience, PlanKind};
use std::time::Duration;

/// A request to a store, by S3's name for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StoreOperation {
    /// Begins an upload in parts.
    CreateMultipartUpload,
    /// Sends a part.
    UploadPart,
    /// Lists the parts of an upload.
    ListParts,
    /// Puts the parts together.
    CompleteMultipartUpload,
    /// Drops the parts.
    AbortMultipartUpload,
    /// Reads the bucket's policy.
    GetBucketPolicy,
    /// Lists the uploads that are open.
    ListMultipartUploads,
    /// Lists objects.
    ListObjects,
    /// Reads an object's size and checksums.
    HeadObject,
    /// Reads an object.
    GetObject,
    /// Writes an object.
    PutObject,
    /// Deletes an object.
    DeleteObject,
}

impl StoreOperation {
    /// S3's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateMultipartUpload => "CreateMultipartUpload",
            Self::UploadPart => "UploadPart",
            Self::ListParts => "ListParts",
            Self::CompleteMultipartUpload => "CompleteMultipartUpload",
            Self::AbortMultipartUpload => "AbortMultipartUpload",
            Self::GetBucketPolicy => "GetBucketPolicy",
            Self::ListMultipartUploads => "ListMultipartUploads",
            Self::ListObjects => "ListObjectsV2",
            Self::HeadObject => "HeadObject",
            Self::GetObject => "GetObject",
            Self::PutObject => "PutObject",
            Self::DeleteObject => "DeleteObject",
        }
    }
}

impl StoreOperation {
    /// Whether "there is none" is an answer, and no error. Azure's lists of blocks are of one blob.
    pub(super) fn asks_for_one_object(self) -> bool {
        matches!(self, Self::HeadObject | Self::GetObject | Self::ListParts)
    }
}

impl std::fmt::Display for StoreOperation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A store could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bucket's credential cannot be opened.
    #[error("the bucket's secret access key {0}")]
    Sealed(#[from] seal::Error),
    /// The bucket's address or credential cannot be used, or a request cannot be signed for it.
    #[error("a request to the bucket cannot be signed: {0}")]
    Sign(#[from] presign::Error),
    /// The bucket's credential is for another store than the bucket is in.
    #[error("the bucket's credential is for another store than the bucket is in")]
    OtherStore,
    /// The bucket's plan is one that this server does not know.
    #[error("the bucket's credential plan is not one that this server knows")]
    PlanUnknown(PlanKind),
    /// No policy can be written that keeps a session in its team's root.
    #[error("no session can be kept in its team's root: {0}")]
    Narrow(#[from] setup::Error),
    /// No credential was to be had for the bucket.
    #[error("no credential was to be had for the bucket: {0}")]
    NoCredential(#[from] NoCredential),
    /// The bucket's store has no address for those.
    #[error(
        "the bucket has no address for `{audience}`; {}",
        registered_words(registered)
    )]
    NoAudience {
        /// Who was to reach it.
        audience: Audience,
        /// Those for whom it has one of their own.
        registered: Box<[Audience]>,
    },
    /// URLs that the bucket's credential plan signs cannot be held to that.
    #[error("the bucket's credential plan can hold URLs to {0}")]
    CannotPin(PinLimit),
    /// The store answered with an error.
    #[error("the store refused {operation} with status {status}, code `{}`", code.as_deref().unwrap_or("-"))]
    Refused {
        /// What was asked.
        operation: StoreOperation,
        /// The HTTP status.
        status: u16,
        /// The store's error code.
        code: Option<Box<str>>,
        /// The store's id of the request.
        request_id: Option<Box<str>>,
    },
    /// The store could not be reached, or could not answer, after all attempts.
    #[error("the store did not answer {operation}: {cause}")]
    Unavailable {
        /// What was asked.
        operation: StoreOperation,
        /// What happened last.
        cause: Cause,
    },
    /// The store answered something that is not S3.
    #[error("the store answered {operation} with something unexpected: {what}")]
    Unexpected {
        /// What was asked.
        operation: StoreOperation,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The server may not connect to the store.
    #[error("the server does not talk to the bucket's store: {0}")]
    Forbidden(#[from] Forbidden),
    /// The HTTP client could not be made.
    #[error("no HTTP client could be made")]
    Client(#[source] reqwest::Error),
}

/// What URLs of a credential plan can be held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinLimit {
    /// To nothing.
    #[error("no network")]
    NoNetwork,
    /// To nothing: the live check found that the store takes them from everywhere.
    #[error("no network, as the live check of the bucket found")]
    NotKept,
    /// To one range of IPv4 addresses.
    #[error("one IPv4 network")]
    OneIpv4Network,
    /// To fewer networks at a time.
    #[error("fewer networks at a time")]
    Fewer,
}

impl PinLimit {
    fn hint(self) -> &'static str {
        match self {
            Self::NoNetwork => {
                "leave `network` out and let the bucket's own policy say which networks may use it, or register it with a plan that can"
            }
            Self::NotKept => {
                "leave `network` out and let the bucket's own policy say which networks may use it; `signet bucket verify` tries it again"
            }
            Self::OneIpv4Network => "name an IPv4 network, or leave `network` out",
            Self::Fewer => "name one network, or leave `network` out",
        }
    }
}

fn registered_words(registered: &[Audience]) -> String {
    if registered.is_empty() {
        return "it has its usual one alone".to_owned();
    }
    let words: Vec<String> = registered.iter().map(|one| format!("`{one}`")).collect();
    format!("it has one for {}", words.join(", "))
}

/// Why a store did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// No connection.
    #[error("no connection")]
    Connect,
    /// No answer in time.
    #[error("timed out")]
    Timeout,
    /// The connection broke.
    #[error("the connection broke")]
    Broken,
    /// The store is overloaded or failing.
    #[error("status {status}, code `{}`", code.as_deref().unwrap_or("-"))]
    Status {
        /// The HTTP status.
        status: u16,
        /// The store's error code.
        code: Option<Box<str>>,
        /// The store's id of the request.
        request_id: Option<Box<str>>,
        /// How long the store asks to wait.
        retry_after: Option<Duration>,
    },
    /// It did not answer others before, so that it is left alone.
    #[error("it did not answer before, and is asked again in {} s", left.as_secs() + 1)]
    Resting {
        /// For how long.
        left: Duration,
    },
    /// Too many requests to the bucket wait already.
    #[error("too many requests to the bucket wait already")]
    Busy,
}

impl Cause {
    /// How long to wait before another attempt, if that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Resting { left } => Some(*left),
            _ => None,
        }
    }

    /// True when the store answers, but wants fewer requests.
    pub(super) fn is_throttling(&self) -> bool {
        self.kind() == Kind::Throttled
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Status { status, code, .. } => Kind::of_answer(*status, code.as_deref()),
            _ => Kind::Unavailable,
        }
    }
}

impl Error {
    /// What went wrong, in the same terms for all stores.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Refused { status, code, .. } => Kind::of_answer(*status, code.as_deref()),
            Self::Unavailable { cause, .. } => cause.kind(),
            Self::Forbidden(_) => Kind::Forbidden,
            Self::NoCredential(NoCredential::NoAnswer | NoCredential::Ended) => Kind::Unavailable,
            Self::NoCredential(_) => Kind::UnknownCredential,
            Self::Sealed(_)
            | Self::Sign(_)
            | Self::OtherStore
            | Self::PlanUnknown(_)
            | Self::CannotPin(_)
            | Self::Narrow(_)
            | Self::NoAudience { .. }
            | Self::Unexpected { .. }
            | Self::Client(_) => Kind::Other,
        }
    }

    /// The HTTP status that the store answered with.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. }
            | Self::Unavailable {
                cause: Cause::Status { status, .. },
                ..
            } => Some(*status),
            _ => None,
        }
    }

    /// How long to wait before asking again, if that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { cause, .. } => cause.retry_after(),
            _ => None,
        }
    }

    /// The store's error code.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. }
            | Self::Unavailable {
                cause: Cause::Status { code, .. },
                ..
            } => code.as_deref(),
            _ => None,
        }
    }

    /// The store's id of the request.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Refused { request_id, .. }
            | Self::Unavailable {
                cause: Cause::Status { request_id, .. },
                ..
            } => request_id.as_deref(),
            _ => None,
        }
    }

    /// True when the store says that it does not know the upload: completed, aborted or never begun.
    pub fn is_no_such_upload(&self) -> bool {
        self.code() == Some("NoSuchUpload")
    }

    /// What the operator can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Sealed(seal::Error::UnknownKey { .. }) => {
                Some("add the key that sealed the bucket's credential to the seal keys")
            }
            Self::Sealed(_) => Some("register the bucket again with its credential"),
            Self::Forbidden(forbidden) => Some(forbidden.hint()),
            Self::NoCredential(cause) => Some(cause.hint()),
            Self::NoAudience { .. } => Some(
                "leave `audience` out for the usual address, or have an administrator register the bucket with that one",
            ),
            Self::CannotPin(limit) => Some(limit.hint()),
            Self::Unavailable {
                cause: Cause::Busy, ..
            } => Some("try again later; the operator sets `stores.bucket_requests`"),
            _ => self.kind().hint(),
        }
    }
}
