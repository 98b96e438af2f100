//! Bodies of plain objects and of uploads in parts.

use crate::bucket::Audience;
use crate::digest::{Digest, Sha256Digest};
use crate::id::{GrantId, ObjectId, UploadId};
use crate::key::FileKey;
use crate::network::Network;
use crate::time::Timestamp;

/// The most keys, entries or parts in one request.
pub const MAX_BATCH: usize = 5_000;

/// A signed URL: who holds it may use it. `Debug` hides it, and there is no `Display`.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String))]
pub struct BearerUrl(String);

impl BearerUrl {
    /// Wraps a signed URL on its way into or out of a body.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The URL. Use it for the request; never log it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for BearerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BearerUrl(hidden)")
    }
}

/// What a URL lets its holder do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum UrlMethod {
    /// Download.
    Get,
    /// Read size, type and checksums.
    Head,
    /// Upload in one request.
    Put,
    /// Delete.
    Delete,
}

/// What bounded a URL's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum BoundBy {
    /// The caller asked for no longer.
    Request,
    /// The cap of the operation: 1 hour for reads and part windows, 24 hours for uploads.
    Operation,
    /// A limit of the principal or team.
    Limit,
    /// The bucket's policy on the age of signatures.
    BucketPolicy,
    /// The life of the credential that signs.
    Credential,
}

/// From where URLs are used, as far as the one who asks for them says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    /// At which of its addresses the store is reached; `None`: at its usual one.
    pub audience: Option<Audience>,
    /// The network that the store takes the URLs from; `None`: every one.
    pub network: Option<Network>,
}

/// `POST /v1/teams/{team}/urls`: URLs for plain objects, all for one method.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UrlsRequest {
    /// What the URLs are for.
    pub method: UrlMethod,
    /// The objects; 1 to 5,000, each once.
    pub objects: Vec<UrlsObject>,
    /// Life asked for, in seconds. Without it: as long as is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u32>,
    /// For `get`: the file name that a browser offers when it saves the one object asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub save_as: Option<String>,
    /// From where the URLs are used; they are signed for the store's address there. Without it: for its
    /// usual address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// The network that the store takes the URLs from, and no other; refused where the store cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
}

/// One plain object.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UrlsObject {
    /// The object's name beneath the team's root.
    pub key: FileKey,
    /// For `put`, required: SHA-256 of the bytes. The URL can write only these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256Digest>,
    /// For `put`, required: size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
}

/// URLs that one grant released; what they share stands once.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Urls {
    /// The recorded decision.
    pub grant_id: GrantId,
    /// What the URLs are for.
    pub method: UrlMethod,
    /// When the store stops to accept them.
    pub expires_at: Timestamp,
    /// What bounded `expires_at`.
    pub bound_by: BoundBy,
    /// Headers that each request must carry, as name and value.
    pub headers: Vec<(String, String)>,
    /// One URL an object, in the order asked for.
    pub urls: Vec<ObjectUrl>,
}

/// The URL of one plain object.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObjectUrl {
    /// The object's name beneath the team's root.
    pub key: FileKey,
    /// The signed URL.
    pub url: BearerUrl,
    /// Headers that this request must carry besides the common ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
}

/// One request that the client may make to the store, once.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedRequest {
    /// The signed URL.
    pub url: BearerUrl,
    /// Headers that the request must carry, as name and value.
    pub headers: Vec<(String, String)>,
    /// When the store stops to accept it.
    pub expires_at: Timestamp,
    /// What bounded `expires_at`.
    pub bound_by: BoundBy,
}

/// `POST /v1/teams/{team}/uploads`: begins a large plain object in parts.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewUpload {
    /// The object's name beneath the team's root.
    pub key: FileKey,
    /// Size in bytes.
    pub size_bytes: u64,
    /// The composite digest of the parts; the part size is `Layout::of(size_bytes)`'s.
    pub digest: Digest,
}

/// An upload in parts.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Upload {
    /// The upload.
    pub id: UploadId,
    /// Where it stands.
    pub state: UploadState,
    /// Size of the object in bytes.
    pub size_bytes: u64,
    /// Size of every part but the last, in bytes.
    pub part_size_bytes: u64,
    /// Number of parts.
    pub part_count: u32,
    /// When parts can no longer be signed and the upload is aborted.
    pub expires_at: Timestamp,
}

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum UploadState {
    /// Parts may be sent.
    Open,
    /// The store has put the parts together, and the whole was verified.
    Completed,
    /// Given up; the store dropped the parts.
    Aborted,
}

/// `POST /v1/uploads/{upload}/parts`: URLs for a window of parts.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignPartsRequest {
    /// The parts, 1 to 5,000, each once.
    pub parts: Vec<PartDigest>,
    /// From where the URLs are used; they are signed for the store's address there. Without it: for its
    /// usual address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// The network that the store takes the URLs from, and no other; refused where the store cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
}

/// A part and the digest that its URL is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartDigest {
    /// Number of the part, from 1.
    pub number: u32,
    /// SHA-256 of its bytes.
    pub sha256: Sha256Digest,
}

/// URLs for parts.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedParts {
    /// The recorded decision.
    pub grant_id: GrantId,
    /// When the store stops to accept them.
    pub expires_at: Timestamp,
    /// What bounded `expires_at`.
    pub bound_by: BoundBy,
    /// One URL a part, in the order asked for.
    pub parts: Vec<SignedPart>,
}

/// The URL of one part.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedPart {
    /// Number of the part, from 1.
    pub number: u32,
    /// The signed URL.
    pub url: BearerUrl,
    /// Headers that the request must carry, as name and value.
    pub headers: Vec<(String, String)>,
}

/// `GET /v1/uploads/{upload}/parts`: what the store holds already.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UploadedParts {
    /// The upload.
    pub upload: Upload,
    /// Parts in the store whose digests are known, in ascending order.
    pub parts: Vec<PartDigest>,
}

/// How Signet knows that an object's bytes are what its digest says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum VerifiedBy {
    /// The store checked the digest over the whole object.
    StoreDigest,
    /// The store checked each part, and the composite of the parts is the digest.
    PartChecksums,
    /// Signet read the object back.
    ReadBack,
    /// Nobody but the client that uploaded it.
    Client,
}

impl VerifiedBy {
    /// The word as it stands in a body.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StoreDigest => "store-digest",
            Self::PartChecksums => "part-checksums",
            Self::ReadBack => "read-back",
            Self::Client => "client",
        }
    }
}

/// A verified object.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Object {
    /// The object.
    pub id: ObjectId,
    /// Size in bytes.
    pub size_bytes: u64,
    /// The digest that it is known by.
    pub digest: Digest,
    /// How that is known.
    pub verified_by: VerifiedBy,
}
