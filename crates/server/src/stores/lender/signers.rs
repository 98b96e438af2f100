//! One credential at every address of a store.

use crate::stores::Error;
use crate::stores::signer::{Credential, Signer, Site};
use protocol::bucket::{Audience, AudienceEndpoints, StorePlace};
use std::collections::BTreeMap;

/// What there is for each address of a store.
#[derive(Debug, Clone)]
pub(in crate::stores) struct ByAddress<T> {
    usual: T,
    elsewhere: BTreeMap<Audience, T>,
}

/// Where a bucket is signed for.
pub(in crate::stores) type Sites = ByAddress<Site>;
/// What signs there.
pub(super) type Signers = ByAddress<Signer>;

impl Sites {
    /// # Errors
    /// When one of the addresses cannot be signed for.
    pub(in crate::stores) fn of(
        place: &StorePlace,
        endpoints: &AudienceEndpoints,
    ) -> Result<Self, Error> {
        let elsewhere = endpoints
            .iter()
            .map(|(audience, address)| Ok((*audience, Site::of(&place.at(address))?)))
            .collect::<Result<_, Error>>()?;
        Ok(Self {
            usual: Site::of(place)?,
            elsewhere,
        })
    }

    /// # Errors
    /// When the credential is another store's.
    pub(in crate::stores) fn signers(&self, credential: &Credential) -> Result<Signers, Error> {
        let elsewhere = self
            .elsewhere
            .iter()
            .map(|(audience, site)| Ok((*audience, Signer::new(site, credential)?)))
            .collect::<Result<_, Error>>()?;
        Ok(ByAddress {
            usual: Signer::new(&self.usual, credential)?,
            elsewhere,
        })
    }
}

impl<T> ByAddress<T> {
    /// The usual address.
    pub(in crate::stores) fn usual(&self) -> &T {
        &self.usual
    }

    pub(super) fn at(&self, audience: Option<Audience>) -> &T {
        audience
            .and_then(|audience| self.elsewhere.get(&audience))
            .unwrap_or(&self.usual)
    }
}
