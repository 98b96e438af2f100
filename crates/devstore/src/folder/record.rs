//! What the folder's JSON files hold: the record of an object, of an upload, of a part.

use std::collections::BTreeMap;

use s3s::dto::Timestamp;
use serde::{Deserialize, Serialize};

use crate::checksum::{Algorithm, Checksum, Kind};

/// Bytes in the `data` folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PieceRecord {
    pub(crate) file: String,
    pub(crate) size_bytes: u64,
}

/// The headers that are stored with an object and come back with it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct StoredHeaders {
    pub(crate) content_type: Option<String>,
    pub(crate) content_encoding: Option<String>,
    pub(crate) content_disposition: Option<String>,
    pub(crate) content_language: Option<String>,
    pub(crate) cache_control: Option<String>,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) metadata: BTreeMap<String, String>,
}

/// `objects/<SHA-256 of the key>.json`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ObjectRecord {
    pub(crate) key: String,
    pub(crate) size_bytes: u64,
    /// Without quotes.
    pub(crate) etag: String,
    pub(crate) modified_unix_seconds: i64,
    pub(crate) headers: StoredHeaders,
    pub(crate) checksum: Option<Checksum>,
    pub(crate) pieces: Vec<PieceRecord>,
    /// The upload that this object was completed from, so that a crash between two writes can be told.
    pub(crate) upload_id: Option<String>,
}

/// `uploads/<upload id>/upload.json`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct UploadRecord {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) initiated_unix_seconds: i64,
    pub(crate) headers: StoredHeaders,
    pub(crate) checksum: Option<(Algorithm, Kind)>,
}

/// `uploads/<upload id>/<part number>.json`
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PartRecord {
    pub(crate) number: i32,
    /// Without quotes.
    pub(crate) etag: String,
    pub(crate) modified_unix_seconds: i64,
    pub(crate) checksum: Option<Checksum>,
    pub(crate) piece: PieceRecord,
}
