//! What a signed URL lets its holder do, in no store's words.

use presign::Method;
use protocol::Sha256Digest;
use std::borrow::Cow;

/// What a URL lets its holder do with one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act<'a> {
    /// Read it.
    Read {
        /// The whole `Content-Disposition` that the store answers with, for browsers.
        disposition: Cow<'static, str>,
    },
    /// Read its size and checksums.
    Look,
    /// Delete it.
    Delete,
    /// Write exactly these bytes.
    Write {
        /// Their number.
        size_bytes: u64,
        /// Their digest.
        sha256: Sha256Digest,
        /// Only where nothing is yet.
        only_new: bool,
    },
    /// Write exactly these bytes as a part of an upload.
    WritePart {
        /// The store's id of the upload.
        store_upload_id: &'a str,
        /// Number of the part, from 1.
        number: u32,
        /// The number of bytes.
        size_bytes: u64,
        /// Their digest.
        sha256: Sha256Digest,
    },
}

impl Act<'_> {
    /// Reads, and has a browser save what it reads. Whoever can write chooses the type of what others
    /// are given: a page or a drawing with a script in it must not run where the bucket is.
    pub fn read() -> Self {
        Self::Read {
            disposition: Cow::Borrowed("attachment"),
        }
    }

    /// The method of the request.
    pub fn method(&self) -> Method {
        match self {
            Self::Read { .. } => Method::Get,
            Self::Look => Method::Head,
            Self::Delete => Method::Delete,
            Self::Write { .. } | Self::WritePart { .. } => Method::Put,
        }
    }

    /// Number of the part, for parts.
    pub fn part(&self) -> Option<u32> {
        match self {
            Self::WritePart { number, .. } => Some(*number),
            _ => None,
        }
    }

    /// Whether a URL for it differs from another one for the like in nothing but the key.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Read { .. } | Self::Look | Self::Delete)
    }
}
