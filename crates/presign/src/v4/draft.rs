//! All of a signed URL but the signature, for keys that sign no more than one at a time.

use std::borrow::Cow;

use super::{canonical_request::CanonicalRequest, outline::Outline, string_to_sign::StringToSign};
use crate::{SignedUrl, encode};

/// A URL that lacks its signature, and what is to be signed for it.
pub(crate) struct Draft<'a> {
    outline: &'a Outline<'a>,
    request: CanonicalRequest<'a>,
    request_sha256: String,
}

impl<'a> Draft<'a> {
    /// Completes the request by the beginning of its path and the key, which is encoded.
    pub(crate) fn new(outline: &'a Outline<'a>, path: &str, key: &str) -> Self {
        let request = CanonicalRequest {
            method: outline.method,
            uri: [path, key].concat().into(),
            query: Cow::Borrowed(&outline.query),
            headers: Cow::Borrowed(&*outline.headers),
            payload: outline.payload().into(),
        };
        Self {
            outline,
            request_sha256: encode::hex(&request.sha256()),
            request,
        }
    }

    /// What the key has to sign.
    pub(crate) fn string_to_sign(&self) -> StringToSign<'_> {
        StringToSign {
            algorithm: self.outline.algorithm,
            time: &self.outline.time,
            scope: self.outline.scope,
            request_sha256: &self.request_sha256,
        }
    }

    /// Puts the signature, in hexadecimal, to the URL.
    pub(crate) fn finish(&self, signature: &str) -> SignedUrl {
        let url = [
            self.outline.base_url,
            &self.request.uri,
            "?",
            &self.request.query,
            "&",
            self.outline.dialect.signature,
            "=",
            signature,
        ];
        SignedUrl::new(url.concat())
    }
}
