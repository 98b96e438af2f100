//! Lends what signs for a bucket: for whom, at which address of the store.

use super::Error;
use super::signer::{Credential, Signer};
use protocol::bucket::{Audience, AudienceEndpoints, StorePlace};
use std::collections::BTreeMap;

/// What a signer is for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Purpose {
    /// From where the store is reached; `None`: at its usual address.
    pub audience: Option<Audience>,
}

/// One credential at every address of a store.
#[derive(Debug, Clone)]
pub(super) struct Signers {
    usual: Signer,
    elsewhere: BTreeMap<Audience, Signer>,
}

impl Signers {
    /// # Errors
    /// When one of the addresses cannot be signed for.
    pub(super) fn new(
        place: &StorePlace,
        endpoints: &AudienceEndpoints,
        credential: &Credential,
    ) -> Result<Self, Error> {
        let usual = Signer::new(place, credential.clone())?;
        let elsewhere = endpoints
            .iter()
            .map(|(audience, address)| {
                let signer = Signer::new(&place.at(address), credential.clone())?;
                Ok::<_, Error>((*audience, signer))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { usual, elsewhere })
    }

    fn at(&self, audience: Option<Audience>) -> &Signer {
        audience
            .and_then(|audience| self.elsewhere.get(&audience))
            .unwrap_or(&self.usual)
    }
}

/// Lends signers for one bucket.
#[derive(Debug)]
pub(super) enum Lender {
    /// The same credential always.
    Fixed(Signers),
}

impl Lender {
    /// A signer for a purpose.
    pub(super) async fn lend(&self, purpose: Purpose) -> Result<Signer, Error> {
        match self {
            Self::Fixed(signers) => Ok(signers.at(purpose.audience).clone()),
        }
    }

    /// A signer for the server's own requests, which it sends over the operator's own network where
    /// there is one.
    pub(super) async fn lend_own(&self) -> Result<Signer, Error> {
        self.lend(Purpose {
            audience: Some(Audience::Internal),
        })
        .await
    }
}
