//! Fetches a stretch of an object, going on at the byte where it stopped, with a fresh URL when the
//! old one is refused.

use crate::api::Api;
use crate::error::{Error, Peer, Result};
use crate::progress::Meter;
use crate::retry::Attempts;
use crate::sink::Sink;
use crate::store::{Signed, Verdict, verdict};
use http::HeaderMap;
use std::sync::Arc;

/// How much must have come for an attempt to count as a success of sorts, in bytes.
const PROGRESS_BYTES: u64 = 64 << 10;

/// A URL, and which of those that were given out it is.
#[derive(Clone)]
pub(super) struct Lease {
    pub(super) signed: Arc<Signed>,
    pub(super) generation: u64,
}

/// Where URLs come from.
pub(super) trait Urls: Sync {
    /// A URL that was given out after the refused one.
    fn fresh(&self, refused: &Lease) -> impl Future<Output = Result<Lease>> + Send;
}

/// What to fetch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// What to call it in messages.
    pub(super) shown: &'a str,
    /// The first byte.
    pub(super) start: u64,
    /// The end, exclusive, of a stretch; `None` for everything there is.
    pub(super) end: Option<u64>,
    /// The size that the whole object must have, in bytes, where it is known.
    pub(super) size_bytes: Option<u64>,
}

/// What the store says about the object.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Its `ETag` in the first answer.
    etag: Option<http::HeaderValue>,
    /// The SHA-256 of the whole in base64, where the store knows it.
    pub(super) sha256_base64: Option<String>,
    /// Its size in bytes.
    size_bytes: Option<u64>,
}

/// Fetches into `sink`, which has nothing yet, with the URL `lease` as long as it is good.
///
/// # Errors
/// [`Error::SizeMismatch`] and [`Error::Replaced`] when the object is not what it should be or was;
/// else the last error.
pub(super) async fn fetch(
    api: &Api,
    urls: &impl Urls,
    mut lease: Lease,
    wanted: Wanted<'_>,
    sink: &mut Sink,
    meter: &Meter<'_>,
) -> Result<Said> {
    let mut said = Said::default();
    let mut attempts = Attempts::new(api.retry(), api.jitter());
    let mut flight = meter.flight();
    loop {
        let before = sink.accepted_bytes();
        let tried = attempt(
            api,
            &lease.signed,
            wanted,
            sink,
            &mut said,
            |bytes, total| {
                if wanted.size_bytes.is_none()
                    && let Some(total) = total
                {
                    meter.change(|status| status.bytes_total = total);
                }
                flight.reached(bytes);
            },
        );
        let Err(error) = tried.await else {
            flight.keep();
            return Ok(said);
        };
        if sink.accepted_bytes() - before >= PROGRESS_BYTES {
            attempts.progressed();
        }
        match verdict(&error) {
            Verdict::Refused if attempts.refused() => {
                let fresh = urls.fresh(&lease).await?;
                if fresh.signed.same_url(&lease.signed) {
                    return Err(error);
                }
                lease = fresh;
            }
            Verdict::Passing => {
                let Some(pause) = attempts.failed(error.retry_after()) else {
                    return Err(error);
                };
                tracing::debug!(error = %error, path = wanted.shown, "going on");
                tokio::time::sleep(pause).await;
            }
            _ => return Err(error),
        }
    }
}

async fn attempt(
    api: &Api,
    signed: &Signed,
    wanted: Wanted<'_>,
    sink: &mut Sink,
    said: &mut Said,
    mut reached: impl FnMut(u64, Option<u64>),
) -> Result<()> {
    let store = api.store();
    let at = wanted.start + sink.accepted_bytes();
    let mut response = store.get(signed, wanted.shown, at, wanted.end).await?;
    let span = Span::of(response.headers(), response.content_length());
    if span.first != at {
        let reason = "is another range than was asked for";
        return Err(Error::answer(Peer::Store, reason));
    }
    said.check(response.headers(), span, wanted)?;
    let end = wanted.end.or(said.size_bytes);
    while let Some(chunk) = store.chunk(&mut response).await? {
        let now = wanted.start + sink.accepted_bytes() + chunk.len() as u64;
        if end.is_some_and(|end| now > end) {
            return Err(Error::answer(Peer::Store, "is longer than announced"));
        }
        sink.accept(chunk).await?;
        reached(sink.accepted_bytes(), said.size_bytes);
    }
    let got = wanted.start + sink.accepted_bytes();
    if end.is_some_and(|end| got < end) {
        return Err(Error::Truncated { peer: Peer::Store });
    }
    Ok(())
}

impl Said {
    fn check(&mut self, headers: &HeaderMap, span: Span, wanted: Wanted<'_>) -> Result<()> {
        let expected = wanted.size_bytes.or(self.size_bytes);
        if let (Some(expected), Some(actual)) = (expected, span.total)
            && expected != actual
        {
            return Err(Error::SizeMismatch {
                path: wanted.shown.to_owned(),
                expected,
                actual,
            });
        }
        let etag = headers.get(http::header::ETAG);
        if let (Some(first), Some(now)) = (&self.etag, etag)
            && first != now
        {
            return Err(Error::Replaced {
                path: wanted.shown.to_owned(),
            });
        }
        if self.etag.is_none() {
            self.etag = etag.cloned();
        }
        self.size_bytes = expected.or(span.total);
        // A checksum with `-` and a count is one over parts
        let checksum = headers.get("x-amz-checksum-sha256");
        let checksum = checksum.and_then(|value| value.to_str().ok());
        if let Some(whole) = checksum.filter(|text| !text.contains('-')) {
            self.sha256_base64 = Some(whole.to_owned());
        }
        Ok(())
    }
}

/// Which bytes of how many an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    first: u64,
    total: Option<u64>,
}

impl Span {
    /// Some stores answer a range with status 200, so it is the header that counts.
    fn of(headers: &HeaderMap, content_length: Option<u64>) -> Self {
        let range = headers.get(http::header::CONTENT_RANGE);
        let range = range.and_then(|value| value.to_str().ok());
        range.and_then(Self::parse).unwrap_or(Self {
            first: 0,
            total: content_length,
        })
    }

    /// Reads `bytes first-last/total` (RFC 9110, section 14.4).
    fn parse(text: &str) -> Option<Self> {
        let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
        let (first, _last) = range.split_once('-')?;
        Some(Self {
            first: first.parse().ok()?,
            total: total.parse().ok(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        let span = |first, total| Some(Span { first, total });
        assert_eq!(Span::parse("bytes 5-9/10"), span(5, Some(10)));
        assert_eq!(Span::parse("bytes 0-0/*"), span(0, None));
        assert_eq!(Span::parse("bytes */10"), None);
        assert_eq!(Span::parse("items 0-1/2"), None);
    }
}
