//! Sends signed requests: time limits, a bounded number of attempts, and no URL in any error.

use super::s3::xml;
use super::{Cause, Error, StoreOperation};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use presign::{Method, SignedUrl};
use std::time::Duration;

/// The longest error that is read, in bytes.
const MAX_ERROR_BYTES: u64 = 256 << 10;

/// How stores are talked to.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Time to connect.
    pub connect_timeout: Duration,
    /// Time for one attempt at a request.
    pub request_timeout: Duration,
    /// Time for one attempt at putting the parts of an upload together, which stores take longer for.
    pub complete_timeout: Duration,
    /// Attempts at a request before the store is called unavailable.
    pub attempts: u32,
    /// Pause before the second attempt; doubled before each further one.
    pub first_backoff: Duration,
    /// Requests to one bucket at a time.
    pub concurrency: usize,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(15),
            complete_timeout: Duration::from_mins(2),
            attempts: 4,
            first_backoff: Duration::from_millis(100),
            concurrency: 128,
        }
    }
}

/// One attempt at a request.
pub(super) struct Attempt {
    pub(super) operation: StoreOperation,
    pub(super) method: Method,
    pub(super) url: SignedUrl,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The longest answer that is read, in bytes.
    pub(super) max_bytes: u64,
}

/// What the store answered, with a status of success or 404.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// How one attempt went wrong.
pub(super) enum Failure {
    /// Another attempt may succeed.
    Passing(Cause),
    /// None will.
    Final(Error),
}

/// The client, shared by all buckets.
#[derive(Debug, Clone)]
pub(super) struct Http {
    client: reqwest::Client,
    settings: HttpSettings,
}

impl Http {
    pub(super) fn new(settings: HttpSettings) -> Result<Self, Error> {
        // Absent only in a process that uses TLS nowhere else; a second call changes nothing
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("signet/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .connect_timeout(settings.connect_timeout)
                .pool_max_idle_per_host(settings.concurrency)
                .tcp_nodelay(true)
        };
        let client = match builder().build() {
            Ok(client) => client,
            // A machine without root certificates can still reach a store on its own network
            Err(error) => {
                tracing::warn!(
                    error = %error.without_url(),
                    "no root certificates were found: stores behind TLS cannot be reached"
                );
                builder()
                    .tls_certs_only([])
                    .build()
                    .map_err(|error| Error::Client(error.without_url()))?
            }
        };
        Ok(Self { client, settings })
    }

    pub(super) fn settings(&self) -> &HttpSettings {
        &self.settings
    }

    /// Sends one attempt and reads the answer.
    pub(super) async fn send(&self, attempt: Attempt) -> Result<Option<Answer>, Failure> {
        let operation = attempt.operation;
        let unexpected = |what| Failure::Final(Error::Unexpected { operation, what });
        let url = reqwest::Url::parse(attempt.url.expose())
            .ok()
            // What was signed is what is sent, byte for byte
            .filter(|url| url.as_str() == attempt.url.expose())
            .ok_or_else(|| unexpected("the signed URL changes when it is read"))?;
        let timeout = match operation {
            StoreOperation::CompleteMultipartUpload => self.settings.complete_timeout,
            _ => self.settings.request_timeout,
        };
        let method = match attempt.method {
            Method::Get => http::Method::GET,
            Method::Head => http::Method::HEAD,
            Method::Put => http::Method::PUT,
            Method::Post => http::Method::POST,
            Method::Delete => http::Method::DELETE,
        };
        let response = self
            .client
            .request(method, url)
            .timeout(timeout)
            .headers(attempt.headers)
            .body(attempt.body)
            .send()
            .await
            .map_err(|error| Failure::Passing(cause(&error)))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let max_bytes = if status.is_success() {
            attempt.max_bytes
        } else {
            MAX_ERROR_BYTES
        };
        let body = read(response, max_bytes).await.map_err(Failure::Passing)?;
        if status.is_success() {
            let body = body.ok_or_else(|| unexpected("the answer is longer than expected"))?;
            return Ok(Some(Answer { headers, body }));
        }
        let said = xml::error(&body.unwrap_or_default());
        let code = said.code;
        let request_id = said.request_id.or_else(|| request_id(&headers));
        if status == StatusCode::NOT_FOUND
            && code
                .as_deref()
                .is_none_or(|code| matches!(code, "NoSuchKey" | "BlobNotFound"))
            && operation.asks_for_one_object()
        {
            return Ok(None);
        }
        let status_code = status.as_u16();
        // 501 and 505 will not change; 429 is what some stores say instead of 503
        let passing = (status.is_server_error() && !matches!(status_code, 501 | 505))
            || matches!(status_code, 408 | 429)
            || code.as_deref() == Some("RequestTimeout");
        Err(if passing {
            Failure::Passing(Cause::Status {
                status: status_code,
                code,
                request_id,
            })
        } else {
            Failure::Final(Error::Refused {
                operation,
                status: status_code,
                code,
                request_id,
            })
        })
    }
}

fn request_id(headers: &HeaderMap) -> Option<Box<str>> {
    let value = headers.get("x-amz-request-id")?.to_str().ok()?;
    xml::word(value)
}

fn cause(error: &reqwest::Error) -> Cause {
    if error.is_timeout() {
        Cause::Timeout
    } else if error.is_connect() {
        Cause::Connect
    } else {
        Cause::Broken
    }
}

/// The body, unless it is longer than `max_bytes`.
async fn read(mut response: reqwest::Response, max_bytes: u64) -> Result<Option<Bytes>, Cause> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| cause(&error))? {
        let length = u64::try_from(body.len() + chunk.len()).unwrap_or(u64::MAX);
        if length > max_bytes {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body.freeze()))
}
