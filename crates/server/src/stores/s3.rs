//! The server's own requests to a bucket in S3 or a store that speaks its protocol.

mod answer;
mod probe;
pub(in crate::stores) mod xml;

pub use answer::{Completed, Head, PartToComplete, StoredChecksum, StoredPart, Written};

use super::http::{Answer, Attempt, Failure, Http};
use super::{Error, StoreOperation};
use crate::clock::Clock;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use presign::s3::Signer;
use presign::{Method, Request, Target, Timestamp, Ttl, Window};
use protocol::id::UploadId;
use protocol::{ObjectKey, Sha256Digest};
use std::sync::Arc;
use tokio::sync::{OnceCell, Semaphore};

/// Life of the server's own signed requests, in seconds: enough for two clocks that differ a little.
const LIFE_SECONDS: u32 = 300;
/// Parts in one page of a list.
const PAGE: &str = "1000";
/// The longest answer in XML: a page of parts takes less than a tenth.
const MAX_XML_BYTES: u64 = 4 << 20;
/// Marks the server's own requests in the store's log; signed, so nobody else can claim it.
const SERVER_MARK: (&str, &str) = ("x-signet", "server");
/// Tells by which upload an object was made.
const UPLOAD_METADATA: &str = "x-amz-meta-signet-upload";

/// A request before it is signed.
struct Call<'a> {
    operation: StoreOperation,
    method: Method,
    key: &'a ObjectKey,
    headers: &'a [(&'static str, &'a str)],
    query: &'a [(&'a str, &'a str)],
    body: Bytes,
    max_bytes: u64,
}

impl<'a> Call<'a> {
    fn new(operation: StoreOperation, method: Method, key: &'a ObjectKey) -> Self {
        Self {
            operation,
            method,
            key,
            headers: &[],
            query: &[],
            body: Bytes::new(),
            max_bytes: MAX_XML_BYTES,
        }
    }
}

/// Sends the server's own requests to one bucket.
pub struct S3Control {
    signer: Signer,
    http: Http,
    clock: Arc<dyn Clock>,
    slots: Semaphore,
    /// Found out when first needed.
    enforces_part_checksums: OnceCell<bool>,
}

impl std::fmt::Debug for S3Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Control").finish_non_exhaustive()
    }
}

impl S3Control {
    pub(super) fn new(signer: Signer, http: Http, clock: Arc<dyn Clock>) -> Self {
        let slots = Semaphore::new(http.settings().concurrency);
        Self {
            signer,
            http,
            clock,
            slots,
            enforces_part_checksums: OnceCell::new(),
        }
    }

