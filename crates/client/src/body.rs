//! A piece of a file as the body of a request: its length is known, and little of it is in memory.

use crate::plan::Piece;
use bytes::Bytes;
use futures::Stream as _;
use http_body::{Body, Frame, SizeHint};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, Take};
use tokio::sync::Notify;
use tokio_util::io::ReaderStream;

/// How much is read at a time, in bytes.
const CHUNK_BYTES: usize = 256 << 10;

/// What a body tells while it is sent.
#[derive(Debug, Default)]
pub(crate) struct Sending {
    bytes: AtomicU64,
    short: AtomicBool,
    moved: Notify,
}

impl Sending {
    /// How many bytes were handed to the connection.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Whether the file ended too early.
    pub(crate) fn is_short(&self) -> bool {
        self.short.load(Ordering::Relaxed)
    }

    /// Waits until more bytes were handed over.
    pub(crate) async fn moved(&self) {
        self.moved.notified().await;
    }
}

/// The body.
#[derive(Debug)]
pub(crate) struct FileBody {
    stream: ReaderStream<Take<tokio::fs::File>>,
    left: u64,
    sending: Arc<Sending>,
}

impl FileBody {
    /// The piece of the file; `None` when the file is not `file_size_bytes` long.
    pub(crate) async fn open(
        path: &Path,
        file_size_bytes: u64,
        piece: Piece,
        sending: Arc<Sending>,
    ) -> std::io::Result<Option<Self>> {
        let mut file = tokio::fs::File::open(path).await?;
        if file.metadata().await?.len() != file_size_bytes {
            return Ok(None);
        }
        if piece.offset > 0 {
            file.seek(std::io::SeekFrom::Start(piece.offset)).await?;
        }
        let capacity = usize::try_from(piece.length).unwrap_or(CHUNK_BYTES);
        Ok(Some(Self {
            stream: ReaderStream::with_capacity(
                file.take(piece.length),
                capacity.clamp(1, CHUNK_BYTES),
            ),
            left: piece.length,
            sending,
        }))
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        match ready!(Pin::new(&mut self.stream).poll_next(context)) {
            Some(Ok(bytes)) => {
                let count = bytes.len() as u64;
                self.left = self.left.saturating_sub(count);
                self.sending.bytes.fetch_add(count, Ordering::Relaxed);
                self.sending.moved.notify_one();
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None => {
                self.left = 0;
                self.sending.short.store(true, Ordering::Relaxed);
                let error = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
                Poll::Ready(Some(Err(error)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
