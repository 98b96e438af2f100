//! The verifier: recomputes the signature of a request that arrived, as strictly as S3 does.

use std::{
    borrow::{Borrow, Cow},
    cmp::Reverse,
};

use subtle::ConstantTimeEq;

use super::{
    authentication::{Authentication, find},
    canonical_request::{CanonicalRequest, UNSIGNED_PAYLOAD},
    credential::Credential,
    header::{CanonicalHeaders, is_secret},
    parameter::{
        Parameter, X_AMZ_CONTENT_SHA256, X_AMZ_SIGNATURE, canonical_query, is_authentication,
    },
    received::Received,
    refusal::{Mismatch, Refusal},
    signing_key::SigningKey,
    string_to_sign::{SERVICE, StringToSign, TERMINATOR, scope},
    verified::{Payload, Resource, Verified},
};
use crate::{Timestamp, encode};

/// How far in the future a request may have been signed, as clocks differ.
const MAX_SKEW_SECONDS: i64 = 15 * 60;
const HIDDEN: &str = "(hidden)";

/// Verifies pre-signed requests to a store in one region.
///
/// ```
/// use presign::s3::Verifier;
///
/// // `store.example.com/bucket/key` and `bucket.store.example.com/key`, and no other host.
/// let verifier = Verifier::new("us-east-1").with_hosts(["store.example.com"]);
/// # let _ = verifier;
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    region: Box<str>,
    /// Lower-case, the longest first.
    hosts: Vec<Box<str>>,
}

impl Verifier {
    /// Makes a verifier that takes every request, whatever its host, as a path-style one.
    ///
    /// Use it only where no credential signs virtual-host-style URLs as well:
    /// one of those for the key `other/a` would be taken for the bucket
    /// `other`. [`Verifier::with_hosts`] tells the two apart.
    pub fn new(region: impl Into<Box<str>>) -> Self {
        Self {
            region: region.into(),
            hosts: Vec::new(),
        }
    }

    /// Takes only requests for these hosts, path style, and for
    /// `<bucket>.<host>`, virtual-host style. A port, unless it is the
    /// scheme's default, is part of the host, as in the `Host` header.
    #[must_use]
    pub fn with_hosts<Host: AsRef<str>>(mut self, hosts: impl IntoIterator<Item = Host>) -> Self {
        self.hosts.extend(
            hosts
                .into_iter()
                .map(|host| host.as_ref().to_ascii_lowercase().into()),
        );
        self.hosts.sort_by_key(|host| Reverse(host.len()));
        self
    }

    /// Verifies a request that arrived at `now`; `find_credential` maps an access key id to its
    /// credential.
    ///
    /// A success means that the holder of the credential signed this method,
    /// host, path, query, and every `x-amz-*` header, and that the time is
    /// within the signed window. It says nothing of whether the bucket exists
    /// or what the credential may do, and the body is for the receiver to
    /// check ([`Verified::payload`], and headers such as `content-md5`).
    ///
    /// # Errors
    ///
    /// The first step that failed. Checks run from the form to the signature,
    /// so an expired URL is told to be expired whoever signed it.
    pub fn verify<C: Borrow<Credential>>(
        &self,
        received: &Received<'_>,
        now: Timestamp,
        find_credential: impl FnOnce(&str) -> Option<C>,
    ) -> Result<Verified, Refusal> {
        let path = received.path()?;
        let resource = self.resource(received.host()?, &path)?;
        let parameters = received.parameters()?;
        check_single_mechanism(received, &parameters)?;
        check_duplicates(&parameters)?;
        let authentication = Authentication::parse(&parameters)?;
        self.check_scope(&authentication)?;
        check_time(&authentication, now)?;
        check_unsigned_headers(received, &authentication)?;
        let (payload_line, payload) = payload(received, &parameters)?;

        let credential =
            find_credential(authentication.access_key_id).ok_or(Refusal::UnknownAccessKey)?;
        let credential = credential.borrow();
        check_session(credential, &authentication, now)?;

        let signed = Signed {
            method: received.method,
            path: &path,
            parameters: &parameters,
            headers: signed_headers(received, &authentication)?,
            payload: &payload_line,
        };
        let request_sha256 = encode::hex(&signed.canonical(|_| false).sha256());
        let string_to_sign = StringToSign {
            time: authentication.time,
            scope: &scope(authentication.issued_at, &self.region),
            request_sha256: &request_sha256,
        };
        let expected = SigningKey::derive(
            credential.secret_access_key(),
            authentication.issued_at,
            &self.region,
        )
        .sign(&string_to_sign);
        if !bool::from(
            expected
                .as_bytes()
                .ct_eq(authentication.signature.as_bytes()),
        ) {
            return Err(Refusal::SignatureDoesNotMatch(Box::new(Mismatch {
                canonical_request: signed.canonical(is_hidden).text().into(),
                string_to_sign: string_to_sign.text().into(),
            })));
        }
        Ok(Verified {
            access_key_id: authentication.access_key_id.into(),
            signed_headers: authentication
                .signed_headers
                .iter()
                .map(|name| (*name).into())
                .collect(),
            issued_at: authentication.issued_at,
            expires_at: authentication.expires_at(),
            resource,
            payload,
            parameters: parameters
                .into_iter()
                .filter(|(name, _)| !is_authentication(name))
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        })
    }

