//! What the kinds of signers have in common: the checks that are Google's alone.

use super::Endpoint;
use crate::{
    BatchRequest, BindFault, CredentialFault, Error, Timestamp, Window, encode,
    v4::{
        access_key::is_id,
        dialect::{GOOG4_RSA_SHA256, GOOGLE},
        header::canonical_value,
        outline::{Authority, Outline},
    },
};

/// Outlines the URL; the window has been checked.
pub(super) fn outline<'a>(
    endpoint: &'a Endpoint,
    authority: Authority<'a>,
    request: &BatchRequest<'_>,
    window: Window,
) -> Result<Outline<'a>, Error> {
    check_date_header(request, window)?;
    Outline::new(&GOOGLE, endpoint.site(), authority, request, window)
}

/// Refuses a bound date that is not the signature's.
pub(super) fn check_date_header(request: &BatchRequest<'_>, window: Window) -> Result<(), Error> {
    if request.headers.is_empty() {
        return Ok(());
    }
    let time = window.from.to_string();
    let contradicts = |(name, value): &&(&str, &str)| {
        name.eq_ignore_ascii_case(GOOGLE.date) && canonical_value(value) != time
    };
    match request.headers.iter().find(contradicts) {
        None => Ok(()),
        Some((name, _)) => Err(Error::CannotBind {
            header: (*name).into(),
            fault: BindFault::SetBySigner,
        }),
    }
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
