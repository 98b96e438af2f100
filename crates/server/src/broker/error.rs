//! What can go wrong in the broker. Knows no HTTP, and holds no URL.

use crate::policy::{BucketFacts, Denial};
use crate::{db, ledger, stores};
use protocol::BucketName;

/// What a permit was for could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Policy says no by now.
    #[error(transparent)]
    Denied(Denial),
    /// There is no such thing.
    #[error("not found")]
    NotFound,
    /// It is not in a state for this; the text says why and what to do.
    #[error("{0}")]
    Conflict(String),
    /// The bucket does not hold what was announced; the text says what.
    #[error("{0}")]
    ContentMismatch(String),
    /// A value of the request cannot be taken.
    #[error("`{field}`: {reason}")]
    Invalid {
        /// The field at fault, as a path into the body.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A limit on URLs in a minute is reached.
    #[error("a limit on URLs in a minute is reached; try again in {retry_after_seconds} s")]
    RateLimited {
        /// Seconds to wait.
        retry_after_seconds: u32,
    },
    /// The bucket's store said no, or the bucket's registration cannot be used. Code, request id and
    /// hint are the source's.
    #[error("bucket `{bucket}`: {source}")]
    Bucket {
        /// The bucket.
        bucket: BucketName,
        /// What the store said.
        source: stores::Error,
    },
    /// The bucket's store does not answer.
    #[error("bucket `{bucket}`: {source}")]
    BucketUnavailable {
        /// The bucket.
        bucket: BucketName,
        /// What happened.
        source: stores::Error,
    },
    /// The decision was not recorded, so nothing was released or done.
    #[error(transparent)]
    Audit(ledger::Error),
    /// What it was decided by has changed, or the clock moved: decide again.
    #[error("what this was decided by has changed; try again")]
    Outdated,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Error {
    pub(crate) fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            reason: reason.into(),
        }
    }

    /// Names the bucket whose store failed.
    pub(crate) fn of_bucket(bucket: &BucketFacts) -> impl Fn(stores::Error) -> Self {
        let name = &bucket.name;
        move |source| {
            let bucket = name.clone();
            match source {
                stores::Error::Unavailable { .. } | stores::Error::NoCredential(_) => {
                    Self::BucketUnavailable { bucket, source }
                }
                // What was asked for is at fault, not the bucket
                stores::Error::CannotPin { .. } => Self::invalid("network", with_hint(&source)),
                stores::Error::NoAudience { .. } => Self::invalid("audience", with_hint(&source)),
                _ => Self::Bucket { bucket, source },
            }
        }
    }
}

fn with_hint(error: &stores::Error) -> String {
    match error.hint() {
        Some(hint) => format!("{error}\nhint: {hint}"),
        None => error.to_string(),
    }
}

impl From<ledger::Error> for Error {
    fn from(error: ledger::Error) -> Self {
        match error {
            ledger::Error::Denied(denial) => Self::Denied(denial),
            ledger::Error::Outdated => Self::Outdated,
            ledger::Error::Unavailable => Self::Audit(error),
        }
    }
}