    /// Reads from host and path which bucket and key are meant.
    fn resource(&self, host: &str, path: &str) -> Result<Resource, Refusal> {
        if self.hosts.is_empty() {
            return Ok(Resource::from_path_style(path));
        }
        let host = host.to_ascii_lowercase();
        if self.hosts.iter().any(|known| **known == *host) {
            return Ok(Resource::from_path_style(path));
        }
        self.hosts
            .iter()
            .find_map(|known| host.strip_suffix(&**known)?.strip_suffix('.'))
            .filter(|bucket| !bucket.is_empty())
            .map(|bucket| Resource::from_virtual_host(bucket, path))
            .ok_or(Refusal::UnknownHost)
    }

    fn check_scope(&self, authentication: &Authentication<'_>) -> Result<(), Refusal> {
        let [date, region, service, terminator] = authentication.scope;
        if date != authentication.issued_at.date() {
            return Err(Refusal::WrongScopeDate);
        }
        if region != &*self.region {
            return Err(Refusal::WrongRegion {
                expected: self.region.clone(),
            });
        }
        if service != SERVICE {
            return Err(Refusal::WrongService);
        }
        if terminator != TERMINATOR {
            return Err(Refusal::WrongTerminator);
        }
        Ok(())
    }
}

fn check_single_mechanism(
    received: &Received<'_>,
    parameters: &[(String, String)],
) -> Result<(), Refusal> {
    let version_2 = |(name, _): &(String, String)| name == "Signature" || name == "AWSAccessKeyId";
    if received.has_header("authorization") || parameters.iter().any(version_2) {
        return Err(Refusal::SeveralMechanisms);
    }
    Ok(())
}

/// Refuses repeated names, of which one reader would take the first and another the last;
/// the canonical order of the repetitions would let an attacker choose.
fn check_duplicates(parameters: &[(String, String)]) -> Result<(), Refusal> {
    let mut rest = parameters;
    while let Some(((name, _), others)) = rest.split_first() {
        let any_case = is_authentication(name);
        let same = |other: &str| other == name || (any_case && other.eq_ignore_ascii_case(name));
        if others.iter().any(|(other, _)| same(other)) {
            return Err(Refusal::DuplicateParameter {
                name: name.as_str().into(),
            });
        }
        rest = others;
    }
    Ok(())
}

fn check_time(authentication: &Authentication<'_>, now: Timestamp) -> Result<(), Refusal> {
    let issued_at = authentication.issued_at;
    if issued_at.unix_seconds() > now.unix_seconds().saturating_add(MAX_SKEW_SECONDS) {
        return Err(Refusal::NotYetValid { issued_at });
    }
    let expires_at = authentication.expires_at();
    if now >= expires_at {
        return Err(Refusal::Expired { expires_at });
    }
    Ok(())
}

