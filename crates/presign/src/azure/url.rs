//! The signed URL: the container or blob, the request's own parameters, then the signature's.

use super::{
    binding::Binding,
    endpoint::Endpoint,
    parameter as name,
    query::Query,
    signing_key,
    string_to_sign::{SignedBy, StringToSign},
};
use crate::{SignedUrl, encode};

/// Writes the URL.
pub(super) fn write(
    endpoint: &Endpoint,
    signed: &StringToSign<'_>,
    query: &Query<'_>,
    headers: &Binding,
    signature: &[u8; 32],
) -> SignedUrl {
    let mut url = Url {
        text: String::with_capacity(512),
        separator: '?',
    };
    endpoint.push_url(&mut url.text, signed.blob);
    for (name, value) in &query.others {
        url.push(&encode::component(name), value);
    }
    if let Some(snapshot) = query.snapshot {
        let (name, value, _) = snapshot.fields();
        url.push(name, value);
    }
    url.push_encoded(name::VERSION, signed.version);
    url.push(name::START, signed.start);
    url.push(name::EXPIRY, signed.expiry);
    url.push_encoded(name::RESOURCE, signed.resource);
    url.push_encoded(name::PERMISSIONS, signed.permissions);
    url.push(name::PROTOCOLS, signed.protocols);
    url.push_encoded(name::ADDRESSES, signed.addresses);
    match signed.signed_by {
        SignedBy::Account { policy } => url.push(name::POLICY, policy),
        SignedBy::Delegation {
            key,
            authorized_agent,
            unauthorized_agent,
            correlation_id,
            ..
        } => {
            url.push_encoded(name::KEY_OBJECT_ID, key.object_id);
            url.push_encoded(name::KEY_TENANT_ID, key.tenant_id);
            url.push(name::KEY_START, key.start);
            url.push(name::KEY_EXPIRY, key.expiry);
            url.push_encoded(name::KEY_SERVICE, key.service);
            url.push_encoded(name::KEY_VERSION, key.version);
            url.push_encoded(name::AUTHORIZED_AGENT, authorized_agent);
            url.push_encoded(name::UNAUTHORIZED_AGENT, unauthorized_agent);
            url.push_encoded(name::CORRELATION_ID, correlation_id);
        }
    }
    for (name, value) in name::OVERRIDES.into_iter().zip(signed.overrides) {
        url.push(name, value);
    }
    url.push_encoded(name::SIGNED_HEADERS, &headers.names);
    url.push_encoded(name::SIGNED_PARAMETERS, &query.bound.names);
    url.push(name::SIGNATURE, &signing_key::encode(signature));
    SignedUrl::new(url.text)
}

/// A URL whose query grows.
struct Url {
    text: String,
    separator: char,
}

impl Url {
    /// Appends a parameter, unless it is empty.
    fn push(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.push_encoded(name, &encode::component(value));
        }
    }

    /// Appends a parameter whose value is encoded, or has no character to encode.
    fn push_encoded(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.text.push(self.separator);
            self.separator = '&';
            for part in [name, "=", value] {
                self.text.push_str(part);
            }
        }
    }
}
