//! Finds out whether a store checks what parts are bound to, where it does not say so by itself.

use super::{Call, S3Control};
use crate::stores::{Error, StoreOperation};
use bytes::Bytes;
use presign::Method;
use protocol::id::UploadId;
use protocol::{ObjectKey, Sha256Digest};

impl S3Control {
    /// Whether the store refuses a part whose bytes are not those of its bound checksum. Tried once,
    /// with an upload at `key` that is aborted again.
    ///
    /// # Errors
    /// When the store refuses or does not answer for another reason.
    pub async fn enforces_part_checksums(
        &self,
        key: &ObjectKey,
        upload: UploadId,
    ) -> Result<bool, Error> {
        let found = self
            .enforces_part_checksums
            .get_or_try_init(|| self.try_wrong_part(key, upload))
            .await?;
        Ok(*found)
    }

    async fn try_wrong_part(&self, key: &ObjectKey, upload: UploadId) -> Result<bool, Error> {
        let store_upload_id = self.create_multipart(key, upload).await?;
        let wrong = Sha256Digest::from_bytes([0; 32]);
        let body = Bytes::from_static(b"probe");
        let sent = self.put_part(key, &store_upload_id, 1, body, wrong).await;
        self.abort_multipart(key, &store_upload_id).await?;
        match sent {
            Ok(()) => Ok(false),
            Err(Error::Refused { status: 400, .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Sends a part, as clients do with signed URLs.
    pub(in crate::stores) async fn put_part(
        &self,
        key: &ObjectKey,
        store_upload_id: &str,
        number: u32,
        body: Bytes,
        sha256: Sha256Digest,
    ) -> Result<(), Error> {
        self.expect(Call {
            headers: &[
                ("content-length", &body.len().to_string()),
                ("x-amz-checksum-sha256", &sha256.to_base64()),
            ],
            query: &[
                ("partNumber", &number.to_string()),
                ("uploadId", store_upload_id),
            ],
            body,
            ..Call::new(StoreOperation::UploadPart, Method::Put, key)
        })
        .await?;
        Ok(())
    }
}