/// Refuses `x-amz-*` headers outside the signature, with which the URL's user
/// could, say, make the object public. `x-amz-content-sha256` has its own line.
fn check_unsigned_headers(
    received: &Received<'_>,
    authentication: &Authentication<'_>,
) -> Result<(), Refusal> {
    let names: Vec<Box<str>> = received
        .headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .filter(|name| name.starts_with("x-amz-") && name != "x-amz-content-sha256")
        .filter(|name| !authentication.signed_headers.contains(&name.as_str()))
        .map(Into::into)
        .collect();
    if names.is_empty() {
        Ok(())
    } else {
        Err(Refusal::UnsignedHeaders { names })
    }
}

/// The payload line of the canonical request: what query or header says, or
/// else that the payload is unsigned.
fn payload(
    received: &Received<'_>,
    parameters: &[(String, String)],
) -> Result<(String, Payload), Refusal> {
    let line = match find(parameters, X_AMZ_CONTENT_SHA256) {
        Some(value) => Some(value.to_owned()),
        None => received.header("x-amz-content-sha256")?,
    };
    match line {
        None => Ok((UNSIGNED_PAYLOAD.to_owned(), Payload::Unsigned)),
        Some(line) if line == UNSIGNED_PAYLOAD => Ok((line, Payload::Unsigned)),
        Some(line) => {
            let sha256 = encode::sha256_from_hex(&line).ok_or(Refusal::UnsupportedPayload)?;
            Ok((line, Payload::Sha256(sha256)))
        }
    }
}

fn check_session(
    credential: &Credential,
    authentication: &Authentication<'_>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let same = match (credential.session_token(), authentication.session_token) {
        (None, None) => true,
        (Some(known), Some(received)) => {
            known.expose().as_bytes().ct_eq(received.as_bytes()).into()
        }
        _ => false,
    };
    if !same {
        return Err(Refusal::InvalidToken);
    }
    if credential.expires_at().is_some_and(|at| now >= at) {
        return Err(Refusal::ExpiredToken);
    }
    Ok(())
}

fn signed_headers<'a>(
    received: &Received<'_>,
    authentication: &Authentication<'a>,
) -> Result<Vec<(&'a str, String)>, Refusal> {
    authentication
        .signed_headers
        .iter()
        .map(|name| match received.header(name)? {
            Some(value) => Ok((*name, value)),
            None => Err(Refusal::MissingSignedHeader {
                name: (*name).into(),
            }),
        })
        .collect()
}

/// Everything that the signature covers, decoded.
struct Signed<'a> {
    method: &'a str,
    path: &'a str,
    parameters: &'a [(String, String)],
    headers: Vec<(&'a str, String)>,
    payload: &'a str,
}

impl Signed<'_> {
    /// Gives its canonical form, with the values of the names that `hide` picks hidden.
    fn canonical(&self, hide: impl Fn(&str) -> bool) -> CanonicalRequest<'_> {
        let mut uri = String::with_capacity(self.path.len());
        encode::push_path(&mut uri, self.path);
        let shown = |name: &str, value| if hide(name) { HIDDEN } else { value };
        let parameters = self
            .parameters
            .iter()
            .filter(|(name, _)| name != X_AMZ_SIGNATURE)
            .map(|(name, value)| Parameter::encode(name, shown(name, value.as_str())))
            .collect();
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| (*name, shown(name, value.as_str())));
        CanonicalRequest {
            method: self.method,
            uri: uri.into(),
            query: canonical_query(parameters).into(),
            headers: Cow::Owned(CanonicalHeaders::new(headers)),
            payload: self.payload,
        }
    }
}

fn is_hidden(name: &str) -> bool {
    is_secret(&name.to_ascii_lowercase())
}
