//! The verifier: recomputes the signature of a request that arrived, as strictly as S3 does.

use std::borrow::Borrow;

use subtle::ConstantTimeEq;

use super::{
    credential::Credential,
    refusal::Refusal,
    verified::{Payload, Verified},
};
use crate::{
    Received, Timestamp, encode,
    v4::{
        authentication::{Authentication, find},
        canonical_request::UNSIGNED_PAYLOAD,
        dialect::{AWS, X_AMZ_CONTENT_SHA256, X_AMZ_SECURITY_TOKEN},
        hosts::Hosts,
        signed::Signed,
        signing_key::{KeySource, SigningKey},
        string_to_sign::StringToSign,
    },
};

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
    hosts: Hosts,
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
            hosts: Hosts::default(),
        }
    }

    /// Takes only requests for these hosts, path style, and for
    /// `<bucket>.<host>`, virtual-host style. A port, unless it is the
    /// scheme's default, is part of the host, as in the `Host` header.
    #[must_use]
    pub fn with_hosts<Host: AsRef<str>>(mut self, hosts: impl IntoIterator<Item = Host>) -> Self {
        self.hosts.share(hosts);
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
        let resource = self.hosts.resource(received.host()?, &path)?;
        let parameters = received.parameters()?;
        let authentication = Authentication::parse(&AWS, received, &parameters)?;
        authentication.check_scope()?;
        if authentication.region() != &*self.region {
            return Err(Refusal::WrongRegion {
                expected: self.region.clone(),
            });
        }
        authentication.check_time(now)?;
        authentication.check_unsigned_headers(received)?;
        let (payload_line, payload) = payload(received, &parameters)?;

        let credential =
            find_credential(authentication.access_key_id).ok_or(Refusal::UnknownAccessKey)?;
        let credential = credential.borrow();
        let session_token = find(&AWS, &parameters, X_AMZ_SECURITY_TOKEN);
        check_session(credential, session_token, now)?;

        let signed = Signed {
            dialect: &AWS,
            method: received.method,
            uri: encode::path(&path),
            parameters: &parameters,
            headers: authentication.find_signed_headers(received)?,
            payload: &payload_line,
        };
        let string_to_sign = StringToSign {
            algorithm: authentication.algorithm,
            time: authentication.time,
            scope: &authentication.scope(),
            request_sha256: &signed.sha256(),
        };
        let source = KeySource {
            dialect: &AWS,
            access_key: credential.access_key(),
            region: &self.region,
        };
        let key = SigningKey::derive(&source, authentication.issued_at);
        if !key.verifies(&string_to_sign, authentication.signature) {
            let mismatch = signed.mismatch(&string_to_sign);
            return Err(Refusal::SignatureDoesNotMatch(Box::new(mismatch)));
        }
        Ok(Verified {
            access_key_id: authentication.access_key_id.into(),
            signed_headers: authentication.signed_header_names(),
            issued_at: authentication.issued_at,
            expires_at: authentication.expires_at(),
            resource,
            payload,
            parameters: AWS.without_authentication(parameters),
        })
    }
}

/// The payload line of the canonical request: what query or header says, or
/// else that the payload is unsigned.
fn payload(
    received: &Received<'_>,
    parameters: &[(String, String)],
) -> Result<(String, Payload), Refusal> {
    let line = match find(&AWS, parameters, X_AMZ_CONTENT_SHA256) {
        Some(value) => Some(value.to_owned()),
        None => received.header(AWS.content_sha256)?,
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
    session_token: Option<&str>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let same = match (credential.session_token(), session_token) {
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
