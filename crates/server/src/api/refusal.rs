//! What each layer's error becomes for the caller: one exhaustive match each.

use super::error::ApiError;
use crate::auth::AuthError;
use crate::policy::{Denial, Rule};
use crate::stores::Kind;
use crate::{admin, broker, db, ledger, stores};
use http::StatusCode;
use protocol::problem::ErrorCode;
use std::time::Duration;

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
        | Rule::NetworkNotAllowed
        | Rule::PinNotAllowed
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
    /// and hint. It holds no URL. That the store is slow or away is passed on with how long to wait.
    fn from(error: stores::Error) -> Self {
        let (kind, status, wait) = (error.kind(), error.status(), error.retry_after());
        let mut detail = error.to_string();
        if let Some(id) = error.request_id() {
            detail = format!("{detail}, request id `{id}`");
        }
        if let Some(hint) = error.hint() {
            detail = format!("{detail}\nhint: {hint}");
        }
        let refusal = Self::new(code_of_store(kind), detail).caused_by(error);
        match (kind, status) {
            (Kind::Throttled, Some(429)) => refusal
                .with_status(StatusCode::TOO_MANY_REQUESTS)
                .retry_after(seconds(wait)),
            (Kind::Throttled | Kind::Unavailable, _) => refusal.retry_after(seconds(wait)),
            _ => refusal,
        }
    }
}

fn code_of_store(kind: Kind) -> ErrorCode {
    match kind {
        Kind::UnknownCredential | Kind::ExpiredCredential | Kind::Denied => {
            ErrorCode::BucketCredential
        }
        Kind::NoBucket => ErrorCode::BucketMissing,
        Kind::Elsewhere => ErrorCode::BucketRegion,
        Kind::Clock => ErrorCode::BucketClock,
        Kind::Forbidden => ErrorCode::BucketAddress,
        Kind::Throttled => ErrorCode::BucketThrottled,
        Kind::Unavailable => ErrorCode::BucketUnavailable,
        Kind::Other => ErrorCode::BucketError,
    }
}

/// A wait in whole seconds that is long enough.
fn seconds(wait: Option<Duration>) -> u64 {
    let wait = wait.unwrap_or_default();
    let begun = u64::from(wait.subsec_nanos() > 0);
    (wait.as_secs() + begun).max(SOON_SECONDS)
}

impl From<admin::Error> for ApiError {
    fn from(error: admin::Error) -> Self {
        match error {
            admin::Error::Denied(denial) => denial.into(),
            admin::Error::NotFound => Self::not_found(),
            admin::Error::Conflict(text) => Self::new(ErrorCode::Conflict, text),
            admin::Error::Invalid { field, reason } => Self::invalid(field, reason),
            admin::Error::Outdated => ledger::Error::Outdated.into(),
            admin::Error::Unfit { .. } => Self::new(ErrorCode::BucketError, error.to_string()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stores::{Cause, Error, Forbidden, StoreOperation};

    const OPERATION: StoreOperation = StoreOperation::HeadObject;

    fn refused(status: u16, code: &str) -> Error {
        Error::Refused {
            operation: OPERATION,
            status,
            code: Some(code.into()),
            request_id: Some("4442587FB7D0A2F9".into()),
        }
    }

    fn unavailable(cause: Cause) -> Error {
        Error::Unavailable {
            operation: OPERATION,
            cause,
        }
    }

    fn answered(status: u16, code: &str, wait: Option<u64>) -> Error {
        unavailable(Cause::Status {
            status,
            code: Some(code.into()),
            request_id: None,
            retry_after: wait.map(Duration::from_secs),
        })
    }

    #[test]
    fn each_failure_of_a_store_has_its_status_code_and_wait() {
        let resting = Cause::Resting {
            left: Duration::from_millis(2_001),
        };
        for (error, status, code, wait) in [
            (
                refused(403, "InvalidAccessKeyId"),
                502,
                "bucket-credential",
                None,
            ),
            (refused(400, "ExpiredToken"), 502, "bucket-credential", None),
            (
                refused(403, "AuthorizationFailure"),
                502,
                "bucket-credential",
                None,
            ),
            (
                refused(404, "ContainerNotFound"),
                502,
                "bucket-missing",
                None,
            ),
            (
                refused(301, "PermanentRedirect"),
                502,
                "bucket-region",
                None,
            ),
            (
                refused(403, "RequestTimeTooSkewed"),
                502,
                "bucket-clock",
                None,
            ),
            (refused(409, "OperationAborted"), 502, "bucket-error", None),
            (
                refused(200, "InternalError"),
                503,
                "bucket-unavailable",
                Some(1),
            ),
            (Forbidden::PlainHttp.into(), 502, "bucket-address", None),
            (
                answered(429, "rateLimitExceeded", Some(7)),
                429,
                "bucket-throttled",
                Some(7),
            ),
            (
                answered(429, "SlowDown", None),
                429,
                "bucket-throttled",
                Some(1),
            ),
            (
                answered(503, "SlowDown", Some(0)),
                503,
                "bucket-throttled",
                Some(1),
            ),
            (
                answered(503, "ServerBusy", Some(90)),
                503,
                "bucket-throttled",
                Some(90),
            ),
            (
                answered(500, "InternalError", Some(2)),
                503,
                "bucket-unavailable",
                Some(2),
            ),
            (
                unavailable(Cause::Timeout),
                503,
                "bucket-unavailable",
                Some(1),
            ),
            (unavailable(Cause::Busy), 503, "bucket-unavailable", Some(1)),
            (unavailable(resting), 503, "bucket-unavailable", Some(3)),
        ] {
            let told = ApiError::from(error);
            assert_eq!(
                (
                    told.status.as_u16(),
                    told.code.as_str(),
                    told.retry_after_seconds
                ),
                (status, code, wait),
                "{told:?}"
            );
        }
    }

    #[test]
    fn what_a_store_said_is_told_with_its_request_id_and_a_way_out() {
        let told = ApiError::from(refused(403, "AccessDenied"));
        insta::assert_snapshot!(told.detail, @"
        the store refused HeadObject with status 403, code `AccessDenied`, request id `4442587FB7D0A2F9`
        hint: the bucket's credential may not do this; allow it to read, write, list parts and abort uploads
        ");
        let told = ApiError::from(Error::from(Forbidden::PlainHttp));
        insta::assert_snapshot!(told.detail, @"
        the server does not talk to the bucket's store: it is spoken to by plain `http`, and `stores.plain_http_networks` does not list its address
        hint: use `https`; or the operator adds the store's network to `stores.plain_http_networks`
        ");
    }
}
