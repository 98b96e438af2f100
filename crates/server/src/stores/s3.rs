//! The server's own requests to a bucket in S3 or a store that speaks its protocol, Cloud Storage's XML
//! API among them.

mod dialect;
mod lists;
mod probe;
pub(in crate::stores) mod xml;

use super::answer::{
    Completed, Head, ListedObject, OpenUpload, PartToComplete, StoredChecksum, StoredPart, Written,
};
use super::control::Control;
use super::http::Answer;
use super::sender::{Call, Sender, unexpected};
use super::{Error, StoreOperation};
use async_trait::async_trait;
use bytes::Bytes;
use dialect::Dialect;
use presign::Method;
use protocol::bucket::Provider;
use protocol::id::UploadId;
use protocol::{ObjectKey, Sha256Digest};
use std::sync::atomic::AtomicBool;
use tokio::sync::OnceCell;

/// Parts, uploads or objects in one page of a list.
const PAGE: &str = "1000";

/// Sends the server's own requests to one bucket.
#[derive(Debug)]
pub(super) struct S3Control {
    sender: Sender,
    dialect: Dialect,
    /// Found out when first needed, unless it is known.
    enforces_part_checksums: OnceCell<bool>,
    /// Whether it was refused to list objects: the store is not asked again.
    may_not_list: AtomicBool,
}

impl S3Control {
    /// `provider` is one that speaks XML. `known` is whether its store checks what parts are bound to,
    /// where the live check found that out.
    pub(super) fn new(provider: Provider, sender: Sender, known: Option<bool>) -> Self {
        Self {
            sender,
            dialect: match provider {
                Provider::Gcs => Dialect::Google,
                _ => Dialect::Amazon,
            },
            enforces_part_checksums: OnceCell::new_with(known),
            may_not_list: AtomicBool::new(false),
        }
    }

    /// As [`Sender::send`], marked as the server's own.
    async fn send(&self, mut call: Call<'_>) -> Result<Option<Answer>, Error> {
        let mut query = call.query.to_vec();
        query.push(self.dialect.server_mark());
        call.query = &query;
        self.sender.send(call).await
    }

    /// The same, where absence is an error.
    async fn expect(&self, call: Call<'_>) -> Result<Answer, Error> {
        let operation = call.operation;
        self.send(call)
            .await?
            .ok_or_else(|| unexpected(operation, "no such object"))
    }
}

#[async_trait]
impl Control for S3Control {
    async fn create_multipart(&self, key: &ObjectKey, upload: UploadId) -> Result<Box<str>, Error> {
        let operation = StoreOperation::CreateMultipartUpload;
        let answer = self
            .expect(Call {
                headers: &self.dialect.new_upload(&upload.to_string()),
                query: &[("uploads", "")],
                ..Call::new(operation, Method::Post, key)
            })
            .await?;
        let result: xml::InitiateMultipartUploadResult = read(operation, &answer)?;
        let fits = (1..=2048).contains(&result.upload_id.len())
            && !result.upload_id.chars().any(char::is_control);
        if !fits {
            return Err(unexpected(operation, "an upload id that cannot be used"));
        }
        Ok(result.upload_id.into())
    }

    async fn list_parts(
        &self,
        key: &ObjectKey,
        store_upload_id: &str,
    ) -> Result<Vec<StoredPart>, Error> {
        let operation = StoreOperation::ListParts;
        let mut parts: Vec<StoredPart> = Vec::new();
        let mut last_modified = None;
        let mut marker = String::from("0");
        loop {
            let answer = self
                .expect(Call {
                    query: &[
                        ("uploadId", store_upload_id),
                        ("max-parts", PAGE),
                        ("part-number-marker", &marker),
                    ],
                    ..Call::new(operation, Method::Get, key)
                })
                .await?;
            let page: xml::ListPartsResult = read(operation, &answer)?;
            for part in page.parts {
                match parts.last().map(|last| last.number) {
                    Some(last) if last > part.part_number => {
                        return Err(unexpected(operation, "parts out of order"));
                    }
                    // SeaweedFS lists a part that was sent again twice; the newer one counts
                    Some(last) if last == part.part_number => {
                        if part.modified_at() < last_modified {
                            continue;
                        }
                        parts.pop();
                    }
                    _ => {}
                }
                last_modified = part.modified_at();
                parts.push(StoredPart {
                    number: part.part_number,
                    etag: part.etag.into(),
                    size_bytes: part.size,
                    sha256: part.sha256.as_deref().and_then(xml::sha256),
                });
            }
            let next = page.next_part_number_marker.filter(|next| *next != marker);
            match next {
                Some(next) if page.is_truncated => marker = next,
                None if page.is_truncated => {
                    return Err(unexpected(operation, "a list that does not go on"));
                }
                _ => return Ok(parts),
            }
        }
    }

