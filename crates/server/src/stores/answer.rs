//! What stores answer, as the rest of the server sees it.

use protocol::id::UploadId;
use protocol::{ObjectKey, Sha256Digest, Timestamp};

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

/// An upload in parts that the store holds open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenUpload {
    /// The key that it would make.
    pub key: ObjectKey,
    /// The store's id of it.
    pub store_upload_id: Box<str>,
    /// When it was begun, by the store's clock.
    pub begun_at: Timestamp,
}

/// An object in a list of what a bucket holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// Its key.
    pub key: ObjectKey,
    /// Size in bytes.
    pub size_bytes: u64,
    /// The store's tag of it.
    pub etag: Box<str>,
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
