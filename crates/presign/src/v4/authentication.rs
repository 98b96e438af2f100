//! The parameters with which a received request authenticates itself.

use super::{dialect::Dialect, fault::Fault, header::HOST};
use crate::{Received, Timestamp, Ttl};

/// How far in the future a request may have been signed, as clocks differ.
const MAX_SKEW_SECONDS: i64 = 15 * 60;

/// The decoded parameters of the signature.
pub(crate) struct Authentication<'a> {
    pub(crate) dialect: &'static Dialect,
    pub(crate) algorithm: &'a str,
    pub(crate) access_key_id: &'a str,
    /// Date, region, service and terminator.
    scope: [&'a str; 4],
    pub(crate) time: &'a str,
    pub(crate) issued_at: Timestamp,
    ttl: Ttl,
    signed_headers: Vec<&'a str>,
    pub(crate) signature: &'a str,
}

impl<'a> Authentication<'a> {
    /// Reads the parameters, checking their form and that there is no other authentication.
    pub(crate) fn parse(
        dialect: &'static Dialect,
        received: &Received<'_>,
        parameters: &'a [(String, String)],
    ) -> Result<Self, Fault> {
        check_single_mechanism(dialect, received, parameters)?;
        check_duplicates(dialect, parameters)?;
        let get = |name| find(dialect, parameters, name).ok_or(Fault::MissingParameter { name });
        let algorithm = get(dialect.algorithm)?;
        if !dialect.algorithms.contains(&algorithm) {
            return Err(Fault::UnsupportedAlgorithm);
        }
        let credential = get(dialect.credential)?;
        let signature = get(dialect.signature)?;
        let time = get(dialect.date)?;
        let signed_headers = get(dialect.signed_headers)?;
        let expires = get(dialect.expires)?;
        let (access_key_id, scope) =
            parse_credential(credential).ok_or(Fault::MalformedCredential)?;
        Ok(Self {
            dialect,
            algorithm,
            access_key_id,
            scope,
            time,
            issued_at: Timestamp::from_basic_iso8601(time)
                .and_then(|time| time.in_signable_years().ok())
                .ok_or(Fault::MalformedDate)?,
            ttl: parse_expires(expires).ok_or(Fault::InvalidExpires)?,
            signed_headers: parse_signed_headers(signed_headers)?,
            signature,
        })
    }

    /// The region that the scope names.
    pub(crate) fn region(&self) -> &'a str {
        let [_, region, ..] = self.scope;
        region
    }

    /// The scope as the string to sign has it.
    pub(crate) fn scope(&self) -> String {
        self.scope.join("/")
    }

    pub(crate) fn expires_at(&self) -> Timestamp {
        self.issued_at.plus(self.ttl)
    }

    /// Checks all of the scope but the region.
    pub(crate) fn check_scope(&self) -> Result<(), Fault> {
        let [date, _, service, terminator] = self.scope;
        if date != self.issued_at.date() {
            return Err(Fault::WrongScopeDate);
        }
        if service != self.dialect.service {
            return Err(Fault::WrongService);
        }
        if terminator != self.dialect.terminator {
            return Err(Fault::WrongTerminator);
        }
        Ok(())
    }

    /// Checks that the request is within its window.
    pub(crate) fn check_time(&self, now: Timestamp) -> Result<(), Fault> {
        let issued_at = self.issued_at;
        if issued_at.unix_seconds() > now.unix_seconds().saturating_add(MAX_SKEW_SECONDS) {
            return Err(Fault::NotYetValid { issued_at });
        }
        let expires_at = self.expires_at();
        if now >= expires_at {
            return Err(Fault::Expired { expires_at });
        }
        Ok(())
    }

    /// Refuses headers outside the signature with which the URL's user could,
    /// say, make the object public. The payload's hash has a line of its own.
    pub(crate) fn check_unsigned_headers(&self, received: &Received<'_>) -> Result<(), Fault> {
        let must_be_signed = |name: &str| {
            let prefixes = self.dialect.signed_prefixes;
            prefixes.iter().any(|prefix| name.starts_with(prefix))
                && name != self.dialect.content_sha256
        };
        let names: Vec<Box<str>> = received
            .headers
            .iter()
            .map(|(name, _)| name.to_ascii_lowercase())
            .filter(|name| must_be_signed(name) && !self.signed_headers.contains(&name.as_str()))
            .map(Into::into)
            .collect();
        if names.is_empty() {
            Ok(())
        } else {
            Err(Fault::UnsignedHeaders { names })
        }
    }

    /// Finds the headers that the signature covers.
    pub(crate) fn find_signed_headers(
        &self,
        received: &Received<'_>,
    ) -> Result<Vec<(&'a str, String)>, Fault> {
        self.signed_headers
            .iter()
            .map(|name| match received.header(name)? {
                Some(value) => Ok((*name, value)),
                None => Err(Fault::MissingSignedHeader {
                    name: (*name).into(),
                }),
            })
            .collect()
    }

    /// The names of the headers that the signature covers.
    pub(crate) fn signed_header_names(&self) -> Vec<Box<str>> {
        let names = self.signed_headers.iter();
        names.map(|name| (*name).into()).collect()
    }
}

