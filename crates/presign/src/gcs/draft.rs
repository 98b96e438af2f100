//! What the kinds of signers have in common: the checks that are Google's alone.

use super::Endpoint;
use crate::{
    BatchRequest, BindFault, CredentialFault, Error, Window, encode,
    v4::{
        access_key::is_id,
        dialect::{GOOG4_RSA_SHA256, GOOGLE},
        header::canonical_value,
        outline::Outline,
        stamp::{Authority, Stamp},
    },
};

/// Outlines the URL; the window has been checked.
pub(super) fn outline<'a>(
    endpoint: &'a Endpoint,
    request: &BatchRequest<'a>,
    window: Window,
) -> Result<Outline<'a>, Error> {
    check_date_header(request, window)?;
    Outline::new(&GOOGLE, endpoint.site(), request)
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

/// What the URLs of a service account show of it and of the window, which has been checked.
pub(super) fn stamp(client_email: &str, endpoint: &Endpoint, window: Window) -> Stamp {
    let scope = GOOGLE.scope(window.from, endpoint.location());
    let credential = format!("{client_email}/{scope}");
    let authority = Authority {
        algorithm: GOOG4_RSA_SHA256,
        credential: &encode::component(&credential),
        scope: &scope,
        token: None,
    };
    Stamp::new(&GOOGLE, authority, window)
}

pub(super) fn check_service_account(client_email: Box<str>) -> Result<Box<str>, Error> {
    if is_id(&client_email) {
        Ok(client_email)
    } else {
        Err(Error::InvalidCredential(CredentialFault::ServiceAccount))
    }
}
