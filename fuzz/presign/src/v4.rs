//! What the two V4 schemes have in common: signatures by a second implementation, and the comparison
//! of a request with what its signer would have written.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use presign::{Method, Request, SignedUrl, Target, Timestamp, Ttl, Window};
use sha2::Sha256;

use crate::wire::Wire;

/// The secret of every key here.
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// The parameters that belong to a signature, without their scheme's prefix.
const AUTHENTICATION: [&str; 10] = [
    "algorithm",
    "content-sha256",
    "credential",
    "date",
    "expires",
    "security-token",
    "signature",
    "signedheaders",
    "awsaccesskeyid",
    "googleaccessid",
];

pub(crate) fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// Signs a string to sign, whose third line has the scope that the key is derived for.
pub(crate) fn sign(prefix: &str, string_to_sign: &str) -> String {
    let scope = string_to_sign
        .split('\n')
        .nth(2)
        .expect("the scope is the third line");
    let key = format!("{prefix}{SECRET}").into_bytes();
    let key = scope
        .split('/')
        .fold(key, |key, part| hmac(&key, part.as_bytes()));
    let mut text = String::new();
    for byte in hmac(&key, string_to_sign.as_bytes()) {
        write!(text, "{byte:02x}").expect("a string can be written to");
    }
    text
}

/// What a verifier confirmed.
pub(crate) struct Confirmed<'a> {
    pub(crate) bucket: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    pub(crate) signed_headers: &'a [Box<str>],
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) parameters: &'a [(Box<str>, Box<str>)],
}

impl Confirmed<'_> {
    /// Checks time and completeness, and that a signer who is asked for what was confirmed makes the
    /// signature that came; a request that no signer of ours writes so is let be.
    ///
    /// `prefix` begins the names of the scheme's parameters.
    pub(crate) fn check(
        &self,
        prefix: &str,
        wire: &Wire,
        now: Timestamp,
        sign: impl FnOnce(&str, &str, &Request<'_>, Window) -> Option<SignedUrl>,
    ) {
        assert!(now < self.expires_at, "accepted after its end");
        assert!(
            self.issued_at.unix_seconds() - 900 <= now.unix_seconds(),
            "accepted before its beginning"
        );
        let received = wire.parameters().expect("what was accepted can be decoded");
        let unconfirmed = received.iter().filter(|(name, value)| {
            !self
                .parameters
                .iter()
                .any(|(other, confirmed)| **other == **name && **confirmed == **value)
        });
        for (name, _) in unconfirmed {
            let name = name.to_ascii_lowercase();
            let is_known = AUTHENTICATION.contains(&name.strip_prefix(prefix).unwrap_or(&name));
            assert!(is_known, "the parameter {name:?} is not confirmed");
        }
        let Some(signed) = self.sign_again(wire, sign) else {
            return;
        };
        let signature = format!("{prefix}signature");
        let sorted = |wire: &Wire| {
            let mut parameters = wire.parameters().expect("what was accepted can be decoded");
            parameters.retain(|(name, _)| !name.eq_ignore_ascii_case(&signature));
            parameters.sort();
            parameters
        };
        if signed.path == wire.path
            && signed.header("host") == wire.header("host")
            && sorted(&signed) == sorted(wire)
        {
            assert_eq!(
                signed.parameter(&signature),
                wire.parameter(&signature),
                "the signer makes another signature"
            );
        }
    }

    fn sign_again(
        &self,
        wire: &Wire,
        sign: impl FnOnce(&str, &str, &Request<'_>, Window) -> Option<SignedUrl>,
    ) -> Option<Wire> {
        let mut headers = Vec::new();
        for name in self.signed_headers.iter().filter(|name| &***name != "host") {
            headers.push((
                &**name,
                wire.header(name).expect("a signed header is there"),
            ));
        }
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        let query: Vec<_> = self
            .parameters
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let request = Request {
            method: wire.method.parse::<Method>().ok()?,
            target: self.key.map_or(Target::Bucket, Target::Object),
            headers: &headers,
            query: &query,
        };
        let life = self.expires_at.unix_seconds() - self.issued_at.unix_seconds();
        let window = Window {
            from: self.issued_at,
            ttl: Ttl::from_seconds(u32::try_from(life).expect("a life is short"))
                .expect("a life has a second"),
        };
        let url = sign(
            &format!("http://{}", wire.header("host")?),
            self.bucket?,
            &request,
            window,
        )?;
        Some(Wire::new(&wire.method, url.expose(), &headers))
    }
}
