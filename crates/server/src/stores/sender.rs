//! Signs and sends the server's own requests to one bucket.

use super::http::{Answer, Attempt, Channel, Http};
use super::lender::Lender;
use super::{Error, StoreOperation};
use crate::clock::Clock;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use presign::{Method, Request, Target, Timestamp, Ttl, Window};
use protocol::ObjectKey;
use std::sync::Arc;

/// Life of the server's own signed requests, in seconds: enough for two clocks that differ a little.
const LIFE_SECONDS: u32 = 300;
/// The longest answer in XML: a page of parts takes less than a tenth.
const MAX_XML_BYTES: u64 = 4 << 20;

/// A request before it is signed.
pub(super) struct Call<'a> {
    pub(super) operation: StoreOperation,
    pub(super) method: Method,
    pub(super) target: Target<'a>,
    /// Headers that are signed, where the store's signatures bind any.
    pub(super) headers: &'a [(&'static str, &'a str)],
    /// Headers that are not.
    pub(super) unsigned: &'a [(&'static str, &'a str)],
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) body: Bytes,
    /// The longest answer that is read, in bytes.
    pub(super) max_bytes: u64,
}

impl<'a> Call<'a> {
    /// About one object.
    pub(super) fn new(operation: StoreOperation, method: Method, key: &'a ObjectKey) -> Self {
        Self::about(operation, method, Target::Object(key.as_str()))
    }

    /// About the whole bucket.
    pub(super) fn of_bucket(operation: StoreOperation, method: Method) -> Self {
        Self::about(operation, method, Target::Bucket)
    }

    fn about(operation: StoreOperation, method: Method, target: Target<'a>) -> Self {
        Self {
            operation,
            method,
            target,
            headers: &[],
            unsigned: &[],
            query: &[],
            body: Bytes::new(),
            max_bytes: MAX_XML_BYTES,
        }
    }
}

/// Sends requests to one bucket.
pub(super) struct Sender {
    lender: Arc<Lender>,
    channel: Channel,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl Sender {
    pub(super) fn new(lender: Arc<Lender>, http: Http, clock: Arc<dyn Clock>) -> Self {
        Self {
            lender,
            channel: Channel::new(http),
            clock,
        }
    }

    /// As [`Self::send`], where absence is an error.
    pub(super) async fn expect(&self, call: Call<'_>) -> Result<Answer, Error> {
        let operation = call.operation;
        self.send(call)
            .await?
            .ok_or_else(|| unexpected(operation, "no such object"))
    }

    /// Signs and sends a request, again while its failure may pass. `None`: no such object.
    pub(super) async fn send(&self, call: Call<'_>) -> Result<Option<Answer>, Error> {
        let attempt = || self.attempt(&call);
        self.channel.send(call.operation, attempt).await
    }

    /// Signs a request as of now.
    async fn attempt(&self, call: &Call<'_>) -> Result<Attempt, Error> {
        let operation = call.operation;
        let signer = self.lender.lend_own().await?;
        let now = self.clock.now();
        let left = signer.credential_expires_at().map(|at| at.since(now));
        let left = left.and_then(|left| u32::try_from(left.as_secs()).ok());
        let window = Window {
            from: Timestamp::from_unix_seconds(now.unix_seconds()),
            // No URL outlives its credential, and a second is enough to be sent
            ttl: Ttl::from_seconds(left.map_or(LIFE_SECONDS, |left| left.clamp(1, LIFE_SECONDS)))?,
        };
        let request = Request {
            method: call.method,
            target: call.target,
            headers: call.headers,
            query: call.query,
        };
        let url = signer.sign_own(&request, window).await?;
        let mut headers = HeaderMap::with_capacity(call.headers.len() + call.unsigned.len());
        for &(name, value) in call.headers.iter().chain(call.unsigned) {
            let value = HeaderValue::from_str(value)
                .map_err(|_| unexpected(operation, "a header that cannot be sent"))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(Attempt {
            operation,
            method: call.method,
            url,
            headers,
            body: call.body.clone(),
            max_bytes: call.max_bytes,
        })
    }
}

pub(super) fn unexpected(operation: StoreOperation, what: &'static str) -> Error {
    Error::Unexpected { operation, what }
}
