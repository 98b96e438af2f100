//! Requests to a store by signed URL, and what its answers mean.

mod refusal;

pub(crate) use refusal::{Verdict, verdict};

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
        let (code, request_id) = refusal::named(response.headers(), &body);
        Err(Error::Store(Box::new(StoreError {
            action,
            path: printable(shown),
            status: status.as_u16(),
            code,
            request_id,
            retry_after: retry_after(response.headers()),
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
