//! The public half of a delegated key as text.

use super::{credential::DelegationKeyId, iso8601, string_to_sign::KeyFields};

/// What every URL shows of a delegated key, written once for all of them.
pub(super) struct DelegationTexts {
    object_id: String,
    tenant_id: String,
    start: String,
    expiry: String,
    service: Box<str>,
    version: Box<str>,
}

impl DelegationTexts {
    pub(super) fn new(id: &DelegationKeyId) -> Self {
        Self {
            object_id: id.object_id.to_string(),
            tenant_id: id.tenant_id.to_string(),
            start: iso8601::write(id.starts_at),
            expiry: iso8601::write(id.expires_at),
            service: id.service.clone(),
            version: id.version.clone(),
        }
    }

    pub(super) fn fields(&self) -> KeyFields<'_> {
        KeyFields {
            object_id: &self.object_id,
            tenant_id: &self.tenant_id,
            start: &self.start,
            expiry: &self.expiry,
            service: &self.service,
            version: &self.version,
        }
    }
}
