//! All of a signed URL but the signature, for keys that sign no more than one at a time.

use super::{outline::Outline, stamp::Stamp, string_to_sign::StringToSign};
use crate::{
    SignedUrl,
    encode::{digits_as_str, hex_digits},
};

/// A URL that lacks its signature, and what is to be signed for it.
pub(crate) struct Draft<'a> {
    stamp: &'a Stamp,
    /// Up to where the signature begins.
    url: String,
    request_sha256: String,
}

impl<'a> Draft<'a> {
    /// Completes the request by the beginning of its path and the key, which is encoded.
    pub(crate) fn new(outline: &Outline<'_>, stamp: &'a Stamp, path: &str, key: &str) -> Self {
        let uri = [path, key].concat();
        let query = outline.query(stamp);
        let Outline {
            base_url, dialect, ..
        } = *outline;
        Self {
            stamp,
            url: [base_url, &uri, "?", &query, "&", dialect.signature, "="].concat(),
            request_sha256: digits_as_str(&hex_digits(&outline.sha256(&uri, &query))).to_owned(),
        }
    }

    /// What the key has to sign.
    pub(crate) fn string_to_sign(&self) -> StringToSign<'_> {
        StringToSign {
            algorithm: self.stamp.algorithm,
            time: &self.stamp.time,
            scope: &self.stamp.scope,
            request_sha256: &self.request_sha256,
        }
    }

    /// Puts the signature, in hexadecimal, to the URL.
    pub(crate) fn finish(self, signature: &str) -> SignedUrl {
        SignedUrl::new(self.url + signature)
    }
}
