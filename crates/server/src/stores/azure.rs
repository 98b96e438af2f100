//! The server's own requests to a container of Azure Blob Storage.
//!
//! An upload in parts is a blob's [uncommitted blocks]. The service knows no uploads, so a block's id
//! says which one it belongs to. It computes no SHA-256: of objects here only their client vouches for
//! the bytes.
//!
//! [uncommitted blocks]: https://learn.microsoft.com/rest/api/storageservices/put-block

mod xml;

use super::answer::{
    Completed, Head, ListedObject, OpenUpload, PartToComplete, StoredPart, Written,
};
use super::control::Control;
use super::sender::{Call, Sender, unexpected};
use super::{Error, StoreOperation};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use presign::Method;
use protocol::id::UploadId;
use protocol::{ObjectKey, Sha256Digest};

/// Tells by which upload a blob was made. Names of metadata are identifiers: no hyphen.
const UPLOAD_METADATA: &str = "x-ms-meta-signetupload";
/// The longest list of blocks: 50,000 of them, with their ids and sizes.
const MAX_LIST_BYTES: u64 = 16 << 20;

/// The id of a part's block, in base64. All blocks of a blob must have ids of one length.
pub(super) fn block_id(store_upload_id: &str, number: u32) -> String {
    STANDARD.encode(format!("{store_upload_id}-{number:05}"))
}

/// The part of an upload that a block is; `None` when it is another upload's.
fn part_of(block_id: &str, store_upload_id: &str) -> Option<u32> {
    let text = String::from_utf8(STANDARD.decode(block_id).ok()?).ok()?;
    let number = text.strip_prefix(store_upload_id)?.strip_prefix('-')?;
    number.parse().ok()
}

/// Sends the server's own requests to one container.
#[derive(Debug)]
pub(super) struct AzureControl {
    sender: Sender,
}

impl AzureControl {
    pub(super) fn new(sender: Sender) -> Self {
        Self { sender }
    }

