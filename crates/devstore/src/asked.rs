//! One request as it is known so far: from its path at first, from its signature once verified.

use http::header::{CONTENT_LENGTH, CONTENT_RANGE};
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use presign::{Received, Scheme};

use crate::dialect::Dialect;
use crate::operation::Operation;
use crate::query::{Query, path_parts};

pub(crate) struct Asked {
    pub(crate) parts: Parts,
    pub(crate) query: Query,
    pub(crate) bucket: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) operation: Operation,
    pub(crate) requester: Option<String>,
    /// By which scheme it claims to be signed.
    pub(crate) scheme: Option<Scheme>,
    pub(crate) signed: bool,
}

impl Asked {
    pub(crate) fn new(parts: Parts) -> Self {
        let (bucket, key) = path_parts(parts.uri.path());
        let raw_query = parts.uri.query().unwrap_or_default();
        let query = Query::parse(raw_query);
        let operation = Operation::of(&parts.method, key.is_some(), &query);
        let scheme = Received {
            method: parts.method.as_str(),
            raw_path: parts.uri.path(),
            raw_query,
            headers: &[],
        }
        .scheme();
        let signed = query.has("X-Amz-Signature") || query.has_in_any_case("X-Goog-Signature");
        Self {
            parts,
            query,
            bucket,
            key,
            operation,
            requester: None,
            scheme,
            signed,
        }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        Dialect::of(self.scheme)
    }

    pub(crate) fn text(&self, name: &HeaderName) -> Option<String> {
        let value = self.parts.headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// The request as its sender wrote it.
    pub(crate) fn request_line(&self) -> String {
        let target = self
            .parts
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        format!("{} {target} {:?}", self.parts.method, self.parts.version)
    }

    /// The size of the object, as far as request and answer tell it.
    pub(crate) fn object_size_bytes(&self, answer: &HeaderMap) -> Option<u64> {
        let text = match self.operation {
            Operation::PutObject | Operation::UploadPart => self.parts.headers.get(CONTENT_LENGTH),
            Operation::GetObject | Operation::HeadObject => answer
                .get(CONTENT_RANGE)
                .or_else(|| answer.get(CONTENT_LENGTH)),
            _ => None,
        };
        text?.to_str().ok()?.rsplit('/').next()?.parse().ok()
    }
}
