//! What each layer's error becomes for the caller: one exhaustive match each.

use super::error::ApiError;
use crate::auth::AuthError;
use crate::policy::{Denial, Rule};
use crate::{admin, broker, db, ledger, stores};
use protocol::problem::ErrorCode;

/// Seconds after which a passing outage is worth another try.
const SOON_SECONDS: u64 = 1;

impl From<Denial> for ApiError {
    fn from(denial: Denial) -> Self {
        let mut error = match denial {
            Denial::Hidden(_) => Self::not_found(),
            Denial::Forbidden(rule) => Self::new(code_of(rule), rule.to_string()),
        };
        error.rule = Some(denial.rule().name());
        error
    }
}

fn code_of(rule: Rule) -> ErrorCode {
    match rule {
        Rule::PrincipalSuspended => ErrorCode::Suspended,
        Rule::TokenExpired | Rule::TokenRevoked => ErrorCode::Unauthenticated,
        Rule::NotAMember
        | Rule::RoleTooLow
        | Rule::NotInstanceAdmin
        | Rule::NotOwner
        | Rule::TeamSuspended
        | Rule::NoBucket
        | Rule::BucketSuspended
        | Rule::NotAUser
        | Rule::NotToYourself => ErrorCode::Forbidden,
        Rule::BucketMoved | Rule::NotOpen | Rule::Expired => ErrorCode::Conflict,
        Rule::LimitReadOnly | Rule::LimitNoDownload | Rule::LimitObjectSize => ErrorCode::Limited,
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        let code = match error {
            AuthError::Missing | AuthError::Unknown => ErrorCode::Unauthenticated,
            AuthError::Stale(_) => ErrorCode::DirectoryStale,
        };
        let mut refusal = Self::new(code, error.to_string());
        if code == ErrorCode::DirectoryStale {
            refusal = refusal.retry_after(SOON_SECONDS);
        }
        refusal
    }
}

impl From<ledger::Error> for ApiError {
    fn from(error: ledger::Error) -> Self {
        match error {
            ledger::Error::Denied(denial) => denial.into(),
            ledger::Error::Outdated => {
                Self::new(ErrorCode::Unavailable, error.to_string()).retry_after(SOON_SECONDS)
            }
            ledger::Error::Unavailable => {
                Self::new(ErrorCode::AuditUnavailable, error.to_string()).retry_after(SOON_SECONDS)
            }
        }
    }
}

impl From<db::Error> for ApiError {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Conflict(_) => Self::new(
                ErrorCode::Conflict,
                "this conflicts with what is there already",
            ),
            db::Error::Unavailable(_) => Self::new(
                ErrorCode::Unavailable,
                "the database cannot be reached; try again",
            )
            .retry_after(SOON_SECONDS)
            .caused_by(error),
            db::Error::Corrupt { .. } | db::Error::NotDurable(_) | db::Error::Migrate(_) => {
                Self::internal(error)
            }
        }
    }
}

impl From<broker::Error> for ApiError {
    fn from(error: broker::Error) -> Self {
        match error {
            broker::Error::Denied(denial) => denial.into(),
            broker::Error::NotFound => Self::not_found(),
            broker::Error::Conflict(text) => Self::new(ErrorCode::Conflict, text),
            broker::Error::ContentMismatch(text) => Self::new(ErrorCode::ContentMismatch, text),
            broker::Error::Invalid { field, reason } => Self::invalid(field, reason),
            broker::Error::RateLimited {
                retry_after_seconds,
            } => Self::rate_limited(
                "a limit on URLs in a minute is reached",
                retry_after_seconds.into(),
            ),
            broker::Error::Bucket { bucket, source }
            | broker::Error::BucketUnavailable { bucket, source } => {
                let mut error = Self::from(source);
                error.detail = format!("bucket `{bucket}`: {}", error.detail).into();
                error
            }
            broker::Error::Audit(error) => error.into(),
            broker::Error::Outdated => ledger::Error::Outdated.into(),
            broker::Error::Db(error) => error.into(),
        }
    }
}

impl From<stores::Error> for ApiError {
    /// What the store said is told to the caller, who may have to tell its operator: code, request id
    /// and hint. It holds no URL.
    fn from(error: stores::Error) -> Self {
        let code = match &error {
            stores::Error::Unavailable { .. } => ErrorCode::BucketUnavailable,
            _ => ErrorCode::BucketError,
        };
        let mut detail = error.to_string();
        if let Some(id) = error.request_id() {
            detail = format!("{detail}, request id `{id}`");
        }
        if let Some(hint) = error.hint() {
            detail = format!("{detail}\nhint: {hint}");
        }
        let refusal = Self::new(code, detail).caused_by(error);
        match code {
            ErrorCode::BucketUnavailable => refusal.retry_after(SOON_SECONDS),
            _ => refusal,
        }
    }
}

impl From<admin::Error> for ApiError {
    fn from(error: admin::Error) -> Self {
        match error {
            admin::Error::Denied(denial) => denial.into(),
            admin::Error::NotFound => Self::not_found(),
            admin::Error::Conflict(text) => Self::new(ErrorCode::Conflict, text),
            admin::Error::Invalid { field, reason } => Self::invalid(field, reason),
            admin::Error::Outdated => ledger::Error::Outdated.into(),
            admin::Error::Seal(_) => Self::internal(error),
            admin::Error::Uploads(_) | admin::Error::Grants(_) => {
                Self::new(ErrorCode::Unavailable, error.to_string())
                    .retry_after(SOON_SECONDS)
                    .caused_by(error)
            }
            admin::Error::Db(error) => error.into(),
        }
    }
}
