//! One request of the check, and what came back: as much of it as may be shown.

use crate::stores::Forbidden;
use crate::stores::http::{Http, forbidden};
use crate::stores::s3::xml;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;
use std::error::Error as StdError;
use std::time::Duration;

/// Attempts at a request whose failure may pass.
const ATTEMPTS: u32 = 3;
/// The longest time for one attempt, whatever the settings allow.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes.
const MAX_BYTES: usize = 256 << 10;

/// A request. It has no `Debug`: its URL is a secret.
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

/// What a store answered.
#[derive(Debug)]
pub(super) struct Seen {
    method: Method,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// The store's error code.
    pub(super) code: Option<Box<str>>,
    /// The region that the store says that the bucket is in.
    pub(super) region: Option<Box<str>>,
    request_id: Option<Box<str>>,
    pub(super) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("no connection")]
    Connect,
    #[error("the store's certificate {0}")]
    Certificate(&'static str),
    #[error("TLS cannot be spoken with it")]
    Tls,
    #[error("no answer within {} s", .0.as_secs())]
    Timeout(Duration),
    #[error("the connection broke")]
    Broken,
    #[error("a request to it cannot be made")]
    Unsendable,
    #[error("the server does not connect there: {0}")]
    Forbidden(Forbidden),
}

impl NoAnswer {
    /// Whether nothing of the request has reached the store.
    pub(super) fn is_before_sending(&self) -> bool {
        matches!(
            self,
            Self::Connect
                | Self::Certificate(_)
                | Self::Tls
                | Self::Unsendable
                | Self::Forbidden(_)
        )
    }
}

impl Seen {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the store said no, and neither "later" nor "elsewhere".
    pub(super) fn is_refusal(&self) -> bool {
        (400..500).contains(&self.status) && !matches!(self.status, 408 | 429)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn code(&self) -> &str {
        self.code.as_deref().unwrap_or_default()
    }

    /// What may be shown of it.
    pub(super) fn evidence(&self) -> String {
        let mut text = format!("{} {}", self.method, self.status);
        if let Some(code) = &self.code {
            text = format!("{text} {code}");
        }
        if let Some(id) = &self.request_id {
            text = format!("{text}, request id `{id}`");
        }
        text
    }
}

/// Sends a request, again while its failure may pass.
pub(super) async fn send(http: &Http, ask: &Ask) -> Result<Seen, NoAnswer> {
    let mut backoff = http.settings().first_backoff;
    let mut left = ATTEMPTS;
    loop {
        left -= 1;
        let seen = attempt(http, ask).await;
        let passing = match &seen {
            Ok(seen) => {
                (seen.status >= 500 && !matches!(seen.status, 501 | 505))
                    || matches!(seen.status, 408 | 429)
            }
            Err(NoAnswer::Broken) => true,
            Err(_) => false,
        };
        if !passing || left == 0 {
            return seen;
        }
        tokio::time::sleep(backoff).await;
        backoff = backoff.saturating_mul(2);
    }
}

async fn attempt(http: &Http, ask: &Ask) -> Result<Seen, NoAnswer> {
    let (client, url) = http
        .client_for(&ask.url)
        .map_err(NoAnswer::Forbidden)?
        .ok_or(NoAnswer::Unsendable)?;
    let mut headers = HeaderMap::with_capacity(ask.headers.len());
    // The body's own length is sent, whatever the signature binds
    for (name, value) in ask
        .headers
        .iter()
        .filter(|(name, _)| name != "content-length")
    {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| NoAnswer::Unsendable)?;
        let value = HeaderValue::from_str(value).map_err(|_| NoAnswer::Unsendable)?;
        headers.insert(name, value);
    }
    let timeout = http.settings().request_timeout.min(ATTEMPT_TIMEOUT);
    let no_answer = |error: reqwest::Error| no_answer(&error, timeout);
    let mut request = client
        .request(ask.method.clone(), url)
        .timeout(timeout)
        .headers(headers);
    if ask.method == Method::PUT {
        request = request.body(ask.body.clone());
    }
    let mut response = request.send().await.map_err(no_answer)?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
        body.extend_from_slice(chunk.get(..chunk.len().min(MAX_BYTES)).unwrap_or_default());
        if body.len() >= MAX_BYTES {
            break;
        }
    }
    Ok(read(ask.method.clone(), status, headers, body.freeze()))
}

fn read(method: Method, status: u16, headers: HeaderMap, body: Bytes) -> Seen {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Located {
        region: Option<String>,
    }
    let word = |name: &str| headers.get(name)?.to_str().ok().and_then(xml::word);
    let is_error = status >= 300;
    let said = if is_error {
        xml::error(&body)
    } else {
        xml::Said::default()
    };
    let located = std::str::from_utf8(&body)
        .ok()
        .filter(|_| is_error)
        .and_then(|text| quick_xml::de::from_str::<Located>(text).ok())
        .and_then(|located| xml::word(&located.region?));
    Seen {
        code: said.code.or_else(|| word("x-ms-error-code")),
        region: located.or_else(|| word("x-amz-bucket-region")),
        request_id: said
            .request_id
            .or_else(|| word("x-amz-request-id"))
            .or_else(|| word("x-guploader-uploadid"))
            .or_else(|| word("x-ms-request-id")),
        method,
        status,
        headers,
        body,
    }
}

fn no_answer(error: &reqwest::Error, timeout: Duration) -> NoAnswer {
    if let Some(forbidden) = forbidden(error) {
        return NoAnswer::Forbidden(forbidden);
    }
    if let Some(no_answer) = of_tls(error) {
        return no_answer;
    }
    if error.is_timeout() {
        NoAnswer::Timeout(timeout)
    } else if error.is_connect() {
        NoAnswer::Connect
    } else {
        NoAnswer::Broken
    }
}

/// What went wrong with TLS: its error is among the causes, wrapped in errors of input and output.
fn of_tls(error: &reqwest::Error) -> Option<NoAnswer> {
    let mut next: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(cause) = next {
        match cause.downcast_ref() {
            Some(rustls::Error::InvalidCertificate(fault)) => {
                return Some(NoAnswer::Certificate(certificate(fault)));
            }
            Some(_) => return Some(NoAnswer::Tls),
            None => {}
        }
        // What such an error wraps is not its source
        let wrapped = cause
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        };
    }
    None
}

fn certificate(fault: &rustls::CertificateError) -> &'static str {
    use rustls::CertificateError as Fault;
    match fault {
        Fault::Expired | Fault::ExpiredContext { .. } => "has expired",
        Fault::NotValidYet | Fault::NotValidYetContext { .. } => "is not valid yet",
        Fault::Revoked => "is revoked",
        Fault::UnknownIssuer => "is from an issuer that the server does not trust",
        Fault::NotValidForName | Fault::NotValidForNameContext { .. } => "is for another host",
        _ => "cannot be verified",
    }
}