/// Gives the value of the parameter of this name.
pub(crate) fn find<'a>(
    dialect: &Dialect,
    parameters: &'a [(String, String)],
    name: &str,
) -> Option<&'a str> {
    parameters
        .iter()
        .find(|(other, _)| dialect.is(name, other))
        .map(|(_, value)| value.as_str())
}

fn check_single_mechanism(
    dialect: &Dialect,
    received: &Received<'_>,
    parameters: &[(String, String)],
) -> Result<(), Fault> {
    let is_other = |(name, _): &(String, String)| {
        let others = dialect.other_mechanisms;
        others.iter().any(|other| dialect.is(other, name))
    };
    if received.has_header("authorization") || parameters.iter().any(is_other) {
        return Err(Fault::SeveralMechanisms);
    }
    Ok(())
}

/// Refuses repeated names, of which one reader would take the first and another the last;
/// the canonical order of the repetitions would let an attacker choose.
fn check_duplicates(dialect: &Dialect, parameters: &[(String, String)]) -> Result<(), Fault> {
    let mut rest = parameters;
    while let Some(((name, _), others)) = rest.split_first() {
        let any_case = dialect.is_authentication(name);
        let same = |other: &str| other == name || (any_case && other.eq_ignore_ascii_case(name));
        if others.iter().any(|(other, _)| same(other)) {
            return Err(Fault::DuplicateParameter {
                name: name.as_str().into(),
            });
        }
        rest = others;
    }
    Ok(())
}

fn parse_credential(credential: &str) -> Option<(&str, [&str; 4])> {
    // The scope is one line of the string to sign.
    if credential.contains(char::is_control) {
        return None;
    }
    let mut fields = credential.rsplitn(5, '/');
    let terminator = fields.next()?;
    let service = fields.next()?;
    let region = fields.next()?;
    let date = fields.next()?;
    let access_key_id = fields.next().filter(|id| !id.is_empty())?;
    Some((access_key_id, [date, region, service, terminator]))
}

fn parse_expires(expires: &str) -> Option<Ttl> {
    // `parse` alone would take a sign.
    if !expires.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Ttl::from_seconds(expires.parse().ok()?).ok()
}

fn parse_signed_headers(names: &str) -> Result<Vec<&str>, Fault> {
    let names: Vec<_> = names.split(';').collect();
    let is_name = |name: &&str| {
        let mut bytes = name.bytes();
        !name.is_empty() && bytes.all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase())
    };
    if !names.iter().all(is_name) || !names.is_sorted_by(|a, b| a < b) {
        return Err(Fault::MalformedSignedHeaders);
    }
    if !names.contains(&HOST) {
        return Err(Fault::HostNotSigned);
    }
    Ok(names)
}
