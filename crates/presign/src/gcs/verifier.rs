//! The verifier: recomputes what was signed of a request that arrived, as strictly as Google says.

use std::borrow::{Borrow, Cow};

use super::{Payload, Refusal, Verified, VerifyingKey};
use crate::{
    Received, Timestamp,
    v4::{
        authentication::Authentication, canonical_request::UNSIGNED_PAYLOAD, dialect::GOOGLE,
        header::HOST, hosts::Hosts, signed::Signed, string_to_sign::StringToSign,
    },
};

/// Verifies requests that are signed in the query with Google's V4 signing.
///
/// Any location in the scope is taken, as by Cloud Storage. The path has to
/// arrive as it was signed, byte for byte.
///
/// ```
/// use presign::gcs::Verifier;
///
/// // `storage.example.com/bucket/key`, `bucket.storage.example.com/key`,
/// // `data.example.com/key` for the bucket `models`, and no other host.
/// let verifier = Verifier::new()
///     .with_hosts(["storage.example.com"])
///     .with_bucket_host("data.example.com", "models");
/// # let _ = verifier;
/// ```
#[derive(Clone, Debug, Default)]
pub struct Verifier {
    hosts: Hosts,
}

impl Verifier {
    /// Makes a verifier that takes every request, whatever its host, as a path-style one.
    ///
    /// Use it only where no key signs URLs that name the bucket by the host as
    /// well: one of those for the object `other/a` would be taken for the
    /// bucket `other`. [`Verifier::with_hosts`] tells the two apart.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes only requests for these hosts, path style, and for
    /// `<bucket>.<host>`, virtual-host style. A port, unless it is the
    /// scheme's default, is part of the host, as in the `Host` header.
    #[must_use]
    pub fn with_hosts<Host: AsRef<str>>(mut self, hosts: impl IntoIterator<Item = Host>) -> Self {
        self.hosts.share(hosts);
        self
    }

    /// Takes requests for this host, and as ones for this bucket, whose name is
    /// not in the path then. Unless other hosts are given, it is the only one.
    #[must_use]
    pub fn with_bucket_host(mut self, host: &str, bucket: &str) -> Self {
        self.hosts.bind(host, bucket);
        self
    }

    /// Verifies a request that arrived at `now`; `find_key` maps an access id or a service
    /// account's e-mail address to its key. Of an account with several keys, give the one whose
    /// signatures are expected.
    ///
    /// A success means that the holder of the key signed this method, host,
    /// path, query, and every `x-goog-*` and `x-amz-*` header, and that the
    /// time is within the signed window. It says nothing of whether the bucket
    /// exists or what the authorizer may do, and the body is for the receiver
    /// to check ([`Verified::payload`], and headers such as `content-md5`).
    ///
    /// # Errors
    ///
    /// The first step that failed. Checks run from the form to the signature,
    /// so an expired URL is told to be expired whoever signed it.
    pub fn verify<K: Borrow<VerifyingKey>>(
        &self,
        received: &Received<'_>,
        now: Timestamp,
        find_key: impl FnOnce(&str) -> Option<K>,
    ) -> Result<Verified, Refusal> {
        let path = received.path()?;
        // As the path is not encoded anew, nothing in it may end its line.
        if received.raw_path.contains(|c: char| !c.is_ascii_graphic()) {
            return Err(Refusal::InvalidUri);
        }
        let resource = self.hosts.resource(received.host()?, &path)?;
        let parameters = received.parameters()?;
        let authentication = Authentication::parse(&GOOGLE, received, &parameters)?;
        authentication.check_scope()?;
        authentication.check_time(now)?;
        authentication.check_unsigned_headers(received)?;

        let key = find_key(authentication.access_key_id).ok_or(Refusal::UnknownAuthorizer)?;
        let key = key.borrow();
        if key.algorithm().as_str() != authentication.algorithm {
            return Err(Refusal::UnknownAuthorizer);
        }
        let payload_line = received
            .header(GOOGLE.content_sha256)?
            .map_or(Cow::Borrowed(UNSIGNED_PAYLOAD), Cow::Owned);
        let signed = Signed {
            dialect: &GOOGLE,
            method: received.method,
            uri: received.raw_path.into(),
            parameters: &parameters,
            headers: authentication.find_signed_headers(received)?,
            payload: &payload_line,
        };
        check_signature(key, &authentication, signed)?;
        Ok(Verified {
            authorizer: authentication.access_key_id.into(),
            algorithm: key.algorithm(),
            signed_headers: authentication.signed_header_names(),
            issued_at: authentication.issued_at,
            expires_at: authentication.expires_at(),
            resource,
            payload: Payload::from_line(&payload_line),
            parameters: GOOGLE.without_authentication(parameters),
        })
    }
}

/// Takes signatures over the host with its port, as clients send it, and
/// without, as Google's conformance vectors have it.
fn check_signature(
    key: &VerifyingKey,
    authentication: &Authentication<'_>,
    signed: Signed<'_>,
) -> Result<(), Refusal> {
    let check = |signed: &Signed<'_>| {
        let string_to_sign = StringToSign {
            algorithm: authentication.algorithm,
            time: authentication.time,
            scope: &authentication.scope(),
            request_sha256: &signed.sha256(),
        };
        if key.verifies(&string_to_sign, authentication) {
            Ok(())
        } else {
            Err(signed.mismatch(&string_to_sign))
        }
    };
    let Err(mismatch) = check(&signed) else {
        return Ok(());
    };
    match without_port(signed) {
        Some(portless) if check(&portless).is_ok() => Ok(()),
        _ => Err(Refusal::SignatureDoesNotMatch(Box::new(mismatch))),
    }
}

/// Takes the port from the signed host; `None` if it has none.
fn without_port(mut signed: Signed<'_>) -> Option<Signed<'_>> {
    let (_, host) = signed.headers.iter_mut().find(|(name, _)| *name == HOST)?;
    let (name, port) = host.rsplit_once(':')?;
    // An IPv6 address ends in a bracket, or in a port.
    if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    *host = name.to_owned();
    Some(signed)
}
