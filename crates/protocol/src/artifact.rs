//! Bodies of the artifact registry.

use crate::bucket::Audience;
use crate::digest::{Digest, Sha256Digest};
use crate::id::{CollectionId, GrantId, ObjectId, ProjectId, UploadId, VersionId};
use crate::name::{Alias, CollectionName, ProjectName, TeamName};
use crate::network::Network;
use crate::path::EntryPath;
use crate::time::Timestamp;
use crate::transfer::{BearerUrl, BoundBy, SignedRequest, VerifiedBy};

/// The longest `metadata` of a version, in bytes of JSON.
pub const MAX_METADATA_BYTES: usize = 64 * 1024;

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Project {
    /// The project.
    pub id: ProjectId,
    /// Its name in the team.
    pub name: ProjectName,
    /// The team that owns it.
    pub team: TeamName,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A collection: the versions of one artifact.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Collection {
    /// The collection.
    pub id: CollectionId,
    /// Its name in the project.
    pub name: CollectionName,
    /// What it holds, in the team's own words: `dataset`, `model`.
    pub kind: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Number of committed versions.
    pub version_count: u32,
}

/// `POST …/projects/{project}/artifacts`: begins a version.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewVersion {
    /// The collection; made when it does not exist.
    pub collection: CollectionName,
    /// What the collection holds; must equal what it holds already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A JSON object of the client's own, at most 64 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum VersionState {
    /// Entries may be registered.
    Draft,
    /// Its objects are being verified.
    Committing,
    /// Readable, and never changed again.
    Committed,
    /// Deleted; its objects go when nothing else needs them.
    Deleted,
}

/// A version of a collection.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Version {
    /// The version.
    pub id: VersionId,
    /// Where it stands.
    pub state: VersionState,
    /// The team that owns it.
    pub team: TeamName,
    /// Its project.
    pub project: ProjectName,
    /// Its collection.
    pub collection: CollectionName,
    /// What the collection holds.
    pub kind: String,
    /// Its number, counted from 0 in its collection; absent before the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u32>,
    /// The aliases that name it.
    pub aliases: Vec<Alias>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The client's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
    /// Number of entries.
    pub entry_count: u64,
    /// Size of all entries in bytes.
    pub size_bytes: u64,
    /// SHA-256 over the sorted lines `path NUL digest LF`: equal content, equal digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_sha256: Option<Sha256Digest>,
    /// SHA-256 of the manifest in the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_sha256: Option<Sha256Digest>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed_at: Option<Timestamp>,
}

/// `POST /v1/versions/{version}/entries`: registers up to 5,000 entries.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewEntries {
    /// The entries; each path once in its version.
    pub entries: Vec<NewEntry>,
    /// From where the URLs are used; they are signed for the store's address there. Without it: for its
    /// usual address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// The network that the store takes the URLs from, and no other; refused where the store cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
}

/// A file that belongs to a version.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewEntry {
    /// What a person calls it.
    pub path: EntryPath,
    /// Size in bytes.
    pub size_bytes: u64,
    /// The digest of the layout's algorithm: `sha256`, or `sha256-composite/…` above 32 MiB.
    pub digest: Digest,
}

/// What to do for each registered entry, in the order given.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegisteredEntries {
    /// The grant that released the URLs; absent when there were none to release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<GrantId>,
    /// One an entry, in the order given.
    pub entries: Vec<RegisteredEntry>,
}

/// What to do for one entry.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RegisteredEntry {
    /// Nothing: the bucket has verified bytes with this digest.
    Present {
        /// The object.
        object_id: ObjectId,
        /// How it was verified.
        verified_by: VerifiedBy,
    },
    /// Send it in one PUT.
    Put {
        /// The object that the PUT makes.
        object_id: ObjectId,
        /// The request.
        request: SignedRequest,
    },
    /// Send it in parts: sign parts of this upload, send them, complete it.
    Parts {
        /// The object that the upload makes.
        object_id: ObjectId,
        /// The upload; an earlier one of the same content is taken up again.
        upload_id: UploadId,
    },
}

/// `POST /v1/versions/{version}/landed`: these single PUTs succeeded; verify them now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Landed {
    /// Objects of this version, 1 to 5,000.
    pub objects: Vec<ObjectId>,
}

/// What came of verifying.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verification {
    /// Number of objects verified.
    pub verified: u64,
    /// Objects that the bucket does not hold as announced.
    pub missing: Vec<ObjectId>,
}

/// `POST /v1/versions/{version}/commit`.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Commit {
    /// Aliases that the version takes over besides `latest`.
    #[serde(default)]
    pub aliases: Vec<Alias>,
}

/// What came of a commit.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Committed {
    /// The committed version. When the content equals the newest version's, that one.
    pub version: Version,
    /// True when the newest version had this content already, and no new one was made.
    pub unchanged: bool,
}

/// The answer 202: the commit goes on; ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CommitProgress {
    /// Number of objects verified so far.
    pub verified: u64,
    /// Number of objects to verify.
    pub total: u64,
}

/// `GET …/artifacts/{artifact}/urls`: one page of download URLs, one grant.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntryUrls {
    /// The version that the name stood for.
    pub version_id: VersionId,
    /// Its number in the collection.
    pub index: u32,
    /// Number of entries of the whole version.
    pub entry_count: u64,
    /// Size of the whole version in bytes.
    pub size_bytes: u64,
    /// The recorded decision; absent when the version has no entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<GrantId>,
    /// When the store stops to accept the URLs.
    pub expires_at: Timestamp,
    /// What bounded `expires_at`.
    pub bound_by: BoundBy,
    /// The entries of this page, sorted by path.
    pub entries: Vec<EntryUrl>,
    /// Give this as `after` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One entry and where to get it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntryUrl {
    /// What a person calls it.
    pub path: EntryPath,
    /// Size in bytes.
    pub size_bytes: u64,
    /// The digest that the bytes must have.
    pub digest: Digest,
    /// How Signet knows.
    pub verified_by: VerifiedBy,
    /// The signed URL.
    pub url: BearerUrl,
}
