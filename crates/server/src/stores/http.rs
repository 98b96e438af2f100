//! Sends signed requests: time limits, judged addresses, and no URL in any error.

mod address;
mod breaker;
mod channel;
mod resolve;
mod retry;
mod settings;
#[cfg(test)]
mod tests;

pub use address::{AddressRules, Forbidden};
pub use breaker::BreakerSettings;
pub(super) use channel::Channel;
pub use settings::HttpSettings;

use super::s3::xml;
use super::{Cause, Error, Kind, StoreOperation};
use address::Scheme;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use presign::{Method, SignedUrl};
use resolve::{JudgingResolver, Lookup};
use std::error::Error as StdError;
use std::sync::Arc;

/// The longest error that is read, in bytes.
const MAX_ERROR_BYTES: u64 = 256 << 10;

/// Azure's error code, which HEAD has no body for.
const ERROR_CODE: &str = "x-ms-error-code";

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
    addresses: Arc<AddressRules>,
    /// A resolver is not told whether TLS is spoken, so there is one a client, and a client a scheme.
    over_tls: reqwest::Client,
    in_clear: reqwest::Client,
    settings: HttpSettings,
}

impl Http {
    pub(super) fn new(settings: HttpSettings) -> Result<Self, Error> {
        Self::with_lookup(settings, &resolve::system())
    }

    fn with_lookup(settings: HttpSettings, lookup: &Lookup) -> Result<Self, Error> {
        // Absent only in a process that uses TLS nowhere else; a second call changes nothing
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let addresses = Arc::new(settings.addresses.clone());
        let builder = |scheme| {
            reqwest::Client::builder()
                .user_agent(concat!("signet/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .https_only(scheme == Scheme::Https)
                .dns_resolver(Arc::new(JudgingResolver {
                    rules: Arc::clone(&addresses),
                    scheme,
                    lookup: Arc::clone(lookup),
                }))
                .connect_timeout(settings.connect_timeout)
                .pool_max_idle_per_host(settings.concurrency)
                .tcp_nodelay(true)
        };
        let without_roots = |scheme| {
            builder(scheme)
                .tls_certs_only([])
                .build()
                .map_err(|error| Error::Client(error.without_url()))
        };
        let over_tls = match builder(Scheme::Https).build() {
            Ok(client) => client,
            // A machine without root certificates can still reach a store on its own network
            Err(error) => {
                tracing::warn!(
                    error = %error.without_url(),
                    "no root certificates were found: stores behind TLS cannot be reached"
                );
                without_roots(Scheme::Https)?
            }
        };
        let in_clear = without_roots(Scheme::PlainHttp)?;
        Ok(Self {
            addresses,
            over_tls,
            in_clear,
            settings,
        })
    }

    /// Checks an endpoint by what it says itself, without looking its name up.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for `http` in clear, or an address, that is not allowed.
    pub(super) fn check_endpoint(&self, url: &str) -> Result<(), Error> {
        let url = reqwest::Url::parse(url).map_err(|_| Forbidden::NoHost)?;
        Ok(self.addresses.judge_url(&url)?)
    }

    /// The client for a request to this URL, and the URL as that takes it. `Ok(None)` when the URL
    /// changes when it is read: what was signed is what is sent, byte for byte.
    ///
    /// # Errors
    /// When the URL's address is not allowed.
    pub(super) fn client_for(
        &self,
        url: &str,
    ) -> Result<Option<(&reqwest::Client, reqwest::Url)>, Forbidden> {
        let read = reqwest::Url::parse(url).ok();
        let Some(read) = read.filter(|read| read.as_str() == url) else {
            return Ok(None);
        };
        // The client looks up names alone: an address in the URL would be connected to unjudged
        self.addresses.judge_url(&read)?;
        let client = match Scheme::of(&read) {
            Scheme::Https => &self.over_tls,
            Scheme::PlainHttp => &self.in_clear,
        };
        Ok(Some((client, read)))
    }

    pub(super) fn settings(&self) -> &HttpSettings {
        &self.settings
    }

    /// Sends one attempt and reads the answer.
    pub(super) async fn send(&self, attempt: Attempt) -> Result<Option<Answer>, Failure> {
        let operation = attempt.operation;
        let unexpected = |what| Failure::Final(Error::Unexpected { operation, what });
        let (client, url) = self
            .client_for(attempt.url.expose())
            .map_err(|forbidden| Failure::Final(forbidden.into()))?
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
        let response = client
            .request(method, url)
            .timeout(timeout)
            .headers(attempt.headers)
            .body(attempt.body)
            .send()
            .await
            .map_err(|error| failure(&error))?;
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
        let code = said.code.or_else(|| header_word(&headers, ERROR_CODE));
        let request_id = said.request_id.or_else(|| request_id(&headers));
        if status == StatusCode::NOT_FOUND
            && matches!(code.as_deref(), None | Some("NoSuchKey" | "BlobNotFound"))
            && operation.asks_for_one_object()
        {
            return Ok(None);
        }
        let status = status.as_u16();
        Err(if Kind::of_answer(status, code.as_deref()).may_pass() {
            Failure::Passing(Cause::Status {
                status,
                code,
                request_id,
                retry_after: retry::retry_after(&headers),
            })
        } else {
            Failure::Final(Error::Refused {
                operation,
                status,
                code,
                request_id,
            })
        })
    }
}

/// The store's id of a request: of S3, Cloud Storage and Azure.
fn request_id(headers: &HeaderMap) -> Option<Box<str>> {
    let names = [
        "x-amz-request-id",
        "x-guploader-uploadid",
        "x-ms-request-id",
    ];
    names.iter().find_map(|name| header_word(headers, name))
}

fn header_word(headers: &HeaderMap, name: &str) -> Option<Box<str>> {
    xml::word(headers.get(name)?.to_str().ok()?)
}

/// A request that got no answer.
fn failure(error: &reqwest::Error) -> Failure {
    match forbidden(error) {
        Some(forbidden) => Failure::Final(forbidden.into()),
        None => Failure::Passing(cause(error)),
    }
}

/// Why a name's addresses were not connected to, if that is what went wrong.
pub(super) fn forbidden(error: &reqwest::Error) -> Option<Forbidden> {
    let first: &(dyn StdError + 'static) = error;
    let mut chain = std::iter::successors(Some(first), |&error| error.source());
    chain.find_map(|error| error.downcast_ref::<Forbidden>().copied())
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