    async fn put_part(
        &self,
        key: &ObjectKey,
        store_upload_id: &str,
        number: u32,
        body: Bytes,
        sha256: Sha256Digest,
    ) -> Result<(), Error> {
        let (bound_by, digest) = self.dialect.binds(sha256);
        self.expect(Call {
            headers: &[
                ("content-length", &body.len().to_string()),
                (bound_by, &digest),
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

    async fn complete_multipart(
        &self,
        key: &ObjectKey,
        store_upload_id: &str,
        parts: &[PartToComplete],
    ) -> Result<Completed, Error> {
        let operation = StoreOperation::CompleteMultipartUpload;
        let body = xml::complete(parts, self.dialect.knows_sha256())
            .ok_or_else(|| unexpected(operation, "parts that cannot be written as XML"))?;
        let answer = self
            .expect(Call {
                headers: &[("content-type", "application/xml")],
                query: &[("uploadId", store_upload_id)],
                body: body.into(),
                ..Call::new(operation, Method::Post, key)
            })
            .await?;
        let text = std::str::from_utf8(&answer.body).unwrap_or_default();
        if xml::is_error(text) {
            let said = xml::error(&answer.body);
            return Err(Error::Refused {
                operation,
                status: 200,
                code: said.code,
                request_id: said.request_id,
            });
        }
        let result: xml::CompleteMultipartUploadResult = read(operation, &answer)?;
        Ok(Completed {
            etag: result.etag.into(),
        })
    }

    async fn abort_multipart(&self, key: &ObjectKey, store_upload_id: &str) -> Result<(), Error> {
        let call = Call {
            query: &[("uploadId", store_upload_id)],
            ..Call::new(StoreOperation::AbortMultipartUpload, Method::Delete, key)
        };
        match self.expect(call).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_no_such_upload() => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn bucket_policy(&self) -> Result<Option<serde_json::Value>, Error> {
        let operation = StoreOperation::GetBucketPolicy;
        if self.dialect == Dialect::Google {
            return Ok(None);
        }
        let call = Call {
            query: &[("policy", "")],
            ..Call::of_bucket(operation, Method::Get)
        };
        match self.expect(call).await {
            Ok(answer) => serde_json::from_slice(&answer.body)
                .map(Some)
                .map_err(|_| unexpected(operation, "a policy that is no JSON")),
            Err(error) if matches!(error.code(), Some("NoSuchBucketPolicy" | "NotImplemented")) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn list_uploads(&self, prefix: &str) -> Result<Option<Vec<OpenUpload>>, Error> {
        self.uploads(prefix).await.map(Some)
    }

    async fn list_objects(
        &self,
        first: &ObjectKey,
        last: &ObjectKey,
        expected: usize,
    ) -> Result<Option<Vec<ListedObject>>, Error> {
        self.objects(first, last, expected).await
    }

    async fn head(&self, key: &ObjectKey) -> Result<Option<Head>, Error> {
        let operation = StoreOperation::HeadObject;
        let answer = self
            .send(Call {
                headers: self.dialect.asks_for_checksums(),
                ..Call::new(operation, Method::Head, key)
            })
            .await?;
        let Some(Answer { headers, .. }) = answer else {
            return Ok(None);
        };
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let size_bytes = text("content-length")
            .and_then(|length| length.parse().ok())
            .ok_or_else(|| unexpected(operation, "no content-length"))?;
        Ok(Some(Head {
            size_bytes,
            etag: text("etag").map(Into::into),
            sha256: text("x-amz-checksum-sha256").and_then(StoredChecksum::parse),
            upload: text(self.dialect.upload_metadata()).and_then(|id| id.parse().ok()),
        }))
    }

    async fn get(&self, key: &ObjectKey, max_bytes: u64) -> Result<Option<Bytes>, Error> {
        let answer = self
            .send(Call {
                max_bytes,
                ..Call::new(StoreOperation::GetObject, Method::Get, key)
            })
            .await?;
        Ok(answer.map(|answer| answer.body))
    }

    async fn put(
        &self,
        key: &ObjectKey,
        body: Bytes,
        sha256: Sha256Digest,
        content_type: &str,
    ) -> Result<Written, Error> {
        let (bound_by, digest) = self.dialect.binds(sha256);
        let answer = self
            .expect(Call {
                headers: &[
                    ("content-length", &body.len().to_string()),
                    ("content-type", content_type),
                    (bound_by, &digest),
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
        match self.expect(call).await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("NoSuchKey") => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn discard(&self, key: &ObjectKey, etag: &str) -> Result<(), Error> {
        let operation = StoreOperation::DeleteObject;
        let deleted = match self.dialect {
            Dialect::Amazon => {
                let unsigned = &[("if-match", etag)];
                let call = Call {
                    unsigned,
                    ..Call::new(operation, Method::Delete, key)
                };
                self.expect(call).await
            }
            // It knows an object by its generation, and takes no ETag where it deletes
            Dialect::Google => {
                let call = Call::new(StoreOperation::HeadObject, Method::Head, key);
                let Some(Answer { headers, .. }) = self.send(call).await? else {
                    return Ok(());
                };
                let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
                if text("etag") != Some(etag) {
                    return Ok(());
                }
                let only: Vec<_> = text("x-goog-generation")
                    .map(|generation| ("x-goog-if-generation-match", generation))
                    .into_iter()
                    .collect();
                let call = Call {
                    headers: &only,
                    ..Call::new(operation, Method::Delete, key)
                };
                self.expect(call).await
            }
        };
        match deleted {
            Ok(_) | Err(Error::Refused { status: 412, .. }) => Ok(()),
            Err(error) if error.code() == Some("NoSuchKey") => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn enforces_part_checksums(
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
}

fn read<T: xml::Document>(operation: StoreOperation, answer: &Answer) -> Result<T, Error> {
    xml::read(&answer.body).ok_or_else(|| unexpected(operation, "XML that is not S3's"))
}
