//! Lends what signs for a bucket: for whom, at which address of the store, from which networks.

mod keeper;
mod mint;
mod renewal;
mod renewed;
mod sessions;
mod signers;
#[cfg(test)]
mod tests;

pub(super) use keeper::Keeper;
pub(super) use mint::{Mint, Minted};
pub use renewal::usable_seconds;
pub(super) use renewed::{Basis, Renewed};
pub(super) use sessions::{MintSessions, Sessions};
pub(super) use signers::Sites;

use super::Error;
use super::signer::Signer;
use protocol::Network;
use protocol::bucket::{Audience, Isolation};
use protocol::transfer::Reach;
use signers::Signers;
use std::sync::Arc;

/// What a signer is for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Purpose<'a> {
    /// From where the store is reached; `None`: at its usual address.
    pub audience: Option<Audience>,
    /// Whose objects it signs for; `None`: the server's own requests.
    pub team: Option<Tenant<'a>>,
    /// The networks from which its URLs are to work; empty: from everywhere.
    pub networks: &'a [Network],
}

impl<'a> From<&'a Reach> for Purpose<'a> {
    fn from(reach: &'a Reach) -> Self {
        Self {
            audience: reach.audience,
            team: None,
            networks: reach.network.as_slice(),
        }
    }
}

/// A team in a bucket.
#[derive(Debug, Clone, Copy)]
pub struct Tenant<'a> {
    /// Its name, which the store's log shows where a credential can say it.
    pub name: &'a str,
    /// What all its keys begin with; ends in `/`.
    pub root: &'a str,
}

/// Lends signers for one bucket.
#[derive(Debug)]
pub(super) enum Lender {
    /// The same credential always.
    Fixed(Signers),
    /// One credential at a time.
    Renewed(Arc<Renewed>),
    /// A session for each team and its networks.
    Sessions(Sessions),
}

impl Lender {
    /// What keeps the credential that it lends for a team out of other teams' roots.
    pub(super) fn isolation(&self) -> Isolation {
        match self {
            Self::Fixed(_) | Self::Renewed(_) => Isolation::BrokerOnly,
            // Each session's policy opens one root alone
            Self::Sessions(_) => Isolation::Store,
        }
    }

    /// A signer for a purpose.
    ///
    /// # Errors
    /// [`Error::CannotPin`] when nothing holds its URLs to the networks; [`Error::NoCredential`].
    pub(super) async fn lend(&self, purpose: Purpose<'_>) -> Result<Signer, Error> {
        let signer = match self {
            Self::Fixed(signers) => signers.at(purpose.audience).clone(),
            Self::Renewed(renewed) => renewed.lend(purpose.audience).await?,
            // The session is held to the networks, and all that it signs
            Self::Sessions(sessions) => return sessions.lend(purpose).await,
        };
        signer.held_to(purpose.networks).map_err(Error::CannotPin)
    }

    /// A signer for the server's own requests, which it sends over the operator's own network where
    /// there is one.
    pub(super) async fn lend_own(&self) -> Result<Signer, Error> {
        self.lend(Purpose {
            audience: Some(Audience::Internal),
            ..Purpose::default()
        })
        .await
    }
}
