//! The signed URL: the container or blob, the request's own parameters, then the signature's.

use super::{
    binding::Binding,
    encoded_signature::EncodedSignature,
    endpoint::Endpoint,
    parameter as name,
    query::Query,
    string_to_sign::{SignedBy, StringToSign},
};
use crate::{SignedUrl, encode};

/// All of a URL but its signature.
pub(super) struct Draft<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) signed: StringToSign<'a>,
    pub(super) query: &'a Query<'a>,
    pub(super) headers: &'a Binding,
}

impl Draft<'_> {
    /// Writes the URL.
    pub(super) fn finish(&self, signature: &[u8; 32]) -> SignedUrl {
        let mut url = String::with_capacity(512);
        self.push_before_name(&mut url);
        url.push_str(&encode::path(self.signed.blob.unwrap_or("")));
        self.push_after_name(&mut url);
        url.push_str(EncodedSignature::new(signature).as_str());
        SignedUrl::new(url)
    }

    /// Appends the URL up to the blob's name, or, without one, that of the container.
    pub(super) fn push_before_name(&self, url: &mut String) {
        for part in [self.endpoint.base_url(), "/", self.endpoint.container()] {
            url.push_str(part);
        }
        if self.signed.blob.is_some() {
            url.push('/');
        }
    }

    /// Appends the query up to the signature.
    pub(super) fn push_after_name(&self, url: &mut String) {
        let signed = &self.signed;
        let mut query = QueryText {
            url,
            separator: '?',
        };
        for (name, value) in &self.query.others {
            query.push(&encode::component(name), value);
        }
        if let Some(snapshot) = self.query.snapshot {
            let (name, value, _) = snapshot.fields();
            query.push(name, value);
        }
        query.push_encoded(name::VERSION, signed.version);
        query.push(name::START, signed.start);
        query.push(name::EXPIRY, signed.expiry);
        query.push_encoded(name::RESOURCE, signed.resource);
        query.push_encoded(name::PERMISSIONS, signed.permissions);
        query.push(name::PROTOCOLS, signed.protocols);
        query.push_encoded(name::ADDRESSES, signed.addresses);
        match signed.signed_by {
            SignedBy::Account { policy } => query.push(name::POLICY, policy),
            SignedBy::Delegation {
                key,
                authorized_agent,
                unauthorized_agent,
                correlation_id,
                ..
            } => {
                query.push_encoded(name::KEY_OBJECT_ID, key.object_id);
                query.push_encoded(name::KEY_TENANT_ID, key.tenant_id);
                query.push(name::KEY_START, key.start);
                query.push(name::KEY_EXPIRY, key.expiry);
                query.push_encoded(name::KEY_SERVICE, key.service);
                query.push_encoded(name::KEY_VERSION, key.version);
                query.push_encoded(name::AUTHORIZED_AGENT, authorized_agent);
                query.push_encoded(name::UNAUTHORIZED_AGENT, unauthorized_agent);
                query.push_encoded(name::CORRELATION_ID, correlation_id);
            }
        }
        for (name, value) in name::OVERRIDES.into_iter().zip(signed.overrides) {
            query.push(name, value);
        }
        query.push_encoded(name::SIGNED_HEADERS, &self.headers.names);
        query.push_encoded(name::SIGNED_PARAMETERS, &self.query.bound.names);
        for part in ["&", name::SIGNATURE, "="] {
            url.push_str(part);
        }
    }
}

/// A URL whose query grows.
struct QueryText<'a> {
    url: &'a mut String,
    separator: char,
}

impl QueryText<'_> {
    /// Appends a parameter, unless it is empty.
    fn push(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.push_encoded(name, &encode::component(value));
        }
    }

    /// Appends a parameter whose value is encoded, or has no character to encode.
    fn push_encoded(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.url.push(self.separator);
            self.separator = '&';
            for part in [name, "=", value] {
                self.url.push_str(part);
            }
        }
    }
}
