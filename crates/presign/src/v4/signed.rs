//! What a received request says is signed, and its canonical form.

use std::borrow::Cow;

use super::{
    canonical_request::CanonicalRequest,
    dialect::Dialect,
    header::{CanonicalHeaders, is_secret},
    mismatch::Mismatch,
    parameter::{Parameter, canonical_query},
    string_to_sign::StringToSign,
};
use crate::encode;

const HIDDEN: &str = "(hidden)";

/// Everything that the signature is said to cover.
pub(crate) struct Signed<'a> {
    pub(crate) dialect: &'static Dialect,
    pub(crate) method: &'a str,
    /// As the canonical request has it: encoded.
    pub(crate) uri: Cow<'a, str>,
    /// Decoded.
    pub(crate) parameters: &'a [(String, String)],
    /// Names as the signature lists them, and canonical values.
    pub(crate) headers: Vec<(&'a str, String)>,
    pub(crate) payload: &'a str,
}

impl Signed<'_> {
    /// The SHA-256 of the canonical request, in hexadecimal.
    pub(crate) fn sha256(&self) -> String {
        encode::hex(&self.canonical(|_| false).sha256())
    }

    /// What to tell whoever sent a request of which this is not what was signed.
    pub(crate) fn mismatch(&self, string_to_sign: &StringToSign<'_>) -> Mismatch {
        let is_hidden = |name: &str| is_secret(&name.to_ascii_lowercase());
        Mismatch {
            canonical_request: self.canonical(is_hidden).text().into(),
            string_to_sign: string_to_sign.text().into(),
        }
    }

    /// Gives the canonical form, with the values of the names that `hide` picks hidden.
    fn canonical(&self, hide: impl Fn(&str) -> bool) -> CanonicalRequest<'_> {
        let shown = |name: &str, value| if hide(name) { HIDDEN } else { value };
        let parameters = self
            .parameters
            .iter()
            .filter(|(name, _)| !self.dialect.is(self.dialect.signature, name))
            .map(|(name, value)| Parameter::encode(name, shown(name, value.as_str())))
            .collect();
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| (*name, shown(name, value.as_str())));
        CanonicalRequest {
            method: self.method,
            uri: Cow::Borrowed(&self.uri),
            query: canonical_query(parameters).into(),
            headers: Cow::Owned(CanonicalHeaders::new(headers)),
            payload: self.payload.into(),
        }
    }
}
