//! Bodies that count: what is received of a request, what is sent of an answer.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use parking_lot::Mutex;

use crate::access_log::{AccessLog, Line};

/// How much of a refused request is read, so that its client can finish sending and then read the
/// answer instead of a reset connection.
const DRAIN_BYTES: u64 = 64 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// What was left of a body by whoever had it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rest(Arc<Mutex<Option<Incoming>>>);

impl Rest {
    /// Reads the rest and forgets it.
    pub(crate) async fn drain(self) {
        let Some(mut body) = self.0.lock().take() else {
            return;
        };
        if body
            .size_hint()
            .upper()
            .is_none_or(|bytes| bytes > DRAIN_BYTES)
        {
            return;
        }
        let drain = async { while let Some(Ok(_)) = body.frame().await {} };
        // Whether it ended in time changes nothing: the answer is the same
        let _ = tokio::time::timeout(DRAIN_TIME, drain).await;
    }
}

/// A request's body.
pub(crate) struct Received {
    body: Option<Incoming>,
    bytes: Option<Arc<AtomicU64>>,
    rest: Rest,
}

impl Received {
    pub(crate) fn new(body: Incoming, rest: &Rest) -> Self {
        Self {
            body: Some(body),
            bytes: None,
            rest: rest.clone(),
        }
    }

    pub(crate) fn count_in(&mut self, bytes: Arc<AtomicU64>) {
        self.bytes = Some(bytes);
    }
}

impl Body for Received {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(body).poll_frame(context);
        if let (Poll::Ready(Some(Ok(frame))), Some(bytes)) = (&polled, &self.bytes) {
            let length = frame.data_ref().map_or(0, Bytes::len);
            bytes.fetch_add(length as u64, Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Incoming::size_hint)
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        if let Some(body) = self.body.take()
            && !body.is_end_stream()
        {
            *self.rest.0.lock() = Some(body);
        }
    }
}

/// An answer's body. It writes the request's line of the access log when its last byte is handed
/// over, or when it is dropped before.
pub(crate) struct Sent {
    body: s3s::Body,
    /// How many bytes the headers promise.
    expected_bytes: Option<u64>,
    line: Option<Box<Line>>,
    log: Arc<AccessLog>,
}

impl Sent {
    pub(crate) fn new(
        body: s3s::Body,
        expected_bytes: Option<u64>,
        line: Line,
        log: Arc<AccessLog>,
    ) -> Self {
        let mut sent = Self {
            body,
            expected_bytes,
            line: Some(Box::new(line)),
            log,
        };
        if sent.is_end_stream() || expected_bytes == Some(0) {
            sent.write_line();
        }
        sent
    }

    fn write_line(&mut self) {
        if let Some(line) = self.line.take() {
            self.log.append(&line);
        }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = s3s::StdError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, s3s::StdError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(frame))) => {
                let length = frame.data_ref().map_or(0, Bytes::len) as u64;
                let mut sent_bytes = 0;
                if let Some(line) = &mut self.line {
                    line.bytes_sent += length;
                    sent_bytes = line.bytes_sent;
                }
                if self.body.is_end_stream() || self.expected_bytes == Some(sent_bytes) {
                    self.write_line();
                }
            }
            Poll::Ready(_) => self.write_line(),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.write_line();
    }
}