    /// Writes a list of blocks as the blob's content.
    async fn put_block_list(
        &self,
        key: &ObjectKey,
        body: String,
        unsigned: &[(&'static str, &str)],
    ) -> Result<Option<Box<str>>, Error> {
        let answer = self
            .sender
            .expect(Call {
                unsigned,
                query: &[("comp", "blocklist")],
                body: body.into(),
                ..Call::new(StoreOperation::CompleteMultipartUpload, Method::Put, key)
            })
            .await?;
        let etag = answer.headers.get("etag");
        Ok(etag.and_then(|etag| etag.to_str().ok()).map(Into::into))
    }

    /// Deletes the blob, if it is still this one.
    async fn delete_if_match(
        &self,
        operation: StoreOperation,
        key: &ObjectKey,
        etag: &str,
    ) -> Result<(), Error> {
        let call = Call {
            unsigned: &[("if-match", etag)],
            ..Call::new(operation, Method::Delete, key)
        };
        match self.sender.expect(call).await {
            Ok(_) => Ok(()),
            Err(error) if matches!(error.code(), Some("BlobNotFound" | "ConditionNotMet")) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Control for AzureControl {
    /// Nothing is to be begun; the id is what the blocks are known by.
    async fn create_multipart(
        &self,
        _key: &ObjectKey,
        upload: UploadId,
    ) -> Result<Box<str>, Error> {
        Ok(upload.to_string().into())
    }

    async fn list_parts(
        &self,
        key: &ObjectKey,
        store_upload_id: &str,
    ) -> Result<Vec<StoredPart>, Error> {
        let operation = StoreOperation::ListParts;
        let answer = self
            .sender
            .send(Call {
                query: &[("blocklisttype", "uncommitted"), ("comp", "blocklist")],
                max_bytes: MAX_LIST_BYTES,
                ..Call::new(operation, Method::Get, key)
            })
            .await?;
        let blocks = match answer {
            None => Vec::new(),
            Some(answer) => xml::uncommitted(&answer.body)
                .ok_or_else(|| unexpected(operation, "XML that is not Azure's"))?,
        };
        let mut parts: Vec<StoredPart> = blocks
            .into_iter()
            .filter_map(|block| {
                Some(StoredPart {
                    number: part_of(&block.name, store_upload_id)?,
                    etag: block.name.into(),
                    size_bytes: block.size,
                    sha256: None,
                })
            })
            .collect();
        parts.sort_unstable_by_key(|part| part.number);
        // Committing a list takes its blocks away: then the blob says whose it is
        if parts.is_empty()
            && let Some(Head {
                upload: Some(made_by),
                ..
            }) = self.head(key).await?
            && made_by.to_string() == store_upload_id
        {
            return Err(Error::Refused {
                operation,
                status: 404,
                code: Some(NO_SUCH_UPLOAD.into()),
                request_id: None,
            });
        }
        Ok(parts)
    }

    async fn put_part(
        &self,
        key: &ObjectKey,
        store_upload_id: &str,
        number: u32,
        body: Bytes,
        _sha256: Sha256Digest,
    ) -> Result<(), Error> {
        self.sender
            .expect(Call {
                unsigned: &[("content-length", &body.len().to_string())],
                query: &[
                    ("comp", "block"),
                    ("blockid", &block_id(store_upload_id, number)),
                ],
                body,
                ..Call::new(StoreOperation::UploadPart, Method::Put, key)
            })
            .await?;
        Ok(())
    }

    async fn complete_multipart(
        &self,
        key: &ObjectKey,
        store_upload_id: &str,
        parts: &[PartToComplete],
    ) -> Result<Completed, Error> {
        let operation = StoreOperation::CompleteMultipartUpload;
        let body = xml::block_list(parts.iter().map(|part| &*part.etag))
            .ok_or_else(|| unexpected(operation, "blocks that cannot be written as XML"))?;
        let headers = [
            (UPLOAD_METADATA, store_upload_id),
            ("content-type", "application/xml"),
        ];
        let etag = self.put_block_list(key, body, &headers).await?;
        Ok(Completed {
            etag: etag.ok_or_else(|| unexpected(operation, "no etag"))?,
        })
    }

    /// The service drops uncommitted blocks by itself after a week, or when another list is committed.
    /// Where no blob is yet an empty list is committed, and the empty blob deleted again; where one is,
    /// it stays as it is and the week runs.
    async fn abort_multipart(&self, key: &ObjectKey, store_upload_id: &str) -> Result<(), Error> {
        let listed = match self.list_parts(key, store_upload_id).await {
            Ok(parts) => parts,
            Err(error) if error.is_no_such_upload() => return Ok(()),
            Err(error) => return Err(error),
        };
        if listed.is_empty() || self.head(key).await?.is_some() {
            return Ok(());
        }
        let operation = StoreOperation::AbortMultipartUpload;
        let empty = xml::block_list(std::iter::empty())
            .ok_or_else(|| unexpected(operation, "a list that cannot be written as XML"))?;
        let etag = match self
            .put_block_list(key, empty, &[("if-none-match", "*")])
            .await
        {
            Ok(etag) => etag.ok_or_else(|| unexpected(operation, "no etag"))?,
            // Somebody wrote the blob meanwhile
            Err(error) if error.code() == Some("BlobAlreadyExists") => return Ok(()),
            Err(error) => return Err(error),
        };
        self.delete_if_match(operation, key, &etag).await
    }

    /// There are none: what lists a container's blobs tells no time of uncommitted blocks, and the
    /// service drops them after a week.
    async fn bucket_policy(&self) -> Result<Option<serde_json::Value>, Error> {
        Ok(None)
    }

    async fn list_uploads(&self, _prefix: &str) -> Result<Option<Vec<OpenUpload>>, Error> {
        Ok(None)
    }

    /// Not needed: lists are for stores that compare digests themselves.
    async fn list_objects(
        &self,
        _first: &ObjectKey,
        _last: &ObjectKey,
        _expected: usize,
    ) -> Result<Option<Vec<ListedObject>>, Error> {
        Ok(None)
    }

    async fn head(&self, key: &ObjectKey) -> Result<Option<Head>, Error> {
        let operation = StoreOperation::HeadObject;
        let answer = self
            .sender
            .send(Call::new(operation, Method::Head, key))
            .await?;
        let Some(answer) = answer else {
            return Ok(None);
        };
        let text = |name: &str| {
            answer
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        Ok(Some(Head {
            size_bytes: text("content-length")
                .and_then(|length| length.parse().ok())
                .ok_or_else(|| unexpected(operation, "no content-length"))?,
            etag: text("etag").map(Into::into),
            sha256: None,
            upload: text(UPLOAD_METADATA).and_then(|id| id.parse().ok()),
        }))
    }

    async fn get(&self, key: &ObjectKey, max_bytes: u64) -> Result<Option<Bytes>, Error> {
        let answer = self
            .sender
            .send(Call {
                max_bytes,
                ..Call::new(StoreOperation::GetObject, Method::Get, key)
            })
            .await?;
        Ok(answer.map(|answer| answer.body))
    }

    /// No header binds the digest, but the request is the server's own and goes straight to the service.
    async fn put(
        &self,
        key: &ObjectKey,
        body: Bytes,
        _sha256: Sha256Digest,
        content_type: &str,
    ) -> Result<Written, Error> {
        let answer = self
            .sender
            .expect(Call {
                unsigned: &[
                    ("content-length", &body.len().to_string()),
                    ("content-type", content_type),
                    ("x-ms-blob-type", "BlockBlob"),
                ],
                body,
                ..Call::new(StoreOperation::PutObject, Method::Put, key)
            })
            .await?;
        let etag = answer.headers.get("etag");
        Ok(Written {
            etag: etag.and_then(|etag| etag.to_str().ok()).map(Into::into),
        })
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), Error> {
        let call = Call::new(StoreOperation::DeleteObject, Method::Delete, key);
        match self.sender.expect(call).await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("BlobNotFound") => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn discard(&self, key: &ObjectKey, etag: &str) -> Result<(), Error> {
        self.delete_if_match(StoreOperation::DeleteObject, key, etag)
            .await
    }

    /// A shared access signature binds no header.
    async fn enforces_part_checksums(
        &self,
        _key: &ObjectKey,
        _upload: UploadId,
    ) -> Result<bool, Error> {
        Ok(false)
    }
}

/// S3's word for an upload that is not open, which the rest of the server goes by.
const NO_SUCH_UPLOAD: &str = "NoSuchUpload";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_says_which_part_of_which_upload_it_is() {
        let upload = UploadId::from_parts(1, [7; 10]).to_string();
        let id = block_id(&upload, 10_000);
        assert_eq!(part_of(&id, &upload), Some(10_000));
        assert_eq!(id.len(), block_id(&upload, 1).len());
        // At most 64 bytes before they are encoded
        assert!(STANDARD.decode(&id).unwrap().len() <= 64);
        let other = UploadId::from_parts(1, [8; 10]).to_string();
        assert_eq!(part_of(&id, &other), None);
        assert_eq!(part_of("AAAA", &upload), None);
        assert_eq!(part_of("no base64", &upload), None);
    }
}
