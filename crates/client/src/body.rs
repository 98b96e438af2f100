//! A piece of a file as the body of a request: its length is known, and little of it is in memory.

use crate::plan::Piece;
use bytes::Bytes;
use futures::Stream as _;
use http_body::{Body, Frame, SizeHint};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncReadExt as _, Take};
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
    /// Read when the file was opened, which is one turn less for small files.
    first: Option<Bytes>,
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
        let path = path.to_owned();
        let opening = move || open(&path, file_size_bytes, piece);
        let opened = tokio::task::spawn_blocking(opening).await??;
        Ok(opened.map(|(file, first)| {
            let rest = piece.length.saturating_sub(first.len() as u64);
            let capacity = usize::try_from(rest).unwrap_or(CHUNK_BYTES);
            Self {
                first: (!first.is_empty()).then_some(first),
                stream: ReaderStream::with_capacity(
                    tokio::fs::File::from_std(file).take(rest),
                    capacity.clamp(1, CHUNK_BYTES),
                ),
                left: piece.length,
                sending,
            }
        }))
    }
}

/// The file, and the first bytes of the piece.
fn open(path: &Path, file_size_bytes: u64, piece: Piece) -> std::io::Result<Option<(File, Bytes)>> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() != file_size_bytes {
        return Ok(None);
    }
    if piece.offset > 0 {
        file.seek(SeekFrom::Start(piece.offset))?;
    }
    let wanted = piece.length.min(CHUNK_BYTES as u64);
    let mut first = Vec::with_capacity(usize::try_from(wanted).unwrap_or(CHUNK_BYTES));
    (&mut file).take(wanted).read_to_end(&mut first)?;
    Ok(Some((file, first.into())))
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
        let next = match self.first.take() {
            Some(first) => Some(Ok(first)),
            None => ready!(Pin::new(&mut self.stream).poll_next(context)),
        };
        match next {
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
