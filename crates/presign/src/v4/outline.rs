//! The signers' side: what is the same in the signed URLs of one request, whatever the path and time.

use std::borrow::Cow;

use super::{
    canonical_request::UNSIGNED_PAYLOAD,
    dialect::Dialect,
    header::{CanonicalHeaders, HOST},
    parameter,
    site::Site,
    stamp::Stamp,
};
use crate::{
    BatchRequest, Error,
    batch::Midstate,
    encode,
    kernel::{Seal, Signature, State},
};

/// A checked request in canonical form, but for its path and what a [`Stamp`] adds to the query.
pub(crate) struct Outline<'a> {
    pub(super) dialect: &'static Dialect,
    pub(super) base_url: &'a str,
    pub(super) method: &'static str,
    /// The names of the signed headers, encoded.
    signed_headers: Cow<'a, str>,
    /// Further parameters, in canonical order, not encoded.
    parameters: Cow<'a, [(&'a str, &'a str)]>,
    /// The canonical request from the end of the query on.
    pub(super) closing: Cow<'a, str>,
}

impl<'a> Outline<'a> {
    /// Checks the request and brings it into canonical form.
    pub(crate) fn new(
        dialect: &'static Dialect,
        site: &'a Site,
        request: &BatchRequest<'a>,
    ) -> Result<Self, Error> {
        let (signed_headers, closing) = if request.headers.is_empty() {
            (Cow::Borrowed(HOST), Cow::Borrowed(site.host_only()))
        } else {
            let headers = CanonicalHeaders::bind(dialect, site.host(), request.headers)?;
            let payload = headers.value(dialect.content_sha256);
            let names = encode::component(&headers.names).into_owned();
            let closing = headers.closing(payload.unwrap_or(UNSIGNED_PAYLOAD));
            (Cow::Owned(names), Cow::Owned(closing))
        };
        parameter::check(dialect, request.query)?;
        Ok(Self {
            dialect,
            base_url: site.base_url(),
            method: request.method.as_str(),
            signed_headers,
            parameters: parameter::in_canonical_order(request.query),
            closing,
        })
    }

    /// The canonical query, without the signature.
    pub(super) fn query(&self, stamp: &Stamp) -> String {
        let mut query = String::with_capacity(self.query_bytes(stamp));
        self.write_query(stamp, &mut query);
        query.pop();
        query
    }

    /// Writes the canonical query, without the signature, and an `&`.
    pub(super) fn write_query(&self, stamp: &Stamp, query: &mut String) {
        stamp.write_query(&self.signed_headers, &self.parameters, query);
    }

    /// How many bytes [`Self::write_query`] writes if nothing in the parameters needs encoding.
    pub(super) fn query_bytes(&self, stamp: &Stamp) -> usize {
        let bytes = |(name, value): &(&str, &str)| name.len() + "=".len() + value.len() + "&".len();
        let parameters_bytes: usize = self.parameters.iter().map(bytes).sum();
        stamp.parameters_bytes() + self.signed_headers.len() + "&".len() + parameters_bytes
    }

    /// The SHA-256 of the canonical request for a path and a query, which are encoded.
    pub(super) fn sha256(&self, uri: &str, query: &str) -> State {
        Midstate::new().digest(&self.request(uri, query))
    }

    /// Signs the canonical request for a path and a query, which are encoded.
    pub(super) fn sign(&self, uri: &str, query: &str, seal: &Seal) -> Signature {
        Midstate::new().sign(&self.request(uri, query), seal)
    }

    fn request<'r>(&'r self, uri: &'r str, query: &'r str) -> [&'r [u8]; 6] {
        [
            self.method.as_bytes(),
            b"\n",
            uri.as_bytes(),
            b"\n",
            query.as_bytes(),
            self.closing.as_bytes(),
        ]
    }
}
