//! Requests to a store by signed URL, and what its answers mean.

use crate::body::{FileBody, Sending};
use crate::error::{Error, Peer, Result, StoreError, printable};
use crate::hash::LocalFile;
use crate::plan::Piece;
use crate::progress::Meter;
use crate::retry::retry_after;
use http::{HeaderMap, HeaderName, HeaderValue};
use protocol::digest::Sha256Digest;
use protocol::transfer::BearerUrl;
use std::sync::Arc;
use std::time::Duration;
use url::{Position, Url};

/// The largest error document that is read, in bytes.
const MAX_ERROR_BYTES: usize = 64 << 10;

/// A signed request, ready to be made. Deliberately without `Debug`.
#[derive(PartialEq, Eq)]
pub(crate) struct Signed {
    url: Url,
    headers: HeaderMap,
}

impl Signed {
    pub(crate) fn new<'a>(
        url: &BearerUrl,
        headers: impl IntoIterator<Item = &'a (String, String)>,
    ) -> Result<Self> {
        let bad = |reason: &str| Error::answer(Peer::Server, reason);
        let text = url.expose();
        let url = Url::parse(text).map_err(|_| bad("has a signed URL that is no URL"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad("has a signed URL that is neither `http` nor `https`"));
        }
        // What is sent must be, byte for byte, what was signed
        let (_, rest) = text.split_once("://").unwrap_or_default();
        let (_, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if path != &url[Position::BeforePath..] {
            return Err(bad("has a signed URL that cannot be sent as it was signed"));
        }
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::try_from(name.as_str());
            let value = HeaderValue::try_from(value.as_str());
            let (Ok(name), Ok(value)) = (name, value) else {
                return Err(bad("has a header that cannot be sent"));
            };
            // The body says its length itself
            if name != http::header::CONTENT_LENGTH {
                map.append(name, value);
            }
        }
        Ok(Self { url, headers: map })
    }

    pub(crate) fn same_url(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

/// A piece of a local file that a URL is bound to.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    pub(crate) file: Arc<LocalFile>,
    pub(crate) piece: Piece,
    pub(crate) sha256: Sha256Digest,
}

/// What an error of the store means for what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The URL is not accepted (any more): ask for another.
    Refused,
    /// A passing trouble: the same request may succeed later.
    Passing,
    /// The bytes are not those that the URL is bound to.
    Corrupt,
    /// There is something under this key already.
    Exists,
    /// The upload or object is not there.
    Gone,
    /// Nothing helps.
    Final,
}

impl StoreError {
    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.verdict() == Verdict::Passing
    }

    fn verdict(&self) -> Verdict {
        match (self.status, self.code.as_deref()) {
            // Azure's to a URL that may only create, and to one for a blob that is never to change
            (403, Some("UnauthorizedBlobOverwrite"))
            | (409, Some("BlobAlreadyExists" | "BlobImmutableDueToPolicy"))
            | (412, _) => Verdict::Exists,
            // A credential that ran out is a 400 at S3, an expired URL a 403; at Cloud Storage an
            // expired URL is a 400 too
            (400, Some("ExpiredToken" | "InvalidToken" | "TokenRefreshRequired"))
            | (401 | 403, _) => Verdict::Refused,
            (
                400,
                Some(
                    "BadDigest"
                    | "Crc64Mismatch"
                    | "Md5Mismatch"
                    | "XAmzContentChecksumMismatch"
                    | "XAmzContentSHA256Mismatch",
                ),
            ) => Verdict::Corrupt,
            (400, Some("RequestTimeout" | "IncompleteBody"))
            | (409, Some("ConditionalRequestConflict" | "OperationAborted"))
            | (408 | 429 | 500 | 502..=599, _) => Verdict::Passing,
            (404, _) => Verdict::Gone,
            _ => Verdict::Final,
        }
    }
}

