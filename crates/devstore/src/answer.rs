//! Answers as they leave: error documents completed, the time as HTTP writes it.

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::BodyExt;
use presign::Timestamp;

use crate::dialect::Dialect;
use crate::google;
use crate::refusal::{self, Refusal};

/// The time as `Date` has it.
pub(crate) fn http_date(time: Timestamp) -> String {
    let time = jiff::Timestamp::from_second(time.unix_seconds()).unwrap_or_default();
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Makes an answer of either outcome, and finds the error's code.
pub(crate) async fn finish(
    outcome: Result<Response<s3s::Body>, Refusal>,
    dialect: Dialect,
    method: &Method,
    resource: &str,
    request_id: &str,
    host_id: &str,
) -> (Response<s3s::Body>, Option<String>) {
    let (mut answer, text) = match outcome {
        Ok(answer) => {
            let status = answer.status();
            if !status.is_client_error()
                && !status.is_server_error()
                && status != StatusCode::NOT_MODIFIED
            {
                return (answer, None);
            }
            let (parts, body) = answer.into_parts();
            let bytes = body
                .collect()
                .await
                .map(http_body_util::Collected::to_bytes);
            let text = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
            (Response::from_parts(parts, s3s::Body::empty()), text)
        }
        Err(refusal) => {
            let mut answer = Response::new(s3s::Body::empty());
            *answer.status_mut() = refusal.status;
            (answer, refusal.document())
        }
    };
    let document = match dialect {
        Dialect::Amazon => refusal::complete(&text, resource, request_id, host_id),
        Dialect::Google => google::answers::document(&text),
    };
    let code = refusal::code(&document).map(str::to_owned);
    answer.headers_mut().remove(CONTENT_LENGTH);
    answer.headers_mut().remove(CONTENT_TYPE);
    if method != Method::HEAD && answer.status() != StatusCode::NOT_MODIFIED {
        answer
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        *answer.body_mut() = s3s::Body::from(document);
    }
    (answer, code)
}
