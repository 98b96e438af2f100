//! How the API says no: the one mapping from what went wrong to status, code and words.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use protocol::problem::{ErrorCode, Problem};
use std::borrow::Cow;
use std::error::Error as StdError;
use std::sync::Arc;

/// What a caller is told about what it may not know of, and about what does not exist: the same.
const NOT_FOUND: &str = "this does not exist, or you may not know of it";
/// What a caller is told about a fault of ours.
const INTERNAL: &str = "this is a fault of the server; the request id finds it in the server's log";

/// An answer that is not a success. A layer around all routes logs it and writes the body.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(super) code: ErrorCode,
    pub(super) status: StatusCode,
    pub(super) detail: Cow<'static, str>,
    pub(super) field: Option<String>,
    pub(super) retry_after_seconds: Option<u64>,
    /// The rule that said no, for denials.
    pub(super) rule: Option<&'static str>,
    /// For the log alone.
    pub(super) source: Option<Box<dyn StdError + Send + Sync>>,
}

/// An error on its way from a handler to the layer that writes it.
#[derive(Debug, Clone)]
pub(super) struct Failure(pub(super) Arc<ApiError>);

impl ApiError {
    pub(crate) fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            status: status_of(code),
            detail: detail.into(),
            field: None,
            retry_after_seconds: None,
            rule: None,
            source: None,
        }
    }

    /// It does not exist, or the caller may not know that it does.
    pub(crate) fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, NOT_FOUND)
    }

    /// A field has a value that it cannot have.
    pub(crate) fn invalid(field: impl Into<String>, detail: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::new(ErrorCode::Invalid, detail);
        let field = field.into();
        error.field = (!field.is_empty()).then_some(field);
        error
    }

    /// Too many requests.
    pub(crate) fn rate_limited(detail: &'static str, retry_after_seconds: u64) -> Self {
        let mut error = Self::new(ErrorCode::RateLimited, detail);
        error.retry_after_seconds = Some(retry_after_seconds.max(1));
        error
    }

    /// A fault of ours.
    pub(crate) fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(ErrorCode::Internal, INTERNAL).caused_by(source)
    }

    #[must_use]
    pub(super) fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    #[must_use]
    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    #[must_use]
    pub(super) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// The chain of causes in one line, for the log.
    pub(super) fn causes(&self) -> String {
        let mut text = String::new();
        let mut next: Option<&dyn StdError> = self.source.as_deref().map(|source| source as _);
        while let Some(error) = next {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&error.to_string());
            next = error.source();
        }
        text
    }

    /// The answer with its body.
    pub(super) fn respond(&self, request_id: String) -> Response {
        let problem = Problem {
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail.clone().into_owned(),
            field: self.field.clone(),
            request_id,
        };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"signet\""),
            );
        }
        response
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Failure(Arc::new(self)));
        response
    }
}

fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorCode::Forbidden | ErrorCode::Suspended | ErrorCode::Limited => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::Conflict | ErrorCode::ContentMismatch => StatusCode::CONFLICT,
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::Malformed => StatusCode::BAD_REQUEST,
        ErrorCode::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::BucketError
        | ErrorCode::BucketCredential
        | ErrorCode::BucketMissing
        | ErrorCode::BucketRegion
        | ErrorCode::BucketClock
        | ErrorCode::BucketAddress => StatusCode::BAD_GATEWAY,
        ErrorCode::BucketThrottled
        | ErrorCode::BucketUnavailable
        | ErrorCode::AuditUnavailable
        | ErrorCode::DirectoryStale
        | ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Timeout => StatusCode::GATEWAY_TIMEOUT,
        // The catalogue may grow; what has no status yet is a fault of ours
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
