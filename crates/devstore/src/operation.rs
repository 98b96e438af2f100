//! Which S3 operation a request is, from its method and query.

use http::Method;

use crate::query::Query;
use crate::refusal::Refusal;

/// The operations that the store knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `GET` of a key.
    GetObject,
    /// `HEAD` of a key.
    HeadObject,
    /// `PUT` of a key.
    PutObject,
    /// `DELETE` of a key.
    DeleteObject,
    /// `POST` of a key with `uploads`.
    CreateUpload,
    /// `PUT` of a key with `partNumber` and `uploadId`.
    UploadPart,
    /// `GET` of a key with `uploadId`.
    ListParts,
    /// `POST` of a key with `uploadId`.
    CompleteUpload,
    /// `DELETE` of a key with `uploadId`.
    AbortUpload,
    /// `GET` of a bucket with `uploads`.
    ListUploads,
    /// `GET` of a bucket with `list-type=2`.
    ListObjects,
    /// `HEAD` of a bucket.
    HeadBucket,
    /// `OPTIONS`: the preflight of a browser.
    Preflight,
    /// Anything else.
    Unknown,
}

/// Parameters that make another operation of a request; none of them is to be had here.
const SUBRESOURCES: [&str; 31] = [
    "accelerate",
    "acl",
    "analytics",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "tagging",
    "select",
    "session",
    "torrent",
    "versioning",
    "versions",
    "website",
];

impl Operation {
    /// Reads the operation; `Unknown` for what S3 knows and this store does not.
    pub(crate) fn of(method: &Method, has_key: bool, query: &Query) -> Self {
        if method == Method::OPTIONS {
            return Self::Preflight;
        }
        if SUBRESOURCES.iter().any(|name| query.has(name))
            || query.get("versionId").is_some_and(|id| id != "null")
        {
            return Self::Unknown;
        }
        let (uploads, upload, part) = (
            query.has("uploads"),
            query.has("uploadId"),
            query.has("partNumber"),
        );
        match (method.as_str(), has_key, uploads, upload, part) {
            ("GET", true, false, false, false) => Self::GetObject,
            ("HEAD", true, false, false, false) => Self::HeadObject,
            ("PUT", true, false, false, false) => Self::PutObject,
            ("DELETE", true, false, false, false) => Self::DeleteObject,
            ("POST", true, true, false, false) => Self::CreateUpload,
            ("PUT", true, false, true, true) => Self::UploadPart,
            ("GET", true, false, true, false) => Self::ListParts,
            ("POST", true, false, true, false) => Self::CompleteUpload,
            ("DELETE", true, false, true, false) => Self::AbortUpload,
            ("GET", false, true, false, false) => Self::ListUploads,
            ("GET", false, false, false, false) if query.get("list-type") == Some("2") => {
                Self::ListObjects
            }
            ("HEAD", false, false, false, false) => Self::HeadBucket,
            _ => Self::Unknown,
        }
    }

    pub(crate) fn supported(self) -> Result<Self, Refusal> {
        match self {
            Self::Unknown => Err(Refusal::new(
                501,
                "NotImplemented",
                "The development store does not implement this operation",
            )),
            known => Ok(known),
        }
    }

    /// Whether the request brings an object's or a part's bytes.
    pub(crate) fn takes_bytes(self) -> bool {
        matches!(self, Self::PutObject | Self::UploadPart)
    }

    /// What the access log calls it.
    pub(crate) fn log_name(self, method: &Method, has_key: bool) -> String {
        let resource = match self {
            Self::CreateUpload | Self::ListUploads => "UPLOADS",
            Self::UploadPart => "PART",
            Self::ListParts | Self::CompleteUpload | Self::AbortUpload => "UPLOAD",
            Self::ListObjects | Self::HeadBucket => "BUCKET",
            Self::Preflight => "PREFLIGHT",
            Self::Unknown if !has_key => "BUCKET",
            _ => "OBJECT",
        };
        format!("REST.{method}.{resource}")
    }
}
