//! Finds out whether a store checks what parts are bound to, where it does not say so by itself.

use super::S3Control;
use crate::stores::Error;
use crate::stores::control::Control as _;
use bytes::Bytes;
use protocol::id::UploadId;
use protocol::{ObjectKey, Sha256Digest};

impl S3Control {
    /// Sends a part whose bytes are not those of its bound digest, to an upload at `key` that is
    /// aborted again. True when the store refuses it.
    pub(super) async fn try_wrong_part(
        &self,
        key: &ObjectKey,
        upload: UploadId,
    ) -> Result<bool, Error> {
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
}
