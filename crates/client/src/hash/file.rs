//! Digests of local files, on threads that may block.

use super::{BUFFER_BYTES, Sha256, composite};
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::plan::Piece;
use futures::{StreamExt as _, TryStreamExt as _};
use protocol::digest::{Digest, Sha256Digest};
use protocol::layout::Layout;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;

/// A local file to send.
#[derive(Debug, Clone)]
pub(crate) struct LocalFile {
    pub(crate) path: PathBuf,
    /// What to call it in messages.
    pub(crate) shown: String,
    pub(crate) size_bytes: u64,
}

impl LocalFile {
    /// The SHA-256 of a piece of it, which must be there. Blocks.
    pub(crate) fn sha256(&self, piece: Piece) -> Result<Sha256Digest> {
        piece_of(&self.path, piece)
            .map_err(|source| Error::file("read", &self.path, source))?
            .ok_or_else(|| Error::SourceChanged {
                path: self.shown.clone(),
            })
    }
}

/// What a file is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileDigest {
    pub(crate) digest: Digest,
    /// The digests of the parts, of what goes up in parts.
    pub(crate) parts: Arc<[Sha256Digest]>,
}

/// How many threads hash at once.
pub(crate) fn threads() -> usize {
    // The system is asked by reading files
    static THREADS: LazyLock<usize> = LazyLock::new(|| {
        std::thread::available_parallelism().map_or(2, |count| count.get().min(4))
    });
    *THREADS
}

/// Digests files that each go up in one PUT, one after the other on one thread: of small ones, to change
/// threads costs more than to hash.
pub(crate) async fn digest_small_files(
    files: Vec<Arc<LocalFile>>,
    threads: &Semaphore,
) -> Result<Vec<FileDigest>> {
    let _turn = threads.acquire().await;
    let digest = |file: &Arc<LocalFile>| {
        let length = file.size_bytes;
        let sha256 = file.sha256(Piece { offset: 0, length })?;
        Ok(FileDigest {
            digest: Digest::Sha256(sha256),
            parts: Arc::default(),
        })
    };
    blocking(move || files.iter().map(digest).collect()).await?
}

/// Digests a file of this layout, each part on a thread of its own while `threads` has room.
/// `hashed` hears of bytes as they are done.
pub(crate) async fn digest_file(
    file: &Arc<LocalFile>,
    layout: Layout,
    threads: &Semaphore,
    hashed: impl Fn(u64),
) -> Result<FileDigest> {
    let parts: Vec<Sha256Digest> = futures::stream::iter(1..=layout.part_count())
        .map(|number| async move {
            let (offset, length) = layout.part(number).unwrap_or_default();
            let _turn = threads.acquire().await;
            let file = Arc::clone(file);
            let digest = blocking(move || file.sha256(Piece { offset, length })).await??;
            Ok::<_, Error>((digest, length))
        })
        .buffered(self::threads())
        .map_ok(|(digest, length)| {
            hashed(length);
            digest
        })
        .try_collect()
        .await?;
    let digest = match layout {
        Layout::Single { .. } => parts.first().copied().map(Digest::Sha256),
        Layout::Parts {
            part_size_bytes, ..
        } => Some(Digest::Sha256Composite {
            part_size_bytes,
            composite: composite(&parts),
        }),
    };
    let digest = digest.ok_or_else(|| Error::SourceChanged {
        path: file.shown.clone(),
    })?;
    let parts = match layout {
        Layout::Single { .. } => Arc::default(),
        Layout::Parts { .. } => parts.into(),
    };
    Ok(FileDigest { digest, parts })
}

/// The SHA-256 of a piece of a file; `None` when the file ends before the piece does. Blocks.
fn piece_of(path: &Path, piece: Piece) -> std::io::Result<Option<Sha256Digest>> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(piece.offset))?;
    let mut hash = Sha256::new();
    let capacity = usize::try_from(piece.length).unwrap_or(BUFFER_BYTES);
    let mut buffer = vec![0; capacity.clamp(1, BUFFER_BYTES)];
    let mut left = piece.length;
    while left > 0 {
        let wanted = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let (window, _) = buffer.split_at_mut(wanted);
        let count = file.read(window)?;
        if count == 0 {
            return Ok(None);
        }
        let (read, _) = window.split_at(count);
        hash.update(read);
        left -= count as u64;
    }
    Ok(Some(hash.finish()))
}