/// What an error of a transfer means for what to do next.
pub(crate) fn verdict(error: &Error) -> Verdict {
    match error {
        Error::Store(error) => error.verdict(),
        Error::Network { .. } | Error::Stalled { .. } | Error::Truncated { .. } => Verdict::Passing,
        _ => Verdict::Final,
    }
}

/// Speaks to stores.
#[derive(Debug)]
pub(crate) struct Store {
    http: reqwest::Client,
    idle: Option<Duration>,
}

impl Store {
    pub(crate) fn new(http: reqwest::Client, idle: Option<Duration>) -> Self {
        Self { http, idle }
    }

    /// Sends a slice in one PUT.
    pub(crate) async fn put(
        &self,
        signed: &Signed,
        slice: &Slice,
        meter: &Meter<'_>,
    ) -> Result<()> {
        let changed = || Error::SourceChanged {
            path: slice.file.shown.clone(),
        };
        let sending = Arc::new(Sending::default());
        let (path, size) = (&slice.file.path, slice.file.size_bytes);
        let body = FileBody::open(path, size, slice.piece, Arc::clone(&sending))
            .await
            .map_err(|source| Error::file("read", path, source))?
            .ok_or_else(changed)?;
        let mut flight = meter.flight();
        let request = self
            .http
            .put(signed.url.clone())
            .headers(signed.headers.clone())
            .header(http::header::CONTENT_LENGTH, slice.piece.length)
            .body(reqwest::Body::wrap(body))
            .send();
        let mut request = std::pin::pin!(request);
        let response = loop {
            tokio::select! {
                biased;
                response = &mut request => break response,
                () = sending.moved() => flight.reached(sending.bytes()),
                () = self.stood_still() => return Err(self.stalled()),
            }
        };
        let response = match response {
            Ok(response) => response,
            Err(_) if sending.is_short() => return Err(changed()),
            Err(error) => return Err(Error::network(Peer::Store, error)),
        };
        self.success(response, "upload", &slice.file.shown).await?;
        flight.reached(slice.piece.length);
        flight.keep();
        Ok(())
    }

    /// Reads what the store tells about an object.
    pub(crate) async fn head(&self, signed: &Signed, shown: &str) -> Result<HeaderMap> {
        let request = self
            .http
            .head(signed.url.clone())
            .headers(signed.headers.clone());
        let response = self.within(request.send()).await?;
        let response = self.success(response, "look at", shown).await?;
        Ok(response.headers().clone())
    }

    /// Asks for an object, from `start` on, up to `end` (exclusive) or all there is.
    pub(crate) async fn get(
        &self,
        signed: &Signed,
        shown: &str,
        start: u64,
        end: Option<u64>,
    ) -> Result<reqwest::Response> {
        let mut request = self
            .http
            .get(signed.url.clone())
            .headers(signed.headers.clone());
        let range = match end {
            Some(end) => Some(format!("bytes={start}-{}", end.saturating_sub(1))),
            None if start > 0 => Some(format!("bytes={start}-")),
            None => None,
        };
        if let Some(range) = range {
            request = request.header(http::header::RANGE, range);
        }
        let response = self.within(request.send()).await?;
        self.success(response, "download", shown).await
    }

    /// The next bytes of a body.
    pub(crate) async fn chunk(
        &self,
        response: &mut reqwest::Response,
    ) -> Result<Option<bytes::Bytes>> {
        self.within(response.chunk()).await
    }

