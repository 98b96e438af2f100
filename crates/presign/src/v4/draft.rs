//! The signers' side: all of a signed URL but the signature.

use std::borrow::Cow;

use super::{
    canonical_request::{CanonicalRequest, UNSIGNED_PAYLOAD},
    dialect::Dialect,
    header::CanonicalHeaders,
    parameter::{self, Parameter, canonical_query},
    site::Site,
    string_to_sign::StringToSign,
};
use crate::{Error, Request, SignedUrl, Window, encode};

/// Who signs and how, as the URL shows it.
pub(crate) struct Authority<'a> {
    pub(crate) algorithm: &'static str,
    /// The value of the credential parameter, encoded.
    pub(crate) credential: &'a str,
    pub(crate) scope: &'a str,
    /// A parameter that the credential brings along.
    pub(crate) token: Option<Parameter<'a>>,
}

/// A URL that lacks its signature, and what is to be signed for it.
pub(crate) struct Draft<'a> {
    dialect: &'static Dialect,
    base_url: &'a str,
    request: CanonicalRequest<'a>,
    algorithm: &'static str,
    time: String,
    scope: &'a str,
    request_sha256: String,
}

impl<'a> Draft<'a> {
    /// Checks the request and brings it into canonical form.
    ///
    /// The window has to be checked before, as the scope's day comes from it.
    pub(crate) fn new(
        dialect: &'static Dialect,
        site: &'a Site,
        authority: Authority<'a>,
        request: &Request<'_>,
        window: Window,
    ) -> Result<Self, Error> {
        let uri = site.path(request.target)?;
        let headers = if request.headers.is_empty() {
            Cow::Borrowed(site.host_only())
        } else {
            let bound = CanonicalHeaders::bind(dialect, site.host(), request.headers)?;
            Cow::Owned(bound)
        };
        parameter::check(dialect, request.query)?;

        let (time, expires) = (window.from.to_string(), window.ttl.seconds().to_string());
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

        let payload = match headers.value(dialect.content_sha256) {
            Some(sha256) => Cow::Owned(sha256.to_owned()),
            None => Cow::Borrowed(UNSIGNED_PAYLOAD),
        };
        let request = CanonicalRequest {
            method: request.method.as_str(),
            uri: uri.into(),
            query: query.into(),
            headers,
            payload,
        };
        Ok(Self {
            dialect,
            base_url: site.base_url(),
            request_sha256: encode::hex(&request.sha256()),
            request,
            algorithm: authority.algorithm,
            time,
            scope: authority.scope,
        })
    }

    /// What the key has to sign.
    pub(crate) fn string_to_sign(&self) -> StringToSign<'_> {
        StringToSign {
            algorithm: self.algorithm,
            time: &self.time,
            scope: self.scope,
            request_sha256: &self.request_sha256,
        }
    }

    /// Puts the signature, in hexadecimal, to the URL.
    pub(crate) fn finish(&self, signature: &str) -> SignedUrl {
        let url = [
            self.base_url,
            &self.request.uri,
            "?",
            &self.request.query,
            "&",
            self.dialect.signature,
            "=",
            signature,
        ];
        SignedUrl::new(url.concat())
    }
}
