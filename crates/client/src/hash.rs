//! Digests of content, in one pass, on threads that may block.

use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::plan::Piece;
use aws_lc_rs::digest::{Context, SHA256};
use md5::Digest as _;
use protocol::digest::{Digest, Md5Digest, Sha256Digest};
use protocol::layout::Layout;
use std::io::{Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;

/// How much is read at a time, in bytes.
const BUFFER_BYTES: usize = 1 << 20;

/// SHA-256 as it is fed.
pub(crate) struct Sha256(Context);

impl Sha256 {
    pub(crate) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Sha256Digest {
        let digest = self.0.finish();
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        Sha256Digest::from_bytes(bytes)
    }
}

/// SHA-256 over the parts' digests.
pub(crate) fn composite<'a>(parts: impl IntoIterator<Item = &'a Sha256Digest>) -> Sha256Digest {
    let mut whole = Sha256::new();
    for part in parts {
        whole.update(part.as_bytes());
    }
    whole.finish()
}

/// A digest of any algorithm as it is fed.
pub(crate) enum Hasher {
    Sha256(Sha256),
    Composite {
        part_size_bytes: u64,
        filled_bytes: u64,
        part: Sha256,
        whole: Sha256,
    },
    Md5(Box<md5::Md5>),
}

impl Hasher {
    pub(crate) fn sha256() -> Self {
        Self::Sha256(Sha256::new())
    }

    /// For content that must have the digest `expected`; `None` when its algorithm is not known.
    pub(crate) fn like(expected: &Digest) -> Option<Self> {
        match *expected {
            Digest::Sha256(_) => Some(Self::sha256()),
            Digest::Sha256Composite {
                part_size_bytes, ..
            } => Some(Self::Composite {
                part_size_bytes,
                filled_bytes: 0,
                part: Sha256::new(),
                whole: Sha256::new(),
            }),
            Digest::Md5(_) => Some(Self::Md5(Box::default())),
            _ => None,
        }
    }

    pub(crate) fn update(&mut self, mut bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Md5(hash) => md5::Digest::update(hash.as_mut(), bytes),
            Self::Composite {
                part_size_bytes,
                filled_bytes,
                part,
                whole,
            } => {
                while !bytes.is_empty() {
                    let room =
                        usize::try_from(*part_size_bytes - *filled_bytes).unwrap_or(usize::MAX);
                    let (now, later) = bytes.split_at(room.min(bytes.len()));
                    part.update(now);
                    *filled_bytes += now.len() as u64;
                    bytes = later;
                    if filled_bytes == part_size_bytes {
                        let full = std::mem::replace(part, Sha256::new());
                        whole.update(full.finish().as_bytes());
                        *filled_bytes = 0;
                    }
                }
            }
        }
    }

    pub(crate) fn finish(self) -> Digest {
        match self {
            Self::Sha256(hash) => Digest::Sha256(hash.finish()),
            Self::Md5(hash) => Digest::Md5(Md5Digest::from_bytes(hash.finalize().into())),
            Self::Composite {
                part_size_bytes,
                filled_bytes,
                part,
                mut whole,
            } => {
                if filled_bytes > 0 {
                    whole.update(part.finish().as_bytes());
                }
                Digest::Sha256Composite {
                    part_size_bytes,
                    composite: whole.finish(),
                }
            }
        }
    }
}

/// Reads everything there is and digests it as `expected` was.
pub(crate) fn digest_of(mut from: impl Read, mut hasher: Hasher) -> std::io::Result<Digest> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = from.read(&mut buffer)?;
        let (read, _) = buffer.split_at(count);
        if read.is_empty() {
            return Ok(hasher.finish());
        }
        hasher.update(read);
    }
}

