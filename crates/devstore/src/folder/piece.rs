//! Files of bytes: written once under a name of their own, gone when nothing refers to them.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use s3s::dto::StreamingBlob;
use s3s::{S3Error, S3Result, s3_error};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::mpsc;
use tokio_util::io::ReaderStream;

use super::record::PieceRecord;
use crate::checksum::received::{Digests, Hasher, Wanted};
use crate::random;

/// Frames that may wait for the disk.
const QUEUE_FRAMES: usize = 16;
const READ_BYTES: usize = 256 * 1024;

/// One file. It is deleted when the last reference goes, unless it was kept: so an upload that
/// ends in any other way than a commit leaves nothing, and readers finish what they began.
#[derive(Debug)]
pub(crate) struct Piece {
    path: PathBuf,
    record: PieceRecord,
    doomed: AtomicBool,
}

impl Piece {
    /// A piece that a record on disk refers to.
    pub(crate) fn stored(folder: &Path, record: PieceRecord) -> Self {
        Self {
            path: folder.join(&record.file),
            record,
            doomed: AtomicBool::new(false),
        }
    }

    pub(crate) fn record(&self) -> &PieceRecord {
        &self.record
    }

    pub(crate) fn keep(&self) {
        self.doomed.store(false, Ordering::Release);
    }

    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::Release);
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        if *self.doomed.get_mut()
            && let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "a data file could not be deleted; the next start sweeps it");
        }
    }
}

/// Writes a body into a new piece while hashing it, and compares the digests.
///
/// The piece is doomed until somebody keeps it.
pub(crate) async fn receive(
    folder: &Path,
    body: Option<StreamingBlob>,
    wanted: Wanted,
) -> S3Result<(Piece, Digests)> {
    let (sender, receiver) = mpsc::channel(QUEUE_FRAMES);
    let folder = folder.to_path_buf();
    let writing = tokio::task::spawn_blocking(move || write(&folder, receiver, wanted));
    let mut failure = None;
    if let Some(mut body) = body {
        while let Some(frame) = body.next().await {
            let Ok(bytes) = frame else {
                failure = Some(s3_error!(
                    IncompleteBody,
                    "You did not provide the number of bytes specified by the Content-Length HTTP header."
                ));
                break;
            };
            if sender.send(bytes).await.is_err() {
                break;
            }
        }
    }
    drop(sender);
    let written = writing.await.map_err(S3Error::internal_error)?;
    failure.map_or(written, Err)
}

fn write(
    folder: &Path,
    mut frames: mpsc::Receiver<Bytes>,
    wanted: Wanted,
) -> S3Result<(Piece, Digests)> {
    let name = hex::encode(random::<16>());
    let path = folder.join(&name);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(S3Error::internal_error)?;
    let mut piece = Piece {
        path,
        record: PieceRecord {
            file: name,
            size_bytes: 0,
        },
        doomed: AtomicBool::new(true),
    };
    let mut hasher = Hasher::new(wanted);
    while let Some(bytes) = frames.blocking_recv() {
        hasher.update(&bytes)?;
        file.write_all(&bytes).map_err(S3Error::internal_error)?;
    }
    let digests = hasher.finish()?;
    piece.record.size_bytes = digests.size_bytes;
    Ok((piece, digests))
}

/// Reads `range` of the bytes that `pieces` make one after the other.
pub(crate) fn read(
    pieces: &[Arc<Piece>],
    range: Range<u64>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + Sync + 'static {
    let mut slices = Vec::new();
    let mut start = 0_u64;
    for piece in pieces {
        let end = start + piece.record.size_bytes;
        let (from, to) = (range.start.max(start), range.end.min(end));
        if from < to {
            slices.push((Arc::clone(piece), from - start, to - from));
        }
        start = end;
    }
    stream::iter(slices)
        .then(|(piece, offset, length)| async move {
            let mut file = tokio::fs::File::open(&piece.path).await?;
            file.seek(io::SeekFrom::Start(offset)).await?;
            io::Result::Ok(ReaderStream::with_capacity(file.take(length), READ_BYTES))
        })
        .try_flatten()
}
