//! Says who asks: from the headers of a request to a [`Caller`]. Knows nothing of what is asked for.

mod credential;
mod proxy;
#[cfg(test)]
mod tests;

use crate::clock::Clock;
use crate::directory::{Directory, Stale};
use crate::policy::{Caller, Source};
use http::HeaderMap;
use protocol::Network;
use protocol::id::RequestId;
use std::net::IpAddr;
use std::sync::Arc;

/// Why it is not known who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The request carries no token.
    #[error("no token was sent; send `Authorization: Bearer TOKEN`")]
    Missing,
    /// The token is not known, or was revoked, or cannot be read.
    #[error("the token is not valid; sign in again")]
    Unknown,
    /// Nothing can be said about any token at the moment.
    #[error(transparent)]
    Stale(#[from] Stale),
}

/// Finds out who asks.
pub struct Auth {
    directory: Arc<Directory>,
    clock: Arc<dyn Clock>,
    trusts: Box<dyn Fn(IpAddr) -> bool + Send + Sync>,
    /// Shared by all callers, to be judged by policy; `None` where there is nothing to judge.
    allowed_networks: Option<Arc<[Network]>>,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth").finish_non_exhaustive()
    }
}

impl Auth {
    /// Looks tokens up in `directory`. `trusts` says which addresses are proxies that are believed
    /// when they say where a request came from.
    pub fn new(
        directory: Arc<Directory>,
        clock: Arc<dyn Clock>,
        trusts: impl Fn(IpAddr) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            directory,
            clock,
            trusts: Box::new(trusts),
            allowed_networks: None,
        }
    }

    /// The same, where the instance may be asked from these networks alone; none: from all.
    #[must_use]
    pub fn with_allowed_networks(self, networks: &[Network]) -> Self {
        Self {
            allowed_networks: (!networks.is_empty()).then(|| networks.into()),
            ..self
        }
    }

    /// The author of a request that came over a connection from `peer`.
    ///
    /// Suspended principals and expired tokens are let through: policy refuses them by name, so that
    /// the refusal is on the record with who it was.
    ///
    /// # Errors
    /// When it is not known who asks.
    pub fn authenticate(
        &self,
        headers: &HeaderMap,
        peer: IpAddr,
        request_id: RequestId,
    ) -> Result<Caller, AuthError> {
        let sha256 = credential::sha256_of_token(headers)?;
        self.directory.fresh(self.clock.now())?;
        let (standing, token, revision) =
            self.directory.by_token(&sha256).ok_or(AuthError::Unknown)?;
        let source = Source {
            address: Some(self.client_address(headers, peer)),
            allowed: self.allowed_networks.clone(),
        };
        Ok(Caller::authenticated(
            standing, token, source, request_id, revision,
        ))
    }

    /// The address that a request came from: the connection's, or what trusted proxies say.
    pub fn client_address(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        proxy::client_address(headers, peer, &self.trusts)
    }
}