    async fn within<T>(&self, step: impl Future<Output = reqwest::Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            done = step => done.map_err(|error| Error::network(Peer::Store, error)),
            () = self.stood_still() => Err(self.stalled()),
        }
    }

    async fn stood_still(&self) {
        match self.idle {
            Some(idle) => tokio::time::sleep(idle).await,
            None => std::future::pending().await,
        }
    }

    fn stalled(&self) -> Error {
        Error::Stalled {
            peer: Peer::Store,
            seconds: self.idle.unwrap_or_default().as_secs(),
        }
    }

    async fn success(
        &self,
        mut response: reqwest::Response,
        action: &'static str,
        shown: &str,
    ) -> Result<reqwest::Response> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let mut body = Vec::new();
        // What cannot be read of an error does not make it another error
        while let Ok(Some(chunk)) = self.chunk(&mut response).await {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ERROR_BYTES {
                break;
            }
        }
        let (code, body_id) = error_document(&body);
        let headers = response.headers();
        let header_id = word_in(headers, &REQUEST_IDS);
        // The answer to a HEAD has no body, so Azure says it in a header too
        let code = code.or_else(|| word_in(headers, &["x-ms-error-code"]));
        Err(Error::Store(Box::new(StoreError {
            action,
            path: printable(shown),
            status: status.as_u16(),
            code,
            request_id: header_id.or(body_id),
            retry_after: retry_after(response.headers()),
        })))
    }
}

/// Headers that stores name their requests in: S3, Cloud Storage, Azure.
const REQUEST_IDS: [&str; 3] = [
    "x-amz-request-id",
    "x-guploader-uploadid",
    "x-ms-request-id",
];

/// The first of these headers that is one harmless word.
fn word_in(headers: &HeaderMap, names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| word(headers.get(*name)?.to_str().ok()?))
}

/// The code and the request id of a store's XML; nothing else in it is fit to be shown.
fn error_document(body: &[u8]) -> (Option<String>, Option<String>) {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Document {
        code: Option<String>,
        request_id: Option<String>,
    }
    let document = std::str::from_utf8(body)
        .ok()
        // Azure begins with a byte order mark
        .map(|text| text.trim_start_matches('\u{feff}'))
        .and_then(|text| quick_xml::de::from_str::<Document>(text).ok());
    match document {
        Some(found) => (
            found.code.as_deref().and_then(word),
            found.request_id.as_deref().and_then(word),
        ),
        None => (None, None),
    }
}

