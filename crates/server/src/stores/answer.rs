//! What stores answer, as the rest of the server sees it.

use protocol::Sha256Digest;
use protocol::id::UploadId;

/// A part as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPart {
    /// Number of the part, from 1.
    pub number: u32,
    /// The store's tag of it.
    pub etag: Box<str>,
    /// Size in bytes.
    pub size_bytes: u64,
    /// SHA-256 of its bytes, where the store tells.
    pub sha256: Option<Sha256Digest>,
}

/// A part to be put together with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartToComplete {
    /// Number of the part, from 1.
    pub number: u32,
    /// The store's tag of it.
    pub etag: Box<str>,
    /// SHA-256 of its bytes.
    pub sha256: Sha256Digest,
}

/// An object that was put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    /// The store's tag of it.
    pub etag: Box<str>,
}

/// A checksum that the store computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredChecksum {
    /// SHA-256 over the whole object.
    Whole(Sha256Digest),
    /// SHA-256 over the digests of this many parts.
    Composite {
        /// The composite.
        composite: Sha256Digest,
        /// Number of parts.
        part_count: u32,
    },
}

impl StoredChecksum {
    /// Reads `base64` or `base64-PARTS`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.split_once('-') {
            None => super::s3::xml::sha256(text).map(Self::Whole),
            Some((digest, count)) => Some(Self::Composite {
                composite: super::s3::xml::sha256(digest)?,
                part_count: count.parse().ok()?,
            }),
        }
    }
}

/// What the store says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Size in bytes.
    pub size_bytes: u64,
    /// The store's tag of it.
    pub etag: Option<Box<str>>,
    /// Its checksum, where the store has one.
    pub sha256: Option<StoredChecksum>,
    /// The upload that made it, if one did.
    pub upload: Option<UploadId>,
}

/// An object that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The store's tag of it.
    pub etag: Option<Box<str>>,
}