/// The SHA-256 of a piece of a file; `None` when the file ends before the piece does.
pub(crate) fn piece_of(path: &Path, piece: Piece) -> std::io::Result<Option<Sha256Digest>> {
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

/// Digests files that are one part each, one after the other on one thread: for small ones, to change
/// threads costs more than to hash.
pub(crate) async fn digest_small_files(
    files: Vec<LocalFile>,
    threads: &Semaphore,
) -> Result<Vec<FileDigest>> {
    let _turn = threads.acquire().await;
    let digests = blocking(move || files.iter().map(digest_small_file).collect());
    digests.await?
}

fn digest_small_file(file: &LocalFile) -> Result<FileDigest> {
    let whole = Piece {
        offset: 0,
        length: file.size_bytes,
    };
    let sha256 = piece_of(&file.path, whole)
        .map_err(|source| Error::file("read", &file.path, source))?
        .ok_or_else(|| Error::SourceChanged {
            path: file.shown.clone(),
        })?;
    Ok(FileDigest {
        digest: Digest::Sha256(sha256),
        parts: Arc::default(),
    })
}

/// Digests a file of this layout, each part on a thread of its own while `threads` has room.
/// `hashed` hears of bytes as they are done.
pub(crate) async fn digest_file(
    path: &Path,
    shown: &str,
    layout: Layout,
    threads: &Semaphore,
    hashed: impl Fn(u64),
) -> Result<FileDigest> {
    use futures::{StreamExt as _, TryStreamExt as _};
    let path: Arc<Path> = path.into();
    let parts: Vec<Sha256Digest> = futures::stream::iter(1..=layout.part_count())
        .map(|number| {
            let path = Arc::clone(&path);
            async move {
                let (offset, length) = layout.part(number).unwrap_or_default();
                let _turn = threads.acquire().await;
                let local = Arc::clone(&path);
                blocking(move || piece_of(&local, Piece { offset, length }))
                    .await?
                    .map_err(|source| Error::file("read", &path, source))?
                    .map(|digest| (digest, length))
                    .ok_or_else(|| Error::SourceChanged {
                        path: shown.to_owned(),
                    })
            }
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
        path: shown.to_owned(),
    })?;
    let parts = match layout {
        Layout::Single { .. } => Arc::default(),
        Layout::Parts { .. } => parts.into(),
    };
    Ok(FileDigest { digest, parts })
}

/// A local file to send.
#[derive(Debug, Clone)]
pub(crate) struct LocalFile {
    pub(crate) path: PathBuf,
    /// What to call it in messages.
    pub(crate) shown: String,
    pub(crate) size_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_digests() {
        let hex = |hasher: Option<Hasher>| {
            let mut hasher = hasher.unwrap();
            hasher.update(b"abc");
            hasher.finish().hex()
        };
        // FIPS 180-4's and RFC 1321's own examples
        assert_eq!(
            hex(Some(Hasher::sha256())),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let md5 = Digest::Md5(Md5Digest::from_bytes([0; 16]));
        assert_eq!(hex(Hasher::like(&md5)), "900150983cd24fb0d6963f7d28e17f72");
    }

    proptest! {
        #[test]
        fn a_composite_does_not_depend_on_how_it_is_fed(
            content in proptest::collection::vec(any::<u8>(), 0..400),
            part in 1_u64..50,
            cuts in proptest::collection::vec(1_usize..70, 1..20),
        ) {
            let like = Digest::Sha256Composite {
                part_size_bytes: part,
                composite: Sha256Digest::from_bytes([0; 32]),
            };
            let mut hasher = Hasher::like(&like).unwrap();
            let mut rest = content.as_slice();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                hasher.update(now);
                rest = later;
            }
            let parts: Vec<_> = content
                .chunks(usize::try_from(part).unwrap())
                .map(|chunk| {
                    let mut hash = Sha256::new();
                    hash.update(chunk);
                    hash.finish()
                })
                .collect();
            let expected = Digest::Sha256Composite { part_size_bytes: part, composite: composite(&parts) };
            prop_assert_eq!(hasher.finish(), expected);
        }
    }
}