/// One word of at most 128 letters, digits and marks that ids are made of.
fn word(text: &str) -> Option<String> {
    let fits = (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, code: Option<&str>) -> StoreError {
        StoreError {
            action: "upload",
            path: "a".to_owned(),
            status,
            code: code.map(str::to_owned),
            request_id: None,
            retry_after: None,
        }
    }

    #[test]
    fn answers_of_a_store_are_told_apart() {
        for (status, code, expected) in [
            (403, Some("AccessDenied"), Verdict::Refused),
            (403, None, Verdict::Refused),
            (400, Some("ExpiredToken"), Verdict::Refused),
            (400, Some("BadDigest"), Verdict::Corrupt),
            (400, Some("RequestTimeout"), Verdict::Passing),
            (400, Some("InvalidArgument"), Verdict::Final),
            (404, Some("NoSuchUpload"), Verdict::Gone),
            (409, Some("OperationAborted"), Verdict::Passing),
            (412, Some("PreconditionFailed"), Verdict::Exists),
            (429, None, Verdict::Passing),
            (500, Some("InternalError"), Verdict::Passing),
            (501, Some("NotImplemented"), Verdict::Final),
            (503, Some("SlowDown"), Verdict::Passing),
            (307, None, Verdict::Final),
        ] {
            assert_eq!(error(status, code).verdict(), expected, "{status} {code:?}");
        }
    }

    #[test]
    fn answers_of_cloud_storage_are_told_apart() {
        for (status, code, expected) in [
            (400, Some("ExpiredToken"), Verdict::Refused),
            (403, Some("SignatureDoesNotMatch"), Verdict::Refused),
            (403, Some("AccessDenied"), Verdict::Refused),
            (400, Some("BadDigest"), Verdict::Corrupt),
            (400, Some("MalformedSecurityHeader"), Verdict::Final),
            (400, Some("EntityTooLarge"), Verdict::Final),
            (404, Some("NoSuchUpload"), Verdict::Gone),
            (404, Some("NoSuchKey"), Verdict::Gone),
            (408, Some("RequestTimeout"), Verdict::Passing),
            (412, Some("PreconditionFailed"), Verdict::Exists),
            (429, Some("SlowDown"), Verdict::Passing),
            (500, Some("InternalError"), Verdict::Passing),
            (503, Some("ServiceUnavailable"), Verdict::Passing),
        ] {
            assert_eq!(error(status, code).verdict(), expected, "{status} {code:?}");
        }
    }

    #[test]
    fn answers_of_azure_are_told_apart() {
        for (status, code, expected) in [
            (403, Some("AuthenticationFailed"), Verdict::Refused),
            (
                403,
                Some("AuthorizationPermissionMismatch"),
                Verdict::Refused,
            ),
            (403, Some("UnauthorizedBlobOverwrite"), Verdict::Exists),
            (409, Some("BlobAlreadyExists"), Verdict::Exists),
            (409, Some("BlobImmutableDueToPolicy"), Verdict::Exists),
            (409, Some("LeaseAlreadyPresent"), Verdict::Final),
            (412, Some("ConditionNotMet"), Verdict::Exists),
            (400, Some("Md5Mismatch"), Verdict::Corrupt),
            (400, Some("Crc64Mismatch"), Verdict::Corrupt),
            (400, Some("InvalidBlockId"), Verdict::Final),
            (404, Some("BlobNotFound"), Verdict::Gone),
            (404, Some("ContainerNotFound"), Verdict::Gone),
            (413, Some("RequestBodyTooLarge"), Verdict::Final),
            (500, Some("OperationTimedOut"), Verdict::Passing),
            (500, Some("InternalError"), Verdict::Passing),
            (503, Some("ServerBusy"), Verdict::Passing),
        ] {
            assert_eq!(error(status, code).verdict(), expected, "{status} {code:?}");
        }
    }

    #[test]
    fn each_store_names_its_requests_in_a_header_of_its_own() {
        for name in REQUEST_IDS {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static("ABPtcPo-1_x"));
            let found = word_in(&headers, &REQUEST_IDS);
            assert_eq!(found.as_deref(), Some("ABPtcPo-1_x"), "{name}");
            headers.insert(name, HeaderValue::from_static("https://x/?sig=1"));
            assert_eq!(word_in(&headers, &REQUEST_IDS), None);
        }
    }

    #[test]
    fn of_an_error_document_only_code_and_request_are_kept() {
        let xml = b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>\
            <Message>Request has expired</Message><RequestId>4442587FB7D0A2F9</RequestId>\
            <HostId>x</HostId></Error>";
        assert_eq!(
            error_document(xml),
            (
                Some("AccessDenied".to_owned()),
                Some("4442587FB7D0A2F9".to_owned())
            )
        );
        let azure = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error>\
            <Code>AuthenticationFailed</Code><Message>RequestId:8e3a Time:2026</Message></Error>";
        let code = Some("AuthenticationFailed".to_owned());
        assert_eq!(error_document(azure.as_bytes()), (code, None));
        let hostile = b"<Error><Code>https://s3/?X-Amz-Signature=00</Code></Error>";
        assert_eq!(error_document(hostile), (None, None));
        assert_eq!(error_document(b"<html>"), (None, None));
    }

    #[test]
    fn a_url_that_would_be_rewritten_is_not_sent() {
        let signed = |url: &str| Signed::new(&BearerUrl::new(url), &[]).is_ok();
        assert!(signed(
            "https://b.s3.example/k%20%27a%2Fb?X-Amz-Signature=0&x=%2B"
        ));
        assert!(signed("https://b.s3.example:443/k?a=b"));
        assert!(!signed("https://b.s3.example/a/../k?a=b"));
        assert!(!signed("https://b.s3.example/a/%2e%2E/k?a=b"));
        assert!(!signed("https://b.s3.example/a b?a=b"));
        assert!(!signed("file:///etc/passwd"));
    }
}
