//! One URL to be released: what it binds, how it is signed with others, what a grant says of it.

use presign::s3::Signer;
use presign::{BatchRequest, Method, Request, Target, UrlBuffer, Window};
use protocol::id::ObjectId;
use protocol::{ObjectKey, Sha256Digest};

/// The signed parameter that carries a grant's id into the store's log.
const GRANT_PARAMETER: &str = "x-grant";

/// One URL to be released.
#[derive(Debug)]
pub struct Item<'a> {
    pub(super) key: &'a ObjectKey,
    object: Option<ObjectId>,
    pub(super) part: Option<u32>,
    pub(super) headers: Vec<(String, String)>,
    query: Vec<(&'static str, String)>,
}

impl<'a> Item<'a> {
    /// A URL that binds nothing but method and key: to read, to look at, to delete.
    pub fn plain(key: &'a ObjectKey, object: Option<ObjectId>) -> Self {
        Self {
            key,
            object,
            part: None,
            headers: Vec::new(),
            query: Vec::new(),
        }
    }

    /// A URL that writes exactly these bytes.
    pub fn write(
        key: &'a ObjectKey,
        object: Option<ObjectId>,
        size_bytes: u64,
        sha256: Sha256Digest,
    ) -> Self {
        Self {
            headers: vec![
                ("content-length".to_owned(), size_bytes.to_string()),
                ("x-amz-checksum-sha256".to_owned(), sha256.to_base64()),
            ],
            ..Self::plain(key, object)
        }
    }

    /// The same, but only where nothing is yet.
    #[must_use]
    pub fn only_new(mut self) -> Self {
        self.headers
            .push(("if-none-match".to_owned(), "*".to_owned()));
        self
    }

    /// A URL that writes exactly these bytes as a part of an upload.
    pub(super) fn part(
        key: &'a ObjectKey,
        object: ObjectId,
        store_upload_id: &str,
        number: u32,
        size_bytes: u64,
        sha256: Sha256Digest,
    ) -> Self {
        Self {
            part: Some(number),
            query: vec![
                ("partNumber", number.to_string()),
                ("uploadId", store_upload_id.to_owned()),
            ],
            ..Self::write(key, Some(object), size_bytes, sha256)
        }
    }

    /// Has the store say by which name a browser saves the object.
    #[must_use]
    pub(super) fn content_disposition(mut self, value: String) -> Self {
        self.query.push(("response-content-disposition", value));
        self
    }
}

/// Signs one URL an item. Those that differ in the key alone are signed together, which takes a
/// fraction of the time.
pub(super) fn sign(
    signer: &Signer,
    method: Method,
    items: &[Item<'_>],
    grant: &str,
    window: Window,
) -> Result<UrlBuffer, presign::Error> {
    let mut urls = UrlBuffer::new();
    let differ_in_key_alone = |item: &Item<'_>| item.headers.is_empty() && item.query.is_empty();
    if items.len() > 1 && items.iter().all(differ_in_key_alone) {
        let request = BatchRequest {
            query: &[(GRANT_PARAMETER, grant)],
            ..BatchRequest::new(method)
        };
        let keys = items.iter().map(|item| item.key.as_str());
        signer.sign_batch(&request, keys, window, &mut urls)?;
        return Ok(urls);
    }
    for item in items {
        let headers: Vec<(&str, &str)> = item
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let mut query: Vec<(&str, &str)> = item
            .query
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        query.push((GRANT_PARAMETER, grant));
        let request = Request {
            method,
            target: Target::Object(item.key.as_str()),
            headers: &headers,
            query: &query,
        };
        urls.append(&signer.sign(&request, window)?);
    }
    Ok(urls)
}

/// The keys of a grant: one for all parts of an upload.
pub(super) fn keys(items: &[Item<'_>]) -> Vec<String> {
    let keys = distinct(items).iter().map(|item| item.key.as_str());
    keys.map(str::to_owned).collect()
}

/// The objects that the keys are.
pub(super) fn objects(items: &[Item<'_>]) -> Vec<ObjectId> {
    distinct(items)
        .iter()
        .filter_map(|item| item.object)
        .collect()
}

/// One item for each key.
fn distinct<'i, 'a>(items: &'i [Item<'a>]) -> &'i [Item<'a>] {
    let of_parts = items.iter().all(|item| item.part.is_some());
    items.get(..1).filter(|_| of_parts).unwrap_or(items)
}
