//! What is asked of Azure Blob Storage, in its words.
//!
//! A shared access signature binds no header, so length and digest are checked when the object is
//! verified. What keeps an object from being written twice is its permission: `c` writes only where
//! nothing is yet.

use super::Words;
use crate::stores::act::Act;
use crate::stores::azure::block_id;
use crate::stores::error::PinLimit;
use presign::azure::{
    AccountKey, AddressRange, Credential, Endpoint, Guid, Permissions, Signer, Terms, Version,
};
use presign::{BatchRequest, Error, Request, SignedUrl, Timestamp, Ttl, UrlBuffer, Window};
use protocol::Network;
use protocol::id::GrantId;
use std::net::IpAddr;

/// How long before its time a URL is good already, in seconds: the service allows no difference of
/// clocks.
pub(in crate::stores) const EARLY_SECONDS: u32 = 300;

/// What signs for a container.
#[derive(Debug, Clone)]
pub struct AzureSigner {
    signer: Signer,
    /// From where its URLs work; `None`: from everywhere.
    addresses: Option<AddressRange>,
    /// Whether its URLs carry the grant's id into the service's log.
    correlates: bool,
}

impl AzureSigner {
    pub(super) fn new(endpoint: Endpoint, credential: Credential) -> Self {
        Self {
            // A service SAS has no place for a correlation id
            correlates: credential.delegation().is_some(),
            signer: Signer::new(endpoint, Version::V2020_12_06, credential),
            addresses: None,
        }
    }

    /// A signature has room for one range of IPv4 addresses.
    pub(super) fn held_to(self, networks: &[Network]) -> Result<Self, PinLimit> {
        Ok(Self {
            addresses: Some(addresses(networks)?),
            ..self
        })
    }

    /// The same with another key; `None` where the key is a delegated one.
    pub(in crate::stores) fn with_account_key(&self, key: AccountKey) -> Option<Self> {
        if self.signer.delegation().is_some() {
            return None;
        }
        let endpoint = self.signer.endpoint().clone();
        Some(Self {
            signer: Signer::new(endpoint, self.signer.version(), key),
            ..self.clone()
        })
    }

    pub(super) fn leave_out_correlation(&mut self) {
        self.correlates = false;
    }

    pub(super) fn correlates(&self) -> bool {
        self.correlates
    }

    pub(super) fn access_key_id(&self) -> String {
        match self.signer.delegation() {
            Some(key) => key.object_id.to_string(),
            None => self.signer.endpoint().account().to_owned(),
        }
    }

    pub(super) fn credential_expires_at(&self) -> Option<Timestamp> {
        self.signer.credential_expires_at()
    }

    /// The least permission that suffices, and what is known of the request.
    pub(super) fn terms(&self, act: &Act<'_>, grant: GrantId) -> Terms {
        let mut terms = Terms::new();
        if let Act::Write { only_new: true, .. } = act {
            terms = terms.with_permissions(Permissions::CREATE);
        }
        if let Some(addresses) = self.addresses {
            terms = terms.with_addresses(addresses);
        }
        if self.correlates {
            terms = terms.with_correlation_id(Guid::from_u128(grant.uuid().as_u128()));
        }
        terms
    }

    pub(super) fn sign(
        &self,
        request: &Request<'_>,
        terms: &Terms,
        window: Window,
    ) -> Result<SignedUrl, Error> {
        self.signer.sign_with(request, terms, early(window))
    }

    pub(super) fn sign_batch<'n>(
        &self,
        request: &BatchRequest<'_>,
        terms: &Terms,
        names: impl IntoIterator<Item = &'n str>,
        window: Window,
        urls: &mut UrlBuffer,
    ) -> Result<(), Error> {
        self.signer
            .sign_batch_with(request, terms, names, early(window), urls)
    }
}

pub(super) fn words<'a>(act: &Act<'a>) -> Words<'a> {
    let mut words = Words::default();
    match act {
        Act::Look | Act::Delete => {}
        Act::Read { disposition } => {
            words.query.push(("rscd", disposition.clone().into_owned()));
        }
        Act::Write { only_new, .. } => {
            words.sent.push(("x-ms-blob-type", "BlockBlob".to_owned()));
            if *only_new {
                words.sent.push(("if-none-match", "*".to_owned()));
            }
        }
        Act::WritePart {
            store_upload_id,
            number,
            ..
        } => {
            words.query = vec![
                ("comp", "block".to_owned()),
                ("blockid", block_id(store_upload_id, *number)),
            ];
        }
    }
    words
}

/// The addresses of the one network that a signature can name (`sip`).
///
/// # Errors
/// When there are several, or it is of IPv6.
pub(super) fn addresses(networks: &[Network]) -> Result<AddressRange, PinLimit> {
    let &[network] = networks else {
        return Err(PinLimit::OneIpv4Network);
    };
    let (IpAddr::V4(first), IpAddr::V4(last)) = (network.first(), network.last()) else {
        return Err(PinLimit::OneIpv4Network);
    };
    if first == last {
        return Ok(first.into());
    }
    AddressRange::new(first, last).map_err(|_| PinLimit::OneIpv4Network)
}

/// The same window, begun some minutes earlier.
fn early(window: Window) -> Window {
    let from = window.from.unix_seconds() - i64::from(EARLY_SECONDS);
    let ttl = Ttl::from_seconds(window.ttl.seconds().saturating_add(EARLY_SECONDS));
    Window {
        from: Timestamp::from_unix_seconds(from),
        // Longer than the longest only for a window that is the longest already
        ttl: ttl.unwrap_or(Ttl::MAX),
    }
}
