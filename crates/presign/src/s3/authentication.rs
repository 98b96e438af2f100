//! The parameters with which a received request authenticates itself.

use super::{
    header::HOST,
    parameter::{
        X_AMZ_ALGORITHM, X_AMZ_CREDENTIAL, X_AMZ_DATE, X_AMZ_EXPIRES, X_AMZ_SECURITY_TOKEN,
        X_AMZ_SIGNATURE, X_AMZ_SIGNED_HEADERS,
    },
    refusal::Refusal,
    string_to_sign::ALGORITHM,
};
use crate::{Timestamp, Ttl};

/// The decoded parameters of the signature, checked for their form alone.
pub(super) struct Authentication<'a> {
    pub(super) access_key_id: &'a str,
    /// Date, region, service and terminator.
    pub(super) scope: [&'a str; 4],
    pub(super) time: &'a str,
    pub(super) issued_at: Timestamp,
    pub(super) ttl: Ttl,
    pub(super) signed_headers: Vec<&'a str>,
    pub(super) session_token: Option<&'a str>,
    pub(super) signature: &'a str,
}

impl<'a> Authentication<'a> {
    pub(super) fn parse(parameters: &'a [(String, String)]) -> Result<Self, Refusal> {
        let find = |name: &'static str| find(parameters, name);
        let get = |name| find(name).ok_or(Refusal::MissingParameter { name });
        if get(X_AMZ_ALGORITHM)? != ALGORITHM {
            return Err(Refusal::UnsupportedAlgorithm);
        }
        let credential = get(X_AMZ_CREDENTIAL)?;
        let signature = get(X_AMZ_SIGNATURE)?;
        let time = get(X_AMZ_DATE)?;
        let signed_headers = get(X_AMZ_SIGNED_HEADERS)?;
        let expires = get(X_AMZ_EXPIRES)?;
        let (access_key_id, scope) =
            parse_credential(credential).ok_or(Refusal::MalformedCredential)?;
        Ok(Self {
            access_key_id,
            scope,
            time,
            issued_at: Timestamp::from_basic_iso8601(time)
                .and_then(|time| time.in_signable_years().ok())
                .ok_or(Refusal::MalformedDate)?,
            ttl: parse_expires(expires).ok_or(Refusal::InvalidExpires)?,
            signed_headers: parse_signed_headers(signed_headers)?,
            session_token: find(X_AMZ_SECURITY_TOKEN),
            signature,
        })
    }

    pub(super) fn expires_at(&self) -> Timestamp {
        self.issued_at.plus(self.ttl)
    }
}

/// Gives the value of the parameter of exactly this name.
pub(super) fn find<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    parameters
        .iter()
        .find(|(other, _)| other == name)
        .map(|(_, value)| value.as_str())
}

fn parse_credential(credential: &str) -> Option<(&str, [&str; 4])> {
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

fn parse_signed_headers(names: &str) -> Result<Vec<&str>, Refusal> {
    let names: Vec<_> = names.split(';').collect();
    let is_name = |name: &&str| {
        let mut bytes = name.bytes();
        !name.is_empty() && bytes.all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase())
    };
    if !names.iter().all(is_name) || !names.is_sorted_by(|a, b| a < b) {
        return Err(Refusal::MalformedSignedHeaders);
    }
    if !names.contains(&HOST) {
        return Err(Refusal::HostNotSigned);
    }
    Ok(names)
}