    /// Begins an upload in parts whose checksums the store computes. Gives the store's id of it.
    pub async fn create_multipart(
        &self,
        key: &ObjectKey,
        upload: UploadId,
    ) -> Result<Box<str>, Error> {
        let operation = StoreOperation::CreateMultipartUpload;
        let answer = self
            .expect(Call {
                headers: &[
                    ("x-amz-checksum-algorithm", "SHA256"),
                    (UPLOAD_METADATA, &upload.to_string()),
                ],
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

    /// Lists all parts that the store holds of an upload, in ascending order.
    pub async fn list_parts(
        &self,
        key: &ObjectKey,
        store_upload_id: &str,
    ) -> Result<Vec<StoredPart>, Error> {
        let operation = StoreOperation::ListParts;
        let mut parts: Vec<StoredPart> = Vec::new();
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
                if parts
                    .last()
                    .is_some_and(|last| last.number >= part.part_number)
                {
                    return Err(unexpected(operation, "parts out of order"));
                }
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

    /// Puts the parts together.
    pub async fn complete_multipart(
        &self,
        key: &ObjectKey,
        store_upload_id: &str,
        parts: &[PartToComplete],
    ) -> Result<Completed, Error> {
        let operation = StoreOperation::CompleteMultipartUpload;
        let body = xml::complete(parts)
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

    /// Drops the parts of an upload. An upload that the store does not know has none.
    pub async fn abort_multipart(
        &self,
        key: &ObjectKey,
        store_upload_id: &str,
    ) -> Result<(), Error> {
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

    /// Reads size and checksum of an object; `None` when there is none.
    pub async fn head(&self, key: &ObjectKey) -> Result<Option<Head>, Error> {
        let operation = StoreOperation::HeadObject;
        let answer = self
            .send(Call {
                headers: &[("x-amz-checksum-mode", "ENABLED")],
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
            upload: text(UPLOAD_METADATA).and_then(|id| id.parse().ok()),
        }))
    }

    /// Reads an object of at most `max_bytes`; `None` when there is none.
    pub async fn get(&self, key: &ObjectKey, max_bytes: u64) -> Result<Option<Bytes>, Error> {
        let answer = self
            .send(Call {
                max_bytes,
                ..Call::new(StoreOperation::GetObject, Method::Get, key)
            })
            .await?;
        Ok(answer.map(|answer| answer.body))
    }

    /// Writes an object; the store checks `sha256` over what arrives.
    pub async fn put(
        &self,
        key: &ObjectKey,
        body: Bytes,
        sha256: Sha256Digest,
        content_type: &str,
    ) -> Result<Written, Error> {
        let answer = self
            .expect(Call {
                headers: &[
                    ("content-length", &body.len().to_string()),
                    ("content-type", content_type),
                    ("x-amz-checksum-sha256", &sha256.to_base64()),
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

    /// Deletes an object, whether or not it is there.
    pub async fn delete(&self, key: &ObjectKey) -> Result<(), Error> {
        let call = Call::new(StoreOperation::DeleteObject, Method::Delete, key);
        match self.expect(call).await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("NoSuchKey") => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// As [`Self::send`], where absence is an error.
    async fn expect(&self, call: Call<'_>) -> Result<Answer, Error> {
        let operation = call.operation;
        self.send(call)
            .await?
            .ok_or_else(|| unexpected(operation, "no such object"))
    }

    /// Signs and sends a request, again while its failure may pass. `None`: no such object.
    async fn send(&self, call: Call<'_>) -> Result<Option<Answer>, Error> {
        let operation = call.operation;
        let _slot = self
            .slots
            .acquire()
            .await
            .map_err(|_| unexpected(operation, "the server is shutting down"))?;
        let settings = self.http.settings();
        let mut backoff = settings.first_backoff;
        let mut left = settings.attempts.max(1);
        loop {
            left -= 1;
            match self.http.send(self.attempt(&call)?).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing(cause)) if left == 0 => {
                    return Err(Error::Unavailable { operation, cause });
                }
                Err(Failure::Passing(cause)) => {
                    tracing::debug!(store.operation = %operation, %cause, "asking a store again");
                    tokio::time::sleep(backoff).await;
                    backoff = backoff.saturating_mul(2);
                }
            }
        }
    }

    /// Signs a request as of now.
    fn attempt(&self, call: &Call<'_>) -> Result<Attempt, Error> {
        let operation = call.operation;
        let mut query = Vec::with_capacity(call.query.len() + 1);
        query.extend_from_slice(call.query);
        query.push(SERVER_MARK);
        let window = Window {
            from: Timestamp::from_unix_seconds(self.clock.now().unix_seconds()),
            ttl: Ttl::from_seconds(LIFE_SECONDS)?,
        };
        let url = self.signer.sign(
            &Request {
                method: call.method,
                target: Target::Object(call.key.as_str()),
                headers: call.headers,
                query: &query,
            },
            window,
        )?;
        let mut headers = HeaderMap::with_capacity(call.headers.len());
        for &(name, value) in call.headers {
            let value = HeaderValue::from_str(value)
                .map_err(|_| unexpected(operation, "a header that cannot be sent"))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(Attempt {
            operation,
            method: call.method,
            url,
            headers,
            body: call.body.clone(),
            max_bytes: call.max_bytes,
        })
    }
}

fn unexpected(operation: StoreOperation, what: &'static str) -> Error {
    Error::Unexpected { operation, what }
}

fn read<T: xml::Document>(operation: StoreOperation, answer: &Answer) -> Result<T, Error> {
    xml::read(&answer.body).ok_or_else(|| unexpected(operation, "XML that is not S3's"))
}
