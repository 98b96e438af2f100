//! One API call: the request, its answer read with a bound, its errors, and trying again.

use crate::api::Api;
use crate::error::{ApiError, Error, Peer, Result, printable};
use crate::retry::{Attempts, retry_after};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, StatusCode};
use protocol::ErrorCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use url::Url;

/// The largest body taken from the server, in bytes: twenty times a page of 5,000 URLs.
const MAX_BODY_BYTES: usize = 64 << 20;

/// When a call may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// Making it twice is making it once.
    Idempotent,
    /// Only when it surely had no effect: it was never sent, or answered 429 or 503 with
    /// `Retry-After`.
    Unsent,
    /// Not at all.
    Never,
}

impl Repeat {
    fn allows(self, error: &Error) -> bool {
        match self {
            Self::Idempotent => error.is_retryable(),
            Self::Unsent => match error {
                Error::Api(api) => matches!(api.status, 429 | 503) && api.retry_after.is_some(),
                Error::Network { source, .. } => source.is_connect(),
                _ => false,
            },
            Self::Never => false,
        }
    }
}

/// A call before it is made.
pub(crate) struct Call {
    method: Method,
    url: Result<Url>,
    body: Option<Result<Bytes>>,
    repeat: Repeat,
}

impl Call {
    pub(crate) fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    pub(crate) fn query(mut self, name: &str, value: Option<impl ToString>) -> Self {
        if let (Ok(url), Some(value)) = (&mut self.url, value) {
            url.query_pairs_mut().append_pair(name, &value.to_string());
        }
        self
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        self.body = Some(
            serde_json::to_vec(body)
                .map(Bytes::from)
                .map_err(|_| Error::setup("the request cannot be written as JSON")),
        );
        self
    }
}

/// A successful answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    body: Bytes,
}

impl Answer {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T> {
        // serde's own message may quote a value, and values may be secrets
        serde_json::from_slice(&self.body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let reason = format!("is not of the expected form (line {line}, column {column})");
            Error::answer(Peer::Server, reason)
        })
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }
}

impl Api {
    /// A call of the route with these path segments. Without [`Call::repeat`], `POST` is made
    /// again only when it had no effect, everything else is taken as idempotent.
    pub(crate) fn route(&self, method: Method, segments: &[&str]) -> Call {
        let repeat = if method == Method::POST {
            Repeat::Unsent
        } else {
            Repeat::Idempotent
        };
        Call {
            url: self.url(segments),
            method,
            body: None,
            repeat,
        }
    }

    fn url(&self, segments: &[&str]) -> Result<Url> {
        // Clients and proxies resolve such segments, percent-encoded or not
        if let Some(odd) = segments.iter().find(|s| matches!(**s, "" | "." | "..")) {
            let reason = format!("`{odd}` cannot be part of a request's path");
            return Err(Error::setup(reason));
        }
        let mut url = self.base().clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        Ok(url)
    }

    /// Makes the call, again if it may be, and returns the body.
    pub(crate) async fn json<T: DeserializeOwned>(&self, call: Call) -> Result<T> {
        self.send(call).await?.json()
    }

    /// Makes the call, again if it may be, and drops the body.
    pub(crate) async fn done(&self, call: Call) -> Result<()> {
        self.send(call).await.map(|_| ())
    }

    /// Makes the call, again if it may be.
    pub(crate) async fn send(&self, call: Call) -> Result<Answer> {
        let url = call.url?;
        let body = call.body.transpose()?;
        let mut attempts = Attempts::new(self.retry(), self.jitter());
        loop {
            let error = match self.attempt(&call.method, &url, body.as_ref()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if !call.repeat.allows(&error) {
                return Err(error);
            }
            let Some(pause) = attempts.failed(error.retry_after()) else {
                return Err(error);
            };
            tracing::debug!(
                error = %error,
                pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                "trying again"
            );
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(&self, method: &Method, url: &Url, body: Option<&Bytes>) -> Result<Answer> {
        let mut request = self.http().request(method.clone(), url.clone());
        if let Some(token) = self.token() {
            request = request.bearer_auth(token.expose());
        }
        if let Some(body) = body {
            request = request
                .header(http::header::CONTENT_TYPE, "application/json")
                .body(body.clone());
        }
        let broken = |error| Error::network(Peer::Server, error);
        let mut response = request.send().await.map_err(broken)?;
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(Error::answer(Peer::Server, "is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        let status = response.status();
        if status.is_success() {
            Ok(Answer {
                status,
                retry_after: retry_after(response.headers()),
                body: body.freeze(),
            })
        } else {
            Err(Error::Api(Box::new(problem(
                status,
                response.headers(),
                &body,
            ))))
        }
    }
}

/// What a problem document says, read so that a newer server's codes are no fault.
#[derive(serde::Deserialize)]
struct Document {
    detail: String,
    code: Option<serde_json::Value>,
    field: Option<String>,
    request_id: Option<String>,
}

fn problem(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ApiError {
    let header_id = headers.get("x-request-id").and_then(|id| id.to_str().ok());
    let document = serde_json::from_slice::<Document>(body).ok();
    let (detail, code, field, body_id) = match document {
        Some(found) => (
            printable(&found.detail),
            found
                .code
                .and_then(|code| serde_json::from_value::<ErrorCode>(code).ok()),
            found.field,
            found.request_id,
        ),
        None => (unexplained(status), None, None, None),
    };
    ApiError {
        status: status.as_u16(),
        code,
        detail,
        field: field.map(|field| printable(&field)),
        request_id: body_id
            .or_else(|| header_id.map(str::to_owned))
            .map(|id| printable(&id)),
        retry_after: retry_after(headers),
    }
}

fn unexplained(status: StatusCode) -> String {
    if status.is_redirection() {
        "the server answered with a redirect, which is not followed; give the final address".into()
    } else {
        "the server said no without the details that Signet gives; is this its address?".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(base: &str) -> Api {
        Api::builder(base).build().unwrap()
    }

    #[test]
    fn names_become_one_segment_each() {
        let api = api("https://signet.example/under/");
        let url = |segments: &[&str]| api.url(segments).map(|url| url.to_string());
        assert_eq!(
            url(&["v1", "users", "a@b+c"]).unwrap(),
            "https://signet.example/under/v1/users/a@b+c"
        );
        assert_eq!(
            url(&["aliases", "a b/ü%"]).unwrap(),
            "https://signet.example/under/aliases/a%20b%2F%C3%BC%25"
        );
        for odd in ["", ".", ".."] {
            assert!(url(&["aliases", odd]).is_err(), "{odd:?} was sent");
        }
    }

    #[test]
    fn a_problem_of_a_newer_server_keeps_its_words() {
        let body =
            br#"{"status":418,"code":"teapot","detail":"short and stout","request_id":"req_1"}"#;
        let error = problem(StatusCode::IM_A_TEAPOT, &HeaderMap::new(), body);
        assert_eq!(error.code, None);
        assert_eq!(error.detail, "short and stout");
        assert_eq!(error.request_id.as_deref(), Some("req_1"));
        let error = problem(StatusCode::FOUND, &HeaderMap::new(), b"<html>");
        assert!(error.detail.contains("redirect"));
    }

    #[test]
    fn an_unreadable_answer_is_not_quoted() {
        let answer = Answer {
            status: StatusCode::OK,
            retry_after: None,
            body: Bytes::from_static(b"{\"status\":\"X-Amz-Signature=abc\"}"),
        };
        let error = answer.json::<Vec<u32>>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("Signature"));
    }
}
