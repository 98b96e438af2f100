//! What can go wrong in administration. Knows no HTTP, and holds no secret.

use crate::directory::ChangeError;
use crate::policy::Denial;
use crate::stores::seal;
use crate::{broker, db};

/// Something was not administered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Policy says no by now.
    #[error(transparent)]
    Denied(Denial),
    /// There is no such thing.
    #[error("not found")]
    NotFound,
    /// Something else is in the way; the text says what, and the way out.
    #[error("{0}")]
    Conflict(String),
    /// A value of the request cannot be taken.
    #[error("`{field}` {reason}")]
    Invalid {
        /// The field at fault, as a path into the body.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// What it was decided by has changed: ask again.
    #[error("what this was decided by has changed; try again")]
    Outdated,
    /// The store of a bucket that was to be registered does not do what it must.
    #[error("the bucket was not registered: `{name}` failed: {evidence}{}", fix.as_deref().map(|fix| format!("\nhint: {fix}; or register it unchecked, with `verify` false")).unwrap_or_default())]
    Unfit {
        /// The first probe of the live check that failed.
        name: String,
        /// What was seen.
        evidence: String,
        /// What to do about it.
        fix: Option<String>,
    },
    /// The secret could not be sealed.
    #[error("the secret cannot be sealed")]
    Seal(#[source] seal::Error),
    /// The principal is stopped, but its uploads could not be aborted: ask again.
    #[error("the account is stopped, but its open uploads are not known; try again")]
    Uploads(#[source] broker::Error),
    /// The principal is stopped, but the ledger does not say what it was granted: ask again.
    #[error("the account is stopped, but what it was granted is not known; try again")]
    Grants(#[source] db::Error),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Error {
    pub(super) fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            reason: reason.into(),
        }
    }
}

impl From<ChangeError> for Error {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Denied(denial) => Self::Denied(denial),
            ChangeError::Outdated => Self::Outdated,
            ChangeError::Db(error) => Self::Db(error),
        }
    }
}
