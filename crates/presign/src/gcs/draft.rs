//! What the kinds of signers have in common: the checks that are Google's alone.

use super::Endpoint;
use crate::{
    BindFault, CredentialFault, Error, Request, Timestamp, Window, encode,
    v4::{
        access_key::is_id,
        dialect::{GOOG4_RSA_SHA256, GOOGLE},
        draft::{Authority, Draft},
        header::canonical_value,
    },
};

/// Drafts the URL; the window has been checked.
pub(super) fn draft<'a>(
    endpoint: &'a Endpoint,
    authority: Authority<'a>,
    request: &Request<'_>,
    window: Window,
) -> Result<Draft<'a>, Error> {
    let time = window.from.to_string();
    // It may be bound, but not say otherwise than the query.
    let contradicts = |(name, value): &&(&str, &str)| {
        name.eq_ignore_ascii_case(GOOGLE.date) && canonical_value(value) != time
    };
    if let Some((name, _)) = request.headers.iter().find(contradicts) {
        return Err(Error::CannotBind {
            header: (*name).into(),
            fault: BindFault::SetBySigner,
        });
    }
    Draft::new(&GOOGLE, endpoint.site(), authority, request, window)
}

/// What the URLs of one service account, location and day show of it.
pub(super) struct AccountDay {
    credential: String,
    scope: String,
}

impl AccountDay {
    pub(super) fn new(client_email: &str, location: &str, day: Timestamp) -> Self {
        let scope = GOOGLE.scope(day, location);
        Self {
            credential: encode::component(&format!("{client_email}/{scope}")).into_owned(),
            scope,
        }
    }

    pub(super) fn authority(&self) -> Authority<'_> {
        Authority {
            algorithm: GOOG4_RSA_SHA256,
            credential: &self.credential,
            scope: &self.scope,
            token: None,
        }
    }
}

pub(super) fn check_service_account(client_email: Box<str>) -> Result<Box<str>, Error> {
    if is_id(&client_email) {
        Ok(client_email)
    } else {
        Err(Error::InvalidCredential(CredentialFault::ServiceAccount))
    }
}
