//! Lists of what a bucket holds.

use super::{Answer, PAGE, S3Control, read, xml};
use crate::stores::answer::{ListedObject, OpenUpload};
use crate::stores::sender::{Call, unexpected};
use crate::stores::{Error, StoreOperation};
use presign::Method;
use protocol::ObjectKey;
use std::sync::atomic::Ordering;

/// The most open uploads that are listed at a time; the rest is for another time.
const MAX_UPLOADS: usize = 100_000;
/// The most objects in one page.
const MAX_PAGE: usize = 1_000;
/// A list of objects is given up when it has so many times as many as it is expected to: keys are made
/// in the order of time, so that others of the team's are between only when they were put at that time.
const GIVEN_UP_AT: usize = 3;

impl S3Control {
    pub(super) async fn uploads(&self, prefix: &str) -> Result<Vec<OpenUpload>, Error> {
        let operation = StoreOperation::ListMultipartUploads;
        let mut uploads = Vec::new();
        let mut marker: Option<(String, String)> = None;
        loop {
            // Keys may hold characters that XML cannot
            let mut query = vec![
                ("uploads", ""),
                ("encoding-type", "url"),
                ("max-uploads", PAGE),
                ("prefix", prefix),
            ];
            if let Some((key, id)) = &marker {
                query.push(("key-marker", key));
                query.push(("upload-id-marker", id));
            }
            let answer = self
                .expect(Call {
                    query: &query,
                    ..Call::of_bucket(operation, Method::Get)
                })
                .await?;
            let page: xml::ListMultipartUploadsResult = read(operation, &answer)?;
            // A key or time that cannot be read is none of ours
            uploads.extend(page.uploads.iter().filter_map(|upload| {
                Some(OpenUpload {
                    key: page.decoded(&upload.key)?.parse().ok()?,
                    store_upload_id: upload.upload_id.as_str().into(),
                    begun_at: upload.initiated.parse().ok()?,
                })
            }));
            if !page.is_truncated || uploads.len() >= MAX_UPLOADS {
                return Ok(uploads);
            }
            let key = page.next_key_marker.as_deref();
            let next = (
                key.and_then(|key| page.decoded(key)).unwrap_or_default(),
                page.next_upload_id_marker.clone().unwrap_or_default(),
            );
            if next.0.is_empty() || marker.as_ref() == Some(&next) {
                return Err(unexpected(operation, "a list that does not go on"));
            }
            marker = Some(next);
        }
    }

    /// See [`Control::list_objects`](crate::stores::Control::list_objects).
    pub(super) async fn objects(
        &self,
        first: &ObjectKey,
        last: &ObjectKey,
        expected: usize,
    ) -> Result<Option<Vec<ListedObject>>, Error> {
        if self.may_not_list.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let mut objects: Vec<ListedObject> = Vec::new();
        let prefix = common_prefix(first.as_str(), last.as_str());
        // The list begins after a key: this one comes before the first, and next to nothing between
        let mut after = first.as_str().to_owned();
        after.pop();
        let page_length = expected.clamp(1, MAX_PAGE).to_string();
        while objects.len() < expected * GIVEN_UP_AT {
            let page = match self.objects_after(prefix, &after, &page_length).await {
                Err(error @ Error::Refused { .. }) => {
                    self.may_not_list.store(true, Ordering::Relaxed);
                    tracing::info!(
                        error = &error as &dyn std::error::Error,
                        "a bucket's objects cannot be listed; each is looked at on its own"
                    );
                    return Ok(None);
                }
                page => page?,
            };
            let Some(end) = page
                .contents
                .last()
                .and_then(|last| page.decoded(&last.key))
            else {
                break;
            };
            objects.extend(page.contents.iter().filter_map(|object| {
                Some(ListedObject {
                    key: page.decoded(&object.key)?.parse().ok()?,
                    size_bytes: object.size,
                    etag: object.etag.as_str().into(),
                })
            }));
            if !page.is_truncated || end.as_str() >= last.as_str() {
                break;
            }
            if end <= after {
                return Err(unexpected(
                    StoreOperation::ListObjects,
                    "a list that does not go on",
                ));
            }
            after = end;
        }
        Ok(Some(objects))
    }

    async fn objects_after(
        &self,
        prefix: &str,
        after: &str,
        page_length: &str,
    ) -> Result<xml::ListBucketResult, Error> {
        let operation = StoreOperation::ListObjects;
        let answer: Answer = self
            .expect(Call {
                // Keys may hold characters that XML cannot
                query: &[
                    ("list-type", "2"),
                    ("encoding-type", "url"),
                    ("max-keys", page_length),
                    ("prefix", prefix),
                    ("start-after", after),
                ],
                ..Call::of_bucket(operation, Method::Get)
            })
            .await?;
        read(operation, &answer)
    }
}

/// The folder of both keys, or the bucket.
fn common_prefix<'a>(first: &'a str, last: &str) -> &'a str {
    let same = first
        .char_indices()
        .zip(last.chars())
        .take_while(|((_, a), b)| a == b);
    let end = same.last().map_or(0, |((at, c), _)| at + c.len_utf8());
    first
        .get(..end)
        .and_then(|same| same.rfind('/'))
        .and_then(|slash| first.get(..=slash))
        .unwrap_or_default()
}
