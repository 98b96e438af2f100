//! The signers' side: what is the same in the signed URLs of one request, whatever the path.

use std::borrow::Cow;

use super::{
    canonical_request::UNSIGNED_PAYLOAD,
    dialect::Dialect,
    header::CanonicalHeaders,
    parameter::{self, Parameter, canonical_query},
    site::Site,
    string_to_sign,
};
use crate::{
    BatchRequest, Error, Window,
    batch::{HmacKey, Parts},
    encode,
};

/// Who signs and how, as the URL shows it.
pub(crate) struct Authority<'a> {
    pub(crate) algorithm: &'static str,
    /// The value of the credential parameter, encoded.
    pub(crate) credential: &'a str,
    pub(crate) scope: &'a str,
    /// A parameter that the credential brings along.
    pub(crate) token: Option<Parameter<'a>>,
}

/// A checked request in canonical form, but for its path.
pub(crate) struct Outline<'a> {
    pub(super) dialect: &'static Dialect,
    pub(super) base_url: &'a str,
    pub(super) method: &'static str,
    /// The canonical query, without the signature.
    pub(super) query: String,
    pub(super) headers: Cow<'a, CanonicalHeaders>,
    pub(super) algorithm: &'static str,
    /// The time in basic ISO form.
    pub(super) time: String,
    pub(super) scope: &'a str,
}

impl<'a> Outline<'a> {
    /// Checks the request and brings it into canonical form.
    ///
    /// The window has to be checked before, as the scope's day comes from it.
    pub(crate) fn new(
        dialect: &'static Dialect,
        site: &'a Site,
        authority: Authority<'a>,
        request: &BatchRequest<'_>,
        window: Window,
    ) -> Result<Self, Error> {
        let headers = if request.headers.is_empty() {
            Cow::Borrowed(site.host_only())
        } else {
            let bound = CanonicalHeaders::bind(dialect, site.host(), request.headers)?;
            Cow::Owned(bound)
        };
        parameter::check(dialect, request.query)?;

        let time = window.from.to_basic_iso8601();
        let expires = window.ttl.seconds().to_string();
        let signed_headers = encode::component(&headers.names);
        let mut parameters = Vec::with_capacity(6 + request.query.len());
        parameters.extend([
            Parameter::encoded(dialect.algorithm, authority.algorithm),
            Parameter::encoded(dialect.credential, authority.credential),
            Parameter::encoded(dialect.date, &time),
            Parameter::encoded(dialect.expires, &expires),
            Parameter::encoded(dialect.signed_headers, &signed_headers),
        ]);
        parameters.extend(authority.token);
        for (name, value) in request.query {
            parameters.push(Parameter::encode(name, value));
        }
        let query = canonical_query(parameters);
        drop(signed_headers);
        Ok(Self {
            dialect,
            base_url: site.base_url(),
            method: request.method.as_str(),
            query,
            headers,
            algorithm: authority.algorithm,
            time,
            scope: authority.scope,
        })
    }

    /// The payload line.
    pub(super) fn payload(&self) -> &str {
        let bound = self.headers.value(self.dialect.content_sha256);
        bound.unwrap_or(UNSIGNED_PAYLOAD)
    }

    /// What a symmetric key needs to sign this for all objects whose paths begin so.
    pub(crate) fn parts<'p>(&'p self, path: &'p str, key: &'p HmacKey) -> Parts<'p> {
        Parts {
            method: self.method,
            base_url: self.base_url,
            path,
            query: &self.query,
            header_lines: &self.headers.lines,
            header_names: &self.headers.names,
            payload: self.payload(),
            string_to_sign: string_to_sign::head(self.algorithm, &self.time, self.scope),
            key,
            signature_name: self.dialect.signature,
        }
    }
}
