//! What the server itself asks of a store, whichever it is.

use super::Error;
use super::answer::{
    Completed, Head, ListedObject, OpenUpload, PartToComplete, StoredPart, Written,
};
use async_trait::async_trait;
use bytes::Bytes;
use protocol::id::UploadId;
use protocol::{ObjectKey, Sha256Digest};

/// The server's own requests to one bucket. Each is sent again while its failure may pass, and gives an
/// error when the store refuses or does not answer.
#[async_trait]
pub trait Control: std::fmt::Debug + Send + Sync {
    /// Begins an upload in parts. Gives the store's id of it.
    async fn create_multipart(&self, key: &ObjectKey, upload: UploadId) -> Result<Box<str>, Error>;

    /// Lists all parts that the store holds of an upload, in ascending order.
    async fn list_parts(
        &self,
        key: &ObjectKey,
        store_upload_id: &str,
    ) -> Result<Vec<StoredPart>, Error>;

    /// Sends a part, bound to `sha256` where the store binds.
    async fn put_part(
        &self,
        key: &ObjectKey,
        store_upload_id: &str,
        number: u32,
        body: Bytes,
        sha256: Sha256Digest,
    ) -> Result<(), Error>;

    /// Puts the parts together. The object says by which upload it was made, see [`Head::upload`].
    async fn complete_multipart(
        &self,
        key: &ObjectKey,
        store_upload_id: &str,
        parts: &[PartToComplete],
    ) -> Result<Completed, Error>;

    /// Drops the parts of an upload. An upload that the store does not know has none.
    async fn abort_multipart(&self, key: &ObjectKey, store_upload_id: &str) -> Result<(), Error>;

    /// Reads the bucket's own policy; `None` where it has none, or the store knows no such thing.
    async fn bucket_policy(&self) -> Result<Option<serde_json::Value>, Error>;

    /// Lists the uploads in parts that are open at keys beginning with `prefix`; `None` of a store that
    /// keeps no such list.
    async fn list_uploads(&self, prefix: &str) -> Result<Option<Vec<OpenUpload>>, Error>;

    /// Lists objects from one key to another, in the order of their keys' bytes. It gives up where there
    /// are many more than `expected`; what lies next to these may be among them. `None` of a store that
    /// does not list, or may not.
    async fn list_objects(
        &self,
        first: &ObjectKey,
        last: &ObjectKey,
        expected: usize,
    ) -> Result<Option<Vec<ListedObject>>, Error>;

    /// Reads size and checksum of an object; `None` when there is none.
    async fn head(&self, key: &ObjectKey) -> Result<Option<Head>, Error>;

    /// Reads an object of at most `max_bytes`; `None` when there is none.
    async fn get(&self, key: &ObjectKey, max_bytes: u64) -> Result<Option<Bytes>, Error>;

    /// Writes an object, bound to `sha256` where the store binds.
    async fn put(
        &self,
        key: &ObjectKey,
        body: Bytes,
        sha256: Sha256Digest,
        content_type: &str,
    ) -> Result<Written, Error>;

    /// Deletes an object, whether or not it is there.
    async fn delete(&self, key: &ObjectKey) -> Result<(), Error>;

    /// Deletes an object that is not what it should be, unless it is another than the one with this tag
    /// by now.
    async fn discard(&self, key: &ObjectKey, etag: &str) -> Result<(), Error>;

    /// Whether the store refuses bytes that are not those of the digest that their URL is bound to.
    /// Tried once, with an upload at `key` that is aborted again.
    async fn enforces_part_checksums(
        &self,
        key: &ObjectKey,
        upload: UploadId,
    ) -> Result<bool, Error>;
}
