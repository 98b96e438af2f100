//! The caller, as a parameter of a handler.

use super::app::App;
use super::edge::{Peer, request_id};
use super::error::ApiError;
use crate::auth::AuthError;
use crate::policy::Caller;
use axum::extract::FromRequestParts;
use http::request::Parts;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// The request has a token, and this is its owner. Stands before every parameter that can be refused,
/// so that nothing is told to strangers.
#[derive(Debug)]
pub(super) struct Authenticated(pub(super) Caller);

impl FromRequestParts<Arc<App>> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let peer = parts.extensions.get::<Peer>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0);
        let id = request_id(&parts.extensions);
        let caller = match app.auth.authenticate(&parts.headers, peer, id) {
            Ok(caller) => caller,
            Err(error) => {
                if !matches!(error, AuthError::Stale(_)) {
                    let address = app.auth.client_address(&parts.headers, peer);
                    app.gate.authentication_failed(address);
                }
                return Err(error.into());
            }
        };
        tracing::Span::current()
            .record("caller.id", tracing::field::display(caller.principal_id()));
        app.admission.principal(caller.principal_id())?;
        app.gate.admit(&caller)?;
        Ok(Self(caller))
    }
}
