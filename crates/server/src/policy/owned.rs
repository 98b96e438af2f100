//! What a request can name by id: loaded first, then judged by who owns it.

use super::TeamFacts;
use protocol::artifact::VersionState;
use protocol::id::{BucketId, CollectionId, ObjectId, PrincipalId, ProjectId, UploadId, VersionId};
use protocol::layout::Layout;
use protocol::transfer::UploadState;
use protocol::{CollectionName, Digest, ObjectKey, ProjectName, Timestamp};
use std::sync::Arc;

/// An upload in parts, as the database knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct UploadFacts {
    /// The upload.
    pub id: UploadId,
    /// The team that owns the object.
    pub team: Arc<TeamFacts>,
    /// The bucket that it was begun in.
    pub bucket_id: BucketId,
    /// The object that it makes.
    pub object_id: ObjectId,
    /// Who began it.
    pub started_by: PrincipalId,
    /// The key that it makes; the server made it.
    pub key: ObjectKey,
    /// The store's own id of the upload; never the client's word.
    pub store_upload_id: Box<str>,
    /// How the object is cut into parts.
    pub layout: Layout,
    /// Size of the object in bytes.
    pub size_bytes: u64,
    /// What the whole must be.
    pub digest: Digest,
    /// Where it stands.
    pub state: UploadState,
    /// When it is aborted unless completed.
    pub expires_at: Timestamp,
}

impl UploadFacts {
    /// When it ends by itself: never once it is completed or given up.
    pub fn ends_at(&self) -> Option<Timestamp> {
        (self.state == UploadState::Open).then_some(self.expires_at)
    }
}

/// An object, as the index knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectFacts {
    /// The object.
    pub id: ObjectId,
    /// The bucket that it is in.
    pub bucket_id: BucketId,
    /// Its key there.
    pub key: ObjectKey,
    /// Size in bytes.
    pub size_bytes: u64,
    /// The digest that it is known by.
    pub digest: Digest,
}

/// A version of a collection, as the database knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionFacts {
    /// The version.
    pub id: VersionId,
    /// The team that owns it.
    pub team: Arc<TeamFacts>,
    /// Its project.
    pub project_id: ProjectId,
    /// The project's name.
    pub project: ProjectName,
    /// Its collection.
    pub collection_id: CollectionId,
    /// The collection's name.
    pub collection: CollectionName,
    /// The bucket that its objects and manifest are in.
    pub bucket_id: BucketId,
    /// Who began it.
    pub started_by: PrincipalId,
    /// Where it stands.
    pub state: VersionState,
    /// Its number in the collection, once committed.
    pub index: Option<u32>,
}
